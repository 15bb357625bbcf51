//! One arena: a file, and the spaces of its large and its small ranges. Pure but for the file.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use super::super::arena::ArenaFile;
use super::allocations::NONE;
use super::space::{PAGE, Space, Taken, span};
use super::writer::Owner;

/// Ranges up to this length are small: they lie together, so that they cut no large ones.
pub(super) const SMALL_BYTES: u64 = 32 << 10;

/// What the space of the small ones grows by, in arenas that are large enough.
const CHUNK_BYTES: u64 = 1 << 20;

/// The smallest arena.
pub(super) const LEAST_BYTES: u64 = 1 << 20;

#[derive(Debug)]
pub(super) struct Arena {
    pub(super) file: Arc<ArenaFile>,
    pub(super) owner: Owner,
    pub(super) capacity: u64,
    large: Space,
    small: Space,
    /// What the small ones were given, by offset.
    chunks: BTreeMap<u64, u64>,
    /// Bytes of pages that may be in memory.
    pub(super) touched: u64,
    /// Bytes of pages that were made for whoever is given the arena.
    pub(super) ahead: u64,
    /// The head of the list of its allocations.
    pub(super) head: u32,
    /// Grows with each use of any arena.
    pub(super) last_used: u64,
    /// Nothing could be moved out of it when that was tried.
    pub(super) is_stuck: bool,
}

/// Where a range lies, and what it takes of pages.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) taken: Taken,
    pub(super) small: bool,
}

impl Arena {
    /// An arena of `wanted` bytes at least.
    ///
    /// # Errors
    ///
    /// As [`ArenaFile::create`].
    pub(super) fn create(wanted: u64, owner: Owner) -> io::Result<Self> {
        let capacity = wanted.max(LEAST_BYTES).checked_next_multiple_of(PAGE).ok_or(io::ErrorKind::InvalidInput)?;
        Ok(Self {
            file: Arc::new(ArenaFile::create(capacity)?),
            owner,
            capacity,
            large: Space::new(capacity),
            small: Space::default(),
            chunks: BTreeMap::new(),
            touched: 0,
            ahead: 0,
            head: NONE,
            last_used: 0,
            is_stuck: false,
        })
    }

    /// Bytes that are handed out, or reserved.
    pub(super) fn allocated_bytes(&self) -> u64 {
        self.large.allocated_bytes().saturating_add(self.small.allocated_bytes())
    }

    /// Bytes of free pages that may be in memory.
    pub(super) fn warm_bytes(&self) -> u64 {
        self.large.warm_bytes().saturating_add(self.small.warm_bytes())
    }

    /// The longest run of warm pages.
    pub(super) fn longest_warm(&self) -> u64 {
        self.large.longest_warm().max(self.small.longest_warm())
    }

    /// The longest free range.
    pub(super) fn longest_free(&self) -> u64 {
        self.large.longest_free().max(self.small.longest_free())
    }

    /// Whether nothing is handed out.
    pub(super) fn is_empty(&self) -> bool {
        self.allocated_bytes() == 0
    }

    /// Whether a range of this length fits if nothing is handed out.
    pub(super) fn is_large_enough(&self, length: u64) -> bool {
        span(length).is_some_and(|wanted| wanted <= self.capacity)
    }

    /// Bytes of pages that a range of this length would touch anew; `None` if it does not fit at once.
    pub(super) fn fresh_for(&self, length: u64) -> Option<u64> {
        if length <= SMALL_BYTES { self.small.fresh_for(length) } else { self.large.fresh_for(length) }
    }

    /// Takes a range; `None` if it does not fit.
    pub(super) fn allocate(&mut self, length: u64) -> Option<Place> {
        let small = length <= SMALL_BYTES;
        if small && let Some(taken) = self.small.allocate(length).or_else(|| self.grow_small(length)) {
            return Some(Place { taken, small });
        }
        let taken = match self.large.allocate(length) {
            Some(taken) => taken,
            None if self.reclaim() => self.large.allocate(length)?,
            None => return None,
        };
        Some(Place { taken, small: false })
    }

    /// Takes a range among the small ones after giving them one more chunk.
    fn grow_small(&mut self, length: u64) -> Option<Taken> {
        let chunk = (self.capacity / 16).clamp(SMALL_BYTES, CHUNK_BYTES) & !(PAGE.wrapping_sub(1));
        let start = self.large.find_pages(chunk)?;
        self.large.cede((start, chunk), &mut self.small);
        self.chunks.insert(start, chunk);
        self.small.allocate(length)
    }

