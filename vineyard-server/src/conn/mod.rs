//! One connection: socket to frames to requests, replies to frames, descriptors and bytes after them.

mod chunks;
mod room;
mod stream;
mod transfer;

use std::cell::Cell;
use std::io;
use std::os::fd::OwnedFd;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use vineyard_core::protocol::frame::FrameBuffer;
use vineyard_core::protocol::{DecodeError, Request};

use crate::keeper::relieve;
use crate::service::{self, Connection, Entrance, Next, Waiting};
use crate::session::Session;
use crate::state::State;
use crate::store::{ConnectionId, Placement};
use crate::turn::{LARGE_BYTES, elsewhere};
pub(crate) use room::{FREE_BYTES, Rooms};
use room::{Room, keep};
use stream::Stream;

/// Room for replies that is kept between requests.
const KEPT_BYTES: usize = FREE_BYTES;

/// A request that took longer is the last one of this peer before the others of the thread have their turn.
const LONG: Duration = Duration::from_micros(200);

/// The longest message of a peer that has not introduced itself.
const FIRST_BYTES: usize = 64 << 10;

thread_local! {
    /// The connection that this thread served last. Only that one may keep the thread to itself for a moment: while
    /// several are busy, the thread finds work without waiting anyway.
    static LAST_SERVED: Cell<Option<ConnectionId>> = const { Cell::new(None) };
}

/// Serves one peer until it goes or the server stops. What the connection held is given back in any case.
pub(crate) async fn serve(state: Arc<State>, session: Arc<Session>, socket: OwnedFd, entrance: Entrance) {
    let Some(mut connection) = Connection::new(Arc::clone(&state), session, entrance.clone()) else { return };
    let id = connection.id();
    tracing::debug!(connection = ?id, ?entrance, "connected");
    let conversed = converse(&state, &mut connection, socket, entrance).await;
    connection.give_back().await;
    match conversed {
        Ok(()) => tracing::debug!(connection = ?id, "disconnected"),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            tracing::warn!(connection = ?id, %error, "a peer sends garbage and is disconnected");
        }
        Err(error) if error.kind() == io::ErrorKind::TimedOut => {
            tracing::warn!(connection = ?id, %error, "a peer is disconnected");
        }
        Err(error) => tracing::debug!(connection = ?id, %error, "the connection broke"),
    }
}

async fn converse(
    state: &Arc<State>,
    connection: &mut Connection,
    socket: OwnedFd,
    entrance: Entrance,
) -> io::Result<()> {
    let patience = state.settings.peer_timeout;
    // Of the message that is being read or handled. Given back when the peer's socket is closed.
    let mut held = None;
    let mut stream = Stream::new(socket, entrance, patience, state.stop.clone())?;
    let mut frames = FrameBuffer::with_limit(FIRST_BYTES.min(state.settings.max_message));
    let mut out = Vec::new();
    let mut stopped = pin!(state.stop.cancelled());
    let mut last = false;
    loop {
        let mut linger = false;
        loop {
            let garbage = |error| io::Error::new(io::ErrorKind::InvalidData, error);
            let Some(bytes) = frames.next_len().map_err(garbage)? else { break };
            linger = LAST_SERVED.replace(Some(connection.id())) == Some(connection.id());
            let began = Instant::now();
            let in_hand = state.metrics.in_hand();
            let decoded = if bytes > LARGE_BYTES {
                decode_elsewhere(&mut frames).await?
            } else {
                Request::decode(frames.next_frame().map_err(garbage)?.unwrap_or_default())
            };
            let mut next = service::serve(connection, decoded, bytes, &mut out).await;
            let (mut room, mut since) = (None, Some(began));
            loop {
                let answer = match next {
                    Next::Wait(waiting) => {
                        forget(&mut frames, &mut held);
                        (room, since) = (None, None);
                        wait(state, connection, &mut stream, waiting, &mut out).await
                    }
                    Next::Room(request, most) => {
                        room = state.replies.get(most, &mut stream, &state.stop).await;
                        match room {
                            Some(_) => {
                                Some(service::go_on_within(connection, *request, most, bytes, since, &mut out).await)
                            }
                            None if state.stop.is_cancelled() => Some(service::stopped(connection, &mut out)),
                            None => None,
                        }
                    }
                    done => {
                        next = done;
                        break;
                    }
                };
                let Some(answer) = answer else { return Ok(()) };
                next = answer;
            }
            if state.pool.is_crowded() {
                // Before the peer can touch what it was given.
                let state = Arc::clone(state);
                tokio::task::spawn_blocking(move || relieve(&state)).await.map_err(io::Error::other)?;
            }
            forget(&mut frames, &mut held);
            if !follow(state, connection, &mut stream, &mut frames, next, &mut out, room).await? {
                return Ok(());
            }
            drop(in_hand);
            forget_reply(&mut out);
            if connection.is_registered() {
                frames.set_limit(state.settings.max_message);
            }
            // A peer that sends many requests at once, or such that take long, does not keep this thread from the others.
            if began.elapsed() > LONG {
                tokio::task::yield_now().await;
            } else {
                tokio::task::coop::consume_budget().await;
            }
        }
        let announced = frames.announced().filter(|bytes| *bytes > FREE_BYTES && !state.stop.is_cancelled());
        if let Some(bytes) = announced.filter(|_| held.is_none()) {
            stream.settle()?;
            held = state.messages.get(bytes, &mut stream, &state.stop).await;
            if held.is_none() && !state.stop.is_cancelled() {
                return Ok(());
            }
        }
        stream.settle()?;
        if last {
            return Ok(());
        }
        if linger {
            // While the peer looks at the reply, the others of this thread get their turn, and may end the lingering.
            tokio::task::yield_now().await;
            linger = LAST_SERVED.get() == Some(connection.id());
        }
        // A peer that never stops sending would hide the stop from those who look at the peer first.
        if !state.stop.is_cancelled() {
            if frames.pending() > 0 || !connection.is_registered() {
                // In the middle of a message, or before the first one, a peer has no time to lose.
                match stream.read_more(frames.tail()).await {
                    Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
                    Err(_) if state.stop.is_cancelled() => {}
                    done => {
                        done?;
                        continue;
                    }
                }
            } else {
                // Both are cancel-safe: what was read is in the frames, the token stays cancelled.
                tokio::select! {
                    biased;
                    count = stream.read(frames.tail(), linger) => {
                        if count? == 0 {
                            return Ok(());
                        }
                        continue;
                    }
                    () = &mut stopped => {}
                }
            }
        }
        // What had arrived before the stop is still answered.
        last = true;
        stream.try_read(frames.tail())?;
    }
}

