//! Elements by themselves, as an object.

use vineyard_core::{Array, Element, Object};

/// An array that is an object of its own: the original's `vineyard::Array`.
///
/// C++ reads and writes it, and Python gets it as a `numpy.ndarray` of one dimension, without a copy. To share numbers with
/// Python, put a [`Tensor`](crate::Tensor): of this type the published client takes `float` for 64 bits, which only
/// `vineyard-exact` knows better.
///
/// The elements may be of any type with a stable layout, also of one that derives [`Element`]; cloning shares them.
///
/// ```
/// use vineyard_core::Object;
/// use vineyard_types::ArrayObject;
/// let array = ArrayObject::from(vec![1u32, 2, 3]);
/// assert_eq!(array.iter().sum::<u32>(), 6);
/// assert_eq!(ArrayObject::<u32>::typename().as_str(), "vineyard::Array<uint>");
/// ```
#[derive(Debug, Clone, Object)]
#[object(
    typename = "vineyard::Array",
    rename_all = "{}_",
    validate = Self::check,
    register(<i8>, <i16>, <i32>, <i64>, <u8>, <u16>, <u32>, <u64>, <f32>, <f64>)
)]
pub struct ArrayObject<T: Element> {
    size: u64,
    buffer: Array<T>,
}

impl<T: Element> ArrayObject<T> {
    /// The elements. A blob may have room to spare behind them.
    pub fn as_slice(&self) -> &[T] {
        // `check` has seen that there are at least so many.
        usize::try_from(self.size).ok().and_then(|size| self.buffer.get(..size)).unwrap_or_default()
    }

    /// The array the elements lie in.
    pub fn array(&self) -> &Array<T> {
        &self.buffer
    }

    fn check(&self) -> Result<(), String> {
        let found = self.buffer.len();
        if self.size <= found as u64 {
            return Ok(());
        }
        Err(format!("`size_` says {} elements, the blob holds {found}", self.size))
    }
}

impl<T: Element> std::ops::Deref for ArrayObject<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        self.as_slice()
    }
}

impl<T: Element> From<Array<T>> for ArrayObject<T> {
    /// Copies nothing.
    fn from(buffer: Array<T>) -> Self {
        Self { size: buffer.len() as u64, buffer }
    }
}

impl<T: Element> From<Vec<T>> for ArrayObject<T> {
    /// The vector is not copied.
    fn from(elements: Vec<T>) -> Self {
        Array::from(elements).into()
    }
}

#[cfg(test)]
#[path = "array_tests.rs"]
mod tests;
