//! Typed arrays over blobs.

use std::fmt;
use std::ops::{Deref, RangeBounds};

use super::{Blob, Element, within};
use crate::shm::{Typed, ViewError};

/// Immutable elements of one type: on the heap, or in shared memory that is leased from a server.
///
/// Derefs to `[T]`. `Send + Sync + 'static`; cloning costs a few reference counts. What [`Client::put`] does with it:
/// heap arrays are copied once into shared memory, arrays that are a blob of that very server, or a part of one, are
/// linked.
///
/// [`Client::put`]: crate::Client::put
///
/// ```
/// use vineyard_core::Array;
/// let array: Array<u32> = (1..4).collect();
/// assert_eq!(array.iter().sum::<u32>(), 6);
/// assert_eq!(array, vec![1, 2, 3].into());
/// ```
pub struct Array<T> {
    typed: Typed<T>,
    blob: Blob,
}

impl<T: Element> Array<T> {
    pub(super) fn whole(blob: Blob) -> Result<Self, ViewError> {
        let (found, size) = (blob.nbytes(), size_of::<T>());
        match (found.checked_div(size), found.checked_rem(size)) {
            (Some(len), Some(0)) => Self::prefix(blob, len),
            _ => Err(ViewError::NotAMultiple { found: found as u64, size }),
        }
    }

    pub(super) fn prefix(blob: Blob, len: usize) -> Result<Self, ViewError> {
        let typed = blob.region().typed(len)?;
        Ok(Self { typed, blob })
    }

    /// The elements.
    pub fn as_slice(&self) -> &[T] {
        self.typed.as_slice()
    }

    /// The blob these are elements of.
    pub fn blob(&self) -> &Blob {
        &self.blob
    }

    /// Bytes of the elements.
    pub fn nbytes(&self) -> usize {
        size_of_val(self.as_slice())
    }

    /// Whether the elements lie in memory that is shared with a server.
    pub fn is_shared(&self) -> bool {
        self.blob.is_shared()
    }

    /// Some of the elements, without a copy. Their blob is [the part](Blob::slice) of this one that has them.
    ///
    /// O(1); does not contact the server.
    ///
    /// # Errors
    ///
    /// [`ViewError::OutOfRange`] if the range does not lie inside of the array.
    ///
    /// # Examples
    ///
    /// ```
    /// use vineyard_core::Array;
    /// let array: Array<u32> = (0..10).collect();
    /// let part = array.slice(2..5)?;
    /// assert_eq!(part.as_slice(), &[2, 3, 4]);
    /// assert_eq!(part.as_ptr(), array[2..].as_ptr());
    /// # Ok::<(), vineyard_core::ViewError>(())
    /// ```
    pub fn slice(&self, range: impl RangeBounds<usize>) -> Result<Self, ViewError> {
        let (start, end) = within(range, self.len())?;
        // No more than the bytes that are there.
        let bytes = |len: usize| len.saturating_mul(size_of::<T>());
        Self::prefix(self.blob.slice(bytes(start)..bytes(end))?, end.saturating_sub(start))
    }

    /// The blob to store: no more of it than the elements.
    pub(crate) fn to_payload(&self) -> Blob {
        // The elements are the first ones of the blob.
        self.blob.slice(..self.nbytes()).unwrap_or_else(|_| self.blob.clone())
    }
}

impl<T> Clone for Array<T> {
    fn clone(&self) -> Self {
        Self { typed: self.typed.clone(), blob: self.blob.clone() }
    }
}

impl<T: Element> Deref for Array<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        self.as_slice()
    }
}

impl<T: Element> AsRef<[T]> for Array<T> {
    fn as_ref(&self) -> &[T] {
        self
    }
}

impl<T: Element> From<Vec<T>> for Array<T> {
    /// Takes the vector without copying it.
    fn from(items: Vec<T>) -> Self {
        let len = items.len();
        let blob = Blob::from(items);
        match blob.region().typed(len) {
            Ok(typed) => Self { typed, blob },
            Err(error) => unreachable!("a vector's own bytes fit its own type: {error}"),
        }
    }
}

impl<T: Element, const N: usize> From<[T; N]> for Array<T> {
    fn from(items: [T; N]) -> Self {
        Vec::from(items).into()
    }
}

impl<T: Element> From<&[T]> for Array<T> {
    /// Copies the elements once.
    fn from(items: &[T]) -> Self {
        items.to_vec().into()
    }
}

impl<T: Element> FromIterator<T> for Array<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Vec::from_iter(items).into()
    }
}

impl<T: Element> Default for Array<T> {
    /// No elements.
    fn default() -> Self {
        Vec::new().into()
    }
}

impl<'a, T: Element> IntoIterator for &'a Array<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<T: Element + PartialEq> PartialEq for Array<T> {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl<T: Element + Eq> Eq for Array<T> {}

impl<T: Element + fmt::Debug> fmt::Debug for Array<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_slice().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_becomes_an_array_without_a_copy() {
        let items = vec![1.5f64, 2.5];
        let address = items.as_ptr();
        let array = Array::from(items);
        assert_eq!(array.as_ptr(), address);
        assert_eq!(array.clone().as_ptr(), address);
        assert_eq!(array.blob().elements::<f64>().expect("whole").as_ptr(), address);
        assert!(!array.is_shared());
    }

    #[test]
    fn no_more_of_a_blob_is_stored_than_the_elements() {
        let blob = Blob::from(vec![1u32, 2, 3, 4]);
        let part = blob.first_elements::<u32>(2).expect("fits");
        assert_eq!(part.to_payload().as_bytes(), Blob::from(vec![1u32, 2]).as_bytes());
        let whole = blob.elements::<u32>().expect("fits");
        for payload in [part.to_payload(), whole.to_payload()] {
            assert_eq!(payload.as_bytes().as_ptr(), blob.as_bytes().as_ptr());
        }
    }

    #[test]
    fn some_elements_are_an_array_of_their_own() {
        let array = Array::from(vec![1u64, 2, 3, 4]).blob().first_elements::<u64>(3).expect("fits");
        let part = array.slice(1..).expect("inside");
        assert_eq!((part.as_slice(), part.blob().nbytes()), (&[2, 3][..], 16));
        assert_eq!(part.slice(..1).expect("inside").as_ptr(), array[1..].as_ptr());
        assert_eq!(array.slice(1..4).err(), Some(ViewError::OutOfRange { start: 1, end: 4, found: 3 }));
        assert!(array.slice(2..2).is_ok_and(|none| none.is_empty() && none.blob().id().is_some()));
    }

    #[test]
    fn cut_elements_are_refused() {
        let error = Blob::from(vec![0u8; 20]).elements::<u64>().err();
        assert_eq!(error, Some(ViewError::NotAMultiple { found: 20, size: 8 }));
    }

    #[test]
    fn empty_arrays_work() {
        let array: Array<f64> = Array::default();
        assert!(array.is_empty());
        assert_eq!(Blob::empty().elements::<f64>().expect("empty").len(), 0);
        assert!(Blob::empty().first_elements::<f64>(1).is_err());
    }

    #[test]
    fn arrays_are_send_sync_and_static() {
        fn check<T: Send + Sync + 'static>(_: &T) {}
        check(&Array::from([1u8]));
        check(&Blob::empty());
    }
}
