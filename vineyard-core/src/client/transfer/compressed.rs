//! Chunks over a connection.

use crate::blob::Blob;
use crate::client::conn::Conn;
use crate::error::{CallError, CallReason};
use crate::protocol::chunk::{Compressor, Decompressor, HEADER_BYTES, MAX_ACCEPTED_BYTES};

/// Sends the bytes of blobs as the chunks of one message.
pub(super) fn send(conn: &mut Conn, call: &'static str, blobs: &[Blob]) -> Result<(), CallError> {
    let mut compressor = Compressor::new().map_err(|error| unusable(conn, call, &error))?;
    for blob in blobs {
        let mut rest = blob.as_bytes();
        while let Some(chunk) = compressor.next_chunk(&mut rest).map_err(|error| unusable(conn, call, &error))? {
            conn.send_raw(call, chunk)?;
        }
    }
    Ok(())
}

/// The chunks of one message, as they arrive.
pub(super) struct Chunks {
    decompressor: Decompressor,
    chunk: Vec<u8>,
}

impl Chunks {
    pub(super) fn new(conn: &mut Conn, call: &'static str) -> Result<Self, CallError> {
        let decompressor = Decompressor::new().map_err(|error| unusable(conn, call, &error))?;
        Ok(Self { decompressor, chunk: Vec::new() })
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
            let count = self.decompressor.feed(&self.chunk, missing).map_err(|error| unusable(conn, call, &error))?;
            filled = filled.saturating_add(count);
        }
        Ok(())
    }
}

fn unusable(conn: &mut Conn, call: &'static str, error: &std::io::Error) -> CallError {
    conn.broken(call, CallReason::Protocol(format!("payloads cannot travel compressed: {error}")))
}
