//! Objects with where their payloads lie: one binary request and its binary reply. Only on native connections that offer
//! it.
//!
//! The body of such a frame begins with [`MARK`], with which no JSON begins. All numbers are little-endian.
//!
//! ```text
//! request   u8 MARK, u8 kind 1, u16 0, u32 count, then for each that is wanted
//!             u8 0, u64 id         or        u8 1, u32 bytes, a name
//! reply     u8 MARK, u8 kind 2, u16 0, u32 objects, u32 payloads, u32 labels, then
//!             for each that is wanted, in order
//!               u32 0, u32 bytes, a record of metadata   it is there
//!               u32 1, u32 8, u64 id                     no such object
//!               u32 2, u32 0                             no such name
//!             for each blob below them that the instance has, once
//!               u64 id, u64 label, u64 offset, u64 bytes
//!             for each label whose descriptor follows the frame, in order
//!               u64 label, u64 bytes that may be mapped
//! ```
//!
//! Errors are JSON, as for all requests.

use super::head::message_type;
use super::{DecodeError, Payload};
use crate::id::ObjectId;
use crate::meta::Record;

/// The first byte of a body that is not JSON: the version of the binary encoding.
pub const MARK: u8 = 1;

const REQUEST: u8 = 1;
const REPLY: u8 = 2;

/// Bytes of the reply's head.
pub const REPLY_HEAD_BYTES: usize = 16;

/// Bytes in a reply for each payload and each label, at most.
pub const PAYLOAD_BYTES: usize = 32;

/// Something that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// An object or a blob.
    Id(ObjectId),
    /// The object that has a name.
    Name(String),
}

/// Asks for objects with where their payloads lie, which are leased to the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetObjectsRequest {
    /// The objects.
    pub wanted: Vec<Wanted>,
}

/// What became of something that was wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found<T = Record> {
    /// Its metadata.
    Object(T),
    /// There is no such object.
    NoObject(ObjectId),
    /// There is no such name.
    NoName,
}

/// Answers [`GetObjectsRequest`]; a descriptor follows for each label in `fds`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetObjectsReply {
    /// What was found, in the order of the request.
    pub objects: Vec<Found>,
    /// Where the blobs of this instance below them lie, each once.
    pub payloads: Vec<Payload>,
    /// Labels whose descriptors follow.
    pub fds: Vec<i64>,
}

/// What is left to be read of a body.
struct Rest<'a> {
    message_type: &'static str,
    bytes: &'a [u8],
}

impl<'a> Rest<'a> {
    fn error(&self, what: &'static str) -> DecodeError {
        DecodeError::Binary { message_type: self.message_type, what }
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self.bytes.split_at_checked(count).ok_or_else(|| self.error("it ends too early"))?;
        self.bytes = rest;
        Ok(taken)
    }

    fn chunk<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (taken, rest) = self.bytes.split_first_chunk().ok_or_else(|| self.error("it ends too early"))?;
        self.bytes = rest;
        Ok(*taken)
    }

    fn u32(&mut self) -> Result<u32, DecodeError> {
        self.chunk().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, DecodeError> {
        self.chunk().map(u64::from_le_bytes)
    }

    /// A count of things of which each takes so many bytes at least.
    fn count(&mut self, least: usize) -> Result<usize, DecodeError> {
        let count = self.u32()? as usize;
        if count > self.bytes.len().checked_div(least).unwrap_or(0) {
            return Err(self.error("it announces more than it holds"));
        }
        Ok(count)
    }

    fn end(&self) -> Result<(), DecodeError> {
        if self.bytes.is_empty() { Ok(()) } else { Err(self.error("there is something behind its end")) }
    }
}

impl GetObjectsRequest {
    /// The `type` under which such requests are counted and refused.
    pub const TYPE: &'static str = "get_objects_request";

    /// Appends the request as one frame.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&[0; super::frame::HEADER_BYTES]);
        out.extend_from_slice(&[MARK, REQUEST, 0, 0]);
        put_u32(out, self.wanted.len());
        for wanted in &self.wanted {
            match wanted {
                Wanted::Id(id) => {
                    out.push(0);
                    out.extend_from_slice(&id.as_raw().to_le_bytes());
                }
                Wanted::Name(name) => {
                    out.push(1);
                    put_u32(out, name.len());
                    out.extend_from_slice(name.as_bytes());
                }
            }
        }
        super::frame::close(out, start);
    }

    /// Reads the body of a request.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Binary`].
    pub fn decode(body: &[u8]) -> Result<Self, DecodeError> {
        let mut rest = Rest { message_type: Self::TYPE, bytes: body };
        if rest.chunk()? != [MARK, REQUEST, 0, 0] {
            return Err(rest.error("its head is not that of a request"));
        }
        let count = rest.count(5)?;
        let mut wanted = Vec::with_capacity(count);
        for _ in 0..count {
            wanted.push(match rest.chunk()? {
                [0] => Wanted::Id(ObjectId::from_raw(rest.u64()?)),
                [1] => {
                    let len = rest.u32()? as usize;
                    let name = std::str::from_utf8(rest.take(len)?).map_err(|_| rest.error("a name is not UTF-8"))?;
                    Wanted::Name(name.to_owned())
                }
                _ => return Err(rest.error("it wants neither an id nor a name")),
            });
        }
        rest.end()?;
        Ok(Self { wanted })
    }
}

