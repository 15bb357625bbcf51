//! Pages that are made before anybody asks for them.

use std::io;

use super::arena::Arena;
use super::{Owner, Pool, SharedPool};
use crate::size::Bytes;

/// Bytes of pages that are made in one step.
const STEP_BYTES: u64 = 4 << 20;

/// The pieces that all of the memory is prepared in: a writer takes a whole one.
const PIECES: u64 = 8;

/// The smallest of them.
const PIECE_BYTES: u64 = 64 << 20;

impl SharedPool {
    /// Prepares an arena with `bytes` of pages, which the next writer that needs one is given. Returns how many there
    /// are: fewer if the limit is reached, the system has none, or `go_on` says no. Takes its time.
    ///
    /// # Errors
    ///
    /// As [`super::ArenaFile::create`].
    fn prepare(&self, bytes: u64, go_on: impl Fn(u64) -> bool) -> io::Result<u64> {
        let mut arena = Arena::create(bytes, Owner::Nobody)?;
        let capacity = arena.capacity;
        let mut made = 0;
        while made < capacity && go_on(made) {
            let step = capacity.saturating_sub(made).min(STEP_BYTES);
            if !self.lock().book(step) {
                break;
            }
            if let Err(error) = arena.file.populate(made, step) {
                tracing::warn!(%error, made, "no more pages can be made ahead");
                self.lock().touched_less(step);
                break;
            }
            arena.populate(made, step);
            made = made.saturating_add(step);
        }
        if made > 0 {
            self.lock().add(arena);
        }
        Ok(made)
    }

    /// Prepares the next arena, if none is and there is room for it; whether it did. Takes its time.
    pub fn prefault(&self, bytes: u64, go_on: impl Fn() -> bool) -> bool {
        if bytes == 0 || !self.lock().wants_prepared(bytes) {
            return false;
        }
        match self.prepare(bytes, |_| go_on()) {
            Ok(made) => {
                tracing::info!(bytes = %Bytes(made), "memory is ready for the next writer");
                made > 0
            }
            Err(error) => {
                tracing::warn!(%error, "no arena can be prepared");
                false
            }
        }
    }

    /// Makes the pages of all that may be used, and keeps them. Tells `progress` how many bytes there are, each time a
    /// tenth is done. Takes its time.
    ///
    /// # Errors
    ///
    /// What the system says, or [`io::ErrorKind::OutOfMemory`] if it has no more pages.
    pub fn reserve_all(&self, progress: impl Fn(u64)) -> io::Result<()> {
        let limit = {
            let mut pool = self.lock();
            pool.kept = pool.limit;
            pool.limit
        };
        let piece = (limit / PIECES).max(PIECE_BYTES).min(limit);
        let (mut done, told) = (0, std::cell::Cell::new(0));
        while done < limit {
            let wanted = piece.min(limit.saturating_sub(done));
            let tell = |made: u64| {
                let tenths = done.saturating_add(made).saturating_mul(10).checked_div(limit).unwrap_or(0);
                if tenths > told.get() {
                    told.set(tenths);
                    progress(done.saturating_add(made));
                }
                true
            };
            let made = self.prepare(wanted, tell)?;
            if made < wanted {
                return Err(io::ErrorKind::OutOfMemory.into());
            }
            done = done.saturating_add(made);
        }
        Ok(())
    }
}

impl Pool {
    /// Books pages that are about to be made, unless there would be too many.
    fn book(&mut self, bytes: u64) -> bool {
        let fits = self.touched.saturating_add(bytes) <= self.budget();
        if fits {
            self.touched = self.touched.saturating_add(bytes);
        }
        fits
    }

    fn touched_less(&mut self, bytes: u64) {
        self.touched = self.touched.saturating_sub(bytes);
    }

    /// Whether no arena is prepared and there is room for one, without what comes next having to take its pages away.
    fn wants_prepared(&self, bytes: u64) -> bool {
        let is_prepared = self.arenas().any(|(_, arena)| arena.owner == Owner::Nobody);
        !is_prepared && self.touched.saturating_add(bytes.saturating_mul(2)) <= self.limit
    }
}
