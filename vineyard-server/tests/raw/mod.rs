//! A raw client: frames and descriptors, nothing hidden.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::fs::FileExt;
use std::os::unix::net::UnixStream;
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
pub fn until(mut it_is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !it_is_so() {
        assert!(start.elapsed() < WATCHDOG, "it never happened");
        std::thread::yield_now();
    }
}

pub struct Raw {
    pub stream: UnixStream,
}

/// A descriptor that followed a reply, as the file it is.
pub struct Arena {
    file: File,
}

impl Arena {
    pub fn write(&self, payload: &Value, bytes: &[u8]) -> std::io::Result<()> {
        self.file.write_all_at(bytes, payload["data_offset"].as_u64().expect("an offset"))
    }

    pub fn read(&self, payload: &Value) -> Vec<u8> {
        let length = payload["data_size"].as_u64().and_then(|n| usize::try_from(n).ok()).expect("a length");
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, payload["data_offset"].as_u64().expect("an offset")).expect("readable");
        bytes
    }

    pub fn length(&self) -> u64 {
        self.file.metadata().expect("a file").len()
    }
}

impl Raw {
    /// Connects and says nothing.
    pub fn mute(server: &ServerHandle) -> Self {
        let stream = UnixStream::connect(server.socket()).expect("it listens");
        stream.set_read_timeout(Some(WATCHDOG)).expect("a timeout");
        stream.set_write_timeout(Some(WATCHDOG)).expect("a timeout");
        Self { stream }
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

    fn try_send(&mut self, body: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(&(body.len() as u64).to_le_bytes())?;
        self.stream.write_all(body)
    }

    pub fn send(&mut self, message: &Value) {
        self.send_bytes(message.to_string().as_bytes());
    }

    pub fn receive(&mut self) -> Value {
        self.try_receive().expect("a reply")
    }

    fn try_receive(&mut self) -> std::io::Result<Value> {
        let mut header = [0; 8];
        self.stream.read_exact(&mut header)?;
        let mut body = vec![0; usize::try_from(u64::from_le_bytes(header)).expect("a length")];
        self.stream.read_exact(&mut body)?;
        Ok(serde_json::from_slice(&body).expect("JSON"))
    }

    /// As `call`, for connections that may end.
    pub fn try_call(&mut self, message: &Value) -> std::io::Result<Value> {
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

    /// Nothing arrives any more, and nothing did.
    pub fn ended(&mut self) -> bool {
        matches!(self.stream.read(&mut [0; 1]), Ok(0) | Err(_))
    }

    /// No byte is waiting to be read; a reply in between proves that the server is not still writing.
    pub fn is_quiet(&mut self) -> bool {
        self.call(json!({"type": "exists_request", "id": 1}))["type"] == "exists_reply"
    }
}
