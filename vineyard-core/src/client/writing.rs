//! Blobs that are filled in place.

use std::path::Path;

use super::Client;
use super::new_blob::NewBlob;
use crate::blob::{Array, BlobWriter, Element, Pending};
use crate::error::{CallError, CallReason, Error};
use crate::protocol::{Call, CreateBufferRequest, CreateDiskBufferRequest, SealRequest};

impl Client {
    /// Allocates a blob of `nbytes` bytes to be filled in place.
    ///
    /// # Errors
    ///
    /// [`CallError`], with [`StatusCode::NotEnoughMemory`](crate::StatusCode::NotEnoughMemory) if it does not fit.
    pub fn create_blob(&self, nbytes: usize) -> Result<BlobWriter<u8>, Error> {
        self.create_array(nbytes)
    }

    /// As [`create_blob`](Self::create_blob), in a file of its own, which the kernel seals with the blob: nobody can change
    /// it any more then, neither its writer nor who runs as the server's user. [`BlobWriter::shrink`] frees none of its
    /// memory. Two requests when it is sealed.
    ///
    /// # Errors
    ///
    /// As [`create_blob`](Self::create_blob), also if too many files are open; [`CallReason::NotSent`] if the server has
    /// no such blobs. Sealing fails while a process that was forked off meanwhile has the blob mapped.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # let client = vineyard_core::Client::from_env()?;
    /// let mut writer = client.create_sealed_blob(8)?;
    /// writer.write_at(0, b"for ever")?;
    /// assert!(writer.seal()?.blob().is_kernel_sealed());
    /// # Ok::<(), vineyard_core::Error>(())
    /// ```
    pub fn create_sealed_blob(&self, nbytes: usize) -> Result<BlobWriter<u8>, Error> {
        let view = |error| CallError::view(CreateBufferRequest::TYPE, error);
        if nbytes == 0 {
            return Ok(BlobWriter::new(None, 0, None).map_err(view)?);
        }
        let new = self.inner.transport().create_sealable(nbytes as u64)?;
        let window = new.window()?;
        Ok(BlobWriter::new(Some(window), nbytes, Some(Box::new(new))).map_err(view)?)
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
        let new = self.create_one(nbytes)?;
        let window = new.window()?;
        Ok(BlobWriter::new(Some(window), len, Some(Box::new(new))).map_err(view)?)
    }

    /// Makes one unsealed blob, not of 0 bytes.
    fn create_one(&self, nbytes: u64) -> Result<NewBlob, CallError> {
        let new = self.inner.transport().create(&[nbytes])?.pop();
        let missing = || CallReason::Protocol("no blob was created".to_owned());
        new.ok_or_else(|| CallError::new(CreateBufferRequest::TYPE, missing()))
    }

    /// Copies elements into a new blob and seals it. The result can be part of several objects.
    ///
    /// # Errors
    ///
    /// As [`create_blob`](Self::create_blob).
    pub fn put_array<T: Element>(&self, items: &[T]) -> Result<Array<T>, Error> {
        let bytes: &[u8] = bytemuck::cast_slice(items);
        if bytes.is_empty() {
            return Ok(self.create_array(items.len())?.seal()?);
        }
        let new = self.create_one(bytes.len() as u64)?;
        new.fill(bytes)?;
        let blob = Box::new(new).seal()?;
        Ok(blob.first_elements(items.len()).map_err(|error| CallError::view(SealRequest::TYPE, error))?)
    }

    /// Allocates a blob of `nbytes` bytes in a file of the server's host, to be filled in place. A file that is shorter
    /// grows, what is there stays; without a path, the file has no name. It does not count as memory.
    ///
    /// Nobody may truncate or write the file by other ways while it is viewed. One request.
    ///
    /// # Errors
    ///
    /// [`CallError`], with a code if the server cannot open the file; [`CallReason::NotSent`] if
    /// the path is not UTF-8.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # let client = vineyard_core::Client::from_env()?;
    /// let mut writer = client.create_disk_blob(Some("/var/lib/data/weights".as_ref()), 1 << 30)?;
    /// writer.write_at(0, b"weights")?;
    /// let weights = writer.seal()?;
    /// # Ok::<(), vineyard_core::Error>(())
    /// ```
    pub fn create_disk_blob(&self, path: Option<&Path>, nbytes: usize) -> Result<BlobWriter<u8>, Error> {
        const CALL: &str = CreateDiskBufferRequest::TYPE;
        let view = |error| CallError::view(CALL, error);
        let path = match path {
            None => "",
            Some(path) => path.to_str().ok_or_else(|| not_sent(CALL, "the path is not UTF-8"))?,
        };
        if nbytes == 0 {
            return Ok(BlobWriter::new(None, 0, None).map_err(view)?);
        }
        let new = self.inner.transport().create_on_disk(nbytes as u64, path)?;
        let window = new.window()?;
        Ok(BlobWriter::new(Some(window), nbytes, Some(Box::new(new))).map_err(view)?)
    }
}

fn not_sent(call: &'static str, why: &'static str) -> CallError {
    CallError::new(call, CallReason::NotSent(why))
}
