//! One connection of a replay: frames, descriptors, raw bytes.

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io::{IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::net::{Shutdown, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use rustix::cmsg_space;
use rustix::io::Errno;
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recv, recvmsg};
use serde_json::Value;
use vineyard_core::protocol::frame::encode;

use super::Step;
use super::process::WATCHDOG;
use super::recording::{Answer, Request};

#[derive(Debug)]
enum Stream {
    Unix(UnixStream),
    Tcp(TcpStream),
}

/// A connection, and what both sides know about it.
#[derive(Debug)]
pub struct Connection {
    stream: Stream,
    /// Requests without a reply yet; the flag says that the first of two replies has come.
    pub unanswered: VecDeque<(Request, bool)>,
    /// The files of the arenas, by the number that the server gave them.
    pub arenas: BTreeMap<i64, File>,
    /// The blobs that wait for their contents.
    pub writing: Vec<u64>,
    /// The client has closed.
    pub closing: bool,
}

/// What is there to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readable {
    Nothing,
    Bytes,
    End,
}

impl Connection {
    /// Connects to a UNIX socket.
    pub fn unix(path: &Path) -> Step<Self> {
        let stream = UnixStream::connect(path).map_err(|error| format!("{}: {error}", path.display()))?;
        Self::new(Stream::Unix(stream))
    }

