//! The reading end.

use std::fmt;
use std::iter::FusedIterator;
use std::sync::Arc;
use std::time::Duration;

use crate::blob::Blob;
use crate::client::get;
use crate::client::inner::Inner;
use crate::client::link::Link;
use crate::client::transport::Transport;
use crate::error::{Error, GetError};
use crate::id::ObjectId;
use crate::protocol::{Call, OpenStreamRequest, PullNextStreamChunkRequest};
use crate::status::StatusCode;

/// What a stream brings.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum StreamChunk {
    /// Bytes.
    Blob(Blob),
    /// An object, to be got by its id before the next chunk is asked for: then it is deleted.
    Object(ObjectId),
}

impl StreamChunk {
    /// The bytes, if it is no object.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Blob(blob) => Some(blob.as_bytes()),
            Self::Object(_) => None,
        }
    }
}

/// The reading end of a stream: an iterator over its chunks, which waits for each.
///
/// It ends when the writer has finished; an error is its last item. Each chunk is deleted from the store when the next
/// is asked for. Blobs stay valid for as long as they are held: of our server they are views, whose memory the writer
/// gets back when they are dropped; of the original server, which would reuse it at once, they are copies.
///
/// A reader that is dropped after it has read takes the stream along.
///
/// ```no_run
/// # let client = vineyard_core::Client::from_env()?;
/// # let id = vineyard_core::ObjectId::INVALID;
/// for chunk in client.read_stream(id)? {
///     let chunk = chunk?;
///     println!("{:?}", chunk.as_bytes());
/// }
/// # Ok::<(), vineyard_core::Error>(())
/// ```
pub struct StreamReader {
    link: Arc<Link>,
    id: ObjectId,
    blob: Box<dyn Fn(ObjectId) -> Result<Blob, GetError> + Send>,
    ended: bool,
}

impl StreamReader {
    pub(super) fn open<T: Transport + Send + Sync + 'static>(inner: &Inner<T>, id: ObjectId) -> Result<Self, Error> {
        let transport = T::open(inner.endpoint())?;
        let link = Arc::clone(transport.link());
        link.call(&OpenStreamRequest { object_id: id, mode: OpenStreamRequest::READ })?;
        link.set_timeout(OpenStreamRequest::TYPE, Duration::MAX)?;
        let copies = !link.is_native();
        let blob = Box::new(move |id| {
            let blob = get::blob(&transport, id)?;
            Ok(if copies && blob.is_shared() { Blob::from(blob.copy_out()) } else { blob })
        });
        Ok(Self { link, id, blob, ended: false })
    }

    /// The stream's id.
    pub fn id(&self) -> ObjectId {
        self.id
    }

    /// How long to wait for a chunk. Without it, for as long as the server lives. After a time-out the reader is of no
    /// use any more.
    ///
    /// # Errors
    ///
    /// [`CallError`](crate::CallError) if the connection has ended.
    pub fn set_timeout(&mut self, timeout: Duration) -> Result<(), Error> {
        Ok(self.link.set_timeout(PullNextStreamChunkRequest::TYPE, timeout)?)
    }

    /// Waits for the next chunk and returns its id, or `None` at the end. The chunk before is deleted. One request.
    ///
    /// # Errors
    ///
    /// [`CallError`](crate::CallError), with [`StatusCode::StreamFailed`] if the writer failed or is gone, and with
    /// other codes if the stream was dropped.
    pub fn next_id(&mut self) -> Result<Option<ObjectId>, Error> {
        match self.link.call(&PullNextStreamChunkRequest { id: self.id }) {
            Ok(reply) => Ok(Some(reply.chunk)),
            Err(error) if error.code() == Some(StatusCode::StreamDrained) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn chunk(&mut self) -> Result<Option<StreamChunk>, Error> {
        match self.next_id()? {
            Some(id) if id.is_blob() => Ok(Some(StreamChunk::Blob((self.blob)(id)?))),
            Some(id) => Ok(Some(StreamChunk::Object(id))),
            None => Ok(None),
        }
    }
}

impl Iterator for StreamReader {
    type Item = Result<StreamChunk, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let chunk = self.chunk().transpose();
        self.ended = !matches!(chunk, Some(Ok(_)));
        chunk
    }
}

impl FusedIterator for StreamReader {}

impl fmt::Debug for StreamReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamReader").field("id", &self.id).field("ended", &self.ended).finish_non_exhaustive()
    }
}
