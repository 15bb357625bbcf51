//! A raw client: frames and descriptors, nothing hidden.
#![allow(dead_code, reason = "each test program uses a part of it")]

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::FileExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use vineyard_core::shm::Receiver;
use vineyard_server::{Server, ServerHandle};

/// Bounds a hang; nothing is asserted about time.
const WATCHDOG: Duration = Duration::from_secs(60);

pub const MIB: u64 = 1 << 20;

/// A private server of 64 MiB whose instance id is not the default.
pub fn server() -> ServerHandle {
    Server::builder().size(64 * MIB).instance_id(5).workers(2).spawn().expect("a server")
}

/// Looks again and again until it is so; another process or thread makes it so.
#[track_caller]
pub fn until(mut it_is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !it_is_so() {
        assert!(start.elapsed() < WATCHDOG, "it never happened");
        std::thread::yield_now();
    }
}

/// A server of 64 MiB with a TCP endpoint.
pub fn server_with_rpc() -> ServerHandle {
    Server::builder().size(64 * MIB).instance_id(5).workers(2).rpc("127.0.0.1", 0).spawn().expect("a server")
}

/// A socket of either kind.
pub enum Wire {
    Unix(UnixStream),
    Tcp(TcpStream),
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Unix(stream) => stream.read(buffer),
            Self::Tcp(stream) => stream.read(buffer),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Unix(stream) => stream.write(bytes),
            Self::Tcp(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl AsFd for Wire {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Unix(stream) => stream.as_fd(),
            Self::Tcp(stream) => stream.as_fd(),
        }
    }
}

pub struct Raw {
    pub stream: Wire,
}

/// A descriptor that followed a reply, as the file it is.
pub struct Arena {
    file: File,
}

impl From<File> for Arena {
    fn from(file: File) -> Self {
        Self { file }
    }
}

impl Arena {
    pub fn file(&self) -> &File {
        &self.file
    }

    pub fn write(&self, payload: &Value, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all_at(bytes, payload["data_offset"].as_u64().expect("an offset"))
    }

    pub fn read(&self, payload: &Value) -> Vec<u8> {
        let length = payload["data_size"].as_u64().and_then(|n| usize::try_from(n).ok()).expect("a length");
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, payload["data_offset"].as_u64().expect("an offset")).expect("readable");
        bytes
    }

    /// Which file it is, whoever opened it.
    pub fn inode(&self) -> u64 {
        use std::os::unix::fs::MetadataExt;
        self.file.metadata().expect("a file").ino()
    }

    /// Bytes of pages that are there.
    pub fn allocated(&self) -> u64 {
        use std::os::unix::fs::MetadataExt;
        self.file.metadata().expect("a file").blocks() * 512
    }

    pub fn length(&self) -> u64 {
        self.file.metadata().expect("a file").len()
    }
}

impl Raw {
    /// Connects and says nothing.
    pub fn mute(server: &ServerHandle) -> Self {
        Self::mute_at(server.socket())
    }

    /// As `mute`, at a path.
    pub fn mute_at(path: &Path) -> Self {
        Self::try_mute_at(path).expect("it listens")
    }

    /// As `mute_at`, where nobody may listen any more.
    pub fn try_mute_at(path: &Path) -> io::Result<Self> {
        let stream = UnixStream::connect(path)?;
        stream.set_read_timeout(Some(WATCHDOG)).expect("a timeout");
        stream.set_write_timeout(Some(WATCHDOG)).expect("a timeout");
        Ok(Self { stream: Wire::Unix(stream) })
    }

    /// As `mute`, over TCP.
    pub fn mute_tcp(server: &ServerHandle) -> Self {
        let stream = TcpStream::connect(server.rpc_address().expect("an endpoint")).expect("it listens");
        stream.set_nodelay(true).expect("set");
        stream.set_read_timeout(Some(WATCHDOG)).expect("a timeout");
        stream.set_write_timeout(Some(WATCHDOG)).expect("a timeout");
        Self { stream: Wire::Tcp(stream) }
    }

    /// Connects to a session of the given kind of store.
    pub fn at(path: &Path, store_type: u64) -> Self {
        let mut raw = Self::mute_at(path);
        let reply = raw.call(json!({"type": "register_request", "version": "0.24.2", "store_type": store_type}));
        assert_eq!((&reply["type"], &reply["store_match"]), (&json!("register_reply"), &json!(true)));
        raw
    }

    /// Connects as stock clients do over TCP, to a session.
    pub fn tcp(server: &ServerHandle, session: i64) -> Self {
        let mut raw = Self::mute_tcp(server);
        let reply = raw.call(json!({"type": "register_request", "version": "0.24.2", "session_id": session}));
        assert_eq!(reply["type"], "register_reply", "{reply}");
        raw
    }

