//! Objects with where their payloads lie, for our own clients: metadata and leases in one reply.

use std::sync::Arc;

use vineyard_core::meta::Full;
use vineyard_core::protocol::native::{
    PAYLOAD_BYTES, REPLY_HEAD_BYTES, begin_get_reply, end_get_reply, put_missing, put_object,
};
use vineyard_core::protocol::{GetObjectsRequest, PayloadsOf, Request, Wanted, frame};
use vineyard_core::{InstanceId, ObjectId, ServerError};

use super::blob::{check_count, pending_labels};
use super::many::{self, Keep};
use super::{Connection, Written, cold, write_by};
use crate::meta::{BlobView, Encoder};
use crate::session::Session;
use crate::store::arena::Access;
use crate::turn::{LARGE_BYTES, STEP};

/// How often the trees are read, if each time a blob below them goes meanwhile.
const LOOKS: usize = 2;

/// Writes the reply, if it fits into the room there is, and leases the blobs that it tells of.
///
/// # Errors
///
/// Code 1 for clients that are not native or share no memory, 14 for a blob that is not sealed, 41 if there is no room
/// for what comes back from disk.
pub(super) async fn get(
    connection: &mut Connection,
    request: GetObjectsRequest,
    out: &mut Vec<u8>,
) -> Result<Written, ServerError> {
    connection.need_unix("objects with their payloads")?;
    connection.need_native(GetObjectsRequest::TYPE)?;
    check_count(request.wanted.len())?;
    let start = out.len();
    for _ in 1..LOOKS {
        if let Some(done) = attempt(connection, &request, out, true).await.transpose() {
            return finish(connection, request, done, out, start);
        }
        out.truncate(start);
    }
    let done = attempt(connection, &request, out, false).await;
    finish(connection, request, done.map(|done| done.unwrap_or(Ok(()))), out, start)
}

/// What has been written of a reply that cannot be given is taken back.
fn finish(
    connection: &Connection,
    request: GetObjectsRequest,
    done: Result<Result<(), Full>, ServerError>,
    out: &mut Vec<u8>,
    start: usize,
) -> Result<Written, ServerError> {
    let done = done.inspect_err(|_| out.truncate(start))?;
    let encoded = done.map_err(|Full { .. }| {
        out.truncate(start);
        let limit = connection.room();
        let found = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
        frame::FrameError::TooLong { found, limit }
    });
    Ok(Written { encoded, request: Request::GetObjects(request) })
}

/// Writes the whole reply. `None` if a blob below the trees went meanwhile and all are to be there: an object and the
/// blobs below it go together.
async fn attempt(
    connection: &mut Connection,
    request: &GetObjectsRequest,
    out: &mut Vec<u8>,
    all: bool,
) -> Result<Option<Result<(), Full>>, ServerError> {
    let (session, peer) = (connection.session(), connection.peer());
    let (blobs, begun) = match trees(connection, request, out).await? {
        Ok(written) => written,
        Err(full) => return Ok(Some(Err(full))),
    };
    let placements = cold::get(connection, peer, &blobs, false, Keep::AsPeer).await?;
    if placements.len() < blobs.len() && all {
        many::give_back(&session, peer, &placements).await;
        return Ok(None);
    }
    match many::describe_all(connection, &placements, Access::Read).await {
        Ok(payloads) => {
            end_get_reply(out, begun, request.wanted.len(), &payloads, &pending_labels(connection));
            Ok(Some(Ok(())))
        }
        Err(error) => {
            many::give_back(&session, peer, &placements).await;
            Err(error)
        }
    }
}

/// Appends the head and the trees of a reply; returns the blobs below them, in order and once each, and where the reply
/// begins. Many trees, and large ones, are written by a thread of their own.
async fn trees(
    connection: &Connection,
    request: &GetObjectsRequest,
    out: &mut Vec<u8>,
) -> Result<Result<(Vec<ObjectId>, usize), Full>, ServerError> {
    let (state, session) = (connection.state(), connection.session());
    let mut ids: Vec<Option<ObjectId>> = Vec::with_capacity(request.wanted.len());
    for (number, step) in request.wanted.chunks(STEP).enumerate() {
        if number > 0 {
            session.queue.give_way().await;
        }
        let tree = session.tree();
        ids.extend(step.iter().map(|wanted| match wanted {
            Wanted::Id(id) => Some(*id),
            Wanted::Name(name) => tree.name(name),
        }));
    }
    let is_large = ids.len() > STEP || {
        let tree = session.tree();
        let sizes = ids.iter().flatten().map(|id| tree.json_bytes(*id).unwrap_or(0));
        sizes.fold(0, u64::saturating_add) > u64::try_from(LARGE_BYTES).unwrap_or(u64::MAX)
    };
    let (instance, room, payloads_of) = (state.settings.instance, connection.room(), request.payloads_of);
    let write = move |out: &mut Vec<u8>| {
        let begun = begin_get_reply(out);
        let (mut blobs, limit) = (Vec::new(), room.saturating_sub(REPLY_HEAD_BYTES));
        for id in ids {
            let before = blobs.len();
            let is_global = write_one(&session, instance, id, out, (begun, limit), &mut blobs)?;
            if payloads_of == PayloadsOf::None || payloads_of == PayloadsOf::Local && is_global {
                blobs.truncate(before);
            }
        }
        blobs.sort_unstable();
        blobs.dedup();
        let taken = out.len().saturating_sub(begun).saturating_add(blobs.len().saturating_mul(2 * PAYLOAD_BYTES));
        if taken > limit { Err(Full { limit }) } else { Ok((blobs, begun)) }
    };
    write_by(out, is_large, write).await
}

/// Appends one tree, if it is there; whether it is that of a global object.
fn write_one(
    session: &Arc<Session>,
    instance: InstanceId,
    id: Option<ObjectId>,
    out: &mut Vec<u8>,
    (begun, limit): (usize, usize),
    blobs: &mut Vec<ObjectId>,
) -> Result<bool, Full> {
    let left = limit.saturating_sub(out.len().saturating_sub(begun));
    let Some(id) = id else {
        put_missing(out, None);
        return Ok(false);
    };
    if id.is_blob() {
        let length = session.blobs().sealed_length(id);
        match length {
            Some(length) => {
                put_object(out, |out| Encoder::new(out, left, blobs)?.blob(BlobView { id, instance, length }))?;
            }
            None => put_missing(out, Some(id)),
        }
        return Ok(false);
    }
    let tree = session.tree();
    match tree.view(id, &**session) {
        Some(view) => put_object(out, |out| Encoder::new(out, left, blobs)?.object(view))?,
        None => put_missing(out, Some(id)),
    }
    Ok(tree.place(id).is_some_and(|(_, is_global)| is_global))
}
