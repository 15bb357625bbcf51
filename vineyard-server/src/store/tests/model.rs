//! The store against a model that knows every byte's owner.

use std::collections::{BTreeMap, HashSet};
use std::ops::Range;

use proptest::prelude::*;

use super::super::create::PACKED_BYTES;
use super::super::*;
use super::{LIMIT, SOMEBODY, peer, store, viewer};

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
