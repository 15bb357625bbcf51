//! A connected socket of any kind.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::sys::socket::sockopt::SendTimeout;
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockType, UnixAddr, connect, recv, send, setsockopt, socket,
};
use nix::sys::time::TimeVal;

use super::tls::{Connector, TlsStream};
use crate::address::Address;

/// A connected socket.
#[derive(Debug)]
pub(super) enum Socket {
    Unix(UnixStream),
    Tcp(TcpStream),
    /// With TLS over TCP.
    Tls(Box<TlsStream>),
}

/// Connects within a time-out: a listener whose backlog is full would block for ever.
fn open_unix(path: &Path, timeout: Duration) -> io::Result<UnixStream> {
    let address = UnixAddr::new(path)?;
    let fd = socket(AddressFamily::Unix, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
    let micros = i64::from(timeout.subsec_micros());
    setsockopt(&fd, SendTimeout, &TimeVal::new(i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX), micros))?;
    loop {
        match connect(fd.as_raw_fd(), &address) {
            Err(nix::Error::EINTR) => {}
            Err(nix::Error::EAGAIN) => {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "the server does not accept"));
            }
            other => break other?,
        }
    }
    Ok(fd.into())
}

/// Connects to the first of the host's addresses that answers, within a time-out for all of them.
fn open_tcp(endpoint: &str, timeout: Duration) -> io::Result<TcpStream> {
    let deadline = Instant::now().checked_add(timeout);
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
    for address in endpoint.to_socket_addrs()? {
        let left = deadline.map_or(timeout, |deadline| deadline.saturating_duration_since(Instant::now()));
        if left.is_zero() {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "the server does not accept"));
        }
        match TcpStream::connect_timeout(&address, left) {
            Ok(stream) => {
                // Requests are small and wait for their replies.
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// How long one read or write of a TCP socket may block.
fn set_timeouts(stream: &TcpStream, timeout: Duration) -> io::Result<()> {
    stream.set_read_timeout(Some(timeout)).and_then(|()| stream.set_write_timeout(Some(timeout)))
}

impl Socket {
    /// Connects, and shakes hands over TCP if `tls` is given.
    pub(super) fn connect(address: &Address, timeout: Duration, tls: Option<&Connector>) -> io::Result<Self> {
        match (address, tls) {
            (Address::Socket(path), _) => open_unix(path, timeout).map(Self::Unix),
            (Address::Tcp(endpoint), None) => open_tcp(endpoint, timeout).map(Self::Tcp),
            (Address::Tcp(endpoint), Some(tls)) => {
                let tcp = open_tcp(endpoint, timeout)?;
                set_timeouts(&tcp, timeout)?;
                Ok(Self::Tls(Box::new(tls.connect(tcp, endpoint)?)))
            }
        }
    }

    /// How long one read or write may block.
    pub(super) fn set_timeout(&self, timeout: Duration) -> io::Result<()> {
        match self {
            Self::Unix(stream) => {
                stream.set_read_timeout(Some(timeout)).and_then(|()| stream.set_write_timeout(Some(timeout)))
            }
            Self::Tcp(stream) => set_timeouts(stream, timeout),
            Self::Tls(stream) => set_timeouts(stream.tcp(), timeout),
        }
    }

    /// Whether the peer is on this host for sure.
    pub(super) fn is_local(&self) -> bool {
        matches!(self, Self::Unix(_))
    }

    /// Whether something has arrived.
    pub(super) fn has_bytes(&self) -> bool {
        recv(self.as_fd().as_raw_fd(), &mut [0], MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_PEEK).is_ok()
    }

    pub(super) fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Unix(stream) => stream.read(out),
            Self::Tcp(stream) => stream.read(out),
            Self::Tls(stream) => stream.read(out),
        }
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Unix(stream) => stream.write(bytes),
            Self::Tcp(stream) => stream.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    /// Sends what the socket takes at once; returns how much needs not be given again.
    pub(super) fn write_some(&mut self, bytes: &[u8]) -> usize {
        if let Self::Tls(stream) = self {
            return stream.write_some(bytes);
        }
        let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
        send(self.as_fd().as_raw_fd(), bytes, flags).unwrap_or(0)
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Unix(stream) => stream.as_fd(),
            Self::Tcp(stream) => stream.as_fd(),
            Self::Tls(stream) => stream.tcp().as_fd(),
        }
    }
}
