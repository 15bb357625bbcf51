//! One connection: frames out, frames and descriptors in, raw bytes both ways. Knows nothing of what they mean.

use std::collections::VecDeque;
use std::io;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::lookout::Lookout;
use super::socket::Socket;
use super::tls::Connector;
use crate::address::Address;
use crate::error::{CallError, CallReason};
use crate::protocol::frame::{self, FrameBuffer};
use crate::protocol::{Call, DecodeError, decode_reply};
use crate::shm::{Receiver, ShmError};

/// Descriptors that may wait for the reply they belong to; no reply brings as many.
const MAX_DESCRIPTORS: usize = 1024;

/// Raw bytes are collected, or taken from what came with a frame, in pieces below this; larger ones go directly.
const DIRECT_BYTES: usize = 64 << 10;

/// Time-outs are between these: the kernel takes zero for "no time-out", and clocks have an end.
const TIMEOUTS: (Duration, Duration) = (Duration::from_millis(1), Duration::from_secs(1 << 30));

/// A connected socket and what is on its way through it.
#[derive(Debug)]
pub(super) struct Conn {
    socket: Socket,
    receiver: Receiver,
    inbox: FrameBuffer,
    descriptors: VecDeque<OwnedFd>,
    outbox: Vec<u8>,
    /// Replies to requests that nobody waits for any more.
    unwanted: usize,
    timeout: Duration,
    /// When the requests that were sent last have to be answered.
    deadline: Instant,
    lookout: Lookout,
    ended: bool,
    /// The process that opened it. One that is forked from it must not talk over it.
    process: u32,
}

/// Copies raw bytes that have arrived; returns how many.
fn take_raw(inbox: &mut FrameBuffer, out: &mut [u8]) -> usize {
    let bytes = inbox.take_raw(out.len());
    let (filled, _) = out.split_at_mut(bytes.len().min(out.len()));
    filled.copy_from_slice(bytes);
    bytes.len()
}

impl Conn {
    pub(super) fn open(address: &Address, timeout: Duration, tls: Option<&Connector>) -> io::Result<Self> {
        let socket = Socket::connect(address, timeout.clamp(TIMEOUTS.0, TIMEOUTS.1), tls)?;
        let mut conn = Self {
            socket,
            receiver: Receiver::new(),
            inbox: FrameBuffer::new(),
            descriptors: VecDeque::new(),
            outbox: Vec::new(),
            unwanted: 0,
            timeout,
            deadline: Instant::now(),
            lookout: Lookout::default(),
            ended: false,
            process: std::process::id(),
        };
        conn.set_timeout(timeout)?;
        Ok(conn)
    }

