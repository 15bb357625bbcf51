//! Memory that clients divide themselves, and memory that moves from one session to another.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use vineyard_core::protocol::{
    FinalizeArenaReply, FinalizeArenaRequest, MakeArenaReply, MakeArenaRequest, MoveBuffersOwnershipReply,
    MoveBuffersOwnershipRequest,
};
use vineyard_core::{ObjectId, ServerError, SessionId, StatusCode};

use super::Connection;
use super::cold;
use super::session::no_session;
use crate::plasma::Entry;
use crate::session::{Session, StoreKind};
use crate::store::arena::{Access, ArenaFile};
use crate::turn::STEP;

/// The size that stands for all of the memory.
const EVERYTHING: u64 = u64::MAX;

/// Bytes of such arenas in all, in terms of the server's memory.
const MOST_LENT: u64 = 2;

/// Lends an arena.
///
/// # Errors
///
/// Code 41 if it is larger than the memory, or too much is lent already, in bytes or in arenas.
pub(super) fn make(connection: &mut Connection, request: &MakeArenaRequest) -> Result<MakeArenaReply, ServerError> {
    connection.need_unix("arenas")?;
    let state = connection.state();
    let limit = state.pool.lock().limit();
    let size = if request.size == EVERYTHING { limit } else { request.size };
    let refused =
        |why: String| ServerError::new(StatusCode::NotEnoughMemory, format!("no arena of {size} bytes: {why}"));
    if size == 0 || size > limit {
        return Err(refused(format!("1 to {limit} bytes are possible")));
    }
    let permit = state.one_more_file()?;
    let most = limit.saturating_mul(MOST_LENT);
    let lend = |lent: u64| lent.checked_add(size).filter(|sum| *sum <= most);
    state
        .lent
        .fetch_update(Ordering::AcqRel, Ordering::Acquire, lend)
        .map_err(|lent| refused(format!("{lent} bytes are lent already")))?;
    let made = ArenaFile::bare(size).map_err(|error| refused(error.to_string())).and_then(|file| {
        let file = Arc::new(file.keeping(permit));
        let label = connection.labels.label(&file, Access::Write, &state.labels)?;
        connection.lent.insert(label, (file, size));
        Ok(label)
    });
    match made {
        Ok(label) => Ok(MakeArenaReply { fd: i64::from(label), size, base: 0 }),
        Err(error) => {
            state.lent.fetch_sub(size, Ordering::AcqRel);
            Err(error)
        }
    }
}

/// Takes an arena back. The protocol has no way to say what its parts go by, so no blobs come of them.
///
/// # Errors
///
/// Code 12 if the connection has no such arena, 8 if offsets and sizes do not match or lie outside of it.
pub(super) fn finalize(
    connection: &mut Connection,
    request: &FinalizeArenaRequest,
) -> Result<FinalizeArenaReply, ServerError> {
    let label = i32::try_from(request.fd).ok();
    let Some((label, size)) = label.and_then(|label| Some((label, connection.lent.get(&label)?.1))) else {
        let message = format!("this connection has no arena {}", request.fd);
        return Err(ServerError::new(StatusCode::ObjectNotExists, message));
    };
    let (offsets, sizes) = (request.offsets.len(), request.sizes.len());
    let inside = |(offset, length): (&u64, &u64)| offset.checked_add(*length).is_some_and(|end| end <= size);
    if offsets != sizes || !request.offsets.iter().zip(&request.sizes).all(inside) {
        let message = format!("{offsets} offsets and {sizes} sizes are no parts of an arena of {size} bytes");
        return Err(ServerError::new(StatusCode::UserInputError, message));
    }
    connection.lent.remove(&label);
    connection.state().lent.fetch_sub(size, Ordering::AcqRel);
    Ok(FinalizeArenaReply {})
}

/// What a blob goes by in a session.
enum Handle {
    Id(ObjectId),
    Plasma(String),
}

/// Takes blobs of another session over. What is not there is skipped, and what is here already is kept.
///
/// # Errors
///
/// Code 1 if there is no such session; as [`cold::get`] for blobs that are on disk.
pub(super) async fn take_over(
    connection: &Connection,
    request: MoveBuffersOwnershipRequest,
) -> Result<MoveBuffersOwnershipReply, ServerError> {
    let (state, here) = (connection.state(), connection.session());
    let id = SessionId::from_raw(request.session_id);
    let there = state.session(id).ok_or_else(|| no_session(id))?;
    let MoveBuffersOwnershipRequest { id_to_id, id_to_pid, pid_to_id, pid_to_pid, .. } = request;
    use Handle::{Id, Plasma};
    let moves: Vec<(Handle, Handle)> = match (there.kind, here.kind) {
        (StoreKind::Normal, StoreKind::Normal) => id_to_id.into_iter().map(|(a, b)| (Id(a), Id(b))).collect(),
        (StoreKind::Normal, StoreKind::Plasma) => id_to_pid.into_iter().map(|(a, b)| (Id(a), Plasma(b))).collect(),
        (StoreKind::Plasma, StoreKind::Normal) => pid_to_id.into_iter().map(|(a, b)| (Plasma(a), Id(b))).collect(),
        (StoreKind::Plasma, StoreKind::Plasma) => pid_to_pid.into_iter().map(|(a, b)| (Plasma(a), Plasma(b))).collect(),
    };
    for (number, (from, to)) in moves.into_iter().enumerate() {
        if number % STEP == STEP - 1 {
            here.queue.give_way().await;
        }
        move_one(connection, &there, &here, from, to).await?;
    }
    Ok(MoveBuffersOwnershipReply {})
}

/// Moves one blob. The locks of the two sessions are never held together.
async fn move_one(
    connection: &Connection,
    there: &Arc<Session>,
    here: &Session,
    from: Handle,
    to: Handle,
) -> Result<(), ServerError> {
    let known = match from {
        Handle::Id(id) => Some(Entry { blob: id, plasma_size: 0 }),
        Handle::Plasma(name) => there.plasma().get(&name),
    };
    let Some(Entry { blob, plasma_size }) = known else { return Ok(()) };
    let _held = cold::bring_back(connection, there, &[blob]).await?;
    let Some(handover) = there.blobs().hand_over(blob) else { return Ok(()) };
    let target = match &to {
        Handle::Id(id) => *id,
        Handle::Plasma(_) => blob,
    };
    // Held over all of it, so that nobody deletes the blob before it has its name.
    let mut plasma = here.plasma();
    if !here.blobs().take_over(target, handover, connection.id()) {
        return Ok(());
    }
    if let Handle::Plasma(name) = to
        && !plasma.insert(&name, Entry { blob: target, plasma_size }).unwrap_or(false)
    {
        // Nobody has seen it, so it was there.
        let _removed = here.blobs().remove(target, connection.id());
        return Ok(());
    }
    drop(plasma);
    there.blobs().gave_away(blob);
    here.waiters.tell_ids([target]);
    Ok(())
}
