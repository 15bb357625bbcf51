//! One connection: socket to frames to requests, replies to frames, descriptors and bytes after them.

mod chunks;
mod stream;
mod transfer;

use std::cell::Cell;
use std::io;
use std::os::fd::OwnedFd;
use std::pin::pin;
use std::sync::Arc;

use vineyard_core::protocol::frame::FrameBuffer;

use crate::service::{self, Connection, Entrance, Next, Waiting};
use crate::session::Session;
use crate::state::State;
use crate::store::ConnectionId;
use stream::Stream;

/// Room for replies that is kept between requests.
const KEPT_BYTES: usize = 256 << 10;

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
    match converse(&state, &mut connection, socket, entrance).await {
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

async fn converse(state: &State, connection: &mut Connection, socket: OwnedFd, entrance: Entrance) -> io::Result<()> {
    let patience = state.settings.peer_timeout;
    let mut stream = Stream::new(socket, entrance, patience, state.stop.clone())?;
    let mut frames = FrameBuffer::with_limit(FIRST_BYTES.min(state.settings.max_message));
    let mut out = Vec::new();
    let mut stopped = pin!(state.stop.cancelled());
    let mut last = false;
    loop {
        let mut linger = false;
        loop {
            let body = match frames.next_frame() {
                Ok(Some(body)) => body,
                Ok(None) => break,
                Err(error) => return Err(io::Error::new(io::ErrorKind::InvalidData, error)),
            };
            linger = LAST_SERVED.replace(Some(connection.id())) == Some(connection.id());
            let mut next = service::serve(connection, body, &mut out);
            if let Next::Wait(waiting) = next {
                let Some(answer) = wait(state, connection, &mut stream, waiting, &mut out).await else {
                    return Ok(());
                };
                next = answer;
            }
            if !follow(connection, &mut stream, &mut frames, next, &mut out).await? {
                return Ok(());
            }
            out.clear();
            out.shrink_to(KEPT_BYTES);
            if connection.is_registered() {
                frames.set_limit(state.settings.max_message);
            }
            // A peer that sends many requests at once does not keep this thread from the others.
            tokio::task::coop::consume_budget().await;
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

/// Does what comes after a request: sends the reply and what follows it. False if the connection is over.
async fn follow(
    connection: &mut Connection,
    stream: &mut Stream,
    frames: &mut FrameBuffer,
    next: Next,
    out: &mut Vec<u8>,
) -> io::Result<bool> {
    match next {
        Next::Reply(descriptors) => {
            stream.write_all(out).await?;
            for descriptor in descriptors {
                stream.send_descriptor(descriptor.file.descriptor(descriptor.access)).await?;
            }
        }
        Next::Receive(incoming) => {
            stream.write_all(out).await?;
            transfer::receive(stream, frames, &incoming).await?;
            out.clear();
            service::received(connection, incoming, out);
            stream.write_all(out).await?;
        }
        Next::Send(outgoing) => {
            stream.write_all(out).await?;
            transfer::send(stream, &outgoing).await?;
            service::sent(connection, &outgoing);
        }
        Next::Silence | Next::Wait(_) => {}
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
