//! Blobs in shared memory: create, seal, get, drop, shrink, leases.

use serde::de::Error as _;
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{indexed, lax};
use crate::id::ObjectId;

fn yes() -> bool {
    true
}

/// Where a blob lies, for a client of the same host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payload {
    /// The blob.
    pub object_id: ObjectId,
    /// The label of the arena for this connection; -1 for the empty blob. Opaque, never a descriptor number.
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
    /// Address in the server; unused on one host, but stock clients insist on the key.
    #[serde(deserialize_with = "lax::u64")]
    pub pointer: u64,
    /// Whether the blob is immutable.
    #[serde(default)]
    pub is_sealed: bool,
    /// Whether this session owns the memory.
    #[serde(default = "yes")]
    pub is_owner: bool,
    /// Whether the memory is a GPU's.
    #[serde(default)]
    pub is_gpu: bool,
}

impl Payload {
    /// The payload of the blob that stands for all blobs of zero bytes.
    pub const fn empty() -> Self {
        Self {
            object_id: ObjectId::EMPTY_BLOB,
            store_fd: -1,
            data_offset: 0,
            data_size: 0,
            map_size: 0,
            pointer: 0,
            is_sealed: false,
            is_owner: true,
            is_gpu: false,
        }
    }
}

/// Allocates one unsealed blob.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "create_buffer_request")]
pub struct CreateBufferRequest {
    /// Length in bytes; 0 gives the empty blob.
    #[serde(deserialize_with = "lax::u64")]
    pub size: u64,
    /// Whether the blob goes with the connection unless metadata reaches it, or it is kept. Only on native connections
    /// that offer it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub owned: bool,
    /// Whether the blob gets a file of its own, which the kernel seals with it: the client unmaps it before that. Only on
    /// native connections that offer it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sealable: bool,
}

/// Answers [`CreateBufferRequest`]; a descriptor follows unless `fd` is -1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "create_buffer_reply")]
pub struct CreateBufferReply {
    /// The new blob.
    pub id: ObjectId,
    /// Where it lies.
    pub created: Payload,
    /// The label whose descriptor follows, or -1.
    #[serde(deserialize_with = "lax::i64")]
    pub fd: i64,
}

/// Allocates several unsealed blobs, all or none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "create_buffers_request")]
pub struct CreateBuffersRequest {
    /// Lengths in bytes.
    pub sizes: Vec<u64>,
    /// How many; not needed to read the message.
    #[serde(default, deserialize_with = "lax::u64")]
    pub num: u64,
    /// Whether the blobs are [owned](CreateBufferRequest::owned).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub owned: bool,
}

/// Answers [`CreateBuffersRequest`]; one descriptor follows for each label in `fds`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateBuffersReply {
    /// The new blobs, in the order of the request.
    pub ids: Vec<ObjectId>,
    /// Where they lie.
    pub payloads: Vec<Payload>,
    /// Labels whose descriptors follow.
    pub fds: Vec<i64>,
}

/// Seals a blob: immutable and visible from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "seal_request")]
pub struct SealRequest {
    /// The blob.
    pub object_id: ObjectId,
}

/// Answers [`SealRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "seal_reply")]
pub struct SealReply {}

/// Ids in one of the two forms that clients use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdList {
    /// `"ids": [..]`.
    Listed(Vec<ObjectId>),
    /// `"0": .., "1": .., "num": n`.
    Indexed(Vec<ObjectId>),
}

impl IdList {
    /// The ids, whatever the form.
    pub fn ids(&self) -> &[ObjectId] {
        match self {
            Self::Listed(ids) | Self::Indexed(ids) => ids,
        }
    }
}

/// Asks where sealed blobs lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetBuffersRequest {
    /// The blobs.
    pub ids: IdList,
    /// Whether unsealed blobs are wanted as well. Wire key `unsafe`.
    pub unsealed: bool,
}

