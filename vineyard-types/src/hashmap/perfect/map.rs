//! The stored map and how it is looked up.

use std::fmt;

use vineyard_core::{Array, Object};

use super::function::{Shape, mixed};
use crate::hashmap::entry::{Entries, EntryOf, ROUND};
use crate::hashmap::{MapError, MapKey, MapValue, Seed};
use crate::scalar::Text;

/// An immutable hash map in shared memory with a minimal perfect hash function: as many entries as keys, and about 3.3 bits
/// for each key beside them. A look-up reads one entry.
///
/// It takes about half the memory of a [`SharedMap`](crate::SharedMap), and some times as long to build. Its keys are stored
/// as well, so that a key that is not there is not found.
///
/// Resolving checks lengths, in O(1). Look-ups never panic, whatever a peer has written; [`verify`](Self::verify) tells
/// whether each entry is found.
///
/// ```
/// use vineyard_types::hashmap::{Duplicates, PerfectMap};
/// use vineyard_types::Text;
/// let days = ["mon", "tue", "wed"].into_iter().zip(1..);
/// let days = PerfectMap::<Text, u8>::from_entries(days, Duplicates::Refuse)?;
/// assert_eq!((days.get("tue"), days.get("sun")), (Some(&2), None));
/// # Ok::<(), vineyard_types::hashmap::MapError>(())
/// ```
#[derive(Object)]
#[object(
    typename = "vineyard::PerfectMap",
    rename_all = "{}_",
    validate = Self::check,
    register(
        <u64, u64>, <u64, f64>, <i64, i64>, <i64, f64>, <u32, u32>, <i64, Text>, <u64, Text>,
        <Text, u64>, <Text, i64>, <Text, f64>, <Text, Text>
    )
)]
pub struct PerfectMap<K: MapKey, V: MapValue> {
    pub(in crate::hashmap) length: u64,
    pub(in crate::hashmap) parts: u64,
    /// Slots of each part.
    pub(in crate::hashmap) slots: u64,
    /// Buckets of each part.
    pub(in crate::hashmap) buckets: u64,
    pub(in crate::hashmap) seed: u64,
    pub(in crate::hashmap) multiplier: u64,
    /// The pilot of each bucket.
    pub(in crate::hashmap) pilots: Array<u8>,
    /// The entry of each slot from `length` on.
    pub(in crate::hashmap) moved: Array<u64>,
    /// `length` entries, and zeros up to a multiple of [`ROUND`].
    pub(in crate::hashmap) entries: Entries<K, V>,
    /// The bytes of all keys and values that are texts; of others there are none.
    pub(in crate::hashmap) texts: Option<Array<u8>>,
}

