//! The chunks in which compressed bytes travel: an 8-byte little-endian length, then so many bytes of zstd data.
//!
//! All chunks of one message form one zstd stream. Each blob ends with a flush, so that no chunk holds bytes of two
//! blobs; the stream itself has no end.

/// The longest chunk that may be sent: what zstd recommends for its output, and all that the original client has room
/// for.
pub const MAX_CHUNK_BYTES: usize = 131_591;

/// The longest chunk that is accepted. The original never sends more than [`MAX_CHUNK_BYTES`].
pub const MAX_ACCEPTED_BYTES: usize = 1 << 20;

/// Bytes of the length in front of every chunk.
pub const HEADER_BYTES: usize = 8;

/// The compression level that the original uses.
pub const LEVEL: i32 = 3;

/// Whether this build can compress: the feature `zstd`.
pub const AVAILABLE: bool = cfg!(feature = "zstd");

#[cfg(feature = "zstd")]
pub use codec::{Packer, Unpacker};

#[cfg(feature = "zstd")]
mod codec {
    use std::io;

    use zstd::stream::raw::{DParameter, Decoder, Encoder, InBuffer, Operation, OutBuffer};

    use super::{LEVEL, MAX_CHUNK_BYTES};

    /// Bytes that are decompressed at a time.
    const STEP_BYTES: usize = 128 << 10;

    /// The largest window a peer may ask us to keep, as a power of two; level 3 uses 2 MiB.
    const WINDOW_LOG: u32 = 24;

