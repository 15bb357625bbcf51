//! The memory that long messages and long replies may take of all connections together.
//!
//! Short ones are free: each connection has room for them anyway. Who needs more waits for its turn, before the rest of
//! its message is read or before its reply is written, while others are served; whoever stalls in its turn is dropped as
//! ever. Messages and replies have a part each, and nobody who has room for a reply waits for that of a message, so no
//! two wait for each other.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use super::stream::Stream;

/// What a connection may have of each without asking.
pub(crate) const FREE_BYTES: usize = 256 << 10;

/// Room that was given; it is free again when this is dropped.
pub(super) type Room = OwnedSemaphorePermit;

/// The memory there is for one of both: messages or replies.
#[derive(Debug, Clone)]
pub(crate) struct Rooms {
    bytes: Arc<Semaphore>,
    most: usize,
}

impl Rooms {
    /// Room for so many bytes.
    pub(crate) fn new(bytes: u64) -> Self {
        let most = usize::try_from(bytes).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS);
        Self { bytes: Arc::new(Semaphore::new(most)), most }
    }

    /// All that there is, when nobody has any.
    pub(crate) fn most(&self) -> usize {
        self.most
    }

    /// Waits for room for so many bytes, all there is at most; `None` if the peer goes or the server stops meanwhile.
    pub(super) async fn get(&self, bytes: usize, stream: &mut Stream, stop: &CancellationToken) -> Option<Room> {
        let bytes = u32::try_from(bytes.min(self.most)).unwrap_or(u32::MAX);
        if let Ok(room) = Arc::clone(&self.bytes).try_acquire_many_owned(bytes) {
            return Some(room);
        }
        tokio::select! {
            biased;
            room = Arc::clone(&self.bytes).acquire_many_owned(bytes) => room.ok(),
            () = stream.closed() => None,
            () = stop.cancelled() => None,
        }
    }
}

/// Gives back what is not needed any more of a room.
pub(super) fn keep(room: &mut Option<Room>, bytes: usize) {
    if let Some(held) = room {
        drop(held.split(held.num_permits().saturating_sub(bytes)));
    }
}