/// Answers [`GetBuffersRequest`]. Blobs that do not exist are left out; a descriptor follows for each label in `fds`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetBuffersReply {
    /// Where the found blobs lie, in the order of the request.
    pub payloads: Vec<Payload>,
    /// Labels whose descriptors follow, in order of first appearance.
    pub fds: Vec<i64>,
    /// Whether raw bytes that follow are compressed; only over TCP.
    pub compress: bool,
}

/// Frees a blob at once, sealed or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "drop_buffer_request")]
pub struct DropBufferRequest {
    /// The blob.
    pub id: ObjectId,
}

/// Answers [`DropBufferRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "drop_buffer_reply")]
pub struct DropBufferReply {}

/// Makes an unsealed blob shorter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "shrink_buffer_request")]
pub struct ShrinkBufferRequest {
    /// The blob.
    pub id: ObjectId,
    /// The new length in bytes.
    #[serde(deserialize_with = "lax::u64")]
    pub size: u64,
}

/// Answers [`ShrinkBufferRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "shrink_buffer_reply")]
pub struct ShrinkBufferReply {}

/// Lets blobs that are [owned](CreateBufferRequest::owned) by this connection stay when it ends, once they are sealed.
/// Only on native connections that offer it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "keep_request")]
pub struct KeepRequest {
    /// The blobs.
    pub ids: Vec<ObjectId>,
}

/// Answers [`KeepRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "keep_reply")]
pub struct KeepReply {}

/// Gives leases of this connection back. One-way: there is no reply. Only on native connections
/// (see [`RegisterReply::native`](super::RegisterReply::native)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "release_leases_notice")]
pub struct ReleaseLeasesNotice {
    /// One entry for each lease; a blob leased twice appears twice.
    pub ids: Vec<ObjectId>,
}

fn write_payloads<M: SerializeMap>(map: &mut M, payloads: &[Payload]) -> Result<(), M::Error> {
    indexed::write(map, payloads)?;
    map.serialize_entry("payloads", payloads)
}

impl Serialize for CreateBuffersReply {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", "create_buffers_reply")?;
        map.serialize_entry("ids", &self.ids)?;
        map.serialize_entry("fds", &self.fds)?;
        write_payloads(&mut map, &self.payloads)?;
        map.end()
    }
}

impl Serialize for GetBuffersReply {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", "get_buffers_reply")?;
        map.serialize_entry("compress", &self.compress)?;
        map.serialize_entry("fds", &self.fds)?;
        write_payloads(&mut map, &self.payloads)?;
        map.end()
    }
}

impl Serialize for GetBuffersRequest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", "get_buffers_request")?;
        match &self.ids {
            IdList::Listed(ids) => map.serialize_entry("ids", ids)?,
            IdList::Indexed(ids) => indexed::write(&mut map, ids)?,
        }
        map.serialize_entry("unsafe", &self.unsealed)?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for GetBuffersRequest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut found = indexed::read::<ObjectId, D>(deserializer)?;
        let unsealed = found.unsealed;
        let ids = match found.ids.take() {
            Some(ids) => IdList::Listed(ids),
            None => IdList::Indexed(found.into_items()?),
        };
        Ok(Self { ids, unsealed })
    }
}

impl<'de> Deserialize<'de> for GetBuffersReply {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut found = indexed::read::<Payload, D>(deserializer)?;
        let (fds, compress) = (std::mem::take(&mut found.fds), found.compress);
        let payloads = match found.payloads.take() {
            Some(payloads) => payloads,
            None => found.into_items()?,
        };
        Ok(Self { payloads, fds, compress })
    }
}

impl<'de> Deserialize<'de> for CreateBuffersReply {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut found = indexed::read::<Payload, D>(deserializer)?;
        let fds = std::mem::take(&mut found.fds);
        let ids = found.ids.take().ok_or_else(|| D::Error::missing_field("ids"))?;
        let payloads = match found.payloads.take() {
            Some(payloads) => payloads,
            None => found.into_items()?,
        };
        if ids.len() != payloads.len() {
            return Err(D::Error::custom(format_args!("{} ids for {} payloads", ids.len(), payloads.len())));
        }
        Ok(Self { ids, payloads, fds })
    }
}
