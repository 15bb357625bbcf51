//! From entries in any order to a table.

use std::borrow::Borrow;
use std::hash::{BuildHasher, RandomState};

use bytemuck::Zeroable;
use vineyard_core::Element;

use super::group::{EMPTY, Group, WIDTH};
use super::map::{MAX_PROBES, home, tag};
use super::{MapError, MapKey, Seed, SharedMap};

/// Entries of a group, on average, at most.
const LOAD: usize = 12;

/// How many seeds are tried.
const TRIES: usize = 8;

/// What becomes of keys that are given more than once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Duplicates {
    /// There is an error.
    #[default]
    Refuse,
    /// The value that was given first is stored.
    KeepFirst,
    /// The value that was given last is stored.
    KeepLast,
}

impl<K: MapKey, V: Element> SharedMap<K, V> {
    /// Builds a map from entries in any order. O(entries).
    ///
    /// There are between 4/3 and 8/3 slots for each entry that is given, also for those that are dropped.
    ///
    /// # Errors
    ///
    /// - [`MapError::Duplicate`] if a key is given twice and `duplicates` says to refuse that.
    /// - [`MapError::Collisions`] if the keys collide with the default seed and with several random ones.
    ///
    /// ```
    /// use vineyard_types::hashmap::{Duplicates, SharedMap};
    /// let entries = [(5, 'a' as u32), (6, 'b' as u32), (5, 'c' as u32)];
    /// let error = SharedMap::<i16, u32>::from_entries(entries, Duplicates::Refuse).expect_err("5 is there twice");
    /// assert_eq!(error.to_string(), "key 5 is given twice, at 0 and at 2");
    /// let map = SharedMap::<i16, u32>::from_entries(entries, Duplicates::KeepLast)?;
    /// assert_eq!((map.len(), map.get(&5)), (2, Some(&('c' as u32))));
    /// # Ok::<(), vineyard_types::hashmap::MapError>(())
    /// ```
    pub fn from_entries<Q: Borrow<K::Query>>(
        entries: impl IntoIterator<Item = (Q, V)>,
        duplicates: Duplicates,
    ) -> Result<Self, MapError> {
        let entries: Vec<(Q, V)> = entries.into_iter().collect();
        let mut seed = Seed::DEFAULT;
        for _ in 0..TRIES {
            match Table::<K, V>::fill(&entries, duplicates, seed) {
                Ok(table) => return Ok(table.into_map(seed)),
                Err(Stop::Error(error)) => return Err(error),
                Err(Stop::Collisions) => {
                    let random = RandomState::new();
                    seed = Seed { offset: random.hash_one(0), multiplier: random.hash_one(1) | 1 };
                }
            }
        }
        Err(MapError::Collisions { max: MAX_PROBES, tries: TRIES })
    }
}

/// Why a table was not filled.
enum Stop {
    Error(MapError),
    Collisions,
}

struct Table<K: MapKey, V> {
    length: u64,
    probes: u64,
    control: Vec<u8>,
    keys: Vec<K::Cell>,
    values: Vec<V>,
    texts: Vec<u8>,
}

impl<K: MapKey, V: Element> Table<K, V> {
    fn fill<Q: Borrow<K::Query>>(entries: &[(Q, V)], duplicates: Duplicates, seed: Seed) -> Result<Self, Stop> {
        let groups = entries.len().div_ceil(LOAD).next_power_of_two();
        let slots = groups * WIDTH;
        let mut table = Self {
            length: 0,
            probes: 1,
            control: vec![EMPTY; slots],
            keys: vec![K::Cell::zeroed(); slots],
            values: vec![V::zeroed(); slots],
            texts: Vec::new(),
        };
        for (second, (key, value)) in entries.iter().enumerate() {
            let key = key.borrow();
            let hash = K::hash(key, seed);
            match (table.place(key, hash, groups - 1).ok_or(Stop::Collisions)?, duplicates) {
                (Place::Free(slot), _) => {
                    table.control[slot] = tag(hash);
                    table.keys[slot] = K::write(key, &mut table.texts);
                    table.values[slot] = *value;
                    table.length += 1;
                }
                (Place::Taken(_), Duplicates::KeepFirst) => {}
                (Place::Taken(slot), Duplicates::KeepLast) => table.values[slot] = *value,
                (Place::Taken(_), Duplicates::Refuse) => {
                    let first = entries.iter().position(|(other, _)| other.borrow() == key).unwrap_or(second);
                    return Err(Stop::Error(MapError::Duplicate { key: format!("{key:?}"), first, second }));
                }
            }
        }
        Ok(table)
    }

    /// Where a key is, or where it can go; `None` if that is too far from its group.
    fn place(&mut self, key: &K::Query, hash: u64, mask: usize) -> Option<Place> {
        let groups = self.control.as_chunks::<WIDTH>().0;
        let mut at = home(hash, mask);
        for probes in 1..=MAX_PROBES {
            let group = Group::load(&groups[at]);
            let mut candidates = group.matching(tag(hash));
            while candidates != 0 {
                let slot = at * WIDTH + candidates.trailing_zeros() as usize;
                if K::is(&self.keys[slot], &self.texts, key) {
                    return Some(Place::Taken(slot));
                }
                candidates &= candidates - 1;
            }
            if let Some(empty) = group.first_empty() {
                self.probes = self.probes.max(probes);
                return Some(Place::Free(at * WIDTH + empty));
            }
            at = (at + 1) & mask;
        }
        None
    }

    fn into_map(self, seed: Seed) -> SharedMap<K, V> {
        SharedMap {
            length: self.length,
            probes: self.probes,
            seed: seed.offset,
            multiplier: seed.multiplier,
            control: self.control.into(),
            keys: self.keys.into(),
            values: self.values.into(),
            texts: (!self.texts.is_empty()).then(|| self.texts.into()),
        }
    }
}

enum Place {
    Free(usize),
    Taken(usize),
}
