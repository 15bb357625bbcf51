//! Objects to be created, with bytes for small blobs.

use super::{DecodeError, Kind, Rest, begin, frame, put_bytes, put_ids, put_u32};
use crate::id::ObjectId;
use crate::meta::Record;

/// The key of a member that is a blob of the same request: its number among the `payloads`.
pub const NEW_BLOB: &str = "new_blob";

/// Creates objects, all or none, together with blobs of some bytes, and seals blobs of the connection in the same step.
///
/// A member may be an object of the same request before its parent (see [`NEW_MEMBER`](crate::protocol::NEW_MEMBER)), or
/// one of its blobs (see [`NEW_BLOB`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutObjectsRequest {
    /// Blobs of the connection to be sealed.
    pub seal: Vec<ObjectId>,
    /// The bytes of new blobs.
    pub payloads: Vec<Vec<u8>>,
    /// The objects, members before those that hold them.
    pub objects: Vec<Record>,
}

/// Answers [`PutObjectsRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutObjectsReply {
    /// The new objects, in the order of the request.
    pub objects: Vec<ObjectId>,
    /// The new blobs, in the order of the request.
    pub blobs: Vec<ObjectId>,
}

impl PutObjectsRequest {
    /// The `type` under which such requests are counted and refused.
    pub const TYPE: &'static str = "put_objects_request";

    /// Appends the request as one frame.
    pub fn encode(&self, out: &mut Vec<u8>) {
        Self::encode_parts(out, &self.seal, &self.payloads, &self.objects);
    }

    /// As [`encode`](Self::encode), of what lies elsewhere.
    pub fn encode_parts<P: AsRef<[u8]>>(out: &mut Vec<u8>, seal: &[ObjectId], payloads: &[P], objects: &[Record]) {
        let start = begin(out, Kind::PutObjects);
        for count in [seal.len(), payloads.len(), objects.len()] {
            put_u32(out, count);
        }
        put_ids(out, seal);
        payloads.iter().for_each(|bytes| put_bytes(out, bytes.as_ref()));
        objects.iter().for_each(|record| put_bytes(out, record.as_bytes()));
        frame::close(out, start);
    }

    /// Reads the body of a request.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Binary`], [`DecodeError::Record`].
    pub fn decode(body: &[u8]) -> Result<Self, DecodeError> {
        let mut rest = Rest::request(Self::TYPE, Kind::PutObjects, body)?;
        let (seal, payloads, objects) = (rest.count(8)?, rest.count(4)?, rest.count(4)?);
        let seal = rest.ids(seal)?;
        let mut bytes = || {
            let len = rest.u32()? as usize;
            rest.take(len)
        };
        let payloads = (0..payloads).map(|_| bytes().map(<[u8]>::to_vec)).collect::<Result<_, _>>()?;
        let record = |bytes: &[u8]| Record::new(bytes).map_err(DecodeError::Record);
        let objects = (0..objects).map(|_| bytes().and_then(record)).collect::<Result<_, _>>()?;
        rest.end()?;
        Ok(Self { seal, payloads, objects })
    }
}

impl PutObjectsReply {
    /// Reads the body of a reply.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Peer`] if the server answered with an error, [`DecodeError::Binary`] if the reply is malformed.
    pub fn decode(body: &[u8]) -> Result<Self, DecodeError> {
        let mut rest = Rest::reply("put_objects_reply", Kind::Put, body)?;
        let (objects, blobs) = (rest.count(1)?, rest.count(1)?);
        let (objects, blobs) = (rest.ids(objects)?, rest.ids(blobs)?);
        rest.end()?;
        Ok(Self { objects, blobs })
    }
}

/// Appends a reply as one frame.
pub fn encode_put_reply(out: &mut Vec<u8>, objects: &[ObjectId], blobs: &[ObjectId]) {
    let start = begin(out, Kind::Put);
    put_u32(out, objects.len());
    put_u32(out, blobs.len());
    put_ids(out, objects);
    put_ids(out, blobs);
    frame::close(out, start);
}
