//! What the server knows of one connection.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use nix::unistd::{Gid, Pid, Uid};
use vineyard_core::protocol::Request;
use vineyard_core::{ServerError, StatusCode};

use crate::auth::{Role, Who, needed};
use crate::conn::FREE_BYTES;
use crate::metrics::Metrics;
use crate::session::Session;
use crate::state::State;
use crate::store::arena::ArenaFile;
use crate::store::labels::Labels;
use crate::store::{ConnectionId, Peer};
use crate::turn::elsewhere;

/// Where a connection came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Entrance {
    /// The socket of a session, on this host: descriptors can be passed.
    Unix {
        /// The user who connected.
        uid: Uid,
        /// The group of its process.
        gid: Gid,
        /// That process.
        pid: Pid,
    },
    /// The TCP endpoint.
    Tcp,
    /// The TCP endpoint, decrypted: the socket leads to who does that.
    #[cfg_attr(not(feature = "tls"), expect(dead_code, reason = "nothing is decrypted without TLS"))]
    Tls {
        /// The names in the certificate that the peer has shown.
        certificate: Option<Arc<[String]>>,
    },
}

impl Entrance {
    /// Whether memory can be shared.
    pub(crate) fn is_unix(&self) -> bool {
        matches!(self, Self::Unix { .. })
    }

    /// Whether the socket is the peer's own, not one within this process.
    pub(crate) fn is_direct(&self) -> bool {
        !matches!(self, Self::Tls { .. })
    }
}

/// One connection. Dropping it gives back all that it held.
#[derive(Debug)]
pub(crate) struct Connection {
    state: Arc<State>,
    session: Arc<Session>,
    entrance: Entrance,
    peer: Peer,
    registered: bool,
    /// Bytes that the reply to the request in hand may have.
    room: usize,
    /// What it may do, once it is registered.
    role: Role,
    /// It sent garbage, which is in the log.
    complained: bool,
    /// The arenas it knows.
    pub(super) labels: Labels,
    /// Arenas that it divides itself, by label.
    pub(super) lent: HashMap<i32, (Arc<ArenaFile>, u64)>,
}

impl Connection {
    /// A peer of which nothing is known yet; `None` if the session has ended since it was accepted.
    pub(crate) fn new(state: Arc<State>, session: Arc<Session>, entrance: Entrance) -> Option<Self> {
        if !session.members.join() {
            return None;
        }
        state.connections.add();
        match entrance {
            Entrance::Unix { .. } => session.ipc_connections.add(),
            Entrance::Tcp | Entrance::Tls { .. } => state.rpc_connections.add(),
        }
        let uid = match entrance {
            Entrance::Unix { uid, .. } => Some(uid.as_raw()),
            Entrance::Tcp | Entrance::Tls { .. } => None,
        };
        let peer = Peer { connection: state.new_connection(), native: false, views: entrance.is_unix(), uid };
        state.metrics.peers.enter(peer.connection, &entrance, session.id);
        let (labels, lent) = (Labels::default(), HashMap::new());
        let (registered, role, complained, room) = (false, Role::None, false, FREE_BYTES);
        Some(Self { state, session, entrance, peer, registered, room, role, complained, labels, lent })
    }

    /// The server.
    pub(super) fn state(&self) -> Arc<State> {
        Arc::clone(&self.state)
    }

    /// What is counted of the server.
    pub(super) fn metrics(&self) -> &Metrics {
        &self.state.metrics
    }

    /// The session.
    pub(super) fn session(&self) -> Arc<Session> {
        Arc::clone(&self.session)
    }

    /// The connection.
    pub(crate) fn id(&self) -> ConnectionId {
        self.peer.connection
    }

    /// The connection and what it speaks.
    pub(super) fn peer(&self) -> Peer {
        self.peer
    }

    /// Where it came in.
    pub(super) fn entrance(&self) -> &Entrance {
        &self.entrance
    }

    /// Bytes that the reply to the request in hand may have.
    pub(super) fn room(&self) -> usize {
        self.room
    }

    /// Lets the reply to the next request have so many bytes.
    pub(super) fn set_room(&mut self, bytes: usize) {
        self.room = bytes;
    }

    /// Whether other requests than register are answered.
    pub(crate) fn is_registered(&self) -> bool {
        self.registered
    }

    /// Lets the peer in; it may have been in before, as somebody else.
    pub(super) fn admit(&mut self, native: bool, role: Role) {
        self.registered = true;
        self.role = role;
        self.labels.set_writable(role >= Role::Write);
        self.labels.set_closes_files(native);
        self.peer.native = native;
        self.peer.views = self.entrance.is_unix() && !native;
    }

    /// What is known of the peer without asking it.
    pub(super) fn who(&self) -> Who {
        match &self.entrance {
            Entrance::Unix { uid, gid, .. } => Who { account: Some((*uid, *gid)), ..Who::default() },
            Entrance::Tcp => Who::default(),
            Entrance::Tls { certificate } => Who { certificate: certificate.clone(), ..Who::default() },
        }
    }

