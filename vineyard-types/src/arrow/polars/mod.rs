//! Columns of polars as arrays over the same buffers, and back.
//!
//! Its buffers own what holds the bytes, as Arrow's do, so neither way copies them. Bitmaps are the exception: polars makes
//! one of bytes of somebody else's by unsafe functions only, so towards polars the bits are copied, eight rows to a byte.

mod read;
mod write;

use polars_core::series::Series;

use super::array::ArrowArray;

/// A type that is not the same on the other side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Foreign {
    /// The type, or the type of a part of the column.
    pub(crate) found: String,
    /// Why it is not.
    pub(crate) problem: String,
}

impl Foreign {
    pub(crate) fn new(found: impl ToString, problem: impl ToString) -> Self {
        Self { found: found.to_string(), problem: problem.to_string() }
    }
}

/// The column as an array over its buffers. Copies what is in several pieces, and bits that do not start with a byte.
pub(crate) fn from_series(series: &Series) -> Result<ArrowArray, Foreign> {
    let series = if series.n_chunks() == 1 { series.clone() } else { series.rechunk() };
    let whole = series.chunks().first().ok_or_else(|| Foreign::new(series.dtype(), "it has no pieces"))?;
    read::node(whole.as_ref(), series.dtype()).map(ArrowArray::of)
}

pub(crate) use write::to_series;
