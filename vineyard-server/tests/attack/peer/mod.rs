//! One hostile connection. It knows which replies it is owed, and insists on them.

mod reply;
mod transfer;

use std::collections::{HashSet, VecDeque};
use std::io::{self, Read, Write};
use std::net::Shutdown;

use serde_json::Value;
use vineyard_core::protocol::frame::FrameBuffer;
use vineyard_core::protocol::{DecodeError, Request};

use super::binary;
use super::choices::Choices;
use super::requests::reply_type;
use super::values::{Known, PATHS};
use crate::raw::{Raw, Wire};
pub use reply::has_to_be_alone;
use reply::{is_error, lengths, may_wait, show};

/// The longest first message of a connection.
const FIRST_BYTES: usize = 64 << 10;

/// Sessions that are opened by one client.
const MOST_SESSIONS: usize = 6;

/// Requests that are under way on a connection.
const MOST_OWED: usize = 6;

/// A body that does not fit into the socket while the server waits and does not read.
const LARGE_BYTES: usize = 20_000;

/// Code of requests that waited when the server stopped.
const ALREADY_STOPPED: i64 = 36;

/// How far the replies have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// All are there.
    Idle,
    /// The first one that is missing may take its time.
    Waiting,
    /// The connection is over.
    Ended,
}

pub struct Peer {
    wire: Wire,
    frames: FrameBuffer,
    /// Bodies whose replies are missing.
    owed: VecDeque<Vec<u8>>,
    /// Bytes that the server waits for.
    payload: Option<Vec<u8>>,
    registered: bool,
    native: bool,
    /// Whether it works in the root session.
    root: bool,
    /// Whether it works in a plasma session, as far as it knows.
    pub plasma: bool,
    labels: HashSet<i64>,
    /// Whether it has deleted everything of the root session.
    pub cleared: bool,
}

impl Peer {
    pub fn new(raw: Raw, root: bool) -> Self {
        Self {
            wire: raw.stream,
            frames: FrameBuffer::new(),
            owed: VecDeque::new(),
            payload: None,
            registered: false,
            native: false,
            root,
            plasma: false,
            labels: HashSet::new(),
            cleared: false,
        }
    }

    fn is_unix(&self) -> bool {
        matches!(self.wire, Wire::Unix(_))
    }

    /// Whether it can be asked for more.
    pub fn is_free(&self) -> bool {
        self.payload.is_none() && self.owed.len() < MOST_OWED
    }

    pub fn owes_payload(&self) -> bool {
        self.payload.is_some()
    }

    /// Whether a body may be sent now.
    pub fn may_send(&self, body: &[u8], known: &Known) -> bool {
        let alone = self.owed.is_empty();
        if (body.len() > LARGE_BYTES || has_to_be_alone(body)) && !alone {
            return false;
        }
        match Request::decode(body) {
            Ok(Request::CreateDiskBuffer(request)) => PATHS.contains(&request.path.as_str()),
            Ok(Request::NewSession(_)) => known.sockets.len() < MOST_SESSIONS,
            _ => true,
        }
    }

    /// Sends bodies as frames, in one write.
    pub fn send(&mut self, bodies: &[Vec<u8>]) {
        let mut bytes = Vec::new();
        for body in bodies {
            bytes.extend_from_slice(&(body.len() as u64).to_le_bytes());
            bytes.extend_from_slice(body);
            self.owed.push_back(body.clone());
        }
        // Who was refused before is cut off, and learns that when it reads.
        let _cut_off = self.wire.write_all(&bytes);
    }

    /// Takes the replies that are there, and waits for those that have to come.
    pub fn settle(&mut self, known: &mut Known, choices: &mut Choices<'_>) -> Progress {
        if !self.owed.is_empty() && self.is_too_late() {
            return Progress::Ended;
        }
        while !self.owed.is_empty() && self.payload.is_none() {
            match self.step(known, choices) {
                Progress::Idle => drop(self.owed.pop_front()),
                other => return other,
            }
        }
        Progress::Idle
    }

    /// Whether the session was closed before it let this peer in.
    fn is_too_late(&mut self) -> bool {
        if self.registered || self.root || self.frames.pending() > 0 {
            return false;
        }
        match self.fill() {
            Ok(count) => count == 0,
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => true,
            Err(error) => panic!("{error} instead of a first reply"),
        }
    }

    /// Takes the reply to the first request that has none.
    fn step(&mut self, known: &mut Known, choices: &mut Choices<'_>) -> Progress {
        let body = self.owed.front().cloned().unwrap_or_default();
        if !self.registered && body.len() > FIRST_BYTES {
            self.read_to_end();
            return Progress::Ended;
        }
        let request = match Request::decode(&body) {
            Ok(request) => request,
            Err(error) => {
                let code = error.to_reply().code;
                let reply = self.reply(&body);
                let peers_own = matches!(error, DecodeError::Peer(_));
                assert!(reply["code"] == code && (peers_own || code == 1), "{reply} to {}", show(&body));
                return Progress::Idle;
            }
        };
        match &request {
            Request::Exit(_) => {
                self.read_to_end();
                return Progress::Ended;
            }
            Request::ReleaseLeases(_) if self.native => return Progress::Idle,
            _ => {}
        }
        let message_type = request.message_type();
        if !self.registered && !matches!(request, Request::Register(_)) {
            let reply = self.reply(&body);
            assert!(is_error(&reply) && reply["code"] == 1, "{reply} to {message_type} before register");
            return Progress::Idle;
        }
        let reply = if may_wait(&request) {
            match self.try_frame() {
                Some(reply) => reply,
                None => return Progress::Waiting,
            }
        } else {
            self.reply(&body)
        };
        if is_error(&reply) {
            return Progress::Idle;
        }
        assert_eq!(reply["type"], reply_type(message_type), "{reply} to {}", show(&body));
        self.take_carriers(message_type, &reply);
        self.follow(&request, &reply, known, choices)
    }

