//! Locks that clients of a cluster share.

use serde::{Deserialize, Serialize};

/// Waits for a lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "acquire_lock_request")]
pub struct AcquireLockRequest {
    /// Its name.
    pub key: String,
}

/// Answers [`AcquireLockRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "acquire_lock_reply")]
pub struct AcquireLockReply {
    /// Whether it is held.
    pub result: bool,
    /// What to release it by.
    pub key: String,
}

/// Gives a lock back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "release_lock_request")]
pub struct ReleaseLockRequest {
    /// What the reply to [`AcquireLockRequest`] named.
    pub key: String,
}

/// Answers [`ReleaseLockRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "release_lock_reply")]
pub struct ReleaseLockReply {
    /// Whether it was given back.
    pub result: bool,
}
