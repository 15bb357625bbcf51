//! One connection: frames out, frames and descriptors in. Knows nothing of what they mean.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::sys::socket::sockopt::SendTimeout;
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockType, UnixAddr, connect, send, setsockopt, socket};
use nix::sys::time::TimeVal;
use serde::Serialize;

use crate::error::{CallError, CallReason};
use crate::protocol::frame::{self, FrameBuffer};
use crate::protocol::{Call, DecodeError, decode_reply};
use crate::shm::{Receiver, ShmError};

/// Descriptors that may wait for the reply they belong to; no reply brings as many.
const MAX_DESCRIPTORS: usize = 1024;

/// Time-outs are between these: the kernel takes zero for "no time-out", and clocks have an end.
const TIMEOUTS: (Duration, Duration) = (Duration::from_millis(1), Duration::from_secs(1 << 30));

/// A connected socket and what is on its way through it.
#[derive(Debug)]
pub(super) struct Conn {
    stream: UnixStream,
    receiver: Receiver,
    inbox: FrameBuffer,
    descriptors: VecDeque<OwnedFd>,
    outbox: Vec<u8>,
    /// Replies to requests that nobody waits for any more.
    unwanted: usize,
    timeout: Duration,
    /// When the requests that were sent last have to be answered.
    deadline: Instant,
    ended: bool,
}

