//! What connections depend on, and moving what nobody depends on to disk.

use vineyard_core::protocol::{
    EvictReply, EvictRequest, IncreaseReferenceCountReply, IncreaseReferenceCountRequest, IsInUseReply, IsInUseRequest,
    IsSpilledReply, IsSpilledRequest, LoadReply, LoadRequest, ReleaseReply, ReleaseRequest, UnpinReply, UnpinRequest,
};
use vineyard_core::{ServerError, StatusCode};

use super::{Connection, many};
use crate::session::Session;
use crate::store::BlobStore;

/// Makes the connection depend on blobs.
pub(super) async fn increase(
    connection: &Connection,
    request: &IncreaseReferenceCountRequest,
) -> Result<IncreaseReferenceCountReply, ServerError> {
    let (session, by) = (connection.session(), connection.id());
    // For all of them at once, so that it is not refused in between.
    let _room = BlobStore::room_for(&session.budget, request.ids.len())?;
    many::each_step(&session, &request.ids, |blobs, step| blobs.retain(by, step)).await;
    Ok(IncreaseReferenceCountReply {})
}

/// Ends the connection's dependency on a blob.
pub(super) fn release(connection: &Connection, request: &ReleaseRequest) -> Result<ReleaseReply, ServerError> {
    connection.session().blobs().release(connection.id(), request.object_id)?;
    Ok(ReleaseReply {})
}

/// Whether a blob has to stay where it is.
pub(super) fn is_in_use(session: &Session, request: &IsInUseRequest) -> IsInUseReply {
    IsInUseReply { is_in_use: session.blobs().is_in_use(request.id) }
}

/// Whether a blob is on disk, which none is.
pub(super) fn is_spilled(_: &IsSpilledRequest) -> IsSpilledReply {
    IsSpilledReply { is_spilled: false }
}

/// Moves blobs to disk, which needs a place there.
pub(super) fn evict(_: &EvictRequest) -> Result<EvictReply, ServerError> {
    Err(ServerError::new(StatusCode::Invalid, "spilling is off: nothing can be evicted"))
}

/// Brings blobs back into memory, where all are.
pub(super) fn load(_: &LoadRequest) -> LoadReply {
    LoadReply {}
}

/// Lets blobs go to disk again, where none goes.
pub(super) fn unpin(_: &UnpinRequest) -> UnpinReply {
    UnpinReply {}
}
