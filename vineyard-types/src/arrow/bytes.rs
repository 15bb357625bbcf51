//! Blobs as Arrow's buffers, and the reverse. Neither copies.

use arrow_buffer::Buffer;
use vineyard_core::Blob;

/// The blob's bytes as a buffer, which holds the blob and its lease, and is known when it comes back.
pub(super) fn to_buffer(blob: &Blob) -> Buffer {
    if blob.nbytes() == 0 {
        // Arrow wants even no bytes to be aligned for the type.
        return Buffer::default();
    }
    Buffer::from(bytes::Bytes::from_owner(blob.lend()))
}

/// A blob that holds the buffer: the one that [`to_buffer`] was given, or a part of it, if the buffer is of that. A put
/// copies the bytes of others straight into shared memory.
pub(super) fn from_buffer(buffer: Buffer) -> Blob {
    if buffer.is_empty() { Blob::empty() } else { Blob::from_owner(Held(buffer)) }
}

/// A buffer as the owner of its bytes. Arrow's own type says so in its later versions only.
struct Held(Buffer);

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        self.0.as_slice()
    }
}
