//! Blobs that are parts of others.

use vineyard_core::protocol::{Call, SliceBuffersReply, SliceBuffersRequest};
use vineyard_core::{ServerError, StatusCode};

use super::Connection;
use super::blob::check_count;
use super::{cold, many};
use crate::store::{Placement, Slice};
use crate::turn::STEP;

/// Makes blobs of parts of others, all or none, without a copy. What is on disk comes back first.
///
/// # Errors
///
/// Code 1 on connections that did not register with `native`, 8 if the lists do not match; as
/// [`BlobStore::slice`](crate::store::BlobStore::slice) for each part, and as [`cold::get`] for blobs on disk.
pub(super) async fn slice_buffers(
    connection: &Connection,
    request: SliceBuffersRequest,
) -> Result<SliceBuffersReply, ServerError> {
    let (state, session, peer) = (connection.state(), connection.session(), connection.peer());
    connection.need_native(SliceBuffersRequest::TYPE)?;
    let parts = parts(&request)?;
    let mut wholes = request.ids;
    wholes.sort_unstable();
    wholes.dedup();
    let _held = cold::bring_back(connection, &session, &wholes).await?;
    let mut made: Vec<Placement> = Vec::new();
    for (number, step) in parts.chunks(STEP).enumerate() {
        if number > 0 {
            session.queue.give_way().await;
        }
        let sliced = session.blobs().slice(peer, step, &state.ids, &mut made);
        if let Err(error) = sliced {
            many::take_back(&session, peer, &made).await;
            return Err(error);
        }
    }
    session.waiters.tell_ids(made.iter().map(|placement| placement.id));
    Ok(SliceBuffersReply { ids: made.into_iter().map(|placement| placement.id).collect() })
}

/// The parts that three lists describe.
fn parts(request: &SliceBuffersRequest) -> Result<Vec<Slice>, ServerError> {
    let SliceBuffersRequest { ids, offsets, sizes } = request;
    check_count(ids.len())?;
    if ids.len() != offsets.len() || ids.len() != sizes.len() {
        let message = format!("{} blobs, {} offsets and {} sizes are no parts", ids.len(), offsets.len(), sizes.len());
        return Err(ServerError::new(StatusCode::UserInputError, message));
    }
    let each = ids.iter().zip(offsets).zip(sizes);
    Ok(each.map(|((id, offset), length)| Slice { id: *id, offset: *offset, length: *length }).collect())
}
