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

#[derive(Debug)]
struct Stream {
    ready: VecDeque<ObjectId>,
    /// Handed to the writer, who fills it.
    writing: Option<ObjectId>,
    /// Handed to the reader, who looks at it.
    reading: Option<ObjectId>,
    reader: Option<oneshot::Sender<Pulled>>,
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
        self.reader.as_ref().is_some_and(|reader| !reader.is_closed())
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
        match self.reader.take().map(|reader| reader.send(Ok(chunk))) {
            Some(Ok(())) => self.reading = Some(chunk),
            // Nobody waits, or no more.
            Some(Err(_)) | None => self.ready.push_front(chunk),
        }
    }

    fn tell_reader(&mut self, error: ServerError) {
        if let Some(reader) = self.reader.take() {
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
}

fn absent(id: ObjectId) -> ServerError {
    ServerError::new(StatusCode::ObjectNotExists, format!("there is no stream {id}"))
}

impl Streams {
    /// No streams. What they take is taken from a budget.
    pub(crate) fn new(budget: Arc<Budget>) -> Self {
        Self { budget, streams: HashMap::new(), pulled: HashMap::new() }
    }

    fn stream(&mut self, id: ObjectId) -> Result<&mut Stream, ServerError> {
        self.streams.get_mut(&id).ok_or_else(|| absent(id))
    }

    /// How many streams there are, and chunks in them that wait for a reader. Costs a step for each stream.
    pub(crate) fn count(&self) -> (usize, usize) {
        (self.streams.len(), self.streams.values().map(|stream| stream.ready.len()).sum())
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

    /// The reader has done with its chunk, which is returned to be deleted, and wants the next.
    ///
    /// # Errors
    ///
    /// [`StatusCode::ObjectNotExists`], [`StatusCode::InvalidStreamState`] if another reader waits, or
    /// [`StatusCode::NotEnoughMemory`] if the server may keep no more.
    pub(crate) fn pull(
        &mut self,
        id: ObjectId,
        connection: ConnectionId,
    ) -> Result<(Option<ObjectId>, Pull), ServerError> {
        let stream = self.streams.get_mut(&id).ok_or_else(|| absent(id))?;
        if stream.reader_waits() {
            let message = format!("the stream {id} has a reader that waits");
            return Err(ServerError::new(StatusCode::InvalidStreamState, message));
        }
        stream.share.take(READER_BYTES, Stay::Held)?;
        stream.readers =
            stream.readers.saturating_add(u64::from(self.pulled.entry(connection).or_default().insert(id)));
        let done = stream.reading.take();
        let next = match (stream.ready.pop_front(), stream.end) {
            (Some(chunk), _) => {
                stream.reading = Some(chunk);
                Pull::Now(Ok(chunk))
            }
            (None, Some(end)) => Pull::Now(Err(end.error())),
            (None, None) => {
                let (sender, receiver) = oneshot::channel();
                stream.reader = Some(sender);
                Pull::Later(receiver)
            }
        };
        stream.settle();
        Ok((done, next))
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

    /// Forgets a stream and returns the chunks that nobody has read.
    ///
    /// # Errors
    ///
    /// [`StatusCode::ObjectNotExists`].
    pub(crate) fn remove(&mut self, id: ObjectId) -> Result<Vec<ObjectId>, ServerError> {
        let mut stream = self.streams.remove(&id).ok_or_else(|| absent(id))?;
        stream.tell_reader(End::Failed.error());
        self.pulled.retain(|_, streams| {
            streams.remove(&id);
            !streams.is_empty()
        });
        Ok(stream.ready.into())
    }

    /// Forgets the streams that a connection has read from, and returns the chunks that nobody has read, and the blobs
    /// that it was looking at: nobody else knows of them. An object stays, which others can find. `None` if it has read
    /// from none.
    pub(crate) fn disconnect(&mut self, connection: ConnectionId) -> Option<Vec<ObjectId>> {
        let mut chunks = Vec::new();
        for id in self.pulled.remove(&connection)? {
            let reading = self.streams.get(&id).and_then(|stream| stream.reading);
            chunks.extend(reading.filter(|chunk| chunk.is_blob()));
            chunks.extend(self.remove(id).into_iter().flatten());
        }
        Some(chunks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: ObjectId = ObjectId::from_raw(7);
    const READER: ConnectionId = ConnectionId(1);

    fn chunk(number: u64) -> ObjectId {
        ObjectId::blob(1, number)
    }

    fn code<T: std::fmt::Debug>(result: Result<T, ServerError>) -> StatusCode {
        result.expect_err("refused").code
    }

    fn started() -> Streams {
        let mut streams = Streams::new(Budget::new(1 << 20));
        streams.create(STREAM).expect("new");
        streams
    }

    fn pull(streams: &mut Streams) -> (Option<ObjectId>, Pull) {
        streams.pull(STREAM, READER).expect("there is nobody else")
    }

    #[test]
    fn each_end_is_opened_once() {
        let mut streams = started();
        assert_eq!(code(streams.create(STREAM)), StatusCode::ObjectExists);
        assert_eq!(streams.open(STREAM, OpenStreamRequest::READ), Ok(()));
        assert_eq!(code(streams.open(STREAM, OpenStreamRequest::READ)), StatusCode::StreamOpened);
        assert_eq!(code(streams.open(STREAM, 3)), StatusCode::StreamOpened);
        assert_eq!(streams.open(STREAM, OpenStreamRequest::WRITE), Ok(()));
        assert_eq!(code(streams.open(ObjectId::from_raw(8), 1)), StatusCode::ObjectNotExists);
    }

    #[test]
    fn a_waiting_reader_gets_the_chunk_when_the_writer_goes_on() {
        let mut streams = started();
        streams.advance(STREAM, |_| unreachable!()).expect("no chunk yet");
        streams.start_chunk(STREAM, chunk(1)).expect("there");
        let (None, Pull::Later(mut later)) = pull(&mut streams) else { panic!("nothing is ready") };
        assert_eq!(code(streams.pull(STREAM, ConnectionId(2))), StatusCode::InvalidStreamState);
        streams.advance(STREAM, |_| true).expect("it goes on");
        assert_eq!(later.try_recv(), Ok(Ok(chunk(1))));
        let (done, Pull::Later(later)) = pull(&mut streams) else { panic!("nothing is ready") };
        assert_eq!(done, Some(chunk(1)));
        // The reader goes; the next chunk is for who comes after it.
        drop(later);
        streams.push(STREAM, chunk(2)).expect("open");
        let (None, Pull::Now(Ok(next))) = pull(&mut streams) else { panic!("it is ready") };
        assert_eq!(next, chunk(2));
    }

    #[test]
    fn what_is_ready_can_be_read_after_the_end() {
        for (failed, end) in [(false, StatusCode::StreamDrained), (true, StatusCode::StreamFailed)] {
            let mut streams = started();
            streams.push(STREAM, chunk(1)).expect("open");
            streams.start_chunk(STREAM, chunk(2)).expect("there");
            streams.stop(STREAM, failed, |_| true).expect("open");
            assert_eq!(code(streams.stop(STREAM, failed, |_| true)), StatusCode::InvalidStreamState);
            assert_eq!(code(streams.push(STREAM, chunk(3))), StatusCode::InvalidStreamState);
            for number in [1, 2] {
                let (_, Pull::Now(Ok(next))) = pull(&mut streams) else { panic!("it is ready") };
                assert_eq!(next, chunk(number));
            }
            for _ in 0..2 {
                let (_, Pull::Now(next)) = pull(&mut streams) else { panic!("it has ended") };
                assert_eq!(code(next), end);
            }
        }
    }

    #[test]
    fn a_waiting_reader_is_told_the_end() {
        for failed in [false, true] {
            let mut streams = started();
            let (_, Pull::Later(mut later)) = pull(&mut streams) else { panic!("nothing is ready") };
            streams.start_chunk(STREAM, chunk(1)).expect("there");
            streams.stop(STREAM, failed, |_| true).expect("open");
            let told = later.try_recv().expect("an answer");
            if failed {
                assert_eq!(code(told), StatusCode::StreamFailed);
            } else {
                assert_eq!(told, Ok(chunk(1)));
            }
        }
    }

    #[test]
    fn what_waits_for_a_reader_has_an_end() {
        let mut streams = started();
        let budget = Arc::clone(&streams.budget);
        let pushed = (0..).find(|number| streams.push(STREAM, chunk(*number)).is_err());
        assert_eq!(code(streams.create(ObjectId::from_raw(8))), StatusCode::NotEnoughMemory);
        assert_eq!(code(streams.push(STREAM, chunk(0))), StatusCode::NotEnoughMemory);
        (0..10).for_each(|_| drop(pull(&mut streams)));
        streams.push(STREAM, chunk(0)).expect("some have gone");
        let unread = streams.remove(STREAM).expect("there");
        assert_eq!((Some(unread.len() as u64 + 9), budget.used()), (pushed, 0));
    }

    #[test]
    fn one_writer_waits_at_a_time() {
        let mut streams = started();
        let ticket = streams.wait_for_room(STREAM).expect("there");
        assert_eq!(code(streams.advance(STREAM, |_| true)), StatusCode::InvalidStreamState);
        assert_eq!(code(streams.stop(STREAM, false, |_| true)), StatusCode::InvalidStreamState);
        drop(ticket);
        assert_eq!(streams.advance(STREAM, |_| true), Ok(()));
    }

    #[test]
    fn a_chunk_that_cannot_be_sealed_is_no_chunk() {
        let mut streams = started();
        streams.start_chunk(STREAM, chunk(1)).expect("there");
        streams.stop(STREAM, false, |_| false).expect("open");
        let (_, Pull::Now(next)) = pull(&mut streams) else { panic!("it has ended") };
        assert_eq!(code(next), StatusCode::StreamDrained);
    }

    #[test]
    fn a_stream_goes_with_its_reader() {
        let mut streams = started();
        streams.push(STREAM, chunk(1)).expect("open");
        streams.push(STREAM, chunk(2)).expect("open");
        assert_eq!(streams.count(), (1, 2));
        pull(&mut streams);
        assert_eq!(streams.count(), (1, 1));
        assert_eq!(streams.disconnect(READER), Some(vec![chunk(1), chunk(2)]));
        assert!(streams.disconnect(READER).is_none() && !streams.contains(STREAM) && streams.pulled.is_empty());
        let mut streams = started();
        streams.push(STREAM, ObjectId::from_raw(1)).expect("open");
        pull(&mut streams);
        assert_eq!(streams.disconnect(READER), Some(Vec::new()), "an object that was read stays");
        let mut streams = started();
        let (_, Pull::Later(mut later)) = pull(&mut streams) else { panic!("nothing is ready") };
        assert_eq!(streams.remove(STREAM), Ok(Vec::new()));
        assert_eq!(code(later.try_recv().expect("an answer")), StatusCode::StreamFailed);
    }
}
