//! From a message's body to its reply: decode, dispatch to the family's file, encode. No I/O happens here.

#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::expect_used)]

mod arena;
mod blob;
mod connection;
mod content;
mod copy;
mod device;
mod lock;
mod meta;
mod name;
mod plasma;
mod reference;
mod remote;
mod session;
mod stream;
mod wait;

use serde::Serialize;
use vineyard_core::protocol::{
    ClearReply, DebugReply, DelDataReply, DelDataRequest, DelDataWithFeedbacksReply, DeleteSessionReply, ErrorReply,
    PullNextStreamChunkReply, RegisterRequest, ReleaseBlobsWithRdmaReply, Request, frame,
};
use vineyard_core::{ServerError, StatusCode};

pub(crate) use connection::{Connection, Entrance};
pub(crate) use remote::{Incoming, Outgoing};
pub(crate) use session::{NO_ENDPOINT, hostname};
pub(crate) use wait::{Waiting, wait};

use crate::auth::{AuthError, Role};
use crate::store::labels::Descriptor;
use crate::streams::Pull;
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
    /// Write the frame that is ready, then end.
    Farewell,
    /// End.
    Close,
}

/// Handles one message and appends the frame of its reply, if it has one, to `out`.
pub(crate) fn serve(connection: &mut Connection, body: &[u8], out: &mut Vec<u8>) -> Next {
    match Request::decode(body) {
        Ok(request) if connection.is_registered() || matches!(request, Request::Register(_) | Request::Exit(_)) => {
            match connection.check_role(&request) {
                Ok(()) => dispatch(connection, request, out),
                Err(error) => refuse(connection, &error, out),
            }
        }
        Ok(request) => {
            let message = format!("a connection starts with a register_request, found {}", request.message_type());
            refuse(connection, &ServerError::new(StatusCode::Invalid, message), out)
        }
        Err(error) => {
            let reply = short(error.to_reply());
            connection.complain(&reply.message);
            connection.labels.discard();
            encode_error(&reply, out)
        }
    }
}

