//! A TCP connection that may begin with a handshake: decide, shake hands, serve.

use std::io;
use std::net;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::time::Duration;

use nix::sys::socket::{MsgFlags, recv};
use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;
use vineyard_core::StatusCode;
use vineyard_core::protocol::{ErrorReply, frame};

use super::Tls;
use super::names::names;
use super::relay::relay;
use crate::config::Plaintext;
use crate::conn;
use crate::service::Entrance;
use crate::session::Session;
use crate::state::State;

/// The type of a TLS record that holds a handshake, and the first byte of its version.
const HANDSHAKE: u8 = 0x16;
const MAJOR: u8 = 3;

/// How long a peer that has to go may take to read why, and how much it may still send meanwhile.
const FAREWELL: Duration = Duration::from_secs(5);
const FAREWELL_BYTES: usize = 64 << 10;

/// What a peer speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Speech {
    Tls,
    Plain,
}

/// Tells a handshake from the length of a first message; `None` as long as it can be both.
///
/// A TLS record begins with its type, 22, and a version of 3.1 to 3.3. As the little-endian length of a message that is
/// above 64 KiB, which no first message may have.
fn speech(first: &[u8]) -> Option<Speech> {
    match first {
        [] | [HANDSHAKE] | [HANDSHAKE, MAJOR] => None,
        [HANDSHAKE, MAJOR, 1..=4, ..] => Some(Speech::Tls),
        _ => Some(Speech::Plain),
    }
}

/// Waits for the first bytes and leaves them in the socket. `None` if the peer has ended before.
async fn listen_to(socket: &TcpStream) -> io::Result<Option<Speech>> {
    loop {
        let ready = socket.ready(Interest::READABLE).await?;
        let looked = socket.try_io(Interest::READABLE, || {
            let mut first = [0; 3];
            let count = recv(socket.as_raw_fd(), &mut first, MsgFlags::MSG_PEEK | MsgFlags::MSG_DONTWAIT)?;
            match speech(first.get(..count).unwrap_or_default()) {
                None if count > 0 && !ready.is_read_closed() => Err(io::ErrorKind::WouldBlock.into()),
                speech => Ok(speech),
            }
        });
        match looked {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            looked => return looked,
        }
    }
}

impl Tls {
    /// Serves one TCP peer until it goes or the server stops, with TLS if it begins with that.
    pub(crate) async fn serve(&self, state: Arc<State>, session: Arc<Session>, socket: net::TcpStream) {
        let (patience, stop) = (state.settings.peer_timeout, state.stop.clone());
        let peer = socket.peer_addr().ok();
        let begun = tokio::select! {
            begun = timeout(patience, begin(socket)) => begun.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())),
            () = stop.cancelled() => return,
        };
        match begun {
            Ok((socket, Some(Speech::Tls))) => {
                let shaken = tokio::select! {
                    shaken = timeout(patience, self.shake_hands(socket)) => shaken,
                    () = stop.cancelled() => return,
                };
                match shaken {
                    Ok(Ok((stream, entrance))) => relay(state, session, stream, entrance).await,
                    Ok(Err(error)) => tracing::warn!(?peer, %error, "a TLS handshake failed"),
                    Err(_) => tracing::warn!(?peer, "a peer that stalled in its TLS handshake is disconnected"),
                }
            }
            Ok((socket, Some(Speech::Plain))) if self.plaintext == Plaintext::Allowed => match socket.into_std() {
                Ok(socket) => conn::serve(state, session, socket.into(), Entrance::Tcp).await,
                Err(error) => tracing::debug!(%error, "the connection broke"),
            },
            Ok((socket, Some(Speech::Plain))) => {
                tracing::warn!(?peer, "a TCP peer without TLS is disconnected: expected a TLS handshake");
                tokio::select! {
                    _ = timeout(FAREWELL, turn_away(socket)) => {}
                    () = stop.cancelled() => {}
                }
            }
            Ok((_, None)) => tracing::debug!(?peer, "a TCP peer ended before it said anything"),
            Err(error) => tracing::debug!(?peer, %error, "a TCP peer said nothing"),
        }
    }

    async fn shake_hands(&self, socket: TcpStream) -> io::Result<(TlsStream<TcpStream>, Entrance)> {
        let stream = self.acceptor.accept(socket).await?;
        let certificate = stream.get_ref().1.peer_certificates().and_then(<[_]>::first).map(names);
        Ok((stream, Entrance::Tls { certificate }))
    }
}

/// Registers the socket with the runtime of the calling task and waits for its first bytes.
async fn begin(socket: net::TcpStream) -> io::Result<(TcpStream, Option<Speech>)> {
    let socket = TcpStream::from_std(socket)?;
    let speech = listen_to(&socket).await?;
    Ok((socket, speech))
}

/// Says in the protocol's way, which a peer without TLS understands, what was expected.
async fn turn_away(mut socket: TcpStream) -> io::Result<()> {
    let message = "this server expects TLS, found a connection without".to_owned();
    let reply = ErrorReply { code: StatusCode::ConnectionError.as_raw(), message };
    let mut out = Vec::new();
    frame::encode(&mut out, &reply).map_err(io::Error::other)?;
    socket.write_all(&out).await?;
    socket.shutdown().await?;
    // A socket that is closed with bytes in it is reset, and the peer may not have read the reply yet.
    let (mut scratch, mut left) = ([0; 4096], FAREWELL_BYTES);
    while left > 0 {
        match socket.read(&mut scratch).await? {
            0 => break,
            count => left = left.saturating_sub(count),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handshake_is_no_length_of_a_first_message() {
        for length in 0..=64_u64 << 10 {
            assert_eq!(speech(&length.to_le_bytes()), Some(Speech::Plain), "{length}");
        }
        for minor in 1..=4 {
            assert_eq!(speech(&[0x16, 3, minor]), Some(Speech::Tls));
            assert_eq!(speech(&[0x16, 3, minor, 2, 0]), Some(Speech::Tls));
        }
        assert_eq!(speech(&[0x16, 4]), Some(Speech::Plain));
        for undecided in [&[][..], &[0x16], &[0x16, 3]] {
            assert_eq!(speech(undecided), None, "{undecided:?}");
        }
    }
}
