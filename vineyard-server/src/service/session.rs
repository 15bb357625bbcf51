//! Who is on the other side, sessions, and how this instance is doing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use vineyard_core::protocol::{
    ClusterMetaReply, InstanceMeta, InstanceStatus, InstanceStatusReply, NATIVE_VERSION, NativeReply, NewSessionReply,
    NewSessionRequest, PROTOCOL_VERSION, RegisterReply, RegisterRequest,
};
use vineyard_core::{ServerError, SessionId, StatusCode};

use super::Connection;
use crate::auth::Role;
use crate::listen::{self, Listener};
use crate::session::{Session, StoreKind};
use crate::socket::Claim;
use crate::state::State;

/// What clients are told of sessions that no TCP endpoint leads to by itself.
pub(crate) const NO_ENDPOINT: &str = "0.0.0.0:0";

/// Introduces a peer that was let in; it may introduce itself again.
///
/// # Errors
///
/// Code 1 if there is no such session.
pub(super) fn register(
    connection: &mut Connection,
    request: &RegisterRequest,
    role: Role,
) -> Result<RegisterReply, ServerError> {
    let state = connection.state();
    // The path of a UNIX socket says which session is meant.
    if !connection.entrance().is_unix() {
        let id = SessionId::from_raw(request.session_id);
        state.session(id).filter(|session| connection.enter(Arc::clone(session))).ok_or_else(|| no_session(id))?;
    }
    connection.admit(request.native == Some(NATIVE_VERSION), role);
    let session = connection.session();
    let store_match = match session.kind {
        StoreKind::Normal => request.store_type.is_normal(),
        StoreKind::Plasma => request.store_type.is_plasma(),
    };
    Ok(RegisterReply {
        ipc_socket: session.socket.clone(),
        rpc_endpoint: endpoint(&state, &session),
        instance_id: state.settings.instance,
        session_id: session.id,
        version: PROTOCOL_VERSION.to_owned(),
        store_match,
        support_rpc_compression: state.settings.compression,
        native: connection.peer().native.then_some(NativeReply {
            native: NATIVE_VERSION,
            deferred_free: true,
            seal_on_create: true,
            whole_trees: true,
            owned_blobs: true,
            kernel_seals: connection.entrance().is_unix(),
            slices: true,
            get_objects: connection.entrance().is_unix(),
            put_objects: true,
            seal_above: state.settings.seal_above.filter(|_| connection.entrance().is_unix()),
            incarnation: state.incarnation,
        }),
    })
}

fn endpoint(state: &State, session: &Session) -> String {
    if session.id == SessionId::ROOT { state.settings.rpc_endpoint.clone() } else { NO_ENDPOINT.to_owned() }
}

/// There is no such session, or none that can be entered.
pub(super) fn no_session(id: SessionId) -> ServerError {
    ServerError::new(StatusCode::Invalid, format!("there is no session {id}"))
}

/// Opens a session. When the reply is made, its socket listens.
///
/// # Errors
///
/// Code 4 if the socket cannot be made, 41 if there are too many sessions.
pub(super) fn new_session(state: &Arc<State>, request: &NewSessionRequest) -> Result<NewSessionReply, ServerError> {
    let id = state.ids.session();
    let kind = if request.bulk_store_type.is_plasma() { StoreKind::Plasma } else { StoreKind::Normal };
    let path = state.socket_of(id);
    let refused = |error: &dyn std::fmt::Display| {
        let message = format!("the socket {} of a session cannot be made: {error}", path.display());
        ServerError::new(StatusCode::IoError, message)
    };
    let claim = Claim::undisputed(&path, state.settings.socket_rights).map_err(|error| refused(&error))?;
    let listener = match tokio::net::UnixListener::from_std(claim.listener) {
        Ok(listener) => listener,
        Err(error) => {
            claim.file.remove();
            return Err(refused(&error));
        }
    };
    let Some(session) = state.add_session(id, kind, claim.file.path()) else {
        claim.file.remove();
        return Err(ServerError::new(StatusCode::NotEnoughMemory, "too many sessions are open"));
    };
    let socket_path = session.socket.clone();
    session.keep_file(claim.file);
    let state = Arc::clone(state);
    tracing::info!(session = %id, socket = socket_path, "a session is opened");
    state.tasks.clone().spawn(async move {
        let workers = Arc::clone(&state.workers);
        listen::accept(Arc::clone(&state), Arc::clone(&session), Listener::Unix(listener), workers).await;
        session.close();
        state.remove_if_over(&session);
    });
    Ok(NewSessionReply { socket_path })
}

/// Closes the session of a connection. It goes with its last connection.
///
/// # Errors
///
/// Code 1 for the root session, which ends with the server.
pub(super) fn delete_session(connection: &Connection) -> Result<(), ServerError> {
    let session = connection.session();
    if session.id == SessionId::ROOT {
        let message = "the root session cannot be deleted: stop the server instead";
        return Err(ServerError::new(StatusCode::Invalid, message));
    }
    session.close();
    tracing::info!(session = %session.id, "a session is closed");
    Ok(())
}

/// The figures of this instance.
pub(super) fn instance_status(connection: &Connection) -> InstanceStatusReply {
    let (state, session) = (connection.state(), connection.session());
    let (used, memory_limit) = {
        let pool = state.pool.lock();
        (pool.used(), pool.limit())
    };
    // Deleted blobs that are kept as long as there is room are as good as free.
    let spare = |session: &Arc<Session>| session.blobs().lingering_bytes();
    let spare = if state.settings.honours_stock_leases { 0 } else { state.sessions().iter().map(spare).sum() };
    let memory_usage = used.saturating_sub(spare);
    let rpc_connections = if session.id == SessionId::ROOT { state.rpc_connections.count() } else { 0 };
    InstanceStatusReply {
        meta: InstanceStatus {
            instance_id: state.settings.instance,
            deployment: state.settings.deployment.clone(),
            memory_usage,
            memory_limit,
            deferred_requests: session.waiting.count(),
            ipc_connections: session.ipc_connections.count(),
            rpc_connections,
        },
    }
}

/// The name of this host, as clients are told.
pub(crate) fn hostname() -> String {
    variable("MY_HOST_NAME").unwrap_or_else(|| {
        nix::unistd::gethostname().map_or_else(|_| "localhost".to_owned(), |name| name.to_string_lossy().into_owned())
    })
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The cluster, which is this instance.
pub(super) fn cluster_meta(connection: &Connection) -> ClusterMetaReply {
    let (state, session) = (connection.state(), connection.session());
    let hostname = hostname();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let this = InstanceMeta {
        hostid: state.incarnation,
        nodename: variable("MY_NODE_NAME").unwrap_or_else(|| hostname.clone()),
        hostname,
        ipc_socket: session.socket.clone(),
        rpc_endpoint: endpoint(&state, &session),
        timestamp: (now.as_secs() << 32) | u64::from(now.subsec_micros()),
        other: BTreeMap::new(),
    };
    ClusterMetaReply { meta: BTreeMap::from([(state.settings.instance.to_string(), this)]) }
}
