//! Metadata: create, get, list, delete, persist.

use std::collections::{HashMap, HashSet};

use serde::{Serialize, Serializer};
use vineyard_core::meta::MetaTree;
use vineyard_core::protocol::frame::{self, FrameError};
use vineyard_core::protocol::{
    CreateDataReply, CreateDataRequest, CreateDatasReply, CreateDatasRequest, DelDataReply, DelDataRequest,
    ExistsReply, ExistsRequest, GetDataReply, GetDataRequest, IfPersistReply, IfPersistRequest, ListDataRequest,
    PersistReply, PersistRequest,
};
use vineyard_core::{ObjectId, ServerError, StatusCode};

use super::Session;
use crate::ids::unix_millis;
use crate::meta::{BlobView, Blobs, Created, View};
use crate::pattern::Pattern;
use crate::state::State;
use crate::store::{BlobStore, Peer};

/// The typename of blobs, which have no record in the tree.
const BLOB_TYPENAME: &str = "vineyard::Blob";

/// Creates one object.
pub(super) fn create_data(session: &Session<'_>, request: CreateDataRequest) -> Result<CreateDataReply, ServerError> {
    let created = create(session, std::slice::from_ref(&request.content), &request.seal)?;
    match created.first() {
        Some(Created { id, signature, instance_id }) => {
            Ok(CreateDataReply { id: *id, signature: *signature, instance_id: *instance_id })
        }
        None => Err(ServerError::new(StatusCode::UnknownError, "the object was not created")),
    }
}

/// Creates several objects, all or none.
pub(super) fn create_datas(
    session: &Session<'_>,
    request: &CreateDatasRequest,
) -> Result<CreateDatasReply, ServerError> {
    let created = create(session, &request.contents, &request.seal)?;
    Ok(CreateDatasReply {
        num: created.len() as u64,
        ids: created.iter().map(|created| created.id).collect(),
        signatures: created.iter().map(|created| created.signature).collect(),
        instance_ids: created.iter().map(|created| created.instance_id).collect(),
    })
}

/// Creates objects and seals blobs of the peer, all or none.
fn create(session: &Session<'_>, contents: &[MetaTree], seal: &[ObjectId]) -> Result<Vec<Created>, ServerError> {
    let (state, peer) = (session.state(), session.peer());
    let created = {
        let mut tree = state.tree();
        // Held over the whole of it, so that no blob is deleted between the look at it and the link to it.
        let mut blobs = state.blobs();
        let sealing = Sealing::new(&blobs, peer, seal)?;
        let created = tree.create(contents, &state.ids, unix_millis(), &sealing, peer.native)?;
        // None can fail: all were there, and the lock is held.
        for id in seal {
            blobs.seal(*id)?;
        }
        created
    };
    state.changed.notify_waiters();
    Ok(created)
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
impl Blobs for State {
    fn length(&self, id: ObjectId) -> Option<u64> {
        self.blobs().sealed_length(id)
    }
}

/// One entry of a reply's content.
enum Entry<'a> {
    Object(View<'a>),
    Blob(BlobView),
}

impl Serialize for Entry<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Object(view) => view.serialize(serializer),
            Self::Blob(view) => view.serialize(serializer),
        }
    }
}

/// Trees by id, null if there is none.
struct Entries<'a>(Vec<(ObjectId, Entry<'a>)>);

impl Serialize for Entries<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Key(ObjectId);
        impl Serialize for Key {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(&self.0)
            }
        }
        if self.0.is_empty() {
            return serializer.serialize_none();
        }
        serializer.collect_map(self.0.iter().map(|(id, entry)| (Key(*id), entry)))
    }
}

/// Appends the reply with the trees that exist; `None` if some are to be waited for.
///
/// The trees are written straight from the records, under the lock: copying them out would take longer.
pub(super) fn get_data(state: &State, request: &GetDataRequest, out: &mut Vec<u8>) -> Option<Result<(), FrameError>> {
    let tree = state.tree();
    let exists = |id: ObjectId| if id.is_blob() { state.blobs().contains(id) } else { tree.contains(id) };
    if request.wait && !request.ids.iter().all(|id| exists(*id)) {
        return None;
    }
    let mut seen = HashSet::new();
    let alone = request.ids.len() == 1;
    let entries = request
        .ids
        .iter()
        .filter(|id| alone || seen.insert(**id))
        .filter_map(|&id| {
            let entry = if id.is_blob() {
                Entry::Blob(BlobView { id, instance: state.instance, length: state.blobs().sealed_length(id)? })
            } else {
                Entry::Object(tree.view(id, state)?)
            };
            Some((id, entry))
        })
        .collect();
    Some(frame::encode(out, &GetDataReply { content: Entries(entries) }))
}

/// Appends the reply with the trees whose typename matches, then blobs if they match and the limit allows.
pub(super) fn list_data(state: &State, request: &ListDataRequest, out: &mut Vec<u8>) -> Result<(), FrameError> {
    let pattern = Pattern::new(&request.pattern, request.regex);
    let limit = usize::try_from(request.limit).unwrap_or(usize::MAX);
    let tree = state.tree();
    let mut entries: Vec<_> =
        tree.list(&pattern, None, limit, state).map(|(id, view)| (id, Entry::Object(view))).collect();
    // For blobs, the pattern is a glob in any case: clients know the protocol so.
    if entries.len() < limit && Pattern::new(&request.pattern, false).matches(BLOB_TYPENAME) {
        let blobs = state.blobs();
        let room = limit.saturating_sub(entries.len());
        let view = |(id, length)| (id, Entry::Blob(BlobView { id, instance: state.instance, length }));
        entries.extend(blobs.sealed().take(room).map(view));
    }
    frame::encode(out, &GetDataReply { content: Entries(entries) })
}

/// Deletes objects and blobs.
pub(super) fn del_data(state: &State, request: &DelDataRequest) -> Result<DelDataReply, ServerError> {
    if request.fastpath {
        if let Some(id) = request.ids.iter().find(|id| !id.is_blob()) {
            let message = format!("the fast path deletes blobs only, {id} is none");
            return Err(ServerError::new(StatusCode::AssertionFailed, message));
        }
        let mut blobs = state.blobs();
        delete_blobs(&mut blobs, &request.ids);
        return Ok(DelDataReply {});
    }
    let mut tree = state.tree();
    let deleted = tree.delete(&request.ids, request.force, request.deep);
    // With the tree still locked, so that nothing is linked to a blob that is about to go.
    delete_blobs(&mut state.blobs(), &deleted.blobs);
    Ok(DelDataReply {})
}

/// Deletes blobs; those that are not there count as deleted.
fn delete_blobs(blobs: &mut BlobStore, ids: &[ObjectId]) {
    for id in ids {
        if let Err(error) = blobs.remove(*id) {
            tracing::trace!(%error, "nothing to delete");
        }
    }
}

/// Whether an object or blob exists.
pub(super) fn exists(state: &State, request: &ExistsRequest) -> ExistsReply {
    let id = request.id;
    ExistsReply { exists: if id.is_blob() { state.blobs().contains(id) } else { state.tree().contains(id) } }
}

/// Publishes an object.
pub(super) fn persist(state: &State, request: &PersistRequest) -> Result<PersistReply, ServerError> {
    state.tree().persist(request.id)?;
    Ok(PersistReply {})
}

/// Whether an object is published.
pub(super) fn if_persist(state: &State, request: &IfPersistRequest) -> Result<IfPersistReply, ServerError> {
    Ok(IfPersistReply { persist: state.tree().is_persistent(request.id)? })
}
