//! What all connections share, split by concern. Every lock is short, and none is held while anything waits.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use vineyard_core::InstanceId;

use crate::ids::IdGenerator;
use crate::meta::Tree;
use crate::store::labels::LabelCounter;
use crate::store::{BlobStore, ConnectionId};

/// One server.
///
/// Who needs both locks takes the tree's first.
#[derive(Debug)]
pub(crate) struct State {
    /// The number of this server in its cluster.
    pub(crate) instance: InstanceId,
    /// Differs from every earlier server's on this machine.
    pub(crate) incarnation: u64,
    /// Path of the socket, as clients are told.
    pub(crate) socket: String,
    blobs: Mutex<BlobStore>,
    tree: Mutex<Tree>,
    /// Gives ids.
    pub(crate) ids: IdGenerator,
    /// Gives arena labels.
    pub(crate) labels: LabelCounter,
    /// Wakes requests that wait for an object or a name.
    pub(crate) changed: Notify,
    /// Connections that are served now.
    pub(crate) connections: Gauge,
    /// Requests that wait now.
    pub(crate) waiting: Gauge,
    next_connection: AtomicU64,
    /// Cancelled when the server is to stop.
    pub(crate) stop: CancellationToken,
}

impl State {
    /// An empty server.
    ///
    /// # Errors
    ///
    /// What the system says when the first arena cannot be made, or no random number.
    pub(crate) fn new(instance: InstanceId, size: u64, socket: String) -> io::Result<Self> {
        let ids = IdGenerator::new(instance);
        Ok(Self {
            instance,
            incarnation: getrandom::u64()?,
            socket,
            blobs: Mutex::new(BlobStore::new(size)?),
            tree: Mutex::new(Tree::new(instance)),
            ids,
            labels: LabelCounter::new(),
            changed: Notify::new(),
            connections: Gauge::default(),
            waiting: Gauge::default(),
            next_connection: AtomicU64::new(0),
            stop: CancellationToken::new(),
        })
    }

    /// The blobs.
    pub(crate) fn blobs(&self) -> MutexGuard<'_, BlobStore> {
        // A panic under the lock is a bug of one request; the others are better served than refused.
        self.blobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The metadata.
    pub(crate) fn tree(&self) -> MutexGuard<'_, Tree> {
        self.tree.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection that never was before.
    pub(crate) fn new_connection(&self) -> ConnectionId {
        ConnectionId(self.next_connection.fetch_add(1, Ordering::Relaxed))
    }
}

/// How many there are now.
#[derive(Debug, Default)]
pub(crate) struct Gauge(AtomicU64);

impl Gauge {
    /// One more until the guard is dropped.
    pub(crate) fn enter(&self) -> Entered<'_> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Entered(self)
    }

    /// How many.
    pub(crate) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Counts for as long as it lives.
#[derive(Debug)]
pub(crate) struct Entered<'a>(&'a Gauge);

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}
