//! Tensors as arrays of the crate `ndarray`, and back.

use ndarray::{Array, ArrayView, ArrayViewD, Dimension, IxDyn};

use crate::numeric::Numeric;
use crate::tensor::Tensor;

/// A tensor that `ndarray` cannot view.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NdarrayError {
    /// Another number of dimensions than that of the type asked for.
    #[error("the tensor has {found} dimensions, expected {expected}")]
    Dimensions {
        /// How many it has.
        found: usize,
        /// How many were asked for.
        expected: usize,
    },
    /// A shape without elements whose dimensions are more than this machine counts.
    #[error("a shape of {shape:?} is too large")]
    Shape {
        /// The length of each dimension.
        shape: Vec<u64>,
    },
}

impl<T: Numeric> Tensor<T> {
    /// The tensor as an `ndarray`, without a copy.
    ///
    /// ```
    /// use vineyard_types::Tensor;
    /// let tensor = Tensor::new([2, 3], vec![1, 2, 3, 4, 5, 6])?;
    /// let view = tensor.as_ndarray()?;
    /// assert_eq!(view[[1, 0]], 4);
    /// assert_eq!(view.sum_axis(ndarray::Axis(0)), ndarray::arr1(&[5, 7, 9]).into_dyn());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`NdarrayError::Shape`].
    pub fn as_ndarray(&self) -> Result<ArrayViewD<'_, T>, NdarrayError> {
        let too_large = || NdarrayError::Shape { shape: self.shape().to_vec() };
        let shape: Result<Vec<usize>, _> = self.shape().iter().map(|length| usize::try_from(*length)).collect();
        let shape = IxDyn(&shape.map_err(|_| too_large())?);
        ArrayViewD::from_shape(shape, self.as_slice()).map_err(|_| too_large())
    }

    /// As [`as_ndarray`](Self::as_ndarray), with the number of dimensions in the type.
    ///
    /// ```
    /// use ndarray::Ix2;
    /// use vineyard_types::Tensor;
    /// let tensor = Tensor::new([2, 2], vec![1.0, 2.0, 3.0, 4.0])?;
    /// let matrix = tensor.as_ndarray_of::<Ix2>()?;
    /// assert_eq!(matrix.t()[[0, 1]], 3.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`NdarrayError`] also if the tensor has another number of dimensions.
    pub fn as_ndarray_of<D: Dimension>(&self) -> Result<ArrayView<'_, T, D>, NdarrayError> {
        let found = self.shape().len();
        let expected = D::NDIM.unwrap_or(found);
        self.as_ndarray()?.into_dimensionality().map_err(|_| NdarrayError::Dimensions { found, expected })
    }

    /// A tensor over the elements of an array, without a copy; those of a slice are moved to the start of its memory.
    ///
    /// ```
    /// use ndarray::array;
    /// use vineyard_types::Tensor;
    /// let tensor = Tensor::from_ndarray(array![[1, 2], [3, 4]]).expect("in standard order");
    /// assert_eq!(tensor.shape(), [2, 2]);
    /// let transposed = array![[1, 2], [3, 4]].reversed_axes();
    /// assert!(Tensor::from_ndarray(transposed).is_err());
    /// ```
    ///
    /// # Errors
    ///
    /// Gives the array back if its last dimension is not the fastest: then
    /// [`copied_from_ndarray`](Self::copied_from_ndarray) makes a tensor of it.
    pub fn from_ndarray<D: Dimension>(array: Array<T, D>) -> Result<Self, Array<T, D>> {
        if !array.is_standard_layout() {
            return Err(array);
        }
        let (shape, count) = (shape_of(&array.view()), array.len());
        let (mut elements, start) = array.into_raw_vec_and_offset();
        let start = start.unwrap_or(0);
        elements.truncate(start.saturating_add(count));
        elements.drain(..start.min(elements.len()));
        Ok(Self::over(shape, elements.into()))
    }

    /// A tensor of the elements of an array of any layout. Copies each element once. An array of which the first
    /// dimension is the fastest is one in Python as well.
    ///
    /// ```
    /// use ndarray::{array, s};
    /// use vineyard_types::Tensor;
    /// let array = array![[1, 2, 3], [4, 5, 6]];
    /// let columns = Tensor::copied_from_ndarray(&array.slice(s![.., ..;2]));
    /// assert_eq!((columns.shape(), columns.as_slice()), (&[2, 2][..], &[1, 3, 4, 6][..]));
    /// ```
    pub fn copied_from_ndarray<D: Dimension>(array: &ArrayView<'_, T, D>) -> Self {
        let tensor = Self::over(shape_of(array), array.iter().copied().collect());
        let columns_first = !array.is_standard_layout() && array.t().is_standard_layout();
        if columns_first { tensor.marked_column_major() } else { tensor }
    }
}

