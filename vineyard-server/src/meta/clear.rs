//! Removing every object.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use vineyard_core::ObjectId;

use super::backend::{Fields, Key};
use super::delete::Deleted;
use super::edges::Edges;
use super::record::{KeyLists, Record};
use super::tree::Tree;
use crate::budget::Share;

/// What a [`Tree`] held before it was cleared. To drop it takes time with the number of objects.
#[derive(Debug)]
#[must_use = "to drop it takes time, which others should not have to wait for"]
pub struct Cleared {
    records: BTreeMap<ObjectId, Box<Record>>,
    edges: Edges,
    #[expect(dead_code, reason = "it is here to be dropped")]
    rest: Rest,
    #[expect(dead_code, reason = "it is here to be dropped, after the others")]
    share: Share,
}

/// What says nothing more of the objects.
type Rest = (BTreeMap<Arc<str>, BTreeSet<ObjectId>>, KeyLists, BTreeMap<ObjectId, Fields>);

impl Cleared {
    /// The objects, and all blobs that they used. Cost grows with their number.
    pub fn deleted(&self) -> Deleted {
        Deleted { objects: self.records.keys().copied().collect(), blobs: self.edges.blobs() }
    }
}

impl Tree {
    /// Removes every object, persistent ones as well; names stay. Gives what was removed. Costs nothing, unless somebody
    /// [watches](Self::watch): then it grows with the number of objects.
    pub fn clear(&mut self) -> Cleared {
        let mut changes = self.changes();
        if changes.are_watched() {
            let persistent = self.records.iter().filter(|(_, record)| !record.transient).map(|(id, _)| id);
            persistent.chain(self.strays.keys()).for_each(|id| changes.delete(Key::Object(*id)));
            let signatures = self.edges.published();
            signatures.for_each(|(signature, instance, _)| changes.delete(Key::Signature(signature, instance)));
        } else if !self.records.is_empty() || !self.strays.is_empty() {
            // To look whether one of them was persistent would take time; nobody is told of the revision.
            changes.touch();
        }
        self.publish(changes);
        // What was taken for it is given back when it is dropped.
        let share = self.share.part_with(self.objects_weight());
        self.weight = 0;
        Cleared {
            records: std::mem::take(&mut self.records),
            edges: std::mem::replace(&mut self.edges, Edges::new(self.instance)),
            rest: (
                std::mem::take(&mut self.by_type),
                std::mem::take(&mut self.key_lists),
                std::mem::take(&mut self.strays),
            ),
            share,
        }
    }
}
