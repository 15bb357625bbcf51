//! The blobs of a session: who made them, who views them, where they lie.
//!
//! ```text
//! BlobStore   ids, states (unsealed, sealed, hidden), leases, dependencies: one for each session
//!   Pool      allocations counted by windows, the limit: one for all sessions
//!     Arena   a memfd and the Allocator of its ranges
//! ```
//!
//! Nothing here waits, touches a payload or knows a socket.

#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::expect_used)]
#![cfg_attr(
    test,
    allow(
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::expect_used,
        reason = "a panic is how a test fails"
    )
)]

mod alloc;
pub mod arena;
mod blob;
mod charge;
mod create;
pub mod disk;
pub mod labels;
mod lease;
mod moves;
mod pack;
mod pool;
#[cfg(test)]
mod tests;
mod usage;
mod uses;

use std::collections::{HashMap, HashSet};

use vineyard_core::{ObjectId, ServerError, StatusCode};

use blob::Blob;
pub use blob::Placement;
use charge::Charges;
pub use lease::ConnectionId;
use lease::Leases;
pub use pool::{Reserved, SharedPool};
use uses::Uses;

use crate::budget::Share;

/// Who asks: only native connections hold leases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// The connection.
    pub connection: ConnectionId,
    /// Whether it speaks the native protocol.
    pub native: bool,
}

/// All blobs of a session.
#[derive(Debug)]
pub struct BlobStore {
    pool: SharedPool,
    /// Bytes that may be allocated by all sessions together.
    limit: u64,
    blobs: HashMap<ObjectId, Blob>,
    /// What each connection made and nobody sealed.
    unsealed: HashMap<ConnectionId, HashSet<ObjectId>>,
    leases: Leases,
    uses: Uses,
    charges: Charges,
}

fn unknown(id: ObjectId) -> ServerError {
    ServerError::new(StatusCode::ObjectNotExists, format!("there is no blob {id}"))
}

impl BlobStore {
    /// An empty store on memory that it shares with others. What it comes to know of blobs is taken from a budget.
    pub fn new(pool: SharedPool, share: Share) -> Self {
        let limit = pool.lock().limit();
        let (blobs, unsealed) = (HashMap::new(), HashMap::new());
        let (leases, uses, charges) = (Leases::default(), Uses::default(), Charges::new(share));
        Self { pool, limit, blobs, unsealed, leases, uses, charges }
    }

    /// Leases of all connections.
    pub fn num_leases(&self) -> u64 {
        self.leases.total()
    }

    /// Makes a blob immutable; once more is no error. A peer that is not native depends on it from now on.
    ///
    /// # Errors
    ///
    /// [`StatusCode::ObjectNotExists`], or [`StatusCode::NotEnoughMemory`] if the server may keep no more.
    pub fn seal(&mut self, peer: Peer, id: ObjectId) -> Result<(), ServerError> {
        if !peer.native {
            self.charge_holds(1)?;
        }
        let sealed = self.seal_alone(id);
        if !peer.native && sealed.is_ok() {
            self.depend(peer.connection, id);
        }
        self.settle_holds();
        sealed
    }

    /// Makes a blob immutable without anybody depending on it.
    ///
    /// # Errors
    ///
    /// [`StatusCode::ObjectNotExists`].
    pub fn seal_alone(&mut self, id: ObjectId) -> Result<(), ServerError> {
        if is_well_known(id) {
            return Ok(());
        }
        let blob = self.blobs.get_mut(&id).filter(|blob| !blob.hidden).ok_or_else(|| unknown(id))?;
        if !blob.sealed {
            blob.sealed = true;
            let creator = blob.creator;
            self.own_no_more(creator, id);
        }
        Ok(())
    }

    /// Where the blobs that exist lie, in the order of `ids`. A native peer gets one lease for each, another one
    /// depends on them from now on.
    ///
    /// # Errors
    ///
    /// [`StatusCode::ObjectNotSealed`] for the whole request if one is not sealed and `unsealed` are not wanted;
    /// [`StatusCode::NotEnoughMemory`] if the server may keep no more.
    pub fn get(&mut self, peer: Peer, ids: &[ObjectId], unsealed: bool) -> Result<Vec<Placement>, ServerError> {
        let found = self.find(ids, unsealed)?;
        if peer.native {
            self.lease(peer, &found)?;
        } else {
            self.charge_holds(found.len())?;
            found.iter().for_each(|placement| self.depend(peer.connection, placement.id));
            self.settle_holds();
        }
        Ok(found)
    }

    /// As [`get`](Self::get), with one lease for each whoever asks: for as long as their bytes are on the way. The
    /// placeholder, whose bytes are everybody's, is left out.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get), with the code [`StatusCode::KeyError`] for one that is not sealed.
    pub fn get_to_send(&mut self, peer: Peer, ids: &[ObjectId], unsealed: bool) -> Result<Vec<Placement>, ServerError> {
        let refused = |error: ServerError| ServerError::new(StatusCode::KeyError, error.message);
        let mut found = self.find(ids, unsealed).map_err(refused)?;
        found.retain(|placement| placement.id != ObjectId::PLACEHOLDER_BLOB);
        self.lease(peer, &found)?;
        Ok(found)
    }

