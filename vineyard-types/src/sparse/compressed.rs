//! Matrices in compressed rows or columns.

use half::f16;
use num_complex::Complex;
use vineyard_core::{Array, Object};

use super::structure::{Compressed, SparseError};
use super::{Indices, two};
use crate::dtype::ValueType;
use crate::numeric::{Bool8, Numeric};
use crate::tensor::Tensor;

macro_rules! compressed {
    ($(
        $(#[$doc:meta])* $matrix:ident, $typename:literal, $lane:ident, $lanes:literal, $other:literal,
        [$rows:ident, $columns:ident], $majors:ident, $minors:ident $(, $sorted:ident)?;
    )*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Object)]
        #[object(
            typename = $typename,
            validate = Self::check,
            register(<i8>, <i16>, <i32>, <i64>, <u8>, <u16>, <u32>, <u64>, <f16>, <f32>, <f64>, <Complex<f32>>,
                     <Complex<f64>>, <Bool8>)
        )]
        pub struct $matrix<T: Numeric> {
            #[object(rename = "value_type_", default)]
            value_type: ValueType<T>,
            #[object(rename = "shape_")]
            shape: [u64; 2],
            #[object(default = two)]
            ndim: u64,
            nnz: u64,
            $(#[object(default)]
            $sorted: bool,)?
            #[object(rename = "partition_index_", default)]
            partition_index: Vec<i64>,
            data: Tensor<T>,
            indices: Indices,
            indptr: Indices,
        }

        impl<T: Numeric> $matrix<T> {
            #[doc = concat!("A matrix of this shape (rows, columns): the indices of ", $other, " and the values of each")]
            #[doc = concat!("of its ", $lanes, ", from one offset to the next. Nothing is copied; O(offsets + indices)")]
            /// for the checks.
            ///
            /// # Errors
            ///
            /// [`SparseError`] if the lengths do not fit, the offsets do not start at 0 or run backwards, or an index
            /// lies outside of the shape.
            pub fn new(
                shape: [u64; 2],
                indptr: impl Into<Indices>,
                indices: impl Into<Indices>,
                data: impl Into<Array<T>>,
            ) -> Result<Self, SparseError> {
                let [indptr, indices] = [indptr.into(), indices.into()];
                let mut matrix = Self {
                    value_type: ValueType::default(),
                    shape,
                    ndim: 2,
                    nnz: 0,
                    $($sorted: false,)?
                    partition_index: Vec::new(),
                    data: Tensor::from(data.into()),
                    indices,
                    indptr,
                };
                matrix.nnz = matrix.parts().check()? as u64;
                $(matrix.$sorted = matrix.parts().first_unsorted().is_none();)?
                Ok(matrix)
            }

            /// Rows and columns.
            pub fn shape(&self) -> [u64; 2] {
                self.shape
            }

            /// How many values are stored; zeros may be among them.
            pub fn nnz(&self) -> usize {
                usize::try_from(self.nnz).unwrap_or(usize::MAX)
            }

            #[doc = concat!("Where each of the ", $lanes, " starts, and where the last one ends.")]
            pub fn offsets(&self) -> &Indices {
                &self.indptr
            }

            #[doc = concat!("The indices of ", $other, " of all values.")]
            pub fn indices(&self) -> &Indices {
                &self.indices
            }

            /// All values.
            pub fn values(&self) -> &[T] {
                self.data.as_slice().get(..self.nnz()).unwrap_or_default()
            }

            #[doc = concat!("The indices and values in one of the ", $lanes, "; `None` outside of the matrix.")]
            pub fn $lane(&self, place: usize) -> Option<impl Iterator<Item = (u64, &T)>> {
                let [start, end] = [self.indptr.get(place)?, self.indptr.get(place.checked_add(1)?)?];
                let range = usize::try_from(start).ok()?..usize::try_from(end).ok()?;
                let values = self.data.as_slice().get(range.clone())?;
                // `check` has seen that no index is negative.
                let indices = range.filter_map(|place| self.indices.get(place)?.try_into().ok());
                Some(indices.zip(values))
            }

            fn parts(&self) -> Compressed<'_> {
                let [$rows, $columns] = self.shape;
                let (offsets, indices) = (&self.indptr, &self.indices);
                Compressed { majors: $majors, minors: $minors, values: self.data.len(), offsets, indices }
            }

            fn check(&self) -> Result<(), SparseError> {
                let parts = self.parts();
                let found = parts.check()?;
                if found as u64 != self.nnz {
                    return Err(SparseError::Length { part: "values are used", found, expected: self.nnz });
                }
                $(if let (true, Some(place)) = (self.$sorted, parts.first_unsorted()) {
                    return Err(SparseError::Unsorted { place });
                })?
                Ok(())
            }
        }
    )*};
}

compressed! {
    /// A sparse matrix in compressed rows: scipy's `csr_matrix`.
    ///
    /// ```
    /// use vineyard_types::sparse::CsrMatrix;
    /// // 1 0 2
    /// // 0 0 3
    /// let matrix = CsrMatrix::new([2, 3], vec![0, 2, 3], vec![0, 2, 2], vec![1.0, 2.0, 3.0])?;
    /// let row: Vec<_> = matrix.row(0).expect("there are two").collect();
    /// assert_eq!(row, [(0, &1.0), (2, &2.0)]);
    /// assert!(CsrMatrix::new([2, 3], vec![0, 2, 3], vec![0, 3, 2], vec![1.0, 2.0, 3.0]).is_err());
    /// # Ok::<(), vineyard_types::sparse::SparseError>(())
    /// ```
    CsrMatrix, "vineyard::CSRMatrix", row, "rows", "columns", [rows, columns], rows, columns, has_sorted_indices;
    /// A sparse matrix in compressed columns: scipy's `csc_matrix`.
    CscMatrix, "vineyard::CSCMatrix", column, "columns", "rows", [rows, columns], columns, rows;
}
