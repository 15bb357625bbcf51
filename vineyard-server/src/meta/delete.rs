//! What a deletion takes with it.

use std::collections::HashSet;

use vineyard_core::ObjectId;

use super::is_everlasting;
use super::tree::Tree;

/// What [`Tree::delete`] removed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deleted {
    /// Objects that are gone now.
    pub objects: Vec<ObjectId>,
    /// Blobs of this instance to free now. Includes ids that were asked for, whether or not there is such a blob.
    pub blobs: Vec<ObjectId>,
}

/// How a visit treats what it finds.
#[derive(Debug, Clone, Copy)]
struct Mode {
    /// Remove it even if it is in use, with everything that uses it.
    force: bool,
    /// Also remove the member objects that nothing else uses, not only the blobs.
    deep: bool,
}

/// What is to be done, last in first out. The rules are recursive, but how deep they go is up to the peer.
#[derive(Debug)]
enum Step {
    Visit(ObjectId, Mode),
    /// Only if it was not visited before.
    VisitOnce(ObjectId, Mode),
    /// The second half of a visit, after the requested parents had their turn.
    Decide(ObjectId, Mode),
}

impl Tree {
    /// Deletes objects and blobs.
    ///
    /// An object that is in use is kept, silently, unless `force` removes it with all its ancestors. Its blobs go with
    /// it if nothing else uses them; so do its member objects, recursively, with `deep`. The order of `ids` does not
    /// matter, absent ones are no error, and names stay. Cost grows with what is removed and its links.
    pub fn delete(&mut self, ids: &[ObjectId], force: bool, deep: bool) -> Deleted {
        let mut deletion = Deletion {
            tree: self,
            requested: ids.iter().copied().collect(),
            visited: HashSet::new(),
            gone: HashSet::new(),
            steps: Vec::new(),
            deleted: Deleted::default(),
        };
        for id in ids {
            deletion.run(Step::Visit(*id, Mode { force, deep }));
        }
        deletion.deleted
    }
}

/// Visits happen in the order of the ids, and what is pushed last is visited first. What a request removes can depend on
/// the order: the same parent may be reached as a member's user or as one that was asked for.
fn in_turn(ids: impl Iterator<Item = ObjectId>) -> impl Iterator<Item = ObjectId> {
    let mut ids: Vec<ObjectId> = ids.collect();
    ids.sort_unstable();
    ids.into_iter().rev()
}

struct Deletion<'a> {
    tree: &'a mut Tree,
    requested: HashSet<ObjectId>,
    visited: HashSet<ObjectId>,
    gone: HashSet<ObjectId>,
    steps: Vec<Step>,
    deleted: Deleted,
}

impl Deletion<'_> {
    fn run(&mut self, first: Step) {
        self.steps.push(first);
        while let Some(step) = self.steps.pop() {
            match step {
                Step::Visit(id, mode) => self.visit(id, mode),
                Step::VisitOnce(id, mode) if !self.visited.contains(&id) => self.visit(id, mode),
                Step::VisitOnce(..) => {}
                Step::Decide(id, mode) => self.decide(id, mode),
            }
        }
    }

    fn visit(&mut self, id: ObjectId, mode: Mode) {
        if is_everlasting(id) || self.gone.contains(&id) {
            return;
        }
        self.steps.push(Step::Decide(id, mode));
        // Parents are looked through once: a second time all that were asked for are visited, and what many deleted
        // objects share would cost the square of their number.
        if self.visited.insert(id) && self.requested.len() > 1 {
            let parents = self.tree.edges.parents(id, self.tree.record(id));
            let requested = in_turn(parents.filter(|parent| self.requested.contains(parent)));
            self.steps.extend(requested.map(|parent| Step::VisitOnce(parent, mode)));
        }
    }

    fn decide(&mut self, id: ObjectId, mode: Mode) {
        let record = self.tree.record(id);
        if self.gone.contains(&id) || !(mode.force || self.tree.edges.is_deletable(id, record)) {
            return;
        }
        // Pushed in reverse: members come before the parents that `force` takes.
        if mode.force {
            let up = Mode { force: true, deep: false };
            self.steps.extend(in_turn(self.tree.edges.parents(id, record)).map(|parent| Step::Visit(parent, up)));
        }
        let down = Mode { force: false, deep: true };
        let members = record.into_iter().flat_map(|record| record.links());
        let members = members.filter_map(|link| self.tree.edges.member(link));
        let taken = members.filter(|member| mode.deep || member.is_blob());
        self.steps.extend(in_turn(taken).map(|member| Step::Visit(member, down)));

        self.gone.insert(id);
        if self.tree.remove(id) {
            self.deleted.objects.push(id);
        } else if id.is_blob() {
            self.deleted.blobs.push(id);
        }
    }
}
