//! Metadata: create, get, list, delete, persist.

use std::collections::{HashMap, HashSet};

use vineyard_core::meta::MetaTree;
use vineyard_core::protocol::frame::{self, FrameError};
use vineyard_core::protocol::{
    CreateDataReply, CreateDataRequest, CreateDatasReply, CreateDatasRequest, DelDataRequest, ExistsReply,
    ExistsRequest, GetDataReply, GetDataRequest, IfPersistReply, IfPersistRequest, ListDataRequest, PersistReply,
    PersistRequest,
};
use vineyard_core::{ObjectId, ServerError, StatusCode};

use super::Connection;
use super::content::{Matching, Named, matches_blobs};
use crate::ids::unix_millis;
use crate::meta::{Blobs, Created};
use crate::pattern::Pattern;
use crate::session::Session;
use crate::state::State;
use crate::store::{BlobStore, Peer, Reserved};

/// Creates one object.
pub(super) fn create_data(connection: &Connection, request: CreateDataRequest) -> Result<CreateDataReply, ServerError> {
    let created = create(connection, std::slice::from_ref(&request.content), &request.seal)?;
    match created.first() {
        Some(Created { id, signature, instance_id }) => {
            Ok(CreateDataReply { id: *id, signature: *signature, instance_id: *instance_id })
        }
        None => Err(ServerError::new(StatusCode::UnknownError, "the object was not created")),
    }
}

/// Creates several objects, all or none.
pub(super) fn create_datas(
    connection: &Connection,
    request: &CreateDatasRequest,
) -> Result<CreateDatasReply, ServerError> {
    let created = create(connection, &request.contents, &request.seal)?;
    Ok(CreateDatasReply {
        num: created.len() as u64,
        ids: created.iter().map(|created| created.id).collect(),
        signatures: created.iter().map(|created| created.signature).collect(),
        instance_ids: created.iter().map(|created| created.instance_id).collect(),
    })
}

/// Creates objects and seals blobs of the peer, all or none.
fn create(connection: &Connection, contents: &[MetaTree], seal: &[ObjectId]) -> Result<Vec<Created>, ServerError> {
    let (state, session, peer) = (connection.state(), connection.session(), connection.peer());
    let created = {
        let mut tree = session.tree();
        // Held over the whole of it, so that no blob is deleted between the look at it and the link to it.
        let mut blobs = session.blobs();
        let sealing = Sealing::new(&blobs, peer, seal)?;
        let created = tree.create(contents, &state.ids, unix_millis(), &sealing, peer.native)?;
        // None can fail: all were there, and the lock is held.
        for id in seal {
            blobs.seal(peer, *id)?;
        }
        created
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

/// The first of the objects and blobs that a request wants to wait for; `None` if all are there. The empty blob always
/// is, although it is said not to exist.
pub(super) fn missing(session: &Session, request: &GetDataRequest) -> Option<ObjectId> {
    if !request.wait {
        return None;
    }
    let tree = session.tree();
    let exists = |id: ObjectId| match id {
        ObjectId::EMPTY_BLOB => true,
        id if id.is_blob() => session.blobs().contains(id),
        id => tree.contains(id),
    };
    request.ids.iter().copied().find(|id| !exists(*id))
}

/// Appends the reply with the trees that exist, if it fits into `room`.
pub(super) fn get_data(
    state: &State,
    session: &Session,
    request: &GetDataRequest,
    room: usize,
    out: &mut Vec<u8>,
) -> Result<(), FrameError> {
    let named = |ids| Named { session, instance: state.settings.instance, ids };
    match request.ids.as_slice() {
        ids @ ([] | [_]) => frame::encode_within(out, &GetDataReply { content: named(ids) }, room),
        several => {
            let mut seen = HashSet::new();
            let once: Vec<ObjectId> = several.iter().copied().filter(|id| seen.insert(*id)).collect();
            frame::encode_within(out, &GetDataReply { content: named(&once) }, room)
        }
    }
}

/// Appends the reply with the trees whose typename matches, then blobs if they match and the limit allows, if it
/// fits into `room`.
pub(super) fn list_data(
    state: &State,
    session: &Session,
    request: &ListDataRequest,
    room: usize,
    out: &mut Vec<u8>,
) -> Result<(), FrameError> {
    let content = Matching {
        session,
        instance: state.settings.instance,
        pattern: &Pattern::new(&request.pattern, request.regex),
        blobs_too: matches_blobs(&request.pattern),
        after: request.after,
        limit: usize::try_from(request.limit).unwrap_or(usize::MAX),
    };
    frame::encode_within(out, &GetDataReply { content }, room)
}

/// Deletes objects and blobs.
///
/// # Errors
///
/// Code 7 if the fast path is to delete what is no blob.
pub(super) fn delete(session: &Session, request: &DelDataRequest) -> Result<Vec<ObjectId>, ServerError> {
    let DelDataRequest { ids, force, deep, fastpath, .. } = request;
    if !fastpath {
        return Ok(session.delete(ids, *force, *deep));
    }
    check_fastpath(ids)?;
    session.delete_blobs(ids);
    Ok(ids.clone())
}

/// As [`delete`], for who gives the pages back to the system.
///
/// # Errors
///
/// As [`delete`].
pub(super) fn delete_to_trim(
    session: &Session,
    request: &DelDataRequest,
) -> Result<(Vec<ObjectId>, Vec<Reserved>), ServerError> {
    let DelDataRequest { ids, force, deep, fastpath, .. } = request;
    if !fastpath {
        return Ok(session.delete_to_trim(ids, *force, *deep));
    }
    check_fastpath(ids)?;
    Ok((ids.clone(), session.delete_blobs_to_trim(ids)))
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
