//! What a server does for its memory while nobody asks: arenas are emptied, closed and prepared, pages given back.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use crate::state::State;

/// How often everything is looked at, whether or not somebody said that there is something to do.
const ROUND: Duration = Duration::from_secs(5);

/// Keeps the memory of a server in order until it stops.
pub(crate) async fn keep(state: Arc<State>) {
    let mut rounds = interval(ROUND);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        // All are cancel-safe: a notification that is not taken is there the next time.
        let all = tokio::select! {
            biased;
            () = state.stop.cancelled() => return,
            _ = rounds.tick() => true,
            () = state.pool.untidy().notified() => false,
        };
        let shared = Arc::clone(&state);
        if let Err(error) = tokio::task::spawn_blocking(move || round(&shared, all)).await {
            tracing::error!(%error, "the memory could not be kept in order");
        }
    }
}

/// Does what there is to do, or stops in the middle of it when the server does.
fn round(state: &State, all: bool) {
    if all {
        state.pool.lock().look_again();
    }
    tidy(state, all);
    // Not at once after the last was given away: whoever was given it fills it now, and needs the processors for that.
    if all {
        state.pool.prefault(state.settings.prefault, || !state.stop.is_cancelled());
    }
}

/// Makes room before the reply to a request that needs it: for the pages that the peer is about to touch, and for more
/// arenas, if connections come and go faster than [`keep`] clears up after them.
pub(crate) fn relieve(state: &State) {
    state.pool.settle();
    let many = state.pool.lock().has_many_vacant();
    if many {
        tidy(state, false);
    }
}

fn tidy(state: &State, all: bool) {
    // One at a time: two would find each other's blobs in use.
    let _turn = state.tidying.lock().unwrap_or_else(PoisonError::into_inner);
    let go_on = || !state.stop.is_cancelled();
    state.pool.tidy(all, go_on);
    let mut buffer = Vec::new();
    while go_on() && empty_some(state, &mut buffer) {
        state.pool.settle();
        state.pool.tidy(false, go_on);
    }
}

/// Moves blobs out of arenas; whether there is one to empty.
fn empty_some(state: &State, buffer: &mut Vec<u8>) -> bool {
    let sparse = state.pool.lock().next_sparse();
    let Some(sparse) = sparse else { return false };
    for session in state.sessions() {
        let mut moves = session.blobs().begin_moves(&sparse.blobs);
        state.pool.settle();
        moves.iter_mut().for_each(|one| one.copy(buffer));
        session.blobs().finish_moves(moves);
    }
    state.pool.lock().emptied(&sparse);
    true
}
