//! One TLS connection over a blocking socket, with its time-outs.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::fd::AsRawFd;
use std::sync::Arc;

use nix::sys::socket::{MsgFlags, send};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};

use super::options::named;

/// The most that one record holds.
const RECORD_BYTES: usize = 16 << 10;

/// What every connection to a server needs.
#[derive(Clone)]
pub(in crate::client) struct Connector {
    config: Arc<ClientConfig>,
    /// Whom to expect, if not the host that is connected to.
    name: Option<ServerName<'static>>,
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Connector {
    pub(super) fn new(config: Arc<ClientConfig>, name: Option<ServerName<'static>>) -> Self {
        Self { config, name }
    }

    /// Shakes hands with the server at `endpoint`, to which `tcp` is connected. Each step may take the socket's time-out.
    pub(in crate::client) fn connect(&self, mut tcp: TcpStream, endpoint: &str) -> io::Result<TlsStream> {
        let host = host(endpoint);
        let unnamed = || {
            let message = format!("`{host}` is no name that a certificate could be for");
            io::Error::new(io::ErrorKind::InvalidInput, message)
        };
        let name = self.name.clone().or_else(|| named(host)).ok_or_else(unnamed)?;
        let mut connection = ClientConnection::new(Arc::clone(&self.config), name).map_err(io::Error::other)?;
        while connection.is_handshaking() {
            connection.complete_io(&mut tcp).map_err(|error| match error.kind() {
                io::ErrorKind::WouldBlock => {
                    io::Error::new(io::ErrorKind::TimedOut, "the server stalls in the handshake")
                }
                _ => error,
            })?;
        }
        let received = vec![0; RECORD_BYTES].into_boxed_slice();
        Ok(TlsStream { stream: StreamOwned::new(connection, tcp), received })
    }
}

/// The host of `host:port`, without the brackets of an address.
fn host(endpoint: &str) -> &str {
    let host = endpoint.rsplit_once(':').map_or(endpoint, |(host, _)| host);
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

/// A connection that is encrypted. Dropping it says no goodbye: another process could have been forked that still uses
/// the socket.
pub(in crate::client) struct TlsStream {
    stream: StreamOwned<ClientConnection, TcpStream>,
    received: Box<[u8]>,
}

impl fmt::Debug for TlsStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TlsStream").field(&self.stream.sock).finish()
    }
}

impl TlsStream {
    /// The socket below.
    pub(in crate::client) fn tcp(&self) -> &TcpStream {
        &self.stream.sock
    }

    pub(in crate::client) fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.stream.read(out)
    }

    /// What has arrived, up to a record; nothing if the peer has ended.
    pub(in crate::client) fn receive(&mut self) -> io::Result<&[u8]> {
        let count = loop {
            match self.stream.read(&mut self.received) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        Ok(self.received.get(..count).unwrap_or_default())
    }

    pub(in crate::client) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.write(bytes)
    }

    /// Encrypts what there is room for, and sends what the socket takes at once; the rest goes with the next write.
    /// Returns how much was encrypted.
    pub(in crate::client) fn write_some(&mut self, bytes: &[u8]) -> usize {
        let StreamOwned { conn, sock } = &mut self.stream;
        let count = conn.writer().write(bytes).unwrap_or(0);
        while conn.wants_write() {
            match conn.write_tls(&mut AtOnce(sock)) {
                Ok(1..) => {}
                // The next write tells what is wrong, if something is.
                Ok(0) | Err(_) => break,
            }
        }
        count
    }
}

/// Writes what a socket takes without waiting.
struct AtOnce<'a>(&'a TcpStream);

impl Write for AtOnce<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(send(self.0.as_raw_fd(), bytes, MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::host;

    #[test]
    fn the_host_of_an_endpoint_is_what_a_certificate_is_for() {
        for (endpoint, expected) in [
            ("storage.example:9600", "storage.example"),
            ("127.0.0.1:1", "127.0.0.1"),
            ("[::1]:9600", "::1"),
            ("x", "x"),
        ] {
            assert_eq!(host(endpoint), expected, "{endpoint}");
        }
    }
}
