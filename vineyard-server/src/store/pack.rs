//! Small blobs of one request, side by side in one allocation.

use std::sync::Arc;

use super::alloc::span;
use super::arena::ArenaFile;
use super::blob::Blob;
use super::lease::ConnectionId;
use super::pool::{AllocationId, Pool};

/// An allocation whose windows are being made.
#[derive(Debug)]
pub(super) struct Pack {
    pub(super) allocation: AllocationId,
    pub(super) file: Arc<ArenaFile>,
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
        Some(Blob::new(Arc::clone(&self.file), Some(self.allocation), offset, length, self.creator))
    }

    /// Gives back the windows that were not made.
    pub(super) fn abandon(self, pool: &mut Pool) {
        pool.release_windows(self.allocation, self.windows);
    }
}
