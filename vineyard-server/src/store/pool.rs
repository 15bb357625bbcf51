//! The memory of a server: arenas, the ranges handed out of them, and the limit on their sum.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use vineyard_core::{ServerError, StatusCode};

use super::alloc::{ALIGNMENT, Allocator, span};
use super::arena::ArenaFile;

/// The smallest arena that is added when the ones there are have no range that is long enough.
const EXTRA_ARENA_BYTES: u64 = 64 << 20;

/// Names an allocation; never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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

/// A free range that nobody is handed meanwhile, so that its pages can be given back to the system.
#[derive(Debug)]
#[must_use = "the range is lost unless it is given back"]
pub struct Reserved {
    arena: usize,
    offset: u64,
    length: u64,
    file: Arc<ArenaFile>,
}

impl Reserved {
    /// Gives the pages back to the system.
    fn punch(&self) {
        if let Err(error) = self.file.punch(self.offset, self.length) {
            tracing::warn!(%error, "pages of an arena cannot be given back");
        }
    }
}

/// The memory that all sessions of a server share.
///
/// The lock is the innermost of all.
#[derive(Debug, Clone)]
pub struct SharedPool(Arc<Mutex<Pool>>);

/// Bytes whose pages are given back in one step of [`SharedPool::trim`].
const TRIM_BYTES: u64 = 4 << 20;

impl SharedPool {
    /// As [`Pool::new`].
    ///
    /// # Errors
    ///
    /// As [`Pool::new`].
    pub fn new(limit: u64) -> io::Result<Self> {
        Ok(Self(Arc::new(Mutex::new(Pool::new(limit)?))))
    }

    /// The pool.
    pub fn lock(&self) -> MutexGuard<'_, Pool> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the pages of freed ranges back to the system, and the ranges to the pool. Takes time with their length.
    pub fn trim(&self, freed: Vec<Reserved>) {
        for range in freed {
            range.punch();
            self.lock().restore(range);
        }
    }

    /// Gives the pages of everything that is free back to the system; how many bytes that were. Takes time with the
    /// size of the arenas.
    pub fn trim_all(&self) -> u64 {
        let before = self.resident_bytes();
        let mut from = (0, 0);
        loop {
            let Some(range) = self.lock().reserve(from, TRIM_BYTES) else { break };
            from = (range.arena, range.offset.saturating_add(range.length));
            self.trim(vec![range]);
        }
        before.saturating_sub(self.resident_bytes())
    }

    /// Bytes of pages of all arenas.
    fn resident_bytes(&self) -> u64 {
        let files = self.lock().files();
        files.iter().map(|file| file.resident_bytes().unwrap_or(0)).fold(0, u64::saturating_add)
    }
}

/// How the memory of a server is divided, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    /// What may be allocated.
    pub limit: u64,
    /// What clients asked for and did not give back.
    pub used: u64,
    /// What is taken of the arenas, with what alignment costs.
    pub allocated: u64,
    /// How many arenas there are.
    pub arenas: usize,
    /// Bytes of all arenas.
    pub capacity: u64,
    /// What is free of them.
    pub free: u64,
    /// The longest range that is free.
    pub largest_free: u64,
}

/// Arenas and allocations.
#[derive(Debug)]
pub struct Pool {
    limit: u64,
    used: u64,
    /// Bytes of all arenas; bounded, because pages that were touched once stay.
    capacity: u64,
    arenas: Vec<Arena>,
    allocations: BTreeMap<AllocationId, Allocation>,
    next: u64,
    /// Wakes who waits for room.
    freed: Arc<Notify>,
}

