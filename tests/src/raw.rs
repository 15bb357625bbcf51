//! A client as the published ones are: it says nothing of leases, and never when it is done.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

use vineyard_core::ObjectId;
use vineyard_core::protocol::frame::encode;
use vineyard_core::protocol::{
    Call, CreateBufferRequest, PROTOCOL_VERSION, RegisterRequest, SealRequest, StoreType, decode_reply,
};

/// A connection that sends requests as they are. Descriptors that arrive are closed.
#[derive(Debug)]
pub struct StockClient {
    stream: UnixStream,
}

impl StockClient {
    /// Connects and registers.
    ///
    /// # Errors
    ///
    /// What the system says, or what is wrong with the reply.
    pub fn connect(socket: &Path) -> io::Result<Self> {
        let mut client = Self { stream: UnixStream::connect(socket)? };
        client.call(&RegisterRequest {
            version: PROTOCOL_VERSION.to_owned(),
            store_type: StoreType::NORMAL,
            session_id: 0,
            username: String::new(),
            password: String::new(),
            native: None,
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
        let reply = self.call(&CreateBufferRequest { size, owned: false })?;
        if reply.fd >= 0 {
            // The byte that carries the descriptor.
            self.stream.read_exact(&mut [0])?;
        }
        Ok(reply.id)
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
