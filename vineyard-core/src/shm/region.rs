//! Immutable bytes with an owner: a window of a mapping, or the heap.

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use std::ptr::NonNull;
use std::sync::Arc;

use bytemuck::Pod;

use super::{Mapping, ShmError, ViewError};

/// What keeps a region's memory, beside its mapping.
pub(crate) type Keep = Arc<dyn Any + Send + Sync>;

/// Immutable bytes, and what keeps their memory. Cloning costs two reference counts.
#[derive(Clone)]
pub(crate) struct Region {
    start: NonNull<u8>,
    len: usize,
    mapping: Option<Arc<Mapping>>,
    _keep: Option<Keep>,
}

// SAFETY: the bytes are never written while a region lives (I1, I2), and the owners are Send and Sync themselves.
unsafe impl Send for Region {}
// SAFETY: as above; shared access only ever reads.
unsafe impl Sync for Region {}

impl Region {
    /// No bytes.
    pub(crate) fn empty() -> Self {
        Self { start: NonNull::<u64>::dangling().cast(), len: 0, mapping: None, _keep: None }
    }

    /// A window of a read-only mapping. `keep` is held for as long as the region or a clone of it lives (I3).
    ///
    /// The caller got the window from a server as the place of a sealed blob (I1).
    ///
    /// # Errors
    ///
    /// [`ShmError::OutOfBounds`] if the window is not inside the mapping, [`ShmError::Access`] if the mapping is
    /// writable.
    pub(crate) fn mapped(mapping: Arc<Mapping>, offset: u64, len: u64, keep: Keep) -> Result<Self, ShmError> {
        if mapping.is_writable() {
            return Err(ShmError::Access { found: "writable", needed: "a read-only mapping" });
        }
        let (start, len) = window(&mapping, offset, len)?;
        Ok(Self { start, len, mapping: Some(mapping), _keep: Some(keep) })
    }

    /// The bytes of a vector, which moves to the heap's shared side without being copied.
    pub(crate) fn heap<T: Pod + Send + Sync>(items: Vec<T>) -> Self {
        let len = std::mem::size_of_val(items.as_slice());
        let owner = Arc::new(items);
        let start = NonNull::from(owner.as_slice()).cast();
        Self { start, len, mapping: None, _keep: Some(owner) }
    }

    /// The bytes of an owner, which moves to the heap's shared side; what it lends is not copied.
    ///
    /// The owner is asked once, after it has moved, and is not touched again before it is dropped (I8).
    pub(crate) fn owned<O: AsRef<[u8]> + Send + Sync + 'static>(owner: O) -> Self {
        let owner = Arc::new(owner);
        let bytes: &[u8] = (*owner).as_ref();
        Self { start: NonNull::from(bytes).cast(), len: bytes.len(), mapping: None, _keep: Some(owner) }
    }

    /// `len` bytes of a vector from `offset` on; the vector moves to the heap's shared side without being copied.
    ///
    /// # Errors
    ///
    /// [`ShmError::OutOfBounds`] if the vector has fewer bytes.
    pub(super) fn heap_part<T: Pod + Send + Sync>(items: Vec<T>, offset: usize, len: usize) -> Result<Self, ShmError> {
        let owner = Arc::new(items);
        let bytes: &[u8] = bytemuck::cast_slice(owner.as_slice());
        let part = offset.checked_add(len).and_then(|end| bytes.get(offset..end));
        let (offset, mapped) = (offset as u64, bytes.len());
        let part = part.ok_or(ShmError::OutOfBounds { offset, len: len as u64, mapped })?;
        Ok(Self { start: NonNull::from(part).cast(), len, mapping: None, _keep: Some(owner) })
    }

    /// The bytes from `start` to `end`, with all that keeps the whole; `None` if they do not lie inside.
    pub(crate) fn part(&self, start: usize, end: usize) -> Option<Self> {
        let len = end.checked_sub(start).filter(|_| end <= self.len)?;
        // SAFETY: `start` is at most the length of the bytes, which lie in one allocation (I6).
        let start = unsafe { self.start.add(start) };
        Some(Self { start, len, mapping: self.mapping.clone(), _keep: self._keep.clone() })
    }

    /// Length in bytes.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no bytes.
    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The bytes.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        // SAFETY: `start` and `len` were checked against the mapping or taken from the vector or the owner (I6, I8), both
        // are held by `self` (I4), the bytes are complete and nobody writes them (I1, I2, I3), and u8 has no alignment.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }

    /// Copies the bytes, without making a reference to them: whatever a writer does meanwhile, the copy is only bytes.
    pub(crate) fn copy_out(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.len);
        // SAFETY: `start` and `len` are in bounds (I6) and mapped (I4), and the new vector has room for `len` bytes.
        unsafe { std::ptr::copy_nonoverlapping(self.start.as_ptr(), bytes.as_mut_ptr(), self.len) };
        // SAFETY: the first `len` bytes were just written.
        unsafe { bytes.set_len(self.len) };
        bytes
    }

    /// The mapping the bytes lie in; `None` for the heap.
    pub(crate) fn mapping(&self) -> Option<&Arc<Mapping>> {
        self.mapping.as_ref()
    }

    /// The first `len` elements of type `T`, without a copy.
    ///
    /// # Errors
    ///
    /// [`ViewError::TooShort`] or [`ViewError::Misaligned`].
    pub(crate) fn typed<T: Pod>(&self, len: usize) -> Result<Typed<T>, ViewError> {
        let found = self.len as u64;
        let needed = len.checked_mul(size_of::<T>()).ok_or(ViewError::TooShort { needed: u64::MAX, found })?;
        if needed > self.len {
            return Err(ViewError::TooShort { needed: needed as u64, found });
        }
        if needed == 0 {
            return Ok(Typed { start: NonNull::dangling(), len, region: self.clone(), _type: PhantomData });
        }
        let start: NonNull<T> = self.start.cast();
        if !start.is_aligned() {
            return Err(ViewError::Misaligned { align: align_of::<T>() });
        }
        Ok(Typed { start, len, region: self.clone(), _type: PhantomData })
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.mapping.is_some() { "mapped" } else { "heap" };
        write!(f, "Region({} bytes, {place})", self.len)
    }
}

