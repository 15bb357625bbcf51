//! Matrices in compressed rows of blocks.

use half::f16;
use num_complex::Complex;
use vineyard_core::Object;

use super::structure::{Compressed, SparseError};
use super::{Indices, two};
use crate::dtype::ValueType;
use crate::numeric::{Bool8, Numeric};
use crate::tensor::Tensor;

/// A sparse matrix in compressed rows of dense blocks of one size: scipy's `bsr_matrix`.
#[derive(Debug, Clone, PartialEq, Object)]
#[object(
    typename = "vineyard::BSRMatrix",
    validate = Self::check,
    register(<i8>, <i16>, <i32>, <i64>, <u8>, <u16>, <u32>, <u64>, <f16>, <f32>, <f64>, <Complex<f32>>, <Complex<f64>>,
             <Bool8>)
)]
pub struct BsrMatrix<T: Numeric> {
    #[object(rename = "value_type_", default)]
    value_type: ValueType<T>,
    #[object(rename = "shape_")]
    shape: [u64; 2],
    #[object(default = two)]
    ndim: u64,
    nnz: u64,
    blocksize: [u64; 2],
    #[object(default)]
    has_sorted_indices: bool,
    #[object(rename = "partition_index_", default)]
    partition_index: Vec<i64>,
    data: Tensor<T>,
    indices: Indices,
    indptr: Indices,
}

impl<T: Numeric> BsrMatrix<T> {
    /// A matrix of this shape (rows, columns): offsets of the rows of blocks, the columns of blocks, and a tensor of
    /// blocks, rows and columns of each. Nothing is copied; O(offsets + indices) for the checks.
    ///
    /// # Errors
    ///
    /// [`SparseError`] if the blocks do not tile the shape, the lengths do not fit, the offsets do not start at 0 or run
    /// backwards, or an index lies outside of the shape.
    pub fn new(
        shape: [u64; 2],
        indptr: impl Into<Indices>,
        indices: impl Into<Indices>,
        blocks: Tensor<T>,
    ) -> Result<Self, SparseError> {
        let blocksize = match blocks.shape() {
            [_, rows, columns] => [*rows, *columns],
            found => {
                let expected = vec![found.first().copied().unwrap_or_default(), 1, 1];
                return Err(SparseError::Shape { found: found.to_vec(), expected });
            }
        };
        let mut matrix = Self {
            value_type: ValueType::default(),
            shape,
            ndim: 2,
            nnz: 0,
            blocksize,
            has_sorted_indices: false,
            partition_index: Vec::new(),
            data: blocks,
            indices: indices.into(),
            indptr: indptr.into(),
        };
        matrix.nnz = matrix.count(matrix.parts()?.check()?);
        matrix.has_sorted_indices = matrix.parts()?.first_unsorted().is_none();
        matrix.check()?;
        Ok(matrix)
    }

    /// Rows and columns.
    pub fn shape(&self) -> [u64; 2] {
        self.shape
    }

    /// Rows and columns of each block.
    pub fn block_shape(&self) -> [u64; 2] {
        self.blocksize
    }

    /// How many values are stored, those of all blocks.
    pub fn nnz(&self) -> usize {
        usize::try_from(self.nnz).unwrap_or(usize::MAX)
    }

    /// Where each row of blocks starts, and where the last one ends.
    pub fn offsets(&self) -> &Indices {
        &self.indptr
    }

    /// The columns of all blocks, counted in blocks.
    pub fn indices(&self) -> &Indices {
        &self.indices
    }

    /// The blocks: which one, and its rows and columns.
    pub fn blocks(&self) -> &Tensor<T> {
        &self.data
    }

    /// The columns of blocks and the values in one row of blocks, each a block of rows; `None` outside of the matrix.
    pub fn block_row(&self, place: usize) -> Option<impl Iterator<Item = (u64, &[T])>> {
        let [start, end] = [self.indptr.get(place)?, self.indptr.get(place.checked_add(1)?)?];
        let range = usize::try_from(start).ok()?..usize::try_from(end).ok()?;
        Some(range.filter_map(|place| {
            let column = self.indices.get(place)?.try_into().ok()?;
            Some((column, self.data.row(place)?))
        }))
    }

    /// How many values so many blocks have.
    fn count(&self, blocks: usize) -> u64 {
        let [rows, columns] = self.blocksize;
        (blocks as u64).saturating_mul(rows).saturating_mul(columns)
    }

    fn parts(&self) -> Result<Compressed<'_>, SparseError> {
        let ([rows, columns], [height, width]) = (self.shape, self.blocksize);
        let tiled = |length: u64, block: u64| {
            (length.checked_rem(block) == Some(0)).then(|| length.checked_div(block)).flatten()
        };
        let (Some(majors), Some(minors)) = (tiled(rows, height), tiled(columns, width)) else {
            return Err(SparseError::Block { shape: self.shape, block: self.blocksize });
        };
        let blocks = self.data.shape().first().copied().unwrap_or_default();
        let values = usize::try_from(blocks).unwrap_or(usize::MAX);
        Ok(Compressed { majors, minors, values, offsets: &self.indptr, indices: &self.indices })
    }

    fn check(&self) -> Result<(), SparseError> {
        let [height, width] = self.blocksize;
        let found = self.data.shape();
        let blocks = found.first().copied().unwrap_or_default();
        if found != [blocks, height, width] {
            return Err(SparseError::Shape { found: found.to_vec(), expected: vec![blocks, height, width] });
        }
        let parts = self.parts()?;
        let used = parts.check()?;
        if self.count(used) != self.nnz {
            let found = usize::try_from(self.count(used)).unwrap_or(usize::MAX);
            return Err(SparseError::Length { part: "values are used", found, expected: self.nnz });
        }
        if let (true, Some(place)) = (self.has_sorted_indices, parts.first_unsorted()) {
            return Err(SparseError::Unsorted { place });
        }
        Ok(())
    }
}
