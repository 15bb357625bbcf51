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

    /// Makes the blob shorter; `nbytes` is not 0.
    fn shrink(&mut self, nbytes: u64) -> Result<(), CallError>;

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

    /// Copies elements to where `offset` elements lie before them.
    ///
    /// # Errors
    ///
    /// [`ViewError::TooShort`] if they would not lie inside the blob; nothing is written then.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # let client = vineyard_core::Client::from_env()?;
    /// let mut writer = client.create_array::<u32>(4)?;
    /// writer.write_at(2, &[7, 8])?;
    /// assert!(writer.write_at(3, &[7, 8]).is_err());
    /// # Ok::<(), vineyard_core::Error>(())
    /// ```
    pub fn write_at(&mut self, offset: usize, elements: &[T]) -> Result<(), ViewError> {
        let bytes = |len: usize| (len as u64).saturating_mul(size_of::<T>() as u64);
        let end = offset.saturating_add(elements.len());
        let too_short = ViewError::TooShort { needed: bytes(end), found: bytes(self.len) };
        let place = self.as_mut_slice().get_mut(offset..end).filter(|place| place.len() == elements.len());
        place.ok_or(too_short)?.copy_from_slice(elements);
        Ok(())
    }

    /// Makes the blob shorter, before it is sealed: the first `len` elements stay. The rest of its memory is free again.
    /// One request, none if nothing changes.
    ///
    /// # Errors
    ///
    /// [`CallError`] if there are fewer elements, or if the server refuses or is gone; the blob is as it was then.
    pub fn shrink(&mut self, len: usize) -> Result<(), CallError> {
        const CALL: &str = "shrink_buffer_request";
        let nbytes = |len: usize| (len as u64).saturating_mul(size_of::<T>() as u64);
        if len > self.len {
            let error = ViewError::TooShort { needed: nbytes(len), found: nbytes(self.len) };
            return Err(CallError::view(CALL, error));
        }
        match &mut self.pending {
            Some(pending) if nbytes(len) > 0 => {
                if len < self.len {
                    pending.shrink(nbytes(len))?;
                }
            }
            // No bytes are the empty blob; what there was is given up.
            _ => {
                self.window = None;
                self.pending = None;
            }
        }
        if let Some(window) = &mut self.window {
            window.truncate(nbytes(len));
        }
        self.len = len;
        Ok(())
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
