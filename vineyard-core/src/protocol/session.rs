//! Session messages: register, exit, status of the instance and the cluster.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::lax;
use crate::id::{InstanceId, SessionId};

fn no_version() -> String {
    "0.0.0".to_owned()
}

/// The kind of store a client wants: a number or a word on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum StoreType {
    /// 1 is the normal store, 2 the plasma store.
    Number(i64),
    /// `"Plasma"`; any other word means the normal store.
    Word(String),
}

impl StoreType {
    /// The normal store.
    pub const NORMAL: Self = Self::Number(1);

    /// The plasma store.
    pub const PLASMA: Self = Self::Number(2);

    /// Whether the normal store is meant.
    pub fn is_normal(&self) -> bool {
        match self {
            Self::Number(number) => *number == 1,
            Self::Word(word) => word != "Plasma",
        }
    }

    /// Whether the plasma store is meant.
    pub fn is_plasma(&self) -> bool {
        match self {
            Self::Number(number) => *number == 2,
            Self::Word(word) => word == "Plasma",
        }
    }
}

fn normal() -> StoreType {
    StoreType::NORMAL
}

/// First request of a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "register_request")]
pub struct RegisterRequest {
    /// Version of the client's protocol.
    #[serde(default = "no_version")]
    pub version: String,
    /// The kind of store wanted.
    #[serde(default = "normal")]
    pub store_type: StoreType,
    /// The session wanted; only TCP connections choose it here.
    #[serde(default = "root", deserialize_with = "lax::i64")]
    pub session_id: i64,
    /// For servers that authenticate.
    #[serde(default)]
    pub username: String,
    /// For servers that authenticate.
    #[serde(default)]
    pub password: String,
    /// Version of the native protocol the client speaks; absent from stock clients.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub native: Option<u32>,
}

fn root() -> i64 {
    SessionId::ROOT.as_raw()
}

/// Answers [`RegisterRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "register_reply")]
pub struct RegisterReply {
    /// Path of the UNIX socket of the session.
    pub ipc_socket: String,
    /// `host:port` of the TCP endpoint, `0.0.0.0:0` without one.
    pub rpc_endpoint: String,
    /// Number of this instance.
    pub instance_id: InstanceId,
    /// The session reached.
    pub session_id: SessionId,
    /// Version of the server's protocol.
    #[serde(default = "no_version")]
    pub version: String,
    /// Whether the session's store is of the wanted kind.
    pub store_match: bool,
    /// Whether payloads over TCP may be compressed.
    pub support_rpc_compression: bool,
    /// What our own server adds for clients that asked for the native protocol.
    #[serde(flatten)]
    pub native: Option<NativeReply>,
}

/// The native protocol's part of the register reply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NativeReply {
    /// Version of the native protocol that both sides speak.
    pub native: u32,
    /// Deleted memory is not reused while this connection holds a lease on it.
    pub deferred_free: bool,
    /// Objects can be created and their blobs sealed by one request.
    #[serde(default)]
    pub seal_on_create: bool,
    /// Objects and their members can be created by one request, see [`NEW_MEMBER`](super::NEW_MEMBER).
    #[serde(default)]
    pub whole_trees: bool,
    /// Blobs can be [owned](super::CreateBufferRequest::owned) by their connection.
    #[serde(default)]
    pub owned_blobs: bool,
    /// Blobs can be [sealed by the kernel](super::CreateBufferRequest::sealable).
    #[serde(default)]
    pub kernel_seals: bool,
    /// Blobs can be parts of others, see [`SliceBuffersRequest`](super::SliceBuffersRequest).
    #[serde(default)]
    pub slices: bool,
    /// Objects can be got with their payloads by one request, see [`GetObjectsRequest`](super::GetObjectsRequest).
    #[serde(default)]
    pub get_objects: bool,
    /// Blobs and objects can be made by binary requests, see [`PutObjectsRequest`](super::PutObjectsRequest).
    #[serde(default)]
    pub put_objects: bool,
    /// Blobs with more bytes than this are to be sealed by the kernel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seal_above: Option<u64>,
    /// Differs between incarnations of a server, so that ids of an earlier one are not taken for its own.
    pub incarnation: u64,
}

/// The version of the native protocol that this crate speaks.
pub const NATIVE_VERSION: u32 = 1;

/// The version of the compat protocol that this crate speaks.
pub const PROTOCOL_VERSION: &str = "0.24.2";

/// Ends a connection; there is no reply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "exit_request")]
pub struct ExitRequest {}

/// Makes a session of its own objects, blobs and names, with a socket of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "new_session_request")]
pub struct NewSessionRequest {
    /// The kind of store: 2 is the plasma store, everything else the normal one.
    #[serde(default = "normal")]
    pub bulk_store_type: StoreType,
}

/// Answers [`NewSessionRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "new_session_reply")]
pub struct NewSessionReply {
    /// The socket of the new session, which listens already.
    pub socket_path: String,
}

/// Ends the session of the connection: nobody connects to it any more, and it goes with its last connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "delete_session_request")]
pub struct DeleteSessionRequest {}

/// Answers [`DeleteSessionRequest`]; the server ends the connection after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "delete_session_reply")]
pub struct DeleteSessionReply {}

/// Something for debugging; servers ignore it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "debug_command")]
pub struct DebugRequest {
    /// Anything.
    #[serde(default)]
    pub debug: Value,
}

/// Answers [`DebugRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "debug_reply")]
pub struct DebugReply {
    /// Null.
    #[serde(default)]
    pub result: Value,
}

/// Asks how the instance is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "instance_status_request")]
pub struct InstanceStatusRequest {}

/// Answers [`InstanceStatusRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "instance_status_reply")]
pub struct InstanceStatusReply {
    /// The figures.
    pub meta: InstanceStatus,
}

/// Figures of one instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceStatus {
    /// Number of this instance.
    pub instance_id: InstanceId,
    /// How the server was deployed; `local` by default.
    pub deployment: String,
    /// Bytes that blobs occupy.
    #[serde(deserialize_with = "lax::u64")]
    pub memory_usage: u64,
    /// Bytes that blobs may occupy.
    #[serde(deserialize_with = "lax::u64")]
    pub memory_limit: u64,
    /// Requests that wait for something.
    #[serde(deserialize_with = "lax::u64")]
    pub deferred_requests: u64,
    /// Connections to the UNIX socket, the asking one included.
    #[serde(deserialize_with = "lax::u64")]
    pub ipc_connections: u64,
    /// Connections to the TCP endpoint.
    #[serde(deserialize_with = "lax::u64")]
    pub rpc_connections: u64,
}

/// Asks for all instances of the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "cluster_meta")]
pub struct ClusterMetaRequest {}

/// Answers [`ClusterMetaRequest`]; the type is the same word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "cluster_meta")]
pub struct ClusterMetaReply {
    /// One entry for each instance, keyed `i` and its number.
    pub meta: BTreeMap<String, InstanceMeta>,
}

/// One instance of the cluster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InstanceMeta {
    /// Arbitrary number of the host.
    #[serde(deserialize_with = "lax::u64")]
    pub hostid: u64,
    /// Name of the host.
    pub hostname: String,
    /// Name of the cluster's node.
    pub nodename: String,
    /// Path of its UNIX socket.
    pub ipc_socket: String,
    /// `host:port` of its TCP endpoint.
    pub rpc_endpoint: String,
    /// Seconds since 1970 in the upper 32 bits, microseconds in the lower.
    #[serde(deserialize_with = "lax::u64")]
    pub timestamp: u64,
    /// Keys of other deployments.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

impl Eq for InstanceMeta {}
