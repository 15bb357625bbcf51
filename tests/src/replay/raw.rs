//! Bytes outside of frames: the contents of remote buffers, plain or as chunks of one zstd stream.

use zstd::stream::raw::{Decoder, Encoder, InBuffer, Operation, OutBuffer};

use super::Step;
use super::wire::{Connection, failed};

/// The published client reads a chunk into so much room, without a check.
const CHUNK_LIMIT: u64 = 131_591;

/// The level that the published client and daemon use.
const LEVEL: i32 = 3;

/// Receives the contents of blobs of the given sizes.
pub fn receive(connection: &mut Connection, sizes: &[u64], compressed: bool) -> Step<Vec<Vec<u8>>> {
    let mut decoder = if compressed { Some(Decoder::new().map_err(failed("zstd"))?) } else { None };
    let mut contents = Vec::new();
    for &size in sizes {
        contents.push(match &mut decoder {
            Some(decoder) => decompress(decoder, size, || {
                let length = connection.receive_length(CHUNK_LIMIT)?;
                connection.receive_raw(length)
            })?,
            None => connection.receive_raw(size)?,
        });
    }
    Ok(contents)
}

/// The contents of blobs of the given sizes in chunks that stand one after another.
pub fn unpack(mut packed: &[u8], sizes: &[u64]) -> Step<Vec<Vec<u8>>> {
    let mut decoder = Decoder::new().map_err(failed("zstd"))?;
    let mut take = |count: u64| {
        let (taken, rest) = packed.split_at_checked(usize::try_from(count).ok()?)?;
        packed = rest;
        Some(taken)
    };
    let mut chunk = || {
        let length = take(8).and_then(|bytes| bytes.try_into().ok()).map(u64::from_le_bytes);
        length.and_then(&mut take).map(<[u8]>::to_vec).ok_or_else(|| "a chunk is cut".to_owned())
    };
    sizes.iter().map(|&size| decompress(&mut decoder, size, &mut chunk)).collect()
}

/// Takes chunks until a blob is complete. A chunk may not hold bytes of the next one.
fn decompress(decoder: &mut Decoder<'_>, size: u64, mut chunk: impl FnMut() -> Step<Vec<u8>>) -> Step<Vec<u8>> {
    let size = usize::try_from(size).map_err(failed("a size"))?;
    // Room for one byte more shows a chunk that holds too much.
    let mut room = vec![0; size + 1];
    let mut filled = 0;
    while filled < size {
        let packed = chunk()?;
        if packed.is_empty() {
            return Err("an empty chunk".to_owned());
        }
        let mut input = InBuffer::around(&packed);
        loop {
            let mut output = OutBuffer::around(room.get_mut(filled..).unwrap_or_default());
            decoder.run(&mut input, &mut output).map_err(failed("decompressing"))?;
            let count = output.pos();
            filled += count;
            if filled > size {
                return Err(format!("a chunk holds more than the {size} bytes of its blob"));
            }
            if count == 0 && input.pos() == packed.len() {
                break;
            }
        }
    }
    room.truncate(size);
    Ok(room)
}

/// Chunks that hold these contents, as the published client makes them: one stream, a flush after each blob.
pub fn pack(contents: &[Vec<u8>]) -> Step<Vec<u8>> {
    let limit = usize::try_from(CHUNK_LIMIT).map_err(failed("a limit"))?;
    let mut encoder = Encoder::new(LEVEL).map_err(failed("zstd"))?;
    let mut packed = Vec::new();
    for content in contents.iter().filter(|content| !content.is_empty()) {
        let mut blob = Vec::new();
        let mut room = vec![0; limit];
        let mut input = InBuffer::around(content);
        loop {
            let mut output = OutBuffer::around(room.as_mut_slice());
            let left = if input.pos() < content.len() {
                encoder.run(&mut input, &mut output).map_err(failed("compressing"))?;
                1
            } else {
                encoder.flush(&mut output).map_err(failed("compressing"))?
            };
            blob.extend_from_slice(output.as_slice());
            if left == 0 {
                break;
            }
        }
        for chunk in blob.chunks(limit) {
            packed.extend(u64::try_from(chunk.len()).unwrap_or(u64::MAX).to_le_bytes());
            packed.extend_from_slice(chunk);
        }
    }
    Ok(packed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_of_the_recordings_are_understood() {
        // rpc_blobs, line 22: 10 times x, 70000 times y, one z.
        let packed = b"\x13\0\0\0\0\0\0\0\x28\xb5\x2f\xfd\0\x58\x50\0\0xxxxxxxxxx";
        assert_eq!(unpack(packed, &[10]), Ok(vec![b"xxxxxxxxxx".to_vec()]));
        unpack(packed, &[11]).expect_err("is one short");
        unpack(packed, &[9]).expect_err("is one too long");
    }

    #[test]
    fn what_is_packed_is_unpacked() {
        let random = (0..300_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13).to_le_bytes()[0]).collect();
        let contents = vec![vec![7; 400_000], Vec::new(), random, vec![1]];
        let sizes = [400_000, 0, 300_000, 1];
        assert_eq!(unpack(&pack(&contents).expect("packs"), &sizes), Ok(contents));
    }
}
