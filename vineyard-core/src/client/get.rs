//! From ids to typed views.

use std::sync::Arc;

use super::link::Link;
use super::transport::Transport;
use crate::blob::Blob;
use crate::error::{CallError, CallReason, Error, GetError, ResolveError};
use crate::id::ObjectId;
use crate::meta::{BlobSet, Keeper, MetaTree, ObjectMeta, Payloads, Record};
use crate::object::{Object, ObjectRef, Stored, check_typename, linked, registry};
use crate::protocol::{Call, Found, GetDataRequest, GetNameRequest, GetRemoteBuffersRequest, PayloadsOf, Wanted};
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
    one(transport, id, PayloadsOf::All)
}

fn one<T: Transport>(transport: &Arc<T>, id: ObjectId, payloads_of: PayloadsOf) -> Result<ObjectMeta, GetError> {
    metas(transport, &[id], payloads_of)?.pop().flatten().ok_or(GetError::NotFound { id })
}

/// Metadata of several objects, with the payloads below them if they are wanted, in order; `None` for what is not there.
fn metas<T: Transport>(
    transport: &Arc<T>,
    ids: &[ObjectId],
    payloads_of: PayloadsOf,
) -> Result<Vec<Option<ObjectMeta>>, GetError> {
    let Some(first) = ids.first().copied() else { return Ok(Vec::new()) };
    let wanted = ids.iter().copied().map(Wanted::Id).collect();
    match transport.get_objects(payloads_of, wanted).map_err(|cause| failed(first, cause))? {
        Some(found) => Ok(found.into_iter().map(object).collect()),
        None => metas_apart(transport, ids, payloads_of).map_err(|cause| failed(first, cause)),
    }
}

fn object(found: Found<ObjectMeta>) -> Option<ObjectMeta> {
    match found {
        Found::Object(meta) => Some(meta),
        Found::NoObject(_) | Found::NoName => None,
    }
}

/// Metadata first, then the payloads.
fn metas_apart<T: Transport>(
    transport: &Arc<T>,
    ids: &[ObjectId],
    payloads_of: PayloadsOf,
) -> Result<Vec<Option<ObjectMeta>>, CallError> {
    let link = transport.link();
    let request = GetDataRequest { ids: ids.to_vec(), sync_remote: true, wait: false };
    let mut content = link.call(&request)?.content.unwrap_or_default();
    let listed = |id: &ObjectId| content.remove(&id.to_string()).map(|tree| listed(link, &tree)).transpose();
    let metas: Vec<Option<ObjectMeta>> = ids.iter().map(listed).collect::<Result<_, _>>()?;
    let wanted = metas.iter().flatten().filter(|meta| wants(payloads_of, meta));
    let mut blobs: Vec<ObjectId> = wanted.flat_map(|meta| meta.blobs_below(link.instance())).collect();
    blobs.sort_unstable();
    blobs.dedup();
    let blobs = if payloads_of == PayloadsOf::None { BlobSet::default() } else { transport.fetch(&blobs)? };
    let filled = |meta: ObjectMeta| if wants(payloads_of, &meta) { filled(link, &meta, &blobs) } else { meta };
    Ok(metas.into_iter().map(|meta| meta.map(filled)).collect())
}

/// Whether the payloads below an object are wanted.
fn wants(payloads_of: PayloadsOf, meta: &ObjectMeta) -> bool {
    match payloads_of {
        PayloadsOf::All => true,
        PayloadsOf::None => false,
        PayloadsOf::Local => !meta.is_global(),
    }
}

fn payloads(link: &Arc<Link>, blobs: Option<BlobSet>) -> Payloads {
    // Without blobs there is nothing for which to keep the connection.
    let keeper = blobs.as_ref().filter(|blobs| !blobs.is_empty()).map(|_| Arc::clone(link) as Arc<dyn Keeper>);
    Payloads { instance: link.instance(), store: Some(link.store()), blobs, keeper }
}

/// Metadata whose payloads were not fetched.
pub(super) fn listed(link: &Arc<Link>, tree: &MetaTree) -> Result<ObjectMeta, CallError> {
    let malformed = |error| CallError::new(GetDataRequest::TYPE, CallReason::Protocol(format!("{error}")));
    let record = Record::of_tree(tree).map_err(malformed)?;
    Ok(ObjectMeta::new(record, Arc::new(payloads(link, None))))
}

/// Metadata with those of some blobs that are below it, and no others: what one object holds goes with it.
fn filled(link: &Arc<Link>, meta: &ObjectMeta, blobs: &BlobSet) -> ObjectMeta {
    let ids = meta.blobs_below(link.instance());
    let own = ids.into_iter().filter_map(|id| Some((id, blobs.get(id)?.clone()))).collect();
    meta.over(Arc::new(payloads(link, Some(own))))
}

/// Puts what a server found and the payloads below it together.
pub(super) fn found(
    link: &Arc<Link>,
    objects: Vec<Found>,
    blobs: BlobSet,
    payloads_of: PayloadsOf,
) -> Vec<Found<ObjectMeta>> {
    let is_one = objects.len() == 1;
    let mut all = Some(blobs);
    let meta = |found| match found {
        Found::Object(record) => {
            let bare = ObjectMeta::new(record, Arc::new(payloads(link, None)));
            Found::Object(match &all {
                _ if !wants(payloads_of, &bare) => bare,
                Some(_) if is_one => bare.over(Arc::new(payloads(link, all.take()))),
                Some(blobs) => filled(link, &bare, blobs),
                None => bare,
            })
        }
        Found::NoObject(id) => Found::NoObject(id),
        Found::NoName => Found::NoName,
    };
    objects.into_iter().map(meta).collect()
}

