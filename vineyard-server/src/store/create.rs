//! Making blobs: one, several at once, in memory and in files.

use std::sync::Arc;

use vineyard_core::{ObjectId, ServerError};

use super::alloc::span;
use super::arena::ArenaFile;
use super::pack::Pack;
use super::{Blob, BlobStore, Peer, Placement};
use crate::ids::IdGenerator;

/// Blobs up to this length, made by one request of a native client, share an allocation.
pub(super) const PACKED_BYTES: u64 = 4096;

impl BlobStore {
    /// Makes one unsealed blob; no bytes give the empty blob.
    ///
    /// # Errors
    ///
    /// [`StatusCode::NotEnoughMemory`].
    pub fn create(&mut self, peer: Peer, size: u64, ids: &IdGenerator) -> Result<Placement, ServerError> {
        if size == 0 {
            return Ok(Placement::EMPTY);
        }
        let (allocation, file, offset) = self.pool.lock().allocate(size, size, 1)?;
        let blob = Blob::new(file, Some(allocation), offset, size, peer.connection);
        self.add(peer, ids, blob)
    }

    /// Makes one unsealed blob of a file, which counts as no memory but for its record.
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
        self.add(peer, ids, Blob::new(Arc::new(file), None, 0, size, peer.connection))
    }

    fn add(&mut self, peer: Peer, ids: &IdGenerator, mut blob: Blob) -> Result<Placement, ServerError> {
        if let Err(error) = self.charge(peer) {
            if let Some(allocation) = blob.allocation {
                self.pool.lock().release_window(allocation);
            }
            return Err(error);
        }
        let id = self.fresh_id(ids);
        if peer.native {
            self.leases.grant(peer.connection, id);
            blob.leases = 1;
        }
        let placement = Placement::of(id, &blob);
        self.unsealed.entry(peer.connection).or_default().insert(id);
        self.blobs.insert(id, blob);
        self.settle_holds();
        Ok(placement)
    }

    /// Takes room for what is to be known of a blob that `peer` makes.
    fn charge(&mut self, peer: Peer) -> Result<(), ServerError> {
        self.charge_blob()?;
        let holds = usize::from(peer.native);
        self.charge_holds(holds).inspect_err(|_| self.discharge_blob())
    }

    /// An id that nobody has taken: who takes a blob of another session over chooses its id, which may be that of
    /// tomorrow.
    fn fresh_id(&self, ids: &IdGenerator) -> ObjectId {
        loop {
            let id = ids.blob();
            if !self.blobs.contains_key(&id) {
                return id;
            }
        }
    }

    /// Makes several unsealed blobs, all or none. Small ones of a native peer share one allocation.
    ///
    /// # Errors
    ///
    /// [`StatusCode::NotEnoughMemory`]; nothing is left behind then.
    pub fn create_many(&mut self, peer: Peer, sizes: &[u64], ids: &IdGenerator) -> Result<Vec<Placement>, ServerError> {
        self.pool.lock().check(sizes.iter().try_fold(0u64, |sum, size| sum.checked_add(*size)))?;
        let mut pack = if peer.native { self.pack(peer, sizes)? } else { None };
        let mut made = Vec::new();
        for &size in sizes {
            let packed = pack.as_mut().filter(|_| (1..=PACKED_BYTES).contains(&size)).and_then(|pack| pack.next(size));
            let placement = match packed {
                Some(blob) => self.add(peer, ids, blob),
                None => self.create(peer, size, ids),
            };
            match placement {
                Ok(placement) => made.push(placement),
                Err(error) => {
                    self.take_back(peer, &made);
                    if let Some(pack) = pack {
                        pack.abandon(&mut self.pool.lock());
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
        let (allocation, file, offset) = self.pool.lock().allocate(length, charged, windows)?;
        Ok(Some(Pack { allocation, file, offset, windows, creator: peer.connection }))
    }

    /// Makes what was just created for `peer` as if it had never been.
    pub fn take_back(&mut self, peer: Peer, made: &[Placement]) {
        for placement in made {
            self.release_lease(peer.connection, placement.id);
            self.hide(placement.id);
        }
        self.settle_holds();
    }
}
