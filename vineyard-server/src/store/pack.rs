//! Small blobs of one request, side by side in one allocation.

use super::alloc::span;
use super::blob::Blob;
use super::lease::ConnectionId;
use super::pool::{AllocationId, Pool};

/// An allocation whose windows are being made.
#[derive(Debug)]
pub(super) struct Pack {
    pub(super) allocation: AllocationId,
    pub(super) arena: usize,
    /// Where the next window starts.
    pub(super) offset: u64,
    /// Windows that are still to be made.
    pub(super) windows: usize,
    pub(super) creator: ConnectionId,
}

impl Pack {
    /// The next window, aligned like any blob; `None` when all were made.
    pub(super) fn next(&mut self, length: u64) -> Option<Blob> {
        self.windows = self.windows.checked_sub(1)?;
        let offset = self.offset;
        self.offset = offset.checked_add(span(length)?)?;
        let Self { allocation, arena, creator, .. } = *self;
        Some(Blob { allocation, arena, offset, length, creator, sealed: false, hidden: false, leases: 0 })
    }

    /// Gives back the windows that were not made.
    pub(super) fn abandon(self, pool: &mut Pool) {
        for _ in 0..self.windows {
            pool.release_window(self.allocation);
        }
    }
}
