//! Blobs that nobody views: which leave for disk first, and how they leave and come back.
//!
//! A blob that leaves stays readable while it is written: [`BlobStore::coldest`] only looks, and
//! [`left`](BlobStore::left) takes its memory if nobody has come to view it meanwhile.

use std::collections::BTreeMap;
use std::sync::Arc;

use vineyard_core::{ObjectId, ServerError};

use super::arena::ArenaFile;
use super::blob::Blob;
use super::lease::ConnectionId;
use super::pool::{AllocationId, SharedPool, Tenants, Wanted, Writer, span};
use super::states::BlobState;
use super::{BlobStore, Peer};
use crate::spill::SpilledBlob;

/// A blob that may leave.
#[derive(Debug, Clone)]
pub struct Leaving {
    /// The blob.
    pub id: ObjectId,
    /// Where its bytes are.
    pub file: Arc<ArenaFile>,
    /// Where they start.
    pub offset: u64,
    /// How many.
    pub length: u64,
    allocation: AllocationId,
}

/// Memory for a blob that comes back; given back when this is dropped.
#[derive(Debug)]
pub struct Landing {
    pool: SharedPool,
    allocation: Option<AllocationId>,
    /// Where its bytes are to be.
    pub file: Arc<ArenaFile>,
    /// Where they start.
    pub offset: u64,
}

impl Landing {
    /// Allocates for a blob, in an arena of the server's own.
    ///
    /// # Errors
    ///
    /// [`StatusCode::NotEnoughMemory`](vineyard_core::StatusCode::NotEnoughMemory).
    pub fn new(pool: &SharedPool, id: ObjectId, length: u64) -> Result<Self, ServerError> {
        let wanted = Wanted { writer: Writer::Server, length, charged: length, tenants: Tenants::One(id) };
        let (allocation, file, offset) = pool.lock().allocate(wanted)?;
        Ok(Self { pool: pool.clone(), allocation: Some(allocation), file, offset })
    }
}

impl Drop for Landing {
    fn drop(&mut self) {
        if let Some(allocation) = self.allocation.take() {
            self.pool.lock().release_window(allocation);
        }
    }
}

fn leaving(id: ObjectId, blob: &Blob) -> Option<Leaving> {
    let (file, allocation) = (blob.file.clone()?, blob.allocation?);
    Some(Leaving { id, file, offset: blob.offset, length: blob.length, allocation })
}

impl BlobStore {
    /// Blobs that nobody views and that may leave, those first that were viewed longest ago, until they have so many
    /// bytes together, or `most` of them. Those that share their bytes with one that has to stay are left out: nothing
    /// would be free.
    pub fn coldest(&self, bytes: u64, most: usize) -> Vec<Leaving> {
        let mut found = Vec::new();
        let mut sum = 0u64;
        let mut groups = BTreeMap::new();
        for id in self.states.cold() {
            if sum >= bytes || found.len() >= most {
                break;
            }
            let Some(blob) = self.visible(id) else { continue };
            if let Some(place) = blob.place().filter(|place| self.shared.is_shared(*place))
                && !*groups.entry(place).or_insert_with(|| self.may_all_leave(place))
            {
                continue;
            }
            if let Some(leaving) = leaving(id, blob) {
                sum = sum.saturating_add(leaving.length);
                found.push(leaving);
            }
        }
        found
    }

    /// A blob, if it may leave although it is wanted to stay; `None` if somebody views it.
    pub fn leaving(&self, id: ObjectId) -> Option<Leaving> {
        let blob = self.visible(id).filter(|blob| blob.sealed && !blob.is_viewed() && !blob.has_moved())?;
        leaving(id, blob)
    }

