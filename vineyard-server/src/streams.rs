//! Streams: queues of chunks between one writer and one reader. Pure: who waits is told through channels.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Weak};

use tokio::sync::oneshot;
use vineyard_core::protocol::OpenStreamRequest;
use vineyard_core::{ObjectId, ServerError, StatusCode};

use crate::budget::{Budget, Share, Stay};
use crate::store::ConnectionId;

/// What a stream takes of the server's own memory, each chunk that is ready, and each connection that has read from it.
const STREAM_BYTES: u64 = 320;
const CHUNK_BYTES: u64 = 16;
const READER_BYTES: u64 = 96;

/// What a pull ends with.
pub(crate) type Pulled = Result<ObjectId, ServerError>;

/// What comes of a pull.
#[derive(Debug)]
pub(crate) enum Pull {
    /// An end or a chunk.
    Now(Pulled),
    /// It will come through this channel.
    Later(oneshot::Receiver<Pulled>),
}

/// Held by a writer for as long as it waits for room.
#[derive(Debug)]
pub(crate) struct WriterTicket(#[expect(dead_code, reason = "its being there is what counts")] Arc<()>);

/// Why no chunk will follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Drained,
    Failed,
}

impl End {
    fn error(self) -> ServerError {
        match self {
            Self::Drained => ServerError::new(StatusCode::StreamDrained, "the stream has no more chunks"),
            Self::Failed => ServerError::new(StatusCode::StreamFailed, "the writer of the stream has failed"),
        }
    }
}

/// A chunk that a connection looks at.
#[derive(Debug, Clone, Copy)]
struct Reading {
    chunk: ObjectId,
    by: ConnectionId,
}

/// A blob that a connection still looks at, of a stream that is gone.
#[derive(Debug)]
struct Left {
    chunk: ObjectId,
    /// What was taken for the reader.
    _share: Share,
}

#[derive(Debug)]
struct Stream {
    ready: VecDeque<ObjectId>,
    /// Handed to the writer, who fills it.
    writing: Option<ObjectId>,
    /// Handed to a reader, who looks at it.
    reading: Option<Reading>,
    /// The reader that waits.
    reader: Option<(ConnectionId, oneshot::Sender<Pulled>)>,
    writer: Weak<()>,
    end: Option<End>,
    /// Bits of the ends that were opened.
    opened: i64,
    /// Connections that have read from it.
    readers: u64,
    share: Share,
}

impl Stream {
    fn new(share: Share) -> Self {
        let (ready, writing, reading, reader) = (VecDeque::new(), None, None, None);
        let (writer, end, opened, readers) = (Weak::new(), None, 0, 0);
        Self { ready, writing, reading, reader, writer, end, opened, readers, share }
    }

    /// Takes what the stream needs now of what the server may keep.
    fn settle(&mut self) {
        let ready = u64::try_from(self.ready.len()).unwrap_or(u64::MAX).saturating_mul(CHUNK_BYTES);
        let readers = self.readers.saturating_mul(READER_BYTES);
        self.share.settle(STREAM_BYTES.saturating_add(ready).saturating_add(readers));
    }

    fn reader_waits(&self) -> bool {
        self.reader.as_ref().is_some_and(|(_, reader)| !reader.is_closed())
    }

    fn writer_waits(&self) -> bool {
        self.writer.strong_count() > 0
    }

    fn check_writable(&self, id: ObjectId) -> Result<(), ServerError> {
        let state = match self.end {
            Some(End::Drained) => "is stopped",
            Some(End::Failed) => "has failed",
            None if self.writer_waits() => "has a writer that waits",
            None => return Ok(()),
        };
        Err(ServerError::new(StatusCode::InvalidStreamState, format!("the stream {id} {state}")))
    }

    /// Appends the chunk that was written, if it still can be sealed.
    fn finish_chunk(&mut self, seal: impl FnOnce(ObjectId) -> bool) {
        self.ready.extend(self.writing.take().filter(|chunk| seal(*chunk)));
    }

    /// Gives the waiting reader what there is for it.
    fn serve_reader(&mut self) {
        let Some(chunk) = self.ready.pop_front() else { return };
        match self.reader.take().map(|(by, reader)| reader.send(Ok(chunk)).map(|()| by)) {
            Some(Ok(by)) => self.reading = Some(Reading { chunk, by }),
            // Nobody waits, or no more.
            Some(Err(_)) | None => self.ready.push_front(chunk),
        }
    }

    fn tell_reader(&mut self, error: ServerError) {
        if let Some((_, reader)) = self.reader.take() {
            // A reader that has gone meanwhile needs no answer.
            let _gone = reader.send(Err(error));
        }
    }
}

