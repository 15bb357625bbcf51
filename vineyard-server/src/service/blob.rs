//! Blobs in shared memory: create, seal, get, drop, shrink, leases.

use vineyard_core::protocol::frame::MAX_BODY_BYTES;
use vineyard_core::protocol::{
    CreateBufferReply, CreateBufferRequest, CreateBuffersReply, CreateBuffersRequest, DropBufferReply,
    DropBufferRequest, GetBuffersReply, GetBuffersRequest, KeepReply, KeepRequest, Payload, ReleaseLeasesNotice,
    SealReply, SealRequest, ShrinkBufferReply, ShrinkBufferRequest,
};
use vineyard_core::{ServerError, StatusCode};

use super::Connection;
use super::cold;
use super::many::{self, Keep};
use super::room::{with_room, with_room_now};
use super::sealed;
use crate::store::arena::Access;
use crate::store::{BlobStore, NoRoom, Placement};

/// Blobs of one request: their descriptions, twice in a reply and below 256 bytes each, must fit into a frame. Objects
/// have the same bound, so that no request keeps the others waiting for long.
const MOST_IDS: usize = MAX_BODY_BYTES / 512;

/// Refuses more blobs than a reply can describe, or more objects than are looked at in one go.
pub(super) fn check_count(count: usize) -> Result<(), ServerError> {
    if count <= MOST_IDS {
        return Ok(());
    }
    let message = format!("{count} blobs or objects in one request, at most {MOST_IDS} can be answered");
    Err(ServerError::new(StatusCode::Invalid, message))
}

/// Allocates one blob.
pub(super) async fn create_buffer(
    connection: &mut Connection,
    request: &CreateBufferRequest,
) -> Result<CreateBufferReply, ServerError> {
    let placement = if request.sealable && connection.peer().native {
        sealed::create(connection, request.size, request.owned).await?
    } else {
        create_one(connection, request.size, request.owned).await?
    };
    let created = describe_new(connection, &placement)?;
    Ok(CreateBufferReply { id: created.object_id, created, fd: pending_label(connection) })
}

/// Allocates one blob for the peer, which may own it. Waits if room is to be made.
pub(super) async fn create_one(connection: &Connection, size: u64, owned: bool) -> Result<Placement, ServerError> {
    let placement = with_room(connection, size, || attempt(connection, size, owned)).await?;
    connection.session().waiters.tell_ids([placement.id]);
    Ok(placement)
}

/// As [`create_one`], without waiting.
pub(super) fn create_one_now(connection: &Connection, size: u64) -> Result<Placement, ServerError> {
    let placement = with_room_now(connection, size, || attempt(connection, size, false))?;
    connection.session().waiters.tell_ids([placement.id]);
    Ok(placement)
}

/// Allocates one blob if there is room.
pub(super) fn attempt(connection: &Connection, size: u64, owned: bool) -> Result<Placement, NoRoom> {
    let (state, session) = (connection.state(), connection.session());
    let mut blobs = session.blobs();
    let placement = blobs.create(connection.peer(), size, &state.ids)?;
    own(connection, &mut blobs, owned, std::slice::from_ref(&placement));
    Ok(placement)
}

/// Lets the peer own what it has just made, if it wants to and may.
pub(super) fn own(connection: &Connection, blobs: &mut BlobStore, wanted: bool, made: &[Placement]) {
    if wanted && connection.peer().native {
        blobs.own(made);
    }
}

/// Lets blobs that the peer owns stay when it goes.
pub(super) fn keep(connection: &Connection, request: &KeepRequest) -> KeepReply {
    let session = connection.session();
    let mut blobs = session.blobs();
    request.ids.iter().for_each(|id| blobs.disown(*id));
    KeepReply {}
}

/// Describes a blob that was just made to its maker; if that fails, the blob is taken back.
pub(super) fn describe_new(connection: &mut Connection, placement: &Placement) -> Result<Payload, ServerError> {
    describe(connection, placement, Access::Write).inspect_err(|_| {
        connection.session().blobs().take_back(connection.peer(), std::slice::from_ref(placement));
    })
}

/// The label whose descriptor follows the reply, or -1.
pub(super) fn pending_label(connection: &Connection) -> i64 {
    connection.labels.pending().next().map_or(-1, i64::from)
}

