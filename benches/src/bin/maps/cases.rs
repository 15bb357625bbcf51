//! The maps that are measured: keys, values, and hash functions.

use std::borrow::Borrow;
use std::hash::{BuildHasher, Hash, Hasher};

use vineyard_types::Text;
use vineyard_types::hashmap::{Bytes, MapKey, Seed};

/// Look-ups of one measurement.
pub(crate) const LOOK_UPS: usize = 1_000_000;

/// A map of so many entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Case {
    /// What it is called on the page.
    pub(crate) name: &'static str,
    pub(crate) entries: u64,
    /// Keys are texts, not numbers.
    pub(crate) texts: bool,
}

/// In the cache and far beyond it; of numbers also as many as `hashbrown` takes before it takes twice the memory.
pub(crate) const CASES: &[Case] = &[
    Case { name: "10,000 numbers", entries: 10_000, texts: false },
    Case { name: "14,000 numbers", entries: 14_000, texts: false },
    Case { name: "10,000,000 numbers", entries: 10_000_000, texts: false },
    Case { name: "14,000,000 numbers", entries: 14_000_000, texts: false },
    Case { name: "10,000 texts", entries: 10_000, texts: true },
    Case { name: "3,000,000 texts", entries: 3_000_000, texts: true },
];

/// A type of keys of a map, in the form in which private maps own them.
pub(crate) trait Keys: MapKey<Query: Hash + Eq> {
    type Owned: Borrow<Self::Query> + Hash + Eq + Clone + Send + Sync;

    /// The key of a number; keys of different numbers differ.
    fn key(number: u64) -> Self::Owned;

    /// Bytes that a key has beside its place in a map.
    fn outside(key: &Self::Owned) -> usize;
}

/// Different numbers that look random.
fn scrambled(number: u64) -> u64 {
    let number = (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (number ^ number >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9)
}

impl Keys for u64 {
    type Owned = Self;

    fn key(number: u64) -> Self {
        scrambled(number)
    }

    fn outside(_: &Self) -> usize {
        0
    }
}

impl Keys for Text {
    type Owned = String;

    /// 4 to 24 bytes.
    fn key(number: u64) -> String {
        format!("{number}:{:x}", scrambled(number) >> (number % 7 * 8))
    }

    fn outside(key: &String) -> usize {
        key.capacity()
    }
}

/// Keys that are there, and keys that are not, in random order, and a fresh copy of each.
pub(crate) fn asked<K: Keys>(entries: u64) -> (Vec<K::Owned>, Vec<K::Owned>) {
    let there = (0..LOOK_UPS as u64).map(|at| K::key(scrambled(at) % entries)).collect();
    let absent = (0..LOOK_UPS as u64).map(|at| K::key(entries + at)).collect();
    (there, absent)
}

/// The hash function of shared maps, for maps of `hashbrown`.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct OurHash;

impl BuildHasher for OurHash {
    type Hasher = OurHasher;

    fn build_hasher(&self) -> OurHasher {
        OurHasher(0)
    }
}

/// The hash of one key.
#[derive(Debug)]
pub(crate) struct OurHasher(u64);

impl Hasher for OurHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = <Bytes as MapKey>::hash(bytes, Seed::DEFAULT);
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = <u64 as MapKey>::hash(&number, Seed::DEFAULT);
    }

    /// The byte that ends a text; texts are hashed as a whole.
    fn write_u8(&mut self, _: u8) {}

    fn finish(&self) -> u64 {
        self.0
    }
}
