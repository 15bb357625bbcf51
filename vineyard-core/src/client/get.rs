//! From ids to typed views.

use std::sync::Arc;

use super::link::Link;
use super::transport::Transport;
use crate::blob::Blob;
use crate::error::{CallError, CallReason, Error, GetError, ResolveError};
use crate::id::ObjectId;
use crate::meta::{BlobSet, Keeper, MetaTree, ObjectMeta, Payloads, Record, blobs_below};
use crate::object::{Object, Stored, check_typename, linked, registry};
use crate::protocol::{Call, Found, GetDataRequest, GetNameRequest, GetRemoteBuffersRequest, Wanted};
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

/// Metadata with the payloads below it: one request, or two of servers that do not have that one.
pub(super) fn meta<T: Transport>(transport: &Arc<T>, id: ObjectId) -> Result<ObjectMeta, GetError> {
    metas(transport, &[id])?.pop().flatten().ok_or(GetError::NotFound { id })
}

/// Metadata of several objects with the payloads below them, in order; `None` for what is not there.
pub(super) fn metas<T: Transport>(transport: &Arc<T>, ids: &[ObjectId]) -> Result<Vec<Option<ObjectMeta>>, GetError> {
    let Some(first) = ids.first().copied() else { return Ok(Vec::new()) };
    let wanted = ids.iter().copied().map(Wanted::Id).collect();
    match transport.get_objects(wanted).map_err(|cause| failed(first, cause))? {
        Some(found) => Ok(found.into_iter().map(object).collect()),
        None => metas_apart(transport, ids),
    }
}

fn object(found: Found<ObjectMeta>) -> Option<ObjectMeta> {
    match found {
        Found::Object(meta) => Some(meta),
        Found::NoObject(_) | Found::NoName => None,
    }
}

/// The object that has a name, with its payloads: one request, or three of servers that do not have that one.
fn named_meta<T: Transport>(transport: &Arc<T>, name: &str) -> Result<ObjectMeta, Error> {
    let nobody = || GetError::NoSuchName { name: name.to_owned() };
    let in_name = |cause| GetError::Named { name: name.to_owned(), cause: Box::new(cause) };
    match transport.get_objects(vec![Wanted::Name(name.to_owned())])? {
        Some(mut found) => match found.pop() {
            Some(Found::Object(meta)) => Ok(meta),
            Some(Found::NoObject(id)) => Err(in_name(GetError::NotFound { id }).into()),
            Some(Found::NoName) | None => Err(nobody().into()),
        },
        None => {
            let id = id_of(transport.link(), name)?.ok_or_else(nobody)?;
            Ok(meta(transport, id).map_err(in_name)?)
        }
    }
}

/// The id that has a name, if any has.
pub(super) fn id_of(link: &Link, name: &str) -> Result<Option<ObjectId>, CallError> {
    match link.call(&GetNameRequest { name: name.to_owned(), wait: false }) {
        Ok(reply) => Ok(Some(reply.object_id)),
        Err(error) if error.code() == Some(StatusCode::ObjectNotExists) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The object that has a name, as an `O`.
pub(super) fn named<O: Object, T: Transport>(transport: &Arc<T>, name: &str) -> Result<Stored<O>, Error> {
    linked::check::<O>();
    let meta = named_meta(transport, name)?;
    let id = meta.id();
    let in_name = |cause| GetError::Named { name: name.to_owned(), cause: Box::new(cause) };
    Ok(resolve(meta, id).map_err(in_name)?)
}

/// Metadata first, then the payloads.
fn metas_apart<T: Transport>(transport: &Arc<T>, ids: &[ObjectId]) -> Result<Vec<Option<ObjectMeta>>, GetError> {
    let Some(first) = ids.first().copied() else { return Ok(Vec::new()) };
    let link = transport.link();
    let failed = |cause| failed(first, cause);
    let request = GetDataRequest { ids: ids.to_vec(), sync_remote: true, wait: false };
    let mut content = link.call(&request).map_err(failed)?.content.unwrap_or_default();
    let records: Vec<Option<Record>> = ids
        .iter()
        .map(|id| content.remove(&id.to_string()).map(|tree| record(&tree)).transpose())
        .collect::<Result<_, _>>()
        .map_err(failed)?;
    let mut blobs: Vec<ObjectId> =
        records.iter().flatten().flat_map(|record| blobs_below(record, link.instance())).collect();
    blobs.sort_unstable();
    blobs.dedup();
    let mut blobs = Some(transport.fetch(&blobs).map_err(failed)?);
    let several = records.len() > 1;
    let records = records.into_iter();
    Ok(records.map(|record| record.map(|record| with_payloads(link, record, &mut blobs, several))).collect())
}

fn record(tree: &MetaTree) -> Result<Record, CallError> {
    let malformed = |error| CallError::new(GetDataRequest::TYPE, CallReason::Protocol(format!("{error}")));
    Record::of_tree(tree).map_err(malformed)
}

fn payloads(link: &Arc<Link>, blobs: Option<BlobSet>) -> Payloads {
    // Without blobs there is nothing for which to keep the connection.
    let keeper = blobs.as_ref().filter(|blobs| !blobs.is_empty()).map(|_| Arc::clone(link) as Arc<dyn Keeper>);
    Payloads { instance: link.instance(), store: Some(link.store()), blobs, keeper }
}

/// Puts what a server found and the payloads below it together.
pub(super) fn found(link: &Arc<Link>, objects: Vec<Found>, blobs: BlobSet) -> Vec<Found<ObjectMeta>> {
    let several = objects.len() > 1;
    let mut all = Some(blobs);
    let meta = |found| match found {
        Found::Object(record) => Found::Object(with_payloads(link, record, &mut all, several)),
        Found::NoObject(id) => Found::NoObject(id),
        Found::NoName => Found::NoName,
    };
    objects.into_iter().map(meta).collect()
}

/// A record with its payloads. With several, each holds only its own.
fn with_payloads(link: &Arc<Link>, record: Record, all: &mut Option<BlobSet>, several: bool) -> ObjectMeta {
    let own = |all: &BlobSet| {
        let ids = blobs_below(&record, link.instance());
        ids.into_iter().filter_map(|id| Some((id, all.get(id)?.clone()))).collect()
    };
    let blobs = if several { all.as_ref().map(own) } else { all.take() };
    let payloads = Arc::new(payloads(link, Some(blobs.unwrap_or_default())));
    ObjectMeta::new(record, payloads)
}

/// Metadata of a listing, whose payloads were not fetched.
pub(super) fn listed(link: &Arc<Link>, tree: &MetaTree) -> Result<ObjectMeta, CallError> {
    Ok(ObjectMeta::new(record(tree)?, Arc::new(payloads(link, None))))
}

pub(super) fn typed<O: Object, T: Transport>(transport: &Arc<T>, id: ObjectId) -> Result<Stored<O>, GetError> {
    linked::check::<O>();
    resolve(meta(transport, id)?, id)
}

/// The typed objects of some ids, in order.
pub(super) fn many<O: Object, T: Transport>(transport: &Arc<T>, ids: &[ObjectId]) -> Result<Vec<Stored<O>>, GetError> {
    linked::check::<O>();
    let found = metas(transport, ids)?.into_iter().zip(ids.iter().copied());
    found.map(|(meta, id)| resolve(meta.ok_or(GetError::NotFound { id })?, id)).collect()
}

/// What an object is as an `O`.
pub(super) fn resolve<O: Object>(meta: ObjectMeta, id: ObjectId) -> Result<Stored<O>, GetError> {
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
    found.get(id).cloned().ok_or(GetError::NotFound { id })
}
