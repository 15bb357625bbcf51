//! Matrices as a list of places and values.

use half::f16;
use num_complex::Complex;
use vineyard_core::{Array, Object};

use super::structure::{SparseError, check_indices};
use super::{Indices, two};
use crate::dtype::ValueType;
use crate::numeric::{Bool8, Numeric};
use crate::tensor::Tensor;

/// A sparse matrix as a row, a column and a value for each place: scipy's `coo_matrix`. A place may occur more than once;
/// its values are then to be added.
#[derive(Debug, Clone, PartialEq, Object)]
#[object(
    typename = "vineyard::COOMatrix",
    validate = Self::check,
    register(<i8>, <i16>, <i32>, <i64>, <u8>, <u16>, <u32>, <u64>, <f16>, <f32>, <f64>, <Complex<f32>>, <Complex<f64>>,
             <Bool8>)
)]
pub struct CooMatrix<T: Numeric> {
    #[object(rename = "value_type_", default)]
    value_type: ValueType<T>,
    #[object(rename = "shape_")]
    shape: [u64; 2],
    #[object(default = two)]
    ndim: u64,
    nnz: u64,
    #[object(rename = "partition_index_", default)]
    partition_index: Vec<i64>,
    data: Tensor<T>,
    row: Indices,
    col: Indices,
}

impl<T: Numeric> CooMatrix<T> {
    /// A matrix of this shape (rows, columns). Nothing is copied; O(values) for the checks.
    ///
    /// # Errors
    ///
    /// [`SparseError`] if there are not as many rows, columns and values, or a place lies outside of the shape.
    pub fn new(
        shape: [u64; 2],
        rows: impl Into<Indices>,
        columns: impl Into<Indices>,
        values: impl Into<Array<T>>,
    ) -> Result<Self, SparseError> {
        let data = Tensor::from(values.into());
        let matrix = Self {
            value_type: ValueType::default(),
            shape,
            ndim: 2,
            nnz: data.len() as u64,
            partition_index: Vec::new(),
            data,
            row: rows.into(),
            col: columns.into(),
        };
        matrix.check()?;
        Ok(matrix)
    }

    /// Rows and columns.
    pub fn shape(&self) -> [u64; 2] {
        self.shape
    }

    /// How many values are stored.
    pub fn nnz(&self) -> usize {
        self.data.len()
    }

    /// The row of each value.
    pub fn rows(&self) -> &Indices {
        &self.row
    }

    /// The column of each value.
    pub fn columns(&self) -> &Indices {
        &self.col
    }

    /// All values.
    pub fn values(&self) -> &[T] {
        self.data.as_slice()
    }

    fn check(&self) -> Result<(), SparseError> {
        let expected = self.nnz;
        for (part, found) in [("values", self.data.len()), ("rows", self.row.len()), ("columns", self.col.len())] {
            if found as u64 != expected {
                return Err(SparseError::Length { part, found, expected });
            }
        }
        let [rows, columns] = self.shape;
        check_indices(self.row.iter(), rows)?;
        check_indices(self.col.iter(), columns)
    }
}