    /// Does what comes after a reply.
    fn follow(&mut self, request: &Request, reply: &Value, known: &mut Known, choices: &mut Choices<'_>) -> Progress {
        known.learn(reply);
        match request {
            Request::Register(register) => {
                self.registered = true;
                self.native = register.native == Some(1);
                self.root = reply["session_id"] == 0;
            }
            Request::NewSession(session) => {
                let socket = reply["socket_path"].as_str().expect("a path");
                known.learn_session(socket, session.bulk_store_type.is_plasma());
            }
            Request::DeleteSession(_) => {
                self.read_to_end();
                return Progress::Ended;
            }
            Request::Clear(_) => self.cleared |= self.root,
            Request::GetRemoteBuffers(get) if !get.use_rdma => return self.take_bytes(&lengths(reply), get.compress),
            Request::CreateRemoteBuffer(create) if !create.use_rdma => {
                return self.owe_bytes(&lengths(reply), create.compress, choices);
            }
            Request::CreateRemoteBuffers(create) if !create.use_rdma => {
                return self.owe_bytes(&lengths(reply), create.compress, choices);
            }
            _ => {}
        }
        Progress::Idle
    }

    /// The frame that has to come next.
    fn reply(&mut self, to: &[u8]) -> Value {
        loop {
            if let Some(reply) = self.buffered() {
                return reply;
            }
            match self.fill() {
                Ok(count) if count > 0 => {}
                end => panic!("{end:?} instead of a reply to {}", show(to)),
            }
        }
    }

    /// The frame that comes next, if it is there.
    fn try_frame(&mut self) -> Option<Value> {
        self.set_nonblocking(true);
        let mut found = self.buffered();
        while found.is_none() {
            match self.fill() {
                Ok(0) => panic!("the connection ended before a reply"),
                Ok(_) => found = self.buffered(),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => panic!("{error} instead of a reply"),
            }
        }
        self.set_nonblocking(false);
        found
    }

    fn buffered(&mut self) -> Option<Value> {
        let body = self.frames.next_frame().expect("a short frame")?;
        let is_binary = binary::is_binary(body);
        let reply: Value = if is_binary { binary::reply(body) } else { serde_json::from_slice(body).expect("JSON") };
        assert!(reply.is_object(), "{reply}");
        Some(reply)
    }

    fn fill(&mut self) -> io::Result<usize> {
        let mut bytes = [0; 64 << 10];
        let count = self.wire.read(&mut bytes)?;
        self.frames.extend(&bytes[..count]);
        Ok(count)
    }

    fn set_nonblocking(&self, nonblocking: bool) {
        match &self.wire {
            Wire::Unix(stream) => stream.set_nonblocking(nonblocking).expect("set"),
            Wire::Tcp(stream) => stream.set_nonblocking(nonblocking).expect("set"),
        }
    }

    fn take_raw(&mut self, mut count: u64) {
        while count > 0 {
            let taken = self.frames.take_raw(usize::try_from(count).expect("it fits")).len();
            count -= taken as u64;
            if taken == 0 {
                assert!(self.fill().expect("bytes") > 0, "{count} bytes are missing at the end");
            }
        }
    }

    fn raw(&mut self, count: usize) -> Vec<u8> {
        while self.frames.pending() < count {
            assert!(self.fill().expect("bytes") > 0, "bytes are missing at the end");
        }
        self.frames.take_raw(count).to_vec()
    }

    /// Sends bytes that are no message, and ends.
    pub fn garbage(mut self, bytes: &[u8]) {
        let _cut_off = self.wire.write_all(bytes);
        self.finish();
    }

    /// Sends nothing more, and insists on the server's end; over a UNIX socket what waits still would be answered, so
    /// that who waits goes altogether.
    pub fn finish(&mut self) {
        let waits = |body: &Vec<u8>| Request::decode(body).is_ok_and(|request| may_wait(&request));
        if let Wire::Unix(stream) = &self.wire
            && self.owed.iter().any(waits)
        {
            let _gone = stream.shutdown(Shutdown::Both);
            return;
        }
        let _gone = match &self.wire {
            Wire::Unix(stream) => stream.shutdown(Shutdown::Write),
            Wire::Tcp(stream) => stream.shutdown(Shutdown::Write),
        };
        self.read_to_end();
    }

    fn read_to_end(&mut self) {
        let mut bytes = vec![0; 64 << 10];
        loop {
            match self.wire.read(&mut bytes) {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return,
                Err(error) => panic!("{error} instead of the end"),
            }
        }
    }

    /// The server has stopped: what waited was refused, and the connection is over.
    pub fn expect_stop(mut self) {
        let waited = self.payload.is_none()
            && self.owed.front().is_some_and(|body| Request::decode(body).is_ok_and(|request| may_wait(&request)));
        loop {
            match self.fill() {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return,
                Err(error) => panic!("{error} instead of the end"),
            }
        }
        if waited && self.registered {
            let reply = self.buffered().expect("a reply at the stop");
            let stopped = is_error(&reply) && reply["code"] == ALREADY_STOPPED;
            let answered = reply.get("type").is_some() || reply["code"] != 0;
            assert!(stopped || answered, "{reply}");
        }
    }
}
