//! Room for what is to be made: cold blobs go to disk, then what lingers for published clients goes.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use vineyard_core::ServerError;

use super::Connection;
use crate::spill::{Figures, Spill, SpillError};
use crate::state::State;
use crate::store::NoRoom;
use crate::store::states::{BlobState, ByState};
use crate::turn::elsewhere;

/// How long a request waits for others to be written to disk.
const PATIENCE: Duration = Duration::from_secs(60);

/// Bytes, and blobs, that are written between two looks at whether more is needed.
const BATCH_BYTES: u64 = 64 << 20;
const BATCH_BLOBS: usize = 64;

/// Makes something that takes `wanted` bytes; if there is no room for them, some is made, which may take a while.
///
/// # Errors
///
/// As `attempt`: code 41 if there is no room, and none can be made; it says who has it.
pub(super) async fn with_room<R>(
    connection: &Connection,
    wanted: u64,
    mut attempt: impl FnMut() -> Result<R, NoRoom>,
) -> Result<R, ServerError> {
    let (state, start) = (connection.state(), Instant::now());
    let mut failure = None;
    loop {
        let refused = match attempt() {
            Err(NoRoom::ForBytes(error)) => error,
            done => {
                spill_ahead(&state);
                return done.map_err(ServerError::from);
            }
        };
        if state.pool.lock().missing(wanted) == 0 || start.elapsed() > PATIENCE {
            return Err(told(&state, refused, failure.as_ref()));
        }
        match spill(&state, wanted).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => failure = Some(error),
        }
        if !reclaim(&state, wanted) {
            return Err(told(&state, refused, failure.as_ref()));
        }
    }
}

/// As [`with_room`], for who cannot wait: nothing goes to disk.
pub(super) fn with_room_now<R>(
    connection: &Connection,
    wanted: u64,
    mut attempt: impl FnMut() -> Result<R, NoRoom>,
) -> Result<R, ServerError> {
    let state = connection.state();
    loop {
        match attempt() {
            Err(NoRoom::ForBytes(error)) => {
                if !reclaim(&state, wanted) {
                    return Err(told(&state, error, None));
                }
            }
            done => {
                spill_ahead(&state);
                return done.map_err(ServerError::from);
            }
        }
    }
}

/// A refusal that says who has the memory, and why nothing could go to disk.
fn told(state: &State, error: ServerError, failure: Option<&SpillError>) -> ServerError {
    let sum = state.sessions().iter().fold(ByState::default(), |sum, session| sum.and(&session.blobs().by_state()));
    let bytes = |by: BlobState| sum.get(by).bytes;
    let [unsealed, leased, pinned, cold, hidden] =
        [BlobState::Unsealed, BlobState::Leased, BlobState::Pinned, BlobState::Cold, BlobState::Hidden].map(bytes);
    let held = format!(
        "{}; {unsealed} bytes are being written, {leased} leased, {pinned} pinned, {cold} cold, {hidden} deleted and \
         still viewed",
        error.message
    );
    let message = match failure {
        Some(failure) => format!("{held}; {failure}"),
        None => held,
    };
    ServerError { message, ..error }
}

/// Writes cold blobs to disk until `wanted` bytes fit, or none is left; whether there is reason to try again.
async fn spill(state: &Arc<State>, wanted: u64) -> Result<bool, SpillError> {
    let Some(spill) = state.spill.clone() else { return Ok(false) };
    let Ok(turn) = Arc::clone(&spill.turn).acquire_owned().await else { return Ok(false) };
    // Who had the turn before may have made enough room.
    let missing = {
        let pool = state.pool.lock();
        if pool.has_room(wanted) {
            return Ok(true);
        }
        pool.missing(wanted)
    };
    let state = Arc::clone(state);
    let job = move || {
        let done = write_some(&state, &spill, missing);
        drop(turn);
        done
    };
    elsewhere(job).await.unwrap_or(Ok(0)).map(|bytes| bytes > 0)
}

/// Begins to write cold blobs to disk if the memory is fuller than it should be, unless somebody does so already.
fn spill_ahead(state: &Arc<State>) {
    let Some(spill) = &state.spill else { return };
    let used = state.pool.lock().used();
    if used < spill.upper
        || state.sessions().iter().all(|session| session.blobs().by_state().get(BlobState::Cold).bytes == 0)
    {
        return;
    }
    let Ok(turn) = Arc::clone(&spill.turn).try_acquire_owned() else { return };
    let (state, spill) = (Arc::clone(state), Arc::clone(spill));
    tokio::task::spawn_blocking(move || {
        let more = state.pool.lock().used().saturating_sub(spill.lower);
        // It is counted and in the log; who needs the memory is told.
        let _ = write_some(&state, &spill, more);
        drop(turn);
    });
}

/// Writes blobs to disk that nobody views, those first that were viewed longest ago, until so many bytes are free; how
/// many are. Nobody waits for it but who asked.
fn write_some(state: &State, spill: &Spill, wanted: u64) -> Result<u64, SpillError> {
    let mut freed = 0u64;
    for session in state.sessions() {
        while freed < wanted && !state.stop.is_cancelled() {
            let most = wanted.saturating_sub(freed).min(BATCH_BYTES);
            let batch = session.blobs().coldest(most, BATCH_BLOBS);
            let mut progress = false;
            for leaving in &batch {
                let free = write_one(spill, &session, leaving)?;
                progress |= free.is_some();
                freed = freed.saturating_add(free.unwrap_or(0));
            }
            if !progress {
                break;
            }
        }
    }
    Ok(freed)
}

/// Writes one blob to disk; how many bytes of memory are free for that, none as long as others share them. `None` if it
/// stays.
pub(super) fn write_one(
    spill: &Spill,
    session: &crate::session::Session,
    leaving: &crate::store::Leaving,
) -> Result<Option<u64>, SpillError> {
    let file = leaving.file.file(crate::store::arena::Access::Read);
    let written = spill.directory.write(leaving.id, file, leaving.offset, leaving.length).inspect_err(|error| {
        spill.figures.failures.fetch_add(1, Ordering::Relaxed);
        tracing::error!(%error, "a blob stays in memory");
    })?;
    let left = session.blobs().left(leaving, written);
    if left.is_ok() {
        Figures::add(&spill.figures.written_blobs, &spill.figures.written_bytes, leaving.length);
    }
    // Somebody has come to view it meanwhile, or has deleted it: its file goes.
    Ok(left.ok())
}

/// Takes memory from under connections of the published client, of blobs that were deleted; false if there is none, or
/// the server was told to leave it.
fn reclaim(state: &State, wanted: u64) -> bool {
    if state.settings.honours_stock_leases {
        return false;
    }
    let missing = state.pool.lock().missing(wanted);
    let mut bytes = 0u64;
    for session in state.sessions() {
        if bytes >= missing {
            break;
        }
        let gone = session.blobs().reclaim(missing.saturating_sub(bytes));
        let found = gone.iter().fold(0u64, |sum, (_, length)| sum.saturating_add(*length));
        bytes = bytes.saturating_add(found);
        if !gone.is_empty() {
            state.reclaimed.add(gone.len() as u64, found);
            tracing::warn!(
                session = %session.id,
                blobs = gone.len(),
                bytes = found,
                first = ?gone.first(),
                "memory is short: that of deleted blobs is taken although clients that do not say when they are done may \
                 still look at it"
            );
        }
    }
    bytes > 0
}
