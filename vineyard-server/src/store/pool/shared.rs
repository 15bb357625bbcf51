//! The pool as all sessions share it: its lock, and what takes its time without the lock.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::super::arena::ArenaFile;
use super::trim::LARGE_BYTES;
use super::{Pool, Reserved};

/// The memory that all sessions of a server share.
///
/// The lock is the innermost of all.
#[derive(Debug, Clone)]
pub struct SharedPool {
    pool: Arc<Mutex<Pool>>,
    crowded: Arc<AtomicBool>,
    untidy: Arc<Notify>,
}

impl SharedPool {
    /// As [`Pool::new`].
    ///
    /// # Errors
    ///
    /// As [`Pool::new`].
    pub fn new(limit: u64) -> io::Result<Self> {
        let pool = Pool::new(limit)?;
        let (crowded, untidy) = (Arc::clone(&pool.crowded), Arc::clone(&pool.untidy));
        Ok(Self { pool: Arc::new(Mutex::new(pool)), crowded, untidy })
    }

    /// The pool.
    pub fn lock(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes when there is something to [tidy up](Self::tidy), to move or to prepare.
    pub fn untidy(&self) -> &Notify {
        &self.untidy
    }

    /// Whether [`settle`](Self::settle) has something to do, or there are too many arenas without a writer.
    pub fn is_crowded(&self) -> bool {
        self.crowded.load(Ordering::Acquire)
    }

    /// Gives warm pages back to the system until there are as many as may be, so that what was allocated can be
    /// touched. Takes time with their number.
    pub fn settle(&self) {
        loop {
            // The lock is not to be kept for the next line.
            let range = self.lock().reserve_for_room();
            let Some(range) = range else { return };
            self.give_back(&range);
        }
    }

    /// Gives the pages of freed ranges back to the system, and the ranges to the pool. Takes time with their length.
    pub fn trim(&self, freed: Vec<Reserved>) {
        freed.iter().for_each(|range| self.give_back(range));
    }

    fn give_back(&self, range: &Reserved) {
        range.punch();
        self.lock().restore(range);
    }

    /// Gives the pages of everything that is free, but for what is prepared, back to the system; how many bytes that
    /// were. Takes time with the size of the arenas.
    pub fn trim_all(&self) -> u64 {
        let before = self.resident_bytes();
        // What is freed meanwhile is for the next time.
        let mut left = self.lock().warm;
        while left > 0 {
            let range = self.lock().reserve_any();
            let Some(range) = range else { break };
            left = left.saturating_sub(range.length);
            self.give_back(&range);
        }
        before.saturating_sub(self.resident_bytes())
    }

    /// Closes arenas that nobody needs and gives warm pages back that are more than is kept: the large runs of them, or
    /// `all`. Takes time with their number, and ends early if `go_on` says no.
    pub fn tidy(&self, all: bool, go_on: impl Fn() -> bool) {
        let least = if all { 0 } else { LARGE_BYTES };
        let surplus = self.lock().take_surplus();
        for closing in surplus {
            // Whoever has it mapped keeps its pages, unless they are punched.
            if let Err(error) = closing.file.punch(0, closing.capacity) {
                tracing::warn!(%error, "the pages of an arena cannot be given back");
            }
            self.lock().closed(&closing);
        }
        while go_on() {
            let range = self.lock().reserve_excess(least);
            let Some(range) = range else { break };
            self.give_back(&range);
        }
    }

    /// Bytes of pages of all arenas.
    pub(super) fn resident_bytes(&self) -> u64 {
        let files: Vec<Arc<ArenaFile>> = self.lock().arenas().map(|(_, arena)| Arc::clone(&arena.file)).collect();
        files.iter().map(|file| file.resident_bytes().unwrap_or(0)).fold(0, u64::saturating_add)
    }
}
