//! The binary messages of the native protocol. Only on connections whose server offers them.
//!
//! The body of such a frame begins with [`MARK`], with which no JSON begins, and a kind. All numbers are little-endian.
//! Errors are JSON, as for all requests. `docs/native-extension.md` has the layouts.

mod create;
mod get;
mod put;
#[cfg(test)]
mod tests;

pub use create::{CreateBlobsReply, CreateBlobsRequest, encode_create_reply};
pub use get::{
    Found, GetObjectsReply, GetObjectsRequest, PayloadsOf, REPLY_HEAD_BYTES, Wanted, begin_get_reply, end_get_reply,
    put_missing, put_object,
};
pub use put::{NEW_BLOB, PutObjectsReply, PutObjectsRequest, encode_put_reply};

use super::head::message_type;
use super::{DecodeError, Payload, frame};
use crate::id::ObjectId;

/// The first byte of a body that is not JSON: the version of the binary encoding.
pub const MARK: u8 = 1;

/// Bytes in a reply for each payload and each label, at most.
pub const PAYLOAD_BYTES: usize = 32;

/// What a binary message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    GetObjects = 1,
    Objects = 2,
    CreateBlobs = 3,
    Blobs = 4,
    PutObjects = 5,
    Put = 6,
}

impl Kind {
    /// The first bytes of such a message.
    const fn head(self) -> [u8; 4] {
        [MARK, self as u8, 0, 0]
    }
}

/// What a binary request is.
pub(super) enum Request {
    GetObjects(GetObjectsRequest),
    CreateBlobs(CreateBlobsRequest),
    PutObjects(PutObjectsRequest),
}

/// Reads a request whose body begins with [`MARK`].
pub(super) fn decode(body: &[u8]) -> Result<Request, DecodeError> {
    const KINDS: [Kind; 3] = [Kind::GetObjects, Kind::CreateBlobs, Kind::PutObjects];
    let kind = KINDS.into_iter().find(|kind| body.starts_with(&kind.head()));
    match kind {
        Some(Kind::GetObjects) => GetObjectsRequest::decode(body).map(Request::GetObjects),
        Some(Kind::CreateBlobs) => CreateBlobsRequest::decode(body).map(Request::CreateBlobs),
        Some(Kind::PutObjects) => PutObjectsRequest::decode(body).map(Request::PutObjects),
        _ => Err(DecodeError::Binary { message_type: "binary request", what: "it is of an unknown kind" }),
    }
}

/// What is left to be read of a body.
struct Rest<'a> {
    message_type: &'static str,
    bytes: &'a [u8],
}

impl<'a> Rest<'a> {
    /// Begins to read a request.
    fn request(message_type: &'static str, kind: Kind, body: &'a [u8]) -> Result<Self, DecodeError> {
        let mut rest = Self { message_type, bytes: body };
        if rest.chunk()? == kind.head() { Ok(rest) } else { Err(rest.error("it is of another kind")) }
    }

    /// Begins to read a reply, in whose place there may be an error.
    fn reply(message_type: &'static str, kind: Kind, body: &'a [u8]) -> Result<Self, DecodeError> {
        if body.first() == Some(&MARK) {
            return Self::request(message_type, kind, body);
        }
        let found = self::message_type(body)?.into_owned();
        Err(DecodeError::UnexpectedType { expected: message_type, found })
    }

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

    fn id(&mut self) -> Result<ObjectId, DecodeError> {
        self.u64().map(ObjectId::from_raw)
    }

    /// A count of things of which each takes so many bytes at least.
    fn count(&mut self, least: usize) -> Result<usize, DecodeError> {
        let count = self.u32()? as usize;
        if count > self.bytes.len().checked_div(least).unwrap_or(0) {
            return Err(self.error("it announces more than it holds"));
        }
        Ok(count)
    }

    fn ids(&mut self, count: usize) -> Result<Vec<ObjectId>, DecodeError> {
        (0..count).map(|_| self.id()).collect()
    }

    /// Where blobs lie, and the labels whose descriptors follow.
    fn places(&mut self, payloads: usize, labels: usize) -> Result<(Vec<Payload>, Vec<i64>), DecodeError> {
        let mut payloads = (0..payloads).map(|_| self.payload()).collect::<Result<Vec<_>, _>>()?;
        let mut fds = Vec::with_capacity(labels);
        for _ in 0..labels {
            let (label, bytes) = (self.u64()?.cast_signed(), self.u64()?);
            payloads
                .iter_mut()
                .filter(|payload| payload.store_fd == label)
                .for_each(|payload| payload.map_size = bytes);
            fds.push(label);
        }
        Ok((payloads, fds))
    }

    fn payload(&mut self) -> Result<Payload, DecodeError> {
        let (object_id, store_fd) = (self.id()?, self.u64()?.cast_signed());
        let (data_offset, data_size) = (self.u64()?, self.u64()?);
        Ok(Payload { object_id, store_fd, data_offset, data_size, ..Payload::empty() })
    }

    fn end(&self) -> Result<(), DecodeError> {
        if self.bytes.is_empty() { Ok(()) } else { Err(self.error("there is something behind its end")) }
    }
}

/// Begins a frame; returns where.
fn begin(out: &mut Vec<u8>, kind: Kind) -> usize {
    let start = out.len();
    out.extend_from_slice(&[0; frame::HEADER_BYTES]);
    out.extend_from_slice(&kind.head());
    start
}

fn put_places(out: &mut Vec<u8>, payloads: &[Payload], fds: &[i64]) {
    for payload in payloads {
        let Payload { object_id, store_fd, data_offset, data_size, .. } = payload;
        for number in [object_id.as_raw(), store_fd.cast_unsigned(), *data_offset, *data_size] {
            put_u64(out, number);
        }
    }
    for label in fds {
        let bytes = payloads.iter().find(|payload| payload.store_fd == *label).map_or(0, |payload| payload.map_size);
        put_u64(out, label.cast_unsigned());
        put_u64(out, bytes);
    }
}

/// A number that is known to be below 4 GiB, as all that is in a frame is.
fn u32_of(number: usize) -> [u8; 4] {
    u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes()
}

fn put_u32(out: &mut Vec<u8>, number: usize) {
    out.extend_from_slice(&u32_of(number));
}

fn put_u64(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(&number.to_le_bytes());
}

fn put_ids(out: &mut Vec<u8>, ids: &[ObjectId]) {
    ids.iter().for_each(|id| put_u64(out, id.as_raw()));
}

/// Appends bytes with their number in front.
fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_u32(out, bytes.len());
    out.extend_from_slice(bytes);
}

fn patch_u32(out: &mut [u8], at: usize, number: usize) {
    if let Some(place) = out.get_mut(at..).and_then(|rest| rest.first_chunk_mut::<4>()) {
        *place = u32_of(number);
    }
}