    /// Takes the chunks of the small ones that are wholly free back; whether there were any.
    fn reclaim(&mut self) -> bool {
        let Some(shortest) = self.chunks.values().min().copied() else { return false };
        let mut found = Vec::new();
        for (offset, length) in self.small.free_at_least(shortest) {
            let end = offset.saturating_add(length);
            let inside = self.chunks.range(offset..end).filter(|(o, l)| o.saturating_add(**l) <= end);
            found.extend(inside.map(|(offset, length)| (*offset, *length)));
        }
        for (offset, length) in &found {
            self.chunks.remove(offset);
            self.small.cede((*offset, *length), &mut self.large);
        }
        !found.is_empty()
    }

    fn space(&mut self, small: bool) -> &mut Space {
        if small { &mut self.small } else { &mut self.large }
    }

    /// Gives back bytes from `offset`, a multiple of [`ALIGNMENT`](super::space::ALIGNMENT) of them. Returns the pages
    /// that are wholly free by that, as offset and length.
    pub(super) fn give_back(&mut self, small: bool, offset: u64, length: u64) -> (u64, u64) {
        self.space(small).give_back(offset, length)
    }

    /// Takes some of the longest run of warm pages; see [`Space::reserve_longest`].
    pub(super) fn reserve_longest(&mut self, least: u64, most: u64) -> Option<(bool, u64, u64)> {
        let small = self.small.longest_warm() > self.large.longest_warm();
        let (start, length) = self.space(small).reserve_longest(least, most)?;
        Some((small, start, length))
    }

    /// Takes pages that are warm.
    pub(super) fn reserve(&mut self, small: bool, start: u64, length: u64) {
        self.space(small).reserve(start, length);
    }

    /// Gives pages back that are not in memory any more.
    pub(super) fn restore(&mut self, small: bool, start: u64, length: u64) {
        self.space(small).restore(start, length);
        self.touched = self.touched.saturating_sub(length);
    }

    /// Pages of an arena that nobody was given are in memory now.
    pub(super) fn populate(&mut self, start: u64, length: u64) {
        self.large.populate(start, length);
        self.touched = self.touched.saturating_add(length);
        self.ahead = self.ahead.saturating_add(length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arena(bytes: u64) -> Arena {
        Arena::create(bytes, Owner::Nobody).expect("memfd")
    }

    #[test]
    fn small_ranges_lie_together_and_their_chunks_come_back() {
        let mut arena = arena(16 << 20);
        let first = arena.allocate(100).expect("fits");
        let large = arena.allocate(SMALL_BYTES + 1).expect("fits");
        let second = arena.allocate(SMALL_BYTES).expect("fits");
        assert_eq!((first.small, large.small, second.small), (true, false, true));
        assert_eq!(second.taken.offset, first.taken.offset + 128, "the large one lies elsewhere");
        assert_eq!(arena.allocate(15 << 20).map(|place| place.small), None, "the chunk is in use");
        arena.give_back(true, first.taken.offset, 128);
        arena.give_back(true, second.taken.offset, SMALL_BYTES);
        arena.give_back(false, large.taken.offset, SMALL_BYTES + 64);
        assert!(arena.is_empty() && arena.longest_free() < 16 << 20);
        assert!(arena.allocate(16 << 20).is_some(), "all of it is free");
    }

    #[test]
    fn a_full_arena_still_has_room_for_small_ones_anywhere() {
        let mut arena = arena(LEAST_BYTES);
        arena.allocate(LEAST_BYTES - SMALL_BYTES).expect("fits");
        let place = arena.allocate(100).expect("no chunk fits, the range does");
        assert!(!place.small);
        assert!(arena.allocate(SMALL_BYTES).is_none());
    }

    #[test]
    fn any_length_up_to_the_capacity_fits_an_empty_arena() {
        for bytes in [1, LEAST_BYTES, 3 << 20, 64 << 20] {
            for length in [1, SMALL_BYTES, SMALL_BYTES + 1, bytes] {
                let mut arena = arena(bytes);
                assert!(arena.is_large_enough(length) && arena.allocate(length).is_some(), "{length} in {bytes}");
            }
        }
    }
}
