//! Bytes of a blob that arrive on the heap.

use super::{Region, ShmError};

/// Blobs start at multiples of this, on the heap as in arenas, so that elements of any alignment up to it can be viewed.
const ALIGN: usize = 64;

/// Room for the bytes of one blob, zeroed; becomes a region without a copy.
///
/// Pages that were not written yet take no memory, so a length that a peer announces costs nothing before its bytes
/// arrive.
pub(crate) struct HeapBuffer {
    words: Vec<u128>,
    offset: usize,
    len: usize,
}

impl HeapBuffer {
    /// Room for `nbytes`.
    ///
    /// # Errors
    ///
    /// [`ShmError::NoMemory`] if there is none.
    pub(crate) fn new(nbytes: u64) -> Result<Self, ShmError> {
        let room = || {
            let len = usize::try_from(nbytes).ok()?;
            let words = len.checked_add(ALIGN)?.div_ceil(size_of::<u128>());
            Some((bytemuck::allocation::try_zeroed_vec::<u128>(words).ok()?, len))
        };
        let (words, len) = room().ok_or(ShmError::NoMemory { nbytes })?;
        // The vector's bytes stay where they are, whoever owns it.
        let start = words.as_ptr().addr();
        let offset = start.next_multiple_of(ALIGN).saturating_sub(start);
        Ok(Self { words, offset, len })
    }

    /// The bytes, for writing.
    pub(crate) fn as_mut_bytes(&mut self) -> &mut [u8] {
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut self.words);
        bytes.get_mut(self.offset..).and_then(|bytes| bytes.get_mut(..self.len)).unwrap_or_default()
    }

    /// Ends the writing.
    ///
    /// # Errors
    ///
    /// None, as the bytes lie in the vector.
    pub(crate) fn into_region(self) -> Result<Region, ShmError> {
        Region::heap_part(self.words, self.offset, self.len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_on_the_heap_are_aligned_as_in_arenas() {
        for len in [0, 1, 15, 64, 1000, 1 << 20] {
            let mut buffer = HeapBuffer::new(len).expect("room");
            assert_eq!(buffer.as_mut_bytes().len() as u64, len);
            buffer.as_mut_bytes().fill(7);
            let region = buffer.into_region().expect("inside");
            assert_eq!(region.as_bytes().as_ptr().addr() % ALIGN, 0);
            assert!(region.as_bytes().iter().all(|byte| *byte == 7) && region.as_bytes().len() as u64 == len);
        }
    }

    #[test]
    fn more_than_there_is_is_an_error() {
        for nbytes in [1 << 60, u64::MAX, i64::MAX as u64] {
            let error = HeapBuffer::new(nbytes).err();
            assert!(matches!(error, Some(ShmError::NoMemory { nbytes: found }) if found == nbytes), "{error:?}");
        }
    }
}
