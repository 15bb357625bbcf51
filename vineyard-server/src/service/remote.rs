//! Blobs whose bytes travel through the connection.

use vineyard_core::protocol::chunk;
use vineyard_core::protocol::{
    CreateBufferReply, CreateBuffersReply, CreateRemoteBufferRequest, CreateRemoteBuffersRequest, GetBuffersReply,
    GetRemoteBuffersRequest,
};
use vineyard_core::{ServerError, StatusCode};

use super::Connection;
use super::blob::{check_count, describe_bare, own};
use super::cold;
use super::encode;
use super::many::{self, Keep};
use super::reply;
use super::room::with_room;
use crate::store::{NoRoom, Peer, Placement};

/// What is to be done after the first reply to a create request.
pub(super) enum Expect {
    /// The bytes come through this connection.
    Bytes(Incoming),
    /// They come by other ways, or never.
    Nothing,
}

/// Blobs whose bytes the peer sends next.
#[derive(Debug)]
pub(crate) struct Incoming {
    /// Where they go, in this order.
    pub(crate) placements: Vec<Placement>,
    /// Whether they come compressed.
    pub(crate) compress: bool,
    /// Whether the peer asked for one blob or for a list of them.
    single: bool,
}

impl Incoming {
    /// Bytes that the second reply has at most.
    pub(crate) fn reply_bytes(&self) -> usize {
        self.placements.len().saturating_mul(reply::BLOB_BYTES)
    }
}

/// Blobs whose bytes the peer is sent next.
#[derive(Debug)]
pub(crate) struct Outgoing {
    /// The blobs, in this order.
    pub(crate) placements: Vec<Placement>,
    /// Whether they go compressed.
    pub(crate) compress: bool,
}

impl Incoming {
    /// Bytes of all of them, as they are without compression.
    pub(super) fn num_bytes(&self) -> u64 {
        num_bytes(&self.placements)
    }
}

impl Outgoing {
    /// Bytes of all of them, as they are without compression.
    pub(super) fn num_bytes(&self) -> u64 {
        num_bytes(&self.placements)
    }
}

fn num_bytes(placements: &[Placement]) -> u64 {
    placements.iter().fold(0, |sum, placement| sum.saturating_add(placement.length))
}

fn check(compress: bool) -> Result<(), ServerError> {
    if compress && !chunk::AVAILABLE {
        return Err(ServerError::new(StatusCode::NotImplemented, "this server was built without compression"));
    }
    Ok(())
}

/// No lease outlasts the request, and the memory is the server's own: leases and arenas are for who maps memory; here
/// the bytes travel.
pub(super) fn without_memory(connection: &Connection) -> Peer {
    Peer { native: false, views: false, uid: None, ..connection.peer() }
}

/// Allocates one blob for the bytes to come, leased until they are here, and writes the first reply.
pub(super) async fn create(
    connection: &Connection,
    request: &CreateRemoteBufferRequest,
    out: &mut Vec<u8>,
) -> Result<Expect, ServerError> {
    check(request.compress)?;
    let (state, session) = (connection.state(), connection.session());
    let peer = connection.peer();
    let placements = with_room(connection, request.size, || {
        let mut blobs = session.blobs();
        let placements = vec![blobs.create(without_memory(connection), request.size, &state.ids)?];
        own(connection, &mut blobs, request.owned, &placements);
        match blobs.lease(peer, &placements) {
            Ok(()) => Ok(placements),
            Err(error) => {
                blobs.take_back(peer, &placements);
                Err(NoRoom::ForRecords(error))
            }
        }
    })
    .await?;
    let incoming = Incoming { placements, compress: request.compress, single: true };
    announce(connection, incoming, request.use_rdma, out).await
}

/// Allocates several blobs for the bytes to come, all or none, and writes the first reply.
pub(super) async fn create_many(
    connection: &Connection,
    request: &CreateRemoteBuffersRequest,
    out: &mut Vec<u8>,
) -> Result<Expect, ServerError> {
    check_count(request.sizes.len())?;
    check(request.compress)?;
    let (maker, holder) = (without_memory(connection), connection.peer());
    let placements = many::create(connection, maker, &request.sizes, request.owned, Some(holder)).await?;
    let incoming = Incoming { placements, compress: request.compress, single: false };
    announce(connection, incoming, request.use_rdma, out).await
}

