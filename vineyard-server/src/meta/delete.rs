//! What a deletion takes with it.
//!
//! The rules are stated as a fixed point, so that neither the order of the ids nor the order of the walk matters:
//!
//! 1. With `force`, what was asked for goes, and so do all its ancestors.
//! 2. What was asked for goes once nothing uses it any more.
//! 3. The blobs of what goes, go once nothing uses them any more. With `deep` so do the member objects of what was asked
//!    for, and theirs in turn. An ancestor that only `force` took keeps its member objects.
//!
//! What has parents goes after them, so at any moment the objects that are left have all their members. A deletion can
//! thus be done in steps, between which others create and delete: what they link to in the meantime is in use.

use std::collections::{BTreeSet, HashSet};

use vineyard_core::ObjectId;

use super::is_everlasting;
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
        let Deleted { mut objects, mut blobs } = Deletion::new(ids, force, deep).step(self, usize::MAX);
        objects.sort_unstable();
        blobs.sort_unstable();
        Deleted { objects, blobs }
    }
}

/// A deletion that is done in steps, as [`Tree::delete`] does it at once.
#[derive(Debug)]
pub struct Deletion {
    deep: bool,
    /// Goes as soon as nothing uses it: asked for, or taken along as a member.
    wanted: HashSet<ObjectId>,
    gone: HashSet<ObjectId>,
    /// Goes with all its ancestors.
    forced: Vec<ObjectId>,
    /// One that goes by force, and above it one ancestor over the other.
    path: Vec<ObjectId>,
    /// Wanted ones that may have lost their last user; the lowest id is looked at first.
    pending: BTreeSet<ObjectId>,
}

impl Deletion {
    /// What is to be deleted; nothing is yet. Cost grows with the ids.
    pub fn new(ids: &[ObjectId], force: bool, deep: bool) -> Self {
        let requested = || ids.iter().copied().filter(|id| !is_everlasting(*id));
        let wanted = requested().collect();
        let (forced, pending) =
            if force { (requested().collect(), BTreeSet::new()) } else { (Vec::new(), requested().collect()) };
        Self { deep, wanted, gone: HashSet::new(), forced, path: Vec::new(), pending }
    }

    /// Whether everything was deleted.
    pub fn is_done(&self) -> bool {
        self.forced.is_empty() && self.path.is_empty() && self.pending.is_empty()
    }

    /// Looks at no more than so many objects and blobs, and deletes those that can go, in one revision. Says which they
    /// were, in the order in which they went.
    pub fn step(&mut self, tree: &mut Tree, most: usize) -> Deleted {
        let mut changes = tree.changes();
        let mut deleted = Deleted::default();
        for _ in 0..most {
            if self.is_done() {
                break;
            }
            let Some(id) = self.next(tree) else { continue };
            if !self.gone.insert(id) {
                continue;
            }
            let deep = self.deep && self.wanted.contains(&id);
            for member in members(tree, id) {
                if deep || member.is_blob() {
                    self.wanted.insert(member);
                }
                if self.wanted.contains(&member) {
                    self.pending.insert(member);
                }
            }
            if tree.remove(id, &mut changes) {
                deleted.objects.push(id);
            } else if id.is_blob() {
                deleted.blobs.push(id);
            }
        }
        tree.publish(changes);
        tree.settle();
        deleted
    }

    /// Looks at one object or blob, and gives it if it can go.
    fn next(&mut self, tree: &Tree) -> Option<ObjectId> {
        let Some(id) = self.path.last().copied().or_else(|| self.forced.pop()) else {
            let id = self.pending.pop_first()?;
            return tree.edges.is_deletable(id, tree.record(id)).then_some(id);
        };
        if self.path.is_empty() {
            self.path.push(id);
        }
        // Signatures that other objects took over can lead to a cycle; then what is on the path goes with it.
        let parent = tree.edges.parents(id, tree.record(id)).find(|parent| !self.path.contains(parent));
        match parent {
            Some(parent) => {
                self.path.push(parent);
                None
            }
            None => self.path.pop(),
        }
    }
}

fn members(tree: &Tree, id: ObjectId) -> Vec<ObjectId> {
    let links = tree.record(id).into_iter().flat_map(|record| record.links());
    links.filter_map(|link| tree.edges.member(link)).filter(|member| !is_everlasting(*member)).collect()
}
