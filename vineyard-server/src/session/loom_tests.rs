//! Leases, deletions and the ends of connections that meet in one session, in every order that there is
//! (`tests/loom.sh`).

use loom::model::Builder;
use loom::sync::Arc as LoomArc;
use loom::thread::{self, JoinHandle};

use super::*;
use crate::ids::IdGenerator;
use crate::store::{Peer, Unsealed};

/// What a thread may be interrupted in at most; more finds nothing that fewer do not, and takes far longer.
const PREEMPTIONS: usize = 2;

const BYTES: u64 = 8192;

const WRITER: u64 = 1;
const READER: u64 = 2;
const OTHER: u64 = 3;

/// A session with two blobs, of which one stays where it is.
struct Scene {
    session: Session,
    pool: SharedPool,
    budget: Arc<Budget>,
    blob: ObjectId,
}

fn peer(connection: u64) -> Peer {
    Peer { connection: ConnectionId(connection), native: true, views: false, uid: Some(7) }
}

impl Scene {
    fn new() -> LoomArc<Self> {
        let pool = SharedPool::new(1 << 20).expect("memfd");
        let (budget, instance, id) = (Budget::new(1 << 20), InstanceId::from_raw(7), SessionId::ROOT);
        let (shared, closing) = (Arc::clone(&budget), CancellationToken::new());
        let session = Session::new(id, StoreKind::Normal, String::new(), instance, pool.clone(), shared, closing);
        let ids = IdGenerator::new(instance);
        let [blob, _stays] = [(); 2].map(|()| {
            let mut blobs = session.blobs();
            let made = blobs.create(peer(WRITER), BYTES, &ids).expect("there is room");
            blobs.seal_alone(made.id).expect("it is new");
            assert!(blobs.release_lease(ConnectionId(WRITER), made.id), "who makes a blob has a lease");
            made.id
        });
        LoomArc::new(Self { session, pool, budget, blob })
    }

    /// As `get_buffers` does it.
    fn get(&self, connection: u64) -> bool {
        let _room = BlobStore::room_for(&self.budget, 1).expect("there is room");
        let found = self.session.blobs().get(peer(connection), &[self.blob], Unsealed::Refused);
        found.is_ok_and(|found| !found.is_empty())
    }

    fn release(&self, connection: u64) -> bool {
        self.session.blobs().release_lease(ConnectionId(connection), self.blob)
    }

    fn delete(&self) {
        self.session.delete(&[self.blob], true, ConnectionId(OTHER));
    }

    fn end(&self, connection: u64) {
        self.session.disconnect(ConnectionId(connection));
    }

    /// Gets the blob if it is there, sees that its memory is kept, and gives it back.
    fn look(&self, connection: u64) {
        if self.get(connection) {
            assert_eq!(self.used(), 2 * BYTES, "the memory of a blob that is viewed is free");
            assert!(self.release(connection), "the lease is gone");
        }
    }

    fn used(&self) -> u64 {
        self.pool.lock().used()
    }

    /// Only the other blob is left, and nothing is kept for leases.
    fn assert_settled(&self) {
        assert!(!self.get(OTHER), "a deleted blob is there");
        assert_eq!((self.used(), self.session.blobs().num_leases()), (BYTES, 0));
        self.session.delete(&self.all(), true, ConnectionId(OTHER));
        assert_eq!((self.used(), self.budget.used()), (0, 0));
    }

    fn all(&self) -> Vec<ObjectId> {
        self.session.blobs().sealed(None, usize::MAX).0.into_iter().map(|(id, _)| id).collect()
    }
}

/// Does something on a thread of its own.
fn beside(scene: &LoomArc<Scene>, act: impl FnOnce(&Scene) + 'static) -> JoinHandle<()> {
    let scene = LoomArc::clone(scene);
    thread::spawn(move || act(&scene))
}

fn every_order(test: impl Fn() + Send + Sync + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound = Some(PREEMPTIONS);
    builder.check(test);
}

