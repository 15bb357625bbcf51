//! Blobs: sealed bytes, and what keeps them.

mod array;
mod element;
mod writer;

use std::fmt;
use std::ops::{Bound, RangeBounds};
use std::sync::Arc;

use bytemuck::Pod;

pub use array::Array;
pub use element::Element;
pub use writer::BlobWriter;
pub(crate) use writer::Pending;

use crate::id::{InstanceId, ObjectId, SessionId};
use crate::shm::{Region, ViewError};

/// One incarnation of a server and one of its sessions: ids mean the same blobs only within it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum StoreId {
    /// A server that tells its incarnations apart.
    Incarnation { number: u64, instance: InstanceId, session: SessionId },
    /// A server that does not; then only one connection is sure to be the same.
    Connection(u64),
}

/// Bytes of a blob that is in a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Part {
    /// The blob.
    pub(crate) id: ObjectId,
    /// Where the bytes start in it.
    pub(crate) offset: u64,
    /// How many.
    pub(crate) nbytes: u64,
    /// Whether these are all bytes of the blob.
    pub(crate) is_whole: bool,
}

/// Where some bytes are stored: the blob that has them, how long it is, and where in it they start.
#[derive(Debug, Clone, Copy)]
struct Home {
    store: StoreId,
    id: ObjectId,
    length: usize,
    offset: usize,
}

/// Immutable bytes: a window of shared memory that is leased from a server, or the heap.
///
/// Cloning costs one reference count. The bytes stay valid for as long as a clone lives, also after the blob was
/// deleted, the client was dropped or the server has died.
///
/// ```
/// use vineyard_core::Blob;
/// let blob = Blob::from(vec![1u8, 2, 3]);
/// assert_eq!(blob.as_bytes(), &[1, 2, 3]);
/// assert_eq!(blob.nbytes(), 3);
/// assert_eq!(blob.id(), None, "not stored yet");
/// ```
#[derive(Clone)]
pub struct Blob {
    inner: Arc<Inner>,
}

struct Inner {
    region: Region,
    home: Option<Home>,
}

impl Blob {
    /// The blob of no bytes.
    pub fn empty() -> Self {
        Self { inner: Arc::new(Inner { region: Region::empty(), home: None }) }
    }

