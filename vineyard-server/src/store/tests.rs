//! The store against a model that knows every byte's owner.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;

use proptest::prelude::*;
use vineyard_core::InstanceId;

use super::create::PACKED_BYTES;
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

#[derive(Debug, Clone)]
enum Step {
    Create(usize, Vec<u64>),
    Seal(usize, prop::sample::Index),
    Let(usize, prop::sample::Index),
    Get(usize, prop::sample::Index, bool),
    Remove(usize, prop::sample::Index),
    Reach(prop::sample::Index),
    Reclaim(u64),
    Release(usize, prop::sample::Index),
    Shrink(usize, prop::sample::Index, u64),
    Slice(usize, prop::sample::Index, u64, u64),
    Disconnect(usize),
    Clear(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let blob = any::<prop::sample::Index>;
    let size = prop_oneof![Just(0), 1u64..200, 1u64..9000];
    let step = prop_oneof![
        4 => (0usize..4, prop::collection::vec(size, 1..5)).prop_map(|(c, s)| Step::Create(c, s)),
        3 => (0usize..4, blob()).prop_map(|(c, b)| Step::Seal(c, b)),
        1 => (0usize..4, blob()).prop_map(|(c, b)| Step::Let(c, b)),
        4 => (0usize..4, blob(), any::<bool>()).prop_map(|(c, b, u)| Step::Get(c, b, u)),
        2 => (0usize..4, blob()).prop_map(|(c, b)| Step::Remove(c, b)),
        1 => blob().prop_map(Step::Reach),
        1 => (0u64..9000).prop_map(Step::Reclaim),
        3 => (0usize..4, blob()).prop_map(|(c, b)| Step::Release(c, b)),
        1 => (0usize..4, blob(), 0u64..300).prop_map(|(c, b, n)| Step::Shrink(c, b, n)),
        3 => (0usize..4, blob(), 0u64..150, 0u64..150).prop_map(|(c, b, o, n)| Step::Slice(c, b, o, n)),
        1 => (0usize..4).prop_map(Step::Disconnect),
        1 => (0usize..4).prop_map(Step::Clear),
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
    viewers: HashSet<ConnectionId>,
    maker: Option<ConnectionId>,
    group: usize,
    owned: bool,
}

impl Known {
    /// A connection looks at it no more, as far as it is one that does not say so.
    fn view_no_more(&mut self, connection: ConnectionId) {
        self.viewers.remove(&connection);
        self.maker.take_if(|maker| *maker == connection);
    }

    fn is_viewed(&self) -> bool {
        !self.leases.is_empty() || self.lingers()
    }

    /// Whether it would linger if it were hidden.
    fn lingers(&self) -> bool {
        self.leases.is_empty() && (!self.viewers.is_empty() || self.maker.is_some())
    }

    fn hide(&mut self, by: ConnectionId) {
        self.view_no_more(by);
        self.visible = false;
        self.users.clear();
    }
}

#[derive(Debug, Default)]
struct Model {
    blobs: BTreeMap<ObjectId, Known>,
    /// Who depends on a blob that stands for itself.
    well_known_users: HashSet<(ConnectionId, ObjectId)>,
    /// Whether blobs ever shared a range.
    was_shared: bool,
    /// What each allocation counts for, by group.
    charged: BTreeMap<usize, u64>,
    groups: usize,
}

impl Model {
    fn create(&mut self, peer: Peer, made: &[Placement]) {
        let small = |p: &Placement| peer.native && p.length > 0 && p.length <= PACKED_BYTES;
        let packs = made.iter().filter(|p| small(p)).count() > 1;
        self.was_shared |= packs;
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
            let (sealed, visible, users, viewers) = (false, true, HashSet::new(), HashSet::new());
            let maker = peer.views.then_some(creator);
            let owned = false;
            let known = Known { bytes, arena, creator, sealed, visible, leases, users, viewers, maker, group, owned };
            assert!(self.blobs.insert(placement.id, known).is_none(), "{} was given twice", placement.id);
        }
    }

    fn forget_unused(&mut self) {
        self.blobs.retain(|_, known| {
            known.leases.retain(|_, count| *count > 0);
            known.visible || known.is_viewed()
        });
        let used: Vec<usize> = self.blobs.values().map(|known| known.group).collect();
        self.charged.retain(|group, _| used.contains(group));
    }

    fn disconnect(&mut self, connection: ConnectionId) {
        for known in self.blobs.values_mut() {
            if known.creator == connection && (!known.sealed || known.owned) {
                known.visible = false;
            }
            known.leases.remove(&connection);
            known.users.remove(&connection);
            known.view_no_more(connection);
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
        let release = |known: &mut Known| {
            let used = known.users.remove(&connection);
            if used {
                known.view_no_more(connection);
            }
            used
        };
        known.is_some_and(release) || self.well_known_users.remove(&(connection, id))
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
        let views = self.blobs.values().map(|known| known.viewers.len() + usize::from(known.maker.is_some()));
        let holds = leased + used + views.sum::<usize>();
        prop_assert_eq!(store.charged(), (self.blobs.len() as u64, holds as u64));
        let lingering = self.blobs.values().filter(|known| !known.visible && known.lingers());
        prop_assert_eq!(
            store.lingering_bytes(),
            lingering.map(|known| known.bytes.end - known.bytes.start).sum::<u64>()
        );
        prop_assert!(store.allocated_bytes() >= store.used_bytes());
        prop_assert_eq!((store.by_state(), store.holdings()), store.recount());
        // What is left of a range that blobs share and some of which are gone is counted by none.
        prop_assert!(store.by_state().sum().bytes <= store.allocated_bytes());
        if !self.was_shared {
            prop_assert_eq!(store.by_state().sum().bytes, store.allocated_bytes());
        }
        Ok(())
    }
}

proptest! {
    #[test]
    fn no_byte_that_somebody_views_is_handed_out(steps in steps()) {
        let (mut store, ids) = store();
        let mut model = Model::default();
        let mut peers = [peer(0, true), peer(1, true), peer(2, false), viewer(3)];
        let mut next_connection = 4;
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
                        let connection = peers[who].connection;
                        if peers[who].views && known.maker != Some(connection) {
                            known.viewers.insert(connection);
                        }
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
                    match (store.get(peers[who], &[id, id], if unsealed { Unsealed::Wanted } else { Unsealed::Refused }), known) {
                        (Ok(found), Some(known)) => {
                            prop_assert!(known.sealed || unsealed);
                            prop_assert_eq!(found.len(), 2);
                            prop_assert_eq!(found[0].length, known.bytes.end - known.bytes.start);
                            if peers[who].native {
                                *known.leases.entry(peers[who].connection).or_default() += 2;
                            }
                            if peers[who].views {
                                known.viewers.insert(peers[who].connection);
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
                Step::Remove(who, blob) => {
                    let (id, by) = (*blob.get(&all), peers[who].connection);
                    let known = model.blobs.get_mut(&id);
                    let visible = known.as_ref().is_some_and(|known| known.visible);
                    prop_assert_eq!(store.remove(id, by).is_ok(), visible || is_well_known(id));
                    if let Some(known) = known {
                        known.hide(by);
                    }
                }
                Step::Reach(blob) => {
                    let id = *blob.get(&all);
                    store.reached(id);
                    if let Some(known) = model.blobs.get_mut(&id) {
                        known.owned = false;
                    }
                    if let Some(known) = model.blobs.get_mut(&id).filter(|known| known.sealed && known.visible) {
                        known.maker = None;
                    }
                }
                Step::Reclaim(wanted) => {
                    let gone = store.reclaim(wanted);
                    let mut bytes = 0;
                    for (id, length) in gone {
                        let known = model.blobs.get_mut(&id).expect("its memory was there");
                        prop_assert!(!known.visible && known.lingers(), "{:?} was in use", known);
                        (known.viewers, known.maker) = (HashSet::new(), None);
                        bytes += length;
                    }
                    prop_assert!(bytes >= wanted || store.lingering_bytes() == 0);
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
                        let shared = known.leases.keys().any(|c| *c != peers[who].connection) || known.viewers.iter().any(|c| *c != peers[who].connection);
                        let group = known.group;
                        if alone && !shared {
                            model.charged.insert(group, size);
                        }
                        let known = model.blobs.get_mut(&id).expect("just seen");
                        known.bytes.end = known.bytes.start + size;
                    }
                }
                Step::Slice(who, blob, offset, length) => {
                    let (id, peer) = (*blob.get(&all), peers[who]);
                    let known = model.blobs.get(&id).filter(|known| known.visible || known.leases.contains_key(&peer.connection));
                    let mut made = Vec::new();
                    let result = store.slice(peer, &[Slice { id, offset, length }], &ids, &mut made);
                    let fits = |known: &&Known| known.sealed && known.bytes.start + offset + length <= known.bytes.end;
                    prop_assert_eq!(result.is_ok(), known.is_some_and(|known| fits(&known)), "{:?}", result);
                    let Some(known) = known.filter(fits) else { continue };
                    let start = known.bytes.start + offset;
                    prop_assert_eq!((made[0].length, made[0].offset), (length, if length > 0 { start } else { 0 }));
                    if length > 0 {
                        let slice = Known {
                            bytes: start..start + length,
                            arena: known.arena,
                            creator: peer.connection,
                            sealed: true,
                            visible: true,
                            leases: HashMap::new(),
                            users: HashSet::new(),
                            viewers: HashSet::new(),
                            maker: None,
                            group: known.group,
                            owned: true,
                        };
                        all.push(made[0].id);
                        model.blobs.insert(made[0].id, slice);
                    }
                }
                Step::Clear(who) => {
                    let by = peers[who].connection;
                    let freed = store.clear(by);
                    store.pool.clone().trim(freed);
                    model.blobs.values_mut().for_each(|known| known.hide(by));
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
            let _ = store.remove(*id, SOMEBODY);
        }
        for peer in peers {
            store.disconnect(peer.connection);
        }
        prop_assert_eq!((store.used_bytes(), store.allocated_bytes(), store.num_leases()), (0, 0, 0));
        prop_assert_eq!((store.by_state(), store.holdings()), Default::default());
        prop_assert!(store.blobs.is_empty() && store.owned.is_empty() && store.lingering_bytes() == 0);
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
