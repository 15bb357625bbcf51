//! Random operations, compared with a model that applies the rules one by one to everything, until nothing changes.
//! Another tree follows what is published, and must come to the same.

use proptest::prelude::*;

use super::publish::Followed;
use super::*;

/// Objects and blobs by the object that uses them.
#[derive(Debug, Clone, Default)]
struct Model {
    objects: BTreeMap<ObjectId, BTreeSet<ObjectId>>,
}

impl Model {
    fn parents(&self, id: ObjectId) -> impl Iterator<Item = ObjectId> {
        self.objects.iter().filter(move |(_, members)| members.contains(&id)).map(|(parent, _)| *parent)
    }

    fn members(&self, id: ObjectId) -> BTreeSet<ObjectId> {
        self.objects.get(&id).cloned().unwrap_or_default()
    }

    /// Looks at every object until a whole round changes nothing.
    fn delete(&mut self, ids: &[ObjectId], force: bool, deep: bool) -> BTreeSet<ObjectId> {
        let everything: BTreeSet<ObjectId> =
            self.objects.iter().flat_map(|(id, members)| members.iter().chain([id])).chain(ids).copied().collect();
        let mut gone: BTreeSet<ObjectId> = if force { ids.iter().copied().collect() } else { BTreeSet::new() };
        let mut wanted: BTreeSet<ObjectId> = ids.iter().copied().collect();
        loop {
            let before = (gone.len(), wanted.len());
            for id in &everything {
                if force && ids.iter().any(|asked| self.is_above(*id, *asked)) {
                    gone.insert(*id);
                }
                if gone.contains(id) {
                    let takes_objects = deep && wanted.contains(id);
                    wanted.extend(self.members(*id).iter().filter(|member| takes_objects || member.is_blob()));
                }
                if wanted.contains(id) && self.parents(*id).all(|parent| gone.contains(&parent)) {
                    gone.insert(*id);
                }
            }
            if before == (gone.len(), wanted.len()) {
                break;
            }
        }
        self.objects.retain(|id, _| !gone.contains(id));
        gone
    }

    fn is_above(&self, id: ObjectId, other: ObjectId) -> bool {
        self.parents(other).any(|parent| parent == id || self.is_above(id, parent))
    }
}

#[derive(Debug, Clone)]
enum Op {
    /// Members are picked from what exists.
    Create {
        members: Vec<prop::sample::Index>,
        blobs: Vec<prop::sample::Index>,
        global: bool,
        typename: u8,
    },
    Delete {
        ids: Vec<prop::sample::Index>,
        force: bool,
        deep: bool,
    },
    Name {
        id: prop::sample::Index,
        name: u8,
    },
    Drop {
        name: u8,
    },
    Persist {
        id: prop::sample::Index,
    },
    Label {
        id: prop::sample::Index,
        value: u8,
    },
    Copy {
        id: prop::sample::Index,
        typename: u8,
    },
    Clear,
}

fn op() -> impl Strategy<Value = Op> {
    let some = |most| prop::collection::vec(any::<prop::sample::Index>(), 0..most);
    prop_oneof![
        8 => (some(4), some(3), any::<bool>(), 0..3_u8).prop_map(|(members, blobs, global, typename)| {
            Op::Create { members, blobs, global, typename }
        }),
        3 => (some(4), any::<bool>(), any::<bool>()).prop_map(|(ids, force, deep)| Op::Delete { ids, force, deep }),
        1 => (any::<prop::sample::Index>(), 0..3_u8).prop_map(|(id, name)| Op::Name { id, name }),
        1 => (0..3_u8).prop_map(|name| Op::Drop { name }),
        2 => any::<prop::sample::Index>().prop_map(|id| Op::Persist { id }),
        1 => (any::<prop::sample::Index>(), 0..3_u8).prop_map(|(id, value)| Op::Label { id, value }),
        2 => (any::<prop::sample::Index>(), 0..3_u8).prop_map(|(id, typename)| Op::Copy { id, typename }),
        1 => Just(Op::Clear),
    ]
}

