//! Blobs: sealed bytes, and what keeps them.

mod array;
mod element;
mod writer;

use std::fmt;
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
    home: Option<(StoreId, ObjectId)>,
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
        Self { inner: Arc::new(Inner { region, home: Some((store, id)) }) }
    }

    /// The bytes. Neither copies nor contacts the server.
    pub fn as_bytes(&self) -> &[u8] {
        self.inner.region.as_bytes()
    }

    /// Length in bytes.
    pub fn nbytes(&self) -> usize {
        self.inner.region.len()
    }

    /// The id in the store that holds the blob; `None` for the heap, [`ObjectId::EMPTY_BLOB`] for no bytes.
    pub fn id(&self) -> Option<ObjectId> {
        if self.inner.region.is_empty() {
            return Some(ObjectId::EMPTY_BLOB);
        }
        self.inner.home.map(|(_, id)| id)
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

    /// The id, if `store` is where the blob lives.
    pub(crate) fn id_in(&self, store: StoreId) -> Option<ObjectId> {
        self.inner.home.filter(|(home, _)| *home == store).map(|(_, id)| id)
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
