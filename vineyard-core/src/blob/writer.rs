//! Filling shared memory in place.

use std::marker::PhantomData;

use super::{Array, Blob, Element};
use crate::error::CallError;
use crate::id::ObjectId;
use crate::shm::{ViewError, WindowMut};

/// A blob that a client has created and not sealed. Dropped, it is given up, without blocking.
pub(crate) trait Pending: Send + Sync {
    /// The id of the blob.
    fn id(&self) -> ObjectId;

    /// Seals the blob and returns the view of it.
    fn seal(self: Box<Self>) -> Result<Blob, CallError>;
}

/// The one writable view of a new blob, as elements of `T`.
///
/// Nobody else sees the blob until [`seal`](Self::seal), which ends the writing. A writer that is dropped gives the
/// blob up; its memory is free again when the client makes its next request or ends.
///
/// The contents are unspecified at first: memory of deleted blobs is handed out again.
///
/// ```no_run
/// # let client = vineyard_core::Client::from_env()?;
/// let mut squares = client.create_array::<u64>(1000)?;
/// for (i, square) in (0..).zip(squares.as_mut_slice()) {
///     *square = i * i;
/// }
/// let squares = squares.seal()?;
/// assert_eq!(squares[30], 900);
/// # Ok::<(), vineyard_core::Error>(())
/// ```
pub struct BlobWriter<T> {
    window: Option<WindowMut>,
    len: usize,
    pending: Option<Box<dyn Pending>>,
    _type: PhantomData<T>,
}

impl<T: Element> BlobWriter<T> {
    /// `window` is `None` for no elements.
    pub(crate) fn new(
        mut window: Option<WindowMut>,
        len: usize,
        pending: Option<Box<dyn Pending>>,
    ) -> Result<Self, ViewError> {
        if let Some(window) = &mut window {
            let found = window.len() as u64;
            let fits = bytemuck::try_cast_slice_mut::<u8, T>(window.as_mut_bytes()).is_ok_and(|all| all.len() == len);
            if !fits {
                let error = if found.checked_rem(size_of::<T>() as u64) == Some(0) {
                    ViewError::Misaligned { align: align_of::<T>() }
                } else {
                    ViewError::NotAMultiple { found, size: size_of::<T>() }
                };
                return Err(error);
            }
        }
        Ok(Self { window, len, pending, _type: PhantomData })
    }

    /// The id of the blob, which nobody can get before it is sealed.
    pub fn id(&self) -> ObjectId {
        self.pending.as_ref().map_or(ObjectId::EMPTY_BLOB, |pending| pending.id())
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The elements, for writing.
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        match &mut self.window {
            Some(window) => bytemuck::cast_slice_mut(window.as_mut_bytes()),
            None => &mut [],
        }
    }

    /// Ends the writing: the blob is immutable and visible from now on. One request.
    ///
    /// # Errors
    ///
    /// [`CallError`] if the server refuses or is gone; the blob is given up then.
    pub fn seal(mut self) -> Result<Array<T>, CallError> {
        self.window = None;
        let blob = match self.pending.take() {
            Some(pending) => pending.seal()?,
            None => Blob::empty(),
        };
        let len = self.len;
        blob.first_elements(len).map_err(|source| CallError::view("seal_request", source))
    }
}

impl<T> std::fmt::Debug for BlobWriter<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BlobWriter").field("len", &self.len).finish_non_exhaustive()
    }
}