    /// Refuses a request that needs another role than the peer has.
    ///
    /// # Errors
    ///
    /// Code 1, naming the request and both roles.
    pub(super) fn check_role(&self, request: &Request) -> Result<(), ServerError> {
        // Without rules everybody is an administrator, and nothing is looked up.
        if self.role == Role::Admin {
            return Ok(());
        }
        let (role, needed) = (self.role, needed(request));
        if needed <= role {
            return Ok(());
        }
        let message = format!("{} needs the role {needed}, this connection has {role}", request.message_type());
        Err(ServerError::new(StatusCode::Invalid, message))
    }

    /// Lets the peer work in another session; what it held in the one before is given back. False if the session has
    /// ended meanwhile.
    pub(super) fn enter(&mut self, session: Arc<Session>) -> bool {
        if Arc::ptr_eq(&session, &self.session) {
            return true;
        }
        if !session.members.join() {
            return false;
        }
        let before = std::mem::replace(&mut self.session, session);
        self.metrics().peers.enter(self.id(), &self.entrance, self.session.id);
        before.disconnect(self.peer.connection);
        self.state.leave(&before);
        true
    }

    /// Gives back all that it holds in the blobs, by a thread of its own if that takes long. Dropping it does the same,
    /// on this thread.
    pub(crate) async fn give_back(&self) {
        let (session, id) = (self.session(), self.id());
        if session.holds_much(id) {
            elsewhere(move || session.disconnect(id)).await;
        }
    }

    /// Logs the first malformed message of the peer; its others would only repeat it.
    pub(super) fn complain(&mut self, error: &str) {
        if !self.complained {
            self.complained = true;
            tracing::warn!(connection = ?self.id(), error, "a peer sends malformed messages");
        }
    }

    /// Refuses what is only for our own clients.
    ///
    /// # Errors
    ///
    /// Code 1 on connections that did not register with `native`.
    pub(super) fn need_native(&self, what: &str) -> Result<(), ServerError> {
        if self.peer.native {
            return Ok(());
        }
        let message = format!("{what} is for connections that registered with `native`");
        Err(ServerError::new(StatusCode::Invalid, message))
    }

    /// Refuses what only works between processes of one host.
    ///
    /// # Errors
    ///
    /// Code 1 over TCP.
    pub(super) fn need_unix(&self, what: &str) -> Result<Uid, ServerError> {
        match self.entrance {
            Entrance::Unix { uid, .. } => Ok(uid),
            Entrance::Tcp | Entrance::Tls { .. } => {
                let message = format!("{what} need a connection through the UNIX socket");
                Err(ServerError::new(StatusCode::Invalid, message))
            }
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.metrics().peers.leave(self.id());
        self.session.disconnect(self.peer.connection);
        if let Some(uid) = self.peer.uid {
            self.state.pool.lock().writer_gone(self.peer.connection, uid);
        }
        let lent = self.lent.values().map(|(_, size)| size).sum::<u64>();
        self.state.lent.fetch_sub(lent, Ordering::AcqRel);
        match self.entrance {
            Entrance::Unix { .. } => self.session.ipc_connections.remove(),
            Entrance::Tcp | Entrance::Tls { .. } => self.state.rpc_connections.remove(),
        };
        self.state.leave(&self.session);
        self.state.connections.remove();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::Door;
    use crate::config::Config;
    use crate::rights::Rights;
    use crate::session::StoreKind;
    use crate::state::Settings;
    use crate::workers::Workers;

    #[test]
    fn who_was_on_the_way_into_a_session_that_ended_does_not_get_in() {
        let workers = Arc::new(Workers::start(1).expect("a thread"));
        let settings = Settings::new(&Config::default(), 1 << 20, Rights::of_mode(0o600), String::new());
        let state = State::new(settings, Door::default(), 1 << 20, String::new(), Arc::clone(&workers), None);
        let state = state.expect("a server");
        let id = state.ids.session();
        let state = Arc::new(state);
        let session = state.add_session(id, StoreKind::Normal, std::path::Path::new("s")).expect("there is room");
        let connect = |session: &Arc<Session>| Connection::new(Arc::clone(&state), Arc::clone(session), Entrance::Tcp);
        let inside = connect(&session).expect("it is open");
        let mut elsewhere = connect(&state.root).expect("the root is always open");
        let found = state.session(id).expect("it is open");
        session.close();
        assert!(connect(&session).is_some(), "it goes on while somebody is inside");
        drop(inside);
        assert!(connect(&session).is_none() && !elsewhere.enter(found) && state.session(id).is_none());
        assert!(connect(&state.root).is_some());
        drop(elsewhere);
        assert_eq!(state.connections.count(), 0);
        workers.finish();
    }
}
