//! From ids to typed views.

use std::collections::HashMap;
use std::sync::Arc;

use super::link::Link;
use super::transport::Transport;
use crate::blob::Blob;
use crate::error::{CallError, CallReason, GetError, ResolveError};
use crate::id::ObjectId;
use crate::meta::{MetaTree, ObjectMeta, Payloads, blobs_below};
use crate::object::{Object, ObjectRef, Stored, check_typename, linked, registry};
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

/// Metadata: one request.
pub(super) fn tree(link: &Link, id: ObjectId) -> Result<MetaTree, GetError> {
    let request = GetDataRequest { ids: vec![id], sync_remote: true, wait: false };
    let reply = link.call(&request).map_err(|cause| failed(id, cause))?;
    let tree = reply.content.and_then(|mut content| content.remove(&id.to_string()));
    tree.ok_or(GetError::NotFound { id })
}

/// Metadata with the payloads below it: two requests, whatever the size.
pub(super) fn meta<T: Transport>(transport: &Arc<T>, id: ObjectId) -> Result<ObjectMeta, GetError> {
    filled(transport, id, tree(transport.link(), id)?)
}

/// Gets the payloads below a tree.
fn filled<T: Transport>(transport: &Arc<T>, id: ObjectId, tree: MetaTree) -> Result<ObjectMeta, GetError> {
    let link = transport.link();
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
    let tree = tree(transport.link(), id)?;
    let meta =
        if O::__is_global() { with_payloads(transport.link(), tree, None) } else { filled(transport, id, tree)? };
    let resolve = |meta: ObjectMeta| {
        check_typename::<O>(&meta)?;
        Stored::resolve(meta).map_err(|error: ResolveError| error.in_field(O::typename().as_str()))
    };
    resolve(meta).map_err(|cause| GetError::Resolve { id, cause })
}

/// A reference, by metadata alone: one request.
pub(super) fn reference<O: Object, T: Transport>(transport: &Arc<T>, id: ObjectId) -> Result<ObjectRef<O>, GetError> {
    let link = transport.link();
    refer(link, id, tree(link, id)?)
}

/// References to several objects: one request.
pub(super) fn references<O: Object, T: Transport>(
    transport: &Arc<T>,
    ids: &[ObjectId],
) -> Result<Vec<ObjectRef<O>>, GetError> {
    let Some(first) = ids.first() else { return Ok(Vec::new()) };
    let link = transport.link();
    let request = GetDataRequest { ids: ids.to_vec(), sync_remote: true, wait: false };
    let content = link.call(&request).map_err(|cause| failed(*first, cause))?.content.unwrap_or_default();
    let found = |id: &ObjectId| {
        let tree = content.get(&id.to_string()).ok_or(GetError::NotFound { id: *id })?;
        refer(link, *id, tree.clone())
    };
    ids.iter().map(found).collect()
}

fn refer<O: Object>(link: &Link, id: ObjectId, tree: MetaTree) -> Result<ObjectRef<O>, GetError> {
    ObjectRef::new(with_payloads(link, tree, None)).map_err(|cause| GetError::Resolve { id, cause })
}

/// What references lead to. Their metadata is known, for objects do not change; payloads are asked for together.
pub(super) fn fetch<O: Object, T: Transport>(
    transport: &Arc<T>,
    references: &[&ObjectRef<O>],
) -> Result<Vec<Stored<O>>, GetError> {
    let link = transport.link();
    let below = |reference: &&ObjectRef<O>| match reference.meta().store() == Some(link.store()) {
        true => blobs_below(reference.meta().tree(), link.instance()),
        false => Vec::new(),
    };
    let wanted: Vec<Vec<ObjectId>> = references.iter().map(below).collect();
    let Some(first) = references.first() else { return Ok(Vec::new()) };
    let blobs = transport.fetch(&wanted.concat()).map_err(|cause| failed(first.id(), cause))?;
    let resolve = |(reference, ids): (&&ObjectRef<O>, &Vec<ObjectId>)| {
        let meta = reference.meta();
        if meta.store() != Some(link.store()) {
            return typed(transport, meta.id());
        }
        // Each keeps its own blobs alone.
        let own = ids.iter().filter_map(|id| Some((*id, blobs.get(id)?.clone()))).collect();
        let payloads = Payloads { instance: link.instance(), store: Some(link.store()), blobs: Some(own) };
        let meta = ObjectMeta::new(Arc::clone(meta.tree()), Arc::new(payloads));
        let (id, typename) = (meta.id(), meta.typename().to_owned());
        let found = Stored::resolve(meta).map_err(|cause: ResolveError| cause.in_field(&typename));
        found.map_err(|cause| GetError::Resolve { id, cause })
    };
    references.iter().zip(&wanted).map(resolve).collect()
}

pub(super) fn any<T: Transport>(transport: &Arc<T>, id: ObjectId) -> Result<Stored<dyn Object>, GetError> {
    let tree = tree(transport.link(), id)?;
    let known = tree.typename().and_then(|typename| registry().find(typename).ok().flatten());
    let meta = match known {
        Some(known) if known.is_global() => with_payloads(transport.link(), tree, None),
        _ => filled(transport, id, tree)?,
    };
    registry().resolve(&meta).map_err(|cause| GetError::Resolve { id, cause })
}

pub(super) fn blob<T: Transport>(transport: &Arc<T>, id: ObjectId) -> Result<Blob, GetError> {
    if id == ObjectId::EMPTY_BLOB {
        return Ok(Blob::empty());
    }
    let found = transport.fetch(&[id]).map_err(|cause| failed(id, cause))?;
    found.into_values().next().ok_or(GetError::NotFound { id })
}
