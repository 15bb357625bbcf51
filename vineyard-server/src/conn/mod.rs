//! One connection: socket to frames to requests, replies to frames, descriptors after them.

mod stream;

use std::cell::Cell;
use std::io;
use std::os::unix::net::UnixStream;
use std::pin::pin;
use std::sync::Arc;

use vineyard_core::protocol::frame::FrameBuffer;

use crate::service::{self, Next, Session, Waiting};
use crate::state::State;
use crate::store::ConnectionId;
use stream::Stream;

/// Room for replies that is kept between requests.
const KEPT_BYTES: usize = 256 << 10;

thread_local! {
    /// The connection that this thread served last. Only that one may keep the thread to itself for a moment: while
    /// several are busy, the thread finds work without waiting anyway.
    static LAST_SERVED: Cell<Option<ConnectionId>> = const { Cell::new(None) };
}

/// Serves one peer until it goes or the server stops. What the connection held is given back in any case.
pub(crate) async fn serve(state: Arc<State>, socket: UnixStream) {
    let _counted = state.connections.enter();
    let mut session = Session::new(&state);
    let connection = session.id();
    tracing::debug!(?connection, "connected");
    match converse(&state, &mut session, socket).await {
        Ok(()) => tracing::debug!(?connection, "disconnected"),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            tracing::warn!(?connection, %error, "a peer sends garbage and is disconnected");
        }
        Err(error) => tracing::debug!(?connection, %error, "the connection broke"),
    }
}

async fn converse(state: &State, session: &mut Session<'_>, socket: UnixStream) -> io::Result<()> {
    let mut stream = Stream::new(socket)?;
    let mut frames = FrameBuffer::new();
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
            linger = LAST_SERVED.replace(Some(session.id())) == Some(session.id());
            let mut next = service::serve(session, body, &mut out);
            if let Next::Wait(waiting) = next {
                let Some(answer) = wait(session, &mut stream, &waiting, &mut out).await else {
                    return Ok(());
                };
                next = answer;
            }
            match next {
                Next::Reply(descriptors) => {
                    stream.write_all(&out, &state.stop).await?;
                    for descriptor in descriptors {
                        let fd = descriptor.file.descriptor(descriptor.access);
                        stream.send_descriptor(fd, &state.stop).await?;
                    }
                }
                Next::Silence | Next::Wait(_) => {}
                Next::Close => return Ok(()),
            }
            out.clear();
            out.shrink_to(KEPT_BYTES);
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
            linger = LAST_SERVED.get() == Some(session.id());
        }
        // A peer that never stops sending would hide the stop from the select, which looks at the peer first.
        if !state.stop.is_cancelled() {
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
        // What had arrived before the stop is still answered.
        last = true;
        stream.try_read(frames.tail())?;
    }
}

/// Waits until a request can be answered, the peer is gone (`None`) or the server stops.
async fn wait(session: &mut Session<'_>, stream: &mut Stream, waiting: &Waiting, out: &mut Vec<u8>) -> Option<Next> {
    let state = session.state();
    let _counted = state.waiting.enter();
    loop {
        let mut changed = pin!(state.changed.notified());
        // Before looking, so that no change is missed in between.
        changed.as_mut().enable();
        if let Some(next) = service::try_answer(session, waiting, out) {
            return Some(next);
        }
        // All are cancel-safe: they take nothing.
        tokio::select! {
            () = changed => {}
            () = stream.closed() => return None,
            () = state.stop.cancelled() => return Some(service::stopped(session, out)),
        }
    }
}
