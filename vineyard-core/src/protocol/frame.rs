//! Frames: an 8-byte little-endian length, then that many bytes of JSON. No I/O happens here.

use std::io;

use serde::Serialize;

/// Bytes of the length in front of every frame.
pub const HEADER_BYTES: usize = 8;

/// The longest body that is accepted: 256 MiB, as in the reference.
pub const MAX_BODY_BYTES: usize = 256 << 20;

/// Space that is kept between frames; what a large frame took beyond it is given back.
const KEPT_BYTES: usize = 256 << 10;

/// A frame that cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// The length is above the limit.
    #[error("a frame of {found} bytes, the limit is {limit}")]
    TooLong {
        /// What the header said, or at least so many that were to be written.
        found: u64,
        /// What is accepted.
        limit: usize,
    },
    /// The message cannot be written as JSON.
    #[error("a message cannot be written as JSON: {0}")]
    Encode(serde_json::Error),
}

/// Collects bytes as they arrive and hands out whole frames.
///
/// Memory grows with the bytes that have arrived, never with what a header announces.
///
/// ```
/// use vineyard_core::protocol::frame::{FrameBuffer, encode};
/// let mut wire = Vec::new();
/// encode(&mut wire, &serde_json::json!({"type": "exit_request"}))?;
/// let mut buffer = FrameBuffer::new();
/// let (first, rest) = wire.split_at(5);
/// buffer.extend(first);
/// assert!(buffer.next_frame()?.is_none());
/// buffer.extend(rest);
/// assert_eq!(buffer.next_frame()?, Some(&br#"{"type":"exit_request"}"#[..]));
/// # Ok::<(), vineyard_core::protocol::frame::FrameError>(())
/// ```
#[derive(Debug)]
pub struct FrameBuffer {
    bytes: Vec<u8>,
    start: usize,
    limit: usize,
}

impl Default for FrameBuffer {
    fn default() -> Self {
        Self::new()
    }
}

impl FrameBuffer {
    /// An empty buffer that accepts bodies up to [`MAX_BODY_BYTES`].
    pub fn new() -> Self {
        Self::with_limit(MAX_BODY_BYTES)
    }

    /// An empty buffer that accepts bodies up to `limit` bytes.
    pub fn with_limit(limit: usize) -> Self {
        Self { bytes: Vec::new(), start: 0, limit }
    }

    /// Accepts bodies up to `limit` bytes from the next frame on.
    pub fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// Appends bytes that have arrived.
    pub fn extend(&mut self, bytes: &[u8]) {
        self.compact();
        self.bytes.extend_from_slice(bytes);
    }

    /// Where to append arriving bytes without a copy in between.
    pub fn tail(&mut self) -> &mut Vec<u8> {
        self.compact();
        &mut self.bytes
    }

    /// Bytes that have arrived and were not taken yet.
    pub fn pending(&self) -> usize {
        self.bytes.len().saturating_sub(self.start)
    }

    /// Bytes of the frame that has begun, with its header; `None` until that is here.
    pub fn announced(&self) -> Option<usize> {
        let header = self.bytes.get(self.start..)?.first_chunk::<HEADER_BYTES>()?;
        Some(usize::try_from(u64::from_le_bytes(*header)).unwrap_or(usize::MAX).saturating_add(HEADER_BYTES))
    }

    /// Bytes of the next frame's body, or `None` until it is complete.
    ///
    /// # Errors
    ///
    /// As [`next_frame`](Self::next_frame).
    pub fn next_len(&self) -> Result<Option<usize>, FrameError> {
        let pending = self.bytes.get(self.start..).unwrap_or_default();
        let Some((header, rest)) = pending.split_first_chunk::<HEADER_BYTES>() else {
            return Ok(None);
        };
        let found = u64::from_le_bytes(*header);
        let len = usize::try_from(found)
            .ok()
            .filter(|len| *len <= self.limit)
            .ok_or(FrameError::TooLong { found, limit: self.limit })?;
        Ok((rest.len() >= len).then_some(len))
    }

