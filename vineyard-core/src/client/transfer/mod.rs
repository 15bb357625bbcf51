//! The bytes of blobs on their way through a connection: as they are, or in compressed chunks.

#[cfg(feature = "zstd")]
mod compressed;

use super::conn::Conn;
use crate::blob::Blob;
use crate::error::{CallError, CallReason};
use crate::shm::{HeapBuffer, Region};

/// How bytes travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// As they are.
    Raw,
    /// In the chunks of one zstd stream for each message.
    #[cfg(feature = "zstd")]
    Zstd,
}

impl Encoding {
    /// The compressed one, if this program has it.
    pub(super) fn compressed() -> Self {
        #[cfg(feature = "zstd")]
        return Self::Zstd;
        #[cfg(not(feature = "zstd"))]
        return Self::Raw;
    }

    /// What a request says of it.
    pub(super) fn is_compressed(self) -> bool {
        self != Self::Raw
    }
}

/// Sends the bytes of blobs, one after the other.
pub(super) fn send(conn: &mut Conn, call: &'static str, blobs: &[Blob], encoding: Encoding) -> Result<(), CallError> {
    match encoding {
        Encoding::Raw => blobs.iter().try_for_each(|blob| conn.send_raw(call, blob.as_bytes()))?,
        #[cfg(feature = "zstd")]
        Encoding::Zstd => compressed::send(conn, call, blobs)?,
    }
    conn.flush_raw(call)
}

/// Receives blobs of these sizes onto the heap, without another copy.
pub(super) fn receive(
    conn: &mut Conn,
    call: &'static str,
    sizes: impl Iterator<Item = u64>,
    encoding: Encoding,
) -> Result<Vec<Region>, CallError> {
    match encoding {
        Encoding::Raw => fill(conn, call, sizes, |conn, bytes| conn.receive_raw(call, bytes)),
        #[cfg(feature = "zstd")]
        Encoding::Zstd => {
            let mut chunks = compressed::Chunks::new(conn, call)?;
            fill(conn, call, sizes, |conn, bytes| chunks.receive(conn, call, bytes))
        }
    }
}

/// Makes room for one blob at a time: memory is taken as bytes arrive, whatever the sizes say.
fn fill(
    conn: &mut Conn,
    call: &'static str,
    sizes: impl Iterator<Item = u64>,
    mut receive: impl FnMut(&mut Conn, &mut [u8]) -> Result<(), CallError>,
) -> Result<Vec<Region>, CallError> {
    let mut regions = Vec::new();
    for nbytes in sizes {
        let mut buffer = HeapBuffer::new(nbytes).map_err(|error| conn.broken(call, CallReason::Memory(error)))?;
        receive(conn, buffer.as_mut_bytes())?;
        regions.push(buffer.into_region().map_err(|error| conn.broken(call, CallReason::Memory(error)))?);
    }
    Ok(regions)
}
