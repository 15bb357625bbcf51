//! What connections depend on.

use vineyard_core::ServerError;
use vineyard_core::protocol::{
    IncreaseReferenceCountReply, IncreaseReferenceCountRequest, IsInUseReply, IsInUseRequest, ReleaseReply,
    ReleaseRequest,
};

use super::{Connection, many};
use crate::session::Session;

/// Makes the connection depend on blobs.
pub(super) async fn increase(
    connection: &Connection,
    request: &IncreaseReferenceCountRequest,
) -> IncreaseReferenceCountReply {
    many::each_step(&connection.session(), &request.ids, |blobs, step| blobs.retain(connection.id(), step)).await;
    IncreaseReferenceCountReply {}
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
