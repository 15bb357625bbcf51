//! Objects with where their payloads lie.

use super::{DecodeError, Kind, Payload, Rest, begin, frame, patch_u32, put_bytes, put_places, put_u32, put_u64};
use crate::id::ObjectId;
use crate::meta::Record;

/// Bytes of the reply's head.
pub const REPLY_HEAD_BYTES: usize = 16;

/// Something that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// An object or a blob.
    Id(ObjectId),
    /// The object that has a name.
    Name(String),
}

/// Of which objects the payloads are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayloadsOf {
    /// Of all.
    All = 0,
    /// Of none: metadata alone.
    None = 1,
    /// Of those that are not global, whose members may lie anywhere.
    Local = 2,
}

/// Asks for objects with where their payloads lie, which are leased to the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetObjectsRequest {
    /// Of which objects the payloads are wanted.
    pub payloads_of: PayloadsOf,
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

impl GetObjectsRequest {
    /// The `type` under which such requests are counted and refused.
    pub const TYPE: &'static str = "get_objects_request";

    /// Appends the request as one frame.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let start = begin(out, Kind::GetObjects);
        put_u32(out, self.payloads_of as usize);
        put_u32(out, self.wanted.len());
        for wanted in &self.wanted {
            match wanted {
                Wanted::Id(id) => {
                    out.push(0);
                    put_u64(out, id.as_raw());
                }
                Wanted::Name(name) => {
                    out.push(1);
                    put_bytes(out, name.as_bytes());
                }
            }
        }
        frame::close(out, start);
    }

    /// Reads the body of a request.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Binary`].
    pub fn decode(body: &[u8]) -> Result<Self, DecodeError> {
        const MODES: [PayloadsOf; 3] = [PayloadsOf::All, PayloadsOf::None, PayloadsOf::Local];
        let mut rest = Rest::request(Self::TYPE, Kind::GetObjects, body)?;
        let mode = rest.u32()?;
        let payloads_of = MODES.into_iter().find(|known| *known as u32 == mode);
        let payloads_of = payloads_of.ok_or_else(|| rest.error("it wants payloads in an unknown way"))?;
        let count = rest.count(5)?;
        let mut wanted = Vec::with_capacity(count);
        for _ in 0..count {
            wanted.push(match rest.chunk()? {
                [0] => Wanted::Id(rest.id()?),
                [1] => {
                    let len = rest.u32()? as usize;
                    let name = std::str::from_utf8(rest.take(len)?).map_err(|_| rest.error("a name is not UTF-8"))?;
                    Wanted::Name(name.to_owned())
                }
                _ => return Err(rest.error("it wants neither an id nor a name")),
            });
        }
        rest.end()?;
        Ok(Self { payloads_of, wanted })
    }
}

impl GetObjectsReply {
    /// Reads the body of a reply.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Peer`] if the server answered with an error, [`DecodeError::Binary`] if the reply is malformed.
    pub fn decode(body: &[u8]) -> Result<Self, DecodeError> {
        let mut rest = Rest::reply("get_objects_reply", Kind::Objects, body)?;
        let (num_objects, num_payloads, num_labels) = (rest.count(8)?, rest.count(1)?, rest.count(1)?);
        let mut objects = Vec::with_capacity(num_objects);
        for _ in 0..num_objects {
            let (state, len) = (rest.u32()?, rest.u32()? as usize);
            objects.push(match (state, len) {
                (0, len) => Found::Object(Record::new(rest.take(len)?).map_err(DecodeError::Record)?),
                (1, 8) => Found::NoObject(rest.id()?),
                (2, 0) => Found::NoName,
                _ => return Err(rest.error("an object is in no known state")),
            });
        }
        let (mut payloads, fds) = rest.places(num_payloads, num_labels)?;
        payloads.iter_mut().for_each(|payload| payload.is_sealed = true);
        rest.end()?;
        Ok(Self { objects, payloads, fds })
    }
}

/// Appends the head of a reply, whose counts are not known yet, behind a frame's header.
pub fn begin_get_reply(out: &mut Vec<u8>) -> usize {
    let start = begin(out, Kind::Objects);
    out.extend_from_slice(&[0; REPLY_HEAD_BYTES - 4]);
    start
}

/// Appends an object that is not there, or, without an id, a name that is not.
pub fn put_missing(out: &mut Vec<u8>, id: Option<ObjectId>) {
    put_u32(out, if id.is_some() { 1 } else { 2 });
    put_u32(out, if id.is_some() { 8 } else { 0 });
    id.into_iter().for_each(|id| put_u64(out, id.as_raw()));
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
pub fn end_get_reply(out: &mut Vec<u8>, start: usize, objects: usize, payloads: &[Payload], fds: &[i64]) {
    put_places(out, payloads, fds);
    let head = start.saturating_add(frame::HEADER_BYTES);
    for (place, count) in [(4, objects), (8, payloads.len()), (12, fds.len())] {
        patch_u32(out, head.saturating_add(place), count);
    }
    frame::close(out, start);
}
