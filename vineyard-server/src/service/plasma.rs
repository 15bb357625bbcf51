//! Blobs under ids that clients choose, in sessions of the plasma kind.

use vineyard_core::protocol::{
    CreateBufferByPlasmaReply, CreateBufferByPlasmaRequest, GetBuffersByPlasmaReply, GetBuffersByPlasmaRequest,
    Payload, PlasmaDeleteDataReply, PlasmaDeleteDataRequest, PlasmaPayload, PlasmaReleaseReply, PlasmaReleaseRequest,
    PlasmaSealRequest, SealReply,
};
use vineyard_core::{ObjectId, ServerError, StatusCode};

use super::Connection;
use super::blob::{attempt, check_count, describe_new, pending_label};
use super::cold;
use super::many::{self, Keep};
use super::room::with_room;
use crate::plasma::Entry;
use crate::session::{Session, StoreKind};
use crate::store::arena::Access;
use crate::store::{NoRoom, Peer, Placement};
use crate::turn::STEP;

/// How many connections a blob that came from another session counts besides those that depend on it.
const KEPT_BY_MOVE: u32 = 2;

fn need_plasma(session: &Session) -> Result<(), ServerError> {
    match session.kind {
        StoreKind::Plasma => Ok(()),
        StoreKind::Normal => {
            Err(ServerError::new(StatusCode::Invalid, "the blobs of this session go by the server's ids"))
        }
    }
}

fn absent(plasma_id: &str) -> ServerError {
    let short: String = plasma_id.chars().take(200).collect();
    ServerError::new(StatusCode::ObjectNotExists, format!("there is no plasma blob `{short}`"))
}

/// What an id stands for.
fn entry(session: &Session, plasma_id: &str) -> Result<Entry, ServerError> {
    need_plasma(session)?;
    session.plasma().get(plasma_id).ok_or_else(|| absent(plasma_id))
}

fn describe(session: &Session, plasma_id: String, plasma_size: u64, payload: Payload) -> PlasmaPayload {
    let Payload { object_id, store_fd, data_offset, data_size, map_size, pointer, is_sealed, is_owner, .. } = payload;
    let blobs = session.blobs();
    let kept = if blobs.came_from_elsewhere(object_id) { KEPT_BY_MOVE } else { 0 };
    let ref_cnt = i64::from(blobs.num_users(object_id).saturating_add(kept));
    PlasmaPayload {
        plasma_id,
        plasma_size,
        ref_cnt,
        object_id,
        store_fd,
        data_offset,
        data_size,
        map_size,
        pointer,
        is_sealed,
        is_owner,
    }
}

/// Allocates one blob under an id. If the id is taken, its blob stays what it stands for.
pub(super) async fn create(
    connection: &mut Connection,
    request: &CreateBufferByPlasmaRequest,
) -> Result<CreateBufferByPlasmaReply, ServerError> {
    let session = connection.session();
    need_plasma(&session)?;
    let CreateBufferByPlasmaRequest { plasma_id, size, plasma_size } = request;
    if *size == 0 {
        let created = describe(&session, String::new(), 0, Payload::empty());
        return Ok(CreateBufferByPlasmaReply { id: ObjectId::INVALID, created, fd: -1 });
    }
    let placement = create_named(connection, request).await?;
    let payload = describe_new(connection, &placement).inspect_err(|_| {
        session.plasma().forget(placement.id);
    })?;
    let id = payload.object_id;
    let created = describe(&session, plasma_id.clone(), *plasma_size, payload);
    Ok(CreateBufferByPlasmaReply { id, created, fd: pending_label(connection) })
}

/// Allocates a blob and enters its id, unless that is taken, so that nobody finds the one without the other.
async fn create_named(
    connection: &Connection,
    request: &CreateBufferByPlasmaRequest,
) -> Result<Placement, ServerError> {
    let session = connection.session();
    let named = || {
        let mut plasma = session.plasma();
        let placement = attempt(connection, request.size, false)?;
        let entry = Entry { blob: placement.id, plasma_size: request.plasma_size };
        if let Err(error) = plasma.insert(&request.plasma_id, entry) {
            session.blobs().take_back(connection.peer(), std::slice::from_ref(&placement));
            return Err(NoRoom::ForRecords(error));
        }
        Ok(placement)
    };
    let placement = with_room(connection, request.size, named).await?;
    session.waiters.tell_ids([placement.id]);
    Ok(placement)
}

/// Says where blobs lie. Ids that stand for nothing are left out.
pub(super) async fn get(
    connection: &mut Connection,
    request: &GetBuffersByPlasmaRequest,
) -> Result<GetBuffersByPlasmaReply, ServerError> {
    check_count(request.plasma_ids.len())?;
    let (session, peer) = (connection.session(), connection.peer());
    let mut known: Vec<(&String, Entry)> = Vec::new();
    for step in request.plasma_ids.chunks(STEP) {
        if !known.is_empty() {
            session.queue.give_way().await;
        }
        let plasma = session.plasma();
        known.extend(step.iter().filter_map(|name| Some((name, plasma.get(name)?))));
    }
    let ids: Vec<ObjectId> = known.iter().map(|(_, entry)| entry.blob).collect();
    // Whoever gets them depends on them, native or not: such blobs live by that.
    let peer = Peer { native: false, ..peer };
    let placements = cold::get(connection, peer, &ids, request.unsealed, Keep::AsPeer).await?;
    let payloads = many::describe_all(connection, &placements, Access::Read).await?;
    let mut payloads = payloads.into_iter().peekable();
    let mut found = Vec::new();
    for (number, (name, entry)) in known.into_iter().enumerate() {
        if number % STEP == STEP - 1 {
            session.queue.give_way().await;
        }
        if let Some(payload) = payloads.next_if(|payload| payload.object_id == entry.blob) {
            found.push(describe(&session, name.clone(), entry.plasma_size, payload));
        }
    }
    Ok(GetBuffersByPlasmaReply { payloads: found })
}

/// Makes a blob immutable.
pub(super) fn seal(connection: &Connection, request: &PlasmaSealRequest) -> Result<SealReply, ServerError> {
    let session = connection.session();
    let entry = entry(&session, &request.plasma_id)?;
    session.blobs().seal(connection.peer(), entry.blob)?;
    Ok(SealReply {})
}

/// Ends the connection's dependency on a blob, which goes with the last one.
pub(super) fn release(
    connection: &Connection,
    request: &PlasmaReleaseRequest,
) -> Result<PlasmaReleaseReply, ServerError> {
    let session = connection.session();
    let entry = entry(&session, &request.plasma_id)?;
    let others = session.blobs().release(connection.id(), entry.blob)?;
    if others == 0 && !session.blobs().came_from_elsewhere(entry.blob) {
        session.delete_blobs(&[entry.blob], connection.id());
    }
    Ok(PlasmaReleaseReply {})
}

/// Deletes a blob.
pub(super) fn delete(
    connection: &Connection,
    request: &PlasmaDeleteDataRequest,
) -> Result<PlasmaDeleteDataReply, ServerError> {
    let session = connection.session();
    let entry = entry(&session, &request.plasma_id)?;
    session.delete_blobs(&[entry.blob], connection.id());
    Ok(PlasmaDeleteDataReply {})
}
