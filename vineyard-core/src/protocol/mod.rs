//! The wire protocol of vineyard 0.24 as typed messages. No I/O happens here.
//!
//! A message is a [`frame`] of JSON with a `type`. An error reply has no type but a `code` and a `message`.
//! Each family of messages has its own file, requests and replies side by side; [`Call`] ties them together,
//! [`Request::decode`] is the server's door and [`decode_reply`] the client's.

mod arena;
mod blob;
pub mod chunk;
mod copy;
mod device;
pub mod frame;
mod head;
mod indexed;
pub mod lax;
mod lock;
mod meta;
mod name;
pub mod native;
mod plasma;
mod reference;
mod remote;
mod session;
mod slice;
mod stream;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::meta::RecordError;
use crate::status::{ServerError, StatusCode};
use head::message_type;

pub use arena::{
    FinalizeArenaReply, FinalizeArenaRequest, MakeArenaReply, MakeArenaRequest, MoveBuffersOwnershipReply,
    MoveBuffersOwnershipRequest,
};
pub use blob::{
    CreateBufferReply, CreateBufferRequest, CreateBuffersReply, CreateBuffersRequest, DropBufferReply,
    DropBufferRequest, GetBuffersReply, GetBuffersRequest, IdList, KeepReply, KeepRequest, Payload,
    ReleaseLeasesNotice, SealReply, SealRequest, ShrinkBufferReply, ShrinkBufferRequest,
};
pub use copy::{
    ClearReply, ClearRequest, LabelReply, LabelRequest, MemoryTrimReply, MemoryTrimRequest, MigrateObjectReply,
    MigrateObjectRequest, ShallowCopyReply, ShallowCopyRequest,
};
pub use device::{
    CreateDiskBufferReply, CreateDiskBufferRequest, CreateGpuBufferReply, CreateGpuBufferRequest, GetGpuBuffersReply,
    GetGpuBuffersRequest,
};
pub use lock::{AcquireLockReply, AcquireLockRequest, ReleaseLockReply, ReleaseLockRequest};
pub use meta::{
    Content, CreateDataReply, CreateDataRequest, CreateDatasReply, CreateDatasRequest, DelDataReply, DelDataRequest,
    DelDataWithFeedbacksReply, DelDataWithFeedbacksRequest, ExistsReply, ExistsRequest, GetDataReply, GetDataRequest,
    IfPersistReply, IfPersistRequest, ListDataRequest, NEW_MEMBER, PersistReply, PersistRequest,
};
pub use name::{
    DropNameReply, DropNameRequest, GetNameReply, GetNameRequest, ListNameReply, ListNameRequest, PutNameReply,
    PutNameRequest,
};
pub use native::{
    CreateBlobsReply, CreateBlobsRequest, Found, GetObjectsReply, GetObjectsRequest, PayloadsOf, PutObjectsReply,
    PutObjectsRequest, Wanted,
};
pub use plasma::{
    CreateBufferByPlasmaReply, CreateBufferByPlasmaRequest, GetBuffersByPlasmaReply, GetBuffersByPlasmaRequest,
    PlasmaDeleteDataReply, PlasmaDeleteDataRequest, PlasmaPayload, PlasmaReleaseReply, PlasmaReleaseRequest,
    PlasmaSealRequest,
};
pub use reference::{
    EvictReply, EvictRequest, IncreaseReferenceCountReply, IncreaseReferenceCountRequest, IsInUseReply, IsInUseRequest,
    IsSpilledReply, IsSpilledRequest, LoadReply, LoadRequest, ReleaseReply, ReleaseRequest, UnpinReply, UnpinRequest,
};
pub use remote::{
    CreateRemoteBufferRequest, CreateRemoteBuffersRequest, GetRemoteBuffersRequest, ReleaseBlobsWithRdmaReply,
    ReleaseBlobsWithRdmaRequest,
};
pub use session::{
    ClusterMetaReply, ClusterMetaRequest, DebugReply, DebugRequest, DeleteSessionReply, DeleteSessionRequest,
    ExitRequest, InstanceMeta, InstanceStatus, InstanceStatusReply, InstanceStatusRequest, NATIVE_VERSION, NativeReply,
    NewSessionReply, NewSessionRequest, PROTOCOL_VERSION, RegisterReply, RegisterRequest, StoreType,
};
pub use slice::{SliceBuffersReply, SliceBuffersRequest};
pub use stream::{
    CreateStreamReply, CreateStreamRequest, DropStreamReply, DropStreamRequest, GetNextStreamChunkReply,
    GetNextStreamChunkRequest, OpenStreamReply, OpenStreamRequest, PullNextStreamChunkReply,
    PullNextStreamChunkRequest, PushNextStreamChunkReply, PushNextStreamChunkRequest, StopStreamReply,
    StopStreamRequest,
};

