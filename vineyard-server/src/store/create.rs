//! Making blobs: one, several at once, in memory and in files.

use std::sync::Arc;

use vineyard_core::{ObjectId, ServerError};

use super::arena::ArenaFile;
use super::pack::Pack;
use super::pool::{Tenants, Wanted, span};
use super::{Blob, BlobStore, Peer, Placement, SharedPool};
use crate::ids::IdGenerator;
use crate::turn::STEP;

/// Blobs up to this length, made by one request of a native client, share an allocation.
pub(super) const PACKED_BYTES: u64 = 4096;

/// Why a blob cannot be made. Both are a [`StatusCode::NotEnoughMemory`](vineyard_core::StatusCode::NotEnoughMemory)
/// for who wanted it.
#[derive(Debug, PartialEq, Eq)]
pub enum NoRoom {
    /// There is no memory for its bytes. Room can be made by freeing those of others.
    ForBytes(ServerError),
    /// The server may keep no more of what describes blobs, whatever memory is free.
    ForRecords(ServerError),
}

impl From<NoRoom> for ServerError {
    fn from(why: NoRoom) -> Self {
        match why {
            NoRoom::ForBytes(error) | NoRoom::ForRecords(error) => error,
        }
    }
}

impl BlobStore {
    /// Makes one unsealed blob; no bytes give the empty blob.
    ///
    /// # Errors
    ///
    /// [`NoRoom`].
    pub fn create(&mut self, peer: Peer, size: u64, ids: &IdGenerator) -> Result<Placement, NoRoom> {
        if size == 0 {
            return Ok(Placement::EMPTY);
        }
        let id = self.fresh_id(ids);
        let wanted = Wanted { writer: peer.writer(), length: size, charged: size, tenants: Tenants::One(id) };
        let (allocation, file, offset) = self.pool.lock().allocate(wanted).map_err(NoRoom::ForBytes)?;
        let blob = Blob::new(file, Some(allocation), offset, size, peer.connection);
        self.add(peer, id, blob).map_err(NoRoom::ForRecords)
    }

    /// Makes one unsealed blob of a file, which counts as no memory but for its record and what
    /// [counts](ArenaFile::counted) for the file.
    ///
    /// # Errors
    ///
    /// [`StatusCode::NotEnoughMemory`].
    pub fn create_in_file(
        &mut self,
        peer: Peer,
        file: ArenaFile,
        size: u64,
        ids: &IdGenerator,
    ) -> Result<Placement, ServerError> {
        let id = self.fresh_id(ids);
        self.add(peer, id, Blob::new(Arc::new(file), None, 0, size, peer.connection))
    }

    fn add(&mut self, peer: Peer, id: ObjectId, mut blob: Blob) -> Result<Placement, ServerError> {
        if let Err(error) = self.charge(peer) {
            if let Some(allocation) = blob.allocation {
                self.pool.lock().release_window(allocation);
            }
            return Err(error);
        }
        if peer.native {
            self.leases.grant(peer.connection, id, blob.taken);
            blob.leases = 1;
        }
        let placement = Placement::of(id, &blob);
        self.owned.entry(peer.connection).or_default().insert(id);
        self.keep(id, blob);
        self.view_made(peer, id);
        self.settle_holds();
        Ok(placement)
    }

    /// Takes room for what is to be known of a blob that `peer` makes.
    fn charge(&mut self, peer: Peer) -> Result<(), ServerError> {
        self.charge_blob()?;
        self.charge_holds(peer.num_holds()).inspect_err(|_| self.discharge_blob())
    }

    /// An id that nobody has taken: who takes a blob of another session over chooses its id, which may be that of
    /// tomorrow.
    pub(super) fn fresh_id(&self, ids: &IdGenerator) -> ObjectId {
        loop {
            let id = ids.blob();
            if !self.knows(id) {
                return id;
            }
        }
    }