impl Pool {
    /// Makes the first arena, as large as the limit.
    ///
    /// # Errors
    ///
    /// As [`ArenaFile::create`].
    pub fn new(limit: u64) -> io::Result<Self> {
        let (arenas, allocations, freed) = (Vec::new(), BTreeMap::new(), Arc::default());
        let mut pool = Self { limit, used: 0, capacity: 0, arenas, allocations, next: 0, freed };
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

    /// How the memory is divided. Costs a step for each arena.
    pub fn figures(&self) -> Figures {
        let spaces = || self.arenas.iter().map(|arena| &arena.space);
        Figures {
            limit: self.limit,
            used: self.used,
            allocated: self.allocated(),
            arenas: self.arenas.len(),
            capacity: self.capacity,
            free: spaces().map(Allocator::free_bytes).fold(0, u64::saturating_add),
            largest_free: spaces().map(Allocator::largest_free).max().unwrap_or(0),
        }
    }

    /// The files of all arenas, to be looked at without the lock.
    pub fn files(&self) -> Vec<Arc<ArenaFile>> {
        self.arenas.iter().map(|arena| Arc::clone(&arena.file)).collect()
    }

    /// The file of the first arena.
    pub fn first_file(&self) -> Option<&Arc<ArenaFile>> {
        self.arenas.first().map(|arena| &arena.file)
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

    /// How much has to be freed before `wanted` bytes fit. If they would fit already, but are not to be had in one piece,
    /// as many; none if they never fit.
    pub fn missing(&self, wanted: u64) -> u64 {
        if wanted > self.limit {
            return 0;
        }
        match self.used.saturating_add(wanted).saturating_sub(self.limit) {
            0 => wanted,
            missing => missing,
        }
    }

    fn refusal(&self, wanted: Option<u64>, why: &str) -> ServerError {
        let wanted = wanted.map_or_else(|| "more than 2^64 bytes".to_owned(), |n| format!("{n} bytes"));
        let message = format!("no room for {wanted}: {} of {} bytes are used{why}", self.used, self.limit);
        ServerError::new(StatusCode::NotEnoughMemory, message)
    }

    /// Takes `length` bytes that count as `charged`, for so many windows. Says in which file and where.
    ///
    /// # Errors
    ///
    /// [`StatusCode::NotEnoughMemory`] if the limit or the arenas do not allow it.
    pub fn allocate(
        &mut self,
        length: u64,
        charged: u64,
        windows: usize,
    ) -> Result<(AllocationId, Arc<ArenaFile>, u64), ServerError> {
        self.check(Some(charged))?;
        let placed = self.place(length, charged, windows)?;
        self.used = self.used.saturating_add(charged);
        Ok(placed)
    }

    /// Counts bytes for which [`place`](Self::place) is to find room, or [`discharge`](Self::discharge) is called.
    ///
    /// # Errors
    ///
    /// As [`check`](Self::check).
    pub fn charge(&mut self, wanted: Option<u64>) -> Result<u64, ServerError> {
        self.check(wanted)?;
        let wanted = wanted.unwrap_or(0);
        self.used = self.used.saturating_add(wanted);
        Ok(wanted)
    }

    /// Counts bytes no more that were [charged](Self::charge).
    pub fn discharge(&mut self, bytes: u64) {
        self.used = self.used.saturating_sub(bytes);
        self.freed.notify_waiters();
    }

    /// As [`allocate`](Self::allocate), for bytes that were [charged](Self::charge).
    ///
    /// # Errors
    ///
    /// [`StatusCode::NotEnoughMemory`] if the arenas do not allow it.
    pub fn place(
        &mut self,
        length: u64,
        charged: u64,
        windows: usize,
    ) -> Result<(AllocationId, Arc<ArenaFile>, u64), ServerError> {
        let (arena, file, offset) = match self.find(length) {
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
        self.allocations.insert(id, Allocation { arena, offset, length, charged, windows });
        Ok((id, file, offset))
    }

    fn find(&mut self, length: u64) -> Option<(usize, Arc<ArenaFile>, u64)> {
        let mut arenas = self.arenas.iter_mut().enumerate();
        arenas.find_map(|(i, arena)| {
            let offset = arena.space.allocate(length)?;
            Some((i, Arc::clone(&arena.file), offset))
        })
    }

    fn add_arena(&mut self, wanted: u64) -> io::Result<()> {
        let capacity = wanted.checked_next_multiple_of(ALIGNMENT).ok_or(io::ErrorKind::InvalidInput)?;
        let file = Arc::new(ArenaFile::create(capacity)?);
        self.arenas.push(Arena { file, space: Allocator::new(capacity) });
        self.capacity = self.capacity.saturating_add(capacity);
        Ok(())
    }

    /// One window more on a range.
    pub fn add_window(&mut self, id: AllocationId) {
        if let Some(allocation) = self.allocations.get_mut(&id) {
            allocation.windows = allocation.windows.saturating_add(1);
        }
    }

    /// One window less; the last one frees the range.
    pub fn release_window(&mut self, id: AllocationId) {
        self.release_windows(id, 1);
    }

    /// So many windows less.
    pub fn release_windows(&mut self, id: AllocationId, count: usize) {
        if let Some(range) = self.reserve_windows(id, count) {
            self.restore(range);
        }
    }

    /// As [`release_window`](Self::release_window), but nobody is handed the range until it is given back by
    /// [`SharedPool::trim`]. `None` if other windows are left.
    pub fn reserve_window(&mut self, id: AllocationId) -> Option<Reserved> {
        self.reserve_windows(id, 1)
    }

    fn reserve_windows(&mut self, id: AllocationId, count: usize) -> Option<Reserved> {
        let allocation = self.allocations.get_mut(&id)?;
        allocation.windows = allocation.windows.saturating_sub(count);
        if allocation.windows > 0 {
            return None;
        }
        let Allocation { arena, offset, length, charged, .. } = self.allocations.remove(&id)?;
        self.used = self.used.saturating_sub(charged);
        let file = Arc::clone(&self.arenas.get(arena)?.file);
        Some(Reserved { arena, offset, length: span(length)?, file })
    }

    /// Takes the first free range at or behind a place, at most `most` bytes of it.
    fn reserve(&mut self, from: (usize, u64), most: u64) -> Option<Reserved> {
        let mut start = from.1;
        for (number, arena) in self.arenas.iter_mut().enumerate().skip(from.0) {
            if let Some((offset, length)) = arena.space.take_free(start, most) {
                return Some(Reserved { arena: number, offset, length, file: Arc::clone(&arena.file) });
            }
            start = 0;
        }
        None
    }

    /// Makes a range free again.
    fn restore(&mut self, range: Reserved) {
        if let Some(arena) = self.arenas.get_mut(range.arena) {
            arena.space.give_back(range.offset, range.length);
        }
        self.freed.notify_waiters();
    }

    /// Wakes whenever something was freed.
    pub fn freed(&self) -> Arc<Notify> {
        Arc::clone(&self.freed)
    }

    /// Gives back what an allocation has beyond a window of `length` bytes from `start` of the arena, if it is the only
    /// window; whether it is. Room before it stays, as other windows may have been there.
    pub fn shrink(&mut self, id: AllocationId, start: u64, length: u64) -> bool {
        let Some(allocation) = self.allocations.get_mut(&id).filter(|found| found.windows == 1) else {
            return false;
        };
        let kept = start.checked_sub(allocation.offset).and_then(|before| before.checked_add(length));
        let (Some(kept), Some(less)) = (kept, allocation.charged.checked_sub(length)) else {
            return false;
        };
        if let Some(arena) = self.arenas.get_mut(allocation.arena) {
            arena.space.shrink(allocation.offset, allocation.length, kept);
        }
        allocation.length = kept;
        allocation.charged = length;
        self.used = self.used.saturating_sub(less);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_counts_what_clients_asked_for() {
        let mut pool = Pool::new(1000).expect("memfd");
        let (id, file, offset) = pool.allocate(1000, 1000, 1).expect("fits exactly");
        assert_eq!((file.number(), offset), (pool.arenas[0].file.number(), 0));
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
        let (half, file, _) = pool.allocate(limit / 2, limit / 2, 1).expect("fits the limit");
        assert_eq!(file.number(), pool.arenas[1].file.number());
        assert_eq!(pool.allocate(64, 64, 1).expect("fits a gap").1.number(), pool.arenas[0].file.number());
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
        let (id, _, start) = pool.allocate(256, 70, 2).expect("fits");
        pool.shrink(id, start, 10);
        assert_eq!((pool.used(), pool.allocated()), (70, 256), "it is shared");
        pool.release_window(id);
        assert_eq!(pool.used(), 70);
        pool.shrink(id, start + 64, 10);
        assert_eq!((pool.used(), pool.allocated()), (10, 128), "the second window stays where it is");
        pool.release_window(id);
        assert_eq!((pool.used(), pool.allocated()), (0, 0));
    }

    #[test]
    fn trimming_takes_nothing_that_is_handed_out() {
        use super::super::arena::Access;
        use std::os::unix::fs::FileExt;
        let shared = SharedPool::new(1 << 20).expect("memfd");
        let (kept, file, offset) = shared.lock().allocate(1 << 16, 1 << 16, 1).expect("fits");
        let (freed, _, beside) = shared.lock().allocate(1 << 17, 1 << 17, 1).expect("fits");
        file.file(Access::Write).write_all_at(&[7; 3 << 16], offset).expect("written");
        assert_eq!(beside, offset + (1 << 16));
        shared.lock().release_window(freed);
        assert_eq!(shared.trim_all(), 1 << 17);
        assert_eq!(shared.trim_all(), 0, "there is nothing more");
        let mut bytes = vec![0; 1 << 16];
        file.file(Access::Read).read_exact_at(&mut bytes, offset).expect("read");
        assert!(bytes.iter().all(|byte| *byte == 7));
        let range = shared.lock().reserve_window(kept).expect("the last window");
        assert_eq!(shared.lock().used(), 0);
        shared.trim(vec![range]);
        assert_eq!((shared.resident_bytes(), shared.lock().allocated()), (0, 0));
        assert!(shared.lock().allocate(1 << 20, 1 << 20, 1).is_ok(), "everything is free again");
    }
}