/// Takes the next message, which is there, and reads it by a thread of its own.
async fn decode_elsewhere(frames: &mut FrameBuffer) -> io::Result<Result<Request, DecodeError>> {
    let mut taken = std::mem::take(frames);
    let job = move || {
        let decoded = taken.next_frame().map(|body| Request::decode(body.unwrap_or_default()));
        (taken, decoded)
    };
    let (taken, decoded) = elsewhere(job).await.ok_or(io::ErrorKind::Interrupted)?;
    *frames = taken;
    decoded.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

/// Gives back what a message took that has been handled.
fn forget(frames: &mut FrameBuffer, held: &mut Option<Room>) {
    if held.is_some() {
        frames.compact();
        *held = None;
    }
}

/// Gives back what a reply took that is sent.
fn forget_reply(out: &mut Vec<u8>) {
    out.clear();
    out.shrink_to(KEPT_BYTES);
}

/// Does what comes after a request: sends the reply and what follows it. False if the connection is over.
async fn follow(
    state: &State,
    connection: &mut Connection,
    stream: &mut Stream,
    frames: &mut FrameBuffer,
    next: Next,
    out: &mut Vec<u8>,
    mut room: Option<Room>,
) -> io::Result<bool> {
    if room.is_some() {
        // It may have grown to twice as much as it holds.
        out.shrink_to_fit();
        keep(&mut room, out.len());
    }
    match next {
        Next::Reply(descriptors) => {
            stream.write_all(out).await?;
            for descriptor in descriptors {
                stream.send_descriptor(descriptor.file.descriptor(descriptor.access)).await?;
            }
        }
        Next::Receive(incoming) => {
            stream.write_all(out).await?;
            forget_reply(out);
            drop(room.take());
            transfer::receive(stream, frames, &incoming).await?;
            let bytes = incoming.reply_bytes();
            if bytes > FREE_BYTES {
                room = state.replies.get(bytes, stream, &state.stop).await;
                if room.is_none() {
                    return Ok(false);
                }
            }
            service::received(connection, incoming, out).await;
            stream.write_all(out).await?;
        }
        Next::Send(outgoing) => {
            stream.write_all(out).await?;
            forget_reply(out);
            keep(&mut room, outgoing.placements.len().saturating_mul(size_of::<Placement>()));
            transfer::send(stream, &outgoing).await?;
            service::sent(connection, &outgoing).await;
        }
        Next::Silence | Next::Wait(_) | Next::Room(..) => {}
        Next::Farewell => {
            stream.write_all(out).await?;
            return Ok(false);
        }
        Next::Close => return Ok(false),
    }
    Ok(true)
}

/// Waits until a request can be answered, the peer is gone (`None`) or the server stops.
async fn wait(
    state: &State,
    connection: &mut Connection,
    stream: &mut Stream,
    waiting: Waiting,
    out: &mut Vec<u8>,
) -> Option<Next> {
    // What is cut short gives back what it holds.
    tokio::select! {
        biased;
        next = service::wait(connection, waiting, out) => return Some(next),
        () = stream.closed() => return None,
        () = state.stop.cancelled() => {}
    }
    Some(service::stopped(connection, out))
}
