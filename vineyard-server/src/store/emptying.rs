//! Blobs move out of arenas whose writer is gone and in which little is left, so that those can be used again.
//!
//! The lock of the store is held to begin and to finish, not while bytes are copied: a lease of the server's own keeps
//! the memory meanwhile. Who looked at the blob in between knows its place, so it stays where it is then.

use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use vineyard_core::ObjectId;

use super::arena::{Access, ArenaFile};
use super::blob::Moved;
use super::pool::AllocationId;
use super::{Blob, BlobStore};

/// Bytes that are copied in one step.
const STEP_BYTES: usize = 256 << 10;

/// A blob on its way.
#[derive(Debug)]
#[must_use = "its lease and its new place are given back by `finish_moves` only"]
pub struct Move {
    id: ObjectId,
    length: u64,
    from: (AllocationId, Arc<ArenaFile>, u64),
    to: (AllocationId, Arc<ArenaFile>, u64),
    copied: bool,
}

impl Move {
    /// Copies the bytes. Takes time with their number.
    pub fn copy(&mut self, buffer: &mut Vec<u8>) {
        match self.try_copy(buffer) {
            Ok(()) => self.copied = true,
            Err(error) => tracing::warn!(%error, blob = %self.id, "a blob cannot be moved"),
        }
    }

    fn try_copy(&self, buffer: &mut Vec<u8>) -> io::Result<()> {
        let (source, target) = (self.from.1.file(Access::Read), self.to.1.file(Access::Write));
        let mut done = 0;
        while done < self.length {
            let rest = self.length.saturating_sub(done);
            let step = usize::try_from(rest).unwrap_or(STEP_BYTES).min(STEP_BYTES);
            buffer.resize(step, 0);
            source.read_exact_at(buffer, self.from.2.saturating_add(done))?;
            target.write_all_at(buffer, self.to.2.saturating_add(done))?;
            done = done.saturating_add(u64::try_from(step).unwrap_or(rest));
        }
        Ok(())
    }
}

/// Whether a blob may lie elsewhere without anybody noticing, with so many leases of our own on it.
fn is_movable(blob: &Blob, from: AllocationId, leases: u64) -> bool {
    let quiet = blob.leases == leases && blob.users == 0 && blob.moved == Moved::No;
    blob.sealed && !blob.hidden && quiet && blob.allocation == Some(from)
}

impl BlobStore {
    /// Begins to move those of some blobs that are here, sealed and used by nobody, and for which there is room.
    pub fn begin_moves(&mut self, candidates: &[(AllocationId, ObjectId)]) -> Vec<Move> {
        let mut moves = Vec::new();
        for &(from, id) in candidates {
            let Some(blob) = self.blobs.get_mut(&id).filter(|blob| is_movable(blob, from, 0)) else { continue };
            let length = blob.length;
            let Some(to) = self.pool.lock().allocate_to_move(id, length) else { continue };
            blob.leases = 1;
            let from = (from, Arc::clone(&blob.file), blob.offset);
            moves.push(Move { id, length, from, to, copied: false });
        }
        moves
    }

    /// Lets blobs lie where they were copied to, unless somebody has looked at them or deleted them meanwhile. How many
    /// moved.
    pub fn finish_moves(&mut self, moves: Vec<Move>) -> usize {
        let mut moved = 0usize;
        for Move { id, length, from, to, copied } in moves {
            let blob = self.blobs.get_mut(&id).filter(|blob| copied && is_movable(blob, from.0, 1));
            if let Some(blob) = blob {
                (blob.allocation, blob.file, blob.offset) = (Some(to.0), to.1, to.2);
                self.pool.lock().moved(from.0, to.0, length);
                moved = moved.saturating_add(1);
            } else {
                self.pool.lock().release_window(to.0);
            }
            self.unlease(id, 1);
        }
        moved
    }
}