/// The streams of a session.
#[derive(Debug)]
pub(crate) struct Streams {
    budget: Arc<Budget>,
    streams: HashMap<ObjectId, Stream>,
    /// The streams that each connection has read from.
    pulled: HashMap<ConnectionId, HashSet<ObjectId>>,
    /// What each connection still looks at, by the stream that it came from, which is gone.
    left: HashMap<ConnectionId, HashMap<ObjectId, Left>>,
}

fn absent(id: ObjectId) -> ServerError {
    ServerError::new(StatusCode::ObjectNotExists, format!("there is no stream {id}"))
}

impl Streams {
    /// No streams. What they take is taken from a budget.
    pub(crate) fn new(budget: Arc<Budget>) -> Self {
        Self { budget, streams: HashMap::new(), pulled: HashMap::new(), left: HashMap::new() }
    }

    fn stream(&mut self, id: ObjectId) -> Result<&mut Stream, ServerError> {
        self.streams.get_mut(&id).ok_or_else(|| absent(id))
    }

    /// How many streams there are, and chunks in them that wait for a reader. Costs a step for each stream.
    pub(crate) fn count(&self) -> (usize, usize) {
        (self.streams.len(), self.streams.values().map(|stream| stream.ready.len()).sum())
    }

    /// What streams without readers take that have these chunks, counted anew. O(streams).
    pub(crate) fn bytes(&self) -> u64 {
        let (streams, chunks) = self.count();
        let bytes = |count: usize, each: u64| u64::try_from(count).unwrap_or(u64::MAX).saturating_mul(each);
        bytes(streams, STREAM_BYTES).saturating_add(bytes(chunks, CHUNK_BYTES))
    }

    /// Makes a stream.
    ///
    /// # Errors
    ///
    /// [`StatusCode::ObjectExists`], or [`StatusCode::NotEnoughMemory`] if the server may keep no more.
    pub(crate) fn create(&mut self, id: ObjectId) -> Result<(), ServerError> {
        if self.streams.contains_key(&id) {
            return Err(ServerError::new(StatusCode::ObjectExists, format!("there is a stream {id} already")));
        }
        let mut share = Share::of(&self.budget);
        share.take(STREAM_BYTES, Stay::Stored)?;
        self.streams.insert(id, Stream::new(share));
        Ok(())
    }

    /// Claims ends of a stream; using one does not depend on it.
    ///
    /// # Errors
    ///
    /// [`StatusCode::ObjectNotExists`], or [`StatusCode::StreamOpened`] if one of the ends is claimed already.
    pub(crate) fn open(&mut self, id: ObjectId, mode: i64) -> Result<(), ServerError> {
        let stream = self.stream(id)?;
        if stream.opened & mode != 0 {
            let end = if stream.opened & mode & OpenStreamRequest::READ != 0 { "reading" } else { "writing" };
            return Err(ServerError::new(
                StatusCode::StreamOpened,
                format!("the stream {id} is open for {end} already"),
            ));
        }
        stream.opened |= mode;
        Ok(())
    }

    /// The writer has finished its chunk, which is sealed and goes to the reader, and wants the next.
    ///
    /// # Errors
    ///
    /// [`StatusCode::ObjectNotExists`], or [`StatusCode::InvalidStreamState`] if the stream was stopped or another
    /// writer waits, or [`StatusCode::NotEnoughMemory`] if the server may keep no more.
    pub(crate) fn advance(&mut self, id: ObjectId, seal: impl FnOnce(ObjectId) -> bool) -> Result<(), ServerError> {
        let stream = self.stream(id)?;
        stream.check_writable(id)?;
        stream.share.take(CHUNK_BYTES, Stay::Stored)?;
        stream.finish_chunk(seal);
        stream.serve_reader();
        stream.settle();
        Ok(())
    }

    /// Lets the writer wait for room; nobody else writes meanwhile.
    ///
    /// # Errors
    ///
    /// [`StatusCode::ObjectNotExists`].
    pub(crate) fn wait_for_room(&mut self, id: ObjectId) -> Result<WriterTicket, ServerError> {
        let ticket = Arc::new(());
        self.stream(id)?.writer = Arc::downgrade(&ticket);
        Ok(WriterTicket(ticket))
    }

    /// Whether there still is a stream for a writer that waits.
    pub(crate) fn contains(&self, id: ObjectId) -> bool {
        self.streams.contains_key(&id)
    }

    /// The writer was given its next chunk.
    ///
    /// # Errors
    ///
    /// [`StatusCode::ObjectNotExists`].
    pub(crate) fn start_chunk(&mut self, id: ObjectId, chunk: ObjectId) -> Result<(), ServerError> {
        self.stream(id)?.writing = Some(chunk);
        Ok(())
    }

    /// Appends what exists already.
    ///
    /// # Errors
    ///
    /// As [`advance`](Self::advance).
    pub(crate) fn push(&mut self, id: ObjectId, chunk: ObjectId) -> Result<(), ServerError> {
        let stream = self.stream(id)?;
        stream.check_writable(id)?;
        stream.share.take(CHUNK_BYTES, Stay::Stored)?;
        stream.ready.push_back(chunk);
        stream.serve_reader();
        stream.settle();
        Ok(())
    }

