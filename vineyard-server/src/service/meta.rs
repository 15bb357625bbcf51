//! Metadata: create, get, list, delete, persist.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use vineyard_core::meta::MetaTree;
use vineyard_core::protocol::frame;
use vineyard_core::protocol::{
    CreateDataReply, CreateDataRequest, CreateDatasReply, CreateDatasRequest, DelDataRequest, ExistsReply,
    ExistsRequest, GetDataReply, GetDataRequest, IfPersistReply, IfPersistRequest, ListDataRequest, PersistReply,
    PersistRequest, Request,
};
use vineyard_core::{ObjectId, ServerError, StatusCode};

use super::blob::check_count;
use super::content::{Matching, Named, matches_blobs};
use super::{Connection, Written, not_done, sealed, write_by};
use crate::ids::unix_millis;
use crate::meta::{Blobs, Created, Deletion, Sketches};
use crate::pattern::Pattern;
use crate::session::Session;
use crate::state::State;
use crate::store::{BlobStore, Peer, Reserved};
use crate::turn::{LARGE_BYTES, STEP, elsewhere};

/// Creates one object. `is_large` if it is better done by a thread of its own.
pub(super) async fn create_data(
    connection: &Connection,
    request: CreateDataRequest,
    is_large: bool,
) -> Result<CreateDataReply, ServerError> {
    let CreateDataRequest { content, seal } = request;
    match create(connection, vec![content], seal, is_large).await?.first() {
        Some(Created { id, signature, instance_id }) => {
            Ok(CreateDataReply { id: *id, signature: *signature, instance_id: *instance_id })
        }
        None => Err(ServerError::new(StatusCode::UnknownError, "the object was not created")),
    }
}

/// Creates several objects, all or none. `is_large` if it is better done by a thread of its own.
pub(super) async fn create_datas(
    connection: &Connection,
    request: CreateDatasRequest,
    is_large: bool,
) -> Result<CreateDatasReply, ServerError> {
    let created = create(connection, request.contents, request.seal, is_large).await?;
    Ok(CreateDatasReply {
        num: created.len() as u64,
        ids: created.iter().map(|created| created.id).collect(),
        signatures: created.iter().map(|created| created.signature).collect(),
        instance_ids: created.iter().map(|created| created.instance_id).collect(),
    })
}

/// Creates objects and seals blobs of the peer, all or none. `is_large` if it is better done by a thread of its own.
///
/// # Errors
///
/// Code 12 if a blob is not the peer's to seal; as [`Tree::create`](crate::meta::Tree::create).
pub(super) async fn create(
    connection: &Connection,
    contents: Vec<MetaTree>,
    seal: Vec<ObjectId>,
    is_large: bool,
) -> Result<Vec<Created>, ServerError> {
    check_count(seal.len())?;
    if connection.peer().native {
        sealed::seal_files(connection, &seal).await?;
    }
    let (state, session, peer) = (connection.state(), connection.session(), connection.peer());
    // The contents are dropped there as well.
    let job = move || {
        let mut sketches = Sketches::new(&contents, is_large);
        create_now(&state, &session, peer, (&contents, &mut sketches), &seal)
    };
    if is_large { elsewhere(job).await.ok_or_else(not_done)? } else { job() }
}

/// Creates objects of trees that were read, and seals blobs of the peer, all or none.
fn create_now(
    state: &State,
    session: &Session,
    peer: Peer,
    (contents, sketches): (&[MetaTree], &mut Sketches<'_>),
    seal: &[ObjectId],
) -> Result<Vec<Created>, ServerError> {
    let created = {
        let mut tree = session.tree();
        // Held over the whole of it, so that no blob is deleted between the look at it and the link to it.
        let mut blobs = session.blobs();
        let sealing = Sealing::new(&blobs, peer, seal)?;
        let created = tree.create_sketched(sketches, &state.ids, unix_millis(), &sealing, peer.native)?;
        // None can fail: all were there, and the lock is held.
        for id in seal {
            blobs.seal(peer, *id)?;
        }
        created.blobs.iter().for_each(|id| blobs.reached(*id));
        created.objects
    };
    if session.waiters.any() {
        let mut come: Vec<ObjectId> = created.iter().map(|created| created.id).collect();
        contents.iter().for_each(|content| collect_members(content, &mut come));
        session.waiters.tell_ids(come);
    }
    Ok(created)
}

/// The ids of all objects that are named below one that was created; its nesting was checked then.
fn collect_members(content: &MetaTree, ids: &mut Vec<ObjectId>) {
    for (_, member) in content.members() {
        ids.extend(member.id());
        collect_members(member, ids);
    }
}

/// The blobs as they will be once those of a request are sealed.
struct Sealing<'a> {
    blobs: &'a BlobStore,
    soon: HashMap<ObjectId, u64>,
}

impl<'a> Sealing<'a> {
    fn new(blobs: &'a BlobStore, peer: Peer, seal: &[ObjectId]) -> Result<Self, ServerError> {
        if !seal.is_empty() && !peer.native {
            let message = "`seal` is for connections that registered with `native`";
            return Err(ServerError::new(StatusCode::Invalid, message));
        }
        let own = |id: &ObjectId| {
            let length = blobs.own_length(peer, *id);
            let unknown = || format!("there is no blob {id} of this connection to seal");
            length.map(|length| (*id, length)).ok_or_else(|| ServerError::new(StatusCode::ObjectNotExists, unknown()))
        };
        Ok(Self { blobs, soon: seal.iter().map(own).collect::<Result<_, _>>()? })
    }
}

impl Blobs for Sealing<'_> {
    fn length(&self, id: ObjectId) -> Option<u64> {
        self.soon.get(&id).copied().or_else(|| self.blobs.sealed_length(id))
    }
}

