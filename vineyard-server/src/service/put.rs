//! Blobs and objects for our own clients, made by binary requests.

use std::os::unix::fs::FileExt;
use std::sync::Arc;

use vineyard_core::meta::MetaTree;
use vineyard_core::protocol::native::{NEW_BLOB, encode_create_reply, encode_put_reply};
use vineyard_core::protocol::{CreateBlobsRequest, PutObjectsRequest};
use vineyard_core::{InstanceId, ObjectId, ServerError, StatusCode};

use super::blob::{check_count, pending_labels};
use super::remote::without_memory;
use super::{Connection, many, meta, not_done};
use crate::meta::BlobView;
use crate::store::Placement;
use crate::store::arena::Access;
use crate::turn::elsewhere;

/// Allocates blobs that the peer owns, all or none, and writes the reply.
///
/// # Errors
///
/// Code 1 for clients that are not native or share no memory, 41 if they do not fit.
pub(super) async fn create_blobs(
    connection: &mut Connection,
    request: &CreateBlobsRequest,
    out: &mut Vec<u8>,
) -> Result<(), ServerError> {
    connection.need_native(CreateBlobsRequest::TYPE)?;
    connection.need_unix("blobs to be written in place")?;
    check_count(request.sizes.len())?;
    let (session, peer) = (connection.session(), connection.peer());
    let placements = many::create(connection, peer, &request.sizes, true, None).await?;
    session.waiters.tell_ids(placements.iter().map(|placement| placement.id));
    match many::describe_all(connection, &placements, Access::Write).await {
        Ok(payloads) => {
            encode_create_reply(out, &payloads, &pending_labels(connection));
            Ok(())
        }
        Err(error) => {
            many::take_back(&session, peer, &placements).await;
            Err(error)
        }
    }
}

/// Makes blobs of the bytes that came along and the objects, all or none, and writes the reply. `is_large` if it is better
/// done by a thread of its own.
///
/// # Errors
///
/// Code 1 for clients that are not native, 41 if there is no room, 4 if the bytes cannot be written; as
/// [`meta::create`].
pub(super) async fn put_objects(
    connection: &Connection,
    request: PutObjectsRequest,
    is_large: bool,
    out: &mut Vec<u8>,
) -> Result<(), ServerError> {
    connection.need_native(PutObjectsRequest::TYPE)?;
    check_count(request.payloads.len())?;
    check_count(request.objects.len())?;
    let PutObjectsRequest { mut seal, payloads, objects } = request;
    let made: Arc<[Placement]> = store(connection, payloads, is_large).await?.into();
    let instance = connection.state().settings.instance;
    let places = Arc::clone(&made);
    let job = move || objects.iter().map(|record| content(record.tree(), &places, instance)).collect();
    let contents = if is_large { elsewhere(job).await.ok_or_else(not_done)? } else { job() };
    seal.extend(made.iter().filter(|placement| placement.length > 0).map(|placement| placement.id));
    let created = match contents {
        Ok(contents) => meta::create(connection, contents, seal, is_large).await,
        Err(error) => Err(error),
    };
    match created {
        Ok(created) => {
            let objects: Vec<ObjectId> = created.iter().map(|created| created.id).collect();
            let blobs: Vec<ObjectId> = made.iter().map(|placement| placement.id).collect();
            encode_put_reply(out, &objects, &blobs);
            Ok(())
        }
        Err(error) => {
            many::take_back(&connection.session(), connection.peer(), &made).await;
            Err(error)
        }
    }
}

/// Makes unsealed blobs of some bytes, which the peer owns. `is_large` if the bytes are better written by a thread of its
/// own.
async fn store(connection: &Connection, payloads: Vec<Vec<u8>>, is_large: bool) -> Result<Vec<Placement>, ServerError> {
    if payloads.is_empty() {
        return Ok(Vec::new());
    }
    let sizes: Vec<u64> = payloads.iter().map(|bytes| u64::try_from(bytes.len()).unwrap_or(u64::MAX)).collect();
    let made = many::create(connection, without_memory(connection), &sizes, true, None).await?;
    let write = move || {
        let written = made.iter().zip(&payloads).try_for_each(|(placement, bytes)| match &placement.file {
            Some(file) => file.file(Access::Write).write_all_at(bytes, placement.offset),
            None => Ok(()),
        });
        (made, written)
    };
    // Who is not told what was made has nothing to give back: the blobs go with the connection.
    let (made, written) = if is_large { elsewhere(write).await.ok_or_else(not_done)? } else { write() };
    let session = connection.session();
    match written {
        Ok(()) => {
            session.waiters.tell_ids(made.iter().map(|placement| placement.id));
            Ok(made)
        }
        Err(error) => {
            many::take_back(&session, connection.peer(), &made).await;
            Err(ServerError::new(StatusCode::IoError, format!("the bytes of new blobs cannot be written: {error}")))
        }
    }
}

/// A tree in which members that are blobs of the request stand as such.
fn content(mut tree: MetaTree, made: &[Placement], instance: InstanceId) -> Result<MetaTree, ServerError> {
    let new: Vec<(String, Option<u64>)> =
        tree.members().filter_map(|(key, member)| Some((key.to_owned(), member.value(NEW_BLOB)?.as_u64()))).collect();
    for (key, number) in new {
        let placement = number.and_then(|number| made.get(usize::try_from(number).ok()?));
        let Some(Placement { id, length, .. }) = placement else {
            let message = format!("`{key}` is to be a blob of the request, which has {}", made.len());
            return Err(ServerError::new(StatusCode::MetaTreeInvalid, message));
        };
        let view = serde_json::to_value(BlobView { id: *id, instance, length: *length });
        tree.set(key, view.map_err(|error| ServerError::new(StatusCode::UnknownError, error.to_string()))?);
    }
    Ok(tree)
}
