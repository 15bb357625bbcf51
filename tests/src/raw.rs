//! A client as the published ones are: it says nothing of leases, and never when it is done.

use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
use std::os::unix::net::UnixStream;
use std::path::Path;

use vineyard_core::ObjectId;
use vineyard_core::protocol::frame::encode;
use vineyard_core::protocol::{
    Call, CreateBufferRequest, GetBuffersRequest, IdList, NATIVE_VERSION, PROTOCOL_VERSION, RegisterRequest,
    SealRequest, StoreType, decode_reply,
};
use vineyard_core::shm::Receiver;

/// A connection that sends requests as they are.
#[derive(Debug)]
pub struct StockClient {
    stream: UnixStream,
    /// By their labels.
    arenas: HashMap<i64, File>,
}

impl StockClient {
    /// Connects and registers.
    ///
    /// # Errors
    ///
    /// What the system says, or what is wrong with the reply.
    pub fn connect(socket: &Path) -> io::Result<Self> {
        Self::register(socket, None)
    }

    /// As [`connect`](Self::connect), for who sends requests of our own extension as they are.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    pub fn connect_native(socket: &Path) -> io::Result<Self> {
        Self::register(socket, Some(NATIVE_VERSION))
    }

    fn register(socket: &Path, native: Option<u32>) -> io::Result<Self> {
        let mut client = Self { stream: UnixStream::connect(socket)?, arenas: HashMap::new() };
        client.call(&RegisterRequest {
            version: PROTOCOL_VERSION.to_owned(),
            store_type: StoreType::NORMAL,
            session_id: 0,
            username: String::new(),
            password: String::new(),
            native,
        })?;
        Ok(client)
    }

    /// Sends a request, whose reply nobody reads.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn send<C: Call>(&mut self, request: &C) -> io::Result<()> {
        let mut wire = Vec::new();
        encode(&mut wire, request).map_err(io::Error::other)?;
        self.stream.write_all(&wire)
    }

    /// Sends a request and waits for its reply.
    ///
    /// # Errors
    ///
    /// What the system says, or what is wrong with the reply.
    pub fn call<C: Call>(&mut self, request: &C) -> io::Result<C::Reply> {
        self.send(request)?;
        let mut length = [0; 8];
        self.stream.read_exact(&mut length)?;
        let mut body = Vec::new();
        Read::take(&self.stream, u64::from_le_bytes(length)).read_to_end(&mut body)?;
        decode_reply::<C>(&body).map_err(io::Error::other)
    }

    /// Allocates a blob.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call).
    pub fn create(&mut self, size: u64) -> io::Result<ObjectId> {
        let reply = self.call(&CreateBufferRequest { size, owned: false, sealable: false })?;
        if reply.fd >= 0 {
            self.receive_arena(reply.fd)?;
        }
        Ok(reply.id)
    }

    /// A descriptor that follows a reply, with a byte that carries it.
    fn receive_arena(&mut self, label: i64) -> io::Result<()> {
        let mut found = VecDeque::new();
        Receiver::new().receive(&self.stream, &mut found).map_err(io::Error::other)?;
        let arena = found.pop_front().ok_or_else(|| io::Error::other("no descriptor came with the byte"))?;
        self.arenas.insert(label, arena.into());
        Ok(())
    }

    /// Reads a blob where it lies; nothing if it is not there.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call).
    pub fn read(&mut self, blob: ObjectId) -> io::Result<Option<Vec<u8>>> {
        let reply = self.call(&GetBuffersRequest { ids: IdList::Listed(vec![blob]), unsealed: false })?;
        for label in reply.fds {
            self.receive_arena(label)?;
        }
        let Some(payload) = reply.payloads.first() else { return Ok(None) };
        let arena = self.arenas.get(&payload.store_fd).ok_or_else(|| io::Error::other("no arena has this label"))?;
        let mut bytes = vec![0; usize::try_from(payload.data_size).map_err(io::Error::other)?];
        arena.read_exact_at(&mut bytes, payload.data_offset)?;
        Ok(Some(bytes))
    }

    /// Seals a blob.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call).
    pub fn seal(&mut self, object_id: ObjectId) -> io::Result<()> {
        self.call(&SealRequest { object_id }).map(|_| ())
    }
}
