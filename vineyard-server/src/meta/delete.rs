//! What a deletion takes with it.
//!
//! The rules are stated as a fixed point, so that neither the order of the ids nor the order of the walk matters:
//!
//! 1. With `force`, what was asked for goes, and so do all its ancestors.
//! 2. What was asked for goes once nothing uses it any more.
//! 3. The blobs of what goes, go once nothing uses them any more. With `deep` so do the member objects of what was asked
//!    for, and theirs in turn. An ancestor that only `force` took keeps its member objects.

use std::collections::{BTreeSet, HashSet};

use vineyard_core::ObjectId;

use super::is_everlasting;
use super::publish::Changes;
use super::tree::Tree;

/// What [`Tree::delete`] removed, in the order of the ids.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deleted {
    /// Objects that are gone now.
    pub objects: Vec<ObjectId>,
    /// Blobs of this instance to free now. Includes ids that were asked for, whether or not there is such a blob.
    pub blobs: Vec<ObjectId>,
}

impl Tree {
    /// Deletes objects and blobs.
    ///
    /// An object that is in use is kept, silently, unless `force` removes it with all its ancestors. Its blobs go with
    /// it if nothing else uses them; so do its member objects, recursively, with `deep`. The order of `ids` does not
    /// matter, absent ones are no error, and names stay. Cost grows with what is removed and its links.
    pub fn delete(&mut self, ids: &[ObjectId], force: bool, deep: bool) -> Deleted {
        let requested: Vec<ObjectId> = ids.iter().copied().filter(|id| !is_everlasting(*id)).collect();
        let changes = self.changes();
        let mut deletion = Deletion {
            wanted: requested.iter().copied().collect(),
            tree: self,
            gone: HashSet::new(),
            pending: BTreeSet::new(),
            deleted: Deleted::default(),
            changes,
        };
        if force {
            let doomed = deletion.with_ancestors(&requested);
            let deep_ones = if deep { deletion.with_members_in(&doomed, &requested) } else { HashSet::new() };
            for id in doomed {
                deletion.remove(id, deep_ones.contains(&id));
            }
        } else {
            deletion.pending.extend(requested);
        }
        deletion.settle(deep);
        let Deletion { changes, deleted: Deleted { mut objects, mut blobs }, .. } = deletion;
        self.publish(changes);
        self.settle();
        objects.sort_unstable();
        blobs.sort_unstable();
        Deleted { objects, blobs }
    }
}

struct Deletion<'a> {
    tree: &'a mut Tree,
    /// Goes as soon as nothing uses it: asked for, or taken along as a member.
    wanted: HashSet<ObjectId>,
    gone: HashSet<ObjectId>,
    /// Wanted ones that may have lost their last user; the lowest id is looked at first.
    pending: BTreeSet<ObjectId>,
    deleted: Deleted,
    changes: Changes,
}

impl Deletion<'_> {
    fn with_ancestors(&self, ids: &[ObjectId]) -> HashSet<ObjectId> {
        closure(ids, |id| self.tree.edges.parents(id, self.tree.record(id)).collect())
    }

    /// Those of `ids`, and of the members below them, that are in `within`.
    fn with_members_in(&self, within: &HashSet<ObjectId>, ids: &[ObjectId]) -> HashSet<ObjectId> {
        closure(ids, |id| self.members(id).into_iter().filter(|member| within.contains(member)).collect())
    }

    fn members(&self, id: ObjectId) -> Vec<ObjectId> {
        let links = self.tree.record(id).into_iter().flat_map(|record| record.links());
        links.filter_map(|link| self.tree.edges.member(link)).filter(|member| !is_everlasting(*member)).collect()
    }

    fn settle(&mut self, deep: bool) {
        while let Some(id) = self.pending.pop_first() {
            if self.tree.edges.is_deletable(id, self.tree.record(id)) {
                self.remove(id, deep);
            }
        }
    }

    fn remove(&mut self, id: ObjectId, deep: bool) {
        if !self.gone.insert(id) {
            return;
        }
        for member in self.members(id) {
            if deep || member.is_blob() {
                self.wanted.insert(member);
            }
            if self.wanted.contains(&member) {
                self.pending.insert(member);
            }
        }
        if self.tree.remove(id, &mut self.changes) {
            self.deleted.objects.push(id);
        } else if id.is_blob() {
            self.deleted.blobs.push(id);
        }
    }
}

/// `ids` and all that `next` leads to from them.
fn closure(ids: &[ObjectId], next: impl Fn(ObjectId) -> Vec<ObjectId>) -> HashSet<ObjectId> {
    let mut found: HashSet<ObjectId> = ids.iter().copied().collect();
    let mut pending = ids.to_vec();
    while let Some(id) = pending.pop() {
        for id in next(id) {
            if found.insert(id) {
                pending.push(id);
            }
        }
    }
    found
}
