//! Blobs that are to be written in place.

use super::{DecodeError, Kind, Payload, Rest, begin, frame, put_places, put_u32, put_u64};

/// Allocates unsealed blobs, all or none, which go with their connection until an object that links them is created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateBlobsRequest {
    /// Lengths in bytes.
    pub sizes: Vec<u64>,
}

/// Answers [`CreateBlobsRequest`]; a descriptor follows for each label in `fds`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateBlobsReply {
    /// Where the blobs lie, in the order of the request; leased to the connection.
    pub payloads: Vec<Payload>,
    /// Labels whose descriptors follow.
    pub fds: Vec<i64>,
}

impl CreateBlobsRequest {
    /// The `type` under which such requests are counted and refused.
    pub const TYPE: &'static str = "create_blobs_request";

    /// Appends the request as one frame.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let start = begin(out, Kind::CreateBlobs);
        put_u32(out, self.sizes.len());
        self.sizes.iter().for_each(|size| put_u64(out, *size));
        frame::close(out, start);
    }

    /// Reads the body of a request.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Binary`].
    pub fn decode(body: &[u8]) -> Result<Self, DecodeError> {
        let mut rest = Rest::request(Self::TYPE, Kind::CreateBlobs, body)?;
        let count = rest.count(8)?;
        let sizes = (0..count).map(|_| rest.u64()).collect::<Result<_, _>>()?;
        rest.end()?;
        Ok(Self { sizes })
    }
}

impl CreateBlobsReply {
    /// Reads the body of a reply.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Peer`] if the server answered with an error, [`DecodeError::Binary`] if the reply is malformed.
    pub fn decode(body: &[u8]) -> Result<Self, DecodeError> {
        let mut rest = Rest::reply("create_blobs_reply", Kind::Blobs, body)?;
        let (payloads, labels) = (rest.count(1)?, rest.count(1)?);
        let (payloads, fds) = rest.places(payloads, labels)?;
        rest.end()?;
        Ok(Self { payloads, fds })
    }
}

/// Appends a reply as one frame.
pub fn encode_create_reply(out: &mut Vec<u8>, payloads: &[Payload], fds: &[i64]) {
    let start = begin(out, Kind::Blobs);
    put_u32(out, payloads.len());
    put_u32(out, fds.len());
    put_places(out, payloads, fds);
    frame::close(out, start);
}
