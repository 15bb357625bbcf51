//! Random operations, compared with a model that follows the rules literally: recursively, with all edges recomputed.

use proptest::prelude::*;

use super::*;

/// Objects and blobs by the object that uses them.
#[derive(Debug, Clone, Default)]
struct Model {
    objects: BTreeMap<ObjectId, BTreeSet<ObjectId>>,
}

struct Visits<'a> {
    model: &'a Model,
    requested: BTreeSet<ObjectId>,
    visited: BTreeSet<ObjectId>,
    gone: BTreeSet<ObjectId>,
}

impl Visits<'_> {
    fn parents(&self, id: ObjectId) -> Vec<ObjectId> {
        let left = self.model.objects.iter().filter(|(parent, _)| !self.gone.contains(parent));
        left.filter(|(_, members)| members.contains(&id)).map(|(parent, _)| *parent).collect()
    }

    fn visit(&mut self, id: ObjectId, force: bool, deep: bool) {
        if self.gone.contains(&id) {
            return;
        }
        self.visited.insert(id);
        for parent in self.parents(id) {
            if self.requested.contains(&parent) && !self.visited.contains(&parent) {
                self.visit(parent, force, deep);
            }
        }
        let parents = self.parents(id);
        if self.gone.contains(&id) || !(force || parents.is_empty()) {
            return;
        }
        self.gone.insert(id);
        for member in self.model.objects.get(&id).cloned().unwrap_or_default() {
            if deep || member.is_blob() {
                self.visit(member, false, true);
            }
        }
        if force {
            for parent in parents {
                self.visit(parent, true, false);
            }
        }
    }
}

impl Model {
    fn delete(&mut self, ids: &[ObjectId], force: bool, deep: bool) -> BTreeSet<ObjectId> {
        let requested = ids.iter().copied().collect();
        let mut visits = Visits { model: self, requested, visited: BTreeSet::new(), gone: BTreeSet::new() };
        for id in ids {
            visits.visit(*id, force, deep);
        }
        let gone = visits.gone;
        self.objects.retain(|id, _| !gone.contains(id));
        gone
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