    /// Takes the next frame's body, or `None` until it is complete.
    ///
    /// # Errors
    ///
    /// [`FrameError::TooLong`] as soon as a header announces too much; the peer should be disconnected then.
    pub fn next_frame(&mut self) -> Result<Option<&[u8]>, FrameError> {
        let Some(len) = self.next_len()? else { return Ok(None) };
        // No overflow: both terms are lengths inside `bytes`.
        let body = self.start.saturating_add(HEADER_BYTES);
        self.start = body.saturating_add(len);
        Ok(self.bytes.get(body..self.start))
    }

    /// Takes raw bytes that follow a frame: those that have arrived, `most` of them at most.
    pub fn take_raw(&mut self, most: usize) -> &[u8] {
        let start = self.start;
        // No overflow: the end is inside `bytes`.
        self.start = start.saturating_add(most.min(self.pending()));
        self.bytes.get(start..self.start).unwrap_or_default()
    }

    /// Takes `count` raw bytes that follow a frame; false until they have all arrived.
    pub fn skip_raw(&mut self, count: usize) -> bool {
        let enough = self.pending() >= count;
        if enough {
            self.start = self.start.saturating_add(count);
        }
        enough
    }

    /// Gives the memory of frames that were taken back, but for 256 KiB.
    pub fn compact(&mut self) {
        if self.start == self.bytes.len() {
            self.bytes.clear();
        } else if self.start > KEPT_BYTES {
            self.bytes.drain(..self.start);
        } else {
            return;
        }
        self.start = 0;
        if self.bytes.capacity() > KEPT_BYTES {
            self.bytes.shrink_to(KEPT_BYTES);
        }
    }
}

/// Appends to a vector, and refuses what would make a body too long: a message may expand to much more than memory.
struct Bounded<'a> {
    out: &'a mut Vec<u8>,
    room: usize,
    /// Bytes for which there was no room, at least.
    missing: u64,
}

