//! Changes of published state.

use std::collections::{BTreeMap, BTreeSet};

use vineyard_core::ObjectId;

use super::BackendError;
use super::entry::{Entry, Key};
use crate::meta::refusal::short;

/// One change.
#[derive(Debug, Clone, PartialEq)]
pub enum Op {
    /// Sets what a key holds, whether or not it was there.
    Put(Entry),
    /// Removes a key; one that is absent is no error. An object goes with all its fields, names and signatures stay.
    Delete(Key),
}

/// Changes that are made together. Their order does not matter: puts of signatures come first, then names, objects and
/// fields, then deletions of objects and fields, of names, and of signatures.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Batch {
    ops: Vec<Op>,
}

impl Op {
    /// The key that is changed.
    pub fn key(&self) -> Key {
        match self {
            Self::Put(entry) => entry.key(),
            Self::Delete(key) => key.clone(),
        }
    }

    /// When the change is made; lower numbers go first.
    fn turn(&self) -> u8 {
        match self {
            Self::Put(Entry::Signature { .. }) => 0,
            Self::Put(Entry::Name { .. }) => 1,
            Self::Put(Entry::Object { .. }) => 2,
            Self::Put(Entry::Field { .. }) => 3,
            Self::Delete(Key::Object(_) | Key::Field(..)) => 4,
            Self::Delete(Key::Name(_)) => 5,
            Self::Delete(Key::Signature(..)) => 6,
        }
    }
}

impl Batch {
    /// Changes to be made together.
    pub fn new(ops: Vec<Op>) -> Self {
        Self { ops }
    }

    /// The changes, as they were given.
    pub fn ops(&self) -> &[Op] {
        &self.ops
    }

    /// The changes in the order in which they are made.
    pub fn in_order(&self) -> Vec<&Op> {
        let mut ops: Vec<&Op> = self.ops.iter().collect();
        ops.sort_by_key(|op| op.turn());
        ops
    }

    /// Whether nothing is changed.
    pub fn is_empty(&self) -> bool {
        self.ops.is_empty()
    }

    /// Whether the batch can be applied as a whole.
    ///
    /// # Errors
    ///
    /// [`BackendError::Refused`]: a key that is changed twice, a field that is put into an object that is deleted, or
    /// an entry that [cannot be kept](Entry::check).
    pub fn check(&self) -> Result<(), BackendError> {
        let refused = |key: &Key, reason| Err(BackendError::Refused { key: short(&key.to_string()), reason });
        let mut keys = BTreeSet::new();
        let mut deleted: BTreeSet<ObjectId> = BTreeSet::new();
        let mut fields: BTreeMap<ObjectId, Key> = BTreeMap::new();
        for op in &self.ops {
            let key = op.key();
            match op {
                Op::Put(entry) => {
                    if let Err(reason) = entry.check() {
                        return refused(&key, reason);
                    }
                }
                Op::Delete(Key::Object(id)) => drop(deleted.insert(*id)),
                Op::Delete(_) => {}
            }
            if let Key::Field(id, _) = &key {
                fields.insert(*id, key.clone());
            }
            if let Some(twice) = keys.replace(key) {
                return refused(&twice, "is changed twice");
            }
        }
        match fields.iter().find(|(id, _)| deleted.contains(id)) {
            Some((_, key)) => refused(key, "belongs to an object that is deleted"),
            None => Ok(()),
        }
    }

    /// About how many bytes this takes in memory.
    pub(super) fn weight(&self) -> u64 {
        self.ops.iter().fold(0, |sum, op| {
            sum.saturating_add(match op {
                Op::Put(entry) => entry.weight(),
                Op::Delete(key) => key.weight(),
            })
        })
    }
}
