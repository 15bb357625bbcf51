//! Bytes of a hostile peer: frames are cut out of them however they arrive, and read as requests.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vineyard_core::protocol::Request;
use vineyard_core::protocol::frame::FrameBuffer;

fuzz_target!(|data: &[u8]| {
    let Some((size, bytes)) = data.split_first() else { return };
    let mut buffer = FrameBuffer::with_limit(1 << 16);
    for piece in bytes.chunks(usize::from(*size).max(1)) {
        buffer.extend(piece);
        loop {
            match buffer.next_frame() {
                Ok(Some(body)) => drop(Request::decode(body)),
                Ok(None) => break,
                Err(_) => return,
            }
        }
    }
});
