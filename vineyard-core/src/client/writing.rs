//! Blobs that are filled in place.

use super::Client;
use crate::blob::{Array, BlobWriter, Element};
use crate::error::{CallError, CallReason, Error};
use crate::protocol::{Call, CreateBufferRequest};

impl Client {
    /// Allocates a blob of `nbytes` bytes to be filled in place.
    ///
    /// # Errors
    ///
    /// [`CallError`], with [`StatusCode::NotEnoughMemory`](crate::StatusCode::NotEnoughMemory) if it does not fit.
    pub fn create_blob(&self, nbytes: usize) -> Result<BlobWriter<u8>, Error> {
        self.create_array(nbytes)
    }

    /// Allocates a blob of `len` elements to be filled in place.
    ///
    /// # Errors
    ///
    /// As [`create_blob`](Self::create_blob).
    pub fn create_array<T: Element>(&self, len: usize) -> Result<BlobWriter<T>, Error> {
        const CALL: &str = CreateBufferRequest::TYPE;
        let nbytes = (len as u64).saturating_mul(size_of::<T>() as u64);
        let view = |error| CallError::view(CALL, error);
        if nbytes == 0 {
            return Ok(BlobWriter::new(None, len, None).map_err(view)?);
        }
        let new = self.inner.transport().create(&[nbytes])?.pop();
        let new = new.ok_or_else(|| CallError::new(CALL, CallReason::Protocol("no blob was created".to_owned())))?;
        let window = new.window()?;
        Ok(BlobWriter::new(Some(window), len, Some(Box::new(new))).map_err(view)?)
    }

    /// Copies elements into a new blob and seals it. The result can be part of several objects.
    ///
    /// # Errors
    ///
    /// As [`create_blob`](Self::create_blob).
    pub fn put_array<T: Element>(&self, items: &[T]) -> Result<Array<T>, Error> {
        let mut writer = self.create_array(items.len())?;
        writer.as_mut_slice().copy_from_slice(items);
        Ok(writer.seal()?)
    }
}