/// The labels whose descriptors follow the reply.
pub(super) fn pending_labels(connection: &Connection) -> Vec<i64> {
    connection.labels.pending().map(i64::from).collect()
}

/// Allocates several blobs, all or none.
pub(super) async fn create_buffers(
    connection: &mut Connection,
    request: &CreateBuffersRequest,
) -> Result<CreateBuffersReply, ServerError> {
    check_count(request.sizes.len())?;
    let (session, peer) = (connection.session(), connection.peer());
    let placements = many::create(connection, peer, &request.sizes, request.owned, None).await?;
    session.waiters.tell_ids(placements.iter().map(|placement| placement.id));
    match many::describe_all(connection, &placements, Access::Write).await {
        Ok(payloads) => {
            let ids = payloads.iter().map(|payload| payload.object_id).collect();
            Ok(CreateBuffersReply { ids, payloads, fds: pending_labels(connection) })
        }
        Err(error) => {
            many::take_back(&session, peer, &placements).await;
            Err(error)
        }
    }
}

/// Says where blobs lie.
pub(super) async fn get_buffers(
    connection: &mut Connection,
    request: &GetBuffersRequest,
) -> Result<GetBuffersReply, ServerError> {
    check_count(request.ids.ids().len())?;
    let (session, peer) = (connection.session(), connection.peer());
    let placements = cold::get(connection, peer, request.ids.ids(), request.unsealed, Keep::AsPeer).await?;
    match many::describe_all(connection, &placements, Access::Read).await {
        Ok(payloads) => Ok(GetBuffersReply { payloads, fds: pending_labels(connection), compress: false }),
        Err(error) => {
            if peer.native {
                many::give_back(&session, peer, &placements).await;
            }
            Err(error)
        }
    }
}

/// Describes a blob to this connection; an arena it does not know gets a label. Over TCP nothing can be mapped.
pub(super) fn describe(
    connection: &mut Connection,
    placement: &Placement,
    access: Access,
) -> Result<Payload, ServerError> {
    let payload = describe_bare(placement);
    let Some(file) = placement.file.as_ref().filter(|_| connection.entrance().is_unix()) else {
        return Ok(payload);
    };
    let state = connection.state();
    let label = connection.labels.label(file, access, &state.labels)?;
    let (store_fd, map_size) = (i64::from(label), file.map_size(access));
    Ok(Payload { store_fd, map_size, data_offset: placement.offset, ..payload })
}

/// Describes a blob to who cannot map it.
pub(super) fn describe_bare(placement: &Placement) -> Payload {
    Payload {
        object_id: placement.id,
        data_size: placement.length,
        is_sealed: placement.sealed,
        is_owner: placement.owned,
        ..Payload::empty()
    }
}

/// Makes a blob immutable.
pub(super) async fn seal(connection: &Connection, request: &SealRequest) -> Result<SealReply, ServerError> {
    sealed::seal_files(connection, &[request.object_id]).await?;
    connection.session().blobs().seal(connection.peer(), request.object_id)?;
    Ok(SealReply {})
}

/// Deletes a blob.
pub(super) fn drop_buffer(
    connection: &Connection,
    request: &DropBufferRequest,
) -> Result<DropBufferReply, ServerError> {
    let session = connection.session();
    session.plasma().forget(request.id);
    session.blobs().remove(request.id, connection.id())?;
    Ok(DropBufferReply {})
}

/// Makes a blob shorter.
pub(super) fn shrink_buffer(
    connection: &Connection,
    request: &ShrinkBufferRequest,
) -> Result<ShrinkBufferReply, ServerError> {
    connection.session().blobs().shrink(connection.peer(), request.id, request.size)?;
    Ok(ShrinkBufferReply {})
}

/// Gives leases back. There is no reply, unless the peer has no business to send this.
pub(super) async fn release_leases(connection: &Connection, notice: &ReleaseLeasesNotice) -> Result<(), ServerError> {
    let (peer, session) = (connection.peer(), connection.session());
    connection.need_native("release_leases_notice")?;
    let mut ignored = 0_usize;
    many::each_step(&session, &notice.ids, |blobs, step| {
        let unknown = step.iter().filter(|id| !blobs.release_lease(peer.connection, **id)).count();
        ignored = ignored.saturating_add(unknown);
    })
    .await;
    if ignored > 0 {
        tracing::debug!(connection = ?peer.connection, ignored, "leases that were never held are not released");
    }
    Ok(())
}