/// Runs the operations on both; `Server` checks the indexes after each.
fn run(ops: Vec<Op>) -> Result<(), TestCaseError> {
    let mut followed = Followed::new();
    let mut model = Model::default();
    let blobs: Vec<ObjectId> = (0..4).map(|_| followed.server.blob(8)).collect();
    let mut globals = BTreeSet::new();
    for op in ops {
        let existing: Vec<ObjectId> = model.objects.keys().copied().collect();
        let server = &mut followed.server;
        let before = server.tree.revision();
        match op {
            Op::Create { members, blobs: owned, global, typename } => {
                let mut fields = json!({"global": global});
                let mut expected = BTreeSet::new();
                if !existing.is_empty() {
                    let picked = members.iter().map(|index| *index.get(&existing));
                    for (n, id) in picked.filter(|id| !(global && globals.contains(id))).enumerate() {
                        fields[format!("m{n}")] = named(id);
                        expected.insert(id);
                    }
                }
                for (n, index) in owned.iter().enumerate() {
                    fields[format!("b{n}")] = blob(*index.get(&blobs), 0);
                    expected.insert(*index.get(&blobs));
                }
                let id = server.create(object(&format!("T{typename}"), fields));
                if global {
                    globals.insert(id);
                }
                model.objects.insert(id, expected);
            }
            Op::Delete { ids, force, deep } => {
                let targets: Vec<ObjectId> = existing.iter().chain(&blobs).copied().collect();
                let ids: Vec<ObjectId> = ids.iter().map(|index| *index.get(&targets)).collect();
                let deleted = server.delete(&ids, force, deep);
                let found: BTreeSet<ObjectId> = deleted.objects.iter().chain(&deleted.blobs).copied().collect();
                prop_assert_eq!(found.len(), deleted.objects.len() + deleted.blobs.len());
                prop_assert_eq!(found, model.delete(&ids, force, deep));
            }
            Op::Name { id, name } if !existing.is_empty() => {
                let id = *id.get(&existing);
                if server.tree.is_persistent(id) == Ok(true) {
                    server.tree.put_name(id, &format!("n{name}")).expect("persistent");
                }
            }
            Op::Drop { name } => server.tree.drop_name(&format!("n{name}")),
            Op::Persist { id } if !existing.is_empty() => server.tree.persist(*id.get(&existing)).expect("there"),
            Op::Label { id, value } if !existing.is_empty() => {
                let label = ("k".to_owned(), value.to_string());
                server.tree.label(*id.get(&existing), [label]).expect("there");
            }
            Op::Copy { id, typename } if !existing.is_empty() => {
                let source = *id.get(&existing);
                let extra = json!({"typename": format!("T{typename}")});
                let copy = server.tree.shallow_copy(source, &extra, &server.ids).expect("there");
                model.objects.insert(copy, model.members(source));
                if globals.contains(&source) {
                    globals.insert(copy);
                }
            }
            Op::Name { .. } | Op::Persist { .. } | Op::Label { .. } | Op::Copy { .. } => {}
            Op::Clear => {
                let cleared = server.tree.clear().deleted();
                prop_assert_eq!(&cleared.objects, &existing);
                let used: BTreeSet<ObjectId> = model.objects.values().flatten().copied().collect();
                prop_assert_eq!(cleared.blobs, used.into_iter().filter(|id| id.is_blob()).collect::<Vec<_>>());
                model = Model::default();
            }
        }
        server.tree.check();
        prop_assert!(server.tree.revision() <= before.next(), "one operation makes one revision at most");
        let left: Vec<ObjectId> = model.objects.keys().copied().collect();
        prop_assert_eq!(server.tree.num_objects(), left.len());
        prop_assert_eq!(server.list("*", false, usize::MAX), left, "every object is there and readable");
        followed.published();
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_operations_do_what_the_rules_say(ops in prop::collection::vec(op(), 1..40)) {
        run(ops)?;
    }
}
