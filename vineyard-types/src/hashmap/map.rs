//! The stored map and how it is looked up.

use std::fmt;

use vineyard_core::{Array, Object};

use super::entry::{Entries, EntryOf};
use super::group::{EMPTY, Group, WIDTH};
use super::{MapError, MapKey, MapValue, Seed};
use crate::scalar::Text;

/// How many groups of slots a look-up reads at most, whatever the metadata says.
pub(super) const MAX_PROBES: u64 = 64;

/// An immutable hash map in shared memory: linear probing, sixteen slots at a time, as in Abseil's Swiss tables.
///
/// Resolving checks lengths, in O(1). Look-ups never panic, and read at most 64 groups of slots, whatever a peer has
/// written; [`verify`](Self::verify) tells whether each entry is found.
///
/// ```
/// use vineyard_types::hashmap::{Duplicates, SharedMap};
/// let squares = SharedMap::<u64, u64>::from_entries((0..100).map(|n| (n, n * n)), Duplicates::Refuse)?;
/// assert_eq!(squares.get(&7), Some(&49));
/// assert_eq!(squares.get(&100), None);
///
/// use vineyard_types::Text;
/// let towns = SharedMap::<Text, Text>::from_entries([("ann", "Bonn"), ("bob", "Ulm")], Duplicates::Refuse)?;
/// assert_eq!(towns.get("bob"), Some("Ulm"));
/// # Ok::<(), vineyard_types::hashmap::MapError>(())
/// ```
#[derive(Object)]
#[object(
    typename = "vineyard::SharedMap",
    rename_all = "{}_",
    validate = Self::check,
    register(
        <u64, u64>, <u64, f64>, <i64, i64>, <i64, f64>, <u32, u32>, <i64, Text>, <u64, Text>,
        <Text, u64>, <Text, i64>, <Text, f64>, <Text, Text>
    )
)]
pub struct SharedMap<K: MapKey, V: MapValue> {
    pub(super) length: u64,
    /// Slots where keys belong: a power of two. There are more, for keys that the last of them are full of.
    pub(super) homes: u64,
    pub(super) probes: u64,
    pub(super) seed: u64,
    pub(super) multiplier: u64,
    /// One byte for each slot, and [`WIDTH`] more.
    pub(super) control: Array<u8>,
    pub(super) entries: Entries<K, V>,
    /// The bytes of all keys and values that are texts; of others there are none.
    pub(super) texts: Option<Array<u8>>,
}

impl<K: MapKey, V: MapValue> SharedMap<K, V> {
    /// How many entries there are, as the writer counted them.
    pub fn len(&self) -> usize {
        // `check` has seen that there are so many slots, so it fits.
        usize::try_from(self.length).unwrap_or(usize::MAX)
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The value of a key. O(1): reads sixteen slots for nearly every key, and 1,024 at most. Values that are texts are
    /// checked to be UTF-8; one that cannot be read is as good as not there, and [`verify`](Self::verify) tells.
    #[inline]
    pub fn get(&self, key: &K::Query) -> Option<&V::View> {
        V::read(&self.find(key)?.1.value, self.texts())
    }

    /// Whether the key is there. Costs what [`get`](Self::get) does, without the value.
    #[inline]
    pub fn contains(&self, key: &K::Query) -> bool {
        self.find(key).is_some()
    }

    /// The values of several keys, in their order.
    ///
    /// ```
    /// use vineyard_types::hashmap::{Duplicates, SharedMap};
    /// let map = SharedMap::<u8, f64>::from_entries([(1, 0.5), (2, 1.5)], Duplicates::Refuse)?;
    /// assert_eq!(map.get_many([&2, &3]).collect::<Vec<_>>(), [Some(&1.5), None]);
    /// # Ok::<(), vineyard_types::hashmap::MapError>(())
    /// ```
    pub fn get_many<'a>(&self, keys: impl IntoIterator<Item = &'a K::Query>) -> impl Iterator<Item = Option<&V::View>>
    where
        K::Query: 'a,
    {
        keys.into_iter().map(|key| self.get(key))
    }

    /// All entries, in the order of their slots. Skips those that cannot be read.
    pub fn iter(&self) -> impl Iterator<Item = (&K::Query, &V::View)> {
        self.full().filter_map(|(_, entry)| {
            let texts = self.texts();
            Some((K::read(&entry.key, texts)?, V::read(&entry.value, texts)?))
        })
    }

    /// What the hashes of this map depend on.
    #[inline]
    pub fn seed(&self) -> Seed {
        Seed { offset: self.seed, multiplier: self.multiplier }
    }

    /// Bytes of all payloads.
    pub fn nbytes(&self) -> usize {
        [self.control.nbytes(), self.entries.nbytes(), self.texts().len()].into_iter().fold(0, usize::saturating_add)
    }

