//! What the records of blobs, and of who holds them, take of the server's own memory.

use std::sync::Arc;

use vineyard_core::ServerError;

use super::BlobStore;
use crate::budget::{Budget, Share, Stay};

/// The record of a blob, with its places in all indexes and the allocator's own record.
const BLOB_BYTES: u64 = 480;

/// A lease, a dependency or a view: one connection's on one blob.
const HOLD_BYTES: u64 = 48;

/// The shares of a store.
#[derive(Debug)]
pub(super) struct Charges {
    blobs: Share,
    holds: Share,
}

impl Charges {
    /// Nothing taken yet of the budget of `share`.
    pub fn new(share: Share) -> Self {
        Self { holds: Share::of(share.budget()), blobs: share }
    }
}

impl BlobStore {
    /// Takes room for the record of one blob more.
    ///
    /// # Errors
    ///
    /// [`StatusCode::NotEnoughMemory`](vineyard_core::StatusCode::NotEnoughMemory).
    pub(super) fn charge_blob(&mut self) -> Result<(), ServerError> {
        self.charges.blobs.take(BLOB_BYTES, Stay::Stored)
    }

    /// Gives the room of one blob back.
    pub(super) fn discharge_blob(&mut self) {
        self.charges.blobs.give(BLOB_BYTES);
    }

    /// Takes room for so many leases, dependencies or views more.
    ///
    /// # Errors
    ///
    /// As [`charge_blob`](Self::charge_blob).
    pub(super) fn charge_holds(&mut self, count: usize) -> Result<(), ServerError> {
        self.charges.holds.take(holds_bytes(count), Stay::Held)
    }

    /// Sets room aside for so many leases, dependencies or views that are about to be added, in one go or in steps: to be
    /// kept until that is done, as what it came to is taken anew.
    ///
    /// # Errors
    ///
    /// [`StatusCode::NotEnoughMemory`](vineyard_core::StatusCode::NotEnoughMemory).
    pub fn room_for(budget: &Arc<Budget>, holds: usize) -> Result<Share, ServerError> {
        let mut room = Share::of(budget);
        room.take(holds_bytes(holds), Stay::Held).map(|()| room)
    }

    /// What is taken for blobs, and for leases, dependencies and views.
    #[cfg(test)]
    pub(super) fn charged(&self) -> (u64, u64) {
        (self.charges.blobs.held() / BLOB_BYTES, self.charges.holds.held() / HOLD_BYTES)
    }

    /// Takes for leases, dependencies and views what there are now.
    pub(super) fn settle_holds(&mut self) {
        let count = self.leases.pairs().saturating_add(self.uses.pairs()).saturating_add(self.views.pairs());
        self.charges.holds.settle(count.saturating_mul(HOLD_BYTES));
    }
}

fn holds_bytes(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX).saturating_mul(HOLD_BYTES)
}