/// Connects within a time-out: a listener whose backlog is full would block for ever.
fn open(path: &Path, timeout: Duration) -> io::Result<UnixStream> {
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

impl Conn {
    pub(super) fn open(path: &Path, timeout: Duration) -> io::Result<Self> {
        let stream = open(path, timeout.clamp(TIMEOUTS.0, TIMEOUTS.1))?;
        let mut conn = Self {
            stream,
            receiver: Receiver::new(),
            inbox: FrameBuffer::new(),
            descriptors: VecDeque::new(),
            outbox: Vec::new(),
            unwanted: 0,
            timeout,
            deadline: Instant::now(),
            ended: false,
        };
        conn.set_timeout(timeout)?;
        Ok(conn)
    }

    /// How long a request may take from when it is sent. A peer that dribbles can take twice as long.
    pub(super) fn set_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        let timeout = timeout.clamp(TIMEOUTS.0, TIMEOUTS.1);
        self.stream.set_read_timeout(Some(timeout))?;
        self.stream.set_write_timeout(Some(timeout))?;
        self.timeout = timeout;
        Ok(())
    }

    /// Whether the connection cannot be used any more.
    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Gives the connection up: what comes next could not be told apart.
    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    /// Writes a request into the outbox.
    pub(super) fn queue<M: Serialize>(&mut self, call: &'static str, message: &M) -> Result<(), CallError> {
        frame::encode(&mut self.outbox, message).map_err(|error| CallError::new(call, CallReason::Encode(error)))
    }

    /// Writes a request whose reply nobody waits for into the outbox.
    pub(super) fn queue_unwanted<C: Call>(&mut self, request: &C) -> Result<(), CallError> {
        self.queue(C::TYPE, request)?;
        self.unwanted = self.unwanted.saturating_add(1);
        Ok(())
    }

    /// Sends what is in the outbox.
    pub(super) fn flush(&mut self, call: &'static str) -> Result<(), CallError> {
        self.deadline = Instant::now().checked_add(self.timeout).unwrap_or(self.deadline);
        let mut sent = 0usize;
        while let Some(rest) = self.outbox.get(sent..).filter(|rest| !rest.is_empty()) {
            match self.stream.write(rest) {
                Ok(count) => sent = sent.saturating_add(count),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.failed(call, error)),
            }
            self.check_deadline(call)?;
        }
        self.outbox.clear();
        Ok(())
    }

    fn check_deadline(&mut self, call: &'static str) -> Result<(), CallError> {
        if Instant::now() < self.deadline {
            return Ok(());
        }
        Err(self.failed(call, io::ErrorKind::TimedOut.into()))
    }

    /// Sends what the socket takes at once; the rest stays in the outbox.
    pub(super) fn flush_some(&mut self) {
        let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
        if let Ok(sent) = send(self.stream.as_raw_fd(), &self.outbox, flags) {
            self.outbox.drain(..sent.min(self.outbox.len()));
        }
    }

    /// Sends a request and waits for its reply.
    pub(super) fn call<C: Call>(&mut self, request: &C) -> Result<C::Reply, CallError> {
        self.queue(C::TYPE, request)?;
        self.flush(C::TYPE)?;
        self.reply::<C>()
    }

    /// Waits for the reply to an earlier request.
    pub(super) fn reply<C: Call>(&mut self) -> Result<C::Reply, CallError> {
        self.skip_unwanted(C::TYPE)?;
        self.frame(C::TYPE, |body| decode_reply::<C>(body))
    }

    /// Waits for the replies that nobody wants, and forgets them.
    pub(super) fn skip_unwanted(&mut self, call: &'static str) -> Result<(), CallError> {
        while self.unwanted > 0 {
            self.frame(call, |_| Ok(()))?;
            self.unwanted = self.unwanted.saturating_sub(1);
        }
        Ok(())
    }

    /// Waits for one frame and reads it.
    fn frame<R>(
        &mut self,
        call: &'static str,
        read: impl FnOnce(&[u8]) -> Result<R, DecodeError>,
    ) -> Result<R, CallError> {
        loop {
            match self.inbox.next_frame() {
                Ok(Some(body)) => {
                    let reason = match read(body) {
                        Ok(reply) => return Ok(reply),
                        Err(DecodeError::Peer(error)) => CallReason::Server(error),
                        Err(other) => {
                            self.ended = true;
                            CallReason::Decode(other)
                        }
                    };
                    return Err(CallError::new(call, reason));
                }
                Ok(None) => {}
                Err(error) => {
                    self.ended = true;
                    return Err(CallError::new(call, CallReason::Protocol(error.to_string())));
                }
            }
            self.receive(call)?;
        }
    }

    /// Takes the next descriptor that follows a reply, with the byte that carries it.
    pub(super) fn descriptor(&mut self, call: &'static str) -> Result<OwnedFd, CallError> {
        loop {
            if !self.descriptors.is_empty()
                && self.inbox.skip_raw(1)
                && let Some(descriptor) = self.descriptors.pop_front()
            {
                return Ok(descriptor);
            }
            if self.inbox.pending() > 0 && self.descriptors.is_empty() {
                self.ended = true;
                let reason = CallReason::Protocol("a descriptor was announced, but none came".to_owned());
                return Err(CallError::new(call, reason));
            }
            self.receive(call)?;
        }
    }

    fn receive(&mut self, call: &'static str) -> Result<(), CallError> {
        self.check_deadline(call)?;
        let received = self.receiver.receive(&self.stream, &mut self.descriptors);
        match received {
            Ok(received) if received.bytes.is_empty() => {
                self.ended = true;
                Err(CallError::new(call, CallReason::Disconnected(None)))
            }
            Ok(received) => {
                self.inbox.extend(received.bytes);
                if self.descriptors.len() <= MAX_DESCRIPTORS {
                    return Ok(());
                }
                self.ended = true;
                let reason = CallReason::Protocol("descriptors came that were not announced".to_owned());
                Err(CallError::new(call, reason))
            }
            Err(ShmError::System { cause, .. }) => Err(self.failed(call, cause)),
            Err(other) => {
                self.ended = true;
                Err(CallError::new(call, CallReason::Memory(other)))
            }
        }
    }

    fn failed(&mut self, call: &'static str, error: io::Error) -> CallError {
        self.ended = true;
        let reason = match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => CallReason::Timeout { timeout: self.timeout },
            _ => CallReason::Disconnected(Some(error)),
        };
        CallError::new(call, reason)
    }
}