    /// Looks every entry up. O(entries).
    ///
    /// # Errors
    ///
    /// - Whatever resolving and storing check: lengths.
    /// - [`MapError::Slot`] at the first slot whose key or value cannot be read, or whose key is found elsewhere or not at
    ///   all.
    /// - [`MapError::Length`] if there are more or fewer entries than announced.
    pub fn verify(&self) -> Result<(), MapError> {
        self.check()?;
        let mut expected = 0;
        for (slot, entry) in self.full() {
            expected += 1;
            let wrong = |problem| Err(MapError::Slot { slot, problem });
            let Some(key) = K::read(&entry.key, self.texts()) else {
                return wrong("holds a key that cannot be read");
            };
            if V::read(&entry.value, self.texts()).is_none() {
                return wrong("holds a value that cannot be read");
            }
            if self.find(key).is_none_or(|(found, _)| found != slot) {
                return wrong("holds a key that is not found there");
            }
        }
        if self.len() == expected { Ok(()) } else { Err(MapError::Length { found: self.length, expected }) }
    }

    /// The slots that hold something.
    fn full(&self) -> impl Iterator<Item = (usize, &EntryOf<K, V>)> {
        let slots = self.control.iter().zip(self.entries.as_slice()).enumerate();
        slots.filter(|(_, (tag, _))| **tag != EMPTY).map(|(slot, (_, entry))| (slot, entry))
    }

    /// What the entries hold, as it is stored.
    pub(crate) fn cells(&self) -> impl Iterator<Item = (&K::Cell, &V::Cell)> {
        self.full().map(|(_, entry)| (&entry.key, &entry.value))
    }

    /// The key that a cell of this map stands for; `None` if it cannot be read.
    #[inline]
    pub(crate) fn key<'a>(&'a self, cell: &'a K::Cell) -> Option<&'a K::Query> {
        K::read(cell, self.texts())
    }

    #[inline]
    fn texts(&self) -> &[u8] {
        self.texts.as_deref().unwrap_or_default()
    }

    /// The slot of a key, and what it holds.
    #[inline]
    fn find(&self, key: &K::Query) -> Option<(usize, &EntryOf<K, V>)> {
        let hash = K::hash(key, self.seed());
        let at = home(hash, self.homes);
        let group = Group::load(&self.control, at)?;
        let found = self.find_in(group, at, hash, key);
        if found.is_some() || group.has_empty() { found } else { self.find_beyond(at, hash, key) }
    }

    /// Looks for a key that is not among the first sixteen slots, all of which hold something.
    #[cold]
    #[inline(never)]
    fn find_beyond(&self, mut at: usize, hash: u64, key: &K::Query) -> Option<(usize, &EntryOf<K, V>)> {
        for _ in 1..self.probes.min(MAX_PROBES) {
            at = at.checked_add(WIDTH)?;
            let group = Group::load(&self.control, at)?;
            let found = self.find_in(group, at, hash, key);
            if found.is_some() || group.has_empty() {
                return found;
            }
        }
        None
    }

    /// Compares a key with those of a group's slots that have its control byte.
    #[inline]
    fn find_in(&self, group: Group, at: usize, hash: u64, key: &K::Query) -> Option<(usize, &EntryOf<K, V>)> {
        let entries = self.entries.as_slice();
        let mut candidates = group.matching(tag(hash));
        while candidates != 0 {
            let slot = at.wrapping_add(candidates.trailing_zeros() as usize);
            let entry = entries.get(slot)?;
            if K::is(&entry.key, self.texts(), key) {
                return Some((slot, entry));
            }
            candidates &= candidates - 1;
        }
        None
    }

    fn check(&self) -> Result<(), MapError> {
        if !self.homes.is_power_of_two() || self.homes < WIDTH as u64 {
            return Err(MapError::Homes { found: self.homes });
        }
        let found = self.control.len();
        let slots = found.checked_sub(WIDTH).filter(|slots| slots.is_multiple_of(WIDTH) && *slots as u64 >= self.homes);
        let Some(slots) = slots else { return Err(MapError::Control { found, homes: self.homes }) };
        let found = self.entries.len();
        if found != slots {
            return Err(MapError::Count { what: "entries, full or empty", found, expected: slots });
        }
        if self.length > slots as u64 {
            return Err(MapError::Length { found: self.length, expected: slots });
        }
        if !(1..=MAX_PROBES).contains(&self.probes) {
            return Err(MapError::Probes { found: self.probes, max: MAX_PROBES });
        }
        Ok(())
    }
}

/// The slot where a key belongs.
#[inline]
pub(super) fn home(hash: u64, homes: u64) -> usize {
    (hash & homes.wrapping_sub(1)) as usize
}

/// The control byte of a key: the top 7 bits of its hash.
#[inline]
pub(super) fn tag(hash: u64) -> u8 {
    (hash >> 57) as u8
}

/// Shares all arrays.
impl<K: MapKey, V: MapValue> Clone for SharedMap<K, V> {
    fn clone(&self) -> Self {
        Self { control: self.control.clone(), entries: self.entries.clone(), texts: self.texts.clone(), ..*self }
    }
}

/// Shows the size, not the entries.
impl<K: MapKey, V: MapValue> fmt::Debug for SharedMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slots = self.entries.len();
        f.debug_struct("SharedMap").field("len", &self.len()).field("slots", &slots).finish_non_exhaustive()
    }
}
