//! Hands out ranges, and knows which free pages are likely to be in memory. Pure: it knows offsets, not memory.

use super::ranges::Ranges;

/// Every range starts at a multiple of this, as the protocol asks.
pub const ALIGNMENT: u64 = 64;

/// What the system gives and takes memory by.
pub const PAGE: u64 = 4096;

/// The bytes a range of `len` bytes takes: a multiple of [`ALIGNMENT`], at least one; `None` above 2^64.
pub fn span(len: u64) -> Option<u64> {
    len.max(1).checked_next_multiple_of(ALIGNMENT)
}

/// A range that was handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// Where it starts.
    pub offset: u64,
    /// Bytes of its pages that nobody had touched.
    pub fresh: u64,
    /// Bytes of its pages that were free and warm.
    pub warmed: u64,
}

/// Free ranges of a space whose pages belong to nobody else, and the *warm* pages among them: wholly free, and touched
/// since they were last given back to the system.
///
/// Best fit, and the lowest offset among equals: what was released last is handed out again soon, while its pages are
/// still there. Neighbouring free ranges are merged. All operations are O(log n).
#[derive(Debug, Default)]
pub struct Space {
    /// Bytes that are free or handed out.
    size: u64,
    free: Ranges,
    warm: Ranges,
}

/// The whole pages of a range, as their start and end; nothing has an end that is not behind its start.
fn whole_pages((offset, length): (u64, u64)) -> (u64, u64) {
    let end = offset.saturating_add(length);
    (offset.checked_next_multiple_of(PAGE).unwrap_or(end), end & !(PAGE.wrapping_sub(1)))
}

/// All pages that a range has a part of.
fn pages_of(offset: u64, length: u64) -> (u64, u64) {
    let end = offset.saturating_add(length);
    (offset & !(PAGE.wrapping_sub(1)), end.checked_next_multiple_of(PAGE).unwrap_or(end))
}

/// The pages of a range that are free with the free range that it is a part of.
fn free_pages(offset: u64, length: u64, around: (u64, u64)) -> (u64, u64) {
    let (first, last) = pages_of(offset, length);
    let (start, end) = whole_pages(around);
    (first.max(start), last.min(end))
}

impl Space {
    /// All of `size` bytes, a multiple of [`PAGE`], is free, and no page was touched.
    pub fn new(size: u64) -> Self {
        let mut space = Self::default();
        space.gain((0, size), std::iter::empty());
        space
    }

    /// Bytes that are handed out.
    pub fn allocated_bytes(&self) -> u64 {
        self.size.saturating_sub(self.free.total())
    }

    /// Bytes of free pages that may be in memory.
    pub fn warm_bytes(&self) -> u64 {
        self.warm.total()
    }

    /// The longest run of warm pages, in bytes.
    pub fn longest_warm(&self) -> u64 {
        self.warm.longest()
    }

    /// The length of the longest free range.
    pub fn longest_free(&self) -> u64 {
        self.free.longest()
    }

    /// Bytes of pages that [`allocate`](Self::allocate) would touch anew; `None` if no free range is long enough.
    pub fn fresh_for(&self, len: u64) -> Option<u64> {
        let wanted = span(len)?;
        let found = self.free.best(wanted)?;
        let (start, end) = free_pages(found.0, wanted, found);
        let needed = end.saturating_sub(start);
        // One look is enough: pages that are warm in pieces are worth less anyway.
        let warm = self.warm.containing(start).map_or(0, |(o, l)| o.saturating_add(l).min(end).saturating_sub(start));
        Some(needed.saturating_sub(warm))
    }

    /// Takes the [`span`] of `len` bytes; `None` if no free range is long enough.
    pub fn allocate(&mut self, len: u64) -> Option<Taken> {
        let wanted = span(len)?;
        let found = self.free.best(wanted)?;
        Some(self.take(found, found.0, wanted))
    }

    /// Takes a part of a free range.
    fn take(&mut self, found: (u64, u64), offset: u64, length: u64) -> Taken {
        self.free.remove(offset, offset.saturating_add(length));
        let (start, end) = free_pages(offset, length, found);
        if start >= end {
            return Taken { offset, fresh: 0, warmed: 0 };
        }
        let warmed = if self.warm.total() > 0 { self.warm.remove(start, end).total() } else { 0 };
        Taken { offset, fresh: end.saturating_sub(start).saturating_sub(warmed), warmed }
    }

    /// Gives back a range, a multiple of [`ALIGNMENT`]. Returns the pages that are wholly free by that, and warm from
    /// now on, as offset and length.
    pub fn give_back(&mut self, offset: u64, length: u64) -> (u64, u64) {
        let merged = self.free.insert(offset, length);
        let (start, end) = free_pages(offset, length, merged);
        let pages = end.saturating_sub(start);
        self.warm.insert(start, pages);
        (start, pages)
    }

