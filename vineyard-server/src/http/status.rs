//! The status as JSON.

use std::cmp::Reverse;
use std::time::UNIX_EPOCH;

use serde::Serialize;
use vineyard_core::protocol::PROTOCOL_VERSION;

use super::gather::{Figures, SessionFigures};
use crate::service::{Entrance, NO_ENDPOINT};
use crate::session::StoreKind;
use crate::state::State;
use crate::store::ConnectionId;
use crate::store::states::{BlobState, ByState, Holding, Tally};

/// Connections that are listed: those that hold most.
const MOST_HOLDERS: usize = 100;

#[derive(Debug, Serialize)]
struct Status<'a> {
    version: &'static str,
    protocol: &'static str,
    instance_id: u64,
    deployment: &'a str,
    socket: &'a str,
    rpc_endpoint: Option<&'a str>,
    started: f64,
    uptime_seconds: f64,
    stopping: bool,
    memory: Memory,
    requests: Requests,
    connections: Connections,
    sessions: Vec<Session<'a>>,
    holders: Vec<Holder>,
    process: Process,
}

#[derive(Debug, Serialize)]
struct Memory {
    limit_bytes: u64,
    used_bytes: u64,
    allocated_bytes: u64,
    by_state: States,
    unclaimed_bytes: u64,
    bare: Blobs,
    leases: u64,
    arenas: usize,
    arena_capacity_bytes: u64,
    arena_resident_bytes: u64,
    arena_free_bytes: u64,
    arena_largest_free_bytes: u64,
    arena_fragmentation: f64,
    lent_arena_bytes: u64,
}

#[derive(Debug, Serialize)]
struct Blobs {
    blobs: u64,
    bytes: u64,
}

impl From<Tally> for Blobs {
    fn from(Tally { blobs, bytes }: Tally) -> Self {
        Self { blobs, bytes }
    }
}

#[derive(Debug, Serialize)]
struct States {
    unsealed: Blobs,
    leased: Blobs,
    pinned: Blobs,
    cold: Blobs,
    spilled: Blobs,
    hidden: Blobs,
}

impl From<ByState> for States {
    fn from(by_state: ByState) -> Self {
        let of = |state| by_state.get(state).into();
        Self {
            unsealed: of(BlobState::Unsealed),
            leased: of(BlobState::Leased),
            pinned: of(BlobState::Pinned),
            cold: of(BlobState::Cold),
            spilled: of(BlobState::Spilled),
            hidden: of(BlobState::Hidden),
        }
    }
}

#[derive(Debug, Serialize)]
struct Requests {
    in_hand: u64,
    waiting: u64,
}

#[derive(Debug, Serialize)]
struct Connections {
    unix: u64,
    tcp: u64,
}

#[derive(Debug, Serialize)]
struct Session<'a> {
    id: String,
    kind: &'static str,
    socket: &'a str,
    connections: u64,
    objects: usize,
    names: usize,
    streams: usize,
    stream_chunks: usize,
    leases: u64,
    blobs: u64,
    bytes: u64,
    by_state: States,
    bare: Blobs,
}

impl<'a> From<&'a SessionFigures> for Session<'a> {
    fn from(session: &'a SessionFigures) -> Self {
        let Tally { blobs, bytes } = session.by_state.sum();
        Self {
            id: session.id.to_string(),
            kind: match session.kind {
                StoreKind::Normal => "normal",
                StoreKind::Plasma => "plasma",
            },
            socket: &session.socket,
            connections: session.connections,
            objects: session.objects,
            names: session.names,
            streams: session.streams,
            stream_chunks: session.chunks,
            leases: session.leases,
            blobs,
            bytes,
            by_state: session.by_state.into(),
            bare: session.bare.into(),
        }
    }
}

/// A connection that keeps memory from others.
#[derive(Debug, Serialize)]
struct Holder {
    connection: u64,
    session: String,
    transport: &'static str,
    /// Of a peer on this host.
    pid: Option<i32>,
    uid: Option<u32>,
    unsealed_bytes: u64,
    leased_bytes: u64,
}

#[derive(Debug, Serialize)]
struct Process {
    pid: u32,
    resident_bytes: Option<u64>,
    open_descriptors: Option<u64>,
    most_descriptors: Option<u64>,
}

/// Writes the status. Costs a step for each connection, besides what was gathered.
///
/// # Errors
///
/// None that could be named: everything that is written has a form.
pub(super) async fn write(state: &State, figures: &Figures) -> Result<Vec<u8>, serde_json::Error> {
    let (settings, (start, started)) = (&state.settings, state.metrics.started);
    let endpoint = settings.rpc_endpoint.as_str();
    serde_json::to_vec_pretty(&Status {
        version: env!("CARGO_PKG_VERSION"),
        protocol: PROTOCOL_VERSION,
        instance_id: settings.instance.as_raw(),
        deployment: &settings.deployment,
        socket: &state.root.socket,
        rpc_endpoint: (endpoint != NO_ENDPOINT).then_some(endpoint),
        started: started.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64(),
        uptime_seconds: start.elapsed().as_secs_f64(),
        stopping: state.stop.is_cancelled(),
        memory: memory(figures),
        requests: Requests { in_hand: state.metrics.num_in_hand(), waiting: figures.sum(|session| session.waiting) },
        connections: Connections { unix: figures.unix_connections, tcp: figures.tcp_connections },
        sessions: figures.sessions.iter().map(Session::from).collect(),
        holders: holders(state).await,
        process: Process {
            pid: std::process::id(),
            resident_bytes: figures.process.resident,
            open_descriptors: figures.process.descriptors,
            most_descriptors: figures.process.most_descriptors,
        },
    })
}

fn memory(figures: &Figures) -> Memory {
    Memory {
        limit_bytes: figures.memory.limit,
        used_bytes: figures.memory.used,
        allocated_bytes: figures.memory.allocated,
        by_state: figures.by_state().into(),
        unclaimed_bytes: figures.unclaimed(),
        bare: figures.bare().into(),
        leases: figures.sum(|session| session.leases),
        arenas: figures.memory.arenas,
        arena_capacity_bytes: figures.memory.capacity,
        arena_resident_bytes: figures.resident,
        arena_free_bytes: figures.memory.free,
        arena_largest_free_bytes: figures.memory.largest_free,
        arena_fragmentation: figures.memory.fragmentation,
        lent_arena_bytes: figures.lent,
    }
}

/// The connections that hold most, the greatest first.
async fn holders(state: &State) -> Vec<Holder> {
    let mut all: Vec<(ConnectionId, Holding)> = Vec::new();
    for session in state.sessions() {
        let holdings = session.blobs().holdings();
        all.extend(holdings);
        tokio::task::yield_now().await;
    }
    all.sort_by_key(|(connection, held)| (Reverse(held.size()), *connection));
    let known = all.into_iter().filter_map(|(connection, held)| {
        let peer = state.metrics.peers.get(connection)?;
        let (transport, pid, uid) = match peer.entrance {
            Entrance::Unix { uid, pid, .. } => ("unix", Some(pid.as_raw()), Some(uid.as_raw())),
            Entrance::Tcp => ("tcp", None, None),
            Entrance::Tls { .. } => ("tls", None, None),
        };
        let (session, connection) = (peer.session.to_string(), connection.0);
        let (unsealed_bytes, leased_bytes) = (held.unsealed, held.leased);
        Some(Holder { connection, session, transport, pid, uid, unsealed_bytes, leased_bytes })
    });
    known.take(MOST_HOLDERS).collect()
}
