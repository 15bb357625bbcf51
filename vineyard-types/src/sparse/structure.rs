//! What must hold of the parts of a sparse matrix.

use super::Indices;

/// Parts that do not make a sparse matrix.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SparseError {
    /// A part has another length than the others ask for.
    #[error("{found} {part}, expected {expected}")]
    Length {
        /// What part.
        part: &'static str,
        /// How many there are.
        found: usize,
        /// How many there should be.
        expected: u64,
    },
    /// The offsets do not start at 0, or run backwards.
    #[error("offset {place} is {found}, expected {expected}")]
    Offset {
        /// Which offset.
        place: usize,
        /// What it is.
        found: i64,
        /// What it should be.
        expected: String,
    },
    /// An index lies outside of the matrix.
    #[error("index {place} is {found}, and there are {count}")]
    Index {
        /// Which index.
        place: usize,
        /// What it is.
        found: i64,
        /// How many rows or columns there are.
        count: u64,
    },
    /// The indices are said to be in order, and are not.
    #[error("the indices are said to be in order, and index {place} is not")]
    Unsorted {
        /// The first index that is smaller than the one before.
        place: usize,
    },
    /// Two diagonals are the same.
    #[error("diagonals {} and {} both have the offset {offset}", places[0], places[1])]
    Twice {
        /// Which diagonals.
        places: [usize; 2],
        /// Their offset.
        offset: i64,
    },
    /// The blocks do not tile the matrix.
    #[error("a matrix of shape {shape:?} cannot consist of blocks of {block:?}")]
    Block {
        /// Rows and columns of the matrix.
        shape: [u64; 2],
        /// Rows and columns of a block.
        block: [u64; 2],
    },
    /// The values of blocks have another shape than one block for each index.
    #[error("the values have the shape {found:?}, expected {expected:?}")]
    Shape {
        /// The shape that they have.
        found: Vec<u64>,
        /// The shape that they should have.
        expected: Vec<u64>,
    },
}

/// Rows or columns whose offsets say which indices are theirs.
pub(super) struct Compressed<'a> {
    /// Rows of a matrix in rows.
    pub majors: u64,
    /// Columns of a matrix in rows.
    pub minors: u64,
    /// How many values there are for the indices.
    pub values: usize,
    pub offsets: &'a Indices,
    pub indices: &'a Indices,
}

impl Compressed<'_> {
    /// Checks everything but the order; O(offsets + indices). Returns how many indices are used.
    pub fn check(&self) -> Result<usize, SparseError> {
        let found = self.offsets.len();
        if self.majors.checked_add(1) != Some(found as u64) {
            return Err(SparseError::Length { part: "offsets", found, expected: self.majors.saturating_add(1) });
        }
        let mut before = 0;
        for (place, offset) in self.offsets.iter().enumerate() {
            if place == 0 && offset != 0 {
                return Err(SparseError::Offset { place, found: offset, expected: "0".to_owned() });
            }
            if offset < before {
                return Err(SparseError::Offset { place, found: offset, expected: format!("{before} at least") });
            }
            before = offset;
        }
        // Not negative, for it is not smaller than the first one.
        let used = usize::try_from(before).unwrap_or(usize::MAX);
        // scipy leaves room to spare behind what is used.
        for (part, found) in [("indices", self.indices.len()), ("values", self.values)] {
            if found < used {
                return Err(SparseError::Length { part, found, expected: used as u64 });
            }
        }
        check_indices(self.indices.iter().take(used), self.minors)?;
        Ok(used)
    }

    /// The first index that is smaller than the one before it in its row or column.
    pub fn first_unsorted(&self) -> Option<usize> {
        let starts = self.offsets.iter().zip(self.offsets.iter().skip(1));
        for (start, end) in starts {
            let (start, end) = (usize::try_from(start).ok()?, usize::try_from(end).ok()?);
            let mut before = None;
            for place in start..end {
                let index = self.indices.get(place);
                if index < before {
                    return Some(place);
                }
                before = index;
            }
        }
        None
    }
}

/// Checks that indices are at least 0 and below a count. O(indices).
pub(super) fn check_indices(indices: impl Iterator<Item = i64>, count: u64) -> Result<(), SparseError> {
    for (place, found) in indices.enumerate() {
        if u64::try_from(found).map_or(true, |found| found >= count) {
            return Err(SparseError::Index { place, found, count });
        }
    }
    Ok(())
}
