//! Streams: chunks that one side writes and another reads while they are written.

use serde::{Deserialize, Serialize};

use super::blob::Payload;
use super::lax;
use crate::id::ObjectId;

/// Makes a stream. It goes by the id of the object that describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "create_stream_request")]
pub struct CreateStreamRequest {
    /// The object that describes it.
    pub object_id: ObjectId,
}

/// Answers [`CreateStreamRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "create_stream_reply")]
pub struct CreateStreamReply {}

/// Claims one end of a stream, or both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "open_stream_request")]
pub struct OpenStreamRequest {
    /// The stream.
    pub object_id: ObjectId,
    /// Bits: [`READ`](Self::READ), [`WRITE`](Self::WRITE).
    #[serde(deserialize_with = "lax::i64")]
    pub mode: i64,
}

impl OpenStreamRequest {
    /// The bit of the reading end.
    pub const READ: i64 = 1;
    /// The bit of the writing end.
    pub const WRITE: i64 = 2;
}

/// Answers [`OpenStreamRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "open_stream_reply")]
pub struct OpenStreamReply {}

/// Hands the chunk that was written to the reader and asks for room for the next; waits for room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "get_next_stream_chunk_request")]
pub struct GetNextStreamChunkRequest {
    /// The stream.
    pub id: ObjectId,
    /// Length of the next chunk in bytes.
    #[serde(deserialize_with = "lax::u64")]
    pub size: u64,
}

/// Answers [`GetNextStreamChunkRequest`]; a descriptor follows unless `fd` is -1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "get_next_stream_chunk_reply")]
pub struct GetNextStreamChunkReply {
    /// Where the new chunk lies.
    pub buffer: Payload,
    /// The label whose descriptor follows, or -1.
    #[serde(deserialize_with = "lax::i64")]
    pub fd: i64,
}

/// Appends an object or blob that exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "push_next_stream_chunk_request")]
pub struct PushNextStreamChunkRequest {
    /// The stream.
    pub id: ObjectId,
    /// The object or blob.
    pub chunk: ObjectId,
}

/// Answers [`PushNextStreamChunkRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "push_next_stream_chunk_reply")]
pub struct PushNextStreamChunkReply {}

/// Gives the chunk that was read up and asks for the next; waits for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "pull_next_stream_chunk_request")]
pub struct PullNextStreamChunkRequest {
    /// The stream.
    pub id: ObjectId,
}

/// Answers [`PullNextStreamChunkRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "pull_next_stream_chunk_reply")]
pub struct PullNextStreamChunkReply {
    /// The chunk, a blob or an object.
    pub chunk: ObjectId,
}

/// Ends a stream: no chunk follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "stop_stream_request")]
pub struct StopStreamRequest {
    /// The stream.
    pub id: ObjectId,
    /// Whether the writer failed.
    pub failed: bool,
}

/// Answers [`StopStreamRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "stop_stream_reply")]
pub struct StopStreamReply {}

/// Forgets a stream, with the chunks that nobody has read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "drop_stream_request")]
pub struct DropStreamRequest {
    /// The stream.
    pub id: ObjectId,
}

/// Answers [`DropStreamRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "drop_stream_reply")]
pub struct DropStreamReply {}
