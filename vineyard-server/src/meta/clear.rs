//! Removing every object.

use super::backend::Key;
use super::delete::Deleted;
use super::edges::Edges;
use super::record::KeyLists;
use super::tree::Tree;
use super::weight;

impl Tree {
    /// Removes every object, persistent ones as well; names stay. Gives the objects and all blobs that they used. Cost
    /// grows with the number of objects.
    pub fn clear(&mut self) -> Deleted {
        let deleted = Deleted { objects: self.records.keys().copied().collect(), blobs: self.edges.blobs() };
        let mut changes = self.changes();
        let persistent = self.records.iter().filter(|(_, record)| !record.transient).map(|(id, _)| id);
        persistent.chain(self.strays.keys()).for_each(|id| changes.delete(Key::Object(*id)));
        self.edges.published().for_each(|(signature, instance, _)| changes.delete(Key::Signature(signature, instance)));
        self.publish(changes);
        self.strays.clear();
        for record in self.records.values() {
            self.weight = self.weight.saturating_sub(record.weight());
        }
        let typenames = self.by_type.keys().map(|typename| weight::of_key(typename)).fold(0, u64::saturating_add);
        self.weight = self.weight.saturating_sub(typenames);
        self.records.clear();
        self.by_type.clear();
        self.key_lists = KeyLists::default();
        self.edges = Edges::new(self.instance);
        self.settle();
        deleted
    }
}