/// Locks the blobs for each look at them: most lengths are known to the tree already. Not to be asked under that lock.
impl Blobs for Session {
    fn length(&self, id: ObjectId) -> Option<u64> {
        self.blobs().sealed_length(id)
    }
}

/// The first of some objects and blobs that is not there. The empty blob always is, although it is said not to exist.
pub(super) async fn first_missing(session: &Session, ids: &[ObjectId]) -> Option<ObjectId> {
    for (number, step) in ids.chunks(STEP).enumerate() {
        if number > 0 {
            session.queue.give_way().await;
        }
        let tree = session.tree();
        let exists = |id: ObjectId| match id {
            ObjectId::EMPTY_BLOB => true,
            id if id.is_blob() => session.blobs().contains(id),
            id => tree.contains(id),
        };
        if let Some(missing) = step.iter().find(|id| !exists(**id)) {
            return Some(*missing);
        }
    }
    None
}

/// Writes the reply with the trees that exist, if it fits into `room`. Many, and large ones, are written by a thread of
/// their own.
pub(super) async fn get_data(
    state: &Arc<State>,
    session: &Arc<Session>,
    request: GetDataRequest,
    room: usize,
    out: &mut Vec<u8>,
) -> Result<Written, ServerError> {
    let ids = &request.ids;
    let is_large = ids.len() > STEP || {
        let tree = session.tree();
        let sizes = ids.iter().map(|id| tree.json_bytes(*id).unwrap_or(0));
        sizes.fold(0, u64::saturating_add) > LARGE_BYTES as u64
    };
    let (instance, session) = (state.settings.instance, Arc::clone(session));
    let write = move |out: &mut Vec<u8>| {
        let named = |ids| Named { session: &session, instance, ids };
        let encoded = match request.ids.as_slice() {
            ids @ ([] | [_]) => frame::encode_within(out, &GetDataReply { content: named(ids) }, room),
            several => {
                let mut seen = HashSet::new();
                let once: Vec<ObjectId> = several.iter().copied().filter(|id| seen.insert(*id)).collect();
                frame::encode_within(out, &GetDataReply { content: named(&once) }, room)
            }
        };
        Written { encoded, request: Request::GetData(request) }
    };
    write_by(out, is_large, write).await
}

/// Writes the reply with the trees whose typename matches, then blobs if they match and the limit allows, if it fits
/// into `room`.
pub(super) async fn list_data(
    state: &Arc<State>,
    session: &Arc<Session>,
    request: ListDataRequest,
    room: usize,
    out: &mut Vec<u8>,
) -> Result<Written, ServerError> {
    let (instance, session) = (state.settings.instance, Arc::clone(session));
    let limit = usize::try_from(request.limit).unwrap_or(usize::MAX);
    let write = move |out: &mut Vec<u8>| {
        let content = Matching {
            session: &session,
            instance,
            pattern: &Pattern::new(&request.pattern, request.regex),
            blobs_too: matches_blobs(&request.pattern),
            after: request.after,
            limit,
        };
        let encoded = frame::encode_within(out, &GetDataReply { content }, room);
        Written { encoded, request: Request::ListData(request) }
    };
    write_by(out, limit > STEP, write).await
}

/// Deletes objects and blobs, and says which blobs went, in the order of their ids.
///
/// With `freed`, their memory is collected there to be given back to the system.
///
/// # Errors
///
/// Code 7 if the fast path is to delete what is no blob.
pub(super) async fn delete(
    connection: &Connection,
    request: DelDataRequest,
    mut freed: Option<&mut Vec<Reserved>>,
) -> Result<Vec<ObjectId>, ServerError> {
    let DelDataRequest { ids, force, deep, fastpath, .. } = request;
    let (session, by) = (connection.session(), connection.id());
    if fastpath {
        check_fastpath(&ids)?;
        for (number, step) in ids.chunks(STEP).enumerate() {
            if number > 0 {
                session.queue.give_way().await;
            }
            match &mut freed {
                None => session.delete_blobs(step, by),
                Some(freed) => freed.extend(session.delete_blobs_to_trim(step, by)),
            }
        }
        return Ok(ids);
    }
    let mut deletion = Deletion::new(&ids, force, deep);
    let mut deleted = Vec::new();
    loop {
        deleted.extend(session.delete_some(&mut deletion, freed.as_deref_mut(), by));
        if deletion.is_done() {
            deleted.sort_unstable();
            return Ok(deleted);
        }
        session.queue.give_way().await;
    }
}

fn check_fastpath(ids: &[ObjectId]) -> Result<(), ServerError> {
    match ids.iter().find(|id| !id.is_blob()) {
        None => Ok(()),
        Some(id) => {
            let message = format!("the fast path deletes blobs only, {id} is none");
            Err(ServerError::new(StatusCode::AssertionFailed, message))
        }
    }
}

/// Whether an object or blob exists.
pub(super) fn exists(session: &Session, request: &ExistsRequest) -> ExistsReply {
    let id = request.id;
    ExistsReply { exists: if id.is_blob() { session.blobs().contains(id) } else { session.tree().contains(id) } }
}

/// Publishes an object.
pub(super) fn persist(session: &Session, request: &PersistRequest) -> Result<PersistReply, ServerError> {
    session.tree().persist(request.id)?;
    Ok(PersistReply {})
}

/// Whether an object is published.
pub(super) fn if_persist(session: &Session, request: &IfPersistRequest) -> Result<IfPersistReply, ServerError> {
    Ok(IfPersistReply { persist: session.tree().is_persistent(request.id)? })
}
