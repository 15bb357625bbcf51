//! Removing every object.

use super::delete::Deleted;
use super::edges::Edges;
use super::record::KeyLists;
use super::tree::Tree;

impl Tree {
    /// Removes every object, persistent ones as well; names stay. Gives the objects and all blobs that they used. Cost
    /// grows with the number of objects.
    pub fn clear(&mut self) -> Deleted {
        let deleted = Deleted { objects: self.records.keys().copied().collect(), blobs: self.edges.blobs() };
        self.records.clear();
        self.by_type.clear();
        self.key_lists = KeyLists::default();
        self.edges = Edges::new(self.instance);
        deleted
    }
}
