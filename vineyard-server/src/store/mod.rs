//! The blobs of a server: who made them, who views them, where they lie.
//!
//! ```text
//! BlobStore   ids, states (unsealed, sealed, hidden), leases
//!   Pool      allocations counted by windows, the limit
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
pub mod labels;
mod lease;
mod pack;
mod pool;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::io;
use std::sync::Arc;

use vineyard_core::{ObjectId, ServerError, StatusCode};

use crate::ids::IdGenerator;
use alloc::span;
use arena::ArenaFile;
use blob::Blob;
pub use blob::Placement;
pub use lease::ConnectionId;
use lease::Leases;
use pack::Pack;
use pool::Pool;

/// Blobs up to this length, made by one request of a native client, share an allocation.
const PACKED_BYTES: u64 = 4096;

/// Who asks: only native connections hold leases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// The connection.
    pub connection: ConnectionId,
    /// Whether it speaks the native protocol.
    pub native: bool,
}

/// All blobs of a server.
#[derive(Debug)]
pub struct BlobStore {
    pool: Pool,
    blobs: HashMap<ObjectId, Blob>,
    /// What each connection made and nobody sealed.
    unsealed: HashMap<ConnectionId, HashSet<ObjectId>>,
    leases: Leases,
}

fn unknown(id: ObjectId) -> ServerError {
    ServerError::new(StatusCode::ObjectNotExists, format!("there is no blob {id}"))
}

impl BlobStore {
    /// An empty store for `limit` bytes.
    ///
    /// # Errors
    ///
    /// What the system says when the first arena cannot be made.
    pub fn new(limit: u64) -> io::Result<Self> {
        let pool = Pool::new(limit)?;
        Ok(Self { pool, blobs: HashMap::new(), unsealed: HashMap::new(), leases: Leases::default() })
    }

    /// Bytes that may be allocated.
    pub fn limit(&self) -> u64 {
        self.pool.limit()
    }

    /// Bytes that clients asked for and that are not free again.
    pub fn used_bytes(&self) -> u64 {
        self.pool.used()
    }

    /// Bytes of the arenas that are taken.
    pub fn allocated_bytes(&self) -> u64 {
        self.pool.allocated()
    }

    /// Leases of all connections.
    pub fn num_leases(&self) -> u64 {
        self.leases.total()
    }

    /// The file of an arena.
    pub fn file(&self, arena: usize) -> Option<&Arc<ArenaFile>> {
        self.pool.file(arena)
    }

    /// Makes one unsealed blob; no bytes give the empty blob.
    ///
    /// # Errors
    ///
    /// [`StatusCode::NotEnoughMemory`].
    pub fn create(&mut self, peer: Peer, size: u64, ids: &IdGenerator) -> Result<Placement, ServerError> {
        if size == 0 {
            return Ok(Placement::EMPTY);
        }
        let (allocation, arena, offset) = self.pool.allocate(size, size, 1)?;
        let blob = Blob {
            allocation,
            arena,
            offset,
            length: size,
            creator: peer.connection,
            sealed: false,
            hidden: false,
            leases: 0,
        };
        Ok(self.add(peer, ids.blob(), blob))
    }

    fn add(&mut self, peer: Peer, id: ObjectId, mut blob: Blob) -> Placement {
        if peer.native {
            self.leases.grant(peer.connection, id);
            blob.leases = 1;
        }
        let placement = Placement::of(id, &blob);
        self.unsealed.entry(peer.connection).or_default().insert(id);
        self.blobs.insert(id, blob);
        placement
    }

    /// Makes several unsealed blobs, all or none. Small ones of a native peer share one allocation.
    ///
    /// # Errors
    ///
    /// [`StatusCode::NotEnoughMemory`]; nothing is left behind then.
    pub fn create_many(&mut self, peer: Peer, sizes: &[u64], ids: &IdGenerator) -> Result<Vec<Placement>, ServerError> {
        self.pool.check(sizes.iter().try_fold(0u64, |sum, size| sum.checked_add(*size)))?;
        let mut pack = if peer.native { self.pack(peer, sizes)? } else { None };
        let mut made = Vec::new();
        for &size in sizes {
            let packed = pack.as_mut().filter(|_| (1..=PACKED_BYTES).contains(&size)).and_then(|pack| pack.next(size));
            let placement = match packed {
                Some(blob) => Ok(self.add(peer, ids.blob(), blob)),
                None => self.create(peer, size, ids),
            };
            match placement {
                Ok(placement) => made.push(placement),
                Err(error) => {
                    self.take_back(peer, &made);
                    if let Some(pack) = pack {
                        pack.abandon(&mut self.pool);
                    }
                    return Err(error);
                }
            }
        }
        Ok(made)
    }