    /// Takes the longest run of warm pages if it has at least `least` bytes: its end, at most `most` bytes of it. Ends
    /// with [`restore`](Self::restore).
    pub fn reserve_longest(&mut self, least: u64, most: u64) -> Option<(u64, u64)> {
        let (offset, length) = self.warm.at_least(least.max(PAGE)).next()?;
        let taken = length.min(most.checked_next_multiple_of(PAGE)?);
        let start = offset.saturating_add(length.saturating_sub(taken));
        self.reserve(start, taken);
        Some((start, taken))
    }

    /// Takes pages that are free and warm. Ends with [`restore`](Self::restore).
    pub fn reserve(&mut self, start: u64, length: u64) {
        let end = start.saturating_add(length);
        self.warm.remove(start, end);
        self.free.remove(start, end);
    }

    /// Gives pages back that were reserved, and are not in memory any more.
    pub fn restore(&mut self, start: u64, length: u64) {
        self.free.insert(start, length);
    }

    /// Pages of a free range are in memory from now on, without having been handed out.
    pub fn populate(&mut self, start: u64, length: u64) {
        self.warm.insert(start, length);
    }

    /// A free range of at least `length` bytes that consists of whole pages; its place.
    pub fn find_pages(&self, length: u64) -> Option<u64> {
        let (offset, _) = self.free.best(length.checked_add(PAGE)?)?;
        offset.checked_next_multiple_of(PAGE)
    }