    /// Compresses the blobs of one message into chunks.
    ///
    /// ```
    /// use vineyard_core::protocol::chunk::{HEADER_BYTES, Packer, Unpacker};
    /// let mut chunks = Vec::new();
    /// Packer::new()?.pack(&[7; 1000], true, &mut chunks)?;
    /// let mut bytes = Vec::new();
    /// Unpacker::new()?.unpack(&chunks[HEADER_BYTES..], |piece| {
    ///     bytes.extend_from_slice(piece);
    ///     Ok(())
    /// })?;
    /// assert_eq!(bytes, [7; 1000]);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub struct Packer {
        encoder: Encoder<'static>,
        /// The chunk that is being filled, and how far it is.
        chunk: Box<[u8]>,
        filled: usize,
    }

    impl std::fmt::Debug for Packer {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.debug_struct("Packer").field("filled", &self.filled).finish_non_exhaustive()
        }
    }

    impl Packer {
        /// The start of a message. Allocates what zstd works with, some megabytes.
        ///
        /// # Errors
        ///
        /// What zstd says.
        pub fn new() -> io::Result<Self> {
            Ok(Self { encoder: Encoder::new(LEVEL)?, chunk: vec![0; MAX_CHUNK_BYTES].into(), filled: 0 })
        }

        /// Compresses bytes of a blob and appends the chunks that are full to `out`; with `last`, all that is left of
        /// the blob.
        ///
        /// # Errors
        ///
        /// What zstd says.
        pub fn pack(&mut self, bytes: &[u8], last: bool, out: &mut Vec<u8>) -> io::Result<()> {
            let mut input = InBuffer::around(bytes);
            while input.pos() < bytes.len() {
                let mut room = OutBuffer::around_pos(&mut *self.chunk, self.filled);
                self.encoder.run(&mut input, &mut room)?;
                self.filled = room.pos();
                self.cut(out, MAX_CHUNK_BYTES);
            }
            if !last {
                return Ok(());
            }
            loop {
                let mut room = OutBuffer::around_pos(&mut *self.chunk, self.filled);
                let left = self.encoder.flush(&mut room)?;
                self.filled = room.pos();
                self.cut(out, 1);
                if left == 0 {
                    return Ok(());
                }
            }
        }

        /// Appends the chunk to `out` if it has as many bytes, and starts the next one.
        fn cut(&mut self, out: &mut Vec<u8>, least: usize) {
            if self.filled >= least {
                out.extend_from_slice(&(self.filled as u64).to_le_bytes());
                out.extend_from_slice(self.chunk.get(..self.filled).unwrap_or_default());
                self.filled = 0;
            }
        }
    }

    /// Decompresses the chunks of one message.
    pub struct Unpacker {
        decoder: Decoder<'static>,
        step: Box<[u8]>,
    }

    impl std::fmt::Debug for Unpacker {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.debug_struct("Unpacker").finish_non_exhaustive()
        }
    }

    impl Unpacker {
        /// The start of a message. Allocates little; what zstd works with is bounded by its window of 16 MiB at most.
        ///
        /// # Errors
        ///
        /// What zstd says.
        pub fn new() -> io::Result<Self> {
            let mut decoder = Decoder::new()?;
            decoder.set_parameter(DParameter::WindowLogMax(WINDOW_LOG))?;
            Ok(Self { decoder, step: vec![0; STEP_BYTES].into() })
        }

        /// Decompresses the data of one chunk, without its header, and hands out what comes of it piece by piece.
        ///
        /// # Errors
        ///
        /// [`io::ErrorKind::InvalidData`] if it is malformed, and what `write` says, which bounds how much comes out.
        pub fn unpack(&mut self, mut data: &[u8], mut write: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
            loop {
                let (piece, is_last) = self.unpack_piece(&mut data)?;
                write(piece)?;
                if is_last {
                    return Ok(());
                }
            }
        }

        /// Decompresses the next piece of the data of one chunk, without its header: 128 KiB at most, while a chunk may
        /// expand to gigabytes. Takes what it has read away from `data`, and says whether this was the last piece.
        ///
        /// # Errors
        ///
        /// [`io::ErrorKind::InvalidData`] if it is malformed.
        pub fn unpack_piece(&mut self, data: &mut &[u8]) -> io::Result<(&[u8], bool)> {
            let mut input = InBuffer::around(data);
            let mut output = OutBuffer::around(&mut *self.step);
            self.decoder
                .run(&mut input, &mut output)
                .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
            let (read, written) = (input.pos(), output.pos());
            *data = data.get(read..).unwrap_or_default();
            // A full step may have left more inside.
            let is_last = data.is_empty() && written < STEP_BYTES;
            Ok((self.step.get(..written).unwrap_or_default(), is_last))
        }

        /// Decompresses the data of one chunk, without its header, into what is still missing of a blob; returns how
        /// many bytes came out.
        ///
        /// # Errors
        ///
        /// [`io::ErrorKind::InvalidData`] if it is malformed, or holds more than is missing.
        pub fn unpack_into(&mut self, data: &[u8], missing: &mut [u8]) -> io::Result<usize> {
            let malformed = |error: io::Error| io::Error::new(io::ErrorKind::InvalidData, error);
            let mut input = InBuffer::around(data);
            let mut filled = 0usize;
            loop {
                // With the blob complete, what is left may be the end of a block, but no bytes.
                let mut surplus = [0u8];
                let rest = missing.get_mut(filled..).unwrap_or_default();
                let is_complete = rest.is_empty();
                let room = if is_complete { &mut surplus[..] } else { rest };
                let capacity = room.len();
                let mut output = OutBuffer::around(room);
                let before = input.pos();
                self.decoder.run(&mut input, &mut output).map_err(malformed)?;
                let written = output.pos();
                if is_complete && written > 0 {
                    return Err(malformed(io::Error::other("a chunk holds more than its blob")));
                }
                filled = filled.saturating_add(written);
                if input.pos() == data.len() && written < capacity {
                    return Ok(filled);
                }
                if input.pos() == before && written == 0 {
                    return Err(malformed(io::Error::other("a chunk cannot be read to its end")));
                }
            }
        }
    }

    #[cfg(test)]
    mod tests {
        use super::super::HEADER_BYTES;
        use super::*;
        use proptest::prelude::*;

        /// Cuts the wire into the data of chunks.
        fn chunks(mut wire: &[u8]) -> Vec<&[u8]> {
            let mut found = Vec::new();
            while let Some((header, rest)) = wire.split_first_chunk::<HEADER_BYTES>() {
                let length = usize::try_from(u64::from_le_bytes(*header)).expect("short");
                assert!((1..=MAX_CHUNK_BYTES).contains(&length), "a chunk of {length} bytes");
                let (data, after) = rest.split_at(length);
                found.push(data);
                wire = after;
            }
            assert!(wire.is_empty());
            found
        }

        fn collect(found: &mut Vec<u8>) -> impl FnMut(&[u8]) -> io::Result<()> {
            |piece| {
                found.extend_from_slice(piece);
                Ok(())
            }
        }

        /// Bytes that do not compress.
        fn noise(length: usize, seed: u64) -> Vec<u8> {
            let next =
                |x: &u64| Some(x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407));
            std::iter::successors(Some(seed), next).map(|x| (x >> 56) as u8).take(length).collect()
        }

        proptest! {
            #![proptest_config(ProptestConfig::with_cases(24))]
            #[test]
            fn no_chunk_holds_bytes_of_two_blobs(
                blobs in prop::collection::vec((0usize..400_000, any::<u64>(), any::<bool>()), 1..4),
                step in 1usize..300_000,
            ) {
                let (mut packer, mut unpacker) = (Packer::new().expect("zstd"), Unpacker::new().expect("zstd"));
                let mut placing = Unpacker::new().expect("zstd");
                for (length, seed, compressible) in blobs {
                    let bytes = if compressible { vec![seed as u8; length] } else { noise(length, seed) };
                    let mut wire = Vec::new();
                    let mut pieces = bytes.chunks(step).peekable();
                    while let Some(piece) = pieces.next() {
                        packer.pack(piece, pieces.peek().is_none(), &mut wire).expect("packs");
                    }
                    let (mut found, mut placed, mut filled) = (Vec::new(), vec![0; bytes.len()], 0);
                    for data in chunks(&wire) {
                        prop_assert!(found.len() < bytes.len(), "a chunk behind the end of the blob");
                        unpacker.unpack(data, collect(&mut found)).expect("unpacks");
                        filled += placing.unpack_into(data, &mut placed[filled..]).expect("unpacks");
                    }
                    prop_assert!(found == bytes && placed == bytes);
                }
            }

            #[test]
            fn malformed_data_is_an_error(data in prop::collection::vec(any::<u8>(), 1..300)) {
                let mut count = 0;
                let result = Unpacker::new().expect("zstd").unpack(&data, |piece| {
                    count += piece.len();
                    if count > 1 << 20 { Err(io::ErrorKind::InvalidData.into()) } else { Ok(()) }
                });
                if let Err(error) = result {
                    prop_assert_eq!(error.kind(), io::ErrorKind::InvalidData);
                }
            }
        }

        #[test]
        fn a_blob_that_is_larger_than_announced_is_refused() {
            for bytes in [vec![5; 100_000], noise(300_000, 1)] {
                let mut wire = Vec::new();
                Packer::new().expect("zstd").pack(&bytes, true, &mut wire).expect("packs");
                let mut unpacker = Unpacker::new().expect("zstd");
                let (mut short, mut filled) = (vec![0; bytes.len() - 1], 0);
                let result = chunks(&wire).into_iter().try_for_each(|data| {
                    filled += unpacker.unpack_into(data, &mut short[filled..])?;
                    Ok::<_, io::Error>(())
                });
                assert_eq!(result.map_err(|error| error.kind()), Err(io::ErrorKind::InvalidData));
            }
        }

        #[test]
        fn a_chunk_that_expands_to_much_does_so_piece_by_piece() {
            let (length, mut wire) = (20 << 20, Vec::new());
            Packer::new().expect("zstd").pack(&vec![0; length], true, &mut wire).expect("packs");
            let (mut unpacker, mut found, mut pieces) = (Unpacker::new().expect("zstd"), 0, 0);
            for mut data in chunks(&wire) {
                loop {
                    let (piece, is_last) = unpacker.unpack_piece(&mut data).expect("unpacks");
                    assert!(piece.len() <= STEP_BYTES && piece.iter().all(|byte| *byte == 0));
                    (found, pieces) = (found + piece.len(), pieces + 1);
                    if is_last {
                        break;
                    }
                }
            }
            assert_eq!(found, length);
            assert!(pieces >= length / STEP_BYTES, "{pieces} pieces");
        }

        #[test]
        fn a_recorded_chunk_is_understood() {
            let data = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58, 0x28, 0x00, 0x00, 0x68, 0x65, 0x6c, 0x6c, 0x6f];
            let mut found = Vec::new();
            Unpacker::new().expect("zstd").unpack(&data, collect(&mut found)).expect("unpacks");
            assert_eq!(found, b"hello");
        }
    }
}
