//! The stored map and how it is looked up.

use std::fmt;

use vineyard_core::{Array, Element, Object};

use super::group::{EMPTY, Group, WIDTH};
use super::{MapError, MapKey, Seed};
use crate::scalar::Text;

/// How many groups a look-up reads at most, whatever the metadata says.
pub(super) const MAX_PROBES: u64 = 64;

/// An immutable hash map in shared memory: a table of groups of 16 slots, as Abseil's Swiss tables are.
///
/// Resolving checks lengths, in O(1). Look-ups never panic, and read at most 64 groups, whatever a peer has written;
/// [`verify`](Self::verify) tells whether each entry is found.
///
/// ```
/// use vineyard_types::hashmap::{Duplicates, SharedMap};
/// let squares = SharedMap::<u64, u64>::from_entries((0..100).map(|n| (n, n * n)), Duplicates::Refuse)?;
/// assert_eq!(squares.get(&7), Some(&49));
/// assert_eq!(squares.get(&100), None);
///
/// use vineyard_types::Text;
/// let ages = SharedMap::<Text, u8>::from_entries([("ann", 30), ("bob", 40)], Duplicates::Refuse)?;
/// assert_eq!(ages.get("bob"), Some(&40));
/// # Ok::<(), vineyard_types::hashmap::MapError>(())
/// ```
#[derive(Object)]
#[object(
    typename = "vineyard::SharedMap",
    rename_all = "{}_",
    validate = Self::check,
    register(<u64, u64>, <u64, f64>, <i64, i64>, <i64, f64>, <u32, u32>, <Text, u64>, <Text, i64>, <Text, f64>)
)]
pub struct SharedMap<K: MapKey, V: Element> {
    pub(super) length: u64,
    pub(super) probes: u64,
    pub(super) seed: u64,
    pub(super) multiplier: u64,
    pub(super) control: Array<u8>,
    pub(super) keys: Array<K::Cell>,
    pub(super) values: Array<V>,
    /// The bytes of all keys that are texts; of other keys there are none.
    pub(super) texts: Option<Array<u8>>,
}

impl<K: MapKey, V: Element> SharedMap<K, V> {
    /// How many entries there are, as the writer counted them.
    pub fn len(&self) -> usize {
        // `check` has seen that there are so many slots, so it fits.
        usize::try_from(self.length).unwrap_or(usize::MAX)
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The value of a key. O(1): reads one group of slots for nearly every key, and 64 at most.
    #[inline]
    pub fn get(&self, key: &K::Query) -> Option<&V> {
        self.values.get(self.find(key)?)
    }

    /// Whether the key is there. Costs what [`get`](Self::get) does.
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
    pub fn get_many<'a>(&self, keys: impl IntoIterator<Item = &'a K::Query>) -> impl Iterator<Item = Option<&V>>
    where
        K::Query: 'a,
    {
        keys.into_iter().map(|key| self.get(key))
    }

    /// All entries, in the order of their slots. Skips keys that cannot be read.
    pub fn iter(&self) -> impl Iterator<Item = (&K::Query, &V)> {
        self.cells().filter_map(|(cell, value)| Some((self.key(cell)?, value)))
    }

    /// What the hashes of this map depend on.
    #[inline]
    pub fn seed(&self) -> Seed {
        Seed { offset: self.seed, multiplier: self.multiplier }
    }

    /// Looks every entry up. O(entries).
    ///
    /// # Errors
    ///
    /// - Whatever resolving and storing check: lengths.
    /// - [`MapError::Slot`] at the first slot whose key cannot be read, or is found elsewhere or not at all.
    /// - [`MapError::Length`] if there are more or fewer entries than announced.
    pub fn verify(&self) -> Result<(), MapError> {
        self.check()?;
        let mut expected = 0;
        for (slot, (tag, cell)) in self.control.iter().zip(self.keys.iter()).enumerate() {
            if *tag == EMPTY {
                continue;
            }
            expected += 1;
            let Some(key) = K::read(cell, self.texts()) else {
                return Err(MapError::Slot { slot, problem: "holds a key that cannot be read" });
            };
            if self.find(key) != Some(slot) {
                return Err(MapError::Slot { slot, problem: "holds a key that is not found there" });
            }
        }
        if self.len() == expected { Ok(()) } else { Err(MapError::Length { found: self.length, expected }) }
    }

    /// What the slots hold that hold something, as it is stored.
    pub(crate) fn cells(&self) -> impl Iterator<Item = (&K::Cell, &V)> {
        let slots = self.control.iter().zip(self.keys.iter().zip(self.values.iter()));
        slots.filter(|(tag, _)| **tag != EMPTY).map(|(_, entry)| entry)
    }

    /// The key that a cell of this map stands for; `None` if it cannot be read.
    #[inline]
    pub(crate) fn key<'a>(&'a self, cell: &'a K::Cell) -> Option<&'a K::Query> {
        K::read(cell, self.texts())
    }

    #[inline]
    pub(super) fn texts(&self) -> &[u8] {
        self.texts.as_deref().unwrap_or_default()
    }

    /// The slot of a key.
    #[inline]
    pub(super) fn find(&self, key: &K::Query) -> Option<usize> {
        let hash = K::hash(key, self.seed());
        let (groups, keys) = (self.control.as_chunks::<WIDTH>().0, &self.keys[..]);
        let mask = groups.len().wrapping_sub(1);
        let mut at = home(hash, mask);
        let mut read = 0;
        loop {
            let group = Group::load(groups.get(at)?);
            let mut candidates = group.matching(tag(hash));
            while candidates != 0 {
                let slot = at * WIDTH + candidates.trailing_zeros() as usize;
                if K::is(keys.get(slot)?, self.texts(), key) {
                    return Some(slot);
                }
                candidates &= candidates - 1;
            }
            read += 1;
            if group.has_empty() || read >= self.probes.min(MAX_PROBES) {
                return None;
            }
            at = (at + 1) & mask;
        }
    }

    fn check(&self) -> Result<(), MapError> {
        let slots = self.control.len();
        if !slots.is_multiple_of(WIDTH) || !(slots / WIDTH).is_power_of_two() {
            return Err(MapError::Control { found: slots });
        }
        for (what, found) in [("keys", self.keys.len()), ("values", self.values.len())] {
            if found != slots {
                return Err(MapError::Slots { what, found, expected: slots });
            }
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

/// The group where a key belongs.
#[inline]
pub(super) fn home(hash: u64, mask: usize) -> usize {
    hash as usize & mask
}

/// The control byte of a key: the top 7 bits of its hash.
#[inline]
pub(super) fn tag(hash: u64) -> u8 {
    (hash >> 57) as u8
}

/// Shares all arrays.
impl<K: MapKey, V: Element> Clone for SharedMap<K, V> {
    fn clone(&self) -> Self {
        Self {
            control: self.control.clone(),
            keys: self.keys.clone(),
            values: self.values.clone(),
            texts: self.texts.clone(),
            ..*self
        }
    }
}

/// Shows the size, not the entries.
impl<K: MapKey, V: Element> fmt::Debug for SharedMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slots = self.control.len();
        f.debug_struct("SharedMap").field("len", &self.len()).field("slots", &slots).finish_non_exhaustive()
    }
}
