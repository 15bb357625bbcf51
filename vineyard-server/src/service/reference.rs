//! What connections depend on.

use vineyard_core::ServerError;
use vineyard_core::protocol::{
    IncreaseReferenceCountReply, IncreaseReferenceCountRequest, IsInUseReply, IsInUseRequest, ReleaseReply,
    ReleaseRequest,
};

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