    /// The reader has done with its chunk, which is returned to be deleted, and wants the next. The chunks are two if it
    /// had one of an earlier stream with this id. Of a stream that is gone, the pull comes to
    /// [`StatusCode::ObjectNotExists`].
    ///
    /// # Errors
    ///
    /// [`StatusCode::InvalidStreamState`] if another reader waits, or [`StatusCode::NotEnoughMemory`] if the server may
    /// keep no more.
    pub(crate) fn pull(
        &mut self,
        id: ObjectId,
        connection: ConnectionId,
    ) -> Result<(Vec<ObjectId>, Pull), ServerError> {
        let Some(stream) = self.streams.get_mut(&id) else {
            return Ok((self.take_left(connection, id).into_iter().collect(), Pull::Now(Err(absent(id)))));
        };
        if stream.reader_waits() {
            let message = format!("the stream {id} has a reader that waits");
            return Err(ServerError::new(StatusCode::InvalidStreamState, message));
        }
        stream.share.take(READER_BYTES, Stay::Held)?;
        stream.readers =
            stream.readers.saturating_add(u64::from(self.pulled.entry(connection).or_default().insert(id)));
        let done = stream.reading.take().map(|reading| reading.chunk);
        let next = match (stream.ready.pop_front(), stream.end) {
            (Some(chunk), _) => {
                stream.reading = Some(Reading { chunk, by: connection });
                Pull::Now(Ok(chunk))
            }
            (None, Some(end)) => Pull::Now(Err(end.error())),
            (None, None) => {
                let (sender, receiver) = oneshot::channel();
                stream.reader = Some((connection, sender));
                Pull::Later(receiver)
            }
        };
        stream.settle();
        Ok((done.into_iter().chain(self.take_left(connection, id)).collect(), next))
    }

    /// The blob that a connection looks at, of a stream that is gone.
    fn take_left(&mut self, connection: ConnectionId, stream: ObjectId) -> Option<ObjectId> {
        let left = self.left.get_mut(&connection)?;
        let taken = left.remove(&stream);
        if left.is_empty() {
            self.left.remove(&connection);
        }
        taken.map(|left| left.chunk)
    }

    /// Ends a stream; what is ready can still be read.
    ///
    /// # Errors
    ///
    /// [`StatusCode::ObjectNotExists`], or [`StatusCode::InvalidStreamState`] if the stream was stopped or another
    /// writer waits.
    pub(crate) fn stop(
        &mut self,
        id: ObjectId,
        failed: bool,
        seal: impl FnOnce(ObjectId) -> bool,
    ) -> Result<(), ServerError> {
        let stream = self.stream(id)?;
        stream.check_writable(id)?;
        stream.finish_chunk(seal);
        let end = if failed { End::Failed } else { End::Drained };
        stream.end = Some(end);
        // A failure is told at once, ready chunks or not.
        if !failed {
            stream.serve_reader();
        }
        stream.tell_reader(end.error());
        stream.settle();
        Ok(())
    }

    /// Forgets a stream and returns the chunks that nobody has read. A blob that a reader looks at is its reader's: it is
    /// returned by the reader's next pull, or when its connection [ends](Self::disconnect). An object stays, which others
    /// can find.
    ///
    /// # Errors
    ///
    /// [`StatusCode::ObjectNotExists`].
    pub(crate) fn remove(&mut self, id: ObjectId) -> Result<Vec<ObjectId>, ServerError> {
        let mut stream = self.streams.remove(&id).ok_or_else(|| absent(id))?;
        stream.tell_reader(End::Failed.error());
        if let Some(Reading { chunk, by }) = stream.reading.filter(|reading| reading.chunk.is_blob()) {
            let left = Left { chunk, _share: stream.share.part_with(READER_BYTES) };
            self.left.entry(by).or_default().insert(id, left);
        }
        self.pulled.retain(|_, streams| {
            streams.remove(&id);
            !streams.is_empty()
        });
        Ok(stream.ready.into())
    }

    /// Forgets the streams that a connection has read from, and returns the chunks that nobody has read, and the blobs
    /// that it was looking at: nobody else knows of them. `None` if it has read from none.
    pub(crate) fn disconnect(&mut self, connection: ConnectionId) -> Option<Vec<ObjectId>> {
        let mut chunks: Option<Vec<ObjectId>> = None;
        for id in self.pulled.remove(&connection).into_iter().flatten() {
            chunks.get_or_insert_default().extend(self.remove(id).into_iter().flatten());
        }
        for left in self.left.remove(&connection).into_iter().flat_map(HashMap::into_values) {
            chunks.get_or_insert_default().push(left.chunk);
        }
        chunks
    }
}

#[cfg(test)]
mod tests;
