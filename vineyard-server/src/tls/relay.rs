//! Carries what is decrypted to the connection that serves it, and its replies back.
//!
//! The connection has one end of a socket pair, so that it needs to know nothing of TLS; the other end is carried here,
//! in the task of the connection. To end is carried over as well: what the peer ends, the connection sees ended, and what
//! the connection ends is over for the peer when all that was written has been sent.

use std::io;
use std::os::fd::OwnedFd;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, Interest};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

use crate::conn;
use crate::service::Entrance;
use crate::session::Session;
use crate::state::State;

/// Bytes that are carried at a time in each direction; some records of TLS.
const CHUNK: usize = 64 << 10;

/// How long what was written last may take to be sent when the server stops.
const GRACE: Duration = Duration::from_secs(5);

/// Serves a peer through its TLS connection until one of both has ended.
pub(super) async fn relay(state: Arc<State>, session: Arc<Session>, peer: TlsStream<TcpStream>, entrance: Entrance) {
    let (patience, stop) = (state.settings.peer_timeout, state.stop.clone());
    let ends = UnixStream::pair().and_then(|(ours, theirs)| Ok((ours, theirs.into_std()?, watch(&peer)?)));
    let (ours, theirs, watch) = match ends {
        Ok(ends) => ends,
        Err(error) => {
            tracing::error!(%error, "a TLS connection cannot be served");
            return;
        }
    };
    let mut served = pin!(conn::serve(state, session, theirs.into(), entrance));
    if !carry_both(peer, ours, &watch, served.as_mut(), patience, &stop).await {
        // Both ends that were carried are closed: what the connection does now ends with that.
        served.await;
    }
}

/// Another descriptor of the peer's socket, to look at without reading.
fn watch(peer: &TlsStream<TcpStream>) -> io::Result<OwnedFd> {
    use std::os::fd::AsFd;
    peer.get_ref().0.as_fd().try_clone_to_owned()
}

/// Carries bytes until nothing more can be sent to the peer, or nothing will. Whether the connection has ended by then.
async fn carry_both(
    peer: TlsStream<TcpStream>,
    ours: UnixStream,
    watch: &OwnedFd,
    mut served: Pin<&mut impl Future<Output = ()>>,
    patience: Duration,
    stop: &CancellationToken,
) -> bool {
    let (from_peer, to_peer) = tokio::io::split(peer);
    let (from_server, to_server) = ours.into_split();
    let mut inwards = pin!(carry_in(from_peer, to_server, watch, patience));
    let mut outwards = pin!(carry(from_server, to_peer));
    let mut given_up = pin!(async {
        stop.cancelled().await;
        tokio::time::sleep(GRACE).await;
    });
    let (mut is_served, mut is_in) = (false, false);
    let mut late = pin!(tokio::time::sleep(patience));
    loop {
        tokio::select! {
            biased;
            sent = &mut outwards => {
                if let Err(error) = sent {
                    tracing::debug!(%error, "a TLS peer takes no more");
                }
                return is_served;
            }
            received = &mut inwards, if !is_in => {
                is_in = true;
                if let Err(error) = received {
                    tracing::debug!(%error, "a TLS peer sends no more");
                }
            }
            () = &mut served, if !is_served => {
                is_served = true;
                late.as_mut().reset(tokio::time::Instant::now() + patience);
            }
            () = &mut late, if is_served => return is_served,
            () = &mut given_up, if is_served => return is_served,
        }
    }
}

/// Carries bytes until the reader ends, which ends the writer.
async fn carry(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) -> io::Result<()> {
    let mut chunk = vec![0; CHUNK];
    loop {
        let count = from.read(&mut chunk).await?;
        if count == 0 {
            return to.shutdown().await;
        }
        to.write_all(chunk.get(..count).unwrap_or_default()).await?;
        to.flush().await?;
    }
}

/// As [`carry`], to the connection. It may be busy with one request for any time, but if the peer has gone meanwhile, it
/// has to take what is left within `patience`.
async fn carry_in(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    peer: &OwnedFd,
    patience: Duration,
) -> io::Result<()> {
    let mut chunk = vec![0; CHUNK];
    loop {
        let count = from.read(&mut chunk).await?;
        if count == 0 {
            return to.shutdown().await;
        }
        tokio::select! {
            biased;
            written = to.write_all(chunk.get(..count).unwrap_or_default()) => written?,
            gone = gone_for(peer, patience) => return gone,
        }
    }
}

/// Waits until the peer has been gone for some time.
async fn gone_for(peer: &OwnedFd, patience: Duration) -> io::Result<()> {
    let watched = register(peer.try_clone()?)?;
    loop {
        let mut guard = watched.readable().await?;
        if guard.ready().is_read_closed() {
            tokio::time::sleep(patience).await;
            return Err(io::ErrorKind::TimedOut.into());
        }
        guard.clear_ready();
    }
}

#[allow(deprecated, reason = "the successor is unsafe, for types that lie about their descriptor; an OwnedFd does not")]
fn register(socket: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    AsyncFd::with_interest(socket, Interest::READABLE)
}
