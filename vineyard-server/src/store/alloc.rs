//! Hands out ranges of an arena. Pure: it knows offsets, not memory.

use std::collections::{BTreeMap, BTreeSet};

/// Every range starts at a multiple of this, as the protocol asks.
pub const ALIGNMENT: u64 = 64;

/// The bytes a range of `len` bytes takes: a multiple of [`ALIGNMENT`], at least one; `None` above 2^64.
pub fn span(len: u64) -> Option<u64> {
    len.max(1).checked_next_multiple_of(ALIGNMENT)
}

/// Free ranges of one arena.
///
/// Best fit, and the lowest offset among equals: what was released last is handed out again soon, while its pages are
/// still there and warm. Neighbouring free ranges are merged. All operations are O(log n).
#[derive(Debug)]
pub struct Allocator {
    capacity: u64,
    free: u64,
    by_offset: BTreeMap<u64, u64>,
    by_length: BTreeSet<(u64, u64)>,
}

impl Allocator {
    /// All of `capacity` bytes is free; what is below [`ALIGNMENT`] at the end is not used.
    pub fn new(capacity: u64) -> Self {
        let capacity = capacity & !(ALIGNMENT.wrapping_sub(1));
        let mut allocator = Self { capacity, free: 0, by_offset: BTreeMap::new(), by_length: BTreeSet::new() };
        if capacity > 0 {
            allocator.insert(0, capacity);
        }
        allocator
    }

    /// Bytes that are handed out.
    pub fn allocated_bytes(&self) -> u64 {
        self.capacity.saturating_sub(self.free)
    }

    /// Bytes that are free.
    pub fn free_bytes(&self) -> u64 {
        self.free
    }

    /// Bytes of the longest free range.
    pub fn largest_free(&self) -> u64 {
        self.by_length.last().map_or(0, |(length, _)| *length)
    }

    /// Takes the [`span`] of `len` bytes; `None` if no free range is long enough.
    pub fn allocate(&mut self, len: u64) -> Option<u64> {
        let wanted = span(len)?;
        let (found, offset) = *self.by_length.range((wanted, 0)..).next()?;
        self.remove(offset, found);
        if let Some(rest) = found.checked_sub(wanted).filter(|rest| *rest > 0) {
            self.insert(offset.checked_add(wanted)?, rest);
        }
        Some(offset)
    }

    /// Gives back what a range of `old` bytes takes more than one of `new` bytes.
    pub fn shrink(&mut self, offset: u64, old: u64, new: u64) {
        let (Some(old), Some(new)) = (span(old), span(new)) else {
            return;
        };
        if let (Some(rest), Some(start)) = (old.checked_sub(new).filter(|rest| *rest > 0), offset.checked_add(new)) {
            self.give_back(start, rest);
        }
    }

    /// Takes the first free range that reaches beyond `from`, at most `most` bytes of it. Says where it starts and how
    /// long it is; [`give_back`](Self::give_back) ends that.
    pub fn take_free(&mut self, from: u64, most: u64) -> Option<(u64, u64)> {
        let before = self.by_offset.range(..from).next_back().filter(|(o, l)| o.saturating_add(**l) > from);
        let (start, found) = before.or_else(|| self.by_offset.range(from..).next()).map(|(o, l)| (*o, *l))?;
        let end = start.checked_add(found)?;
        let offset = start.max(from);
        let taken = end.saturating_sub(offset).min(most);
        self.remove(start, found);
        if let Some(head) = offset.checked_sub(start).filter(|head| *head > 0) {
            self.insert(start, head);
        }
        let rest = offset.saturating_add(taken);
        if let Some(tail) = end.checked_sub(rest).filter(|tail| *tail > 0) {
            self.insert(rest, tail);
        }
        Some((offset, taken))
    }

    /// Gives back a range: the [`span`] of what was handed out, or what [`take_free`](Self::take_free) took.
    pub fn give_back(&mut self, mut offset: u64, mut len: u64) {
        let before = self.by_offset.range(..offset).next_back().map(|(o, l)| (*o, *l));
        if let Some((start, before)) = before.filter(|(o, l)| o.checked_add(*l) == Some(offset)) {
            self.remove(start, before);
            offset = start;
            len = len.saturating_add(before);
        }
        let end = offset.saturating_add(len);
        if let Some(after) = self.by_offset.get(&end).copied() {
            self.remove(end, after);
            len = len.saturating_add(after);
        }
        self.insert(offset, len);
    }

    fn insert(&mut self, offset: u64, len: u64) {
        self.by_offset.insert(offset, len);
        self.by_length.insert((len, offset));
        self.free = self.free.saturating_add(len);
    }

