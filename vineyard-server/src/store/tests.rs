//! The store against a model that knows every byte's owner.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use proptest::prelude::*;
use vineyard_core::InstanceId;

use super::create::PACKED_BYTES;
use super::*;
use crate::budget::Share;
use crate::ids::IdGenerator;

const LIMIT: u64 = 64 << 10;

fn store() -> (BlobStore, IdGenerator) {
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
}

fn peer(connection: u64, native: bool) -> Peer {
    Peer { connection: ConnectionId(connection), native }
}

#[derive(Debug, Clone)]
enum Step {
    Create(usize, Vec<u64>),
    Seal(usize, prop::sample::Index),
    Let(usize, prop::sample::Index),
    Get(usize, prop::sample::Index, bool),
    Remove(prop::sample::Index),
    Release(usize, prop::sample::Index),
    Shrink(usize, prop::sample::Index, u64),
    Disconnect(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let blob = any::<prop::sample::Index>;
    let size = prop_oneof![Just(0), 1u64..200, 1u64..9000];
    let step = prop_oneof![
        4 => (0usize..3, prop::collection::vec(size, 1..5)).prop_map(|(c, s)| Step::Create(c, s)),
        3 => (0usize..3, blob()).prop_map(|(c, b)| Step::Seal(c, b)),
        1 => (0usize..3, blob()).prop_map(|(c, b)| Step::Let(c, b)),
        4 => (0usize..3, blob(), any::<bool>()).prop_map(|(c, b, u)| Step::Get(c, b, u)),
        2 => blob().prop_map(Step::Remove),
        3 => (0usize..3, blob()).prop_map(|(c, b)| Step::Release(c, b)),
        1 => (0usize..3, blob(), 0u64..300).prop_map(|(c, b, n)| Step::Shrink(c, b, n)),
        1 => (0usize..3).prop_map(Step::Disconnect),
    ];
    prop::collection::vec(step, 1..120)
}

/// A blob of the model. It is forgotten when its bytes may be used again.
#[derive(Debug)]
struct Known {
    bytes: Range<u64>,
    arena: u64,
    creator: ConnectionId,
    sealed: bool,
    visible: bool,
    leases: HashMap<ConnectionId, u64>,
    users: HashSet<ConnectionId>,
    group: usize,
}

#[derive(Debug, Default)]
struct Model {
    blobs: BTreeMap<ObjectId, Known>,
    /// Who depends on a blob that stands for itself.
    well_known_users: HashSet<(ConnectionId, ObjectId)>,
    /// What each allocation counts for, by group.
    charged: BTreeMap<usize, u64>,
    groups: usize,
}

impl Model {
    fn create(&mut self, peer: Peer, made: &[Placement]) {
        let small = |p: &Placement| peer.native && p.length > 0 && p.length <= PACKED_BYTES;
        let packs = made.iter().filter(|p| small(p)).count() > 1;
        self.groups += 1;
        let shared = self.groups;
        for placement in made.iter().filter(|placement| placement.length > 0) {
            let group = if packs && small(placement) {
                shared
            } else {
                self.groups += 1;
                self.groups
            };
            *self.charged.entry(group).or_default() += placement.length;
            let arena = placement.file.as_ref().expect("it has bytes").number();
            let bytes = placement.offset..placement.offset + placement.length;
            assert_eq!(bytes.start % 64, 0);
            for (id, other) in self.blobs.iter().filter(|(_, other)| other.arena == arena) {
                let apart = bytes.end <= other.bytes.start || other.bytes.end <= bytes.start;
                assert!(apart, "{placement:?} lies on {id}, which is {other:?}");
            }
            let leases = if peer.native { HashMap::from([(peer.connection, 1)]) } else { HashMap::new() };
            let creator = peer.connection;
            let (sealed, visible, users) = (false, true, HashSet::new());
            let known = Known { bytes, arena, creator, sealed, visible, leases, users, group };
            assert!(self.blobs.insert(placement.id, known).is_none(), "{} was given twice", placement.id);
        }
    }

    fn forget_unused(&mut self) {
        self.blobs.retain(|_, known| {
            known.leases.retain(|_, count| *count > 0);
            known.visible || !known.leases.is_empty()
        });
        let used: Vec<usize> = self.blobs.values().map(|known| known.group).collect();
        self.charged.retain(|group, _| used.contains(group));
    }

    fn disconnect(&mut self, connection: ConnectionId) {
        for known in self.blobs.values_mut() {
            if known.creator == connection && !known.sealed {
                known.visible = false;
            }
            known.leases.remove(&connection);
            known.users.remove(&connection);
        }
        self.well_known_users.retain(|(user, _)| *user != connection);
    }

    fn depend(&mut self, peer: Peer, id: ObjectId) {
        if !peer.native
            && let Some(known) = self.blobs.get_mut(&id)
        {
            known.users.insert(peer.connection);
        }
        if !peer.native && is_well_known(id) {
            self.well_known_users.insert((peer.connection, id));
        }
    }