impl<K: MapKey, V: MapValue> PerfectMap<K, V> {
    /// How many entries there are.
    pub fn len(&self) -> usize {
        // `check` has seen that there are so many entries, so it fits.
        usize::try_from(self.length).unwrap_or(usize::MAX)
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The value of a key. O(1): reads one entry. Values that are texts are checked to be UTF-8; one that cannot be read is as
    /// good as not there, and [`verify`](Self::verify) tells.
    #[inline]
    pub fn get(&self, key: &K::Query) -> Option<&V::View> {
        V::read(&self.find(key)?.1.value, self.texts())
    }

    /// Whether the key is there. Costs what [`get`](Self::get) does, without the value.
    #[inline]
    pub fn contains(&self, key: &K::Query) -> bool {
        self.find(key).is_some()
    }

    /// The number of a key: where it is in the order of [`iter`](Self::iter). For columns of one's own beside the map.
    ///
    /// ```
    /// use vineyard_types::hashmap::{Duplicates, PerfectMap};
    /// let map = PerfectMap::<u64, f64>::from_entries([(10, 0.5), (20, 1.5)], Duplicates::Refuse)?;
    /// let number = map.number(&20).expect("it is there");
    /// assert_eq!(map.iter().nth(number), Some((&20, &1.5)));
    /// # Ok::<(), vineyard_types::hashmap::MapError>(())
    /// ```
    #[inline]
    pub fn number(&self, key: &K::Query) -> Option<usize> {
        self.find(key).map(|(number, _)| number)
    }

    /// All entries, in the order of their numbers. Skips those that cannot be read.
    pub fn iter(&self) -> impl Iterator<Item = (&K::Query, &V::View)> {
        self.entries().iter().filter_map(|entry| {
            let texts = self.texts();
            Some((K::read(&entry.key, texts)?, V::read(&entry.value, texts)?))
        })
    }

    /// What the hashes of this map depend on.
    #[inline]
    pub fn seed(&self) -> Seed {
        Seed { offset: self.seed, multiplier: self.multiplier }
    }

    /// Bits for each entry that the hash function takes, beside the entries; 0 if there are none.
    pub fn bits_per_key(&self) -> f64 {
        let bytes = self.pilots.nbytes().saturating_add(self.moved.nbytes());
        if self.is_empty() { 0.0 } else { bytes as f64 * 8.0 / self.length as f64 }
    }

    /// Bytes of all payloads.
    pub fn nbytes(&self) -> usize {
        let parts = [self.pilots.nbytes(), self.moved.nbytes(), self.entries.nbytes(), self.texts().len()];
        parts.into_iter().fold(0, usize::saturating_add)
    }

    /// Looks every entry up. O(entries).
    ///
    /// # Errors
    ///
    /// - Whatever resolving and storing check: lengths.
    /// - [`MapError::Slot`] at the first entry whose key or value cannot be read, or whose key is found elsewhere or not at
    ///   all.
    pub fn verify(&self) -> Result<(), MapError> {
        self.check()?;
        for (slot, entry) in self.entries().iter().enumerate() {
            let wrong = |problem| Err(MapError::Slot { slot, problem });
            let Some(key) = K::read(&entry.key, self.texts()) else {
                return wrong("holds a key that cannot be read");
            };
            if V::read(&entry.value, self.texts()).is_none() {
                return wrong("holds a value that cannot be read");
            }
            if self.number(key) != Some(slot) {
                return wrong("holds a key that is not found there");
            }
        }
        Ok(())
    }

    fn entries(&self) -> &[EntryOf<K, V>] {
        self.entries.as_slice().get(..self.len()).unwrap_or_default()
    }

    #[inline]
    fn texts(&self) -> &[u8] {
        self.texts.as_deref().unwrap_or_default()
    }

    #[inline]
    fn shape(&self) -> Shape {
        Shape { parts: self.parts, slots: self.slots, buckets: self.buckets }
    }

    /// The number of a key, and its entry.
    #[inline]
    fn find(&self, key: &K::Query) -> Option<(usize, &EntryOf<K, V>)> {
        let hash = mixed(K::hash(key, self.seed()));
        let number = self.shape().number(hash, &self.pilots, &self.moved, self.length)?;
        let number = usize::try_from(number).ok()?;
        let entry = self.entries.as_slice().get(number)?;
        K::is(&entry.key, self.texts(), key).then_some((number, entry))
    }

    fn check(&self) -> Result<(), MapError> {
        let (buckets, slots) = self.shape().totals()?;
        let count = |what, found: usize, expected: u64| match usize::try_from(expected) {
            Ok(expected) if expected == found => Ok(()),
            expected => Err(MapError::Count { what, found, expected: expected.unwrap_or(usize::MAX) }),
        };
        if self.length > slots {
            let expected = usize::try_from(slots).unwrap_or(usize::MAX);
            return Err(MapError::Length { found: self.length, expected });
        }
        count("pilots", self.pilots.len(), buckets)?;
        count("numbers of slots", self.moved.len(), slots.saturating_sub(self.length))?;
        count("entries, with those that fill up", self.entries.len(), self.length.next_multiple_of(ROUND as u64))
    }
}

/// Shows the size, not the entries.
impl<K: MapKey, V: MapValue> fmt::Debug for PerfectMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PerfectMap")
            .field("len", &self.len())
            .field("bits_per_key", &self.bits_per_key())
            .finish_non_exhaustive()
    }
}
