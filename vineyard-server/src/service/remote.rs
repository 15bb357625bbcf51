//! Blobs whose bytes travel through the connection.

use vineyard_core::protocol::chunk;
use vineyard_core::protocol::frame::FrameError;
use vineyard_core::protocol::{
    CreateBufferReply, CreateBuffersReply, CreateRemoteBufferRequest, CreateRemoteBuffersRequest, GetBuffersReply,
    GetRemoteBuffersRequest, frame,
};
use vineyard_core::{ServerError, StatusCode};

use super::Connection;
use super::blob::{check_count, describe_bare};
use super::reply;
use crate::store::{BlobStore, Peer, Placement};

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

fn check(compress: bool) -> Result<(), ServerError> {
    if compress && !chunk::AVAILABLE {
        return Err(ServerError::new(StatusCode::NotImplemented, "this server was built without compression"));
    }
    Ok(())
}

/// No lease outlasts the request: leases are for who maps memory; here the bytes travel.
fn without_lease(connection: &Connection) -> Peer {
    Peer { native: false, ..connection.peer() }
}

/// Allocates one blob for the bytes to come, leased until they are here, and writes the first reply.
pub(super) fn create(
    connection: &Connection,
    request: &CreateRemoteBufferRequest,
    out: &mut Vec<u8>,
) -> Result<Expect, ServerError> {
    check(request.compress)?;
    let (state, session) = (connection.state(), connection.session());
    let mut blobs = session.blobs();
    let placements = vec![blobs.create(without_lease(connection), request.size, &state.ids)?];
    lease(&mut blobs, connection.peer(), &placements)?;
    drop(blobs);
    let incoming = Incoming { placements, compress: request.compress, single: true };
    announce(connection, incoming, request.use_rdma, out)
}

/// Allocates several blobs for the bytes to come, all or none, and writes the first reply.
pub(super) fn create_many(
    connection: &Connection,
    request: &CreateRemoteBuffersRequest,
    out: &mut Vec<u8>,
) -> Result<Expect, ServerError> {
    check_count(request.sizes.len())?;
    check(request.compress)?;
    let (state, session) = (connection.state(), connection.session());
    let mut blobs = session.blobs();
    let placements = blobs.create_many(without_lease(connection), &request.sizes, &state.ids)?;
    lease(&mut blobs, connection.peer(), &placements)?;
    drop(blobs);
    let incoming = Incoming { placements, compress: request.compress, single: false };
    announce(connection, incoming, request.use_rdma, out)
}

/// Leases blobs that were just made; if that fails, they are taken back.
fn lease(blobs: &mut BlobStore, peer: Peer, placements: &[Placement]) -> Result<(), ServerError> {
    blobs.lease(peer, placements).inspect_err(|_| blobs.take_back(peer, placements))
}

fn announce(
    connection: &Connection,
    incoming: Incoming,
    use_rdma: bool,
    out: &mut Vec<u8>,
) -> Result<Expect, ServerError> {
    connection.session().waiters.tell_ids(incoming.placements.iter().map(|placement| placement.id));
    match describe(&incoming, out) {
        Ok(()) if use_rdma => {
            connection.session().blobs().give_back(connection.peer(), &incoming.placements);
            Ok(Expect::Nothing)
        }
        Ok(()) => Ok(Expect::Bytes(incoming)),
        Err(error) => {
            connection.session().blobs().take_back(connection.peer(), &incoming.placements);
            Err(super::unsendable(&error))
        }
    }
}

/// Both replies to a request.
fn describe(incoming: &Incoming, out: &mut Vec<u8>) -> Result<(), FrameError> {
    let payloads: Vec<_> = incoming.placements.iter().map(describe_bare).collect();
    if incoming.single
        && let Some(created) = payloads.first()
    {
        return frame::encode(out, &CreateBufferReply { id: created.object_id, created: created.clone(), fd: -1 });
    }
    let ids = payloads.iter().map(|payload| payload.object_id).collect();
    frame::encode(out, &CreateBuffersReply { ids, payloads, fds: Vec::new() })
}

/// The bytes have arrived: seals the blobs, and writes the second reply.
///
/// # Errors
///
/// Code 12 if somebody deleted one of them meanwhile; the others go as well.
pub(super) fn received(connection: &Connection, mut incoming: Incoming, out: &mut Vec<u8>) -> Result<(), ServerError> {
    let (session, peer) = (connection.session(), connection.peer());
    {
        let mut blobs = session.blobs();
        let mut with_bytes = incoming.placements.iter().filter(|placement| placement.length > 0);
        if let Err(error) = with_bytes.try_for_each(|placement| blobs.seal_alone(placement.id)) {
            blobs.take_back(peer, &incoming.placements);
            return Err(error);
        }
        blobs.give_back(peer, &incoming.placements);
    }
    incoming.placements.iter_mut().for_each(|placement| placement.sealed = placement.length > 0);
    describe(&incoming, out).map_err(|error| super::unsendable(&error))
}

/// Leases the blobs that are there for as long as their bytes are on the way, and writes the reply. By RDMA, no bytes
/// go out here.
pub(super) fn get(
    connection: &Connection,
    request: &GetRemoteBuffersRequest,
    out: &mut Vec<u8>,
) -> Result<Outgoing, ServerError> {
    check_count(request.ids.len())?;
    check(request.compress)?;
    let (session, peer) = (connection.session(), connection.peer());
    let placements = session.blobs().get_to_send(peer, &request.ids, request.unsealed)?;
    let payloads = placements.iter().map(describe_bare).collect();
    let reply = GetBuffersReply { payloads, fds: Vec::new(), compress: request.compress };
    let mut outgoing = Outgoing { placements, compress: request.compress };
    let encoded = frame::encode(out, &reply);
    if request.use_rdma || encoded.is_err() {
        sent(connection, &outgoing);
        outgoing.placements.clear();
    }
    encoded.map_err(|error| super::unsendable(&error))?;
    Ok(outgoing)
}

/// The bytes are out: gives the leases back.
pub(super) fn sent(connection: &Connection, outgoing: &Outgoing) {
    connection.session().blobs().give_back(connection.peer(), &outgoing.placements);
}
