//! Random operations, compared with a model that applies the rules one by one to everything, until nothing changes.

use proptest::prelude::*;

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
}

fn op() -> impl Strategy<Value = Op> {
    let some = |most| prop::collection::vec(any::<prop::sample::Index>(), 0..most);
    prop_oneof![
        5 => (some(4), some(3), any::<bool>(), 0..3_u8).prop_map(|(members, blobs, global, typename)| {
            Op::Create { members, blobs, global, typename }
        }),
        3 => (some(4), any::<bool>(), any::<bool>()).prop_map(|(ids, force, deep)| Op::Delete { ids, force, deep }),
        1 => (any::<prop::sample::Index>(), 0..3_u8).prop_map(|(id, name)| Op::Name { id, name }),
        1 => (0..3_u8).prop_map(|name| Op::Drop { name }),
    ]
}

/// Runs the operations on both; `Server` checks the indexes after each.
fn run(ops: Vec<Op>) -> Result<(), TestCaseError> {
    let mut server = Server::new();
    let mut model = Model::default();
    let blobs: Vec<ObjectId> = (0..4).map(|_| server.blob(8)).collect();
    let mut globals = BTreeSet::new();
    for op in ops {
        let existing: Vec<ObjectId> = model.objects.keys().copied().collect();
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
                server.tree.persist(id).expect("there");
                server.tree.put_name(id, &format!("n{name}")).expect("persistent");
                server.tree.check();
            }
            Op::Name { .. } => {}
            Op::Drop { name } => {
                server.tree.drop_name(&format!("n{name}"));
                server.tree.check();
            }
        }
        let left: Vec<ObjectId> = model.objects.keys().copied().collect();
        prop_assert_eq!(server.tree.num_objects(), left.len());
        prop_assert_eq!(server.list("*", false, usize::MAX), left, "every object is there and readable");
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