/// A region seen as elements of one type.
pub(crate) struct Typed<T> {
    start: NonNull<T>,
    len: usize,
    region: Region,
    _type: PhantomData<T>,
}

// SAFETY: the elements are plain data that is never written (I1, I2); the region is Send.
unsafe impl<T: Pod + Send> Send for Typed<T> {}
// SAFETY: as above; shared access only ever reads.
unsafe impl<T: Pod + Sync> Sync for Typed<T> {}

impl<T: Pod> Typed<T> {
    /// The elements.
    pub(crate) fn as_slice(&self) -> &[T] {
        // SAFETY: `typed` checked length and alignment (I6), the region keeps the bytes (I3, I4), they are complete and
        // not written (I1, I2), and `T: Pod` accepts every bit pattern.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }
}

impl<T> Clone for Typed<T> {
    fn clone(&self) -> Self {
        Self { start: self.start, len: self.len, region: self.region.clone(), _type: PhantomData }
    }
}

/// Checks that a window lies inside a mapping, and finds its start.
pub(super) fn window(mapping: &Mapping, offset: u64, len: u64) -> Result<(NonNull<u8>, usize), ShmError> {
    let mapped = mapping.len();
    let outside = || ShmError::OutOfBounds { offset, len, mapped };
    let end = offset.checked_add(len).ok_or_else(outside)?;
    if end > mapped as u64 {
        return Err(outside());
    }
    let (offset, len) = (usize::try_from(offset).map_err(|_| outside())?, usize::try_from(len).map_err(|_| outside())?);
    // SAFETY: `offset` is at most the length of the mapping, which is one allocation (I6).
    let start = unsafe { mapping.base().add(offset) };
    NonNull::new(start).map(|start| (start, len)).ok_or_else(outside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_is_viewed_without_a_copy() {
        let items = vec![1u64, 2, 3];
        let address = items.as_ptr();
        let typed = Region::heap(items).typed::<u64>(3).expect("fits");
        assert_eq!(typed.as_slice(), &[1, 2, 3]);
        assert_eq!(typed.as_slice().as_ptr(), address);
        let clone = typed.clone();
        drop(typed);
        assert_eq!(clone.as_slice().len(), 3);
    }

    #[test]
    fn lengths_and_alignment_are_checked() {
        let region = Region::heap(vec![0u8; 20]);
        assert_eq!(region.typed::<u64>(3).err(), Some(ViewError::TooShort { needed: 24, found: 20 }));
        assert!(region.typed::<u64>(usize::MAX).is_err());
        assert_eq!(region.typed::<u8>(20).expect("fits").as_slice().len(), 20);
        assert!(region.typed::<u64>(0).expect("empty").as_slice().is_empty());
        assert!(Region::empty().typed::<f64>(0).expect("empty").as_slice().is_empty());
        assert!(Region::empty().as_bytes().is_empty());
    }

    #[test]
    fn the_bytes_of_an_owner_are_viewed_where_they_are_after_the_move() {
        // The bytes lie inside of the owner, so they move with it.
        let region = Region::owned([7u8; 100]);
        let clone = region.clone();
        drop(region);
        assert_eq!(clone.as_bytes(), [7u8; 100]);
        let owner = Arc::new([1u8, 2]);
        let weak = Arc::downgrade(&owner);
        struct Owner(Arc<[u8; 2]>);
        impl AsRef<[u8]> for Owner {
            fn as_ref(&self) -> &[u8] {
                &*self.0
            }
        }
        let region = Region::owned(Owner(owner));
        assert_eq!((region.as_bytes(), weak.strong_count()), (&[1, 2][..], 1));
        drop(region);
        assert_eq!(weak.strong_count(), 0, "the owner goes with the region");
    }

    #[test]
    fn a_part_lies_inside_and_keeps_the_whole() {
        let items = Arc::new(());
        let weak = Arc::downgrade(&items);
        struct Owner([u8; 8], #[expect(dead_code, reason = "held only")] Arc<()>);
        impl AsRef<[u8]> for Owner {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }
        let region = Region::owned(Owner([0, 1, 2, 3, 4, 5, 6, 7], items));
        let part = region.part(2, 6).expect("inside");
        let smaller = part.part(1, 4).expect("inside");
        assert_eq!((part.as_bytes(), smaller.as_bytes()), (&[2, 3, 4, 5][..], &[3, 4, 5][..]));
        assert!(part.part(0, 5).is_none() && part.part(3, 2).is_none() && part.part(4, usize::MAX).is_none());
        assert!(part.part(4, 4).is_some_and(|none| none.is_empty()));
        drop((region, part));
        assert_eq!((smaller.copy_out(), weak.strong_count()), (vec![3, 4, 5], 1));
        drop(smaller);
        assert_eq!(weak.strong_count(), 0);
    }

    #[test]
    fn regions_cross_threads() {
        let typed = Region::heap(vec![7i32; 1000]).typed::<i32>(1000).expect("fits");
        let sums: Vec<i32> = std::thread::scope(|scope| {
            let readers: Vec<_> = (0..4).map(|_| scope.spawn(|| typed.as_slice().iter().sum())).collect();
            readers.into_iter().map(|reader| reader.join().expect("no panic")).collect()
        });
        assert_eq!(sums, [7000; 4]);
    }
}
