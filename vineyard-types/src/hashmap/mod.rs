//! An immutable hash map that is looked up where it lies: getting it builds nothing.
//!
//! `docs/hashmap.md` describes the layout, byte by byte, for readers in other languages.

mod build;
mod group;
mod key;
mod map;
#[cfg(test)]
mod tests;

pub use build::Duplicates;
pub use key::{MapKey, Seed, TextSpan};
pub use map::{SharedMap, SharedMapBuilder};

/// A map cannot be built, or is not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MapError {
    /// A key was given twice.
    #[error("key {key} is given twice, at {first} and at {second}")]
    Duplicate {
        /// The key.
        key: String,
        /// Where it is given first, counted from 0.
        first: usize,
        /// Where it is given again.
        second: usize,
    },
    /// The keys collide whatever the seed.
    #[error("a key lies more than {max} groups from its own, with each of {tries} seeds")]
    Collisions {
        /// How many groups a look-up reads at most.
        max: u64,
        /// How many seeds were tried.
        tries: usize,
    },
    /// The number of control bytes is not 16 times a power of two.
    #[error("{found} control bytes, expected 16 times a power of two")]
    Control {
        /// The number of control bytes.
        found: usize,
    },
    /// There is not one key and one value for each control byte.
    #[error("{found} {what}, expected {expected}, one for each control byte")]
    Slots {
        /// What was counted.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many control bytes there are.
        expected: usize,
    },
    /// The map is said to hold more than it has slots, or than can be seen.
    #[error("{found} entries are announced, expected {expected}")]
    Length {
        /// How many entries the metadata announces.
        found: u64,
        /// How many there are, or how many slots.
        expected: usize,
    },
    /// Look-ups would read too many groups, or none.
    #[error("look-ups read {found} groups, expected 1 to {max}")]
    Probes {
        /// How many the metadata announces.
        found: u64,
        /// How many are allowed.
        max: u64,
    },
    /// A slot holds what a look-up does not find there.
    #[error("slot {slot} {problem}")]
    Slot {
        /// The slot.
        slot: usize,
        /// What is wrong with it.
        problem: &'static str,
    },
}
