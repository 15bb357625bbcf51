//! The store's steps, one by one; [`model`] has them in any order.

mod model;

use vineyard_core::InstanceId;

use super::states::{BlobState, Tally};
use super::*;
use crate::budget::{Budget, Share};
use crate::ids::IdGenerator;

const LIMIT: u64 = 64 << 10;

pub(super) fn store() -> (BlobStore, IdGenerator) {
    let pool = SharedPool::new(LIMIT).expect("memfd");
    (BlobStore::new(pool, Share::unbounded()), IdGenerator::new(InstanceId::from_raw(7)))
}

impl BlobStore {
    fn used_bytes(&self) -> u64 {
        self.pool.lock().used()
    }

    fn allocated_bytes(&self) -> u64 {
        self.pool.lock().allocated()
    }

    /// Makes several blobs, all or none.
    pub(super) fn create_many(
        &mut self,
        peer: Peer,
        sizes: &[u64],
        ids: &IdGenerator,
    ) -> Result<Vec<Placement>, ServerError> {
        let mut creation = Creation::new(&self.pool.clone(), peer, sizes)?;
        let mut made = Vec::new();
        for size in sizes {
            match self.create_next(&mut creation, *size, ids) {
                Ok(placement) => made.push(placement),
                Err(error) => {
                    self.take_back(peer, &made);
                    return Err(error);
                }
            }
        }
        Ok(made)
    }

    /// Ends a connection in steps of two blobs.
    pub(super) fn disconnect(&mut self, connection: ConnectionId) {
        while self.disconnect_some(connection, 2).is_some() {}
    }

    /// Deletes everything in steps of two blobs.
    fn clear(&mut self, by: ConnectionId) -> Vec<Reserved> {
        let mut freed = Vec::new();
        self.doom();
        while self.sweep(2, &mut freed, by) {}
        freed
    }
}

/// Who has nothing to do with the blobs.
const SOMEBODY: ConnectionId = ConnectionId(u64::MAX);

pub(super) fn peer(connection: u64, native: bool) -> Peer {
    Peer { connection: ConnectionId(connection), native, views: false, uid: Some(7) }
}

/// A peer that maps memory and does not say when it is done with it.
fn viewer(connection: u64) -> Peer {
    Peer { views: true, ..peer(connection, false) }
}

#[test]
fn create_many_is_all_or_nothing() {
    let (mut store, ids) = store();
    for native in [true, false] {
        let sizes = [100, 100, LIMIT - 100];
        assert!(store.create_many(peer(1, native), &sizes, &ids).is_err());
        assert!(store.create_many(peer(1, native), &[u64::MAX, 2], &ids).is_err());
        assert_eq!((store.used_bytes(), store.allocated_bytes(), store.num_leases()), (0, 0, 0));
    }
}

#[test]
fn small_blobs_of_a_native_peer_lie_side_by_side() {
    let (mut store, ids) = store();
    let made = store.create_many(peer(1, true), &[1, 0, 65, 8192, 64], &ids).expect("fits");
    let offsets: Vec<_> = made.iter().map(|p| p.offset).collect();
    assert!(made[1].id == ObjectId::EMPTY_BLOB && made[1].file.is_none());
    assert_eq!((offsets[2] - offsets[0], offsets[4] - offsets[0]), (64, 192));
    assert_eq!(store.used_bytes(), 1 + 65 + 8192 + 64);
    store.remove(made[3].id, SOMEBODY).expect("there");
    store.disconnect(ConnectionId(1));
    assert_eq!(store.allocated_bytes(), 0);
}

#[test]
fn the_well_known_blobs_are_always_there() {
    let (mut store, ids) = store();
    let me = peer(1, true);
    assert_eq!(store.create(me, 0, &ids).map(|made| (made.id, made.length)), Ok((ObjectId::EMPTY_BLOB, 0)));
    let both = [ObjectId::EMPTY_BLOB, ObjectId::PLACEHOLDER_BLOB];
    let found = store.get(me, &both, Unsealed::Refused).expect("always");
    assert_eq!((found[0].length, found[1].length, found[1].sealed), (0, LIMIT, true));
    assert_eq!(store.num_leases(), 0, "there is nothing to hold");
    for id in both {
        assert!(store.seal(me, id).is_ok() && store.remove(id, SOMEBODY).is_ok());
        assert!(store.sealed_length(id).is_some());
    }
    assert!(!store.contains(ObjectId::EMPTY_BLOB) && store.contains(ObjectId::PLACEHOLDER_BLOB));
    assert_eq!(store.shrink(me, both[0], 1).map_err(|e| e.code), Err(StatusCode::Invalid));
    assert_eq!(store.shrink(me, both[1], 1).map_err(|e| e.code), Err(StatusCode::ObjectSealed));
    assert_eq!(store.sealed(None, 9), (vec![], None), "neither is listed");
}

