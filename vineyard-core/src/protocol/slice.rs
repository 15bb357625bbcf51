//! Slices: blobs that are parts of others. Only on native connections that offer them.

use serde::{Deserialize, Serialize};

use crate::id::ObjectId;

/// Makes sealed blobs of parts of others, all or none, without copying a byte. They are
/// [owned](super::CreateBufferRequest::owned) by the connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "slice_buffers_request")]
pub struct SliceBuffersRequest {
    /// The blobs, one for each part.
    pub ids: Vec<ObjectId>,
    /// Where each part starts in its blob, in bytes.
    pub offsets: Vec<u64>,
    /// How many bytes each part has; 0 gives the empty blob.
    pub sizes: Vec<u64>,
}

/// Answers [`SliceBuffersRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "slice_buffers_reply")]
pub struct SliceBuffersReply {
    /// The new blobs, in the order of the request.
    pub ids: Vec<ObjectId>,
}