fn shape_of<T, D: Dimension>(array: &ArrayView<'_, T, D>) -> Vec<u64> {
    array.shape().iter().map(|length| *length as u64).collect()
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use ndarray::{Axis, Ix1, Ix2, arr0, array};

    use super::*;

    type TestResult = Result<(), Box<dyn Error>>;

    #[test]
    fn views_are_of_the_same_memory() -> TestResult {
        let tensor = Tensor::new([2, 3, 4], (0..24i16).collect::<Vec<_>>())?;
        let view = tensor.as_ndarray()?;
        assert_eq!(view.shape(), [2, 3, 4]);
        assert_eq!(view.as_ptr(), tensor.as_slice().as_ptr());
        for (index, value) in view.indexed_iter() {
            assert_eq!(tensor.get(index.slice()), Some(value));
        }
        let expected = NdarrayError::Dimensions { found: 3, expected: 2 };
        assert_eq!(tensor.as_ndarray_of::<Ix2>().err(), Some(expected));
        Ok(())
    }

    #[test]
    fn shapes_without_elements_or_dimensions_work() -> TestResult {
        assert_eq!(Tensor::new([], vec![7])?.as_ndarray()?.iter().collect::<Vec<_>>(), [&7]);
        assert_eq!(Tensor::<u8>::new([2, 0, 3], vec![])?.as_ndarray()?.shape(), [2, 0, 3]);
        let huge = Tensor::<u8>::new([0, u64::MAX, 2], vec![])?.as_ndarray().map(|_| ());
        assert_eq!(huge, Err(NdarrayError::Shape { shape: vec![0, u64::MAX, 2] }));
        let scalar = Tensor::from_ndarray(arr0(1.5)).map_err(|_| "an array of no dimensions has any order")?;
        assert_eq!((scalar.shape(), scalar.as_slice()), (&[][..], &[1.5][..]));
        Ok(())
    }

    #[test]
    fn arrays_in_standard_order_are_not_copied() -> TestResult {
        let array = array![[1u32, 2, 3], [4, 5, 6]];
        let start = array.as_ptr();
        let tensor = Tensor::from_ndarray(array).map_err(|_| "standard")?;
        assert_eq!((tensor.as_slice().as_ptr(), tensor.get(&[1, 2])), (start, Some(&6)));
        // A slice in the middle of its memory.
        let mut part = array![[1u32, 2], [3, 4], [5, 6], [7, 8]];
        part.slice_axis_inplace(Axis(0), (1..3).into());
        let tensor = Tensor::from_ndarray(part).map_err(|_| "standard")?;
        assert_eq!((tensor.shape(), tensor.as_slice()), (&[2, 2][..], &[3, 4, 5, 6][..]));
        Ok(())
    }

    #[test]
    fn arrays_of_other_layouts_are_copied_on_request_only() -> TestResult {
        let array = array![[1u32, 2, 3], [4, 5, 6]];
        let transposed = Tensor::from_ndarray(array.clone().reversed_axes());
        let transposed = transposed.err().ok_or("columns first")?;
        let tensor = Tensor::copied_from_ndarray(&transposed.view());
        assert_eq!(tensor.as_slice(), [1, 4, 2, 5, 3, 6]);
        assert_eq!(tensor.original_order(), "F");
        assert_eq!(tensor.as_ndarray_of::<Ix2>()?, array.t());
        let mut last = array.row(1);
        last.invert_axis(Axis(0));
        let backwards = Tensor::copied_from_ndarray(&last);
        assert_eq!(backwards.as_slice(), [6, 5, 4]);
        assert_eq!(backwards.original_order(), "C");
        assert_eq!(backwards.as_ndarray_of::<Ix1>()?, array![6, 5, 4]);
        Ok(())
    }
}