#[test]
fn shrinking_gives_the_difference_back_unless_somebody_else_looks() {
    let (mut store, ids) = store();
    let (me, other) = (peer(1, true), peer(2, true));
    let blob = store.create(me, 1000, &ids).expect("fits").id;
    store.get(other, &[blob], Unsealed::Wanted).expect("unsealed ones are wanted");
    store.shrink(me, blob, 500).expect("shorter");
    assert_eq!(store.used_bytes(), 1000);
    store.disconnect(other.connection);
    store.shrink(me, blob, 400).expect("shorter");
    assert_eq!(store.used_bytes(), 400);
    assert_eq!(store.shrink(me, blob, 401).map_err(|e| e.code), Err(StatusCode::Invalid));
}

#[test]
fn a_moved_blob_belongs_to_both_sessions() {
    let (mut from, ids) = store();
    let mut to = BlobStore::new(from.pool.clone(), Share::unbounded());
    let me = peer(1, false);
    let blob = from.create(me, 1000, &ids).expect("fits").id;
    from.seal(me, blob).expect("there");
    let (once, twice) = (from.hand_over(blob).expect("there"), from.hand_over(blob).expect("there"));
    let other = ids.blob();
    assert!(to.take_over(other, once, ConnectionId(9)));
    assert!(!to.take_over(other, twice, ConnectionId(9)), "it is there already");
    assert!(from.find(&[blob], Unsealed::Refused).expect("sealed")[0].owned, "nobody said it was taken");
    from.gave_away(blob);
    let (ours, theirs) =
        (from.find(&[blob], Unsealed::Refused).expect("sealed"), to.find(&[other], Unsealed::Refused).expect("sealed"));
    assert_eq!((ours[0].owned, theirs[0].owned, ours[0].offset), (false, true, theirs[0].offset));
    assert_eq!((from.used_bytes(), to.is_in_use(other)), (1000, true));
    from.remove(blob, SOMEBODY).expect("there");
    assert_eq!(to.used_bytes(), 1000, "it is still there for the other");
    let tallies = (from.by_state().sum(), to.by_state().get(BlobState::Cold));
    assert_eq!(tallies, (Tally::default(), Tally { blobs: 1, bytes: 0 }), "its bytes were the first one's");
    assert!(from.hand_over(blob).is_none());
    to.close();
    assert_eq!((to.used_bytes(), to.allocated_bytes()), (0, 0));
}

#[test]
fn an_id_that_was_chosen_for_a_moved_blob_is_not_given_again() {
    let (mut from, mut to) = (store().0, store().0);
    to.pool = from.pool.clone();
    // It is ahead of the clock, so that the next ids are known.
    let ids = IdGenerator::starting_after(InstanceId::from_raw(7), 2_000_000_000_000);
    let me = peer(1, true);
    let blob = from.create(me, 1000, &ids).expect("fits").id;
    let tomorrow = ObjectId::from_raw(blob.as_raw() + 1);
    assert!(from.hand_over(blob).is_none(), "it is still being written");
    from.seal(me, blob).expect("there");
    let handover = from.hand_over(blob).expect("there");
    assert!(to.take_over(tomorrow, handover, ConnectionId(9)));
    let made = to.create(me, 500, &ids).expect("fits").id;
    assert_eq!((to.sealed_length(tomorrow), to.own_length(me, made)), (Some(1000), Some(500)));
    from.disconnect(me.connection);
    to.disconnect(me.connection);
    from.remove(blob, SOMEBODY).expect("there");
    to.remove(tomorrow, SOMEBODY).expect("there");
    assert_eq!(to.allocated_bytes(), 0);
}

#[test]
fn bytes_on_the_way_are_not_reused() {
    let (mut store, ids) = store();
    let me = peer(1, false);
    let blob = store.create(me, 1000, &ids).expect("fits").id;
    assert_eq!(
        store.get_to_send(me, &[blob], Unsealed::Refused).map_err(|e| e.code).err(),
        Some(StatusCode::ObjectNotSealed)
    );
    store.seal(me, blob).expect("there");
    let sending = store.get_to_send(me, &[blob], Unsealed::Refused).expect("sealed");
    assert!(store.remove_to_trim(&[blob], SOMEBODY).is_empty());
    assert_eq!((store.contains(blob), store.used_bytes()), (false, 1000));
    store.give_back(me, &sending);
    assert_eq!(store.used_bytes(), 0);
}