/// A request with one reply.
pub trait Call: Serialize + DeserializeOwned {
    /// The `type` of the request.
    const TYPE: &'static str;
    /// The `type` of the reply.
    const REPLY_TYPE: &'static str;
    /// What the server answers.
    type Reply: Serialize + DeserializeOwned;
}

/// A message that cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// Not a JSON object.
    #[error("message is not a JSON object")]
    NotAnObject(#[source] Option<serde_json::Error>),
    /// No `type`, or one that is not text.
    #[error("message has no textual `type` field")]
    NoType,
    /// A type that the protocol does not have.
    #[error("unknown message type `{found}`")]
    UnknownType {
        /// The `type` of the message.
        found: String,
    },
    /// A field is missing or of the wrong kind.
    #[error("malformed `{message_type}`: {cause}")]
    Field {
        /// The `type` of the message.
        message_type: &'static str,
        /// What is wrong with which field.
        cause: serde_json::Error,
    },
    /// A binary message that does not hold what it promises.
    #[error("malformed `{message_type}`: {what}")]
    Binary {
        /// The type of the message.
        message_type: &'static str,
        /// What is wrong.
        what: &'static str,
    },
    /// Metadata in binary form that cannot be read.
    #[error(transparent)]
    Record(RecordError),
    /// Another reply than the one that was asked for.
    #[error("expected a message of type `{expected}`, found `{found}`")]
    UnexpectedType {
        /// The type that was asked for.
        expected: &'static str,
        /// The type that came.
        found: String,
    },
    /// The peer sent an error instead.
    #[error(transparent)]
    Peer(ServerError),
}

impl DecodeError {
    /// The error reply that a server gives.
    pub fn to_reply(&self) -> ErrorReply {
        let code = match self {
            Self::Peer(error) => error.code,
            _ => StatusCode::Invalid,
        };
        ErrorReply { code: code.as_raw(), message: self.to_string() }
    }
}

/// What a server answers when it cannot give the reply. The only message with a `code`, and without a `type`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorReply {
    /// The number of a [`StatusCode`].
    #[serde(deserialize_with = "lax::i64")]
    pub code: i64,
    /// Free text.
    #[serde(default)]
    pub message: String,
}

impl From<&ServerError> for ErrorReply {
    fn from(error: &ServerError) -> Self {
        Self { code: error.code.as_raw(), message: error.message.clone() }
    }
}

impl From<ErrorReply> for ServerError {
    fn from(reply: ErrorReply) -> Self {
        Self { code: StatusCode::from_raw(reply.code), message: reply.message }
    }
}

/// Reads the reply to a `C`.
///
/// # Errors
///
/// [`DecodeError::Peer`] if the server answered with an error, [`DecodeError::UnexpectedType`] if it answered
/// something else, the other kinds if the message is malformed.
pub fn decode_reply<C: Call>(body: &[u8]) -> Result<C::Reply, DecodeError> {
    let found = message_type(body)?;
    if found != C::REPLY_TYPE {
        return Err(DecodeError::UnexpectedType { expected: C::REPLY_TYPE, found: found.into_owned() });
    }
    serde_json::from_slice(body).map_err(|cause| DecodeError::Field { message_type: C::REPLY_TYPE, cause })
}