    /// Gives back one lease on each of some blobs.
    pub fn give_back(&mut self, peer: Peer, placements: &[Placement]) {
        for placement in placements {
            self.release_lease(peer.connection, placement.id);
        }
    }

    /// Gives a peer one lease on each of some blobs, native or not: whoever deletes them meanwhile, their memory is
    /// nobody else's.
    ///
    /// # Errors
    ///
    /// [`StatusCode::NotEnoughMemory`] if the server may keep no more.
    pub fn lease(&mut self, peer: Peer, placements: &[Placement]) -> Result<(), ServerError> {
        self.charge_holds(placements.len())?;
        for placement in placements {
            if let Some(blob) = self.blobs.get_mut(&placement.id) {
                blob.leases = blob.leases.saturating_add(1);
                self.leases.grant(peer.connection, placement.id);
            }
        }
        self.settle_holds();
        Ok(())
    }

    fn find(&self, ids: &[ObjectId], unsealed: bool) -> Result<Vec<Placement>, ServerError> {
        let mut found = Vec::new();
        for &id in ids {
            match id {
                ObjectId::EMPTY_BLOB => found.push(Placement::EMPTY),
                ObjectId::PLACEHOLDER_BLOB => found.push(self.placeholder()),
                _ => {
                    let Some(blob) = self.visible(id) else { continue };
                    if !blob.sealed && !unsealed {
                        let message = format!("blob {id} is not sealed");
                        return Err(ServerError::new(StatusCode::ObjectNotSealed, message));
                    }
                    found.push(Placement::of(id, blob));
                }
            }
        }
        Ok(found)
    }

    /// The blob that is always there and spans what may be allocated.
    fn placeholder(&self) -> Placement {
        let file = self.pool.lock().first_file().cloned();
        Placement { id: ObjectId::PLACEHOLDER_BLOB, file, offset: 0, length: self.limit, sealed: true, owned: true }
    }

    fn visible(&self, id: ObjectId) -> Option<&Blob> {
        self.blobs.get(&id).filter(|blob| !blob.hidden)
    }

    /// Whether a blob is there, sealed or not. The empty blob is not.
    pub fn contains(&self, id: ObjectId) -> bool {
        id == ObjectId::PLACEHOLDER_BLOB || self.visible(id).is_some()
    }

    /// The length of a blob that everybody may read.
    pub fn sealed_length(&self, id: ObjectId) -> Option<u64> {
        match id {
            ObjectId::EMPTY_BLOB => Some(0),
            ObjectId::PLACEHOLDER_BLOB => Some(self.limit),
            _ => self.visible(id).filter(|blob| blob.sealed).map(|blob| blob.length),
        }
    }

    /// The length of a blob that `peer` has made and nobody has sealed.
    pub fn own_length(&self, peer: Peer, id: ObjectId) -> Option<u64> {
        let own = self.unsealed.get(&peer.connection).is_some_and(|unsealed| unsealed.contains(&id));
        self.visible(id).filter(|_| own).map(|blob| blob.length)
    }