    /// How long a request may take from when it is sent. A peer that dribbles can take twice as long.
    pub(super) fn set_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        let timeout = timeout.clamp(TIMEOUTS.0, TIMEOUTS.1);
        self.socket.set_timeout(timeout)?;
        self.timeout = timeout;
        Ok(())
    }

    /// Whether the connection cannot be used any more.
    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Whether this process was forked from the one that opened the connection.
    pub(super) fn is_inherited(&self) -> bool {
        self.process != std::process::id()
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
        self.renew_deadline();
        let outbox = std::mem::take(&mut self.outbox);
        let sent = self.write(call, &outbox, |conn| conn.check_deadline(call));
        self.outbox = outbox;
        self.outbox.clear();
        sent
    }

    fn write(
        &mut self,
        call: &'static str,
        bytes: &[u8],
        mut after_each: impl FnMut(&mut Self) -> Result<(), CallError>,
    ) -> Result<(), CallError> {
        let mut sent = 0usize;
        while let Some(rest) = bytes.get(sent..).filter(|rest| !rest.is_empty()) {
            match self.socket.write(rest) {
                Ok(count) => sent = sent.saturating_add(count),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.failed(call, error)),
            }
            after_each(self)?;
        }
        Ok(())
    }

    /// Sends raw bytes behind what is in the outbox; small ones are collected there until
    /// [`flush_raw`](Self::flush_raw). May take any time, as long as bytes move within each time-out.
    pub(super) fn send_raw(&mut self, call: &'static str, bytes: &[u8]) -> Result<(), CallError> {
        if bytes.len() < DIRECT_BYTES {
            self.outbox.extend_from_slice(bytes);
            return if self.outbox.len() < DIRECT_BYTES { Ok(()) } else { self.flush_raw(call) };
        }
        self.flush_raw(call)?;
        self.write(call, bytes, |_| Ok(()))
    }

    /// Sends the raw bytes that were collected. The next reply is waited for from now on.
    pub(super) fn flush_raw(&mut self, call: &'static str) -> Result<(), CallError> {
        let outbox = std::mem::take(&mut self.outbox);
        let sent = self.write(call, &outbox, |_| Ok(()));
        self.outbox = outbox;
        self.outbox.clear();
        self.renew_deadline();
        sent
    }

    /// Receives raw bytes that follow a frame. May take any time, as long as bytes move within each time-out.
    pub(super) fn receive_raw(&mut self, call: &'static str, out: &mut [u8]) -> Result<(), CallError> {
        let mut filled = take_raw(&mut self.inbox, out);
        while let Some(rest) = out.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            self.renew_deadline();
            // What comes behind a short piece is received along with it.
            let count = if rest.len() < DIRECT_BYTES {
                self.receive(call)?;
                take_raw(&mut self.inbox, rest)
            } else {
                match self.socket.read(rest) {
                    Ok(0) => return Err(self.broken(call, CallReason::Disconnected(None))),
                    Ok(count) => count,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
                    Err(error) => return Err(self.failed(call, error)),
                }
            };
            filled = filled.saturating_add(count);
        }
        Ok(())
    }

    /// Gives the connection up for a reason.
    pub(super) fn broken(&mut self, call: &'static str, reason: CallReason) -> CallError {
        self.ended = true;
        CallError::new(call, reason)
    }

    fn renew_deadline(&mut self) {
        self.deadline = Instant::now().checked_add(self.timeout).unwrap_or(self.deadline);
    }

    fn check_deadline(&mut self, call: &'static str) -> Result<(), CallError> {
        if Instant::now() < self.deadline {
            return Ok(());
        }
        Err(self.failed(call, io::ErrorKind::TimedOut.into()))
    }

    /// Sends what the socket takes at once; the rest stays in the outbox.
    pub(super) fn flush_some(&mut self) {
        let sent = self.socket.write_some(&self.outbox);
        self.outbox.drain(..sent.min(self.outbox.len()));
    }

    /// Sends a request and waits for its reply.
    pub(super) fn call<C: Call>(&mut self, request: &C) -> Result<C::Reply, CallError> {
        self.queue(C::TYPE, request)?;
        self.flush(C::TYPE)?;
        self.reply::<C>()
    }

    /// Sends a binary request and waits for its reply.
    pub(super) fn call_binary<R>(
        &mut self,
        call: &'static str,
        encode: impl FnOnce(&mut Vec<u8>),
        decode: impl FnOnce(&[u8]) -> Result<R, DecodeError>,
    ) -> Result<R, CallError> {
        encode(&mut self.outbox);
        self.flush(call)?;
        self.skip_unwanted(call)?;
        self.frame(call, decode)
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
                        Err(DecodeError::Peer(error)) => return Err(CallError::new(call, CallReason::Server(error))),
                        Err(other) => CallReason::Decode(other),
                    };
                    return Err(self.broken(call, reason));
                }
                Ok(None) => {}
                Err(error) => return Err(self.broken(call, CallReason::Protocol(error.to_string()))),
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
                let reason = CallReason::Protocol("a descriptor was announced, but none came".to_owned());
                return Err(self.broken(call, reason));
            }
            self.receive(call)?;
        }
    }

    fn receive(&mut self, call: &'static str) -> Result<(), CallError> {
        self.check_deadline(call)?;
        if let Socket::Tls(stream) = &mut self.socket {
            return match stream.receive() {
                Ok([]) => Err(self.broken(call, CallReason::Disconnected(None))),
                Ok(bytes) => {
                    self.inbox.extend(bytes);
                    Ok(())
                }
                Err(error) => Err(self.failed(call, error)),
            };
        }
        let Self { socket, lookout, .. } = self;
        if socket.is_local() {
            lookout.look(|| socket.has_bytes());
        }
        let received = self.receiver.receive(&self.socket, &mut self.descriptors);
        match received {
            Ok(received) if received.bytes.is_empty() => Err(self.broken(call, CallReason::Disconnected(None))),
            Ok(received) => {
                self.inbox.extend(received.bytes);
                if self.descriptors.len() <= MAX_DESCRIPTORS {
                    return Ok(());
                }
                let reason = CallReason::Protocol("descriptors came that were not announced".to_owned());
                Err(self.broken(call, reason))
            }
            Err(ShmError::System { cause, .. }) => Err(self.failed(call, cause)),
            Err(other) => Err(self.broken(call, CallReason::Memory(other))),
        }
    }

    fn failed(&mut self, call: &'static str, error: io::Error) -> CallError {
        let reason = match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => CallReason::Timeout { timeout: self.timeout },
            _ => CallReason::Disconnected(Some(error)),
        };
        self.broken(call, reason)
    }
}
