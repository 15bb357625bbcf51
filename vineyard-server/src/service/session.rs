//! Who is on the other side, and how this instance is doing.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use vineyard_core::SessionId;
use vineyard_core::protocol::{
    ClusterMetaReply, DecodeError, InstanceMeta, InstanceStatus, InstanceStatusReply, NATIVE_VERSION, NativeReply,
    PROTOCOL_VERSION, RegisterReply, RegisterRequest,
};

use crate::state::State;
use crate::store::labels::Labels;
use crate::store::{ConnectionId, Peer};

/// What clients are told while there is no TCP endpoint.
const NO_ENDPOINT: &str = "0.0.0.0:0";

/// What the server knows of one connection. Dropping it gives back all that the connection held.
#[derive(Debug)]
pub(crate) struct Session<'a> {
    state: &'a State,
    peer: Peer,
    registered: bool,
    /// It sent garbage, which is in the log.
    complained: bool,
    /// The arenas it knows.
    pub(crate) labels: Labels,
}

impl<'a> Session<'a> {
    /// A peer of which nothing is known yet.
    pub(crate) fn new(state: &'a State) -> Self {
        let peer = Peer { connection: state.new_connection(), native: false };
        Self { state, peer, registered: false, complained: false, labels: Labels::default() }
    }

    /// The server.
    pub(crate) fn state(&self) -> &'a State {
        self.state
    }

    /// The connection.
    pub(crate) fn id(&self) -> ConnectionId {
        self.peer.connection
    }

    /// The connection and what it speaks.
    pub(crate) fn peer(&self) -> Peer {
        self.peer
    }

    /// Whether other requests than register are answered.
    pub(crate) fn is_registered(&self) -> bool {
        self.registered
    }

    /// Logs the first malformed message of the peer; its others would only repeat it.
    pub(crate) fn complain(&mut self, error: &DecodeError) {
        if !self.complained {
            self.complained = true;
            tracing::warn!(connection = ?self.id(), %error, "a peer sends malformed messages");
        }
    }

    /// Introduces the peer; it may do so again.
    pub(crate) fn register(&mut self, request: &RegisterRequest) -> RegisterReply {
        self.registered = true;
        self.peer.native = request.native == Some(NATIVE_VERSION);
        RegisterReply {
            ipc_socket: self.state.socket.clone(),
            rpc_endpoint: NO_ENDPOINT.to_owned(),
            instance_id: self.state.instance,
            session_id: SessionId::ROOT,
            version: PROTOCOL_VERSION.to_owned(),
            store_match: request.store_type.is_normal(),
            support_rpc_compression: false,
            native: self.peer.native.then_some(NativeReply {
                native: NATIVE_VERSION,
                deferred_free: true,
                seal_on_create: true,
                incarnation: self.state.incarnation,
            }),
        }
    }
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        self.state.blobs().disconnect(self.peer.connection);
    }
}

/// The figures of this instance.
pub(super) fn instance_status(state: &State) -> InstanceStatusReply {
    let (memory_usage, memory_limit) = {
        let blobs = state.blobs();
        (blobs.used_bytes(), blobs.limit())
    };
    InstanceStatusReply {
        meta: InstanceStatus {
            instance_id: state.instance,
            deployment: "local".to_owned(),
            memory_usage,
            memory_limit,
            deferred_requests: state.waiting.count(),
            ipc_connections: state.connections.count(),
            rpc_connections: 0,
        },
    }
}

/// The cluster, which is this instance.
pub(super) fn cluster_meta(state: &State) -> ClusterMetaReply {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let hostname = variable("MY_HOST_NAME").unwrap_or_else(|| {
        nix::unistd::gethostname().map_or_else(|_| "localhost".to_owned(), |name| name.to_string_lossy().into_owned())
    });
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let this = InstanceMeta {
        hostid: state.incarnation,
        nodename: variable("MY_NODE_NAME").unwrap_or_else(|| hostname.clone()),
        hostname,
        ipc_socket: state.socket.clone(),
        rpc_endpoint: NO_ENDPOINT.to_owned(),
        timestamp: (now.as_secs() << 32) | u64::from(now.subsec_micros()),
        other: BTreeMap::new(),
    };
    ClusterMetaReply { meta: BTreeMap::from([(state.instance.to_string(), this)]) }
}