    /// The bytes that another library's buffer holds, without copying them: a put copies them straight into shared
    /// memory. The owner lives for as long as the blob or a clone of it.
    ///
    /// ```
    /// use vineyard_core::Blob;
    /// let blob = Blob::from_owner("text".to_owned());
    /// assert_eq!(blob.as_bytes(), b"text");
    /// ```
    pub fn from_owner<O: AsRef<[u8]> + Send + Sync + 'static>(owner: O) -> Self {
        Self { inner: Arc::new(Inner { region: Region::owned(owner), home: None }) }
    }

    /// A blob as a server gave it out.
    pub(crate) fn stored(region: Region, store: StoreId, id: ObjectId) -> Self {
        let home = Home { store, id, length: region.len(), offset: 0 };
        Self { inner: Arc::new(Inner { region, home: Some(home) }) }
    }

    /// The bytes. Neither copies nor contacts the server.
    pub fn as_bytes(&self) -> &[u8] {
        self.inner.region.as_bytes()
    }

    /// Length in bytes.
    pub fn nbytes(&self) -> usize {
        self.inner.region.len()
    }

    /// The id in the store that holds the blob; `None` for the heap and for a [part](Self::slice) of a blob,
    /// [`ObjectId::EMPTY_BLOB`] for no bytes.
    pub fn id(&self) -> Option<ObjectId> {
        if self.inner.region.is_empty() {
            return Some(ObjectId::EMPTY_BLOB);
        }
        self.inner.home.filter(|home| home.length == self.nbytes()).map(|home| home.id)
    }

    /// Some bytes of the blob, without a copy. The whole range is the blob itself, no bytes are the empty blob.
    ///
    /// O(1); does not contact the server. The part keeps all of the blob's memory. It knows which blob of which server it
    /// is part of, also as a part of a part, but has no [`id`](Self::id) of its own before it is stored.
    ///
    /// # Errors
    ///
    /// [`ViewError::OutOfRange`] if the range does not lie inside of the blob.
    ///
    /// # Examples
    ///
    /// ```
    /// use vineyard_core::Blob;
    /// let blob = Blob::from(vec![1u8, 2, 3, 4]);
    /// let middle = blob.slice(1..3)?;
    /// assert_eq!((middle.as_bytes(), middle.slice(1..)?.as_bytes()), (&[2, 3][..], &[3][..]));
    /// assert!(middle.slice(..3).is_err());
    /// # Ok::<(), vineyard_core::ViewError>(())
    /// ```
    pub fn slice(&self, range: impl RangeBounds<usize>) -> Result<Self, ViewError> {
        let (start, end) = within(range, self.nbytes())?;
        if start == end {
            return Ok(Self::empty());
        }
        if end.saturating_sub(start) == self.nbytes() {
            return Ok(self.clone());
        }
        let out = ViewError::OutOfRange { start: start as u64, end: end as u64, found: self.nbytes() as u64 };
        let region = self.inner.region.part(start, end).ok_or(out)?;
        let home = self.inner.home.map(|home| Home { offset: home.offset.saturating_add(start), ..home });
        Ok(Self { inner: Arc::new(Inner { region, home }) })
    }

    /// Whether the bytes lie in memory that is shared with a server.
    pub fn is_shared(&self) -> bool {
        self.inner.region.mapping().is_some()
    }

    /// Whether the kernel keeps everybody from writing to the bytes, who wrote them included. The kernel said so when they
    /// were mapped; the server is not asked. False for the heap, and for blobs in arenas, whose writer is trusted to leave
    /// them alone (see [`Client::create_sealed_blob`](crate::Client::create_sealed_blob)).
    pub fn is_kernel_sealed(&self) -> bool {
        self.inner.region.mapping().is_some_and(|mapping| mapping.is_sealed())
    }

    /// Whether an address lies in the same mapped arena as this blob; false for the heap.
    pub fn arena_contains(&self, address: usize) -> bool {
        self.inner.region.mapping().is_some_and(|mapping| mapping.contains(address))
    }

    /// The blob as `nbytes / size_of::<T>()` elements, without a copy.
    ///
    /// O(1); does not contact the server. The view holds the blob.
    ///
    /// # Shapes
    ///
    /// Elements are little-endian, in the order they were written.
    ///
    /// # Errors
    ///
    /// [`ViewError::NotAMultiple`] if the last element would be cut, [`ViewError::Misaligned`] if the payload does not
    /// start at a multiple of the element's alignment.
    ///
    /// # Examples
    ///
    /// ```
    /// use vineyard_core::{Array, Blob};
    /// let blob = Array::from(vec![1u64, 2, 3]).blob().clone();
    /// assert_eq!(&*blob.elements::<u64>()?, &[1, 2, 3]);
    /// assert_eq!(blob.elements::<u32>()?.len(), 6);
    /// # Ok::<(), vineyard_core::ViewError>(())
    /// ```
    pub fn elements<T: Element>(&self) -> Result<Array<T>, ViewError> {
        Array::whole(self.clone())
    }

    /// The first `len` elements, without a copy. For blobs with room to spare at their end.
    ///
    /// # Errors
    ///
    /// [`ViewError::TooShort`] if there are fewer, [`ViewError::Misaligned`] as [`elements`](Self::elements).
    pub fn first_elements<T: Element>(&self, len: usize) -> Result<Array<T>, ViewError> {
        Array::prefix(self.clone(), len)
    }

    /// Copies the bytes out, for data of writers one does not trust to leave a sealed blob alone. O(n).
    pub fn copy_out(&self) -> Vec<u8> {
        self.inner.region.copy_out()
    }

    pub(crate) fn region(&self) -> &Region {
        &self.inner.region
    }

    /// Which bytes of which blob these are, if `store` is where it lives.
    pub(crate) fn part_in(&self, store: StoreId) -> Option<Part> {
        let Home { id, length, offset, .. } = self.inner.home.filter(|home| home.store == store)?;
        let nbytes = self.nbytes();
        Some(Part { id, offset: offset as u64, nbytes: nbytes as u64, is_whole: nbytes == length })
    }
}