    fn remove(&mut self, offset: u64, len: u64) {
        self.by_offset.remove(&offset);
        self.by_length.remove(&(len, offset));
        self.free = self.free.saturating_sub(len);
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::arithmetic_side_effects, reason = "the model's numbers are small")]

    use super::*;
    use proptest::prelude::*;

    impl Allocator {
        /// Gives back the [`span`] of `len` bytes at `offset`, both as they were handed out.
        fn release(&mut self, offset: u64, len: u64) {
            self.give_back(offset, span(len).expect("it was handed out"));
        }
    }

    /// Every unit of the arena is free or taken; nothing cleverer.
    struct Model {
        taken: Vec<bool>,
    }

    impl Model {
        fn mark(&mut self, offset: u64, units: u64, taken: bool) {
            for unit in (offset / ALIGNMENT)..(offset / ALIGNMENT + units) {
                let slot = self.taken.get_mut(unit as usize).expect("inside the arena");
                assert_ne!(*slot, taken, "unit {unit} is handed out or released twice");
                *slot = taken;
            }
        }

        fn longest(&self) -> u64 {
            self.taken.split(|taken| *taken).map(<[bool]>::len).max().unwrap_or(0) as u64
        }

        fn runs(&self) -> usize {
            self.taken.split(|taken| *taken).filter(|run| !run.is_empty()).count()
        }
    }

    #[derive(Debug, Clone)]
    enum Step {
        Take(u64),
        Release(prop::sample::Index),
        Shrink(prop::sample::Index, u64),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            3 => (0u64..1000).prop_map(Step::Take),
            2 => any::<prop::sample::Index>().prop_map(Step::Release),
            1 => (any::<prop::sample::Index>(), 0u64..1000).prop_map(|(i, n)| Step::Shrink(i, n)),
        ];
        prop::collection::vec(step, 0..200)
    }

    proptest! {
        #[test]
        fn behaves_like_a_map_of_units(steps in steps(), units in 1u64..200) {
            let mut allocator = Allocator::new(units * ALIGNMENT + 7);
            let mut model = Model { taken: vec![false; units as usize] };
            let mut held: Vec<(u64, u64)> = Vec::new();
            for step in steps {
                match step {
                    Step::Take(len) => {
                        let needed = len.max(1).div_ceil(ALIGNMENT);
                        match allocator.allocate(len) {
                            Some(offset) => {
                                prop_assert_eq!(offset % ALIGNMENT, 0);
                                model.mark(offset, needed, true);
                                held.push((offset, len));
                            }
                            None => prop_assert!(model.longest() < needed, "a range that fits was not found"),
                        }
                    }
                    Step::Release(index) if !held.is_empty() => {
                        let (offset, len) = held.swap_remove(index.index(held.len()));
                        allocator.release(offset, len);
                        model.mark(offset, len.max(1).div_ceil(ALIGNMENT), false);
                    }
                    Step::Shrink(index, new) if !held.is_empty() => {
                        let at = index.index(held.len());
                        let (offset, old) = *held.get(at).expect("inside");
                        let new = new.min(old);
                        allocator.shrink(offset, old, new);
                        let kept = new.max(1).div_ceil(ALIGNMENT);
                        model.mark(offset + kept * ALIGNMENT, old.max(1).div_ceil(ALIGNMENT) - kept, false);
                        *held.get_mut(at).expect("inside") = (offset, new);
                    }
                    Step::Release(_) | Step::Shrink(..) => {}
                }
                let free = model.taken.iter().filter(|taken| !**taken).count() as u64;
                prop_assert_eq!(allocator.free_bytes(), free * ALIGNMENT);
                prop_assert_eq!(allocator.largest_free(), model.longest() * ALIGNMENT);
                prop_assert_eq!(allocator.allocated_bytes(), (units - free) * ALIGNMENT);
                prop_assert_eq!(allocator.by_offset.len(), model.runs(), "neighbours were not merged");
                prop_assert_eq!(allocator.by_length.len(), model.runs());
            }
        }
    }

    #[test]
    fn a_released_range_is_handed_out_again() {
        let mut allocator = Allocator::new(1 << 20);
        let first = allocator.allocate(4096).expect("fits");
        let second = allocator.allocate(4096).expect("fits");
        allocator.release(first, 4096);
        assert_eq!(allocator.allocate(4000), Some(first));
        assert_ne!(first, second);
    }

    #[test]
    fn free_ranges_are_taken_piece_by_piece() {
        let mut allocator = Allocator::new(10 * 64);
        let first = allocator.allocate(64).expect("fits");
        let middle = allocator.allocate(64).expect("fits");
        allocator.allocate(64).expect("fits");
        allocator.release(middle, 64);
        assert_eq!(allocator.take_free(first, 1000), Some((64, 64)));
        assert_eq!(allocator.allocate(64), Some(192), "what is taken is not handed out");
        assert_eq!(allocator.take_free(320, 128), Some((320, 128)));
        assert_eq!(allocator.take_free(448, 1000), Some((448, 192)));
        assert_eq!(allocator.take_free(640, 1000), None);
        for (offset, len) in [(320, 128), (64, 64), (448, 192)] {
            allocator.give_back(offset, len);
        }
        assert_eq!((allocator.allocated_bytes(), allocator.by_offset.len()), (3 * 64, 2));
    }

    #[test]
    fn absurd_lengths_do_not_fit() {
        let mut allocator = Allocator::new(1 << 20);
        assert_eq!(allocator.allocate(u64::MAX), None);
        assert_eq!(allocator.allocate(1 << 21), None);
        assert_eq!(Allocator::new(63).allocate(1), None);
    }
}
