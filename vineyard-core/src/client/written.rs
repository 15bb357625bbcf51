//! Which parts of an arena this process has written.

use std::collections::BTreeMap;

/// Parts as start and end, in order and apart from each other.
#[derive(Debug, Default)]
pub(super) struct Written {
    parts: BTreeMap<u64, u64>,
}

impl Written {
    /// Adds a part. Whether all of it was there already. O(log n), and the parts that are merged by it.
    pub(super) fn add(&mut self, offset: u64, nbytes: u64) -> bool {
        let (mut start, mut end) = (offset, offset.saturating_add(nbytes));
        while let Some((found, found_end)) = self.parts.range(..=end).next_back().map(|(start, end)| (*start, *end)) {
            if found_end < start {
                break;
            }
            if found <= start && end <= found_end {
                // What was merged before this makes the part wider than it was.
                return (start, end) == (offset, offset.saturating_add(nbytes));
            }
            self.parts.remove(&found);
            (start, end) = (start.min(found), end.max(found_end));
        }
        self.parts.insert(start, end);
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn behaves_like_a_set_of_bytes(parts in prop::collection::vec((0u64..60, 1u64..12), 0..40)) {
            let mut written = Written::default();
            let mut model = [false; 80];
            for (offset, nbytes) in parts {
                let there = &mut model[offset as usize..(offset + nbytes) as usize];
                prop_assert_eq!(written.add(offset, nbytes), there.iter().all(|byte| *byte));
                there.fill(true);
                let runs = model.split(|byte| !byte).filter(|run| !run.is_empty()).count();
                prop_assert_eq!(written.parts.len(), runs);
            }
        }
    }

    #[test]
    fn absurd_parts_are_harmless() {
        let mut written = Written::default();
        assert!(!written.add(u64::MAX, u64::MAX));
        assert!(!written.add(0, u64::MAX));
        assert!(written.add(5, 1 << 40));
    }
}