    fn release(&mut self, connection: ConnectionId, id: ObjectId) -> bool {
        let known = self.blobs.get_mut(&id).filter(|known| known.visible);
        known.is_some_and(|known| known.users.remove(&connection)) || self.well_known_users.remove(&(connection, id))
    }

    fn agrees(&self, store: &BlobStore) -> Result<(), TestCaseError> {
        for (id, known) in &self.blobs {
            prop_assert_eq!(store.contains(*id), known.visible);
            let users = if known.visible { known.users.len() } else { 0 };
            prop_assert_eq!(store.num_users(*id) as usize, users);
            let quiet = known.visible && known.sealed && users == 0 && known.leases.values().all(|count| *count == 0);
            prop_assert_eq!(store.is_in_use(*id), !quiet);
            let length = (known.visible && known.sealed).then_some(known.bytes.end - known.bytes.start);
            prop_assert_eq!(store.sealed_length(*id), length);
        }
        prop_assert_eq!(store.blobs.len(), self.blobs.len());
        prop_assert_eq!(store.used_bytes(), self.charged.values().sum::<u64>());
        let leases: u64 = self.blobs.values().flat_map(|known| known.leases.values()).sum();
        prop_assert_eq!(store.num_leases(), leases);
        let leased = self.blobs.values().flat_map(|known| known.leases.values()).filter(|count| **count > 0).count();
        let visible = self.blobs.values().filter(|known| known.visible);
        let used = visible.map(|known| known.users.len()).sum::<usize>() + self.well_known_users.len();
        prop_assert_eq!(store.charged(), (self.blobs.len() as u64, (leased + used) as u64));
        prop_assert!(store.allocated_bytes() >= store.used_bytes());
        Ok(())
    }
}

proptest! {
    #[test]
    fn no_byte_that_somebody_views_is_handed_out(steps in steps()) {
        let (mut store, ids) = store();
        let mut model = Model::default();
        let mut peers = [peer(0, true), peer(1, true), peer(2, false)];
        let mut next_connection = 3;
        // Also the ones that are gone: clients ask for those too.
        let mut all: Vec<ObjectId> = vec![ObjectId::blob(1, 1)];
        for step in steps {
            match step {
                Step::Create(who, sizes) => {
                    let fits = store.used_bytes() + sizes.iter().sum::<u64>() <= LIMIT;
                    match store.create_many(peers[who], &sizes, &ids) {
                        Ok(made) => {
                            prop_assert!(fits);
                            prop_assert_eq!(made.iter().map(|p| p.length).collect::<Vec<_>>(), sizes);
                            model.create(peers[who], &made);
                            all.extend(made.iter().map(|p| p.id));
                        }
                        Err(error) => {
                            prop_assert!(!fits);
                            prop_assert_eq!(error.code, StatusCode::NotEnoughMemory);
                        }
                    }
                }
                Step::Seal(who, blob) => {
                    let id = *blob.get(&all);
                    let known = model.blobs.get_mut(&id).filter(|known| known.visible);
                    prop_assert_eq!(store.seal(peers[who], id).is_ok(), known.is_some() || is_well_known(id));
                    if let Some(known) = known {
                        known.sealed = true;
                        model.depend(peers[who], id);
                    } else if is_well_known(id) {
                        model.depend(peers[who], id);
                    }
                }
                Step::Let(who, blob) => {
                    let id = *blob.get(&all);
                    let connection = peers[who].connection;
                    prop_assert_eq!(store.release(connection, id).is_ok(), model.release(connection, id));
                }
                Step::Get(who, blob, unsealed) => {
                    let id = *blob.get(&all);
                    let known = model.blobs.get_mut(&id).filter(|known| known.visible);
                    match (store.get(peers[who], &[id, id], unsealed), known) {
                        (Ok(found), Some(known)) => {
                            prop_assert!(known.sealed || unsealed);
                            prop_assert_eq!(found.len(), 2);
                            prop_assert_eq!(found[0].length, known.bytes.end - known.bytes.start);
                            if peers[who].native {
                                *known.leases.entry(peers[who].connection).or_default() += 2;
                            }
                            model.depend(peers[who], id);
                        }
                        (Ok(found), None) => {
                            prop_assert_eq!(found.len(), 2 * usize::from(is_well_known(id)));
                            model.depend(peers[who], id);
                        }
                        (Err(error), known) => {
                            prop_assert_eq!(error.code, StatusCode::ObjectNotSealed);
                            prop_assert!(known.is_some_and(|known| !known.sealed) && !unsealed);
                        }
                    }
                }
                Step::Remove(blob) => {
                    let id = *blob.get(&all);
                    let known = model.blobs.get_mut(&id).filter(|known| known.visible);
                    prop_assert_eq!(store.remove(id).is_ok(), known.is_some() || is_well_known(id));
                    if let Some(known) = known {
                        known.visible = false;
                        known.users.clear();
                    }
                }
                Step::Release(who, blob) => {
                    let id = *blob.get(&all);
                    let held = model.blobs.get_mut(&id).and_then(|k| k.leases.get_mut(&peers[who].connection));
                    prop_assert_eq!(store.release_lease(peers[who].connection, id), held.is_some());
                    if let Some(count) = held {
                        *count -= 1;
                    }
                }
                Step::Shrink(who, blob, size) => {
                    let id = *blob.get(&all);
                    let Some(known) = model.blobs.get(&id).filter(|known| known.visible && !known.sealed) else {
                        prop_assert!(id == ObjectId::EMPTY_BLOB || store.shrink(peers[who], id, size).is_err());
                        continue;
                    };
                    let fits = size <= known.bytes.end - known.bytes.start;
                    prop_assert_eq!(store.shrink(peers[who], id, size).is_ok(), fits);
                    if fits {
                        let alone = model.blobs.values().filter(|other| other.group == known.group).count() == 1;
                        let shared = known.leases.keys().any(|c| *c != peers[who].connection);
                        let group = known.group;
                        if alone && !shared {
                            model.charged.insert(group, size);
                        }
                        let known = model.blobs.get_mut(&id).expect("just seen");
                        known.bytes.end = known.bytes.start + size;
                    }
                }
                Step::Disconnect(who) => {
                    store.disconnect(peers[who].connection);
                    model.disconnect(peers[who].connection);
                    peers[who].connection = ConnectionId(next_connection);
                    next_connection += 1;
                }
            }
            model.forget_unused();
            model.agrees(&store)?;
        }
        for id in &all {
            let _ = store.remove(*id);
        }
        for peer in peers {
            store.disconnect(peer.connection);
        }
        prop_assert_eq!((store.used_bytes(), store.allocated_bytes(), store.num_leases()), (0, 0, 0));
        prop_assert!(store.blobs.is_empty() && store.unsealed.is_empty());
    }
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
    store.remove(made[3].id).expect("there");
    store.disconnect(ConnectionId(1));
    assert_eq!(store.allocated_bytes(), 0);
}

#[test]
fn the_well_known_blobs_are_always_there() {
    let (mut store, ids) = store();
    let me = peer(1, true);
    assert_eq!(store.create(me, 0, &ids).map(|made| (made.id, made.length)), Ok((ObjectId::EMPTY_BLOB, 0)));
    let both = [ObjectId::EMPTY_BLOB, ObjectId::PLACEHOLDER_BLOB];
    let found = store.get(me, &both, false).expect("always");
    assert_eq!((found[0].length, found[1].length, found[1].sealed), (0, LIMIT, true));
    assert_eq!(store.num_leases(), 0, "there is nothing to hold");
    for id in both {
        assert!(store.seal(me, id).is_ok() && store.remove(id).is_ok());
        assert!(store.sealed_length(id).is_some());
    }
    assert!(!store.contains(ObjectId::EMPTY_BLOB) && store.contains(ObjectId::PLACEHOLDER_BLOB));
    assert_eq!(store.shrink(me, both[0], 1).map_err(|e| e.code), Err(StatusCode::Invalid));
    assert_eq!(store.shrink(me, both[1], 1).map_err(|e| e.code), Err(StatusCode::ObjectSealed));
    assert_eq!(store.sealed().count(), 0, "neither is listed");
}

#[test]
fn shrinking_gives_the_difference_back_unless_somebody_else_looks() {
    let (mut store, ids) = store();
    let (me, other) = (peer(1, true), peer(2, true));
    let blob = store.create(me, 1000, &ids).expect("fits").id;
    store.get(other, &[blob], true).expect("unsealed ones are wanted");
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
    assert!(from.find(&[blob], false).expect("sealed")[0].owned, "nobody said it was taken");
    from.gave_away(blob);
    let (ours, theirs) = (from.find(&[blob], false).expect("sealed"), to.find(&[other], false).expect("sealed"));
    assert_eq!((ours[0].owned, theirs[0].owned, ours[0].offset), (false, true, theirs[0].offset));
    assert_eq!((from.used_bytes(), to.is_in_use(other)), (1000, true));
    from.remove(blob).expect("there");
    assert_eq!(to.used_bytes(), 1000, "it is still there for the other");
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
    from.remove(blob).expect("there");
    to.remove(tomorrow).expect("there");
    assert_eq!(to.allocated_bytes(), 0);
}

#[test]
fn bytes_on_the_way_are_not_reused() {
    let (mut store, ids) = store();
    let me = peer(1, false);
    let blob = store.create(me, 1000, &ids).expect("fits").id;
    assert_eq!(store.get_to_send(me, &[blob], false).map_err(|e| e.code).err(), Some(StatusCode::KeyError));
    store.seal(me, blob).expect("there");
    let sending = store.get_to_send(me, &[blob], false).expect("sealed");
    assert!(store.remove_to_trim(&[blob]).is_empty());
    assert_eq!((store.contains(blob), store.used_bytes()), (false, 1000));
    store.give_back(me, &sending);
    assert_eq!(store.used_bytes(), 0);
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
    assert!(store.remove_to_trim(&[blob]).is_empty() && !store.contains(blob));
}
