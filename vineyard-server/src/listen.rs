//! Accepting connections, of UNIX sockets and of TCP, and handing them to the workers.

use std::io;
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use nix::sys::socket::sockopt::{
    KeepAlive, PeerCredentials, TcpKeepCount, TcpKeepIdle, TcpKeepInterval, TcpUserTimeout,
};
use nix::sys::socket::{getsockopt, setsockopt};
use nix::unistd::{Gid, Pid, Uid};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::Semaphore;

use crate::conn;
use crate::metrics::{Arrivals, Metrics};
use crate::service::Entrance;
use crate::session::Session;
use crate::state::State;
use crate::tls::Tls;
use crate::workers::Workers;

/// What an accept loop waits after the first failure; doubled up to the last value, so that a lack of descriptors
/// does not become a busy loop.
const FIRST_BACKOFF: Duration = Duration::from_millis(1);
const LAST_BACKOFF: Duration = Duration::from_secs(1);

/// Unanswered probes after which a silent TCP peer is given up.
const PROBES: u32 = 5;

/// Where connections arrive.
#[derive(Debug)]
pub(crate) enum Listener {
    Unix(UnixListener),
    Tcp(TcpListener, Option<Arc<Tls>>),
}

impl Listener {
    /// The counters of its kind.
    fn arrivals<'a>(&self, metrics: &'a Metrics) -> &'a Arrivals {
        match self {
            Self::Unix(_) => &metrics.unix,
            Self::Tcp(..) => &metrics.tcp,
        }
    }

    /// What is needed to decrypt its connections, if that is wanted.
    fn tls(&self) -> Option<Arc<Tls>> {
        match self {
            Self::Tcp(_, tls) => tls.clone(),
            Self::Unix(_) => None,
        }
    }

    /// The next connection, and where it came in; not blocking.
    async fn accept(&self, patience: Duration) -> io::Result<(OwnedFd, Entrance)> {
        match self {
            Self::Unix(listener) => {
                let stream = listener.accept().await?.0.into_std()?;
                let peer = getsockopt(&stream, PeerCredentials)?;
                let (uid, gid) = (Uid::from_raw(peer.uid()), Gid::from_raw(peer.gid()));
                Ok((stream.into(), Entrance::Unix { uid, gid, pid: Pid::from_raw(peer.pid()) }))
            }
            Self::Tcp(listener, _) => {
                let stream = listener.accept().await?.0.into_std()?;
                watch(&stream, patience)?;
                Ok((stream.into(), Entrance::Tcp))
            }
        }
    }
}

/// Lets the kernel find out when a TCP peer is gone without a word, within about `patience`.
fn watch(stream: &TcpStream, patience: Duration) -> io::Result<()> {
    let seconds = u32::try_from(patience.as_secs()).unwrap_or(u32::MAX).clamp(2, 32_000);
    stream.set_nodelay(true)?;
    setsockopt(stream, KeepAlive, &true)?;
    setsockopt(stream, TcpKeepIdle, &(seconds / 2))?;
    setsockopt(stream, TcpKeepInterval, &(seconds / 2 / PROBES).max(1))?;
    setsockopt(stream, TcpKeepCount, &PROBES)?;
    setsockopt(stream, TcpUserTimeout, &seconds.saturating_mul(1000))?;
    Ok(())
}

/// Accepts until the session is closed, and serves each connection on the worker that has the fewest.
pub(crate) async fn accept(state: Arc<State>, session: Arc<Session>, listener: Listener, workers: Arc<Workers>) {
    let permits = Arc::new(Semaphore::new(state.settings.max_connections));
    let accepting = async {
        let mut backoff = FIRST_BACKOFF;
        while let Ok(permit) = Arc::clone(&permits).acquire_owned().await {
            match listener.accept(state.settings.peer_timeout).await {
                Ok((socket, entrance)) => {
                    backoff = FIRST_BACKOFF;
                    listener.arrivals(&state.metrics).accepted.add(1);
                    let Some((handle, seat)) = workers.least_busy() else { break };
                    let (state, session) = (Arc::clone(&state), Arc::clone(&session));
                    let (tasks, tls) = (state.tasks.clone(), listener.tls());
                    let connection = async move {
                        match tls {
                            Some(tls) => tls.serve(state, session, socket.into()).await,
                            None => conn::serve(state, session, socket, entrance).await,
                        }
                        drop((permit, seat));
                    };
                    tasks.spawn_on(connection, handle);
                }
                Err(error) => {
                    listener.arrivals(&state.metrics).refused.add(1);
                    tracing::error!(%error, "a connection cannot be accepted");
                    tokio::time::sleep(backoff).await;
                    backoff = backoff.saturating_mul(2).min(LAST_BACKOFF);
                }
            }
        }
    };
    // Cancel-safe enough: a connection that is accepted is spawned in the same poll.
    tokio::select! {
        () = session.closing.cancelled() => {}
        () = accepting => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_looks_after_silent_peers() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("listens");
        let stream = TcpStream::connect(listener.local_addr().expect("bound")).expect("connects");
        watch(&stream, Duration::from_secs(300)).expect("set");
        assert!(getsockopt(&stream, KeepAlive).expect("known") && stream.nodelay().expect("known"));
        let (idle, interval) = (getsockopt(&stream, TcpKeepIdle), getsockopt(&stream, TcpKeepInterval));
        let silent = idle.expect("known") + PROBES * interval.expect("known");
        assert!((200..=300).contains(&silent), "given up after {silent} s");
        assert_eq!(getsockopt(&stream, TcpUserTimeout), Ok(300_000));
    }
}
