//! The writing end.

use std::sync::Arc;
use std::time::Duration;

use crate::client::inner::Inner;
use crate::client::lease::Fresh;
use crate::client::link::Link;
use crate::client::shared::SharedLink;
use crate::client::transport::Transport;
use crate::error::Error;
use crate::id::ObjectId;
use crate::protocol::{
    Call, GetNextStreamChunkRequest, OpenStreamRequest, PushNextStreamChunkRequest, StopStreamRequest,
};
use crate::shm::WindowMut;

/// The writing end of a stream.
///
/// Chunks are filled in place; the next call hands them to the reader. A writer that is dropped without
/// [`finish`](Self::finish) [fails](Self::fail) the stream.
///
/// ```no_run
/// # let client = vineyard_core::Client::from_env()?;
/// # let id = vineyard_core::ObjectId::INVALID;
/// client.create_stream(id)?;
/// let mut writer = client.write_stream(id)?;
/// for line in ["one", "two"] {
///     writer.next_chunk(line.len())?.copy_from_slice(line.as_bytes());
/// }
/// writer.finish()?;
/// # Ok::<(), vineyard_core::Error>(())
/// ```
#[derive(Debug)]
pub struct StreamWriter {
    shared: Arc<SharedLink>,
    id: ObjectId,
    /// The chunk that is being written, which the stream owns, and its lease.
    chunk: Option<(WindowMut, Fresh)>,
    /// Whether the stream was stopped.
    stopped: bool,
}

impl StreamWriter {
    pub(super) fn open(inner: &Inner<SharedLink>, id: ObjectId) -> Result<Self, Error> {
        let shared = SharedLink::open(inner.endpoint())?;
        shared.link().call(&OpenStreamRequest { object_id: id, mode: OpenStreamRequest::WRITE })?;
        let writer = Self { shared, id, chunk: None, stopped: false };
        writer.link().set_timeout(OpenStreamRequest::TYPE, Duration::MAX)?;
        Ok(writer)
    }

    fn link(&self) -> &Link {
        self.shared.link()
    }

    /// The stream's id.
    pub fn id(&self) -> ObjectId {
        self.id
    }

    /// How long to wait for room, or for any other reply. Without it, for as long as the server lives. After a time-out
    /// the writer is of no use any more; only [`drop_stream`](crate::Client::drop_stream) ends its stream.
    ///
    /// # Errors
    ///
    /// [`CallError`](crate::CallError) if the connection has ended.
    pub fn set_timeout(&mut self, timeout: Duration) -> Result<(), Error> {
        Ok(self.link().set_timeout(GetNextStreamChunkRequest::TYPE, timeout)?)
    }

    /// Hands the chunk before to the reader, and returns the bytes of the next, to be filled. Their contents are
    /// unspecified at first.
    ///
    /// Waits for room: streams stop at a share of the server's memory until their readers have read. One request.
    ///
    /// # Errors
    ///
    /// [`CallError`](crate::CallError), with [`StatusCode::NotEnoughMemory`](crate::StatusCode::NotEnoughMemory) if the
    /// chunk can never fit, and with a code if the stream was dropped.
    pub fn next_chunk(&mut self, nbytes: usize) -> Result<&mut [u8], Error> {
        self.hand_over();
        let Some(new) = self.shared.next_chunk(self.id, nbytes as u64)? else { return Ok(&mut []) };
        let window = new.window();
        let fresh = new.into_fresh();
        match window {
            Ok(window) => Ok(self.chunk.insert((window, fresh)).0.as_mut_bytes()),
            Err(error) => {
                // The stream owns the chunk, filled or not.
                fresh.keep();
                Err(error.into())
            }
        }
    }

    /// Appends an object or blob that exists. It is deleted when the reader has read it. One request.
    ///
    /// It comes before a chunk that is being written, which is handed over by the next call of
    /// [`next_chunk`](Self::next_chunk) or [`finish`](Self::finish).
    ///
    /// # Errors
    ///
    /// [`CallError`](crate::CallError), with a code if the stream was dropped.
    pub fn push(&mut self, chunk: ObjectId) -> Result<(), Error> {
        self.link().call(&PushNextStreamChunkRequest { id: self.id, chunk })?;
        Ok(())
    }

    /// Ends the stream after its last chunk. One request.
    ///
    /// # Errors
    ///
    /// [`CallError`](crate::CallError), with a code if the stream was dropped.
    pub fn finish(self) -> Result<(), Error> {
        self.stop(false)
    }

    /// Ends the stream with an error: a reader that waits gets it at once, one that comes later after the chunks that
    /// there are. One request.
    ///
    /// # Errors
    ///
    /// [`CallError`](crate::CallError), with a code if the stream was dropped.
    pub fn fail(self) -> Result<(), Error> {
        self.stop(true)
    }

    fn stop(mut self, failed: bool) -> Result<(), Error> {
        self.hand_over();
        self.stopped = true;
        self.link().call(&StopStreamRequest { id: self.id, failed })?;
        Ok(())
    }

    /// Ends the writing of a chunk, before the server seals it.
    fn hand_over(&mut self) {
        if let Some((window, fresh)) = self.chunk.take() {
            drop(window);
            fresh.keep();
        }
    }
}

impl Drop for StreamWriter {
    fn drop(&mut self) {
        self.hand_over();
        if !self.stopped {
            self.link().notify(&StopStreamRequest { id: self.id, failed: true });
        }
    }
}
