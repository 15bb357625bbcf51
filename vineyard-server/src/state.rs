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
use crate::budget::Budget;
use crate::config::{Config, StockLeases};
use crate::conn::Rooms;
use crate::ids::IdGenerator;
use crate::metrics::Metrics;
use crate::rights::Rights;
use crate::session::{Gauge, Session, StoreKind};
use crate::spill::Spill;
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
    /// Whether memory is never taken from under published clients.
    pub(crate) honours_stock_leases: bool,
    /// From how many bytes on our own clients are told to make blobs that the kernel seals.
    pub(crate) seal_above: Option<u64>,
    pub(crate) max_message: usize,
    pub(crate) message_memory: u64,
    pub(crate) max_metadata: u64,
    /// How long a peer may stall in the middle of something.
    pub(crate) peer_timeout: Duration,
    pub(crate) max_connections: usize,
    /// Of the sockets of further sessions.
    pub(crate) socket_rights: Rights,
    /// Whether requests are timed.
    pub(crate) timed: bool,
    /// Bytes of pages that are made for the next writer.
    pub(crate) prefault: u64,
}

impl Settings {
    /// What a configuration amounts to, once names are looked up and the TCP endpoint is known.
    pub(crate) fn new(config: &Config, size: u64, socket_rights: Rights, rpc_endpoint: String) -> Self {
        Self {
            instance: config.instance,
            rpc_endpoint,
            deployment: config.deployment.clone(),
            compression: config.compression && chunk::AVAILABLE,
            stream_threshold: config.stream_threshold,
            honours_stock_leases: config.stock_leases == StockLeases::Honour,
            seal_above: config.seal_above,
            max_message: config.max_message_bytes,
            message_memory: config.message_memory,
            max_metadata: config.metadata(),
            peer_timeout: config.peer_timeout,
            max_connections: config.max_connections,
            socket_rights,
            timed: config.http.is_some(),
            prefault: config.checked_prefault(size),
        }
    }
}

/// Counts deleted blobs whose memory was taken although published clients might look at it.
#[derive(Debug, Default)]
pub(crate) struct Reclaimed {
    pub(crate) blobs: AtomicU64,
    pub(crate) bytes: AtomicU64,
}

impl Reclaimed {
    /// So many more.
    pub(crate) fn add(&self, blobs: u64, bytes: u64) {
        self.blobs.fetch_add(blobs, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
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
    /// What clients may make the server keep besides payloads.
    pub(crate) budget: Arc<Budget>,
    /// What connections still held of sessions that are over: nothing, unless the server has a bug.
    left_behind: AtomicU64,
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
    /// What happened since the start.
    pub(crate) metrics: Metrics,
    /// What peers have to get past.
    pub(crate) door: Arc<Door>,
    pub(crate) verifications: Arc<Semaphore>,
    /// Where blobs go when memory is short.
    pub(crate) spill: Option<Arc<Spill>>,
    /// Memory that was taken from under published clients.
    pub(crate) reclaimed: Reclaimed,
    /// Lets one connection at a time trim all of the memory.
    pub(crate) trims: Arc<Semaphore>,
    /// Held by who gathers what connections have left.
    pub(crate) tidying: Mutex<()>,
    /// What the long messages of all connections may take, and the long replies.
    pub(crate) messages: Rooms,
    pub(crate) replies: Rooms,
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
    /// What the system says when it gives no memory, or no random number.
    pub(crate) fn new(
        settings: Settings,
        door: Door,
        size: u64,
        socket: String,
        workers: Arc<Workers>,
        spill: Option<Spill>,
    ) -> io::Result<Self> {
        let spill = spill.map(Arc::new);
        let (instance, pool, stop) = (settings.instance, SharedPool::new(size)?, CancellationToken::new());
        let (budget, kind, closing) = (Budget::new(settings.max_metadata), StoreKind::Normal, stop.child_token());
        let shared = Arc::clone(&budget);
        let root = Session::new(SessionId::ROOT, kind, socket, instance, pool.clone(), shared, closing);
        let freed = pool.lock().freed();
        Ok(Self {
            ids: IdGenerator::new(instance),
            messages: Rooms::new(settings.message_memory),
            replies: Rooms::new(settings.message_memory),
            metrics: Metrics::new(settings.timed),
            settings,
            incarnation: getrandom::u64()?,
            root: Arc::new(root),
            children: Mutex::default(),
            pool,
            budget,
            left_behind: AtomicU64::new(0),
            freed,
            labels: LabelCounter::new(),
            lent: AtomicU64::new(0),
            files: Arc::new(Semaphore::new(most_files())),
            connections: Gauge::default(),
            rpc_connections: Gauge::default(),
            door: Arc::new(door),
            verifications: Arc::new(Semaphore::new(VERIFICATIONS)),
            spill,
            reclaimed: Reclaimed::default(),
            trims: Arc::new(Semaphore::new(1)),
            tidying: Mutex::default(),
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

    /// All sessions, the root first. Those that are closing are among them.
    pub(crate) fn sessions(&self) -> Vec<Arc<Session>> {
        let mut sessions = vec![Arc::clone(&self.root)];
        sessions.extend(self.children().values().cloned());
        sessions
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
        let (instance, budget) = (self.settings.instance, Arc::clone(&self.budget));
        let session = Session::new(id, kind, socket, instance, self.pool.clone(), budget, closing);
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
            let mut blobs = session.blobs();
            self.left_behind.fetch_add(blobs.num_holds(), Ordering::Relaxed);
            blobs.close();
        }
    }

    /// What connections hold in all sessions, and what they still held in those that are over.
    pub(crate) fn num_holds(&self) -> u64 {
        let held = self.sessions().iter().map(|session| session.blobs().num_holds()).fold(0, u64::saturating_add);
        held.saturating_add(self.left_behind.load(Ordering::Relaxed))
    }

    /// Bytes of what stays in all sessions when everything is deleted: names and streams.
    pub(crate) fn lasting_bytes(&self) -> u64 {
        self.sessions().iter().map(|session| session.lasting_bytes()).fold(0, u64::saturating_add)
    }

    /// Sessions besides the root.
    pub(crate) fn num_children(&self) -> usize {
        self.children().len()
    }
}