/// Where a range of so many starts and ends.
fn within(range: impl RangeBounds<usize>, found: usize) -> Result<(usize, usize), ViewError> {
    let start = match range.start_bound() {
        Bound::Included(start) => Some(*start),
        Bound::Excluded(before) => before.checked_add(1),
        Bound::Unbounded => Some(0),
    };
    let end = match range.end_bound() {
        Bound::Included(last) => last.checked_add(1),
        Bound::Excluded(end) => Some(*end),
        Bound::Unbounded => Some(found),
    };
    match (start, end) {
        (Some(start), Some(end)) if start <= end && end <= found => Ok((start, end)),
        (start, end) => {
            let number = |bound: Option<usize>| bound.map_or(u64::MAX, |bound| bound as u64);
            Err(ViewError::OutOfRange { start: number(start), end: number(end), found: found as u64 })
        }
    }
}

impl<T: Pod + Send + Sync> From<Vec<T>> for Blob {
    /// Takes the vector's bytes without copying them.
    fn from(items: Vec<T>) -> Self {
        Self { inner: Arc::new(Inner { region: Region::heap(items), home: None }) }
    }
}

impl AsRef<[u8]> for Blob {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Blob");
        if let Some(id) = self.id() {
            out.field("id", &id);
        }
        out.field("nbytes", &self.nbytes()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STORE: StoreId = StoreId::Connection(1);

    fn stored() -> (Blob, ObjectId) {
        let id = ObjectId::from_raw(0x8000_0000_0000_0005);
        (Blob::stored(Region::heap((0..100u8).collect::<Vec<_>>()), STORE, id), id)
    }

    #[test]
    fn a_part_of_a_part_knows_the_stored_blob() {
        let (blob, id) = stored();
        let part = blob.slice(10..90).expect("inside").slice(5..=9).expect("inside");
        assert_eq!(part.as_bytes(), &[15, 16, 17, 18, 19]);
        assert_eq!(part.as_bytes().as_ptr(), blob.as_bytes()[15..].as_ptr());
        assert_eq!(part.part_in(STORE), Some(Part { id, offset: 15, nbytes: 5, is_whole: false }));
        assert_eq!((part.id(), part.part_in(StoreId::Connection(2))), (None, None));
        drop(blob);
        assert_eq!(part.as_bytes()[0], 15, "it holds the whole");
    }

    #[test]
    fn the_whole_is_the_blob_and_nothing_is_the_empty_blob() {
        let (blob, id) = stored();
        let whole = blob.slice(..).expect("inside");
        assert_eq!((whole.id(), whole.part_in(STORE).map(|part| part.is_whole)), (Some(id), Some(true)));
        for nothing in [blob.slice(7..7), blob.slice(100..), Blob::empty().slice(..)] {
            let nothing = nothing.expect("inside");
            assert_eq!((nothing.id(), nothing.part_in(STORE)), (Some(ObjectId::EMPTY_BLOB), None));
        }
    }

    #[test]
    fn ranges_that_do_not_lie_inside_are_refused() {
        let (blob, _) = stored();
        let last = (Bound::Excluded(usize::MAX), Bound::Unbounded);
        assert_eq!(blob.slice(5..101).err(), Some(ViewError::OutOfRange { start: 5, end: 101, found: 100 }));
        #[expect(clippy::reversed_empty_ranges, reason = "it is to be refused")]
        let reversed = blob.slice(6..5);
        assert!(reversed.is_err() && blob.slice(..=usize::MAX).is_err() && blob.slice(last).is_err());
        assert_eq!(blob.slice((Bound::Excluded(97), Bound::Unbounded)).expect("inside").as_bytes(), &[98, 99]);
    }
}
