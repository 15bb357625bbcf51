//! From a message's body to its reply: decode, dispatch to the family's file, encode. No I/O happens here.

#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::expect_used)]

mod arena;
mod blob;
mod cold;
mod connection;
mod content;
mod copy;
mod device;
mod lock;
mod many;
mod meta;
mod name;
mod objects;
mod plasma;
mod put;
mod reference;
mod remote;
mod reply;
mod room;
mod sealed;
mod session;
mod slice;
mod stream;
mod wait;

use std::time::Instant;

use serde::Serialize;
use vineyard_core::protocol::{
    ClearReply, DebugReply, DecodeError, DelDataReply, DelDataRequest, DelDataWithFeedbacksReply, DeleteSessionReply,
    ErrorReply, PullNextStreamChunkReply, RegisterRequest, ReleaseBlobsWithRdmaReply, Request, frame,
};
use vineyard_core::{ServerError, StatusCode};

pub(crate) use connection::{Connection, Entrance};
pub(crate) use remote::{Incoming, Outgoing};
pub(crate) use session::{NO_ENDPOINT, hostname};
pub(crate) use wait::{Waiting, wait};

use crate::auth::{AuthError, Role};
use crate::conn::FREE_BYTES;
use crate::store::labels::Descriptor;
use crate::streams::Pull;
use crate::turn::{LARGE_BYTES, STEP, elsewhere};
use remote::Expect;
use stream::NextChunk;
use wait::Trimmed;

/// The longest message of an error that is sent or logged.
const MOST_MESSAGE_BYTES: usize = 4096;

/// What the connection does after a message was handled.
#[derive(Debug)]
pub(crate) enum Next {
    /// Write the frame that is ready, then send these descriptors.
    Reply(Vec<Descriptor>),
    /// Write the frame that is ready, then take bytes, then say so by [`received`].
    Receive(Incoming),
    /// Write the frame that is ready, then send bytes, then say so by [`sent`].
    Send(Outgoing),
    /// Nothing; the message has no reply.
    Silence,
    /// [`wait`].
    Wait(Waiting),
    /// Get room for a reply of so many bytes, then [`go_on_within`] it.
    Room(Box<Request>, usize),
    /// Write the frame that is ready, then end.
    Farewell,
    /// End.
    Close,
}

/// Handles one message and appends the frame of its reply, if it has one, to `out`. `bytes` is how long it was.
pub(crate) async fn serve(
    connection: &mut Connection,
    decoded: Result<Request, DecodeError>,
    bytes: usize,
    out: &mut Vec<u8>,
) -> Next {
    let start = connection.metrics().start();
    match decoded {
        Ok(request) if connection.is_registered() || matches!(request, Request::Register(_) | Request::Exit(_)) => {
            let kind = request.request_type();
            let next = match connection.check_role(&request) {
                Ok(()) => go_on(connection, request, bytes > LARGE_BYTES, out).await,
                Err(error) => refuse(connection, &error, out),
            };
            match next {
                Next::Wait(_) => connection.metrics().waits(kind),
                // It has no reply yet.
                Next::Room(..) => {}
                _ => connection.metrics().answered(kind, start),
            }
            next
        }
        Ok(request) => {
            let message = format!("a connection starts with a register_request, found {}", request.message_type());
            refuse(connection, &ServerError::new(StatusCode::Invalid, message), out)
        }
        Err(error) => {
            let reply = short(error.to_reply());
            connection.complain(&reply.message);
            connection.labels.discard();
            connection.metrics().refusals.count(StatusCode::from_raw(reply.code));
            encode_error(&reply, out)
        }
    }
}

/// Handles a request, unless its reply may be longer than there is room for. `is_large` if it was a long message.
async fn go_on(connection: &mut Connection, request: Request, is_large: bool, out: &mut Vec<u8>) -> Next {
    match reply::bound(connection, &request) {
        bytes if bytes > connection.room() => Next::Room(Box::new(request), bytes),
        _ => dispatch(connection, request, is_large, out).await,
    }
}