/// The object that has a name: one request, or several of servers that do not have that one.
fn named_meta<T: Transport>(transport: &Arc<T>, name: &str, payloads_of: PayloadsOf) -> Result<ObjectMeta, Error> {
    let nobody = || GetError::NoSuchName { name: name.to_owned() };
    let in_name = |cause| GetError::Named { name: name.to_owned(), cause: Box::new(cause) };
    match transport.get_objects(payloads_of, vec![Wanted::Name(name.to_owned())])? {
        Some(mut found) => match found.pop() {
            Some(Found::Object(meta)) => Ok(meta),
            Some(Found::NoObject(id)) => Err(in_name(GetError::NotFound { id }).into()),
            Some(Found::NoName) | None => Err(nobody().into()),
        },
        None => {
            let id = id_of(transport.link(), name)?.ok_or_else(nobody)?;
            Ok(one(transport, id, payloads_of).map_err(in_name)?)
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

/// Of an `O`, the payloads are wanted unless it is a global object.
fn payloads_for<O: Object>() -> PayloadsOf {
    if O::__is_global() { PayloadsOf::None } else { PayloadsOf::All }
}

/// The object that has a name, as an `O`.
pub(super) fn named<O: Object, T: Transport>(transport: &Arc<T>, name: &str) -> Result<Stored<O>, Error> {
    linked::check::<O>();
    let meta = named_meta(transport, name, payloads_for::<O>())?;
    let id = meta.id();
    let in_name = |cause| GetError::Named { name: name.to_owned(), cause: Box::new(cause) };
    Ok(resolve(meta, id).map_err(in_name)?)
}

pub(super) fn typed<O: Object, T: Transport>(transport: &Arc<T>, id: ObjectId) -> Result<Stored<O>, GetError> {
    linked::check::<O>();
    resolve(one(transport, id, payloads_for::<O>())?, id)
}

/// The typed objects of some ids, in order.
pub(super) fn many<O: Object, T: Transport>(transport: &Arc<T>, ids: &[ObjectId]) -> Result<Vec<Stored<O>>, GetError> {
    linked::check::<O>();
    let found = metas(transport, ids, payloads_for::<O>())?.into_iter().zip(ids.iter().copied());
    found.map(|(meta, id)| resolve(meta.ok_or(GetError::NotFound { id })?, id)).collect()
}

/// What an object is as an `O`.
fn resolve<O: Object>(meta: ObjectMeta, id: ObjectId) -> Result<Stored<O>, GetError> {
    let resolve = |meta: ObjectMeta| {
        check_typename::<O>(&meta)?;
        Stored::resolve(meta).map_err(|error: ResolveError| error.in_field(O::typename().as_str()))
    };
    resolve(meta).map_err(|cause| GetError::Resolve { id, cause })
}

/// A reference, by metadata alone: one request.
pub(super) fn reference<O: Object, T: Transport>(transport: &Arc<T>, id: ObjectId) -> Result<ObjectRef<O>, GetError> {
    refer(id, one(transport, id, PayloadsOf::None)?)
}

/// References to several objects: one request.
pub(super) fn references<O: Object, T: Transport>(
    transport: &Arc<T>,
    ids: &[ObjectId],
) -> Result<Vec<ObjectRef<O>>, GetError> {
    let found = metas(transport, ids, PayloadsOf::None)?.into_iter().zip(ids.iter().copied());
    found.map(|(meta, id)| refer(id, meta.ok_or(GetError::NotFound { id })?)).collect()
}

fn refer<O: Object>(id: ObjectId, meta: ObjectMeta) -> Result<ObjectRef<O>, GetError> {
    ObjectRef::new(meta).map_err(|cause| GetError::Resolve { id, cause })
}

/// What references lead to. Their metadata is known, for objects do not change; payloads are asked for together.
pub(super) fn fetch<O: Object, T: Transport>(
    transport: &Arc<T>,
    references: &[&ObjectRef<O>],
) -> Result<Vec<Stored<O>>, GetError> {
    let Some(first) = references.first() else { return Ok(Vec::new()) };
    let link = transport.link();
    let is_here = |reference: &ObjectRef<O>| reference.meta().store() == Some(link.store());
    let here = references.iter().filter(|reference| is_here(reference));
    let wanted: Vec<ObjectId> = here.flat_map(|reference| reference.meta().blobs_below(link.instance())).collect();
    let blobs = transport.fetch(&wanted).map_err(|cause| failed(first.id(), cause))?;
    let resolve = |reference: &&ObjectRef<O>| {
        let (meta, id) = (reference.meta(), reference.id());
        if !is_here(reference) {
            return typed(transport, id);
        }
        let found = Stored::resolve(filled(link, meta, &blobs));
        let in_type = |cause: ResolveError| cause.in_field(meta.typename());
        found.map_err(|cause| GetError::Resolve { id, cause: in_type(cause) })
    };
    references.iter().map(resolve).collect()
}

/// Whatever an object is. Of global ones, the payloads are left where they are.
pub(super) fn any<T: Transport>(transport: &Arc<T>, id: ObjectId) -> Result<Stored<dyn Object>, GetError> {
    let meta = one(transport, id, PayloadsOf::Local)?;
    registry().resolve(&meta).map_err(|cause| GetError::Resolve { id, cause })
}

pub(super) fn blob<T: Transport>(transport: &Arc<T>, id: ObjectId) -> Result<Blob, GetError> {
    if id == ObjectId::EMPTY_BLOB {
        return Ok(Blob::empty());
    }
    let found = transport.fetch(&[id]).map_err(|cause| failed(id, cause))?;
    found.get(id).cloned().ok_or(GetError::NotFound { id })
}
