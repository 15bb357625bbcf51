//! The entries a map is built from.

use std::borrow::Borrow;
use std::marker::PhantomData;

use super::{Duplicates, Hashed};
use crate::hashmap::{MapError, MapKey, MapValue, Seed};

/// Entries in the order given, and what becomes of keys that are given more than once.
pub(in crate::hashmap) struct Given<'a, K, V, Q, W> {
    entries: &'a [(Q, W)],
    duplicates: Duplicates,
    _types: PhantomData<(K, V)>,
}

/// Why the entries make no map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::hashmap) enum Fault {
    /// A key is given twice, at these places.
    Twice { first: u64, second: u64 },
    /// Too many keys collide.
    Collisions,
}

/// What all parts have said: the error of the first entry with a key that was given before, or `None` if the keys collide.
pub(in crate::hashmap) fn first_fault<X>(
    parts: Vec<Result<X, Fault>>,
    name: impl FnOnce(u64, u64) -> MapError,
) -> Result<Option<Vec<X>>, MapError> {
    let twice = parts.iter().filter_map(|part| match part {
        Err(Fault::Twice { first, second }) => Some((*second, *first)),
        _ => None,
    });
    if let Some((second, first)) = twice.min() {
        return Err(name(first, second));
    }
    Ok(parts.into_iter().collect::<Result<_, _>>().ok())
}

impl<'a, K: MapKey, V: MapValue, Q: Borrow<K::Query>, W: Borrow<V::View>> Given<'a, K, V, Q, W> {
    pub(in crate::hashmap) fn new(entries: &'a [(Q, W)], duplicates: Duplicates) -> Self {
        Self { entries, duplicates, _types: PhantomData }
    }

    pub(in crate::hashmap) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(in crate::hashmap) fn hash(&self, entry: usize, seed: Seed) -> u64 {
        K::hash(self.entries[entry].0.borrow(), seed)
    }

    /// The key and the value of an entry.
    pub(in crate::hashmap) fn entry(&self, entry: u64) -> (&'a K::Query, &'a V::View) {
        let (key, value) = &self.entries[entry as usize];
        (key.borrow(), value.borrow())
    }

    /// How many bytes of an entry go to the texts.
    pub(in crate::hashmap) fn text_bytes(&self, entry: u64) -> u64 {
        let (key, value) = self.entry(entry);
        (K::text(key).len() + V::text(value).len()) as u64
    }

    fn has_key_of(&self, one: u64, other: u64) -> bool {
        self.entry(one).0 == self.entry(other).0
    }

    /// Adds an entry to those kept of a run, which are before it in the order given. Whether it is a new key, and thus to be
    /// kept; if not, the earlier one is updated.
    pub(in crate::hashmap) fn settle(&self, kept: &mut [Hashed], new: Hashed) -> Result<bool, (u64, u64)> {
        let same = |old: &&mut Hashed| old.hash == new.hash && self.has_key_of(old.entry, new.entry);
        match (kept.iter_mut().find(same), self.duplicates) {
            (None, _) => Ok(true),
            (Some(old), Duplicates::Refuse) => Err((old.entry, new.entry)),
            (Some(_), Duplicates::KeepFirst) => Ok(false),
            (Some(old), Duplicates::KeepLast) => {
                old.entry = new.entry;
                Ok(false)
            }
        }
    }

    /// The error about a key that is given twice.
    pub(in crate::hashmap) fn twice(&self, first: u64, second: u64) -> MapError {
        let key = format!("{:?}", self.entry(first).0);
        MapError::Duplicate { key, first: first as usize, second: second as usize }
    }
}
