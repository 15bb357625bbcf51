//! What there is to tell, looked up once for each request.
//!
//! While clients work, the parts are of slightly different moments: no lock is held over all of it.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use vineyard_core::{ObjectId, SessionId};

use super::process::Process;
use crate::session::{Session, StoreKind};
use crate::state::State;
use crate::store::arena::ArenaFile;
use crate::store::pool;
use crate::store::states::{ByState, Tally};

/// Blobs that are looked at before others get their turn at the metadata.
const PAGE: usize = 256;

/// Everything that is not counted along the way.
#[derive(Debug)]
pub(super) struct Figures {
    /// How the memory is divided.
    pub(super) memory: pool::Figures,
    /// Bytes of pages of the arenas.
    pub(super) resident: u64,
    /// Bytes of arenas that clients divide themselves.
    pub(super) lent: u64,
    /// Each session, the root first.
    pub(super) sessions: Vec<SessionFigures>,
    /// Connections through UNIX sockets.
    pub(super) unix_connections: u64,
    /// Connections over TCP.
    pub(super) tcp_connections: u64,
    /// This process.
    pub(super) process: Process,
}

/// What one session has.
#[derive(Debug)]
pub(super) struct SessionFigures {
    pub(super) id: SessionId,
    pub(super) kind: StoreKind,
    pub(super) socket: String,
    pub(super) by_state: ByState,
    /// Blobs that can be read and that no object links to.
    pub(super) bare: Tally,
    pub(super) leases: u64,
    pub(super) objects: usize,
    pub(super) names: usize,
    pub(super) streams: usize,
    /// Chunks that wait for a reader.
    pub(super) chunks: usize,
    /// Connections that work in it.
    pub(super) connections: u64,
    /// Requests that wait.
    pub(super) waiting: u64,
}

impl Figures {
    /// Looks at everything. Costs a step for each session, stream and arena, and for each blob that an object links to.
    pub(super) async fn gather(state: &State) -> Self {
        let mut sessions = Vec::new();
        for session in state.sessions() {
            sessions.push(SessionFigures::gather(&session).await);
        }
        let (memory, files) = {
            let pool = state.pool.lock();
            (pool.figures(), pool.files())
        };
        let resident = files.iter().map(|file: &Arc<ArenaFile>| file.resident_bytes().unwrap_or(0));
        let tcp_connections = state.rpc_connections.count();
        Self {
            memory,
            resident: resident.fold(0, u64::saturating_add),
            lent: state.lent.load(Ordering::Acquire),
            sessions,
            unix_connections: state.connections.count().saturating_sub(tcp_connections),
            tcp_connections,
            process: Process::look(),
        }
    }

    /// The blobs of all sessions.
    pub(super) fn by_state(&self) -> ByState {
        self.sessions.iter().fold(ByState::default(), |sum, session| sum.and(&session.by_state))
    }

    /// Bytes that are allocated and that no blob counts for: what is left of ranges that small blobs share, memory
    /// that only a session has which did not make it, and pages that are on their way back to the system.
    pub(super) fn unclaimed(&self) -> u64 {
        self.memory.allocated.saturating_sub(self.by_state().sum().bytes)
    }

    /// The bare blobs of all sessions.
    pub(super) fn bare(&self) -> Tally {
        self.sessions.iter().fold(Tally::default(), |sum, session| sum.and(session.bare))
    }

    /// A number of all sessions together.
    pub(super) fn sum(&self, of: impl Fn(&SessionFigures) -> u64) -> u64 {
        self.sessions.iter().map(of).fold(0, u64::saturating_add)
    }

    /// How much of what is free is not in the longest free range, from 0 to 1.
    pub(super) fn fragmentation(&self) -> f64 {
        let (free, largest) = (self.memory.free, self.memory.largest_free);
        // Exact enough: a share.
        if free == 0 { 0.0 } else { 1.0 - largest as f64 / free as f64 }
    }
}

impl SessionFigures {
    async fn gather(session: &Session) -> Self {
        let (streams, chunks) = session.streams().count();
        let (objects, names) = {
            let tree = session.tree();
            (tree.num_objects(), tree.num_names())
        };
        let bare = bare(session).await;
        let blobs = session.blobs();
        Self {
            id: session.id,
            kind: session.kind,
            socket: session.socket.clone(),
            by_state: blobs.by_state(),
            bare,
            leases: blobs.num_leases(),
            objects,
            names,
            streams,
            chunks,
            connections: session.members.count(),
            waiting: session.waiting.count(),
        }
    }
}

/// The blobs that can be read and that no object links to: all that can be read, without those that are linked to.
async fn bare(session: &Session) -> Tally {
    let mut bare = session.blobs().by_state().sealed();
    let mut last = ObjectId::EMPTY_BLOB;
    loop {
        let linked = {
            let tree = session.tree();
            let linked = tree.linked_blobs(last, PAGE);
            bare = bare.without(session.blobs().tally_sealed(&linked));
            linked
        };
        match linked.last() {
            Some(id) if linked.len() == PAGE => last = *id,
            _ => return bare,
        }
        tokio::task::yield_now().await;
    }
}
