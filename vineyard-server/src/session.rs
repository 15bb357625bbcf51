//! A session: objects, blobs, names and streams of their own, on memory that all sessions share.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use vineyard_core::{InstanceId, ObjectId, SessionId};

use crate::budget::{Budget, Share};
use crate::meta::{Deletion, Tree};
use crate::plasma::PlasmaIndex;
use crate::socket::SocketFile;
use crate::store::{BlobStore, ConnectionId, Reserved, SharedPool};
use crate::streams::Streams;
use crate::sync::{AtomicU64, Mutex, MutexGuard};
use crate::turn::{Queue, STEP};
use crate::waiters::Waiters;

/// What a session's blobs go by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StoreKind {
    /// Ids that the server gives.
    Normal,
    /// Ids that clients choose.
    Plasma,
}

/// One session.
///
/// Who needs several locks takes them in the order of the fields: streams, tree, plasma, blobs. None is held while
/// anything waits.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) id: SessionId,
    pub(crate) kind: StoreKind,
    /// Path of its socket, as clients are told.
    pub(crate) socket: String,
    streams: Mutex<Streams>,
    tree: Mutex<Tree>,
    plasma: Mutex<PlasmaIndex>,
    blobs: Mutex<BlobStore>,
    /// Who waits for one of these.
    pub(crate) queue: Queue,
    /// Lets one connection at a time delete everything.
    pub(crate) clears: tokio::sync::Mutex<()>,
    /// Wakes who waits for room.
    freed: Arc<Notify>,
    /// What the server may keep for clients.
    pub(crate) budget: Arc<Budget>,
    /// Requests that wait for an object or a name.
    pub(crate) waiters: Waiters,
    /// Connections through its socket.
    pub(crate) ipc_connections: Gauge,
    /// All connections that work in it.
    pub(crate) members: Members,
    /// Requests that wait now.
    pub(crate) waiting: Gauge,
    /// Cancelled when nobody may enter any more.
    pub(crate) closing: CancellationToken,
    /// The file of its socket, unless somebody else looks after it.
    file: Mutex<Option<SocketFile>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic under the lock is a bug of one request; the others are better served than refused.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Session {
    /// An empty session.
    pub(crate) fn new(
        id: SessionId,
        kind: StoreKind,
        socket: String,
        instance: InstanceId,
        pool: SharedPool,
        budget: Arc<Budget>,
        closing: CancellationToken,
    ) -> Self {
        let freed = pool.lock().freed();
        Self {
            id,
            kind,
            socket,
            streams: Mutex::new(Streams::new(Arc::clone(&budget))),
            tree: Mutex::new(Tree::within(instance, Share::of(&budget))),
            plasma: Mutex::new(PlasmaIndex::new(Share::of(&budget))),
            blobs: Mutex::new(BlobStore::new(pool, Share::of(&budget))),
            queue: Queue::default(),
            clears: tokio::sync::Mutex::default(),
            freed,
            budget,
            waiters: Waiters::default(),
            ipc_connections: Gauge::default(),
            members: Members::default(),
            waiting: Gauge::default(),
            closing,
            file: Mutex::default(),
        }
    }

    /// Lets the session look after the file of its socket.
    pub(crate) fn keep_file(&self, file: SocketFile) {
        *lock(&self.file) = Some(file);
    }

    /// Takes nobody in any more: whoever looks for the socket does not find it.
    pub(crate) fn close(&self) {
        self.closing.cancel();
        let file = lock(&self.file).take();
        if let Some(file) = file {
            file.remove();
        }
    }

    /// The streams.
    pub(crate) fn streams(&self) -> MutexGuard<'_, Streams> {
        self.queue.lock(&self.streams)
    }

    /// The metadata.
    pub(crate) fn tree(&self) -> MutexGuard<'_, Tree> {
        self.queue.lock(&self.tree)
    }

    /// The ids that clients have chosen.
    pub(crate) fn plasma(&self) -> MutexGuard<'_, PlasmaIndex> {
        self.queue.lock(&self.plasma)
    }

    /// The blobs.
    pub(crate) fn blobs(&self) -> MutexGuard<'_, BlobStore> {
        self.queue.lock(&self.blobs)
    }

    /// Does a part of a deletion, with one hold of the locks; the blobs that went. Their memory is free at once as far
    /// as nobody views it, unless it is collected in `freed` to be given back to the system.
    pub(crate) fn delete_some(
        &self,
        deletion: &mut Deletion,
        freed: Option<&mut Vec<Reserved>>,
        by: ConnectionId,
    ) -> Vec<ObjectId> {
        let mut tree = self.tree();
        let deleted = deletion.step(&mut tree, STEP).blobs;
        // With the tree still locked, so that nothing is linked to a blob that is about to go.
        match freed {
            None => self.delete_blobs(&deleted, by),
            Some(freed) => freed.extend(self.delete_blobs_to_trim(&deleted, by)),
        }
        deleted
    }

    /// Deletes objects and blobs, without force. Their memory is free at once, as far as nobody views it. For few of
    /// them: all of it is done by this thread.
    pub(crate) fn delete(&self, ids: &[ObjectId], deep: bool, by: ConnectionId) {
        let mut deletion = Deletion::new(ids, false, deep);
        while !deletion.is_done() {
            self.delete_some(&mut deletion, None, by);
            self.queue.give_locks_away();
        }
    }

    /// Deletes blobs without looking at metadata; those that are not there count as deleted.
    pub(crate) fn delete_blobs(&self, ids: &[ObjectId], by: ConnectionId) {
        let mut plasma = self.plasma();
        let mut blobs = self.blobs();
        for id in ids {
            plasma.forget(*id);
            if let Err(error) = blobs.remove(*id, by) {
                tracing::trace!(%error, "nothing to delete");
            }
        }
    }

    /// As [`delete_blobs`](Self::delete_blobs), for who gives the pages back to the system.
    pub(crate) fn delete_blobs_to_trim(&self, ids: &[ObjectId], by: ConnectionId) -> Vec<Reserved> {
        let mut plasma = self.plasma();
        for id in ids {
            plasma.forget(*id);
        }
        self.blobs().remove_to_trim(ids, by)
    }

    /// Hides all objects and blobs, and gives what has to be dropped of them, which takes time. [`sweep`](Self::sweep)
    /// deletes the blobs.
    pub(crate) fn doom(&self) -> impl Send + use<> {
        let mut tree = self.tree();
        let mut plasma = self.plasma();
        let mut blobs = self.blobs();
        let ids = std::mem::replace(&mut *plasma, PlasmaIndex::new(Share::of(&self.budget)));
        (tree.clear(), ids, blobs.doom())
    }

    /// Deletes some of the blobs that were doomed, and adds memory to give back to the system. False if none was left.
    pub(crate) fn sweep(&self, freed: &mut Vec<Reserved>, by: ConnectionId) -> bool {
        self.blobs().sweep(STEP, freed, by)
    }

    /// Bytes of what stays when everything is deleted, unless a connection goes: names and streams. Counted anew, so that
    /// it tells whether the budget is right. O(names and streams).
    pub(crate) fn lasting_bytes(&self) -> u64 {
        let streams = self.streams().bytes();
        streams.saturating_add(self.tree().names_bytes())
    }

    /// Whether to give back what a connection holds takes long.
    pub(crate) fn holds_much(&self, connection: ConnectionId) -> bool {
        self.blobs().num_held(connection) > STEP
    }

    /// Gives back what a connection held, a part at a time.
    pub(crate) fn disconnect(&self, connection: ConnectionId) {
        let dropped = self.streams().disconnect(connection);
        if let Some(unread) = dropped {
            self.delete(&unread, true, connection);
            // A writer that waits for room has to learn that there is nothing to wait for.
            self.freed.notify_waiters();
        }
        while self.disconnect_some(connection) {
            self.queue.give_locks_away();
        }
    }

    /// Gives back some of what a connection held; false if nothing was left.
    fn disconnect_some(&self, connection: ConnectionId) -> bool {
        let mut plasma = self.plasma();
        let mut blobs = self.blobs();
        let Some(unused) = blobs.disconnect_some(connection, STEP) else { return false };
        if self.kind == StoreKind::Plasma {
            // Such blobs live for as long as somebody depends on them; those that another session shares stay.
            for id in unused {
                if blobs.came_from_elsewhere(id) || !plasma.forget(id) {
                    continue;
                }
                if let Err(error) = blobs.remove(id, connection) {
                    tracing::trace!(%error, "nothing to delete");
                }
            }
        }
        true
    }
}