    /// Connects as stock clients do.
    pub fn stock(server: &ServerHandle) -> Self {
        let mut raw = Self::mute(server);
        assert_eq!(raw.call(json!({"type": "register_request", "version": "0.24.2"}))["type"], "register_reply");
        raw
    }

    /// Connects as our own client does.
    pub fn native(server: &ServerHandle) -> Self {
        let mut raw = Self::mute(server);
        let reply = raw.call(json!({"type": "register_request", "native": 1}));
        assert_eq!((&reply["native"], &reply["deferred_free"]), (&json!(1), &json!(true)));
        raw
    }

    pub fn send_bytes(&mut self, body: &[u8]) {
        self.try_send(body).expect("written");
    }

    fn try_send(&mut self, body: &[u8]) -> io::Result<()> {
        self.stream.write_all(&(body.len() as u64).to_le_bytes())?;
        self.stream.write_all(body)
    }

    pub fn send(&mut self, message: &Value) {
        self.send_bytes(message.to_string().as_bytes());
    }

    pub fn receive(&mut self) -> Value {
        self.try_receive().expect("a reply")
    }

    fn try_receive(&mut self) -> io::Result<Value> {
        let mut header = [0; 8];
        self.stream.read_exact(&mut header)?;
        let mut body = vec![0; usize::try_from(u64::from_le_bytes(header)).expect("a length")];
        self.stream.read_exact(&mut body)?;
        Ok(serde_json::from_slice(&body).expect("JSON"))
    }

    /// As `call`, for connections that may end.
    pub fn try_call(&mut self, message: &Value) -> io::Result<Value> {
        self.try_send(message.to_string().as_bytes())?;
        self.try_receive()
    }

    pub fn call(&mut self, message: Value) -> Value {
        self.send(&message);
        self.receive()
    }

    /// The code of the error that a request is answered with.
    pub fn code(&mut self, message: Value) -> i64 {
        let reply = self.call(message);
        assert!(reply.get("type").is_none(), "{reply}");
        reply["code"].as_i64().unwrap_or_else(|| panic!("no error: {reply}"))
    }

    /// The descriptor that follows: exactly one byte that carries exactly one.
    pub fn descriptor(&mut self) -> Arena {
        let mut found = VecDeque::new();
        let mut receiver = Receiver::new();
        let received = receiver.receive(&self.stream, &mut found).expect("a message");
        assert_eq!(received.bytes.len(), 1);
        assert_eq!(found.len(), 1, "descriptors in one message");
        let owned = found.pop_front().expect("one descriptor");
        Arena { file: owned.into() }
    }

    pub fn create(&mut self, size: u64) -> Value {
        let reply = self.call(json!({"type": "create_buffer_request", "size": size}));
        assert_eq!(reply["type"], "create_buffer_reply", "{reply}");
        reply
    }

    pub fn seal(&mut self, id: &Value) {
        assert_eq!(self.call(json!({"type": "seal_request", "object_id": id}))["type"], "seal_reply");
    }

    pub fn get(&mut self, ids: &[&Value]) -> Value {
        let reply = self.call(json!({"type": "get_buffers_request", "ids": ids}));
        assert_eq!(reply["type"], "get_buffers_reply", "{reply}");
        reply
    }

    pub fn drop_buffer(&mut self, id: &Value) {
        assert_eq!(self.call(json!({"type": "drop_buffer_request", "id": id}))["type"], "drop_buffer_reply");
    }

    pub fn exists(&mut self, id: &Value) -> bool {
        self.call(json!({"type": "exists_request", "id": id}))["exists"] == true
    }

    pub fn status(&mut self) -> Value {
        self.call(json!({"type": "instance_status_request"}))["meta"].clone()
    }

    pub fn used(&mut self) -> u64 {
        self.status()["memory_usage"].as_u64().expect("a number")
    }

    /// Raw bytes that follow a reply.
    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.stream.read_exact(&mut bytes).expect("as many bytes");
        bytes
    }

    /// A reply that is asked for without looking at its contents.
    pub fn ok(&mut self, message: Value) -> Value {
        let reply = self.call(message);
        assert!(reply.get("code").is_none(), "{reply}");
        reply
    }

    /// Nothing arrives any more, and nothing did.
    pub fn ended(&mut self) -> bool {
        matches!(self.stream.read(&mut [0; 1]), Ok(0) | Err(_))
    }

    /// No byte is waiting to be read; a reply in between proves that the server is not still writing.
    pub fn is_quiet(&mut self) -> bool {
        self.call(json!({"type": "exists_request", "id": 1}))["type"] == "exists_reply"
    }
}
