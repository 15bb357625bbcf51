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

#[cfg(feature = "zstd")]
mod codec;

#[cfg(feature = "zstd")]
pub use codec::{Compressor, Decompressor};
