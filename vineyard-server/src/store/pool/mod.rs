//! The memory of a server: arenas, the ranges handed out of them, and the limit on their sum.
//!
//! ```text
//! SharedPool     the lock, and what takes its time without it: giving pages back, making pages ahead
//!   Pool         who gets which arena; allocations counted by windows; sums of pages
//!     Arena      a file with a space of large ranges and one of small ones
//!       Space    free ranges, and the warm pages among them
//! ```
//!
//! Every connection that writes gets arenas of its own (see [`Writer`]). A page is *touched* from when it is handed out
//! until it is given back to the system; *warm* if it is touched and wholly free. The sum of touched pages stays at
//! the limit plus a little slack, as far as there are warm pages to give back.

mod allocations;
mod arena;
mod own_file;
mod prefault;
mod ranges;
mod report;
mod shared;
mod space;
mod tenancy;
#[cfg(test)]
mod tests;
mod trim;
mod vacant;
mod writer;

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;
use vineyard_core::{ServerError, StatusCode};

use super::arena::ArenaFile;
use allocations::{Allocation, Allocations};
pub use allocations::{AllocationId, Tenants};
use arena::Arena;
pub use own_file::FileCharge;
pub use report::MemoryReport;
pub use shared::SharedPool;
pub use space::span;
pub use trim::Reserved;
#[cfg(test)]
pub use vacant::Sparse;
use writer::Owner;
pub use writer::Writer;

/// Bytes that are asked for.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Who will write them.
    pub writer: Writer,
    /// How many.
    pub length: u64,
    /// How many of them count: what clients asked for, without the gaps that alignment leaves.
    pub charged: u64,
    /// The blobs that will lie there, each with one window.
    pub tenants: Tenants,
}

/// Arenas, by number, and who they belong to.
#[derive(Debug)]
pub struct Pool {
    limit: u64,
    used: u64,
    /// Bytes of the ranges that are handed out.
    allocated: u64,
    /// Blobs with a file of their own, and the bytes of these.
    own_files: usize,
    own_bytes: u64,
    /// Bytes of pages that may be in memory: those of all arenas, of those that are being closed or prepared, and of
    /// files that hold one blob.
    touched: u64,
    /// Bytes of warm pages of all arenas but the prepared ones.
    warm: u64,
    /// Warm bytes that are kept for the next allocations.
    kept: u64,
    /// Bytes of pages that were made ahead in the arenas of writers; kept as well.
    ahead: u64,
    arenas: Vec<Option<Arena>>,
    /// The arenas of each writer, in the order they were given.
    owned: HashMap<Writer, Vec<usize>>,
    allocations: Allocations,
    clock: u64,
    /// What the placeholder blob shows. Nothing is ever allocated in it.
    placeholder: Arc<ArenaFile>,
    /// Wakes who waits for room.
    freed: Arc<Notify>,
    /// Wakes who tidies up.
    untidy: Arc<Notify>,
    /// Whether pages or arenas have to be given back before any more are used.
    crowded: Arc<AtomicBool>,
}

impl Pool {
    /// No arenas yet.
    ///
    /// # Errors
    ///
    /// As [`ArenaFile::create`].
    pub fn new(limit: u64) -> io::Result<Self> {
        Ok(Self {
            limit,
            used: 0,
            allocated: 0,
            own_files: 0,
            own_bytes: 0,
            touched: 0,
            warm: 0,
            kept: trim::kept_for(limit),
            ahead: 0,
            arenas: Vec::new(),
            owned: HashMap::new(),
            allocations: Allocations::default(),
            clock: 0,
            placeholder: Arc::new(ArenaFile::create(limit)?),
            freed: Arc::default(),
            untidy: Arc::default(),
            crowded: Arc::default(),
        })
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
        self.allocated
    }

    /// A file as large as the limit, in which no blob lies.
    pub fn placeholder(&self) -> &Arc<ArenaFile> {
        &self.placeholder
    }

    /// Wakes whenever something was freed.
    pub fn freed(&self) -> Arc<Notify> {
        Arc::clone(&self.freed)
    }

    /// Refuses what would not fit in the limit.
    ///
    /// # Errors
    ///
    /// [`StatusCode::NotEnoughMemory`] with the numbers.
    pub fn check(&self, wanted: Option<u64>) -> Result<(), ServerError> {
        match wanted.and_then(|wanted| self.used.checked_add(wanted)) {
            Some(sum) if sum <= self.limit => Ok(()),
            _ => Err(self.refusal(wanted, &format!("{} are left", self.limit.saturating_sub(self.used)))),
        }
    }

