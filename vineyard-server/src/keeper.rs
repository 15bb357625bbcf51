//! What a server does for its memory while nobody asks: arenas are emptied, closed and prepared, pages given back.

use std::sync::Arc;
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
    let go_on = || !state.stop.is_cancelled();
    if all {
        state.pool.lock().look_again();
    }
    state.pool.tidy(all, go_on);
    let mut buffer = Vec::new();
    while go_on() && empty_some(state, &mut buffer) {
        state.pool.settle();
        state.pool.tidy(false, go_on);
    }
    state.pool.prefault(state.settings.prefault, go_on);
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
