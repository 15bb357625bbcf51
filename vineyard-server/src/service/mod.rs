//! From a message's body to its reply: decode, dispatch to the family's file, encode. No I/O happens here.

#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::expect_used)]

mod blob;
mod meta;
mod name;
mod session;

use serde::Serialize;
use vineyard_core::protocol::{ErrorReply, GetDataRequest, GetNameRequest, Request, frame};
use vineyard_core::{ServerError, StatusCode};

pub(crate) use session::Session;

use crate::store::labels::Descriptor;

/// What the connection does after a message was handled.
#[derive(Debug)]
pub(crate) enum Next {
    /// Write the frame that is ready, then send these descriptors.
    Reply(Vec<Descriptor>),
    /// Nothing; the message has no reply.
    Silence,
    /// Ask again when something has changed.
    Wait(Waiting),
    /// End.
    Close,
}

/// A request that is answered when what it names is there.
#[derive(Debug)]
pub(crate) enum Waiting {
    /// All objects.
    Data(GetDataRequest),
    /// The name.
    Name(GetNameRequest),
}

/// Handles one message and appends the frame of its reply, if it has one, to `out`.
pub(crate) fn serve(session: &mut Session<'_>, body: &[u8], out: &mut Vec<u8>) -> Next {
    match Request::decode(body) {
        Ok(request) if session.is_registered() || matches!(request, Request::Register(_) | Request::Exit(_)) => {
            dispatch(session, request, out)
        }
        Ok(request) => {
            let message = format!("a connection starts with a register_request, found {}", request.message_type());
            refuse(session, &ServerError::new(StatusCode::Invalid, message), out)
        }
        Err(error) => {
            session.complain(&error);
            session.labels.discard();
            encode_error(&error.to_reply(), out)
        }
    }
}

fn dispatch(session: &mut Session<'_>, request: Request, out: &mut Vec<u8>) -> Next {
    let state = session.state();
    match request {
        Request::Register(request) => {
            let reply = session.register(&request);
            answer(session, Ok(reply), out)
        }
        Request::Exit(_) => Next::Close,
        Request::InstanceStatus(_) => answer(session, Ok(session::instance_status(state)), out),
        Request::ClusterMeta(_) => answer(session, Ok(session::cluster_meta(state)), out),
        Request::CreateBuffer(request) => {
            let reply = blob::create_buffer(session, &request);
            answer(session, reply, out)
        }
        Request::CreateBuffers(request) => {
            let reply = blob::create_buffers(session, &request);
            answer(session, reply, out)
        }
        Request::GetBuffers(request) => {
            let reply = blob::get_buffers(session, &request);
            answer(session, reply, out)
        }
        Request::Seal(request) => answer(session, blob::seal(state, &request), out),
        Request::DropBuffer(request) => answer(session, blob::drop_buffer(state, &request), out),
        Request::ShrinkBuffer(request) => {
            let reply = blob::shrink_buffer(session, &request);
            answer(session, reply, out)
        }
        Request::ReleaseLeases(notice) => match blob::release_leases(session, &notice) {
            Ok(()) => Next::Silence,
            Err(error) => refuse(session, &error, out),
        },
        Request::CreateData(request) => {
            let reply = meta::create_data(session, request);
            answer(session, reply, out)
        }
        Request::CreateDatas(request) => {
            let reply = meta::create_datas(session, &request);
            answer(session, reply, out)
        }
        Request::GetData(request) => wait_or(session, Waiting::Data(request), out),
        Request::ListData(request) => {
            let encoded = meta::list_data(state, &request, out);
            finish(session, encoded, out)
        }
        Request::DelData(request) => answer(session, meta::del_data(state, &request), out),
        Request::Exists(request) => answer(session, Ok(meta::exists(state, &request)), out),
        Request::Persist(request) => answer(session, meta::persist(state, &request), out),
        Request::IfPersist(request) => answer(session, meta::if_persist(state, &request), out),
        Request::PutName(request) => answer(session, name::put_name(state, &request), out),
        Request::GetName(request) => wait_or(session, Waiting::Name(request), out),
        Request::ListName(request) => answer(session, Ok(name::list_name(state, &request)), out),
        Request::DropName(request) => answer(session, Ok(name::drop_name(state, &request)), out),
        other => {
            let message = format!("requests of type `{}` are not implemented", other.message_type());
            refuse(session, &ServerError::new(StatusCode::NotImplemented, message), out)
        }
    }
}

fn wait_or(session: &mut Session<'_>, waiting: Waiting, out: &mut Vec<u8>) -> Next {
    match try_answer(session, &waiting, out) {
        Some(next) => next,
        None => Next::Wait(waiting),
    }
}

/// Answers if nothing is to be waited for any more.
pub(crate) fn try_answer(session: &mut Session<'_>, waiting: &Waiting, out: &mut Vec<u8>) -> Option<Next> {
    let state = session.state();
    match waiting {
        Waiting::Data(request) => {
            let encoded = meta::get_data(state, request, out)?;
            Some(finish(session, encoded, out))
        }
        Waiting::Name(request) => {
            let reply = name::get_name(state, request)?;
            Some(answer(session, reply, out))
        }
    }
}

/// Answers a request that waited when the server stopped.
pub(crate) fn stopped(session: &mut Session<'_>, out: &mut Vec<u8>) -> Next {
    refuse(session, &ServerError::new(StatusCode::AlreadyStopped, "the server stops"), out)
}

fn answer<M: Serialize>(session: &mut Session<'_>, reply: Result<M, ServerError>, out: &mut Vec<u8>) -> Next {
    match reply {
        Ok(reply) => {
            let encoded = frame::encode(out, &reply);
            finish(session, encoded, out)
        }
        Err(error) => refuse(session, &error, out),
    }
}

/// The descriptors of new labels follow a frame that was made; one that could not be made is an error for the peer.
fn finish(session: &mut Session<'_>, encoded: Result<(), frame::FrameError>, out: &mut Vec<u8>) -> Next {
    match encoded {
        Ok(()) => Next::Reply(session.labels.commit()),
        Err(error) => {
            let message = format!("the reply cannot be sent: {error}");
            refuse(session, &ServerError::new(StatusCode::Invalid, message), out)
        }
    }
}

fn refuse(session: &mut Session<'_>, error: &ServerError, out: &mut Vec<u8>) -> Next {
    session.labels.discard();
    tracing::debug!(connection = ?session.id(), %error, "a request is refused");
    encode_error(&error.into(), out)
}

fn encode_error(reply: &ErrorReply, out: &mut Vec<u8>) -> Next {
    match frame::encode(out, reply) {
        Ok(()) => Next::Reply(Vec::new()),
        // Cannot be: a number and a text of bounded length.
        Err(_) => Next::Close,
    }
}