macro_rules! requests {
    ($($variant:ident($request:ty) = $kind:literal => $reply:ty = $reply_kind:literal,)*) => {
        $(
            impl Call for $request {
                const TYPE: &'static str = $kind;
                const REPLY_TYPE: &'static str = $reply_kind;
                type Reply = $reply;
            }
        )*

        /// Every request that is offered.
        #[derive(Debug, Clone, PartialEq)]
        #[expect(missing_docs, reason = "each variant is named after the request it holds")]
        #[non_exhaustive]
        pub enum Request {
            $($variant($request),)*
            Exit(ExitRequest),
            ReleaseLeases(ReleaseLeasesNotice),
            GetObjects(GetObjectsRequest),
            CreateBlobs(CreateBlobsRequest),
            PutObjects(PutObjectsRequest),
        }

        /// The types of requests, for who counts or compares them without their contents.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "each variant is named after the request it stands for")]
        #[non_exhaustive]
        pub enum RequestType {
            $($variant,)*
            Exit,
            ReleaseLeases,
            GetObjects,
            CreateBlobs,
            PutObjects,
        }

        impl RequestType {
            /// All of them.
            pub const ALL: &'static [Self] = &[
                $(Self::$variant,)* Self::Exit, Self::ReleaseLeases, Self::GetObjects, Self::CreateBlobs, Self::PutObjects,
            ];

            /// Where it stands in [`ALL`](Self::ALL).
            pub const fn index(self) -> usize {
                self as usize
            }

            /// The `type` of such requests.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $kind,)*
                    Self::Exit => "exit_request",
                    Self::ReleaseLeases => "release_leases_notice",
                    Self::GetObjects => GetObjectsRequest::TYPE,
                    Self::CreateBlobs => CreateBlobsRequest::TYPE,
                    Self::PutObjects => PutObjectsRequest::TYPE,
                }
            }
        }

        impl Request {
            /// The `type` of every request in JSON.
            pub const TYPES: &'static [&'static str] = &[$($kind,)* "exit_request", "release_leases_notice"];

            /// Reads a request.
            ///
            /// # Errors
            ///
            /// [`DecodeError`] says what is wrong; [`DecodeError::to_reply`] is the answer to give.
            pub fn decode(body: &[u8]) -> Result<Self, DecodeError> {
                fn field<T: DeserializeOwned>(message_type: &'static str, body: &[u8]) -> Result<T, DecodeError> {
                    serde_json::from_slice(body).map_err(|cause| DecodeError::Field { message_type, cause })
                }
                if body.first() == Some(&native::MARK) {
                    return Ok(match native::decode(body)? {
                        native::Request::GetObjects(request) => Self::GetObjects(request),
                        native::Request::CreateBlobs(request) => Self::CreateBlobs(request),
                        native::Request::PutObjects(request) => Self::PutObjects(request),
                    });
                }
                let found = message_type(body)?;
                match found.as_ref() {
                    $($kind => field($kind, body).map(Self::$variant),)*
                    "exit_request" => Ok(Self::Exit(ExitRequest {})),
                    "release_leases_notice" => field("release_leases_notice", body).map(Self::ReleaseLeases),
                    other => Err(DecodeError::UnknownType { found: other.chars().take(80).collect() }),
                }
            }

            /// Appends the request as one frame.
            ///
            /// # Errors
            ///
            /// As [`frame::encode`].
            pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), frame::FrameError> {
                match self {
                    $(Self::$variant(request) => frame::encode(out, request),)*
                    Self::Exit(request) => frame::encode(out, request),
                    Self::ReleaseLeases(request) => frame::encode(out, request),
                    Self::GetObjects(request) => {
                        request.encode(out);
                        Ok(())
                    }
                    Self::CreateBlobs(request) => {
                        request.encode(out);
                        Ok(())
                    }
                    Self::PutObjects(request) => {
                        request.encode(out);
                        Ok(())
                    }
                }
            }

            /// The type of the request.
            pub fn request_type(&self) -> RequestType {
                match self {
                    $(Self::$variant(_) => RequestType::$variant,)*
                    Self::Exit(_) => RequestType::Exit,
                    Self::ReleaseLeases(_) => RequestType::ReleaseLeases,
                    Self::GetObjects(_) => RequestType::GetObjects,
                    Self::CreateBlobs(_) => RequestType::CreateBlobs,
                    Self::PutObjects(_) => RequestType::PutObjects,
                }
            }

            /// The `type` of the request, as it is written.
            pub fn message_type(&self) -> &'static str {
                self.request_type().name()
            }
        }
    };
}

