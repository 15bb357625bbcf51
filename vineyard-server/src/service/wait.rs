//! Requests that are answered later: when something has changed, or when work is done that takes its time.

use std::pin::pin;
use std::sync::Arc;

use tokio::sync::{Semaphore, oneshot};
use vineyard_core::protocol::{
    DelDataReply, DelDataWithFeedbacksReply, GetDataRequest, GetNameRequest, GetNextStreamChunkRequest,
    MemoryTrimReply, PullNextStreamChunkReply, RegisterRequest, Request,
};
use vineyard_core::{ObjectId, ServerError, StatusCode};

use super::{Connection, Next, answer, go_on, introduce, meta, name, not_done, refuse, stream};
use crate::auth::{AuthError, Role};
use crate::budget::{Share, Stay};
use crate::session::Session;
use crate::store::Reserved;
use crate::streams::{Pulled, WriterTicket};
use crate::turn::elsewhere;
use crate::waiters::Awaited;

/// What a request that waits keeps besides what it names.
const WAITER_BYTES: u64 = 256;

/// A request that is not answered yet.
#[derive(Debug)]
pub(crate) enum Waiting {
    /// For all objects, of which this one is not there.
    Data(GetDataRequest, ObjectId),
    /// For the name.
    Name(GetNameRequest),
    /// For the next chunk of a stream.
    Chunk(oneshot::Receiver<Pulled>),
    /// For room for the next chunk of a stream.
    Room(GetNextStreamChunkRequest, WriterTicket),
    /// Until pages are given back.
    Trim(Vec<Reserved>, Trimmed),
    /// Until all pages that are free are given back.
    TrimAll,
    /// Until it is known who the peer is.
    Verify(RegisterRequest),
}

/// What to answer when pages are given back.
#[derive(Debug)]
pub(crate) enum Trimmed {
    Deletion,
    DeletionWithFeedbacks(Vec<ObjectId>),
    Clear,
}

/// Answers a request when its time has come. What is cut short gives back what it holds.
pub(crate) async fn wait(connection: &mut Connection, waiting: Waiting, out: &mut Vec<u8>) -> Next {
    let session = connection.session();
    let _counted = session.waiting.enter();
    match waiting {
        Waiting::Data(request, mut awaited) => {
            let ids = request.ids.len().saturating_mul(size_of::<ObjectId>());
            let _held = match hold(&session, ids) {
                Ok(held) => held,
                Err(error) => return refuse(connection, &error, out),
            };
            loop {
                let waiter = session.waiters.enter(Awaited::Id(awaited));
                let mut told = pin!(waiter.told());
                // Before looking, so that nothing is missed in between.
                told.as_mut().enable();
                // The one that is waited for is looked at first: many may have been named.
                let missing = match meta::first_missing(&session, &[awaited]).await {
                    None => meta::first_missing(&session, &request.ids).await,
                    missing => missing,
                };
                match missing {
                    Some(id) if id == awaited => told.await,
                    Some(id) => awaited = id,
                    None => return go_on(connection, Request::GetData(request), false, out).await,
                }
            }
        }
        Waiting::Name(request) => {
            let _held = match hold(&session, request.name.len()) {
                Ok(held) => held,
                Err(error) => return refuse(connection, &error, out),
            };
            let waiter = session.waiters.enter(Awaited::Name(request.name.clone()));
            loop {
                let mut told = pin!(waiter.told());
                told.as_mut().enable();
                if let Some(reply) = name::get_name(&session, &request) {
                    return answer(connection, reply, out);
                }
                told.await;
            }
        }
        Waiting::Chunk(chunk) => {
            let gone = || ServerError::new(StatusCode::StreamFailed, "the stream is gone");
            let pulled = chunk.await.unwrap_or_else(|_| Err(gone()));
            answer(connection, pulled.map(|chunk| PullNextStreamChunkReply { chunk }), out)
        }
        Waiting::Room(request, ticket) => {
            let freed = connection.state().freed.clone();
            loop {
                let mut room = pin!(freed.notified());
                room.as_mut().enable();
                let made = stream::make_chunk(connection, &mut session.streams(), &request).transpose();
                if let Some(reply) = made {
                    drop(ticket);
                    return answer(connection, reply, out);
                }
                room.await;
            }
        }
        Waiting::Trim(freed, trimmed) => {
            let pool = connection.state().pool.clone();
            if let Err(error) = work(move || pool.trim(freed)).await {
                return refuse(connection, &error, out);
            }
            match trimmed {
                Trimmed::Deletion => answer(connection, Ok(DelDataReply {}), out),
                Trimmed::Clear => answer(connection, Ok(vineyard_core::protocol::ClearReply {}), out),
                Trimmed::DeletionWithFeedbacks(deleted_bids) => {
                    answer(connection, Ok(DelDataWithFeedbacksReply { deleted_bids }), out)
                }
            }
        }
        Waiting::TrimAll => {
            let state = connection.state();
            let pool = state.pool.clone();
            let trim = move || MemoryTrimReply { trimmed: pool.trim_all() > 0 };
            let reply = work_in_turn(&state.trims, trim).await;
            answer(connection, reply, out)
        }
        Waiting::Verify(request) => match verify(connection, &request).await {
            Ok(admitted) => introduce(connection, &request, admitted, out),
            Err(error) => refuse(connection, &error, out),
        },
    }
}

/// Takes what a request that waits keeps of what the server may keep, until it is dropped.
fn hold(session: &Session, bytes: usize) -> Result<Share, ServerError> {
    let mut share = Share::of(&session.budget);
    let bytes = u64::try_from(bytes).unwrap_or(u64::MAX).saturating_add(WAITER_BYTES);
    share.take(bytes, Stay::Held).map(|()| share)
}

/// Whether the peer may come in. A few are looked at at a time, so that guessing passwords keeps nobody else up.
async fn verify(connection: &Connection, request: &RegisterRequest) -> Result<Result<Role, AuthError>, ServerError> {
    let (state, who) = (connection.state(), connection.who());
    let (user, password) = (request.username.clone(), request.password.clone());
    let door = Arc::clone(&state.door);
    work_in_turn(&state.verifications, move || door.admit(who, &user, &password)).await
}

/// As [`work`], when it is its turn. It keeps its turn until it is done, whoever still waits for it: peers that come and
/// go start no more at a time than others.
async fn work_in_turn<R: Send + 'static>(
    turns: &Arc<Semaphore>,
    job: impl FnOnce() -> R + Send + 'static,
) -> Result<R, ServerError> {
    let stopping = |_| ServerError::new(StatusCode::AlreadyStopped, "the server stops");
    let turn = Arc::clone(turns).acquire_owned().await.map_err(stopping)?;
    work(move || {
        let done = job();
        drop(turn);
        done
    })
    .await
}

/// As [`elsewhere`].
async fn work<R: Send + 'static>(job: impl FnOnce() -> R + Send + 'static) -> Result<R, ServerError> {
    elsewhere(job).await.ok_or_else(not_done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_that_nobody_waits_for_keeps_its_turn() {
        let turns = Arc::new(Semaphore::new(1));
        let (began, begun) = oneshot::channel();
        let (go, gone) = std::sync::mpsc::channel::<()>();
        let job = move || {
            began.send(()).expect("the test waits");
            gone.recv().expect("the test says so");
        };
        tokio::select! {
            biased;
            _ = work_in_turn(&turns, job) => panic!("it was not told to go on"),
            told = begun => told.expect("it begins"),
        }
        assert_eq!(turns.available_permits(), 0);
        go.send(()).expect("it waits");
        work_in_turn(&turns, || ()).await.expect("its turn comes");
    }
}
