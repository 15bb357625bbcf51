//! A raw client of the wire protocol: frames, descriptors and raw bytes, as the published client sends and reads them.
//!
//! It is the same for every server, the echo included, so what it costs itself is in every time alike.

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::FileExt;
use std::os::unix::net::UnixStream;
use std::path::Path;

use nix::sys::memfd::{MFdFlags, memfd_create};
use serde_json::{Value, json};
use vineyard_benches::Done;
use vineyard_core::shm::Receiver;

use crate::replay::{Awaited, Script, Step};

/// Bytes of the length in front of a frame, and in front of a chunk of compressed bytes.
pub(crate) const HEADER_BYTES: usize = 8;

/// Raw bytes that are read at a time.
const PIECE_BYTES: usize = 256 << 10;

/// A connected socket of either kind.
trait Socket: Read + Write + Send {}
impl<T: Read + Write + Send> Socket for T {}

/// One connection.
pub(crate) struct Client {
    socket: Box<dyn Socket>,
    /// The same socket, if descriptors can come over it.
    unix: Option<UnixStream>,
    receiver: Receiver,
    /// Arenas by the label that the server gave them.
    arenas: BTreeMap<i64, File>,
    body: Vec<u8>,
    out: Vec<u8>,
    /// What is exchanged, if it is recorded.
    log: Option<Script>,
    echo: bool,
}

impl Client {
    /// Connects to a UNIX socket and introduces itself; the reply comes along.
    pub(crate) fn unix(path: &Path) -> Done<(Self, Value)> {
        let stream = UnixStream::connect(path)?;
        let mut client = Self::new(Box::new(stream.try_clone()?), Some(stream), false);
        let reply = client.register()?;
        Ok((client, reply))
    }

    /// Connects to a TCP endpoint and introduces itself.
    pub(crate) fn tcp(address: SocketAddr) -> Done<Self> {
        let mut client = Self::new(Box::new(tcp(address)?), None, false);
        client.register()?;
        Ok(client)
    }

    /// Connects to an echo, which will answer as the script says: over the UNIX socket, or over TCP.
    pub(crate) fn echo(path: &Path, script: &Script, over_tcp: bool) -> Done<Self> {
        let mut stream = UnixStream::connect(path)?;
        script.send(&mut stream)?;
        let mut port = [0; 2];
        stream.read_exact(&mut port)?;
        if over_tcp {
            let address = SocketAddr::from(([127, 0, 0, 1], u16::from_le_bytes(port)));
            return Ok(Self::new(Box::new(tcp(address)?), None, true));
        }
        Ok(Self::new(Box::new(stream), None, true))
    }

    fn new(socket: Box<dyn Socket>, unix: Option<UnixStream>, echo: bool) -> Self {
        let (arenas, body, out) = (BTreeMap::new(), Vec::new(), Vec::new());
        Self { socket, unix, receiver: Receiver::new(), arenas, body, out, log: None, echo }
    }

    fn register(&mut self) -> Done<Value> {
        let request = json!({"type": "register_request", "version": "0.24.2", "store_type": 1, "session_id": 0});
        self.call(&request)
    }

    /// Records what is exchanged by `exchange`.
    pub(crate) fn record(&mut self, exchange: impl FnOnce(&mut Self) -> Done) -> Done<Script> {
        self.log = Some(Script::default());
        let done = exchange(self);
        let script = self.log.take().unwrap_or_default();
        done.map(|()| script)
    }

    /// Sends a request and reads its reply, which is not an error.
    pub(crate) fn call(&mut self, request: &Value) -> Done<Value> {
        self.send(request)?;
        self.reply(request)
    }

    /// Sends a request.
    pub(crate) fn send(&mut self, request: &Value) -> Done {
        self.out.clear();
        self.out.extend_from_slice(&[0; HEADER_BYTES]);
        serde_json::to_writer(&mut self.out, request)?;
        let length = (self.out.len() - HEADER_BYTES) as u64;
        if let Some(header) = self.out.first_chunk_mut() {
            *header = length.to_le_bytes();
        }
        self.socket.write_all(&self.out)?;
        self.note(Awaited::Frame);
        Ok(())
    }

    /// Reads the reply to a request: the length, then the body, as the published client does.
    pub(crate) fn reply(&mut self, request: &Value) -> Done<Value> {
        let mut header = [0; HEADER_BYTES];
        self.socket.read_exact(&mut header)?;
        self.body.resize(usize::try_from(u64::from_le_bytes(header))?, 0);
        self.socket.read_exact(&mut self.body)?;
        if let Some(step) = self.log.as_mut().and_then(|script| script.steps.last_mut()) {
            step.answer.extend_from_slice(&header);
            step.answer.extend_from_slice(&self.body);
        }
        let reply: Value = serde_json::from_slice(&self.body)?;
        if reply.get("code").is_some() {
            return Err(format!("{request} is answered with {reply}").into());
        }
        Ok(reply)
    }

    /// Sends raw bytes, after a request that announced them.
    pub(crate) fn send_raw(&mut self, bytes: &[u8]) -> Done {
        self.socket.write_all(bytes)?;
        self.note(Awaited::Bytes(bytes.len() as u64));
        Ok(())
    }

    /// Reads `count` raw bytes and hands them out in pieces.
    pub(crate) fn read_raw(&mut self, count: u64, mut each: impl FnMut(&[u8]) -> Done) -> Done {
        let mut rest = count;
        while rest > 0 {
            let piece = usize::try_from(rest).unwrap_or(PIECE_BYTES).min(PIECE_BYTES);
            self.body.resize(piece, 0);
            self.socket.read_exact(&mut self.body)?;
            if let Some(step) = self.log.as_mut().and_then(|script| script.steps.last_mut()) {
                step.answer.extend_from_slice(&self.body);
            }
            each(&self.body)?;
            rest -= piece as u64;
        }
        Ok(())
    }

    /// Takes the descriptor of an arena, which follows the reply.
    pub(crate) fn take_descriptor(&mut self, label: i64) -> Done {
        let unix = self.unix.as_ref().ok_or("a descriptor is announced where none can come")?;
        let mut found = VecDeque::new();
        self.receiver.receive(unix, &mut found)?;
        let descriptor = found.pop_front().ok_or("a descriptor is announced, and none came")?;
        self.arenas.insert(label, descriptor.into());
        Ok(())
    }

    /// Writes the bytes of a blob where it lies. An echo has no arenas; what it would lie in is made up.
    pub(crate) fn write(&mut self, payload: &Value, bytes: &[u8]) -> Done {
        let label = payload.get("store_fd").and_then(Value::as_i64).ok_or("no label")?;
        let offset = payload.get("data_offset").and_then(Value::as_u64).ok_or("no offset")?;
        if self.echo && !self.arenas.contains_key(&label) {
            self.arenas.insert(label, memfd_create(c"bench-echo", MFdFlags::MFD_CLOEXEC)?.into());
        }
        let arena = self.arenas.get(&label).ok_or("an arena without a descriptor")?;
        Ok(arena.write_all_at(bytes, offset)?)
    }

    fn note(&mut self, awaited: Awaited) {
        if let Some(script) = &mut self.log {
            script.steps.push(Step { awaited, answer: Vec::new() });
        }
    }
}

fn tcp(address: SocketAddr) -> Done<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    Ok(stream)
}
