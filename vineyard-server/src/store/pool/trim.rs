//! Which pages go back to the system, and when.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::super::arena::ArenaFile;
use super::writer::Owner;
use super::{AllocationId, Pool};

/// Runs of warm pages from this length on are given back soon; shorter ones with the next round of tidying.
pub(super) const LARGE_BYTES: u64 = 1 << 20;

/// Bytes of pages that are given back in one step.
pub(super) const STEP_BYTES: u64 = 4 << 20;

/// Warm bytes that are kept: enough for the large put of a loop to find its pages again.
pub(super) fn kept_for(limit: u64) -> u64 {
    (limit / 2).min(512 << 20)
}

/// Pages of a free range that nobody is handed meanwhile, so that they can be given back to the system.
#[derive(Debug)]
#[must_use = "the range is lost unless it is given back"]
pub struct Reserved {
    pub(super) arena: usize,
    pub(super) small: bool,
    pub(super) start: u64,
    pub(super) length: u64,
    pub(super) file: Arc<ArenaFile>,
}

impl Reserved {
    /// Gives the pages back to the system.
    pub(super) fn punch(&self) {
        if let Err(error) = self.file.punch(self.start, self.length) {
            tracing::warn!(%error, "pages of an arena cannot be given back");
        }
    }
}

impl Pool {
    /// Bytes of pages that there may be. A little more than the limit: pages at the ends of ranges are shared.
    pub(super) fn budget(&self) -> u64 {
        self.limit.saturating_add((self.limit / 32).clamp(1 << 20, 64 << 20))
    }

    /// Whether more pages may be touched than there may be, and there are warm ones to give back.
    pub(super) fn is_crowded(&self) -> bool {
        self.touched > self.budget() && self.arenas().any(|(_, arena)| arena.warm_bytes() > 0)
    }

    /// Warm bytes above what is kept.
    pub(super) fn excess(&self) -> u64 {
        self.warm.saturating_sub(self.kept.saturating_add(self.ahead))
    }

    /// Wakes whoever has to be told after pages were freed in an arena.
    pub(super) fn after_free(&mut self, number: usize, pages: u64) {
        let arena = self.arenas.get(number).and_then(Option::as_ref);
        let vacated = arena.is_some_and(|arena| arena.owner.is_gone() && arena.is_empty());
        if vacated || (pages >= LARGE_BYTES && self.excess() > 0) {
            self.untidy.notify_one();
        }
        self.freed.notify_waiters();
    }

    /// As [`release_window`](Self::release_window), but nobody is handed the pages that are freed until they are given
    /// back by [`SharedPool::trim`](super::SharedPool::trim). `None` if other windows are left, or no page is freed.
    pub fn reserve_window(&mut self, id: AllocationId) -> Option<Reserved> {
        let (number, small, (start, length)) = self.end_window(id)?;
        let reserved = self.arenas.get_mut(number).and_then(Option::as_mut).filter(|_| length > 0).map(|arena| {
            arena.reserve(small, start, length);
            Reserved { arena: number, small, start, length, file: Arc::clone(&arena.file) }
        });
        if reserved.is_some() {
            self.warm = self.warm.saturating_sub(length);
        }
        self.after_free(number, 0);
        reserved
    }

    /// Takes warm pages to make room: those of writers that are gone, then prepared ones, then those of the arena that
    /// was not used for the longest time. `None` if there is enough room, or nothing is warm.
    pub(super) fn reserve_for_room(&mut self) -> Option<Reserved> {
        let needed = self.touched.saturating_sub(self.budget());
        let reserved = if needed > 0 { self.reserve_coldest(needed) } else { None };
        if reserved.is_none() {
            self.crowded.store(false, Ordering::Release);
        }
        reserved
    }

    fn reserve_coldest(&mut self, needed: u64) -> Option<Reserved> {
        let rank = |owner| match owner {
            Owner::Gone { .. } => 0,
            Owner::Nobody => 1,
            Owner::Writer(_) => 2,
        };
        let warm = self.arenas().filter(|(_, arena)| arena.warm_bytes() > 0);
        let (number, _) = warm.min_by_key(|(_, arena)| (rank(arena.owner), arena.last_used))?;
        self.reserve_longest(number, 0, needed)
    }

    /// Takes warm pages above what is kept, runs of `least` bytes at least.
    pub(super) fn reserve_excess(&mut self, least: u64) -> Option<Reserved> {
        let excess = self.excess();
        if excess == 0 {
            return None;
        }
        let warm =
            self.arenas().filter(|(_, arena)| arena.owner != Owner::Nobody && arena.longest_warm() >= least.max(1));
        let (number, _) = warm.min_by_key(|(_, arena)| (!arena.owner.is_gone(), arena.last_used))?;
        self.reserve_longest(number, least, excess)
    }

    /// Takes any warm pages but prepared ones.
    pub(super) fn reserve_any(&mut self) -> Option<Reserved> {
        let is_warm = |arena: &super::Arena| arena.owner != Owner::Nobody && arena.warm_bytes() > 0;
        let (number, _) = self.arenas().find(|(_, arena)| is_warm(arena))?;
        self.reserve_longest(number, 0, STEP_BYTES)
    }

    fn reserve_longest(&mut self, number: usize, least: u64, most: u64) -> Option<Reserved> {
        let arena = self.arenas.get_mut(number)?.as_mut()?;
        let (small, start, length) = arena.reserve_longest(least, most.min(STEP_BYTES))?;
        if arena.owner == Owner::Nobody {
            arena.ahead = arena.ahead.saturating_sub(length);
        } else {
            self.warm = self.warm.saturating_sub(length);
        }
        Some(Reserved { arena: number, small, start, length, file: Arc::clone(&arena.file) })
    }

    /// Makes pages free again that are not in memory any more.
    pub(super) fn restore(&mut self, range: &Reserved) {
        if let Some(arena) = self.arenas.get_mut(range.arena).and_then(Option::as_mut) {
            arena.restore(range.small, range.start, range.length);
            self.touched = self.touched.saturating_sub(range.length);
        }
        self.after_free(range.arena, 0);
    }
}