    fn refusal(&self, wanted: Option<u64>, why: &str) -> ServerError {
        let wanted = wanted.map_or_else(|| "more than 2^64 bytes".to_owned(), |n| format!("{n} bytes"));
        let message = format!("no room for {wanted}: {} of {} bytes are used, {why}", self.used, self.limit);
        ServerError::new(StatusCode::NotEnoughMemory, message)
    }

    /// Takes a range. Says in which file and where. O(log n) of the free ranges of the writer's arenas, unless it needs
    /// a new one.
    ///
    /// Its pages must not be touched before [`SharedPool::settle`], which gives others back if there are too many.
    ///
    /// # Errors
    ///
    /// [`StatusCode::NotEnoughMemory`] if the limit does not allow it, gaps between blobs take as much as the limit, or
    /// the system gives no arena.
    pub fn allocate(&mut self, wanted: Wanted) -> Result<(AllocationId, Arc<ArenaFile>, u64), ServerError> {
        let charged = self.charge(Some(wanted.charged))?;
        self.place(wanted).inspect_err(|_| self.discharge(charged))
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

    /// Whether so many bytes could be had now.
    pub fn has_room(&self, wanted: u64) -> bool {
        self.check(Some(wanted)).is_ok() && span(wanted).is_some_and(|span| self.bears(span))
    }

    /// Whether gaps between blobs leave room for so many bytes.
    fn bears(&self, span: u64) -> bool {
        let most = self.limit.saturating_mul(2).saturating_add(arena::LEAST_BYTES);
        self.allocated.saturating_add(span) <= most
    }

    /// How much has to be freed before `wanted` bytes fit. If they would fit already, but gaps between blobs take too
    /// much, as many; none if they never fit.
    pub fn missing(&self, wanted: u64) -> u64 {
        if wanted > self.limit {
            return 0;
        }
        match self.used.saturating_add(wanted).saturating_sub(self.limit) {
            0 => wanted,
            missing => missing,
        }
    }

    /// As [`allocate`](Self::allocate), for bytes that were [charged](Self::charge).
    ///
    /// # Errors
    ///
    /// As [`allocate`](Self::allocate), but for the limit.
    pub fn place(&mut self, wanted: Wanted) -> Result<(AllocationId, Arc<ArenaFile>, u64), ServerError> {
        let Wanted { writer, length, charged, tenants } = wanted;
        let span = span(length).filter(|span| self.bears(*span)).ok_or_else(|| {
            let gaps = self.allocated.saturating_add(self.own_bytes).saturating_sub(self.used);
            self.refusal(
                Some(charged),
                &format!("and {gaps} more are lost between blobs, which start at multiples of 64"),
            )
        })?;
        let (number, place) = match self.find(writer, length) {
            Some(found) => found,
            None => self.find_elsewhere(writer, length).map_err(|error| {
                tracing::error!(%error, length, "an arena cannot be made");
                self.refusal(Some(charged), &format!("but the system gives no arena: {error}"))
            })?,
        };
        self.clock = self.clock.wrapping_add(1);
        let arena = self.arenas.get_mut(number).and_then(Option::as_mut);
        let Some(arena) = arena else { return Err(self.refusal(Some(charged), "and the arena is gone")) };
        let (offset, small, windows) =
            (place.taken.offset, place.small, u32::try_from(tenants.count()).unwrap_or(u32::MAX));
        let allocation = Allocation { offset, length, charged, tenants, arena: number, windows, small };
        arena.last_used = self.clock;
        arena.touched = arena.touched.saturating_add(place.taken.fresh);
        let file = Arc::clone(&arena.file);
        let Some(id) = self.allocations.insert(allocation, &mut arena.head) else {
            let (_, pages) = arena.give_back(small, offset, span);
            self.touched = self.touched.saturating_add(place.taken.fresh);
            self.warm = self.warm.saturating_sub(place.taken.warmed).saturating_add(pages);
            return Err(self.refusal(Some(charged), "and there are more blobs than can be counted"));
        };
        self.allocated = self.allocated.saturating_add(span);
        self.warm = self.warm.saturating_sub(place.taken.warmed);
        self.touched = self.touched.saturating_add(place.taken.fresh);
        if place.taken.fresh > 0 && self.is_crowded() {
            self.crowded.store(true, Ordering::Release);
        }
        Ok((id, file, offset))
    }

    /// A range in an arena that the writer has: where it touches the fewest pages anew.
    fn find(&mut self, writer: Writer, length: u64) -> Option<(usize, arena::Place)> {
        let own = self.owned.get(&writer)?;
        if let ([number], true) = (own.as_slice(), length < tenancy::WORTH_PREPARED) {
            return Some((*number, self.arenas.get_mut(*number)?.as_mut()?.allocate(length)?));
        }
        let fresh =
            |number: &usize| self.arenas.get(*number)?.as_ref()?.fresh_for(length).map(|fresh| (fresh, *number));
        // The first of several that are alike: the ones that were given later can be closed.
        let best = own.iter().filter_map(fresh).min_by_key(|(fresh, _)| *fresh);
        if best.is_some_and(|(fresh, _)| self.is_better_elsewhere(writer, length, fresh)) {
            return None;
        }
        let best = best.map(|(_, number)| number);
        // What does not fit at once may fit when an arena has sorted its small ranges.
        best.iter().chain(own).find_map(|number| {
            let place = self.arenas.get_mut(*number)?.as_mut()?.allocate(length)?;
            Some((*number, place))
        })
    }

    /// One window more on a range; false if there are more than can be counted, and there is none more.
    #[must_use]
    pub fn add_window(&mut self, id: AllocationId) -> bool {
        let allocation = self.allocations.get_mut(id);
        allocation.is_some_and(|allocation| match allocation.windows.checked_add(1) {
            Some(windows) => {
                allocation.windows = windows;
                true
            }
            None => false,
        })
    }

    /// How many windows a range has.
    pub fn num_windows(&mut self, id: AllocationId) -> usize {
        let allocation = self.allocations.get_mut(id);
        allocation.map_or(0, |allocation| usize::try_from(allocation.windows).unwrap_or(usize::MAX))
    }

    /// One window less; the last one frees the range.
    pub fn release_window(&mut self, id: AllocationId) {
        if let Some((number, _, (_, pages))) = self.end_window(id) {
            self.after_free(number, pages);
        }
    }

    /// So many windows less.
    pub fn release_windows(&mut self, id: AllocationId, count: usize) {
        for _ in 0..count {
            self.release_window(id);
        }
    }

    /// The files of all arenas, to be looked at without the lock.
    pub fn files(&self) -> Vec<Arc<ArenaFile>> {
        self.arenas().map(|(_, arena)| Arc::clone(&arena.file)).collect()
    }

    /// One window less. If it was the last: the arena, whether it was among the small ones, and the pages that are
    /// wholly free now.
    fn end_window(&mut self, id: AllocationId) -> Option<(usize, bool, (u64, u64))> {
        let allocation = self.allocations.get_mut(id)?;
        allocation.windows = allocation.windows.saturating_sub(1);
        if allocation.windows > 0 {
            return None;
        }
        let number = allocation.arena;
        let arena = self.arenas.get_mut(number)?.as_mut()?;
        let Allocation { offset, length, charged, small, .. } = self.allocations.remove(id, &mut arena.head)?;
        let span = span(length)?;
        let pages = arena.give_back(small, offset, span);
        self.used = self.used.saturating_sub(charged);
        self.allocated = self.allocated.saturating_sub(span);
        self.warm = self.warm.saturating_add(pages.1);
        Some((number, small, pages))
    }

    /// Gives back what an allocation has beyond a window of `length` bytes from `start` of the arena, if it is the only
    /// window; whether it is. Room before it stays, as other windows may have been there.
    pub fn shrink(&mut self, id: AllocationId, start: u64, length: u64) -> bool {
        let Some(allocation) = self.allocations.get_mut(id).filter(|found| found.windows == 1) else {
            return false;
        };
        let kept = start.checked_sub(allocation.offset).and_then(|before| before.checked_add(length));
        let (Some(kept), Some(less)) = (kept, allocation.charged.checked_sub(length)) else {
            return false;
        };
        let (Some(before), Some(after)) = (span(allocation.length), span(kept)) else { return false };
        let (number, small, offset) = (allocation.arena, allocation.small, allocation.offset);
        allocation.length = kept;
        allocation.charged = length;
        self.used = self.used.saturating_sub(less);
        let rest = before.saturating_sub(after);
        if let Some(arena) = self.arenas.get_mut(number).and_then(Option::as_mut)
            && rest > 0
        {
            let (_, pages) = arena.give_back(small, offset.saturating_add(after), rest);
            self.allocated = self.allocated.saturating_sub(rest);
            self.warm = self.warm.saturating_add(pages);
        }
        true
    }

    fn arenas(&self) -> impl Iterator<Item = (usize, &Arena)> + '_ {
        self.arenas.iter().enumerate().filter_map(|(number, arena)| Some((number, arena.as_ref()?)))
    }
}