impl GetObjectsReply {
    /// Reads the body of a reply.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Peer`] if the server answered with an error, [`DecodeError::Binary`] if the reply is malformed.
    pub fn decode(body: &[u8]) -> Result<Self, DecodeError> {
        const EXPECTED: &str = "get_objects_reply";
        let mut rest = Rest { message_type: EXPECTED, bytes: body };
        if body.first() != Some(&MARK) {
            let found = message_type(body)?.into_owned();
            return Err(DecodeError::UnexpectedType { expected: EXPECTED, found });
        }
        if rest.chunk()? != [MARK, REPLY, 0, 0] {
            return Err(rest.error("its head is not that of a reply"));
        }
        let (num_objects, num_payloads, num_labels) = (rest.count(8)?, rest.u32()?, rest.u32()?);
        let mut objects = Vec::with_capacity(num_objects);
        for _ in 0..num_objects {
            let (state, len) = (rest.u32()?, rest.u32()? as usize);
            objects.push(match (state, len) {
                (0, len) => Found::Object(Record::new(rest.take(len)?).map_err(DecodeError::Record)?),
                (1, 8) => Found::NoObject(ObjectId::from_raw(rest.u64()?)),
                (2, 0) => Found::NoName,
                _ => return Err(rest.error("an object is in no known state")),
            });
        }
        let mut payloads = Vec::new();
        for _ in 0..num_payloads {
            let (object_id, label) = (ObjectId::from_raw(rest.u64()?), rest.u64()?.cast_signed());
            let (data_offset, data_size) = (rest.u64()?, rest.u64()?);
            payloads.push(Payload {
                object_id,
                store_fd: label,
                data_offset,
                data_size,
                is_sealed: true,
                ..Payload::empty()
            });
        }
        let mut fds = Vec::new();
        for _ in 0..num_labels {
            let (label, bytes) = (rest.u64()?.cast_signed(), rest.u64()?);
            payloads
                .iter_mut()
                .filter(|payload| payload.store_fd == label)
                .for_each(|payload| payload.map_size = bytes);
            fds.push(label);
        }
        rest.end()?;
        Ok(Self { objects, payloads, fds })
    }
}

/// Appends the head of a reply, whose counts are not known yet, behind a frame's header.
pub fn begin_reply(out: &mut Vec<u8>) -> usize {
    let start = out.len();
    out.extend_from_slice(&[0; super::frame::HEADER_BYTES]);
    out.extend_from_slice(&[MARK, REPLY, 0, 0]);
    out.extend_from_slice(&[0; REPLY_HEAD_BYTES - 4]);
    start
}

/// Appends an object that is not there, or, without an id, a name that is not.
pub fn put_missing(out: &mut Vec<u8>, id: Option<ObjectId>) {
    put_u32(out, if id.is_some() { 1 } else { 2 });
    put_u32(out, if id.is_some() { 8 } else { 0 });
    out.extend(id.into_iter().flat_map(|id| id.as_raw().to_le_bytes()));
}

/// Appends an object that `write` writes behind what it is given; all or nothing.
///
/// # Errors
///
/// What `write` says.
pub fn put_object<E>(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) -> Result<(), E> {
    let start = out.len();
    out.extend_from_slice(&[0; 8]);
    let body = out.len();
    write(out).inspect_err(|_| out.truncate(start))?;
    let len = out.len().saturating_sub(body);
    patch_u32(out, start.saturating_add(4), len);
    Ok(())
}

/// Appends the payloads and the labels that a reply ends with, and fills in what its head and its header say.
pub fn end_reply(out: &mut Vec<u8>, start: usize, objects: usize, payloads: &[Payload], fds: &[i64]) {
    for payload in payloads {
        let Payload { object_id, store_fd, data_offset, data_size, .. } = payload;
        for number in [object_id.as_raw(), store_fd.cast_unsigned(), *data_offset, *data_size] {
            out.extend_from_slice(&number.to_le_bytes());
        }
    }
    for label in fds {
        let bytes = payloads.iter().find(|payload| payload.store_fd == *label).map_or(0, |payload| payload.map_size);
        out.extend_from_slice(&label.cast_unsigned().to_le_bytes());
        out.extend_from_slice(&bytes.to_le_bytes());
    }
    let head = start.saturating_add(super::frame::HEADER_BYTES);
    for (place, count) in [(4, objects), (8, payloads.len()), (12, fds.len())] {
        patch_u32(out, head.saturating_add(place), count);
    }
    super::frame::close(out, start);
}

