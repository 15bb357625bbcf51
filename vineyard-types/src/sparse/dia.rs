//! Matrices as diagonals.

use std::collections::BTreeMap;

use half::f16;
use num_complex::Complex;
use vineyard_core::Object;

use super::structure::SparseError;
use super::{Indices, two};
use crate::dtype::ValueType;
use crate::numeric::{Bool8, Numeric};
use crate::tensor::Tensor;

/// A sparse matrix as some of its diagonals: scipy's `dia_matrix`.
///
/// Each diagonal has its offset, the column less the row of its places, and a row of values, of which value number `c` is
/// that of column `c`. Values of columns where the diagonal has no place mean nothing.
#[derive(Debug, Clone, PartialEq, Object)]
#[object(
    typename = "vineyard::DIAMatrix",
    validate = Self::check,
    register(<i8>, <i16>, <i32>, <i64>, <u8>, <u16>, <u32>, <u64>, <f16>, <f32>, <f64>, <Complex<f32>>, <Complex<f64>>,
             <Bool8>)
)]
pub struct DiaMatrix<T: Numeric> {
    #[object(rename = "value_type_", default)]
    value_type: ValueType<T>,
    #[object(rename = "shape_")]
    shape: [u64; 2],
    #[object(default = two)]
    ndim: u64,
    /// As its writer counted; versions of scipy differ in what they count.
    nnz: u64,
    #[object(rename = "partition_index_", default)]
    partition_index: Vec<i64>,
    data: Tensor<T>,
    offsets: Indices,
}

impl<T: Numeric> DiaMatrix<T> {
    /// A matrix of this shape (rows, columns): the offset of each diagonal, and a tensor with a row of values for each.
    /// Nothing is copied; O(diagonals) for the checks.
    ///
    /// ```
    /// use vineyard_types::Tensor;
    /// use vineyard_types::sparse::DiaMatrix;
    /// // 1 5 0
    /// // 0 2 6
    /// let diagonals = Tensor::new([2, 3], vec![1, 2, 0, 0, 5, 6])?;
    /// let matrix = DiaMatrix::new([2, 3], vec![0, 1], diagonals)?;
    /// assert_eq!((matrix.get(1, 2), matrix.get(1, 0), matrix.nnz()), (Some(&6), None, 4));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`SparseError`] if the values are no tensor with a row for each offset, or two diagonals have one offset.
    pub fn new(shape: [u64; 2], offsets: impl Into<Indices>, diagonals: Tensor<T>) -> Result<Self, SparseError> {
        let mut matrix = Self {
            value_type: ValueType::default(),
            shape,
            ndim: 2,
            nnz: 0,
            partition_index: Vec::new(),
            data: diagonals,
            offsets: offsets.into(),
        };
        matrix.check()?;
        matrix.nnz = matrix.nnz() as u64;
        Ok(matrix)
    }

    /// Rows and columns.
    pub fn shape(&self) -> [u64; 2] {
        self.shape
    }

    /// How many values are stored in places of the matrix.
    pub fn nnz(&self) -> usize {
        self.offsets.iter().map(|offset| self.columns_of(offset)).map(|(start, end)| end.saturating_sub(start)).sum()
    }

    /// The offset of each diagonal: 0 is the main one, 1 the one above it, -1 the one below it.
    pub fn offsets(&self) -> &Indices {
        &self.offsets
    }

    /// The values: a row for each diagonal.
    pub fn diagonals(&self) -> &Tensor<T> {
        &self.data
    }

    /// The value at a place; `None` where nothing is stored, and outside of the matrix. O(diagonals).
    pub fn get(&self, row: u64, column: u64) -> Option<&T> {
        let offset = i64::try_from(i128::from(column).saturating_sub(row.into())).ok()?;
        let place = self.offsets.iter().position(|found| found == offset)?;
        let (start, end) = self.columns_of(offset);
        let column = usize::try_from(column).ok().filter(|column| (start..end).contains(column))?;
        self.data.row(place)?.get(column)
    }

    /// The places of one diagonal, as row, column and value; `None` if there is no such diagonal.
    pub fn diagonal(&self, place: usize) -> Option<impl Iterator<Item = (u64, u64, &T)>> {
        let (offset, values) = (self.offsets.get(place)?, self.data.row(place)?);
        let (start, end) = self.columns_of(offset);
        let places = values.iter().enumerate().take(end).skip(start);
        Some(places.filter_map(move |(column, value)| {
            let column = u64::try_from(column).ok()?;
            let row = i128::from(column).saturating_sub(offset.into());
            Some((u64::try_from(row).ok()?, column, value))
        }))
    }

    /// The columns where a diagonal has places and values.
    fn columns_of(&self, offset: i64) -> (usize, usize) {
        let ([rows, columns], stored) = (self.shape, self.data.shape().get(1).copied().unwrap_or_default());
        let start = offset.max(0).unsigned_abs();
        let end = rows.checked_add_signed(offset).unwrap_or(if offset < 0 { 0 } else { u64::MAX });
        let end = end.min(columns).min(stored);
        let place = |column: u64| usize::try_from(column).unwrap_or(usize::MAX);
        (place(start.min(end)), place(end))
    }

    fn check(&self) -> Result<(), SparseError> {
        let (found, expected) = (self.data.shape(), self.offsets.len() as u64);
        let [diagonals, _] = found else {
            return Err(SparseError::Shape { found: found.to_vec(), expected: vec![expected, self.shape[1]] });
        };
        if *diagonals != expected {
            let found = usize::try_from(*diagonals).unwrap_or(usize::MAX);
            return Err(SparseError::Length { part: "rows of values", found, expected });
        }
        let mut before = BTreeMap::new();
        for (place, offset) in self.offsets.iter().enumerate() {
            if let Some(first) = before.insert(offset, place) {
                return Err(SparseError::Twice { places: [first, place], offset });
            }
        }
        Ok(())
    }
}