/// As [`serve`], for a request whose reply may have `room` bytes. `since` is when it came, unless it had to wait for
/// something else before.
pub(crate) async fn go_on_within(
    connection: &mut Connection,
    request: Request,
    room: usize,
    bytes: usize,
    since: Option<Instant>,
    out: &mut Vec<u8>,
) -> Next {
    let kind = request.request_type();
    connection.set_room(room);
    let next = dispatch(connection, request, bytes > LARGE_BYTES, out).await;
    connection.set_room(FREE_BYTES);
    match (&next, since) {
        (Next::Room(..), _) | (_, None) => {}
        (Next::Wait(_), _) => connection.metrics().waits(kind),
        (_, Some(since)) => connection.metrics().answered(kind, connection.metrics().start().map(|_| since)),
    }
    next
}

async fn dispatch(connection: &mut Connection, request: Request, is_large: bool, out: &mut Vec<u8>) -> Next {
    let (state, session) = (connection.state(), connection.session());
    macro_rules! answer {
        ($reply:expr) => {{
            let reply = $reply;
            answer(connection, reply, out)
        }};
    }
    let named = match &request {
        Request::GetData(request) => request.ids.len(),
        Request::DelData(request) => request.ids.len(),
        Request::DelDataWithFeedbacks(request) => request.ids.len(),
        Request::IncreaseReferenceCount(request) => request.ids.len(),
        _ => 0,
    };
    if let Err(error) = blob::check_count(named) {
        return refuse(connection, &error, out);
    }
    match request {
        Request::Register(request) if state.door.takes_its_time() => Next::Wait(Waiting::Verify(request)),
        Request::Register(request) => {
            let admitted = state.door.admit(connection.who(), &request.username, &request.password);
            introduce(connection, &request, admitted, out)
        }
        Request::Exit(_) => Next::Close,
        Request::InstanceStatus(_) => answer!(Ok(session::instance_status(connection))),
        Request::ClusterMeta(_) => answer!(Ok(session::cluster_meta(connection))),
        Request::Debug(_) => answer!(Ok(DebugReply { result: serde_json::Value::Null })),
        Request::NewSession(request) => answer!(session::new_session(&state, &request)),
        Request::DeleteSession(_) => match session::delete_session(connection) {
            Ok(()) => match answer(connection, Ok(DeleteSessionReply {}), out) {
                Next::Reply(_) => Next::Farewell,
                other => other,
            },
            Err(error) => refuse(connection, &error, out),
        },

        Request::CreateBuffer(request) => answer!(blob::create_buffer(connection, &request).await),
        Request::CreateBuffers(request) => match blob::create_buffers(connection, &request).await {
            Ok(reply) => answer_many(connection, reply.payloads.len(), reply, out).await,
            Err(error) => refuse(connection, &error, out),
        },
        Request::GetBuffers(request) => match blob::get_buffers(connection, &request).await {
            Ok(reply) => answer_many(connection, reply.payloads.len(), reply, out).await,
            Err(error) => refuse(connection, &error, out),
        },
        Request::Seal(request) => answer!(blob::seal(connection, &request).await),
        Request::DropBuffer(request) => answer!(blob::drop_buffer(connection, &request)),
        Request::ShrinkBuffer(request) => answer!(blob::shrink_buffer(connection, &request)),
        Request::ReleaseLeases(notice) => match blob::release_leases(connection, &notice).await {
            Ok(()) => Next::Silence,
            Err(error) => refuse(connection, &error, out),
        },
        Request::CreateDiskBuffer(request) => answer!(device::create_disk_buffer(connection, &request)),
        Request::CreateGpuBuffer(_) | Request::GetGpuBuffers(_) => refuse(connection, &device::no_gpu(), out),

        Request::IncreaseReferenceCount(request) => answer!(reference::increase(connection, &request).await),
        Request::Release(request) => answer!(reference::release(connection, &request)),
        Request::IsInUse(request) => answer!(Ok(reference::is_in_use(&session, &request))),
        Request::IsSpilled(request) => answer!(Ok(cold::is_spilled(&session, &request))),
        Request::Evict(request) => answer!(cold::evict(connection, &request).await),
        Request::Load(request) => answer!(cold::load(connection, &request).await),
        Request::Unpin(request) => answer!(cold::unpin(connection, &request).await),

        Request::Keep(request) => answer!(Ok(blob::keep(connection, &request))),
        Request::SliceBuffers(request) => answer!(slice::slice_buffers(connection, request).await),
        Request::CreateRemoteBuffer(request) => {
            expect(remote::create(connection, &request, out).await, connection, out)
        }
        Request::CreateRemoteBuffers(request) => {
            expect(remote::create_many(connection, &request, out).await, connection, out)
        }
        Request::GetRemoteBuffers(request) => match remote::get(connection, &request, out).await {
            Ok(outgoing) => Next::Send(outgoing),
            Err(error) => refuse(connection, &error, out),
        },
        Request::ReleaseBlobsWithRdma(_) => answer!(Ok(ReleaseBlobsWithRdmaReply {})),

        Request::CreateData(request) => answer!(meta::create_data(connection, request, is_large).await),
        Request::CreateDatas(request) => answer!(meta::create_datas(connection, request, is_large).await),
        Request::GetData(request) => {
            if request.wait
                && let Some(id) = meta::first_missing(&session, &request.ids).await
            {
                return Next::Wait(Waiting::Data(request, id));
            }
            let written = meta::get_data(&state, &session, request, connection.room(), out).await;
            finish_within(connection, written, out)
        }
        Request::CreateBlobs(request) => {
            let encoded = put::create_blobs(connection, &request, out).await;
            finish(connection, encoded, out)
        }
        Request::PutObjects(request) => {
            let encoded = put::put_objects(connection, request, is_large, out).await;
            finish(connection, encoded, out)
        }
        Request::GetObjects(request) => {
            let written = objects::get(connection, request, out).await;
            finish_within(connection, written, out)
        }
        Request::ListData(request) => {
            let written = meta::list_data(&state, &session, request, connection.room(), out).await;
            finish_within(connection, written, out)
        }
        Request::DelData(request) => delete(connection, request, false, out).await,
        Request::DelDataWithFeedbacks(request) => delete(connection, DelDataRequest::from(request), true, out).await,
        Request::Exists(request) => answer!(Ok(meta::exists(&session, &request))),
        Request::Persist(request) => answer!(meta::persist(&session, &request)),
        Request::IfPersist(request) => answer!(meta::if_persist(&session, &request)),
        Request::Label(request) => answer!(copy::label(&session, &request)),
        Request::ShallowCopy(request) => answer!(copy::shallow_copy(&state, &session, &request)),
        Request::MigrateObject(request) => answer!(copy::migrate(&state, &session, &request)),
        Request::Clear(_) => match copy::clear(connection).await {
            freed if freed.is_empty() => answer!(Ok(ClearReply {})),
            freed => Next::Wait(Waiting::Trim(freed, Trimmed::Clear)),
        },
        Request::MemoryTrim(_) => Next::Wait(Waiting::TrimAll),

        Request::PutName(request) => answer!(name::put_name(&session, &request)),
        Request::GetName(request) => match name::get_name(&session, &request) {
            Some(reply) => answer!(reply),
            None => Next::Wait(Waiting::Name(request)),
        },
        Request::ListName(request) => {
            let written = name::list_name(&session, request, connection.room(), out).await;
            finish_within(connection, written, out)
        }
        Request::DropName(request) => answer!(Ok(name::drop_name(&session, &request))),

        Request::CreateStream(request) => answer!(stream::create(&session, &request)),
        Request::OpenStream(request) => answer!(stream::open(&session, &request)),
        Request::GetNextStreamChunk(request) => match stream::next_chunk(connection, &request) {
            Ok(NextChunk::Now(reply)) => answer!(Ok(reply)),
            Ok(NextChunk::Later(ticket)) => Next::Wait(Waiting::Room(request, ticket)),
            Err(error) => refuse(connection, &error, out),
        },
        Request::PushNextStreamChunk(request) => answer!(stream::push(&session, &request)),
        Request::PullNextStreamChunk(request) => match stream::pull(connection, &request) {
            Ok(Pull::Now(chunk)) => answer!(chunk.map(|chunk| PullNextStreamChunkReply { chunk })),
            Ok(Pull::Later(chunk)) => Next::Wait(Waiting::Chunk(chunk)),
            Err(error) => refuse(connection, &error, out),
        },
        Request::StopStream(request) => answer!(stream::stop(&session, &request)),
        Request::DropStream(request) => answer!(stream::remove(connection, &request)),

        Request::CreateBufferByPlasma(request) => answer!(plasma::create(connection, &request).await),
        Request::GetBuffersByPlasma(request) => match plasma::get(connection, &request).await {
            Ok(reply) => answer_many(connection, reply.payloads.len(), reply, out).await,
            Err(error) => refuse(connection, &error, out),
        },
        Request::PlasmaSeal(request) => answer!(plasma::seal(connection, &request)),
        Request::PlasmaRelease(request) => answer!(plasma::release(connection, &request)),
        Request::PlasmaDeleteData(request) => answer!(plasma::delete(connection, &request)),

        Request::MakeArena(request) => answer!(arena::make(connection, &request)),
        Request::FinalizeArena(request) => answer!(arena::finalize(connection, &request)),
        Request::MoveBuffersOwnership(request) => answer!(arena::take_over(connection, request).await),
        Request::AcquireLock(_) | Request::ReleaseLock(_) => refuse(connection, &lock::no_locks(), out),
        other => {
            let message = format!("requests of type `{}` are not answered", other.message_type());
            refuse(connection, &ServerError::new(StatusCode::NotImplemented, message), out)
        }
    }
}

