//! What a connection depends on: references, use, and where a blob is kept.

use serde::{Deserialize, Serialize};

use crate::id::ObjectId;

/// Makes the connection depend on blobs, each once however often it is named. Unknown ids are accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "increase_reference_count_request")]
pub struct IncreaseReferenceCountRequest {
    /// The blobs.
    pub ids: Vec<ObjectId>,
}

/// Answers [`IncreaseReferenceCountRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "increase_reference_count_reply")]
pub struct IncreaseReferenceCountReply {}

/// Ends the connection's dependency on a blob.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "release_request")]
pub struct ReleaseRequest {
    /// The blob.
    pub object_id: ObjectId,
}

/// Answers [`ReleaseRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "release_reply")]
pub struct ReleaseReply {}

/// Asks whether any connection depends on a blob, or it is still being written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "is_in_use_request")]
pub struct IsInUseRequest {
    /// The blob.
    pub id: ObjectId,
}

/// Answers [`IsInUseRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "is_in_use_reply")]
pub struct IsInUseReply {
    /// Whether it is.
    pub is_in_use: bool,
}

/// Asks whether a blob is kept on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "is_spilled_request")]
pub struct IsSpilledRequest {
    /// The blob.
    pub id: ObjectId,
}

/// Answers [`IsSpilledRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "is_spilled_reply")]
pub struct IsSpilledReply {
    /// Whether it is.
    pub is_spilled: bool,
}

/// Moves the blobs below objects to disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "evict_request")]
pub struct EvictRequest {
    /// The objects or blobs.
    pub ids: Vec<ObjectId>,
}

/// Answers [`EvictRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "evict_reply")]
pub struct EvictReply {}

/// Brings the blobs below objects back into memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "load_request")]
pub struct LoadRequest {
    /// The objects or blobs.
    pub ids: Vec<ObjectId>,
    /// Whether to keep them there.
    #[serde(default)]
    pub pin: bool,
}

/// Answers [`LoadRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "load_reply")]
pub struct LoadReply {}

/// Lets the blobs below objects go to disk again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "unpin_request")]
pub struct UnpinRequest {
    /// The objects or blobs.
    pub ids: Vec<ObjectId>,
}

/// Answers [`UnpinRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "unpin_reply")]
pub struct UnpinReply {}
