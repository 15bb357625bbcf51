//! Who is connected now.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use vineyard_core::SessionId;

use crate::service::Entrance;
use crate::store::ConnectionId;

/// A connection, as others see it.
#[derive(Debug, Clone)]
pub(crate) struct PeerInfo {
    /// Where it came in.
    pub(crate) entrance: Entrance,
    /// Where it works.
    pub(crate) session: SessionId,
}

/// The connections that are served.
#[derive(Debug, Default)]
pub(crate) struct Peers(Mutex<HashMap<ConnectionId, PeerInfo>>);

impl Peers {
    fn lock(&self) -> MutexGuard<'_, HashMap<ConnectionId, PeerInfo>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection works in a session, which may be another one than before.
    pub(crate) fn enter(&self, connection: ConnectionId, entrance: &Entrance, session: SessionId) {
        self.lock().insert(connection, PeerInfo { entrance: entrance.clone(), session });
    }

    /// A connection is gone.
    pub(crate) fn leave(&self, connection: ConnectionId) {
        self.lock().remove(&connection);
    }

    /// What is known of a connection that is there.
    pub(crate) fn get(&self, connection: ConnectionId) -> Option<PeerInfo> {
        self.lock().get(&connection).cloned()
    }
}
