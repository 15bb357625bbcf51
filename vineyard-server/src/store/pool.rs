//! The memory of a server: arenas, the ranges handed out of them, and the limit on their sum.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use vineyard_core::{ServerError, StatusCode};

use super::alloc::{ALIGNMENT, Allocator};
use super::arena::ArenaFile;

/// The smallest arena that is added when the ones there are have no range that is long enough.
const EXTRA_ARENA_BYTES: u64 = 64 << 20;

/// Names an allocation; never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AllocationId(u64);

/// A range of an arena, shared by the windows on it and freed with the last of them.
#[derive(Debug)]
struct Allocation {
    arena: usize,
    offset: u64,
    /// Bytes it occupies, as the allocator was asked for.
    length: u64,
    /// Bytes it counts for: what clients asked for, without the gaps that alignment leaves.
    charged: u64,
    windows: usize,
}

#[derive(Debug)]
struct Arena {
    file: Arc<ArenaFile>,
    space: Allocator,
}

/// Arenas and allocations.
#[derive(Debug)]
pub struct Pool {
    limit: u64,
    used: u64,
    /// Bytes of all arenas; bounded, because pages that were touched once stay.
    capacity: u64,
    arenas: Vec<Arena>,
    allocations: HashMap<AllocationId, Allocation>,
    next: u64,
}

impl Pool {
    /// Makes the first arena, as large as the limit.
    ///
    /// # Errors
    ///
    /// As [`ArenaFile::create`].
    pub fn new(limit: u64) -> io::Result<Self> {
        let mut pool = Self { limit, used: 0, capacity: 0, arenas: Vec::new(), allocations: HashMap::new(), next: 0 };
        pool.add_arena(limit)?;
        Ok(pool)
    }

    /// Bytes that may be allocated.
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// Bytes that clients asked for and did not give back.
    pub fn used(&self) -> u64 {
        self.used
    }

    /// Bytes of the arenas that are taken, with what alignment costs.
    pub fn allocated(&self) -> u64 {
        self.arenas.iter().fold(0, |sum, arena| sum.saturating_add(arena.space.allocated_bytes()))
    }

    /// The file of an arena.
    pub fn file(&self, arena: usize) -> Option<&Arc<ArenaFile>> {
        self.arenas.get(arena).map(|arena| &arena.file)
    }

    /// Refuses what would not fit in the limit.
    ///
    /// # Errors
    ///
    /// [`StatusCode::NotEnoughMemory`] with the numbers.
    pub fn check(&self, wanted: Option<u64>) -> Result<(), ServerError> {
        match wanted.and_then(|wanted| self.used.checked_add(wanted)) {
            Some(sum) if sum <= self.limit => Ok(()),
            _ => Err(self.refusal(wanted, "")),
        }
    }

    fn refusal(&self, wanted: Option<u64>, why: &str) -> ServerError {
        let wanted = wanted.map_or_else(|| "more than 2^64 bytes".to_owned(), |n| format!("{n} bytes"));
        let message = format!("no room for {wanted}: {} of {} bytes are used{why}", self.used, self.limit);
        ServerError::new(StatusCode::NotEnoughMemory, message)
    }

    /// Takes `length` bytes that count as `charged`, for so many windows. Says which arena and where.
    ///
    /// # Errors
    ///
    /// [`StatusCode::NotEnoughMemory`] if the limit or the arenas do not allow it.
    pub fn allocate(
        &mut self,
        length: u64,
        charged: u64,
        windows: usize,
    ) -> Result<(AllocationId, usize, u64), ServerError> {
        self.check(Some(charged))?;
        let (arena, offset) = match self.find(length) {
            Some(found) => found,
            None => {
                let room = self.limit.saturating_mul(2).saturating_add(EXTRA_ARENA_BYTES);
                let capacity = length.max(EXTRA_ARENA_BYTES);
                if self.capacity.checked_add(capacity).is_none_or(|sum| sum > room) {
                    return Err(self.refusal(Some(charged), ", and what is free is too fragmented"));
                }
                self.add_arena(capacity).map_err(|error| {
                    tracing::error!(%error, capacity, "an arena cannot be made");
                    self.refusal(Some(charged), ", and the system gives no arena")
                })?;
                self.find(length).ok_or_else(|| self.refusal(Some(charged), ""))?
            }
        };
        let id = AllocationId(self.next);
        self.next = self.next.wrapping_add(1);
        self.used = self.used.saturating_add(charged);
        self.allocations.insert(id, Allocation { arena, offset, length, charged, windows });
        Ok((id, arena, offset))
    }