impl io::Write for Bounded<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }

    // What is written to JSON comes in pieces of a few bytes.
    #[inline]
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self.room.checked_sub(bytes.len()) {
            Some(room) => {
                self.room = room;
                self.out.extend_from_slice(bytes);
                Ok(())
            }
            None => {
                self.missing = (bytes.len() as u64).saturating_sub(self.room as u64);
                Err(io::ErrorKind::FileTooLarge.into())
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Appends `message` as one frame.
///
/// # Errors
///
/// [`FrameError::Encode`] if it cannot be written as JSON, [`FrameError::TooLong`] if the body is above
/// [`MAX_BODY_BYTES`], as soon as that shows; `out` is left as it was.
pub fn encode<M: Serialize + ?Sized>(out: &mut Vec<u8>, message: &M) -> Result<(), FrameError> {
    encode_within(out, message, MAX_BODY_BYTES)
}

/// As [`encode`], with a limit for the body of its own.
///
/// # Errors
///
/// As [`encode`].
pub fn encode_within<M: Serialize + ?Sized>(out: &mut Vec<u8>, message: &M, limit: usize) -> Result<(), FrameError> {
    let limit = limit.min(MAX_BODY_BYTES);
    let start = out.len();
    out.extend_from_slice(&[0; HEADER_BYTES]);
    let mut bounded = Bounded { out, room: limit, missing: 0 };
    if let Err(error) = serde_json::to_writer(&mut bounded, message) {
        let missing = bounded.missing;
        out.truncate(start);
        return Err(match missing {
            0 => FrameError::Encode(error),
            more => FrameError::TooLong { found: (limit as u64).saturating_add(more), limit },
        });
    }
    close(out, start);
    Ok(())
}

/// Fills in the header of a frame that begins at `start` and ends with `out`.
pub(super) fn close(out: &mut [u8], start: usize) {
    let len = out.len().saturating_sub(start).saturating_sub(HEADER_BYTES);
    let header = out.get_mut(start..).and_then(|rest| rest.first_chunk_mut::<HEADER_BYTES>());
    if let Some(header) = header {
        *header = (len as u64).to_le_bytes();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn frames_survive_any_split(
            bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..8),
            cuts in prop::collection::vec(1usize..64, 1..64),
        ) {
            let mut wire = Vec::new();
            for body in &bodies {
                wire.extend_from_slice(&(body.len() as u64).to_le_bytes());
                wire.extend_from_slice(body);
            }
            let mut buffer = FrameBuffer::new();
            let mut found = Vec::new();
            let mut rest = wire.as_slice();
            let mut cuts = cuts.iter().cycle();
            while !rest.is_empty() {
                let cut = (*cuts.next().expect("cycles")).min(rest.len());
                let (now, later) = rest.split_at(cut);
                buffer.extend(now);
                rest = later;
                loop {
                    let length = buffer.next_len().expect("short frames");
                    let body = buffer.next_frame().expect("short frames");
                    prop_assert_eq!(length, body.map(<[u8]>::len));
                    let Some(body) = body else { break };
                    found.push(body.to_vec());
                }
            }
            prop_assert_eq!(found, bodies);
            prop_assert_eq!(buffer.pending(), 0);
        }

        #[test]
        fn raw_bytes_between_frames_are_skipped(body in prop::collection::vec(any::<u8>(), 0..50), raw in 0usize..5) {
            let mut buffer = FrameBuffer::new();
            let mut wire = (body.len() as u64).to_le_bytes().to_vec();
            wire.extend_from_slice(&body);
            wire.extend(std::iter::repeat_n(0x14, raw));
            buffer.extend(&wire);
            prop_assert_eq!(buffer.next_frame().expect("short").map(<[u8]>::to_vec), Some(body));
            prop_assert!(buffer.skip_raw(raw));
            prop_assert_eq!(buffer.pending(), 0);
        }
    }

    #[test]
    fn an_announced_length_above_the_limit_is_refused_at_once() {
        let mut buffer = FrameBuffer::with_limit(10);
        buffer.extend(&11u64.to_le_bytes());
        assert!(matches!(buffer.next_frame(), Err(FrameError::TooLong { found: 11, limit: 10 })));
        let mut buffer = FrameBuffer::new();
        buffer.extend(&u64::MAX.to_le_bytes());
        assert!(buffer.next_frame().is_err());
    }

    #[test]
    fn a_message_without_end_is_given_up_at_the_limit() {
        struct Endless;
        impl Serialize for Endless {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_seq(std::iter::repeat("x".repeat(1 << 20)))
            }
        }
        let mut out = vec![1, 2, 3];
        let error = encode(&mut out, &Endless).expect_err("too long");
        assert!(matches!(error, FrameError::TooLong { found, .. } if found > MAX_BODY_BYTES as u64), "{error}");
        assert_eq!(out, [1, 2, 3]);
    }

    #[test]
    fn a_taken_frame_takes_no_memory_whatever_follows() {
        let mut wire = Vec::new();
        encode(&mut wire, &"x".repeat(4 << 20)).expect("short enough");
        let mut buffer = FrameBuffer::new();
        buffer.extend(wire.split_at(20).0);
        assert_eq!(buffer.announced(), Some(wire.len()));
        buffer.extend(wire.split_at(20).1);
        buffer.extend(&[7; 3]);
        assert!(buffer.next_frame().is_ok_and(|body| body.is_some()));
        assert_eq!((buffer.announced(), buffer.pending()), (None, 3));
        buffer.compact();
        assert_eq!((buffer.pending(), buffer.take_raw(3)), (3, &[7; 3][..]));
        assert!(buffer.bytes.capacity() <= KEPT_BYTES);
    }

    #[test]
    fn a_message_may_be_given_less() {
        let mut out = vec![1];
        let error = encode_within(&mut out, "1234567", 8).expect_err("9 with its quotes");
        assert!(matches!(error, FrameError::TooLong { found: 9, limit: 8 }), "{error}");
        assert_eq!(out, [1]);
        encode_within(&mut out, "123456", 8).expect("8 bytes");
    }

    #[test]
    fn the_limit_itself_is_allowed() {
        let mut buffer = FrameBuffer::with_limit(4);
        buffer.extend(&4u64.to_le_bytes());
        buffer.extend(b"null");
        assert_eq!(buffer.next_frame().expect("fits"), Some(&b"null"[..]));
    }
}
