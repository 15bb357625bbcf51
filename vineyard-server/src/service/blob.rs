//! Blobs: create, seal, get, drop, shrink, leases.

use vineyard_core::protocol::frame::MAX_BODY_BYTES;
use vineyard_core::protocol::{
    CreateBufferReply, CreateBufferRequest, CreateBuffersReply, CreateBuffersRequest, DropBufferReply,
    DropBufferRequest, GetBuffersReply, GetBuffersRequest, Payload, ReleaseLeasesNotice, SealReply, SealRequest,
    ShrinkBufferReply, ShrinkBufferRequest,
};
use vineyard_core::{ServerError, StatusCode};

use super::Session;
use crate::state::State;
use crate::store::arena::Access;
use crate::store::{BlobStore, Placement};

/// Blobs of one request: their descriptions, twice in a reply and below 256 bytes each, must fit into a frame.
const MOST_BLOBS: usize = MAX_BODY_BYTES / 512;

fn check_count(count: usize) -> Result<(), ServerError> {
    if count <= MOST_BLOBS {
        return Ok(());
    }
    let message = format!("{count} blobs in one request, at most {MOST_BLOBS} can be answered");
    Err(ServerError::new(StatusCode::Invalid, message))
}

/// Allocates one blob.
pub(super) fn create_buffer(
    session: &mut Session<'_>,
    request: &CreateBufferRequest,
) -> Result<CreateBufferReply, ServerError> {
    let (state, peer) = (session.state(), session.peer());
    let mut blobs = state.blobs();
    let placement = blobs.create(peer, request.size, &state.ids)?;
    let created = payload(&placement, &blobs, session, Access::Write)
        .inspect_err(|_| blobs.take_back(peer, std::slice::from_ref(&placement)))?;
    drop(blobs);
    state.changed.notify_waiters();
    let fd = session.labels.pending().next().map_or(-1, i64::from);
    Ok(CreateBufferReply { id: created.object_id, created, fd })
}

/// Allocates several blobs, all or none.
pub(super) fn create_buffers(
    session: &mut Session<'_>,
    request: &CreateBuffersRequest,
) -> Result<CreateBuffersReply, ServerError> {
    check_count(request.sizes.len())?;
    let (state, peer) = (session.state(), session.peer());
    let mut blobs = state.blobs();
    let placements = blobs.create_many(peer, &request.sizes, &state.ids)?;
    let payloads =
        payloads(&placements, &blobs, session, Access::Write).inspect_err(|_| blobs.take_back(peer, &placements))?;
    drop(blobs);
    state.changed.notify_waiters();
    let ids = payloads.iter().map(|payload| payload.object_id).collect();
    Ok(CreateBuffersReply { ids, payloads, fds: session.labels.pending().map(i64::from).collect() })
}

/// Says where blobs lie.
pub(super) fn get_buffers(
    session: &mut Session<'_>,
    request: &GetBuffersRequest,
) -> Result<GetBuffersReply, ServerError> {
    check_count(request.ids.ids().len())?;
    let (state, peer) = (session.state(), session.peer());
    let mut blobs = state.blobs();
    let placements = blobs.get(peer, request.ids.ids(), request.unsealed)?;
    let payloads = payloads(&placements, &blobs, session, Access::Read).inspect_err(|_| {
        for placement in &placements {
            blobs.release_lease(peer.connection, placement.id);
        }
    })?;
    drop(blobs);
    let fds = session.labels.pending().map(i64::from).collect();
    Ok(GetBuffersReply { payloads, fds, compress: false })
}

fn payloads(
    placements: &[Placement],
    blobs: &BlobStore,
    session: &mut Session<'_>,
    access: Access,
) -> Result<Vec<Payload>, ServerError> {
    placements.iter().map(|placement| payload(placement, blobs, session, access)).collect()
}

/// Describes a blob to this connection; an arena it does not know gets a label.
fn payload(
    placement: &Placement,
    blobs: &BlobStore,
    session: &mut Session<'_>,
    access: Access,
) -> Result<Payload, ServerError> {
    let bare = Payload { object_id: placement.id, is_sealed: placement.sealed, ..Payload::empty() };
    let Some((arena, file)) = placement.arena.and_then(|arena| Some((arena, blobs.file(arena)?))) else {
        return Ok(bare);
    };
    let label = session.labels.label(arena, file, access, &session.state().labels)?;
    Ok(Payload {
        store_fd: i64::from(label),
        data_offset: placement.offset,
        data_size: placement.length,
        map_size: file.map_size(),
        ..bare
    })
}

/// Makes a blob immutable.
pub(super) fn seal(state: &State, request: &SealRequest) -> Result<SealReply, ServerError> {
    state.blobs().seal(request.object_id)?;
    Ok(SealReply {})
}

/// Deletes a blob.
pub(super) fn drop_buffer(state: &State, request: &DropBufferRequest) -> Result<DropBufferReply, ServerError> {
    state.blobs().remove(request.id)?;
    Ok(DropBufferReply {})
}

/// Makes a blob shorter.
pub(super) fn shrink_buffer(
    session: &Session<'_>,
    request: &ShrinkBufferRequest,
) -> Result<ShrinkBufferReply, ServerError> {
    session.state().blobs().shrink(session.peer(), request.id, request.size)?;
    Ok(ShrinkBufferReply {})
}

/// Gives leases back. There is no reply, unless the peer has no business to send this.
pub(super) fn release_leases(session: &Session<'_>, notice: &ReleaseLeasesNotice) -> Result<(), ServerError> {
    let peer = session.peer();
    if !peer.native {
        let message = "release_leases_notice is for connections that registered with `native`";
        return Err(ServerError::new(StatusCode::Invalid, message));
    }
    let mut blobs = session.state().blobs();
    let ignored = notice.ids.iter().filter(|id| !blobs.release_lease(peer.connection, **id)).count();
    drop(blobs);
    if ignored > 0 {
        tracing::debug!(connection = ?peer.connection, ignored, "leases that were never held are not released");
    }
    Ok(())
}
