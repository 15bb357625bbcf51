//! A set of ranges of bytes, found by place and by length. Pure.

use std::collections::{BTreeMap, BTreeSet};

/// Ranges that do not overlap; neighbours are one range. All operations are O(log n) for each range they meet.
#[derive(Debug, Default)]
pub struct Ranges {
    total: u64,
    by_offset: BTreeMap<u64, u64>,
    by_length: BTreeSet<(u64, u64)>,
}

impl Ranges {
    /// Bytes of all ranges.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The length of the longest range, 0 if there is none.
    pub fn longest(&self) -> u64 {
        self.by_length.last().map_or(0, |(length, _)| *length)
    }

    /// The shortest range of at least `length` bytes, the lowest of several, as offset and length.
    pub fn best(&self, length: u64) -> Option<(u64, u64)> {
        self.by_length.range((length, 0)..).next().map(|(length, offset)| (*offset, *length))
    }

    /// All ranges of at least `length` bytes, the longest first.
    pub fn at_least(&self, length: u64) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.by_length.range((length, 0)..).rev().map(|(length, offset)| (*offset, *length))
    }

    /// The range that `offset` lies in.
    pub fn containing(&self, offset: u64) -> Option<(u64, u64)> {
        let (start, length) = self.by_offset.range(..=offset).next_back().map(|(start, length)| (*start, *length))?;
        (start.saturating_add(length) > offset).then_some((start, length))
    }

    /// Adds a range, of which nothing is there yet. Returns the range that it is a part of now.
    pub fn insert(&mut self, mut offset: u64, mut length: u64) -> (u64, u64) {
        if length == 0 {
            return (offset, 0);
        }
        let before = self.by_offset.range(..offset).next_back().map(|(o, l)| (*o, *l));
        if let Some((start, before)) = before.filter(|(o, l)| o.saturating_add(*l) == offset) {
            self.delete(start, before);
            (offset, length) = (start, length.saturating_add(before));
        }
        let end = offset.saturating_add(length);
        if let Some(after) = self.by_offset.get(&end).copied() {
            self.delete(end, after);
            length = length.saturating_add(after);
        }
        self.add(offset, length);
        (offset, length)
    }

    /// Takes whatever is there between `start` and `end` out, and returns it.
    pub fn remove(&mut self, start: u64, end: u64) -> Removed {
        let mut removed = Removed::default();
        let mut next = self.containing(start).or_else(|| self.first_from(start));
        while let Some((offset, length)) = next.filter(|(offset, _)| *offset < end) {
            self.delete(offset, length);
            let behind = offset.saturating_add(length);
            if offset < start {
                self.add(offset, start.saturating_sub(offset));
            }
            if behind > end {
                self.add(end, behind.saturating_sub(end));
            }
            removed.push(offset.max(start), behind.min(end));
            next = self.first_from(behind);
        }
        removed
    }

    fn first_from(&self, offset: u64) -> Option<(u64, u64)> {
        self.by_offset.range(offset..).next().map(|(offset, length)| (*offset, *length))
    }

    fn add(&mut self, offset: u64, length: u64) {
        self.by_offset.insert(offset, length);
        self.by_length.insert((length, offset));
        self.total = self.total.saturating_add(length);
    }

    fn delete(&mut self, offset: u64, length: u64) {
        self.by_offset.remove(&offset);
        self.by_length.remove(&(length, offset));
        self.total = self.total.saturating_sub(length);
    }
}

/// What was taken out of a set: mostly one range, which needs no memory of its own.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Removed {
    first: Option<(u64, u64)>,
    others: Vec<(u64, u64)>,
}

impl Removed {
    fn push(&mut self, start: u64, end: u64) {
        let range = (start, end.saturating_sub(start));
        match self.first {
            None => self.first = Some(range),
            Some(_) => self.others.push(range),
        }
    }

    /// Bytes in all.
    pub fn total(&self) -> u64 {
        self.iter().fold(0, |sum, (_, length)| sum.saturating_add(length))
    }

    /// The ranges, as offsets and lengths, from the lowest on.
    pub fn iter(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.first.iter().chain(&self.others).copied()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::arithmetic_side_effects, reason = "the model's numbers are small")]

    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn behaves_like_a_row_of_bytes(steps in prop::collection::vec((0u64..200, 1u64..40, any::<bool>()), 0..150)) {
            let mut ranges = Ranges::default();
            let mut model = vec![false; 240];
            for (start, length, add) in steps {
                let row = start as usize..(start + length) as usize;
                if add {
                    // What is there already must not be added.
                    for byte in row.filter(|byte| !model[*byte]).collect::<Vec<_>>() {
                        let (offset, length) = ranges.insert(byte as u64, 1);
                        model[byte] = true;
                        prop_assert!(model[offset as usize..(offset + length) as usize].iter().all(|there| *there));
                    }
                } else {
                    let there: Vec<u64> = row.clone().filter(|byte| model[*byte]).map(|byte| byte as u64).collect();
                    let removed = ranges.remove(start, start + length);
                    let listed: Vec<u64> = removed.iter().flat_map(|(offset, length)| offset..offset + length).collect();
                    prop_assert_eq!((removed.total(), &listed), (there.len() as u64, &there));
                    model[row].fill(false);
                }
                let runs: Vec<_> = model.split(|there| !there).map(<[bool]>::len).filter(|length| *length > 0).collect();
                prop_assert_eq!(ranges.by_offset.len(), runs.len(), "neighbours are apart");
                prop_assert_eq!(ranges.by_length.len(), runs.len());
                prop_assert_eq!(ranges.total(), runs.iter().sum::<usize>() as u64);
                prop_assert_eq!(ranges.longest(), runs.iter().copied().max().unwrap_or(0) as u64);
                let best = ranges.best(length).map(|(_, found)| found);
                prop_assert_eq!(best, runs.iter().map(|run| *run as u64).filter(|run| *run >= length).min());
                prop_assert_eq!(ranges.containing(start).is_some(), model[start as usize]);
                let long = runs.iter().filter(|run| **run as u64 >= length).count();
                prop_assert_eq!(ranges.at_least(length).count(), long);
            }
        }
    }
}
