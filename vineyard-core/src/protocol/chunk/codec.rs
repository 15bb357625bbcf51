//! One direction of one message: bytes of blobs to chunks, and back. No I/O happens here.

use std::fmt;
use std::io;

use zstd::stream::raw::{Decoder, Encoder, InBuffer, Operation, OutBuffer};

use super::{HEADER_BYTES, LEVEL, MAX_CHUNK_BYTES};

/// Makes chunks of the bytes of blobs, one blob after the other.
///
/// ```
/// use vineyard_core::protocol::chunk::{Compressor, Decompressor, HEADER_BYTES};
/// let (mut compressor, mut decompressor) = (Compressor::new()?, Decompressor::new()?);
/// for blob in [vec![7u8; 100_000], vec![1, 2, 3]] {
///     let mut back = vec![0; blob.len()];
///     let (mut rest, mut filled) = (blob.as_slice(), 0);
///     while let Some(chunk) = compressor.next_chunk(&mut rest)? {
///         filled += decompressor.feed(&chunk[HEADER_BYTES..], &mut back[filled..])?;
///     }
///     assert_eq!(back, blob);
/// }
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Compressor {
    encoder: Encoder<'static>,
    chunk: Vec<u8>,
    /// Whether the chunk that was handed out last was the last of its blob.
    complete: bool,
}

impl Compressor {
    /// For the blobs of one message.
    ///
    /// # Errors
    ///
    /// If zstd has no memory.
    pub fn new() -> io::Result<Self> {
        let chunk = vec![0; HEADER_BYTES.saturating_add(MAX_CHUNK_BYTES)];
        Ok(Self { encoder: Encoder::new(LEVEL)?, chunk, complete: false })
    }

    /// The next chunk of a blob, header included. `rest` is what was not read of the blob yet; it shrinks. `None` ends
    /// the blob: the next call begins another.
    ///
    /// # Errors
    ///
    /// What zstd says.
    pub fn next_chunk(&mut self, rest: &mut &[u8]) -> io::Result<Option<&[u8]>> {
        if std::mem::take(&mut self.complete) {
            return Ok(None);
        }
        let Some((header, body)) = self.chunk.split_first_chunk_mut::<HEADER_BYTES>() else { return Ok(None) };
        let capacity = body.len();
        let mut output = OutBuffer::around(body);
        while output.pos() < capacity && !self.complete {
            if rest.is_empty() {
                self.complete = self.encoder.flush(&mut output)? == 0;
            } else {
                let mut input = InBuffer::around(rest);
                self.encoder.run(&mut input, &mut output)?;
                *rest = rest.get(input.pos()..).unwrap_or_default();
            }
        }
        let count = output.pos();
        if count == 0 {
            self.complete = false;
            return Ok(None);
        }
        *header = (count as u64).to_le_bytes();
        Ok(self.chunk.get(..HEADER_BYTES.saturating_add(count)))
    }
}

/// Makes bytes of blobs from chunks.
pub struct Decompressor {
    decoder: Decoder<'static>,
}

impl Decompressor {
    /// For the chunks of one message.
    ///
    /// # Errors
    ///
    /// If zstd has no memory.
    pub fn new() -> io::Result<Self> {
        Ok(Self { decoder: Decoder::new()? })
    }

    /// Reads one chunk, without its header, into what is still missing of a blob; returns how many bytes came out.
    ///
    /// # Errors
    ///
    /// [`InvalidData`](io::ErrorKind::InvalidData) if the chunk holds more than is missing, else what zstd says.
    pub fn feed(&mut self, chunk: &[u8], missing: &mut [u8]) -> io::Result<usize> {
        let mut input = InBuffer::around(chunk);
        let mut filled = 0usize;
        loop {
            // With the blob complete, what is left may be the end of a block, but no bytes.
            let mut surplus = [0u8];
            let rest = missing.get_mut(filled..).unwrap_or_default();
            let is_full = rest.is_empty();
            let room = if is_full { &mut surplus[..] } else { rest };
            let capacity = room.len();
            let mut output = OutBuffer::around(room);
            let before = input.pos();
            self.decoder.run(&mut input, &mut output)?;
            let count = output.pos();
            if is_full && count > 0 {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "a chunk holds more than its blob"));
            }
            filled = filled.saturating_add(count);
            let is_read = input.pos() == chunk.len();
            // What filled its room may have left something behind.
            if is_read && count < capacity {
                return Ok(filled);
            }
            if input.pos() == before && count == 0 {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "a chunk cannot be read to its end"));
            }
        }
    }
}

impl fmt::Debug for Compressor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compressor").finish_non_exhaustive()
    }
}

impl fmt::Debug for Decompressor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decompressor").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The chunks of some blobs, each with its blob's number.
    fn chunks(blobs: &[Vec<u8>]) -> Vec<(usize, Vec<u8>)> {
        let mut compressor = Compressor::new().expect("memory");
        let mut chunks = Vec::new();
        for (index, blob) in blobs.iter().enumerate() {
            let mut rest = blob.as_slice();
            while let Some(chunk) = compressor.next_chunk(&mut rest).expect("compresses") {
                chunks.push((index, chunk.to_vec()));
            }
            assert!(rest.is_empty());
        }
        chunks
    }

    fn noise(len: usize) -> Vec<u8> {
        let mut state = 0x2545_f491_4f6c_dd1du64;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()[3]
        };
        (0..len).map(|_| next()).collect()
    }

    #[test]
    fn chunks_are_as_long_as_the_original_has_room_for() {
        let chunks = chunks(&[noise(1 << 20)]);
        assert!(chunks.len() >= 8);
        for (_, chunk) in &chunks {
            let (header, body) = chunk.split_first_chunk::<8>().expect("a header");
            assert_eq!(u64::from_le_bytes(*header), body.len() as u64);
            assert!(!body.is_empty() && body.len() <= MAX_CHUNK_BYTES);
        }
    }

    #[test]
    fn a_blob_that_is_larger_than_announced_is_refused() {
        for blob in [vec![5u8; 100_000], noise(300_000)] {
            let mut decompressor = Decompressor::new().expect("memory");
            let mut short = vec![0; blob.len() - 1];
            let mut filled = 0;
            let result = chunks(&[blob]).into_iter().try_for_each(|(_, chunk)| {
                filled += decompressor.feed(&chunk[HEADER_BYTES..], &mut short[filled..])?;
                Ok::<_, io::Error>(())
            });
            assert_eq!(result.map_err(|error| error.kind()), Err(io::ErrorKind::InvalidData));
        }
    }

    #[test]
    fn what_is_not_zstd_is_refused() {
        assert!(Decompressor::new().expect("memory").feed(b"vineyard vineyard", &mut [0; 64]).is_err());
    }

    proptest! {
        #[test]
        fn blobs_come_back(sizes in prop::collection::vec(1usize..400_000, 1..6), seed in any::<u8>()) {
            let blobs: Vec<Vec<u8>> = sizes.iter().enumerate().map(|(i, size)| {
                if i % 2 == 0 { noise(*size) } else { vec![seed; *size] }
            }).collect();
            let mut decompressor = Decompressor::new().expect("memory");
            let mut back: Vec<Vec<u8>> = sizes.iter().map(|size| vec![0; *size]).collect();
            let mut filled = vec![0; sizes.len()];
            for (index, chunk) in chunks(&blobs) {
                filled[index] += decompressor
                    .feed(&chunk[HEADER_BYTES..], &mut back[index][filled[index]..])
                    .expect("decompresses");
            }
            prop_assert_eq!(filled, sizes);
            prop_assert!(back == blobs);
        }
    }
}
