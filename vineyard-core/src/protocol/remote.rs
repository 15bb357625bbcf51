//! Blobs whose bytes travel through the connection.
//!
//! A create request is answered twice with the same contents: when the bytes may come, and when all have arrived. The
//! bytes of a get follow its reply. Bytes travel raw or in [chunks](super::chunk).

use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{indexed, lax};
use crate::id::ObjectId;

/// Makes one blob of bytes that the client sends after the first reply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "create_remote_buffer_request")]
pub struct CreateRemoteBufferRequest {
    /// Length in bytes; 0 gives the empty blob, without bytes on the wire but with two replies.
    #[serde(deserialize_with = "lax::u64")]
    pub size: u64,
    /// Whether the bytes travel compressed.
    #[serde(default)]
    pub compress: bool,
    /// Whether the bytes travel by RDMA; then there is one reply.
    #[serde(default)]
    pub use_rdma: bool,
    /// Whether the blob is [owned](super::CreateBufferRequest::owned).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub owned: bool,
}

/// Makes several blobs, all or none, of bytes that the client sends after the first reply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "create_remote_buffers_request")]
pub struct CreateRemoteBuffersRequest {
    /// Lengths in bytes.
    pub sizes: Vec<u64>,
    /// How many; not needed to read the message.
    #[serde(default, deserialize_with = "lax::u64")]
    pub num: u64,
    /// Whether the bytes travel compressed.
    #[serde(default)]
    pub compress: bool,
    /// Whether the bytes travel by RDMA; then there is one reply.
    #[serde(default)]
    pub use_rdma: bool,
    /// Whether the blobs are [owned](super::CreateBufferRequest::owned).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub owned: bool,
}

/// Asks for the bytes of sealed blobs, which follow the reply in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetRemoteBuffersRequest {
    /// The blobs.
    pub ids: Vec<ObjectId>,
    /// Whether unsealed blobs are wanted as well. Wire key `unsafe`.
    pub unsealed: bool,
    /// Whether the bytes shall travel compressed.
    pub compress: bool,
    /// Whether the bytes travel by RDMA; then none follow.
    pub use_rdma: bool,
}

impl Serialize for GetRemoteBuffersRequest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", "get_remote_buffers_request")?;
        indexed::write(&mut map, &self.ids)?;
        map.serialize_entry("unsafe", &self.unsealed)?;
        map.serialize_entry("compress", &self.compress)?;
        map.serialize_entry("use_rdma", &self.use_rdma)?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for GetRemoteBuffersRequest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let found = indexed::read::<ObjectId, D>(deserializer)?;
        let (unsealed, compress, use_rdma) = (found.unsealed, found.compress, found.use_rdma);
        Ok(Self { unsealed, compress, use_rdma, ids: found.into_items()? })
    }
}

/// Says that blobs that travelled by RDMA have arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseBlobsWithRdmaRequest {
    /// The blobs.
    pub ids: Vec<ObjectId>,
}

/// Answers [`ReleaseBlobsWithRdmaRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "release_blobs_with_rdma_reply")]
pub struct ReleaseBlobsWithRdmaReply {}

impl Serialize for ReleaseBlobsWithRdmaRequest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", "release_blobs_with_rdma_request")?;
        indexed::write(&mut map, &self.ids)?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for ReleaseBlobsWithRdmaRequest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self { ids: indexed::read::<ObjectId, D>(deserializer)?.into_items()? })
    }
}
