//! Blobs under ids that clients choose, in sessions of the plasma kind.

use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{indexed, lax};
use crate::id::ObjectId;

fn yes() -> bool {
    true
}

/// Where a plasma blob lies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlasmaPayload {
    /// The client's id, in base64.
    pub plasma_id: String,
    /// The client's own idea of the length.
    #[serde(deserialize_with = "lax::u64")]
    pub plasma_size: u64,
    /// The connections that depend on it.
    #[serde(default, deserialize_with = "lax::i64")]
    pub ref_cnt: i64,
    /// The blob.
    pub object_id: ObjectId,
    /// The label of the arena for this connection; -1 for no bytes.
    #[serde(deserialize_with = "lax::i64")]
    pub store_fd: i64,
    /// Offset of the blob in the arena, in bytes.
    #[serde(deserialize_with = "lax::u64")]
    pub data_offset: u64,
    /// Length of the blob, in bytes.
    #[serde(deserialize_with = "lax::u64")]
    pub data_size: u64,
    /// Size of the arena plus 8, in bytes.
    #[serde(deserialize_with = "lax::u64")]
    pub map_size: u64,
    /// Address in the server; unused.
    #[serde(deserialize_with = "lax::u64")]
    pub pointer: u64,
    /// Whether the blob is immutable.
    #[serde(default)]
    pub is_sealed: bool,
    /// Whether this session owns the memory.
    #[serde(default = "yes")]
    pub is_owner: bool,
}

/// Allocates one unsealed blob under an id of the client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "create_buffer_by_plasma_request")]
pub struct CreateBufferByPlasmaRequest {
    /// The client's id, in base64.
    pub plasma_id: String,
    /// Length in bytes.
    #[serde(deserialize_with = "lax::u64")]
    pub size: u64,
    /// The client's own idea of the length.
    #[serde(deserialize_with = "lax::u64")]
    pub plasma_size: u64,
}

/// Answers [`CreateBufferByPlasmaRequest`]; a descriptor follows unless `fd` is -1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "create_buffer_by_plasma_reply")]
pub struct CreateBufferByPlasmaReply {
    /// The new blob; the invalid id for no bytes.
    pub id: ObjectId,
    /// Where it lies.
    pub created: PlasmaPayload,
    /// The label whose descriptor follows, or -1.
    #[serde(deserialize_with = "lax::i64")]
    pub fd: i64,
}

/// Asks where sealed plasma blobs lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetBuffersByPlasmaRequest {
    /// The clients' ids, in base64.
    pub plasma_ids: Vec<String>,
    /// Whether unsealed blobs are wanted as well. Wire key `unsafe`.
    pub unsealed: bool,
}

/// Answers [`GetBuffersByPlasmaRequest`]. Descriptors follow, but the reply does not list them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetBuffersByPlasmaReply {
    /// Where the found blobs lie, in the order of the request.
    pub payloads: Vec<PlasmaPayload>,
}

/// Makes a plasma blob immutable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "plasma_seal_request")]
pub struct PlasmaSealRequest {
    /// The client's id, in base64.
    pub plasma_id: String,
}

/// Ends the connection's dependency on a plasma blob, which goes with the last one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "plasma_release_request")]
pub struct PlasmaReleaseRequest {
    /// The client's id, in base64.
    pub plasma_id: String,
}

/// Answers [`PlasmaReleaseRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "plasma_release_reply")]
pub struct PlasmaReleaseReply {}

/// Deletes a plasma blob.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "plasma_delete_data_request")]
pub struct PlasmaDeleteDataRequest {
    /// The client's id, in base64.
    pub plasma_id: String,
}

/// Answers [`PlasmaDeleteDataRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "plasma_delete_data_reply")]
pub struct PlasmaDeleteDataReply {}

impl Serialize for GetBuffersByPlasmaRequest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", "get_buffers_by_plasma_request")?;
        indexed::write(&mut map, &self.plasma_ids)?;
        map.serialize_entry("unsafe", &self.unsealed)?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for GetBuffersByPlasmaRequest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let found = indexed::read::<String, D>(deserializer)?;
        Ok(Self { unsealed: found.unsealed, plasma_ids: found.into_items()? })
    }
}

impl Serialize for GetBuffersByPlasmaReply {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", "get_buffers_by_plasma_reply")?;
        indexed::write(&mut map, &self.payloads)?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for GetBuffersByPlasmaReply {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self { payloads: indexed::read::<PlasmaPayload, D>(deserializer)?.into_items()? })
    }
}