    /// Takes the memory of a blob that is on disk now; how many bytes count no more, none as long as others share them.
    ///
    /// # Errors
    ///
    /// Gives the file back if the blob is gone, viewed, or elsewhere by now.
    pub fn left(&mut self, leaving: &Leaving, spilled: SpilledBlob) -> Result<u64, SpilledBlob> {
        let still = |blob: &&mut Blob| blob.allocation == Some(leaving.allocation) && blob.offset == leaving.offset;
        let blob = self.blobs.get_mut(&leaving.id).filter(still);
        let Some(blob) = blob.filter(|blob| !blob.hidden && blob.sealed && !blob.is_viewed() && !blob.has_moved())
        else {
            return Err(spilled);
        };
        let (place, taken) = (blob.place(), blob.taken);
        self.states.track(blob, |blob| {
            (blob.file, blob.allocation, blob.taken) = (None, None, 0);
            blob.spilled = Some(Arc::new(spilled));
        });
        self.leave_place(leaving.id, place, taken);
        let mut pool = self.pool.lock();
        let before = pool.used();
        pool.release_window(leaving.allocation);
        Ok(before.saturating_sub(pool.used()))
    }

    /// Whether any blob is on disk. Costs nothing.
    pub fn any_spilled(&self) -> bool {
        self.by_state().get(BlobState::Spilled).blobs > 0
    }

    /// Whether a blob is on disk.
    pub fn is_spilled(&self, id: ObjectId) -> bool {
        self.visible(id).is_some_and(|blob| blob.spilled.is_some())
    }

    /// The file of a blob that is on disk.
    pub fn spilled(&self, id: ObjectId) -> Option<Arc<SpilledBlob>> {
        self.visible(id)?.spilled.clone()
    }

    /// Lets a blob whose bytes were read from `spilled` be in memory again; false if it is gone, or back already. The
    /// file is to be dropped by the caller, which takes time.
    pub fn landed(&mut self, id: ObjectId, spilled: &Arc<SpilledBlob>, landing: &mut Landing) -> bool {
        let same = |blob: &&mut Blob| blob.spilled.as_ref().is_some_and(|found| Arc::ptr_eq(found, spilled));
        let Some(blob) = self.blobs.get_mut(&id).filter(same) else { return false };
        self.states.track(blob, |blob| {
            blob.file = Some(Arc::clone(&landing.file));
            (blob.allocation, blob.offset) = (landing.allocation.take(), landing.offset);
            blob.taken = span(blob.length).unwrap_or(blob.length);
            blob.spilled = None;
        });
        true
    }

    /// Holds blobs in memory, or on their way to it, for a peer; those that are there.
    ///
    /// # Errors
    ///
    /// [`StatusCode::NotEnoughMemory`](vineyard_core::StatusCode::NotEnoughMemory) if the server may keep no more.
    pub fn hold(&mut self, peer: Peer, ids: &[ObjectId]) -> Result<Vec<ObjectId>, ServerError> {
        self.charge_holds(ids.len())?;
        let mut held = Vec::new();
        for id in ids {
            if let Some(blob) = self.blobs.get_mut(id).filter(|blob| !blob.hidden) {
                self.states.track(blob, |blob| blob.leases = blob.leases.saturating_add(1));
                // On disk it counts for nothing yet.
                let spilled = blob.spilled.is_some();
                let bytes = if spilled { span(blob.length).unwrap_or(blob.length) } else { blob.taken };
                self.leases.grant(peer.connection, *id, bytes);
                held.push(*id);
            }
        }
        self.settle_holds();
        Ok(held)
    }

    /// Ends what [`hold`](Self::hold) has begun.
    pub fn let_go(&mut self, connection: ConnectionId, held: &[ObjectId]) {
        for id in held {
            self.release_lease(connection, *id);
        }
    }

    /// Keeps a blob in memory whoever views it, or no longer.
    pub fn pin(&mut self, id: ObjectId, pinned: bool) {
        if let Some(blob) = self.blobs.get_mut(&id).filter(|blob| !blob.hidden) {
            self.states.track(blob, |blob| blob.pinned = pinned);
        }
    }
}