    /// All blobs that everybody may read, with their lengths, in no particular order.
    pub fn sealed(&self) -> impl Iterator<Item = (ObjectId, u64)> + '_ {
        self.blobs.iter().filter(|(_, blob)| blob.sealed && !blob.hidden).map(|(id, blob)| (*id, blob.length))
    }

    /// Deletes one blob. Its memory is free when the last lease on it ends, at once if there is none.
    ///
    /// # Errors
    ///
    /// [`StatusCode::ObjectNotExists`].
    pub fn remove(&mut self, id: ObjectId) -> Result<(), ServerError> {
        let removed = is_well_known(id) || self.hide(id);
        self.settle_holds();
        if removed { Ok(()) } else { Err(unknown(id)) }
    }

    /// Deletes blobs, for who wants their pages back: the ranges that are free now, to be given to
    /// [`SharedPool::trim`]. What is not there counts as deleted.
    pub fn remove_to_trim(&mut self, ids: &[ObjectId]) -> Vec<Reserved> {
        let mut freed = Vec::new();
        for &id in ids {
            if self.hide_only(id) {
                let blob = self.take_unleased(id);
                let allocation = blob.and_then(|blob| blob.allocation);
                freed.extend(allocation.and_then(|allocation| self.pool.lock().reserve_window(allocation)));
            }
        }
        self.settle_holds();
        freed
    }

    /// How many blobs are there, those that are hidden but viewed among them.
    pub fn len(&self) -> usize {
        self.blobs.len()
    }

    /// Every blob that is there, for who deletes all.
    pub fn all(&self) -> Vec<ObjectId> {
        self.blobs.iter().filter(|(_, blob)| !blob.hidden).map(|(id, _)| *id).collect()
    }

    /// Gives everything back, whoever views it: nobody is left.
    pub fn close(&mut self) {
        for (_, blob) in std::mem::take(&mut self.blobs) {
            self.discharge_blob();
            if let Some(allocation) = blob.allocation {
                self.pool.lock().release_window(allocation);
            }
        }
        (self.leases, self.uses, self.unsealed) = (Leases::default(), Uses::default(), HashMap::new());
        self.settle_holds();
    }

    /// Makes an unsealed blob shorter. The difference is free at once unless the blob shares its allocation.
    ///
    /// # Errors
    ///
    /// [`StatusCode::ObjectNotExists`], [`StatusCode::ObjectSealed`], or [`StatusCode::Invalid`] if it would grow.
    pub fn shrink(&mut self, peer: Peer, id: ObjectId, size: u64) -> Result<(), ServerError> {
        let (length, sealed) = match id {
            ObjectId::EMPTY_BLOB => (0, false),
            ObjectId::PLACEHOLDER_BLOB => (self.limit, true),
            _ => self.visible(id).map(|blob| (blob.length, blob.sealed)).ok_or_else(|| unknown(id))?,
        };
        if sealed {
            return Err(ServerError::new(StatusCode::ObjectSealed, format!("blob {id} is sealed")));
        }
        if size > length {
            let message = format!("blob {id} has {length} bytes and cannot be shrunk to {size}");
            return Err(ServerError::new(StatusCode::Invalid, message));
        }
        if let Some(blob) = self.blobs.get_mut(&id) {
            blob.length = size;
            // Others may hold a lease on an unsealed blob too; its memory stays whole for them.
            let alone = blob.leases == self.leases.count(peer.connection, id);
            if let Some(allocation) = blob.allocation.filter(|_| alone) {
                self.pool.lock().shrink(allocation, blob.offset, size);
            }
        }
        Ok(())
    }

    /// Gives one lease back; false if the connection has none on this blob.
    pub fn release_lease(&mut self, connection: ConnectionId, id: ObjectId) -> bool {
        let held = self.leases.release(connection, id);
        if held {
            self.unlease(id, 1);
            self.settle_holds();
        }
        held
    }

    /// Ends a connection: what it made and nobody sealed is deleted, its leases and dependencies are given back.
    /// Returns the blobs that went, and those that nobody depends on any more.
    pub fn disconnect(&mut self, connection: ConnectionId) -> Vec<ObjectId> {
        let mut unused: Vec<ObjectId> = self.unsealed.remove(&connection).unwrap_or_default().into_iter().collect();
        for id in &unused {
            self.hide(*id);
        }
        for (id, count) in self.leases.release_all(connection) {
            self.unlease(id, count);
        }
        unused.extend(self.depend_no_more(connection));
        self.settle_holds();
        unused
    }

    /// Deletes a blob; false if it is not there.
    fn hide(&mut self, id: ObjectId) -> bool {
        let hidden = self.hide_only(id);
        if hidden {
            self.free(id);
        }
        hidden
    }

    /// Hides a blob from everybody; false if it is not there.
    fn hide_only(&mut self, id: ObjectId) -> bool {
        let Some(blob) = self.blobs.get_mut(&id).filter(|blob| !blob.hidden) else {
            return false;
        };
        blob.hidden = true;
        let users = std::mem::take(&mut blob.users);
        let (creator, sealed) = (blob.creator, blob.sealed);
        if !sealed {
            self.own_no_more(creator, id);
        }
        if users > 0 {
            self.uses.forget(id, users, creator);
        }
        true
    }

    fn own_no_more(&mut self, creator: ConnectionId, id: ObjectId) {
        if let Some(unsealed) = self.unsealed.get_mut(&creator) {
            unsealed.remove(&id);
        }
    }

    fn unlease(&mut self, id: ObjectId, count: u64) {
        if let Some(blob) = self.blobs.get_mut(&id) {
            blob.leases = blob.leases.saturating_sub(count);
            if blob.hidden {
                self.free(id);
            }
        }
    }

    /// Gives the memory of a hidden blob back unless somebody views it.
    fn free(&mut self, id: ObjectId) {
        if let Some(allocation) = self.take_unleased(id).and_then(|blob| blob.allocation) {
            self.pool.lock().release_window(allocation);
        }
    }

    fn take_unleased(&mut self, id: ObjectId) -> Option<Blob> {
        self.blobs.get(&id).filter(|blob| blob.leases == 0)?;
        self.discharge_blob();
        self.blobs.remove(&id)
    }
}

/// Whether a blob stands for itself and has no record.
fn is_well_known(id: ObjectId) -> bool {
    id == ObjectId::EMPTY_BLOB || id == ObjectId::PLACEHOLDER_BLOB
}
