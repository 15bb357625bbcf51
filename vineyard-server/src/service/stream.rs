//! Streams: create, open, write, read, stop, drop.

use vineyard_core::protocol::{
    CreateStreamReply, CreateStreamRequest, DropStreamReply, DropStreamRequest, GetNextStreamChunkReply,
    GetNextStreamChunkRequest, OpenStreamReply, OpenStreamRequest, PullNextStreamChunkRequest,
    PushNextStreamChunkReply, PushNextStreamChunkRequest, StopStreamReply, StopStreamRequest,
};
use vineyard_core::{ObjectId, ServerError, StatusCode};

use super::Connection;
use super::blob::{create_one_now, describe_new, pending_label};
use crate::session::Session;
use crate::state::State;
use crate::streams::{Pull, Streams, WriterTicket};

/// Makes a stream.
pub(super) fn create(session: &Session, request: &CreateStreamRequest) -> Result<CreateStreamReply, ServerError> {
    session.streams().create(request.object_id)?;
    Ok(CreateStreamReply {})
}

/// Claims ends of a stream.
pub(super) fn open(session: &Session, request: &OpenStreamRequest) -> Result<OpenStreamReply, ServerError> {
    session.streams().open(request.object_id, request.mode)?;
    Ok(OpenStreamReply {})
}

/// Seals the chunk of a writer, who is done with it; false if it is gone.
fn seal(session: &Session, chunk: ObjectId) -> bool {
    let mut blobs = session.blobs();
    let sealed = blobs.seal_alone(chunk).is_ok();
    blobs.reached(chunk);
    sealed
}

/// What comes of a writer's wish for its next chunk.
pub(super) enum NextChunk {
    /// It is there.
    Now(GetNextStreamChunkReply),
    /// There is no room.
    Later(WriterTicket),
}

/// Hands the chunk that was written to the reader, and makes the next if there is room.
pub(super) fn next_chunk(
    connection: &mut Connection,
    request: &GetNextStreamChunkRequest,
) -> Result<NextChunk, ServerError> {
    let session = connection.session();
    // Held over all of it, so that of two writers neither gets in between.
    let mut streams = session.streams();
    streams.advance(request.id, |chunk| seal(&session, chunk))?;
    match make_chunk(connection, &mut streams, request)? {
        Some(reply) => Ok(NextChunk::Now(reply)),
        None => streams.wait_for_room(request.id).map(NextChunk::Later),
    }
}

/// Makes the next chunk of a stream; `None` if there is no room.
///
/// # Errors
///
/// Code 43 if the stream is gone meanwhile, 41 if there is room, but nowhere in one piece, or if the chunk is larger than
/// all of the memory.
pub(super) fn make_chunk(
    connection: &mut Connection,
    streams: &mut Streams,
    request: &GetNextStreamChunkRequest,
) -> Result<Option<GetNextStreamChunkReply>, ServerError> {
    let state = connection.state();
    if !streams.contains(request.id) {
        let message = format!("the stream {} was dropped", request.id);
        return Err(ServerError::new(StatusCode::StreamFailed, message));
    }
    if request.size > 0 && !has_room(&state, request.size) {
        return Ok(None);
    }
    let placement = create_one_now(connection, request.size)?;
    let buffer = describe_new(connection, &placement)?;
    streams.start_chunk(request.id, buffer.object_id)?;
    Ok(Some(GetNextStreamChunkReply { buffer, fd: pending_label(connection) }))
}

/// Whether streams may take so many bytes more. What never fits is not waited for: it is refused when it is allocated.
fn has_room(state: &State, size: u64) -> bool {
    let pool = state.pool.lock();
    if size > pool.limit() {
        return true;
    }
    let (limit, threshold) = (u128::from(pool.limit()), u128::from(state.settings.stream_threshold));
    let wanted = u128::from(pool.used()).saturating_add(u128::from(size));
    wanted.saturating_mul(100) < limit.saturating_mul(threshold)
}

/// Appends what exists already.
pub(super) fn push(
    session: &Session,
    request: &PushNextStreamChunkRequest,
) -> Result<PushNextStreamChunkReply, ServerError> {
    session.streams().push(request.id, request.chunk)?;
    session.blobs().reached(request.chunk);
    Ok(PushNextStreamChunkReply {})
}

/// Deletes the chunk that was read, and gives the next.
pub(super) fn pull(connection: &Connection, request: &PullNextStreamChunkRequest) -> Result<Pull, ServerError> {
    let session = connection.session();
    let (done, next) = session.streams().pull(request.id, connection.id())?;
    if !done.is_empty() {
        session.delete(&done, true, connection.id());
    }
    Ok(next)
}

/// Ends a stream.
pub(super) fn stop(session: &Session, request: &StopStreamRequest) -> Result<StopStreamReply, ServerError> {
    session.streams().stop(request.id, request.failed, |chunk| seal(session, chunk))?;
    Ok(StopStreamReply {})
}

/// Forgets a stream, with the chunks that nobody has read, and the members that nobody else uses. What a reader looks at
/// goes with its next pull or its connection.
pub(super) fn remove(connection: &Connection, request: &DropStreamRequest) -> Result<DropStreamReply, ServerError> {
    let session = connection.session();
    let unread = session.streams().remove(request.id)?;
    session.delete(&unread, true, connection.id());
    // A writer that waits for room has to learn that there is nothing to wait for.
    connection.state().freed.notify_waiters();
    Ok(DropStreamReply {})
}