    /// All free ranges of at least `length` bytes, the longest first.
    pub fn free_at_least(&self, length: u64) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.free.at_least(length)
    }

    /// Lets another space have a free range of whole pages.
    pub fn cede(&mut self, range: (u64, u64), other: &mut Self) {
        let (start, end) = (range.0, range.0.saturating_add(range.1));
        self.free.remove(start, end);
        let warm = self.warm.remove(start, end);
        self.size = self.size.saturating_sub(range.1);
        other.gain(range, warm.iter());
    }

    fn gain(&mut self, (start, length): (u64, u64), warm: impl Iterator<Item = (u64, u64)>) {
        self.size = self.size.saturating_add(length);
        self.free.insert(start, length);
        for (offset, length) in warm {
            self.warm.insert(offset, length);
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::arithmetic_side_effects, reason = "the model's numbers are small")]

    use super::*;
    use proptest::prelude::*;

    const UNITS_OF_A_PAGE: usize = (PAGE / ALIGNMENT) as usize;

    /// Every unit of the space is free or taken, every page touched or not; nothing cleverer.
    struct Model {
        taken: Vec<bool>,
        touched: Vec<bool>,
    }

    impl Model {
        fn new(pages: usize) -> Self {
            Self { taken: vec![false; pages * UNITS_OF_A_PAGE], touched: vec![false; pages] }
        }

        /// Returns the bytes of pages that were not touched before, and those that were warm.
        fn take(&mut self, offset: u64, units: usize) -> (u64, u64) {
            let first = (offset / ALIGNMENT) as usize;
            let (mut fresh, mut warmed) = (0, 0);
            for page in first / UNITS_OF_A_PAGE..=(first + units - 1) / UNITS_OF_A_PAGE {
                if !self.touched[page] {
                    fresh += PAGE;
                } else if self.is_free(page) {
                    warmed += PAGE;
                }
                self.touched[page] = true;
            }
            self.mark(first, units, true);
            (fresh, warmed)
        }

        fn mark(&mut self, first: usize, units: usize, taken: bool) {
            for unit in first..first + units {
                assert_ne!(self.taken[unit], taken, "unit {unit} is handed out or released twice");
                self.taken[unit] = taken;
            }
        }

        fn is_free(&self, page: usize) -> bool {
            self.taken[page * UNITS_OF_A_PAGE..(page + 1) * UNITS_OF_A_PAGE].iter().all(|taken| !taken)
        }

        fn warm(&self) -> u64 {
            (0..self.touched.len()).filter(|page| self.touched[*page] && self.is_free(*page)).count() as u64 * PAGE
        }

        fn longest(&self) -> usize {
            self.taken.split(|taken| *taken).map(<[bool]>::len).max().unwrap_or(0)
        }
    }

    #[derive(Debug, Clone)]
    enum Step {
        Take(u64),
        Release(prop::sample::Index),
        /// Gives the end of a range back.
        Shrink(prop::sample::Index, u64),
        /// Takes warm pages, and gives them back cold.
        Punch(u64, u64),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let length = || prop_oneof![3 => 0u64..1000, 1 => 0u64..40_000];
        let step = prop_oneof![
            4 => length().prop_map(Step::Take),
            3 => any::<prop::sample::Index>().prop_map(Step::Release),
            1 => (any::<prop::sample::Index>(), length()).prop_map(|(i, n)| Step::Shrink(i, n)),
            1 => (0u64..10_000, 1u64..20_000).prop_map(|(least, most)| Step::Punch(least, most)),
        ];
        prop::collection::vec(step, 0..200)
    }

    fn units(len: u64) -> usize {
        usize::try_from(len.max(1).div_ceil(ALIGNMENT)).expect("small")
    }

    proptest! {
        #[test]
        fn behaves_like_a_map_of_units_and_pages(steps in steps(), pages in 1usize..40) {
            let mut space = Space::new(pages as u64 * PAGE);
            let mut model = Model::new(pages);
            let mut held: Vec<(u64, u64)> = Vec::new();
            for step in steps {
                match step {
                    Step::Take(len) => {
                        let foreseen = space.fresh_for(len);
                        match space.allocate(len) {
                            Some(taken) => {
                                prop_assert_eq!(taken.offset % ALIGNMENT, 0);
                                prop_assert_eq!((taken.fresh, taken.warmed), model.take(taken.offset, units(len)));
                                prop_assert!(foreseen.is_some_and(|foreseen| foreseen >= taken.fresh));
                                held.push((taken.offset, len));
                            }
                            None => prop_assert!(model.longest() < units(len), "a range that fits was not found"),
                        }
                    }
                    Step::Release(index) if !held.is_empty() => {
                        let (offset, len) = held.swap_remove(index.index(held.len()));
                        space.give_back(offset, span(len).expect("small"));
                        model.mark((offset / ALIGNMENT) as usize, units(len), false);
                    }
                    Step::Shrink(index, new) if !held.is_empty() => {
                        let at = index.index(held.len());
                        let (offset, old) = held[at];
                        let new = new.min(old);
                        let (kept, rest) = (units(new), units(old) - units(new));
                        if rest > 0 {
                            space.give_back(offset + kept as u64 * ALIGNMENT, rest as u64 * ALIGNMENT);
                            model.mark((offset / ALIGNMENT) as usize + kept, rest, false);
                        }
                        held[at] = (offset, new);
                    }
                    Step::Punch(least, most) => {
                        let longest = space.longest_warm();
                        let Some((start, length)) = space.reserve_longest(least, most) else {
                            prop_assert!(longest < least.max(PAGE));
                            continue;
                        };
                        prop_assert_eq!((start % PAGE, length % PAGE), (0, 0));
                        prop_assert!(length <= most.next_multiple_of(PAGE) && length <= longest);
                        for page in (start / PAGE) as usize..((start + length) / PAGE) as usize {
                            prop_assert!(model.is_free(page) && model.touched[page]);
                            model.touched[page] = false;
                        }
                        space.restore(start, length);
                    }
                    Step::Release(_) | Step::Shrink(..) => {}
                }
                let free = model.taken.iter().filter(|taken| !**taken).count() as u64 * ALIGNMENT;
                prop_assert_eq!(space.allocated_bytes(), pages as u64 * PAGE - free);
                prop_assert_eq!(space.longest_free(), model.longest() as u64 * ALIGNMENT);
                prop_assert_eq!(space.warm_bytes(), model.warm());
            }
        }
    }

    #[test]
    fn a_released_range_is_handed_out_again_warm() {
        let mut space = Space::new(1 << 20);
        let first = space.allocate(8192).expect("fits");
        let second = space.allocate(4096).expect("fits");
        assert_eq!((first.fresh, second.offset), (8192, 8192));
        assert_eq!(space.give_back(first.offset, 8192), (0, 8192));
        assert_eq!(space.fresh_for(8000), Some(0));
        assert_eq!(space.allocate(8000), Some(Taken { offset: 0, fresh: 0, warmed: 8192 }));
    }

    #[test]
    fn pages_pass_between_spaces_with_their_warmth() {
        let (mut large, mut small) = (Space::new(1 << 20), Space::default());
        let head = large.allocate(100).expect("fits");
        let touched = large.allocate(16 << 10).expect("fits");
        large.give_back(touched.offset, 16 << 10);
        assert_eq!((touched.fresh, large.warm_bytes()), (16 << 10, 16 << 10), "the first page is shared");
        let start = large.find_pages(8 << 10).expect("there is room");
        large.cede((start, 8 << 10), &mut small);
        assert_eq!((start, large.warm_bytes(), small.warm_bytes()), (4096, 8 << 10, 8 << 10));
        assert_eq!(small.allocate(9 << 10), None);
        assert_eq!(small.allocate(100), Some(Taken { offset: 4096, fresh: 0, warmed: 4096 }));
        assert_eq!(small.allocated_bytes() + large.allocated_bytes(), 128 + 128);
        small.give_back(4096, 128);
        small.cede((4096, 8 << 10), &mut large);
        assert_eq!((small.longest_free(), large.longest_free()), (0, (1 << 20) - 128));
        large.give_back(head.offset, 128);
        assert_eq!((large.warm_bytes(), large.allocated_bytes()), ((16 << 10) + 4096, 0));
    }

    #[test]
    fn absurd_lengths_do_not_fit() {
        let mut space = Space::new(1 << 20);
        assert_eq!(space.allocate(u64::MAX), None);
        assert_eq!(space.allocate(1 << 21), None);
        assert_eq!(Space::default().allocate(1), None);
    }
}