    /// Connects to a port of this machine.
    pub fn tcp(port: u16) -> Step<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).map_err(|error| format!("port {port}: {error}"))?;
        stream.set_nodelay(true).map_err(failed("setting an option"))?;
        Self::new(Stream::Tcp(stream))
    }

    fn new(stream: Stream) -> Step<Self> {
        let (unanswered, arenas, writing) = (VecDeque::new(), BTreeMap::new(), Vec::new());
        let connection = Self { stream, unanswered, arenas, writing, closing: false };
        connection.set_patience(WATCHDOG)?;
        Ok(connection)
    }

    /// Whether no descriptors can travel.
    pub fn is_tcp(&self) -> bool {
        matches!(self.stream, Stream::Tcp(_))
    }

    /// Sends a message, or what is not one as it is.
    pub fn send(&mut self, message: &Value) -> Step {
        let mut frame = Vec::new();
        match message.get("!unparsed").and_then(Value::as_str) {
            Some(text) => {
                frame.extend(u64::try_from(text.len()).unwrap_or(u64::MAX).to_le_bytes());
                frame.extend(text.as_bytes());
            }
            None => encode(&mut frame, message).map_err(failed("writing a frame"))?,
        }
        self.send_raw(&frame)
    }

    /// Sends bytes.
    pub fn send_raw(&mut self, bytes: &[u8]) -> Step {
        match &mut self.stream {
            Stream::Unix(stream) => stream.write_all(bytes),
            Stream::Tcp(stream) => stream.write_all(bytes),
        }
        .map_err(failed("sending"))
    }

    /// Receives exactly so many bytes.
    pub fn receive_raw(&mut self, count: u64) -> Step<Vec<u8>> {
        let mut bytes = vec![0; usize::try_from(count).map_err(failed("a count of bytes"))?];
        match &mut self.stream {
            Stream::Unix(stream) => stream.read_exact(&mut bytes),
            Stream::Tcp(stream) => stream.read_exact(&mut bytes),
        }
        .map_err(failed("receiving"))?;
        Ok(bytes)
    }

    /// Receives a length, as it stands before frames and before chunks.
    pub fn receive_length(&mut self, limit: u64) -> Step<u64> {
        let bytes = self.receive_raw(8)?;
        let length = bytes.try_into().map(u64::from_le_bytes).unwrap_or(u64::MAX);
        if length <= limit { Ok(length) } else { Err(format!("{length} announced, at most {limit} expected")) }
    }

    /// Receives a message.
    pub fn receive(&mut self) -> Step<Value> {
        let length = self.receive_length(256 << 20)?;
        let body = self.receive_raw(length)?;
        serde_json::from_slice(&body).map_err(failed("reading a reply"))
    }

    /// Receives exactly one byte with exactly one descriptor.
    pub fn receive_descriptor(&mut self) -> Step<File> {
        let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(8))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let mut byte = [0];
        let mut parts = [IoSliceMut::new(&mut byte)];
        let message = recvmsg(self.as_fd(), &mut parts, &mut control, RecvFlags::CMSG_CLOEXEC);
        let message = message.map_err(failed("receiving a descriptor"))?;
        let mut files = Vec::new();
        for message in control.drain() {
            if let RecvAncillaryMessage::ScmRights(received) = message {
                files.extend(received.map(File::from));
            }
        }
        match (files.pop(), files.len(), message.bytes) {
            (Some(file), 0, 1) => Ok(file),
            (_, more, bytes) => Err(format!("one byte with one descriptor expected: {bytes} bytes, {more} more")),
        }
    }

    /// What is there already.
    pub fn readable(&self) -> Step<Readable> {
        let mut byte = [0_u8];
        match recv(self.as_fd(), &mut byte, RecvFlags::PEEK | RecvFlags::DONTWAIT) {
            Ok((_, 0)) => Ok(Readable::End),
            Ok(_) => Ok(Readable::Bytes),
            Err(Errno::AGAIN) => Ok(Readable::Nothing),
            Err(error) => Err(format!("looking for bytes: {error}")),
        }
    }

    /// Waits for a while until there is something to be read, or the end.
    pub fn wait(&self, patience: Duration) -> Step<bool> {
        self.set_patience(patience)?;
        let mut byte = [0_u8];
        let there = match recv(self.as_fd(), &mut byte, RecvFlags::PEEK) {
            // A connection that was reset is at its end.
            Ok(_) | Err(Errno::CONNRESET) => true,
            Err(Errno::AGAIN | Errno::INTR) => false,
            Err(error) => return Err(format!("waiting: {error}")),
        };
        self.set_patience(WATCHDOG)?;
        Ok(there)
    }

    fn set_patience(&self, patience: Duration) -> Step {
        match &self.stream {
            Stream::Unix(stream) => stream.set_read_timeout(Some(patience)),
            Stream::Tcp(stream) => stream.set_read_timeout(Some(patience)),
        }
        .map_err(failed("setting a time-out"))
    }

    /// Closes our side; both if a request still waits, which the server may answer as long as somebody listens.
    pub fn close(&mut self) {
        self.closing = true;
        let sides = if self.has_abandoned() { Shutdown::Both } else { Shutdown::Write };
        // The server may have closed before; then there is nothing to do.
        let _closed = match &self.stream {
            Stream::Unix(stream) => stream.shutdown(sides),
            Stream::Tcp(stream) => stream.shutdown(sides),
        };
    }

    fn has_abandoned(&self) -> bool {
        self.unanswered.iter().any(|(request, _)| request.answer == Answer::Never)
    }

    /// Waits until the server has closed. Nothing else may come, but for replies that the client did not wait for.
    pub fn receive_end(&mut self) -> Step {
        let mut rest = Vec::new();
        let end = match &mut self.stream {
            Stream::Unix(stream) => stream.read_to_end(&mut rest),
            Stream::Tcp(stream) => stream.read_to_end(&mut rest),
        };
        let abandoned = self.closing && self.has_abandoned();
        match end {
            Ok(0) => Ok(()),
            Ok(_) if abandoned => Ok(()),
            Ok(_) => Err(format!("{:?} came instead of the end", String::from_utf8_lossy(&rest))),
            // It closed before it had read everything.
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => Ok(()),
            Err(error) => Err(format!("waiting for the end: {error}")),
        }
    }
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match &self.stream {
            Stream::Unix(stream) => stream.as_fd(),
            Stream::Tcp(stream) => stream.as_fd(),
        }
    }
}

/// Says what was being done when something failed.
pub fn failed<E: std::fmt::Display>(action: &str) -> impl FnOnce(E) -> String {
    move |error| format!("{action}: {error}")
}
