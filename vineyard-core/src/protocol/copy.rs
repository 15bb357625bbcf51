//! Metadata that is changed without being written anew: labels, copies, moves, and the end of it all.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::id::ObjectId;

/// Adds labels to an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "label_request")]
pub struct LabelRequest {
    /// The object.
    pub id: ObjectId,
    /// Keys of the labels.
    pub keys: Vec<String>,
    /// Their values, as many as keys.
    pub values: Vec<String>,
}

/// Answers [`LabelRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "label_reply")]
pub struct LabelReply {}

/// Makes a second object of the same members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "shallow_copy_request")]
pub struct ShallowCopyRequest {
    /// The object.
    pub id: ObjectId,
    /// Plain fields of the copy that differ, as a JSON object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extra: Option<Value>,
}

/// Answers [`ShallowCopyRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "shallow_copy_reply")]
pub struct ShallowCopyReply {
    /// The copy.
    pub target_id: ObjectId,
}

/// Gets a copy of an object onto this instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "migrate_object_request")]
pub struct MigrateObjectRequest {
    /// The object.
    pub object_id: ObjectId,
}

/// Answers [`MigrateObjectRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "migrate_object_reply")]
pub struct MigrateObjectReply {
    /// The copy; the object itself if it is here.
    pub object_id: ObjectId,
}

/// Deletes everything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "clear_request")]
pub struct ClearRequest {}

/// Answers [`ClearRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "clear_reply")]
pub struct ClearReply {}

/// Gives unused memory back to the system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "memory_trim_request")]
pub struct MemoryTrimRequest {}

/// Answers [`MemoryTrimRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "memory_trim_reply")]
pub struct MemoryTrimReply {
    /// Whether any was given back.
    pub trimmed: bool,
}
