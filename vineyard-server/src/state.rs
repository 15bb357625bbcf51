//! What all connections share, split by concern. Every lock is short, and none is held while anything waits.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nix::sys::resource::{Resource, getrlimit};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use vineyard_core::protocol::chunk;
use vineyard_core::{InstanceId, ServerError, SessionId, StatusCode};

use crate::auth::Door;
use crate::config::Config;
use crate::ids::IdGenerator;
use crate::rights::Rights;
use crate::session::{Gauge, Session, StoreKind};
use crate::store::labels::LabelCounter;
use crate::store::{ConnectionId, SharedPool};
use crate::workers::Workers;

/// Passwords that are verified at a time: enough to keep up, and no way to keep all processors busy.
const VERIFICATIONS: usize = 2;

/// Sessions that may be open at a time.
const MOST_SESSIONS: usize = 1024;

/// Files that clients may have opened for them at a time, whatever the process may open.
const MOST_FILES: u64 = 4096;

/// The files that clients may have opened for them: with two descriptors each, a quarter of what the process may open,
/// so that connections are accepted whatever clients do.
fn most_files() -> usize {
    let descriptors = getrlimit(Resource::RLIMIT_NOFILE).map_or(1024, |(soft, _)| soft);
    usize::try_from((descriptors / 8).clamp(1, MOST_FILES)).unwrap_or(1)
}

/// What a server was told when it was started, as far as connections need to know it.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) instance: InstanceId,
    /// `host:port` of the TCP endpoint, as clients are told.
    pub(crate) rpc_endpoint: String,
    pub(crate) deployment: String,
    /// Whether clients are told to compress what they send over TCP.
    pub(crate) compression: bool,
    /// How full the memory may be for a stream to get its next chunk, in percent.
    pub(crate) stream_threshold: u32,
    pub(crate) max_message: usize,
    /// How long a peer may stall in the middle of something.
    pub(crate) peer_timeout: Duration,
    pub(crate) max_connections: usize,
    /// Of the sockets of further sessions.
    pub(crate) socket_rights: Rights,
}

impl Settings {
    /// What a configuration amounts to, once names are looked up and the TCP endpoint is known.
    pub(crate) fn new(config: &Config, socket_rights: Rights, rpc_endpoint: String) -> Self {
        Self {
            instance: config.instance,
            rpc_endpoint,
            deployment: config.deployment.clone(),
            compression: config.compression && chunk::AVAILABLE,
            stream_threshold: config.stream_threshold,
            max_message: config.max_message_bytes,
            peer_timeout: config.peer_timeout,
            max_connections: config.max_connections,
            socket_rights,
        }
    }
}

/// One server.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) settings: Settings,
    /// Differs from every earlier server's on this machine.
    pub(crate) incarnation: u64,
    pub(crate) root: Arc<Session>,
    /// The sessions besides the root.
    children: Mutex<HashMap<SessionId, Arc<Session>>>,
    pub(crate) pool: SharedPool,
    /// Wakes who waits for room.
    pub(crate) freed: Arc<Notify>,
    /// Gives ids.
    pub(crate) ids: IdGenerator,
    /// Gives arena labels.
    pub(crate) labels: LabelCounter,
    /// Bytes of arenas that clients divide themselves.
    pub(crate) lent: AtomicU64,
    /// Files that clients may still have opened for them: blobs of their own, and arenas that they divide themselves.
    files: Arc<Semaphore>,
    /// Connections that are served now.
    pub(crate) connections: Gauge,
    /// Those of them that came over TCP.
    pub(crate) rpc_connections: Gauge,
    /// What peers have to get past.
    pub(crate) door: Arc<Door>,
    pub(crate) verifications: Arc<Semaphore>,
    /// Lets one connection at a time trim all of the memory.
    pub(crate) trims: Arc<Semaphore>,
    pub(crate) workers: Arc<Workers>,
    next_connection: AtomicU64,
    /// Cancelled when the server is to stop.
    pub(crate) stop: CancellationToken,
    /// Everything that has to end before the server has stopped.
    pub(crate) tasks: TaskTracker,
}

