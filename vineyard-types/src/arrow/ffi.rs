//! Arrays for other libraries of this process.

use arrow_array::ffi::to_ffi;
pub use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema};

use super::array::ArrowArray;
use super::error::ArrayError;

impl ArrowArray {
    /// The array for another library of this process, in Arrow's C data interface
    /// (<https://arrow.apache.org/docs/format/CDataInterface.html>). Copies nothing: the library reads shared memory, and
    /// the lease ends when it releases the array.
    ///
    /// # Errors
    ///
    /// As [`to_arrow`](Self::to_arrow), and [`ArrayError::Arrow`] if the interface has no name for the type.
    ///
    /// ```
    /// use arrow_array::Int64Array;
    /// use vineyard_types::arrow::ArrowArray;
    /// let (array, schema) = ArrowArray::from_arrow(&Int64Array::from(vec![1, 2, 3])).to_ffi()?;
    /// assert_eq!((array.len(), schema.format()), (3, "l"));
    /// # Ok::<(), vineyard_types::arrow::ArrayError>(())
    /// ```
    pub fn to_ffi(&self) -> Result<(FFI_ArrowArray, FFI_ArrowSchema), ArrayError> {
        Ok(to_ffi(&self.to_data()?)?)
    }
}
