//! Lists of blobs, a part at a time: others have their turn in between, and may change what is not looked at yet.

use vineyard_core::protocol::Payload;
use vineyard_core::{ObjectId, ServerError};

use super::Connection;
use super::blob::{describe, own};
use super::room::with_room;
use crate::session::Session;
use crate::store::arena::Access;
use crate::store::{BlobStore, Creation, NoRoom, Peer, Placement, Unsealed};
use crate::turn::STEP;

/// How the blobs of a list are kept for who gets them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    /// As the protocol of the peer has it.
    AsPeer,
    /// Until they are sent.
    ToSend,
}

/// Allocates blobs, all or none, which the peer may own, each with a lease of `leased_to`'s if given. Their memory is
/// set aside at the beginning.
///
/// # Errors
///
/// Code 41 if they do not fit, or the server may keep no more.
pub(super) async fn create(
    connection: &Connection,
    peer: Peer,
    sizes: &[u64],
    owned: bool,
    leased_to: Option<Peer>,
) -> Result<Vec<Placement>, ServerError> {
    let (state, session) = (connection.state(), connection.session());
    let total = sizes.iter().copied().fold(0, u64::saturating_add);
    let mut creation =
        with_room(connection, total, || Creation::new(&state.pool, peer, sizes).map_err(NoRoom::ForBytes)).await?;
    let mut made = Vec::new();
    for (number, step) in sizes.chunks(STEP).enumerate() {
        if number > 0 {
            session.queue.give_way().await;
        }
        let start = made.len();
        let failed = {
            let mut blobs = session.blobs();
            let failed = step.iter().find_map(|size| match blobs.create_next(&mut creation, *size, &state.ids) {
                Ok(placement) => {
                    made.push(placement);
                    None
                }
                Err(error) => Some(error),
            });
            let new = made.get(start..).unwrap_or_default();
            own(connection, &mut blobs, owned, new);
            failed.or_else(|| leased_to.and_then(|peer| blobs.lease(peer, new).err()))
        };
        if let Some(error) = failed {
            drop(creation);
            take_back(&session, leased_to.unwrap_or(peer), &made).await;
            return Err(error);
        }
    }
    Ok(made)
}

/// Says where the blobs lie that exist, and keeps them for the peer.
///
/// # Errors
///
/// Code 14 if one is not sealed when the request comes, and unsealed ones are not wanted; 41 if the server may keep no
/// more. None is kept for the peer then.
pub(super) async fn get(
    session: &Session,
    peer: Peer,
    ids: &[ObjectId],
    unsealed: bool,
    keep: Keep,
) -> Result<Vec<Placement>, ServerError> {
    let mut unsealed = if unsealed { Unsealed::Wanted } else { Unsealed::Refused };
    if ids.len() > STEP && unsealed == Unsealed::Refused {
        // What is sealed stays so. Blobs that come to be after this look need not be there yet.
        for step in ids.chunks(STEP) {
            session.blobs().find(step, unsealed)?;
            session.queue.give_way().await;
        }
        unsealed = Unsealed::LeftOut;
    }
    // For all of them at once, so that it is not refused in between.
    let _room = BlobStore::room_for(&session.budget, ids.len().saturating_mul(peer.num_holds()))?;
    let mut found = Vec::new();
    for (number, step) in ids.chunks(STEP).enumerate() {
        if number > 0 {
            session.queue.give_way().await;
        }
        let mut blobs = session.blobs();
        found.extend(match keep {
            Keep::AsPeer => blobs.get(peer, step, unsealed)?,
            Keep::ToSend => blobs.get_to_send(peer, step, unsealed)?,
        });
    }
    Ok(found)
}

/// Makes blobs that were just created for the peer as if they had never been.
pub(super) async fn take_back(session: &Session, peer: Peer, made: &[Placement]) {
    each_step(session, made, |blobs, step| blobs.take_back(peer, step)).await;
}

/// Gives back one lease on each of some blobs.
pub(super) async fn give_back(session: &Session, peer: Peer, placements: &[Placement]) {
    each_step(session, placements, |blobs, step| blobs.give_back(peer, step)).await;
}

/// Does something with the blobs for each part of a list.
pub(super) async fn each_step<T>(session: &Session, list: &[T], mut act: impl FnMut(&mut BlobStore, &[T])) {
    for (number, step) in list.chunks(STEP).enumerate() {
        if number > 0 {
            session.queue.give_way().await;
        }
        act(&mut session.blobs(), step);
    }
}

/// Describes blobs to this connection.
///
/// # Errors
///
/// Code 41 if there are no labels left.
pub(super) async fn describe_all(
    connection: &mut Connection,
    placements: &[Placement],
    access: Access,
) -> Result<Vec<Payload>, ServerError> {
    let mut payloads = Vec::new();
    for (number, step) in placements.chunks(STEP).enumerate() {
        if number > 0 {
            tokio::task::yield_now().await;
        }
        for placement in step {
            payloads.push(describe(connection, placement, access)?);
        }
    }
    Ok(payloads)
}
