//! The bytes of blobs, as they travel through a connection. The server never maps them.

use std::io;
use std::os::unix::fs::FileExt;

use vineyard_core::protocol::chunk::{HEADER_BYTES, MAX_ACCEPTED_BYTES};
use vineyard_core::protocol::frame::FrameBuffer;

use super::chunks::{Packer, Unpacker};
use super::stream::Stream;
use crate::service::{Incoming, Outgoing};
use crate::store::Placement;
use crate::store::arena::Access;

/// Bytes that are sent before the other connections of the thread get their turn.
const STEP_BYTES: usize = 256 << 10;

/// Takes the bytes of blobs from the peer and writes them where the blobs lie.
///
/// # Errors
///
/// What the system says; [`io::ErrorKind::InvalidData`] if compressed bytes are malformed or too many. The peer is out
/// of step then.
pub(super) async fn receive(stream: &mut Stream, frames: &mut FrameBuffer, incoming: &Incoming) -> io::Result<()> {
    let mut unpacker = if incoming.compress { Some(Unpacker::new()?) } else { None };
    for placement in incoming.placements.iter().filter(|placement| placement.length > 0) {
        let mut target = Target { placement, written: 0 };
        while target.missing() > 0 {
            match &mut unpacker {
                None => {
                    if frames.pending() == 0 {
                        stream.read_more(frames.tail()).await?;
                    }
                    let bytes = frames.take_raw(usize::try_from(target.missing()).unwrap_or(usize::MAX));
                    target.write(bytes)?;
                }
                Some(unpacker) => receive_chunk(stream, frames, unpacker, &mut target).await?,
            }
            tokio::task::coop::consume_budget().await;
        }
    }
    Ok(())
}

/// Takes one chunk from the peer and writes what comes out of it.
async fn receive_chunk(
    stream: &mut Stream,
    frames: &mut FrameBuffer,
    unpacker: &mut Unpacker,
    target: &mut Target<'_>,
) -> io::Result<()> {
    while frames.pending() < HEADER_BYTES {
        stream.read_more(frames.tail()).await?;
    }
    let header = frames.take_raw(HEADER_BYTES).first_chunk().copied().unwrap_or_default();
    let announced = u64::from_le_bytes(header);
    let length = usize::try_from(announced).ok().filter(|length| (1..=MAX_ACCEPTED_BYTES).contains(length));
    let Some(length) = length else {
        let message = format!("a chunk announces {announced} bytes, at most {MAX_ACCEPTED_BYTES} are accepted");
        return Err(io::Error::new(io::ErrorKind::InvalidData, message));
    };
    while frames.pending() < length {
        stream.read_more(frames.tail()).await?;
    }
    let mut data = frames.take_raw(length);
    loop {
        let (piece, is_last) = unpacker.unpack_piece(&mut data)?;
        target.write(piece)?;
        if is_last {
            return Ok(());
        }
        // A chunk may expand to much more than its length; the other connections of the thread get their turn.
        tokio::task::yield_now().await;
    }
}

/// Where the bytes of a blob go.
struct Target<'a> {
    placement: &'a Placement,
    written: u64,
}

impl Target<'_> {
    fn missing(&self) -> u64 {
        self.placement.length.saturating_sub(self.written)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let count = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if count > self.missing() {
            let message = format!("more bytes came than the {} of blob {}", self.placement.length, self.placement.id);
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        if let Some(file) = &self.placement.file {
            file.file(Access::Write).write_all_at(bytes, self.placement.offset.saturating_add(self.written))?;
        }
        self.written = self.written.saturating_add(count);
        Ok(())
    }
}

/// Sends the bytes of blobs to the peer.
///
/// They are copied on their way into the socket. `sendfile` would leave it with the pages themselves: once the last of
/// them are queued the blobs are given up, and what is written there next is what a peer that reads late would get.
///
/// # Errors
///
/// What the system says; [`io::ErrorKind::UnexpectedEof`] if the file of a blob was truncated.
pub(super) async fn send(stream: &Stream, outgoing: &Outgoing) -> io::Result<()> {
    let mut packer = if outgoing.compress { Some(Packer::new()?) } else { None };
    let (mut step, mut chunks) = (Vec::new(), Vec::new());
    for placement in &outgoing.placements {
        let Some(file) = placement.file.as_ref().map(|file| file.file(Access::Read)) else { continue };
        let mut sent = 0;
        while sent < placement.length {
            stream.check_time()?;
            let rest = placement.length.saturating_sub(sent);
            let count = usize::try_from(rest).unwrap_or(STEP_BYTES).min(STEP_BYTES);
            step.resize(count.max(step.len()), 0);
            let bytes = step.get_mut(..count).unwrap_or_default();
            file.read_exact_at(bytes, placement.offset.saturating_add(sent))?;
            sent = sent.saturating_add(u64::try_from(count).unwrap_or(rest));
            match &mut packer {
                None => stream.write_all(bytes).await?,
                Some(packer) => {
                    packer.pack(bytes, sent == placement.length, &mut chunks)?;
                    stream.write_all(&chunks).await?;
                    chunks.clear();
                }
            }
            tokio::task::yield_now().await;
        }
    }
    Ok(())
}
