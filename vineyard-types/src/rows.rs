//! Ranges of rows.

use std::ops::{Bound, Range, RangeBounds};

/// Rows that are not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("rows {start} to {end} do not lie inside of {found} rows")]
#[non_exhaustive]
pub struct RowsError {
    /// The first row that was asked for.
    pub start: usize,
    /// The row after the last one that was asked for.
    pub end: usize,
    /// How many rows there are.
    pub found: usize,
}

/// Where a range of so many rows starts and ends.
pub(crate) fn within(range: impl RangeBounds<usize>, found: usize) -> Result<Range<usize>, RowsError> {
    // Bounds that cannot be counted lie outside in any case.
    let start = match range.start_bound() {
        Bound::Included(start) => *start,
        Bound::Excluded(before) => before.saturating_add(1),
        Bound::Unbounded => 0,
    };
    let end = match range.end_bound() {
        Bound::Included(&usize::MAX) => return Err(RowsError { start, end: usize::MAX, found }),
        Bound::Included(last) => last.saturating_add(1),
        Bound::Excluded(end) => *end,
        Bound::Unbounded => found,
    };
    if start <= end && end <= found { Ok(start..end) } else { Err(RowsError { start, end, found }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_range_is_understood() {
        assert_eq!(within(.., 5), Ok(0..5));
        assert_eq!(within(2.., 5), Ok(2..5));
        assert_eq!(within(..=3, 5), Ok(0..4));
        assert_eq!(within((Bound::Excluded(1), Bound::Excluded(5)), 5), Ok(2..5));
        assert_eq!(within(5..5, 5), Ok(5..5));
    }

    #[test]
    fn rows_that_are_not_there_are_refused() {
        assert_eq!(within(2..6, 5), Err(RowsError { start: 2, end: 6, found: 5 }));
        assert_eq!(
            within(6.., 5).map_err(|error| error.to_string()),
            Err("rows 6 to 5 do not lie inside of 5 rows".into())
        );
        #[expect(clippy::reversed_empty_ranges, reason = "it is to be refused")]
        let reversed = within(3..2, 5);
        assert!(reversed.is_err());
        assert!(within(..=usize::MAX, usize::MAX).is_err());
        assert!(within((Bound::Excluded(usize::MAX), Bound::Unbounded), 5).is_err());
    }
}
