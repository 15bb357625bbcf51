//! Room for what is to be made.

use vineyard_core::ServerError;

use super::Connection;
use crate::state::State;
use crate::store::NoRoom;

/// Makes something that takes `wanted` bytes; if there is no room for them, some is made.
///
/// # Errors
///
/// As `attempt`: code 41 if there is no room, and none can be made.
pub(super) fn with_room<R>(
    connection: &Connection,
    wanted: u64,
    mut attempt: impl FnMut() -> Result<R, NoRoom>,
) -> Result<R, ServerError> {
    loop {
        match attempt() {
            Err(NoRoom::ForBytes(_)) if reclaim(connection.state().as_ref(), wanted) => {}
            done => return done.map_err(ServerError::from),
        }
    }
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