/// Lets a peer in, or says why not. Who the rules have no role for is dropped: nothing it could say would change that.
fn introduce(
    connection: &mut Connection,
    request: &RegisterRequest,
    admitted: Result<Role, AuthError>,
    out: &mut Vec<u8>,
) -> Next {
    match admitted {
        Ok(role) => {
            let reply = session::register(connection, request, role);
            answer(connection, reply, out)
        }
        Err(error @ AuthError::NotLetIn { .. }) => {
            tracing::warn!(connection = ?connection.id(), %error, "a peer is not let in");
            match refuse(connection, &error.into(), out) {
                Next::Reply(_) => Next::Farewell,
                other => other,
            }
        }
        Err(error) => refuse(connection, &error.into(), out),
    }
}

fn expect(expected: Result<Expect, ServerError>, connection: &mut Connection, out: &mut Vec<u8>) -> Next {
    match expected {
        Ok(Expect::Bytes(incoming)) => Next::Receive(incoming),
        Ok(Expect::Nothing) => Next::Reply(Vec::new()),
        Err(error) => refuse(connection, &error, out),
    }
}

async fn delete(connection: &mut Connection, request: DelDataRequest, feedbacks: bool, out: &mut Vec<u8>) -> Next {
    let mut freed = Vec::new();
    let collected = request.memory_trim.then_some(&mut freed);
    match meta::delete(connection, request, collected).await {
        Ok(deleted_bids) if !freed.is_empty() => {
            let trimmed = if feedbacks { Trimmed::DeletionWithFeedbacks(deleted_bids) } else { Trimmed::Deletion };
            Next::Wait(Waiting::Trim(freed, trimmed))
        }
        Ok(deleted_bids) if feedbacks => answer(connection, Ok(DelDataWithFeedbacksReply { deleted_bids }), out),
        Ok(_) => answer(connection, Ok(DelDataReply {}), out),
        Err(error) => refuse(connection, &error, out),
    }
}

