//! What can be wrong with a map, or with the entries it is to be built from.

use std::collections::TryReserveError;

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
    #[error("the keys collide too much to be found soon, with each of {tries} seeds")]
    Collisions {
        /// How many seeds were tried.
        tries: usize,
    },
    /// There is no memory for the map.
    #[error("no memory for a map of {entries} entries")]
    Memory {
        /// How many entries were given.
        entries: usize,
        /// What the allocator said.
        source: TryReserveError,
    },
    /// The number of homes is not a power of two.
    #[error("{found} homes, expected a power of two from 16 on")]
    Homes {
        /// How many the metadata announces.
        found: u64,
    },
    /// There are too few control bytes for the homes.
    #[error("{found} control bytes, expected a multiple of 16, and 16 more than the {homes} homes at least")]
    Control {
        /// The number of control bytes.
        found: usize,
        /// The number of homes.
        homes: u64,
    },
    /// Two parts of the map do not fit each other.
    #[error("{found} {what}, expected {expected}")]
    Count {
        /// What was counted.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many there have to be.
        expected: usize,
    },
    /// The map is said to hold more than it has room for, or than can be seen.
    #[error("{found} entries are announced, expected {expected}")]
    Length {
        /// How many entries the metadata announces.
        found: u64,
        /// How many there are, or how many there is room for.
        expected: usize,
    },
    /// Look-ups would read too many groups of slots, or none.
    #[error("look-ups read {found} groups, expected 1 to {max}")]
    Probes {
        /// How many the metadata announces.
        found: u64,
        /// How many are allowed.
        max: u64,
    },
    /// The numbers of a perfect map do not describe a function.
    #[error(
        "{parts} parts of {slots} slots and {buckets} buckets each, expected at least one of each, and fewer than 2^63"
    )]
    Function {
        /// How many parts the metadata announces.
        parts: u64,
        /// How many slots each has.
        slots: u64,
        /// How many buckets each has.
        buckets: u64,
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

/// A map cannot be built in the memory of a server.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildInError {
    /// The entries do not make a map.
    #[error(transparent)]
    Map(#[from] MapError),
    /// The server refuses the memory, or is gone.
    #[error(transparent)]
    Store(#[from] vineyard_core::Error),
}
