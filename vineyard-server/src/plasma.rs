//! The ids that clients of a plasma session have chosen, and the blobs behind them. Pure.

use std::collections::HashMap;

use vineyard_core::ObjectId;

/// What an id stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The blob.
    pub(crate) blob: ObjectId,
    /// The length that the client gave with it.
    pub(crate) plasma_size: u64,
}

/// Ids and blobs, both ways.
#[derive(Debug, Default)]
pub(crate) struct PlasmaIndex {
    entries: HashMap<String, Entry>,
    names: HashMap<ObjectId, String>,
}

impl PlasmaIndex {
    /// Enters an id; one that is there already stays as it is. Whether it was entered.
    pub(crate) fn insert(&mut self, name: &str, entry: Entry) -> bool {
        if self.entries.contains_key(name) {
            return false;
        }
        self.names.insert(entry.blob, name.to_owned());
        self.entries.insert(name.to_owned(), entry);
        true
    }

    /// What an id stands for.
    pub(crate) fn get(&self, name: &str) -> Option<Entry> {
        self.entries.get(name).copied()
    }

    /// Takes the id of a blob away; whether it had one.
    pub(crate) fn forget(&mut self, blob: ObjectId) -> bool {
        match self.names.remove(&blob) {
            Some(name) => self.entries.remove(&name).is_some(),
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_blob_keeps_the_id() {
        let mut index = PlasmaIndex::default();
        let entry = |number| Entry { blob: ObjectId::blob(1, number), plasma_size: 5 };
        assert!(index.insert("a", entry(1)) && !index.insert("a", entry(2)) && index.insert("b", entry(3)));
        assert_eq!(index.get("a"), Some(entry(1)));
        assert!(!index.forget(ObjectId::blob(1, 2)) && index.forget(ObjectId::blob(1, 1)));
        assert_eq!((index.get("a"), index.get("b")), (None, Some(entry(3))));
        assert!(index.insert("a", entry(4)), "the id is free again");
    }
}
