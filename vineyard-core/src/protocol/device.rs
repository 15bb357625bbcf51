//! Blobs outside of the arenas: in files, and in the memory of a GPU.

use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::blob::Payload;
use super::{indexed, lax};
use crate::id::ObjectId;

/// Makes one unsealed blob that is a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "create_disk_buffer_request")]
pub struct CreateDiskBufferRequest {
    /// Length in bytes; a shorter file grows.
    #[serde(deserialize_with = "lax::u64")]
    pub size: u64,
    /// The file; empty for one without a name.
    pub path: String,
    /// Whether the blob is [owned](super::CreateBufferRequest::owned).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub owned: bool,
}

/// Answers [`CreateDiskBufferRequest`]; a descriptor of the whole file follows unless `fd` is -1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "create_disk_buffer_reply")]
pub struct CreateDiskBufferReply {
    /// The new blob.
    pub id: ObjectId,
    /// Where it lies: at the start of the file, which is its arena.
    pub created: Payload,
    /// The label whose descriptor follows, or -1.
    #[serde(deserialize_with = "lax::i64")]
    pub fd: i64,
}

/// Makes one blob in the memory of a GPU.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "create_gpu_buffer_request")]
pub struct CreateGpuBufferRequest {
    /// Length in bytes.
    #[serde(deserialize_with = "lax::u64")]
    pub size: u64,
}

/// Answers [`CreateGpuBufferRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "create_gpu_buffer_reply")]
pub struct CreateGpuBufferReply {
    /// The new blob.
    pub id: ObjectId,
    /// What is known of it.
    pub created: Payload,
    /// The handle by which processes share it: eight words.
    pub handle: Vec<i64>,
}

/// Asks for handles of blobs in the memory of a GPU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetGpuBuffersRequest {
    /// The blobs.
    pub ids: Vec<ObjectId>,
    /// Whether unsealed blobs are wanted as well. Wire key `unsafe`.
    pub unsealed: bool,
}

/// Answers [`GetGpuBuffersRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "get_gpu_buffers_reply")]
pub struct GetGpuBuffersReply {
    /// How many.
    #[serde(deserialize_with = "lax::u64")]
    pub num: u64,
    /// Their handles.
    pub handles: Vec<Vec<i64>>,
}

impl Serialize for GetGpuBuffersRequest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", "get_gpu_buffers_request")?;
        indexed::write(&mut map, &self.ids)?;
        map.serialize_entry("unsafe", &self.unsealed)?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for GetGpuBuffersRequest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let found = indexed::read::<ObjectId, D>(deserializer)?;
        Ok(Self { unsealed: found.unsealed, ids: found.into_items()? })
    }
}