impl State {
    /// An empty server.
    ///
    /// # Errors
    ///
    /// What the system says when the first arena cannot be made, or no random number.
    pub(crate) fn new(
        settings: Settings,
        door: Door,
        size: u64,
        socket: String,
        workers: Arc<Workers>,
    ) -> io::Result<Self> {
        let (instance, pool, stop) = (settings.instance, SharedPool::new(size)?, CancellationToken::new());
        let root = Session::new(SessionId::ROOT, StoreKind::Normal, socket, instance, pool.clone(), stop.child_token());
        let freed = pool.lock().freed();
        Ok(Self {
            ids: IdGenerator::new(instance),
            settings,
            incarnation: getrandom::u64()?,
            root: Arc::new(root),
            children: Mutex::default(),
            pool,
            freed,
            labels: LabelCounter::new(),
            lent: AtomicU64::new(0),
            files: Arc::new(Semaphore::new(most_files())),
            connections: Gauge::default(),
            rpc_connections: Gauge::default(),
            door: Arc::new(door),
            verifications: Arc::new(Semaphore::new(VERIFICATIONS)),
            trims: Arc::new(Semaphore::new(1)),
            workers,
            next_connection: AtomicU64::new(0),
            stop,
            tasks: TaskTracker::new(),
        })
    }

    /// A connection that never was before.
    pub(crate) fn new_connection(&self) -> ConnectionId {
        ConnectionId(self.next_connection.fetch_add(1, Ordering::Relaxed))
    }

    /// Lets a client have one more file, for as long as what is returned is kept.
    ///
    /// # Errors
    ///
    /// [`StatusCode::NotEnoughMemory`] if clients have as many as may be.
    pub(crate) fn one_more_file(&self) -> Result<OwnedSemaphorePermit, ServerError> {
        Arc::clone(&self.files).try_acquire_owned().map_err(|_| {
            let message = format!("{} files are open for clients, more are not allowed", most_files());
            ServerError::new(StatusCode::NotEnoughMemory, message)
        })
    }

    fn children(&self) -> MutexGuard<'_, HashMap<SessionId, Arc<Session>>> {
        self.children.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A session that can be entered.
    pub(crate) fn session(&self, id: SessionId) -> Option<Arc<Session>> {
        if id == SessionId::ROOT {
            return Some(Arc::clone(&self.root));
        }
        self.children().get(&id).filter(|session| !session.closing.is_cancelled()).cloned()
    }

    /// The path of the socket of a session: the root's, with the session's number.
    pub(crate) fn socket_of(&self, id: SessionId) -> PathBuf {
        PathBuf::from(format!("{}.{id}", self.root.socket))
    }

    /// Adds a session; `None` if there are too many.
    pub(crate) fn add_session(&self, id: SessionId, kind: StoreKind, socket: &Path) -> Option<Arc<Session>> {
        let mut children = self.children();
        if children.len() >= MOST_SESSIONS {
            return None;
        }
        let (socket, closing) = (socket.to_string_lossy().into_owned(), self.stop.child_token());
        let session = Session::new(id, kind, socket, self.settings.instance, self.pool.clone(), closing);
        let session = Arc::new(session);
        children.insert(id, Arc::clone(&session));
        Some(session)
    }

    /// A connection works in a session no more. A session that is closing goes with its last connection.
    pub(crate) fn leave(&self, session: &Session) {
        session.members.leave();
        self.remove_if_over(session);
    }

    /// Removes a session that is closing, once nobody works in it. Who found it before does not get in any more.
    pub(crate) fn remove_if_over(&self, session: &Session) {
        if session.id != SessionId::ROOT && session.closing.is_cancelled() && session.members.end() {
            self.children().remove(&session.id);
            session.blobs().close();
        }
    }

    /// Leases of all sessions.
    pub(crate) fn num_leases(&self) -> u64 {
        let children = self.children().values().map(|session| session.blobs().num_leases()).sum::<u64>();
        self.root.blobs().num_leases().saturating_add(children)
    }
}