/// Counts the connections that work in a session, and knows when it is over.
#[derive(Debug, Default)]
pub(crate) struct Members(AtomicU64);

impl Members {
    /// Stands for none, for ever.
    const OVER: u64 = u64::MAX;

    /// One more; false if the session is over.
    pub(crate) fn join(&self) -> bool {
        let more = |count: u64| if count == Self::OVER { None } else { Some(count.saturating_add(1)) };
        self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).is_ok()
    }

    /// One less of those who joined.
    pub(crate) fn leave(&self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }

    /// How many there are.
    pub(crate) fn count(&self) -> u64 {
        Some(self.0.load(Ordering::Acquire)).filter(|count| *count != Self::OVER).unwrap_or(0)
    }

    /// Ends the session if nobody is left in it: nobody joins any more. Whether this call did so.
    pub(crate) fn end(&self) -> bool {
        self.0.compare_exchange(0, Self::OVER, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

/// How many there are now.
#[derive(Debug, Default)]
pub(crate) struct Gauge(AtomicU64);

impl Gauge {
    /// One more.
    pub(crate) fn add(&self) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }

    /// One less.
    pub(crate) fn remove(&self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }

    /// One more until the guard is dropped.
    pub(crate) fn enter(&self) -> Entered<'_> {
        self.add();
        Entered(self)
    }

    /// How many.
    pub(crate) fn count(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }
}

/// Counts for as long as it lives.
#[derive(Debug)]
pub(crate) struct Entered<'a>(&'a Gauge);

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.0.remove();
    }
}

#[cfg(all(test, vineyard_loom))]
mod loom_tests;