    fn find(&mut self, length: u64) -> Option<(usize, u64)> {
        self.arenas.iter_mut().enumerate().find_map(|(i, arena)| Some((i, arena.space.allocate(length)?)))
    }

    fn add_arena(&mut self, wanted: u64) -> io::Result<()> {
        let capacity = wanted.checked_next_multiple_of(ALIGNMENT).ok_or(io::ErrorKind::InvalidInput)?;
        let file = Arc::new(ArenaFile::create(capacity)?);
        self.arenas.push(Arena { file, space: Allocator::new(capacity) });
        self.capacity = self.capacity.saturating_add(capacity);
        Ok(())
    }

    /// One window less; the last one frees the range.
    pub fn release_window(&mut self, id: AllocationId) {
        let Some(allocation) = self.allocations.get_mut(&id) else {
            return;
        };
        allocation.windows = allocation.windows.saturating_sub(1);
        if allocation.windows == 0 {
            let Allocation { arena, offset, length, charged, .. } = *allocation;
            self.allocations.remove(&id);
            self.used = self.used.saturating_sub(charged);
            if let Some(arena) = self.arenas.get_mut(arena) {
                arena.space.release(offset, length);
            }
        }
    }

    /// Gives back what an allocation has beyond `length` bytes, if it has one window only.
    pub fn shrink(&mut self, id: AllocationId, length: u64) {
        let Some(allocation) = self.allocations.get_mut(&id).filter(|found| found.windows == 1) else {
            return;
        };
        let Some(less) = allocation.charged.checked_sub(length) else {
            return;
        };
        if let Some(arena) = self.arenas.get_mut(allocation.arena) {
            arena.space.shrink(allocation.offset, allocation.length, length);
        }
        allocation.length = length;
        allocation.charged = length;
        self.used = self.used.saturating_sub(less);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_counts_what_clients_asked_for() {
        let mut pool = Pool::new(1000).expect("memfd");
        let (id, arena, offset) = pool.allocate(1000, 1000, 1).expect("fits exactly");
        assert_eq!((arena, offset), (0, 0));
        let error = pool.allocate(1, 1, 1).expect_err("full");
        assert_eq!(error.code, StatusCode::NotEnoughMemory);
        assert_eq!(error.message, "no room for 1 bytes: 1000 of 1000 bytes are used");
        pool.release_window(id);
        pool.release_window(id);
        assert_eq!((pool.used(), pool.allocated()), (0, 0));
    }

    #[test]
    fn fragmentation_brings_another_arena_but_not_without_end() {
        let limit = 128 << 20;
        let mut pool = Pool::new(limit).expect("memfd");
        let third = limit / 3;
        let ids: Vec<_> = (0..3).map(|_| pool.allocate(third, third, 1).expect("fits").0).collect();
        pool.release_window(ids[0]);
        pool.release_window(ids[2]);
        // Of what is free, no piece is half of the limit.
        let (half, arena, _) = pool.allocate(limit / 2, limit / 2, 1).expect("fits the limit");
        assert_eq!(arena, 1);
        assert_eq!(pool.allocate(64, 64, 1).expect("fits a gap").1, 0);
        pool.release_window(half);
        // Arenas are kept, so their sum is bounded: two more of this size would exceed it.
        let wanted = limit / 2 + 64;
        assert!(pool.allocate(wanted, wanted, 1).is_ok());
        pool.used = 0;
        let error = pool.allocate(limit, limit, 1).expect_err("the arenas would take too much");
        assert!(error.message.contains("fragmented"), "{error}");
    }

    #[test]
    fn a_shared_range_is_freed_with_its_last_window() {
        let mut pool = Pool::new(1 << 20).expect("memfd");
        let (id, _, _) = pool.allocate(128, 70, 2).expect("fits");
        pool.shrink(id, 10);
        assert_eq!((pool.used(), pool.allocated()), (70, 128), "it is shared");
        pool.release_window(id);
        assert_eq!(pool.used(), 70);
        pool.shrink(id, 10);
        assert_eq!(pool.used(), 10);
        pool.release_window(id);
        assert_eq!((pool.used(), pool.allocated()), (0, 0));
    }
}