/// The bytes of created blobs have arrived; appends the frame of the second reply.
pub(crate) async fn received(connection: &mut Connection, incoming: Incoming, out: &mut Vec<u8>) {
    connection.metrics().received.add(incoming.num_bytes());
    if let Err(error) = remote::received(connection, incoming, out).await {
        refuse(connection, &error, out);
    }
}

/// The bytes of blobs are out.
pub(crate) async fn sent(connection: &Connection, outgoing: &Outgoing) {
    connection.metrics().sent.add(outgoing.num_bytes());
    remote::sent(connection, outgoing).await;
}

/// Answers a request that waited when the server stopped.
pub(crate) fn stopped(connection: &mut Connection, out: &mut Vec<u8>) -> Next {
    refuse(connection, &ServerError::new(StatusCode::AlreadyStopped, "the server stops"), out)
}

fn answer<M: Serialize>(connection: &mut Connection, reply: Result<M, ServerError>, out: &mut Vec<u8>) -> Next {
    match reply {
        Ok(reply) => {
            let encoded = frame::encode(out, &reply).map_err(|error| unsendable(&error));
            finish(connection, encoded, out)
        }
        Err(error) => refuse(connection, &error, out),
    }
}

/// As [`answer`], with a reply of so many parts.
async fn answer_many<M: Serialize + Send + 'static>(
    connection: &mut Connection,
    parts: usize,
    reply: M,
    out: &mut Vec<u8>,
) -> Next {
    let encoded = encode(out, parts, reply).await;
    finish(connection, encoded, out)
}

