//! Blobs that pass from one session to another: the memory stays where it is, and both sessions keep it.

use std::sync::Arc;

use vineyard_core::ObjectId;

use super::arena::ArenaFile;
use super::blob::Moved;
use super::pool::AllocationId;
use super::{Blob, BlobStore, ConnectionId, is_well_known};

/// The memory of a blob on its way to another session. It counts as a window of its own, so it has to arrive.
#[derive(Debug)]
#[must_use = "its window is given back by `take_over` only"]
pub struct Handover {
    file: Arc<ArenaFile>,
    allocation: Option<AllocationId>,
    offset: u64,
    length: u64,
}

impl BlobStore {
    /// Offers a blob to another session; once it is taken, [`gave_away`](Self::gave_away) says so here, where it stays
    /// readable. `None` if it is not there, still being written, or on disk, or too many share its memory.
    pub fn hand_over(&mut self, id: ObjectId) -> Option<Handover> {
        let blob = self.blobs.get(&id).filter(|blob| blob.sealed && !blob.hidden)?;
        let (file, allocation) = (blob.file.clone()?, blob.allocation);
        if allocation.is_some_and(|allocation| !self.pool.lock().add_window(allocation)) {
            return None;
        }
        Some(Handover { file, allocation, offset: blob.offset, length: blob.length })
    }

    /// Another session has taken a blob that may be gone here by now.
    pub fn gave_away(&mut self, id: ObjectId) {
        if let Some(blob) = self.blobs.get_mut(&id) {
            self.states.track(blob, |blob| blob.moved = Moved::Away);
        }
    }

    /// Takes a blob of another session, sealed; one that is here already under this id is kept. Whether it was taken,
    /// which it also is not if the server may keep no more.
    pub fn take_over(&mut self, id: ObjectId, handover: Handover, connection: ConnectionId) -> bool {
        let Handover { file, allocation, offset, length } = handover;
        // An id of the wrong kind would be found by nobody, and could be that of an object.
        let is_free = !is_well_known(id) && id.is_blob() && !self.knows(id);
        if !is_free || self.charge_blob().is_err() {
            if let Some(allocation) = allocation {
                self.pool.lock().release_window(allocation);
            }
            return false;
        }
        let mut blob = Blob::new(file, allocation, offset, length, connection);
        // The session that it comes from counts its memory.
        (blob.sealed, blob.moved, blob.taken) = (true, Moved::Here, 0);
        self.keep(id, blob);
        true
    }

    /// Whether a blob came from another session.
    pub fn came_from_elsewhere(&self, id: ObjectId) -> bool {
        self.visible(id).is_some_and(|blob| blob.moved == Moved::Here)
    }
}