requests! {
    Register(RegisterRequest) = "register_request" => RegisterReply = "register_reply",
    InstanceStatus(InstanceStatusRequest) = "instance_status_request" => InstanceStatusReply = "instance_status_reply",
    ClusterMeta(ClusterMetaRequest) = "cluster_meta" => ClusterMetaReply = "cluster_meta",
    CreateBuffer(CreateBufferRequest) = "create_buffer_request" => CreateBufferReply = "create_buffer_reply",
    CreateBuffers(CreateBuffersRequest) = "create_buffers_request" => CreateBuffersReply = "create_buffers_reply",
    Seal(SealRequest) = "seal_request" => SealReply = "seal_reply",
    GetBuffers(GetBuffersRequest) = "get_buffers_request" => GetBuffersReply = "get_buffers_reply",
    DropBuffer(DropBufferRequest) = "drop_buffer_request" => DropBufferReply = "drop_buffer_reply",
    ShrinkBuffer(ShrinkBufferRequest) = "shrink_buffer_request" => ShrinkBufferReply = "shrink_buffer_reply",
    Keep(KeepRequest) = "keep_request" => KeepReply = "keep_reply",
    SliceBuffers(SliceBuffersRequest) = "slice_buffers_request" => SliceBuffersReply = "slice_buffers_reply",
    CreateData(CreateDataRequest) = "create_data_request" => CreateDataReply = "create_data_reply",
    CreateDatas(CreateDatasRequest) = "create_datas_request" => CreateDatasReply = "create_datas_reply",
    GetData(GetDataRequest) = "get_data_request" => GetDataReply = "get_data_reply",
    ListData(ListDataRequest) = "list_data_request" => GetDataReply = "get_data_reply",
    DelData(DelDataRequest) = "del_data_request" => DelDataReply = "del_data_reply",
    Exists(ExistsRequest) = "exists_request" => ExistsReply = "exists_reply",
    Persist(PersistRequest) = "persist_request" => PersistReply = "persist_reply",
    IfPersist(IfPersistRequest) = "if_persist_request" => IfPersistReply = "if_persist_reply",
    PutName(PutNameRequest) = "put_name_request" => PutNameReply = "put_name_reply",
    GetName(GetNameRequest) = "get_name_request" => GetNameReply = "get_name_reply",
    ListName(ListNameRequest) = "list_name_request" => ListNameReply = "list_name_reply",
    DropName(DropNameRequest) = "drop_name_request" => DropNameReply = "drop_name_reply",
    IncreaseReferenceCount(IncreaseReferenceCountRequest) = "increase_reference_count_request" => IncreaseReferenceCountReply = "increase_reference_count_reply",
    Release(ReleaseRequest) = "release_request" => ReleaseReply = "release_reply",
    IsInUse(IsInUseRequest) = "is_in_use_request" => IsInUseReply = "is_in_use_reply",
    IsSpilled(IsSpilledRequest) = "is_spilled_request" => IsSpilledReply = "is_spilled_reply",
    Evict(EvictRequest) = "evict_request" => EvictReply = "evict_reply",
    Load(LoadRequest) = "load_request" => LoadReply = "load_reply",
    Unpin(UnpinRequest) = "unpin_request" => UnpinReply = "unpin_reply",
    CreateDiskBuffer(CreateDiskBufferRequest) = "create_disk_buffer_request" => CreateDiskBufferReply = "create_disk_buffer_reply",
    CreateGpuBuffer(CreateGpuBufferRequest) = "create_gpu_buffer_request" => CreateGpuBufferReply = "create_gpu_buffer_reply",
    GetGpuBuffers(GetGpuBuffersRequest) = "get_gpu_buffers_request" => GetGpuBuffersReply = "get_gpu_buffers_reply",
    ReleaseBlobsWithRdma(ReleaseBlobsWithRdmaRequest) = "release_blobs_with_rdma_request" => ReleaseBlobsWithRdmaReply = "release_blobs_with_rdma_reply",
    DelDataWithFeedbacks(DelDataWithFeedbacksRequest) = "del_data_with_feedbacks_request" => DelDataWithFeedbacksReply = "del_data_with_feedbacks_reply",
    Label(LabelRequest) = "label_request" => LabelReply = "label_reply",
    ShallowCopy(ShallowCopyRequest) = "shallow_copy_request" => ShallowCopyReply = "shallow_copy_reply",
    MigrateObject(MigrateObjectRequest) = "migrate_object_request" => MigrateObjectReply = "migrate_object_reply",
    Clear(ClearRequest) = "clear_request" => ClearReply = "clear_reply",
    MemoryTrim(MemoryTrimRequest) = "memory_trim_request" => MemoryTrimReply = "memory_trim_reply",
    CreateStream(CreateStreamRequest) = "create_stream_request" => CreateStreamReply = "create_stream_reply",
    OpenStream(OpenStreamRequest) = "open_stream_request" => OpenStreamReply = "open_stream_reply",
    GetNextStreamChunk(GetNextStreamChunkRequest) = "get_next_stream_chunk_request" => GetNextStreamChunkReply = "get_next_stream_chunk_reply",
    PushNextStreamChunk(PushNextStreamChunkRequest) = "push_next_stream_chunk_request" => PushNextStreamChunkReply = "push_next_stream_chunk_reply",
    PullNextStreamChunk(PullNextStreamChunkRequest) = "pull_next_stream_chunk_request" => PullNextStreamChunkReply = "pull_next_stream_chunk_reply",
    StopStream(StopStreamRequest) = "stop_stream_request" => StopStreamReply = "stop_stream_reply",
    DropStream(DropStreamRequest) = "drop_stream_request" => DropStreamReply = "drop_stream_reply",
    NewSession(NewSessionRequest) = "new_session_request" => NewSessionReply = "new_session_reply",
    DeleteSession(DeleteSessionRequest) = "delete_session_request" => DeleteSessionReply = "delete_session_reply",
    MoveBuffersOwnership(MoveBuffersOwnershipRequest) = "move_buffers_ownership_request" => MoveBuffersOwnershipReply = "move_buffers_ownership_reply",
    MakeArena(MakeArenaRequest) = "make_arena_request" => MakeArenaReply = "make_arena_reply",
    FinalizeArena(FinalizeArenaRequest) = "finalize_arena_request" => FinalizeArenaReply = "finalize_arena_reply",
    CreateBufferByPlasma(CreateBufferByPlasmaRequest) = "create_buffer_by_plasma_request" => CreateBufferByPlasmaReply = "create_buffer_by_plasma_reply",
    GetBuffersByPlasma(GetBuffersByPlasmaRequest) = "get_buffers_by_plasma_request" => GetBuffersByPlasmaReply = "get_buffers_by_plasma_reply",
    PlasmaRelease(PlasmaReleaseRequest) = "plasma_release_request" => PlasmaReleaseReply = "plasma_release_reply",
    PlasmaDeleteData(PlasmaDeleteDataRequest) = "plasma_delete_data_request" => PlasmaDeleteDataReply = "plasma_delete_data_reply",
    AcquireLock(AcquireLockRequest) = "acquire_lock_request" => AcquireLockReply = "acquire_lock_reply",
    ReleaseLock(ReleaseLockRequest) = "release_lock_request" => ReleaseLockReply = "release_lock_reply",
    CreateRemoteBuffer(CreateRemoteBufferRequest) = "create_remote_buffer_request" => CreateBufferReply = "create_buffer_reply",
    CreateRemoteBuffers(CreateRemoteBuffersRequest) = "create_remote_buffers_request" => CreateBuffersReply = "create_buffers_reply",
    GetRemoteBuffers(GetRemoteBuffersRequest) = "get_remote_buffers_request" => GetBuffersReply = "get_buffers_reply",
    PlasmaSeal(PlasmaSealRequest) = "plasma_seal_request" => SealReply = "seal_reply",
    Debug(DebugRequest) = "debug_command" => DebugReply = "debug_reply",
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code_of(body: &str) -> i64 {
        match Request::decode(body.as_bytes()) {
            Ok(request) => panic!("{body} was read as {request:?}"),
            Err(error) => error.to_reply().code,
        }
    }

    #[test]
    fn malformed_requests_get_a_code() {
        for body in [
            "",
            "[]",
            "null",
            "\"abc\"",
            "5",
            "{}",
            "{\"type\":5}",
            "{\"type\":null}",
            "{\"type\":true}",
            "{\"type\":-5}",
            "{\"type\":0.5}",
            "{\"type\":[\"exit_request\",[]]}",
            "{\"type\":{\"type\":\"exit_request\"}}",
            "{\"type\":\"frobnicate\"}",
            "{",
            "[\"exit_request\"]",
            "{\"type\":\"seal_request\"}",
            "{\"type\":\"seal_request\",\"object_id\":\"1\"}",
            "{\"type\":\"create_data_request\",\"content\":[]}",
            "{\"type\":\"create_data_request\",\"content\":null}",
            "{\"type\":\"create_data_request\"}",
            "{\"type\":\"create_datas_request\",\"contents\":[5]}",
            "{\"type\":\"get_buffers_request\",\"num\":3,\"0\":1,\"2\":1}",
            "{\"type\":\"get_buffers_request\",\"num\":18446744073709551615}",
        ] {
            assert_eq!(code_of(body), 1, "{body}");
        }
    }

    #[test]
    fn every_type_stands_where_its_index_says() {
        assert!(RequestType::ALL.iter().enumerate().all(|(index, kind)| kind.index() == index));
        let request = Request::Exit(ExitRequest {});
        assert_eq!((request.request_type(), request.message_type()), (RequestType::Exit, "exit_request"));
    }

    #[test]
    fn a_request_with_a_code_is_an_error_of_the_peer() {
        assert_eq!(code_of("{\"type\":\"exit_request\",\"code\":12,\"message\":\"x\"}"), 12);
    }

    #[test]
    fn an_error_reply_wins_over_the_type() {
        let error = decode_reply::<SealRequest>(br#"{"code":0,"message":"ok","type":"seal_reply"}"#);
        assert!(matches!(error, Err(DecodeError::Peer(ServerError { code: StatusCode::Ok, .. }))));
        let error = decode_reply::<SealRequest>(br#"{"type":"exists_reply"}"#);
        assert!(matches!(error, Err(DecodeError::UnexpectedType { expected: "seal_reply", .. })));
    }
}