    /// Allocates for the small ones among `sizes`; nothing unless there are two at least.
    fn pack(&mut self, peer: Peer, sizes: &[u64]) -> Result<Option<Pack>, ServerError> {
        let small = || sizes.iter().filter(|size| (1..=PACKED_BYTES).contains(*size));
        let windows = small().count();
        if windows < 2 {
            return Ok(None);
        }
        // The sums do not reach 2^64: the frame that carried the sizes is at most 2^28 bytes long.
        let length = small().filter_map(|size| span(*size)).fold(0u64, u64::saturating_add);
        let charged = small().fold(0u64, |sum, size| sum.saturating_add(*size));
        let (allocation, arena, offset) = self.pool.allocate(length, charged, windows)?;
        Ok(Some(Pack { allocation, arena, offset, windows, creator: peer.connection }))
    }

    /// Makes what was just created for `peer` as if it had never been.
    pub fn take_back(&mut self, peer: Peer, made: &[Placement]) {
        for placement in made {
            self.release_lease(peer.connection, placement.id);
            self.hide(placement.id);
        }
    }

    /// Makes a blob immutable; once more is no error.
    ///
    /// # Errors
    ///
    /// [`StatusCode::ObjectNotExists`].
    pub fn seal(&mut self, id: ObjectId) -> Result<(), ServerError> {
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

    /// Where the blobs that exist lie, in the order of `ids`. A native peer gets one lease for each.
    ///
    /// # Errors
    ///
    /// [`StatusCode::ObjectNotSealed`] for the whole request if one is not sealed and `unsealed` are not wanted.
    pub fn get(&mut self, peer: Peer, ids: &[ObjectId], unsealed: bool) -> Result<Vec<Placement>, ServerError> {
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
        if peer.native {
            for placement in &found {
                if let Some(blob) = self.blobs.get_mut(&placement.id) {
                    blob.leases = blob.leases.saturating_add(1);
                    self.leases.grant(peer.connection, placement.id);
                }
            }
        }
        Ok(found)
    }

    /// The blob that is always there and spans what may be allocated.
    fn placeholder(&self) -> Placement {
        let id = ObjectId::PLACEHOLDER_BLOB;
        Placement { id, arena: Some(0), offset: 0, length: self.limit(), sealed: true }
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
            ObjectId::PLACEHOLDER_BLOB => Some(self.limit()),
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
        if is_well_known(id) || self.hide(id) { Ok(()) } else { Err(unknown(id)) }
    }

    /// Makes an unsealed blob shorter. The difference is free at once unless the blob shares its allocation.
    ///
    /// # Errors
    ///
    /// [`StatusCode::ObjectNotExists`], [`StatusCode::ObjectSealed`], or [`StatusCode::Invalid`] if it would grow.
    pub fn shrink(&mut self, peer: Peer, id: ObjectId, size: u64) -> Result<(), ServerError> {
        let (length, sealed) = match id {
            ObjectId::EMPTY_BLOB => (0, false),
            ObjectId::PLACEHOLDER_BLOB => (self.limit(), true),
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
            if blob.leases == self.leases.count(peer.connection, id) {
                self.pool.shrink(blob.allocation, size);
            }
        }
        Ok(())
    }

    /// Gives one lease back; false if the connection has none on this blob.
    pub fn release_lease(&mut self, connection: ConnectionId, id: ObjectId) -> bool {
        let held = self.leases.release(connection, id);
        if held {
            self.unlease(id, 1);
        }
        held
    }

    /// Ends a connection: what it made and nobody sealed is deleted, its leases are given back.
    pub fn disconnect(&mut self, connection: ConnectionId) {
        for id in self.unsealed.remove(&connection).unwrap_or_default() {
            self.hide(id);
        }
        for (id, count) in self.leases.release_all(connection) {
            self.unlease(id, count);
        }
    }

    /// Deletes a blob; false if it is not there.
    fn hide(&mut self, id: ObjectId) -> bool {
        let Some(blob) = self.blobs.get_mut(&id).filter(|blob| !blob.hidden) else {
            return false;
        };
        blob.hidden = true;
        let (creator, sealed, leases) = (blob.creator, blob.sealed, blob.leases);
        if !sealed {
            self.own_no_more(creator, id);
        }
        if leases == 0 {
            self.free(id);
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
            if blob.hidden && blob.leases == 0 {
                self.free(id);
            }
        }
    }

    fn free(&mut self, id: ObjectId) {
        if let Some(blob) = self.blobs.remove(&id) {
            self.pool.release_window(blob.allocation);
        }
    }
}

/// Whether a blob stands for itself and has no record.
fn is_well_known(id: ObjectId) -> bool {
    id == ObjectId::EMPTY_BLOB || id == ObjectId::PLACEHOLDER_BLOB
}