async fn announce(
    connection: &Connection,
    incoming: Incoming,
    use_rdma: bool,
    out: &mut Vec<u8>,
) -> Result<Expect, ServerError> {
    let (session, peer) = (connection.session(), connection.peer());
    session.waiters.tell_ids(incoming.placements.iter().map(|placement| placement.id));
    match describe(&incoming, out).await {
        Ok(()) if use_rdma => {
            many::give_back(&session, peer, &incoming.placements).await;
            Ok(Expect::Nothing)
        }
        Ok(()) => Ok(Expect::Bytes(incoming)),
        Err(error) => {
            many::take_back(&session, peer, &incoming.placements).await;
            Err(error)
        }
    }
}

/// Both replies to a request.
async fn describe(incoming: &Incoming, out: &mut Vec<u8>) -> Result<(), ServerError> {
    let payloads: Vec<_> = incoming.placements.iter().map(describe_bare).collect();
    if incoming.single
        && let Some(created) = payloads.first()
    {
        let reply = CreateBufferReply { id: created.object_id, created: created.clone(), fd: -1 };
        return encode(out, 1, reply).await;
    }
    let ids = payloads.iter().map(|payload| payload.object_id).collect();
    encode(out, payloads.len(), CreateBuffersReply { ids, payloads, fds: Vec::new() }).await
}

/// The bytes have arrived: seals the blobs, and writes the second reply.
///
/// # Errors
///
/// Code 12 if somebody deleted one of them meanwhile; the others go as well.
pub(super) async fn received(
    connection: &Connection,
    mut incoming: Incoming,
    out: &mut Vec<u8>,
) -> Result<(), ServerError> {
    let (session, peer) = (connection.session(), connection.peer());
    let mut sealed = Ok(());
    many::each_step(&session, &incoming.placements, |blobs, step| {
        let mut with_bytes = step.iter().filter(|placement| placement.length > 0);
        if sealed.is_ok() {
            sealed = with_bytes.try_for_each(|placement| blobs.seal_alone(placement.id));
        }
    })
    .await;
    if let Err(error) = sealed {
        many::take_back(&session, peer, &incoming.placements).await;
        return Err(error);
    }
    many::give_back(&session, peer, &incoming.placements).await;
    incoming.placements.iter_mut().for_each(|placement| placement.sealed = placement.length > 0);
    describe(&incoming, out).await
}

/// Leases the blobs that are there for as long as their bytes are on the way, and writes the reply. By RDMA, no bytes
/// go out here.
pub(super) async fn get(
    connection: &Connection,
    request: &GetRemoteBuffersRequest,
    out: &mut Vec<u8>,
) -> Result<Outgoing, ServerError> {
    check_count(request.ids.len())?;
    check(request.compress)?;
    let peer = connection.peer();
    let refused = |error: ServerError| match error.code {
        StatusCode::ObjectNotSealed => ServerError::new(StatusCode::KeyError, error.message),
        _ => error,
    };
    let placements =
        cold::get(connection, peer, &request.ids, request.unsealed, Keep::ToSend).await.map_err(refused)?;
    let payloads: Vec<_> = placements.iter().map(describe_bare).collect();
    let mut outgoing = Outgoing { placements, compress: request.compress };
    let count = payloads.len();
    let encoded = encode(out, count, GetBuffersReply { payloads, fds: Vec::new(), compress: request.compress }).await;
    if request.use_rdma || encoded.is_err() {
        sent(connection, &outgoing).await;
        outgoing.placements.clear();
    }
    encoded?;
    Ok(outgoing)
}

/// The bytes are out: gives the leases back.
pub(super) async fn sent(connection: &Connection, outgoing: &Outgoing) {
    many::give_back(&connection.session(), connection.peer(), &outgoing.placements).await;
}