#[test]
fn a_release_meets_a_deletion() {
    every_order(|| {
        let scene = Scene::new();
        assert!(scene.get(READER));
        let reader = beside(&scene, |scene| assert!(scene.release(READER)));
        scene.delete();
        reader.join().expect("no panic");
        scene.assert_settled();
    });
}

#[test]
fn a_get_meets_a_deletion() {
    every_order(|| {
        let scene = Scene::new();
        let reader = beside(&scene, |scene| scene.look(READER));
        scene.delete();
        reader.join().expect("no panic");
        scene.assert_settled();
    });
}

#[test]
fn a_get_meets_a_deletion_and_the_end_of_another_reader() {
    every_order(|| {
        let scene = Scene::new();
        assert!(scene.get(READER));
        let threads = [beside(&scene, |scene| scene.end(READER)), beside(&scene, |scene| scene.look(OTHER))];
        scene.delete();
        threads.into_iter().for_each(|thread| thread.join().expect("no panic"));
        scene.assert_settled();
    });
}

#[test]
fn a_release_meets_the_end_of_its_connection() {
    every_order(|| {
        let scene = Scene::new();
        assert!(scene.get(READER) && scene.get(READER));
        // Which of the two is first does not matter; one lease is left for the end in any case.
        let released = beside(&scene, |scene| {
            let _held = scene.release(READER);
        });
        scene.end(READER);
        released.join().expect("no panic");
        assert_eq!((scene.used(), scene.session.blobs().num_leases()), (2 * BYTES, 0));
        scene.delete();
        scene.assert_settled();
    });
}

#[test]
fn two_deletions_and_the_last_release_free_a_blob_once() {
    every_order(|| {
        let scene = Scene::new();
        assert!(scene.get(READER));
        let threads = [beside(&scene, Scene::delete), beside(&scene, |scene| assert!(scene.release(READER)))];
        scene.delete();
        threads.into_iter().for_each(|thread| thread.join().expect("no panic"));
        scene.assert_settled();
    });
}

#[test]
fn everything_is_deleted_while_a_reader_ends() {
    every_order(|| {
        let scene = Scene::new();
        assert!(scene.get(READER));
        let reader = beside(&scene, |scene| scene.end(READER));
        let dropped = scene.session.doom();
        let mut freed = Vec::new();
        while scene.session.sweep(&mut freed, ConnectionId(OTHER)) {}
        reader.join().expect("no panic");
        drop(dropped);
        scene.pool.trim(freed);
        assert_eq!((scene.used(), scene.session.blobs().num_leases(), scene.budget.used()), (0, 0, 0));
    });
}

#[test]
fn a_stream_is_dropped_while_its_reader_ends() {
    every_order(|| {
        let (scene, stream) = (Scene::new(), ObjectId::from_raw(7));
        {
            let mut streams = scene.session.streams();
            streams.create(stream).expect("it is new");
            streams.push(stream, scene.blob).expect("it is open");
            streams.pull(stream, ConnectionId(READER)).expect("nobody waits");
        }
        let reader = beside(&scene, |scene| scene.end(READER));
        let unread = scene.session.streams().remove(stream).unwrap_or_default();
        scene.session.delete(&unread, true, ConnectionId(OTHER));
        reader.join().expect("no panic");
        scene.assert_settled();
    });
}

#[test]
fn a_session_is_over_once_and_nobody_is_in_it_then() {
    every_order(|| {
        let members = LoomArc::new(Members::default());
        assert!(members.join());
        let second = {
            let members = LoomArc::clone(&members);
            thread::spawn(move || {
                if !members.join() {
                    return (false, false);
                }
                assert!(!members.end(), "the session is over while somebody is in it");
                members.leave();
                (true, members.end())
            })
        };
        members.leave();
        let first = members.end();
        let (joined, second) = second.join().expect("no panic");
        assert!(first != second && (joined || first), "it is over once: {first}, {second}");
        assert!(!members.join());
    });
}