fn dispatch(connection: &mut Connection, request: Request, out: &mut Vec<u8>) -> Next {
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

        Request::CreateBuffer(request) => answer!(blob::create_buffer(connection, &request)),
        Request::CreateBuffers(request) => answer!(blob::create_buffers(connection, &request)),
        Request::GetBuffers(request) => answer!(blob::get_buffers(connection, &request)),
        Request::Seal(request) => answer!(blob::seal(connection, &request)),
        Request::DropBuffer(request) => answer!(blob::drop_buffer(&session, &request)),
        Request::ShrinkBuffer(request) => answer!(blob::shrink_buffer(connection, &request)),
        Request::ReleaseLeases(notice) => match blob::release_leases(connection, &notice) {
            Ok(()) => Next::Silence,
            Err(error) => refuse(connection, &error, out),
        },
        Request::CreateDiskBuffer(request) => answer!(device::create_disk_buffer(connection, &request)),
        Request::CreateGpuBuffer(_) | Request::GetGpuBuffers(_) => refuse(connection, &device::no_gpu(), out),

        Request::IncreaseReferenceCount(request) => answer!(Ok(reference::increase(connection, &request))),
        Request::Release(request) => answer!(reference::release(connection, &request)),
        Request::IsInUse(request) => answer!(Ok(reference::is_in_use(&session, &request))),
        Request::IsSpilled(request) => answer!(Ok(reference::is_spilled(&request))),
        Request::Evict(request) => answer!(reference::evict(&request)),
        Request::Load(request) => answer!(Ok(reference::load(&request))),
        Request::Unpin(request) => answer!(Ok(reference::unpin(&request))),

        Request::CreateRemoteBuffer(request) => expect(remote::create(connection, &request, out), connection, out),
        Request::CreateRemoteBuffers(request) => {
            expect(remote::create_many(connection, &request, out), connection, out)
        }
        Request::GetRemoteBuffers(request) => match remote::get(connection, &request, out) {
            Ok(outgoing) => Next::Send(outgoing),
            Err(error) => refuse(connection, &error, out),
        },
        Request::ReleaseBlobsWithRdma(_) => answer!(Ok(ReleaseBlobsWithRdmaReply {})),

        Request::CreateData(request) => answer!(meta::create_data(connection, request)),
        Request::CreateDatas(request) => answer!(meta::create_datas(connection, &request)),
        Request::GetData(request) => match meta::get_data(&state, &session, &request, out) {
            Some(encoded) => finish(connection, encoded, out),
            None => Next::Wait(Waiting::Data(request)),
        },
        Request::ListData(request) => {
            let encoded = meta::list_data(&state, &session, &request, out);
            finish(connection, encoded, out)
        }
        Request::DelData(request) => delete(connection, &request, false, out),
        Request::DelDataWithFeedbacks(request) => delete(connection, &DelDataRequest::from(request), true, out),
        Request::Exists(request) => answer!(Ok(meta::exists(&session, &request))),
        Request::Persist(request) => answer!(meta::persist(&session, &request)),
        Request::IfPersist(request) => answer!(meta::if_persist(&session, &request)),
        Request::Label(request) => answer!(copy::label(&session, &request)),
        Request::ShallowCopy(request) => answer!(copy::shallow_copy(&state, &session, &request)),
        Request::MigrateObject(request) => answer!(copy::migrate(&state, &session, &request)),
        Request::Clear(_) => match copy::clear(&session) {
            freed if freed.is_empty() => answer!(Ok(ClearReply {})),
            freed => Next::Wait(Waiting::Trim(freed, Trimmed::Clear)),
        },
        Request::MemoryTrim(_) => Next::Wait(Waiting::TrimAll),

        Request::PutName(request) => answer!(name::put_name(&session, &request)),
        Request::GetName(request) => match name::get_name(&session, &request) {
            Some(reply) => answer!(reply),
            None => Next::Wait(Waiting::Name(request)),
        },
        Request::ListName(request) => answer!(Ok(name::list_name(&session, &request))),
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
        Request::DropStream(request) => answer!(stream::remove(&state, &session, &request)),

        Request::CreateBufferByPlasma(request) => answer!(plasma::create(connection, &request)),
        Request::GetBuffersByPlasma(request) => answer!(plasma::get(connection, &request)),
        Request::PlasmaSeal(request) => answer!(plasma::seal(connection, &request)),
        Request::PlasmaRelease(request) => answer!(plasma::release(connection, &request)),
        Request::PlasmaDeleteData(request) => answer!(plasma::delete(connection, &request)),

        Request::MakeArena(request) => answer!(arena::make(connection, &request)),
        Request::FinalizeArena(request) => answer!(arena::finalize(connection, &request)),
        Request::MoveBuffersOwnership(request) => answer!(arena::take_over(connection, request)),
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

fn delete(connection: &mut Connection, request: &DelDataRequest, feedbacks: bool, out: &mut Vec<u8>) -> Next {
    let session = connection.session();
    let deleted = if request.memory_trim {
        meta::delete_to_trim(&session, request)
    } else {
        meta::delete(&session, request).map(|deleted| (deleted, Vec::new()))
    };
    match deleted {
        Ok((deleted_bids, freed)) if !freed.is_empty() => {
            let trimmed = if feedbacks { Trimmed::DeletionWithFeedbacks(deleted_bids) } else { Trimmed::Deletion };
            Next::Wait(Waiting::Trim(freed, trimmed))
        }
        Ok((deleted_bids, _)) if feedbacks => answer(connection, Ok(DelDataWithFeedbacksReply { deleted_bids }), out),
        Ok(_) => answer(connection, Ok(DelDataReply {}), out),
        Err(error) => refuse(connection, &error, out),
    }
}

/// The bytes of created blobs have arrived; appends the frame of the second reply.
pub(crate) fn received(connection: &mut Connection, incoming: Incoming, out: &mut Vec<u8>) {
    if let Err(error) = remote::received(connection, incoming, out) {
        refuse(connection, &error, out);
    }
}

/// The bytes of blobs are out.
pub(crate) fn sent(connection: &Connection, outgoing: &Outgoing) {
    remote::sent(connection, outgoing);
}

/// Answers a request that waited when the server stopped.
pub(crate) fn stopped(connection: &mut Connection, out: &mut Vec<u8>) -> Next {
    refuse(connection, &ServerError::new(StatusCode::AlreadyStopped, "the server stops"), out)
}

fn answer<M: Serialize>(connection: &mut Connection, reply: Result<M, ServerError>, out: &mut Vec<u8>) -> Next {
    match reply {
        Ok(reply) => {
            let encoded = frame::encode(out, &reply);
            finish(connection, encoded, out)
        }
        Err(error) => refuse(connection, &error, out),
    }
}

/// The descriptors of new labels follow a frame that was made; one that could not be made is an error for the peer.
fn finish(connection: &mut Connection, encoded: Result<(), frame::FrameError>, out: &mut Vec<u8>) -> Next {
    match encoded {
        Ok(()) => Next::Reply(connection.labels.commit()),
        Err(error) => refuse(connection, &unsendable(&error), out),
    }
}

fn unsendable(error: &frame::FrameError) -> ServerError {
    ServerError::new(StatusCode::Invalid, format!("the reply cannot be sent: {error}"))
}

fn refuse(connection: &mut Connection, error: &ServerError, out: &mut Vec<u8>) -> Next {
    connection.labels.discard();
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
