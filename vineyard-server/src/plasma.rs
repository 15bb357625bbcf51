//! The ids that clients of a plasma session have chosen, and the blobs behind them. Pure.

use std::collections::HashMap;

use vineyard_core::{ObjectId, ServerError};

use crate::budget::{Share, Stay};

/// What an id stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The blob.
    pub(crate) blob: ObjectId,
    /// The length that the client gave with it.
    pub(crate) plasma_size: u64,
}

/// What an id takes of the server's own memory besides its bytes, which are kept twice.
const ENTRY_BYTES: u64 = 256;

/// Ids and blobs, both ways.
#[derive(Debug)]
pub(crate) struct PlasmaIndex {
    entries: HashMap<String, Entry>,
    names: HashMap<ObjectId, String>,
    share: Share,
}

fn weight(name: &str) -> u64 {
    u64::try_from(name.len()).unwrap_or(u64::MAX).saturating_mul(2).saturating_add(ENTRY_BYTES)
}

impl PlasmaIndex {
    /// No ids. What they take is taken from a budget.
    pub(crate) fn new(share: Share) -> Self {
        Self { entries: HashMap::new(), names: HashMap::new(), share }
    }

    /// Enters an id; one that is there already stays as it is. Whether it was entered.
    ///
    /// # Errors
    ///
    /// Code 41 if the server may keep no more.
    pub(crate) fn insert(&mut self, name: &str, entry: Entry) -> Result<bool, ServerError> {
        if self.entries.contains_key(name) {
            return Ok(false);
        }
        self.share.take(weight(name), Stay::Stored)?;
        self.names.insert(entry.blob, name.to_owned());
        self.entries.insert(name.to_owned(), entry);
        Ok(true)
    }

    /// What an id stands for.
    pub(crate) fn get(&self, name: &str) -> Option<Entry> {
        self.entries.get(name).copied()
    }

    /// Takes the id of a blob away; whether it had one.
    pub(crate) fn forget(&mut self, blob: ObjectId) -> bool {
        match self.names.remove(&blob) {
            Some(name) => {
                self.share.give(weight(&name));
                self.entries.remove(&name).is_some()
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Budget;

    #[test]
    fn the_first_blob_keeps_the_id() {
        let budget = Budget::new(2000);
        let mut index = PlasmaIndex::new(Share::of(&budget));
        let entry = |number| Entry { blob: ObjectId::blob(1, number), plasma_size: 5 };
        let mut insert = |name: &str, number| index.insert(name, entry(number));
        assert_eq!((insert("a", 1), insert("a", 2), insert("b", 3)), (Ok(true), Ok(false), Ok(true)));
        assert!(insert(&"c".repeat(1000), 5).is_err());
        assert_eq!(index.get("a"), Some(entry(1)));
        assert!(!index.forget(ObjectId::blob(1, 2)) && index.forget(ObjectId::blob(1, 1)));
        assert_eq!((index.get("a"), index.get("b")), (None, Some(entry(3))));
        assert_eq!(index.insert("a", entry(4)), Ok(true), "the id is free again");
        assert!(index.forget(ObjectId::blob(1, 3)) && index.forget(ObjectId::blob(1, 4)));
        assert_eq!(budget.used(), 0);
    }
}
