//! From ids to typed views.

use std::collections::HashMap;
use std::sync::Arc;

use super::link::Link;
use super::transport::Transport;
use crate::blob::Blob;
use crate::error::{CallError, CallReason, GetError, ResolveError};
use crate::id::ObjectId;
use crate::meta::{MetaTree, ObjectMeta, Payloads, blobs_below};
use crate::object::{Object, Stored, check_typename, linked, registry};
use crate::protocol::{Call, GetDataRequest, GetRemoteBuffersRequest};
use crate::status::StatusCode;

fn failed(id: ObjectId, cause: CallError) -> GetError {
    // Over TCP, servers have another code for the same.
    let not_sealed = match cause.call {
        GetRemoteBuffersRequest::TYPE => StatusCode::KeyError,
        _ => StatusCode::ObjectNotSealed,
    };
    match cause.reason {
        CallReason::Server(cause) if cause.code == not_sealed => GetError::NotSealed { id, cause },
        reason => GetError::Call { id, cause: CallError { call: cause.call, reason } },
    }
}

/// Metadata with the payloads below it: two requests, whatever the size.
pub(super) fn meta<T: Transport>(transport: &Arc<T>, id: ObjectId) -> Result<ObjectMeta, GetError> {
    let link = transport.link();
    let request = GetDataRequest { ids: vec![id], sync_remote: true, wait: false };
    let reply = link.call(&request).map_err(|cause| failed(id, cause))?;
    let tree = reply.content.and_then(|mut content| content.remove(&id.to_string()));
    let tree = tree.ok_or(GetError::NotFound { id })?;
    let blobs = blobs_below(&tree, link.instance());
    let blobs = transport.fetch(&blobs).map_err(|cause| failed(id, cause))?;
    Ok(with_payloads(link, tree, Some(blobs)))
}

/// Puts a tree and its payloads together; `None` if they were not fetched.
pub(super) fn with_payloads(link: &Link, tree: MetaTree, blobs: Option<HashMap<ObjectId, Blob>>) -> ObjectMeta {
    let payloads = Payloads { instance: link.instance(), store: Some(link.store()), blobs };
    ObjectMeta::new(Arc::new(tree), Arc::new(payloads))
}

pub(super) fn typed<O: Object, T: Transport>(transport: &Arc<T>, id: ObjectId) -> Result<Stored<O>, GetError> {
    linked::check::<O>();
    let meta = meta(transport, id)?;
    let resolve = |meta: ObjectMeta| {
        check_typename::<O>(&meta)?;
        Stored::resolve(meta).map_err(|error: ResolveError| error.in_field(O::typename().as_str()))
    };
    resolve(meta).map_err(|cause| GetError::Resolve { id, cause })
}

pub(super) fn any<T: Transport>(transport: &Arc<T>, id: ObjectId) -> Result<Stored<dyn Object>, GetError> {
    let meta = meta(transport, id)?;
    registry().resolve(&meta).map_err(|cause| GetError::Resolve { id, cause })
}

pub(super) fn blob<T: Transport>(transport: &Arc<T>, id: ObjectId) -> Result<Blob, GetError> {
    if id == ObjectId::EMPTY_BLOB {
        return Ok(Blob::empty());
    }
    let found = transport.fetch(&[id]).map_err(|cause| failed(id, cause))?;
    found.into_values().next().ok_or(GetError::NotFound { id })
}