/// Appends the frame of a reply of so many parts.
async fn encode<M: Serialize + Send + 'static>(out: &mut Vec<u8>, parts: usize, reply: M) -> Result<(), ServerError> {
    let encoded = write_by(out, parts > STEP, move |out: &mut Vec<u8>| frame::encode(out, &reply)).await?;
    encoded.map_err(|error| unsendable(&error))
}

/// Appends a frame, by a thread of its own if it `is_large`, and gives what comes of that.
async fn write_by<R: Send + 'static>(
    out: &mut Vec<u8>,
    is_large: bool,
    write: impl FnOnce(&mut Vec<u8>) -> R + Send + 'static,
) -> Result<R, ServerError> {
    if !is_large {
        return Ok(write(out));
    }
    let mut taken = std::mem::take(out);
    let job = move || {
        let written = write(&mut taken);
        (taken, written)
    };
    let (taken, written) = elsewhere(job).await.ok_or_else(not_done)?;
    *out = taken;
    Ok(written)
}

/// The descriptors of new labels follow a frame that was made; one that could not be made is an error for the peer.
fn finish(connection: &mut Connection, encoded: Result<(), ServerError>, out: &mut Vec<u8>) -> Next {
    match encoded {
        Ok(()) => Next::Reply(connection.labels.commit()),
        Err(error) => refuse(connection, &error, out),
    }
}

/// What was written in reply to a request that only reads.
struct Written {
    /// Whether it was, in the room there is.
    encoded: Result<(), frame::FrameError>,
    request: Request,
}

/// As [`finish`]: if the reply is too long for the room there is, it is made once more in all the room there may be.
fn finish_within(connection: &mut Connection, written: Result<Written, ServerError>, out: &mut Vec<u8>) -> Next {
    let most = connection.state().replies.most().min(frame::MAX_BODY_BYTES);
    match written {
        Ok(Written { encoded: Err(frame::FrameError::TooLong { .. }), request }) if connection.room() < most => {
            Next::Room(Box::new(request), most)
        }
        Ok(Written { encoded, .. }) => finish(connection, encoded.map_err(|error| unsendable(&error)), out),
        Err(error) => refuse(connection, &error, out),
    }
}

fn not_done() -> ServerError {
    ServerError::new(StatusCode::UnknownError, "the work was not done")
}

fn unsendable(error: &frame::FrameError) -> ServerError {
    ServerError::new(StatusCode::Invalid, format!("the reply cannot be sent: {error}"))
}

fn refuse(connection: &mut Connection, error: &ServerError, out: &mut Vec<u8>) -> Next {
    connection.labels.discard();
    connection.metrics().refusals.count(error.code);
    let reply = short(error.into());
    tracing::debug!(connection = ?connection.id(), error = reply.message, "a request is refused");
    encode_error(&reply, out)
}

/// Cuts a message that repeats what the peer sent, which may be as long as a frame.
fn short(mut reply: ErrorReply) -> ErrorReply {
    if reply.message.len() > MOST_MESSAGE_BYTES {
        let end = (0..=MOST_MESSAGE_BYTES).rev().find(|end| reply.message.is_char_boundary(*end));
        reply.message.truncate(end.unwrap_or(0));
        reply.message.push('…');
    }
    reply
}

fn encode_error(reply: &ErrorReply, out: &mut Vec<u8>) -> Next {
    match frame::encode(out, reply) {
        Ok(()) => Next::Reply(Vec::new()),
        // Cannot be: a number and a text of bounded length.
        Err(_) => Next::Close,
    }
}