/// A number that is known to be below 4 GiB, as all that is in a frame is.
fn u32_of(number: usize) -> [u8; 4] {
    u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes()
}

fn put_u32(out: &mut Vec<u8>, number: usize) {
    out.extend_from_slice(&u32_of(number));
}

fn patch_u32(out: &mut [u8], at: usize, number: usize) {
    if let Some(place) = out.get_mut(at..).and_then(|rest| rest.first_chunk_mut::<4>()) {
        *place = u32_of(number);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::frame::HEADER_BYTES;
    use super::*;
    use crate::meta::MetaTree;

    fn body(frame: &[u8]) -> &[u8] {
        let (header, body) = frame.split_first_chunk::<HEADER_BYTES>().expect("a header");
        assert_eq!(u64::from_le_bytes(*header), body.len() as u64);
        body
    }

    fn record() -> Record {
        let tree: MetaTree = serde_json::from_value(json!({"typename": "T", "n": 1})).expect("an object");
        Record::of_tree(&tree).expect("a record")
    }

    fn reply() -> Vec<u8> {
        let mut out = b"before".to_vec();
        let start = begin_reply(&mut out);
        let write = |out: &mut Vec<u8>, fails: bool| {
            out.extend_from_slice(record().as_bytes());
            if fails { Err("full") } else { Ok(()) }
        };
        put_object(&mut out, |out| write(out, false)).expect("writes");
        assert_eq!(put_object(&mut out, |out| write(out, true)), Err("full"));
        put_missing(&mut out, Some(ObjectId::from_raw(1)));
        put_missing(&mut out, None);
        end_reply(&mut out, start, 3, &[payload(5, 4096)], &[5]);
        out.split_off(start)
    }

    fn payload(label: i64, map_size: u64) -> Payload {
        let object_id = ObjectId::from_raw(0x8000_0000_0000_0007);
        let place = Payload { store_fd: label, data_offset: 64, data_size: 10, map_size, ..Payload::empty() };
        Payload { object_id, is_sealed: true, ..place }
    }

    #[test]
    fn what_is_written_is_read() {
        let wanted =
            vec![Wanted::Id(ObjectId::from_raw(9)), Wanted::Name("näme".to_owned()), Wanted::Name(String::new())];
        let mut out = Vec::new();
        GetObjectsRequest { wanted: wanted.clone() }.encode(&mut out);
        assert_eq!(GetObjectsRequest::decode(body(&out)).expect("reads").wanted, wanted);
        let found = GetObjectsReply::decode(body(&reply())).expect("reads");
        assert_eq!(found.objects, [Found::Object(record()), Found::NoObject(ObjectId::from_raw(1)), Found::NoName]);
        assert_eq!((found.payloads, found.fds), (vec![payload(5, 4096)], vec![5]));
    }

    #[test]
    fn an_error_of_the_server_is_one() {
        let error = GetObjectsReply::decode(br#"{"code":14,"message":"not sealed"}"#);
        assert!(matches!(error, Err(DecodeError::Peer(error)) if error.message == "not sealed"));
        assert!(matches!(GetObjectsReply::decode(br#"{"type":"x"}"#), Err(DecodeError::UnexpectedType { .. })));
    }

    #[test]
    fn counts_are_not_believed() {
        let mut many = [MARK, REQUEST, 0, 0].to_vec();
        many.extend_from_slice(&u32::MAX.to_le_bytes());
        assert!(matches!(GetObjectsRequest::decode(&many), Err(DecodeError::Binary { .. })));
        let mut many = [MARK, REPLY, 0, 0].to_vec();
        many.extend_from_slice(&[0xff; 12]);
        assert!(matches!(GetObjectsReply::decode(&many), Err(DecodeError::Binary { .. })));
    }

    proptest! {
        #[test]
        fn damage_is_noticed_or_harmless(at in any::<prop::sample::Index>(), byte: u8, cut in any::<prop::sample::Index>()) {
            let mut whole = body(&reply()).to_vec();
            let (at, cut) = (at.index(whole.len()), cut.index(whole.len()));
            prop_assert!(GetObjectsReply::decode(&whole[..cut]).is_err());
            whole[at] = byte;
            let _ = GetObjectsReply::decode(&whole);
            let mut request = Vec::new();
            GetObjectsRequest { wanted: vec![Wanted::Name("ab".to_owned()); 3] }.encode(&mut request);
            let mut request = body(&request).to_vec();
            let at = at % request.len();
            prop_assert!(GetObjectsRequest::decode(&request[..at]).is_err());
            request[at] = byte;
            let _ = GetObjectsRequest::decode(&request);
        }
    }
}
