//! Views as the matrices of the crate `sprs`, and back.

use sprs::errors::StructureError;
use sprs::{CsMatI, CsMatViewI, SpIndex};

use super::{CscMatrix, CsrMatrix, Indices, SparseError};
use crate::numeric::Numeric;

mod sealed {
    pub trait Sealed {}
}

/// The types of indices that scipy has: `i32` and `i64`.
pub trait SparseIndex: SpIndex + sealed::Sealed {
    #[doc(hidden)]
    fn of(indices: &Indices) -> Option<&[Self]>;

    #[doc(hidden)]
    fn store(indices: Vec<Self>) -> Indices;
}

macro_rules! indices {
    ($($index:ty: $as_slice:ident;)*) => {$(
        impl sealed::Sealed for $index {}

        impl SparseIndex for $index {
            fn of(indices: &Indices) -> Option<&[Self]> {
                indices.$as_slice()
            }

            fn store(indices: Vec<Self>) -> Indices {
                indices.into()
            }
        }
    )*};
}

indices! {
    i32: as_i32;
    i64: as_i64;
}

/// A matrix that `sprs` cannot view.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SprsError {
    /// The indices have another width.
    #[error("offsets and indices are not both of {expected}")]
    Width {
        /// The type asked for.
        expected: &'static str,
    },
    /// More rows or columns than this machine counts.
    #[error("a shape of {shape:?} is too large")]
    Shape {
        /// Rows and columns.
        shape: [u64; 2],
    },
    /// What `sprs` asks of a matrix beyond what this library does: indices in order, and none twice.
    #[error(transparent)]
    Structure(#[from] StructureError),
}

/// Offsets, indices and values of a matrix as slices, and its shape.
type Parts<'a, T, I> = ((usize, usize), &'a [I], &'a [I], &'a [T]);

fn parts<'a, T, I: SparseIndex>(
    shape: [u64; 2],
    offsets: &'a Indices,
    indices: &'a Indices,
    values: &'a [T],
) -> Result<Parts<'a, T, I>, SprsError> {
    let (Some(offsets), Some(indices)) = (I::of(offsets), I::of(indices)) else {
        return Err(SprsError::Width { expected: std::any::type_name::<I>() });
    };
    let [rows, columns] = shape.map(usize::try_from);
    let (Ok(rows), Ok(columns)) = (rows, columns) else { return Err(SprsError::Shape { shape }) };
    // Without what scipy leaves to spare.
    Ok(((rows, columns), offsets, indices.get(..values.len()).unwrap_or(indices), values))
}

macro_rules! views {
    ($($matrix:ident, $try_new:ident, $layout:literal, $is_layout:ident;)*) => {$(
        impl<T: Numeric> $matrix<T> {
            /// The matrix as one of `sprs`, without a copy. `I` is the type of the indices, `i32` or `i64`.
            ///
            /// # Errors
            ///
            /// [`SprsError`] if the indices are of another type, or not in order in each row or column.
            pub fn as_sprs<I: SparseIndex>(&self) -> Result<CsMatViewI<'_, T, I>, SprsError> {
                let (shape, offsets, indices, values) =
                    parts(self.shape(), self.offsets(), self.indices(), self.values())?;
                let view = CsMatViewI::$try_new(shape, offsets, indices, values);
                view.map_err(|(_, _, _, error)| error.into())
            }

            #[doc = concat!("A matrix of `sprs` in ", $layout, ", without a copy; one in the other layout is converted.")]
            ///
            /// # Errors
            ///
            /// [`SparseError`] only if `sprs` breaks its own rules.
            pub fn from_sprs<I: SparseIndex>(matrix: CsMatI<T, I>) -> Result<Self, SparseError>
            where
                T: Default,
            {
                let matrix = if matrix.$is_layout() { matrix } else { matrix.to_other_storage() };
                let (rows, columns) = matrix.shape();
                // A part of a larger matrix has offsets that start later.
                let offsets = matrix.proper_indptr().into_owned();
                let (_, indices, values) = matrix.into_raw_storage();
                Self::new([rows as u64, columns as u64], I::store(offsets), I::store(indices), values)
            }
        }
    )*};
}

views! {
    CsrMatrix, try_new, "rows", is_csr;
    CscMatrix, try_new_csc, "columns", is_csc;
}