    /// Makes the next of several unsealed blobs, to be called until all have been made, with others in between. What
    /// was made is to be [taken back](Self::take_back) if one cannot be, so that there are all or none.
    ///
    /// # Errors
    ///
    /// [`StatusCode::NotEnoughMemory`].
    pub fn create_next(
        &mut self,
        creation: &mut Creation,
        size: u64,
        ids: &IdGenerator,
    ) -> Result<Placement, ServerError> {
        if size == 0 {
            return Ok(Placement::EMPTY);
        }
        let peer = creation.peer;
        if is_small(size) {
            creation.refill(self, ids)?;
        }
        let (id, blob) = match creation.pack.as_mut().filter(|_| is_small(size)).and_then(|pack| pack.next(size)) {
            Some(packed) => packed,
            None => {
                let id = self.fresh_id(ids);
                let wanted = Wanted { writer: peer.writer(), length: size, charged: size, tenants: Tenants::One(id) };
                let (allocation, file, offset) = self.pool.lock().place(wanted)?;
                creation.owed = creation.owed.saturating_sub(size);
                (id, Blob::new(file, Some(allocation), offset, size, peer.connection))
            }
        };
        self.add(peer, id, blob)
    }

    /// Makes what was just created for `peer` as if it had never been.
    pub fn take_back(&mut self, peer: Peer, made: &[Placement]) {
        for placement in made {
            self.release_lease(peer.connection, placement.id);
            self.view_no_more(peer.connection, placement.id);
            self.hide(placement.id);
        }
        self.settle_holds();
    }
}

/// Whether a blob of a native peer may share its allocation with others.
fn is_small(size: u64) -> bool {
    (1..=PACKED_BYTES).contains(&size)
}

/// Several blobs that are being made for one request. Small ones of a native peer share allocations. Memory for all is
/// counted from the beginning; what was not used is given back when this is dropped.
#[derive(Debug)]
pub struct Creation {
    pool: SharedPool,
    peer: Peer,
    /// The lengths of small ones that share, as far as nothing is allocated for them yet.
    small: std::vec::IntoIter<u64>,
    pack: Option<Pack>,
    /// Bytes that are counted, and for which nothing is allocated yet.
    owed: u64,
}

impl Creation {
    /// Makes sure that blobs of these sizes fit in the limit. Their memory is that of `pool`, which the store must
    /// share.
    ///
    /// # Errors
    ///
    /// [`StatusCode::NotEnoughMemory`].
    pub fn new(pool: &SharedPool, peer: Peer, sizes: &[u64]) -> Result<Self, ServerError> {
        let total = sizes.iter().try_fold(0u64, |sum, size| sum.checked_add(*size));
        let owed = pool.lock().charge(total)?;
        let mut small: Vec<u64> = sizes.iter().copied().filter(|size| peer.native && is_small(*size)).collect();
        if small.len() < 2 {
            small.clear();
        }
        Ok(Self { pool: pool.clone(), peer, small: small.into_iter(), pack: None, owed })
    }

    /// Allocates for the next small ones that share, if none are left from before.
    fn refill(&mut self, store: &BlobStore, ids: &IdGenerator) -> Result<(), ServerError> {
        if self.small.len() == 0 || self.pack.as_ref().is_some_and(|pack| pack.left.len() > 0) {
            return Ok(());
        }
        let sizes: Vec<u64> = self.small.by_ref().take(STEP).collect();
        // The sums do not reach 2^64: each is a few thousand.
        let length = sizes.iter().filter_map(|size| span(*size)).fold(0u64, u64::saturating_add);
        let charged = sizes.iter().copied().fold(0u64, u64::saturating_add);
        let blobs: Vec<ObjectId> = sizes.iter().map(|_| store.fresh_id(ids)).collect();
        let tenants = Tenants::Many(blobs.as_slice().into());
        let wanted = Wanted { writer: self.peer.writer(), length, charged, tenants };
        let (allocation, file, offset) = self.pool.lock().place(wanted)?;
        self.owed = self.owed.saturating_sub(charged);
        self.pack = Some(Pack { allocation, file, offset, left: blobs.into_iter(), creator: self.peer.connection });
        Ok(())
    }
}

impl Drop for Creation {
    fn drop(&mut self) {
        let mut pool = self.pool.lock();
        if self.owed > 0 {
            pool.discharge(self.owed);
        }
        if let Some(pack) = self.pack.take() {
            pack.abandon(&mut pool);
        }
    }
}
