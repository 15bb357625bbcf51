//! Blobs on disk: brought back for who wants to view them, and the requests that move blobs by name.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use vineyard_core::protocol::{
    EvictReply, EvictRequest, IsSpilledReply, IsSpilledRequest, LoadReply, LoadRequest, UnpinReply, UnpinRequest,
};
use vineyard_core::{ObjectId, ServerError, StatusCode};

use super::Connection;
use super::blob::check_count;
use super::many::{self, Keep};
use super::room::{with_room, write_one};
use crate::session::Session;
use crate::spill::Figures;
use crate::store::arena::Access;
use crate::store::{ConnectionId, Landing, NoRoom, Peer, Placement};
use crate::turn::{STEP, elsewhere};

/// Blobs that are held in memory for a request; let go when this is dropped.
pub(super) struct Held {
    session: Arc<Session>,
    connection: ConnectionId,
    ids: Vec<ObjectId>,
}

impl Drop for Held {
    fn drop(&mut self) {
        for step in self.ids.chunks(STEP) {
            self.session.blobs().let_go(self.connection, step);
        }
    }
}

/// As [`many::get`], of blobs that may be on disk.
///
/// # Errors
///
/// As [`many::get`]; code 41 if there is no room for what comes back, 4 if it cannot be read or is damaged.
pub(super) async fn get(
    connection: &Connection,
    peer: Peer,
    ids: &[ObjectId],
    unsealed: bool,
    keep: Keep,
) -> Result<Vec<Placement>, ServerError> {
    let session = connection.session();
    let _held = bring_back(connection, &session, ids).await?;
    many::get(&session, peer, ids, unsealed, keep).await
}

/// Brings blobs of a session back into memory and holds them there; nothing if all are.
pub(super) async fn bring_back(
    connection: &Connection,
    session: &Arc<Session>,
    ids: &[ObjectId],
) -> Result<Option<Held>, ServerError> {
    if !session.blobs().any_spilled() {
        return Ok(None);
    }
    let mut held = Held { session: Arc::clone(session), connection: connection.id(), ids: Vec::new() };
    for step in ids.chunks(STEP) {
        held.ids.extend(session.blobs().hold(connection.peer(), step)?);
    }
    for id in held.ids.clone() {
        read_one(connection, session, id).await?;
    }
    Ok(Some(held))
}

/// Brings one blob back, if it is on disk.
async fn read_one(connection: &Connection, session: &Session, id: ObjectId) -> Result<(), ServerError> {
    let (state, Some(spilled)) = (connection.state(), session.blobs().spilled(id)) else { return Ok(()) };
    let Some(spill) = state.spill.clone() else { return Ok(()) };
    let length = spilled.length();
    let landing =
        with_room(connection, length, || Landing::new(&state.pool, id, length).map_err(NoRoom::ForBytes)).await?;
    let source = Arc::clone(&spilled);
    let job = move || source.read(landing.file.file(Access::Write), landing.offset).map(|()| landing);
    let read = elsewhere(job).await.ok_or_else(|| ServerError::new(StatusCode::AlreadyStopped, "the server stops"))?;
    let mut landing = read.map_err(|error| {
        spill.figures.failures.fetch_add(1, Ordering::Relaxed);
        tracing::error!(%error, "a blob cannot come back");
        ServerError::new(StatusCode::IoError, error.to_string())
    })?;
    if session.blobs().landed(id, &spilled, &mut landing) {
        Figures::add(&spill.figures.read_blobs, &spill.figures.read_bytes, length);
    }
    Ok(())
}

/// Blobs of this instance among some ids and below those that are objects.
fn blobs_of(session: &Session, ids: &[ObjectId]) -> Result<Vec<ObjectId>, ServerError> {
    check_count(ids.len())?;
    let tree = session.tree();
    let mut found: Vec<ObjectId> = ids.iter().copied().filter(|id| id.is_blob()).collect();
    for id in ids.iter().filter(|id| !id.is_blob()) {
        found.extend(tree.blobs_below(*id));
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// Whether a blob is on disk.
pub(super) fn is_spilled(session: &Session, request: &IsSpilledRequest) -> IsSpilledReply {
    IsSpilledReply { is_spilled: session.blobs().is_spilled(request.id) }
}

/// Moves blobs to disk, as far as nobody views them.
///
/// # Errors
///
/// Code 1 if there is no place on disk, 4 if they cannot be written.
pub(super) async fn evict(connection: &Connection, request: &EvictRequest) -> Result<EvictReply, ServerError> {
    let (state, session) = (connection.state(), connection.session());
    let Some(spill) = state.spill.clone() else {
        return Err(ServerError::new(StatusCode::Invalid, "spilling is off (--spill-path): nothing can be evicted"));
    };
    let ids = blobs_of(&session, &request.ids)?;
    let stopping = || ServerError::new(StatusCode::AlreadyStopped, "the server stops");
    let turn = Arc::clone(&spill.turn).acquire_owned().await.map_err(|_| stopping())?;
    let job = move || {
        let written = ids.iter().try_for_each(|id| {
            let leaving = session.blobs().leaving(*id);
            leaving.map_or(Ok(()), |leaving| write_one(&spill, &session, &leaving).map(drop))
        });
        drop(turn);
        written
    };
    let written = elsewhere(job).await.ok_or_else(stopping)?;
    written.map_err(|error| ServerError::new(StatusCode::IoError, error.to_string()))?;
    Ok(EvictReply {})
}

/// Brings blobs back into memory, perhaps to stay there.
///
/// # Errors
///
/// As [`get`].
pub(super) async fn load(connection: &Connection, request: &LoadRequest) -> Result<LoadReply, ServerError> {
    let session = connection.session();
    let ids = blobs_of(&session, &request.ids)?;
    let _held = bring_back(connection, &session, &ids).await?;
    if request.pin {
        many::each_step(&session, &ids, |blobs, step| step.iter().for_each(|id| blobs.pin(*id, true))).await;
    }
    Ok(LoadReply {})
}

/// Lets blobs go to disk again.
///
/// # Errors
///
/// Code 1 if there are too many.
pub(super) async fn unpin(connection: &Connection, request: &UnpinRequest) -> Result<UnpinReply, ServerError> {
    let session = connection.session();
    let ids = blobs_of(&session, &request.ids)?;
    many::each_step(&session, &ids, |blobs, step| step.iter().for_each(|id| blobs.pin(*id, false))).await;
    Ok(UnpinReply {})
}
