//! What follows replies: descriptors, bytes of blobs, bytes that the server waits for.

use std::io::{self, Write};

use serde_json::Value;
use vineyard_core::protocol::chunk::{HEADER_BYTES, MAX_CHUNK_BYTES, Packer, Unpacker};

use super::super::choices::Choices;
use super::reply::{is_error, payloads};
use super::{Peer, Progress};

/// More bytes than that are not read to the end.
const PATIENCE_BYTES: u64 = 64 << 20;

impl Peer {
    /// Takes the bytes that carry descriptors: one for each label that is new, and `fd` or `fds` has to say so.
    pub(super) fn take_carriers(&mut self, message_type: &str, reply: &Value) {
        let remote = ["create_remote_buffer_request", "create_remote_buffers_request", "get_remote_buffers_request"];
        let mut new = Vec::new();
        for payload in payloads(reply) {
            let label = payload["store_fd"].as_i64().expect("a label");
            if payload["data_size"] != 0 && label >= 0 && self.labels.insert(label) {
                new.push(label);
            }
        }
        if message_type == "make_arena_request" {
            new.push(reply["fd"].as_i64().expect("a label"));
            self.labels.extend(&new);
        }
        assert!(new.is_empty() || (self.is_unix() && !remote.contains(&message_type)), "{reply} to {message_type}");
        if let Some(fd) = reply.get("fd") {
            assert_eq!(*fd, new.first().copied().unwrap_or(-1), "{reply}");
        }
        if let Some(fds) = reply.get("fds") {
            assert_eq!(*fds, Value::from(new.clone()), "{reply}");
        }
        self.take_raw(new.len() as u64);
    }

    /// Takes the bytes of blobs.
    pub(super) fn take_bytes(&mut self, lengths: &[u64], compress: bool) -> Progress {
        if lengths.iter().sum::<u64>() > PATIENCE_BYTES {
            return Progress::Ended;
        }
        if !compress {
            self.take_raw(lengths.iter().sum());
            return Progress::Idle;
        }
        let mut unpacker = Unpacker::new().expect("zstd");
        for length in lengths {
            let mut missing = usize::try_from(*length).expect("it fits");
            while missing > 0 {
                let header = self.raw(HEADER_BYTES).try_into().expect("8 bytes");
                let announced = usize::try_from(u64::from_le_bytes(header)).expect("short");
                assert!((1..=MAX_CHUNK_BYTES).contains(&announced), "a chunk of {announced} bytes");
                let data = self.raw(announced);
                let counted = unpacker.unpack(&data, |piece| {
                    missing = missing.checked_sub(piece.len()).ok_or(io::ErrorKind::InvalidData)?;
                    Ok(())
                });
                counted.expect("as many bytes as announced");
            }
        }
        Progress::Idle
    }

    /// Decides what to send after the first of the two replies to a remote create.
    pub(super) fn owe_bytes(&mut self, lengths: &[u64], compress: bool, choices: &mut Choices<'_>) -> Progress {
        let total = lengths.iter().map(|length| usize::try_from(*length).expect("it fits")).sum::<usize>();
        let mut bytes = vec![choices.byte(); total];
        if compress {
            let mut packed = Vec::new();
            let mut packer = Packer::new().expect("zstd");
            for length in lengths.iter().filter(|length| **length > 0) {
                let blob = &bytes[..usize::try_from(*length).expect("it fits")];
                packer.pack(blob, true, &mut packed).expect("zstd");
            }
            bytes = packed;
        }
        match choices.below(8) {
            0 if total > 0 => {
                // Too few, and the end.
                bytes.truncate(bytes.len() / 2);
                let _cut_off = self.wire.write_all(&bytes);
                return Progress::Ended;
            }
            1 if compress && total > 0 => {
                let announced = choices.pick(&[5u64, 0, 1 << 20, (1 << 20) + 1, u64::MAX]).unwrap_or(5);
                let _cut_off = self.wire.write_all(&announced.to_le_bytes());
                let _cut_off = self.wire.write_all(choices.take(64));
                self.finish();
                return Progress::Ended;
            }
            2 => {
                // Too many: what is left over is a message without contents.
                bytes.extend_from_slice(&[0; 8]);
                self.owed.insert(1.min(self.owed.len()), Vec::new());
            }
            _ => {}
        }
        self.payload = Some(bytes);
        if choices.once_in(3) { Progress::Idle } else { self.deliver() }
    }

    /// Sends the bytes that the server waits for, and takes the second reply.
    pub fn deliver(&mut self) -> Progress {
        let Some(bytes) = self.payload.take() else { return Progress::Idle };
        let _cut_off = self.wire.write_all(&bytes);
        let reply = self.reply(b"the bytes of blobs");
        // Somebody may have deleted them meanwhile.
        assert!(!is_error(&reply) || reply["code"] == 12, "{reply}");
        Progress::Idle
    }
}