#[test]
fn doomed_blobs_are_gone_at_once_and_keep_their_memory_for_who_views_them() {
    let (mut store, ids) = store();
    let (me, other) = (peer(1, true), peer(2, false));
    let blobs: Vec<ObjectId> = (0..4).map(|_| store.create(other, 1000, &ids).expect("fits").id).collect();
    blobs.iter().take(3).for_each(|id| store.seal(other, *id).expect("there"));
    store.get(me, &blobs[..2], Unsealed::Refused).expect("sealed");
    store.doom();
    assert!(blobs.iter().all(|id| !store.contains(*id) && store.remove(*id, SOMEBODY).is_err()));
    assert_eq!((store.used_bytes(), store.num_leases(), store.sealed(None, 9)), (4000, 2, (vec![], None)));
    let added = store.create(me, 500, &ids).expect("fits").id;
    assert!(store.release_lease(me.connection, blobs[0]), "leases on what is doomed can be given back");
    assert!(store.release(other.connection, blobs[0]).is_ok(), "and dependencies be ended");
    let mut freed = Vec::new();
    while store.sweep(1, &mut freed, SOMEBODY) {}
    assert_eq!((store.used_bytes(), store.contains(added)), (1500, true));
    assert_eq!(store.release(other.connection, blobs[2]).map_err(|e| e.code), Err(StatusCode::KeyError));
    store.pool.trim(freed);
    store.disconnect(me.connection);
    assert_eq!((store.used_bytes(), store.allocated_bytes()), (0, 0));
}

#[test]
fn memory_of_blobs_that_are_being_made_is_nobody_elses() {
    let (mut store, ids) = store();
    let (me, other) = (peer(1, true), peer(2, true));
    let sizes = [5000, 100, 100, 6000];
    let mut creation = Creation::new(&store.pool.clone(), me, &sizes).expect("fits");
    let made = store.create_next(&mut creation, sizes[0], &ids).expect("fits");
    assert_eq!(store.used_bytes(), 11_200);
    assert!(store.create(other, LIMIT - 11_199, &ids).is_err());
    let beside = store.create(other, LIMIT - 11_200, &ids).expect("fits");
    drop(creation);
    assert_eq!(store.used_bytes(), LIMIT - 6_200, "what was not made is given back");
    store.take_back(me, &[made]);
    store.take_back(other, &[beside]);
    assert_eq!((store.used_bytes(), store.allocated_bytes(), store.num_leases()), (0, 0, 0));
}

#[test]
fn files_count_as_no_memory() {
    let (mut store, ids) = store();
    let me = peer(1, false);
    let file = disk::open("", 1 << 20).expect("a file");
    let blob = store.create_in_file(me, file, 1 << 20, &ids).expect("room").id;
    store.shrink(me, blob, 100).expect("unsealed");
    store.seal(me, blob).expect("there");
    assert_eq!((store.sealed_length(blob), store.used_bytes()), (Some(100), 0));
    assert!(store.remove_to_trim(&[blob], SOMEBODY).is_empty() && !store.contains(blob));
}

#[test]
fn what_the_server_may_not_keep_leaves_nothing_behind() {
    for peer in [peer(1, true), peer(1, false), viewer(1)] {
        let budget = Budget::new(4 << 10);
        let (pool, ids) = (SharedPool::new(LIMIT).expect("memfd"), IdGenerator::new(InstanceId::from_raw(7)));
        let mut store = BlobStore::new(pool, Share::of(&budget));
        let refused = store.create_many(peer, &[100, 5000, 200, 100, 100, 100, 5000, 100, 100], &ids);
        assert_eq!(refused.expect_err("too many").code, StatusCode::NotEnoughMemory);
        let left = (store.used_bytes(), store.allocated_bytes(), store.num_leases(), store.charged(), budget.used());
        assert_eq!(left, (0, 0, 0, (0, 0), 0));
        let refused = (0..9).find_map(|_| store.create(peer, 100, &ids).err());
        assert!(matches!(refused, Some(NoRoom::ForRecords(_))), "there is memory left: {refused:?}");
        assert!(matches!(store.create(peer, LIMIT, &ids), Err(NoRoom::ForBytes(_))));
        store.disconnect(peer.connection);
        assert_eq!((store.used_bytes(), store.charged(), budget.used()), (0, (0, 0), 0));
    }
}
