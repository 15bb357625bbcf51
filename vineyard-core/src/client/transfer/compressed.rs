//! Chunks over a connection.

use crate::blob::Blob;
use crate::client::conn::Conn;
use crate::error::{CallError, CallReason};
use crate::protocol::chunk::{HEADER_BYTES, MAX_ACCEPTED_BYTES, Packer, Unpacker};

/// Bytes that are compressed before they are sent.
const PIECE_BYTES: usize = 1 << 20;

/// Sends the bytes of blobs as the chunks of one message.
pub(super) fn send(conn: &mut Conn, call: &'static str, blobs: &[Blob]) -> Result<(), CallError> {
    let mut packer = Packer::new().map_err(|error| unusable(conn, call, &error))?;
    let mut chunks = Vec::new();
    for blob in blobs {
        let mut pieces = blob.as_bytes().chunks(PIECE_BYTES).peekable();
        while let Some(piece) = pieces.next() {
            packer.pack(piece, pieces.peek().is_none(), &mut chunks).map_err(|error| unusable(conn, call, &error))?;
            conn.send_raw(call, &chunks)?;
            chunks.clear();
        }
    }
    Ok(())
}

/// The chunks of one message, as they arrive.
pub(super) struct Chunks {
    unpacker: Unpacker,
    chunk: Vec<u8>,
}

impl Chunks {
    pub(super) fn new(conn: &mut Conn, call: &'static str) -> Result<Self, CallError> {
        let unpacker = Unpacker::new().map_err(|error| unusable(conn, call, &error))?;
        Ok(Self { unpacker, chunk: Vec::new() })
    }

    /// Receives the chunks of one blob.
    pub(super) fn receive(&mut self, conn: &mut Conn, call: &'static str, blob: &mut [u8]) -> Result<(), CallError> {
        let mut filled = 0usize;
        while let Some(missing) = blob.get_mut(filled..).filter(|missing| !missing.is_empty()) {
            let mut header = [0; HEADER_BYTES];
            conn.receive_raw(call, &mut header)?;
            let found = u64::from_le_bytes(header);
            let len = usize::try_from(found).ok().filter(|len| (1..=MAX_ACCEPTED_BYTES).contains(len));
            let len = len.ok_or_else(|| {
                let what = format!("a chunk of {found} bytes, where 1 to {MAX_ACCEPTED_BYTES} are expected");
                conn.broken(call, CallReason::Protocol(what))
            })?;
            self.chunk.resize(len, 0);
            conn.receive_raw(call, &mut self.chunk)?;
            let count =
                self.unpacker.unpack_into(&self.chunk, missing).map_err(|error| unusable(conn, call, &error))?;
            filled = filled.saturating_add(count);
        }
        Ok(())
    }
}

fn unusable(conn: &mut Conn, call: &'static str, error: &std::io::Error) -> CallError {
    conn.broken(call, CallReason::Protocol(format!("payloads cannot travel compressed: {error}")))
}
