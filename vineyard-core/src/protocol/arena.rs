//! Memory that clients divide themselves, and memory that moves from one session to another.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::lax;
use crate::id::ObjectId;

/// Asks for an arena of one's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "make_arena_request")]
pub struct MakeArenaRequest {
    /// Bytes; 2^64-1 means as many as the server has.
    #[serde(deserialize_with = "lax::u64")]
    pub size: u64,
}

/// Answers [`MakeArenaRequest`]; the descriptor always follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "make_arena_reply")]
pub struct MakeArenaReply {
    /// The label.
    #[serde(deserialize_with = "lax::i64")]
    pub fd: i64,
    /// Bytes, all of which may be mapped.
    #[serde(deserialize_with = "lax::u64")]
    pub size: u64,
    /// Address in the server; unused.
    #[serde(deserialize_with = "lax::u64")]
    pub base: u64,
}

/// Gives an arena back, and says which parts of it hold data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "finalize_arena_request")]
pub struct FinalizeArenaRequest {
    /// The label.
    #[serde(deserialize_with = "lax::i64")]
    pub fd: i64,
    /// Where the parts start, in bytes.
    pub offsets: Vec<u64>,
    /// Their lengths, in bytes.
    pub sizes: Vec<u64>,
}

/// Answers [`FinalizeArenaRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "finalize_arena_reply")]
pub struct FinalizeArenaReply {}

/// Takes blobs of another session over. Which of the four lists counts, follows from the kinds of the two sessions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "move_buffers_ownership_request")]
pub struct MoveBuffersOwnershipRequest {
    /// The session that has the blobs.
    #[serde(deserialize_with = "lax::i64")]
    pub session_id: i64,
    /// From normal to normal: old and new id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub id_to_id: Vec<(ObjectId, ObjectId)>,
    /// From normal to plasma: old id and new plasma id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub id_to_pid: Vec<(ObjectId, String)>,
    /// From plasma to normal: old plasma id and new id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pid_to_id: BTreeMap<String, ObjectId>,
    /// From plasma to plasma: old and new plasma id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pid_to_pid: BTreeMap<String, String>,
}

/// Answers [`MoveBuffersOwnershipRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "move_buffers_ownership_reply")]
pub struct MoveBuffersOwnershipReply {}
