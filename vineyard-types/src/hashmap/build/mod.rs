//! From entries in any order to a map, in parallel.
//!
//! ```text
//! entries    split into chunks, one thread each         partition: hash each key, move it to the part of its hash
//!              |  |  |  |
//! parts      ranges of homes                            table: sort by home, settle keys that are given twice
//!              |  |  |  |
//! slots      where the parts before have left room      table: write each entry
//! ```
//!
//! Keys keep their order at each step, so the map is the same however many threads there are.

mod given;
mod partition;
mod room;
mod table;

use std::borrow::Borrow;
use std::hash::{BuildHasher, RandomState};

use vineyard_core::Client;

pub(super) use given::{Fault, Given, first_fault};
pub(super) use partition::{Hashed, each, partition, take};
pub(super) use room::{Heap, InStore, Room, Slab, zeros};

use super::{BuildInError, MapError, MapKey, MapValue, Seed, SharedMap};

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

/// Tries to build something with the default seed, then with random ones; `None` says that the keys collide.
pub(super) fn with_seeds<X, F: From<MapError>>(build: impl Fn(Seed) -> Result<Option<X>, F>) -> Result<X, F> {
    let mut seed = Seed::DEFAULT;
    for _ in 0..TRIES {
        if let Some(built) = build(seed)? {
            return Ok(built);
        }
        let random = RandomState::new();
        seed = Seed { offset: random.hash_one(0) >> 1, multiplier: random.hash_one(1) >> 1 | 1 };
    }
    Err(MapError::Collisions { tries: TRIES }.into())
}

impl<K: MapKey, V: MapValue> SharedMap<K, V> {
    /// Builds a map from entries in any order. Collects them, then costs what [`build`](Self::build) does.
    ///
    /// # Errors
    ///
    /// Those of [`build`](Self::build).
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
    pub fn from_entries<Q, W>(
        entries: impl IntoIterator<Item = (Q, W)>,
        duplicates: Duplicates,
    ) -> Result<Self, MapError>
    where
        Q: Borrow<K::Query> + Sync,
        W: Borrow<V::View> + Sync,
    {
        Self::build(&entries.into_iter().collect::<Vec<_>>(), duplicates)
    }

    /// Builds a map from entries in any order that lie in memory, with all threads of rayon's pool. O(entries).
    ///
    /// The bytes do not depend on the number of threads. There are at least 8/7 and less than 16/7 slots for each entry that
    /// is given, also for those that are dropped, and 16 at least. Beside the entries, which are the caller's, and the map,
    /// building takes 24 bytes for each entry.
    ///
    /// # Errors
    ///
    /// - [`MapError::Duplicate`] if a key is given twice and `duplicates` says to refuse that; the first one that is.
    /// - [`MapError::Collisions`] if the keys collide with the default seed and with several random ones.
    /// - [`MapError::Memory`] if there is no room for the map.
    pub fn build<Q, W>(entries: &[(Q, W)], duplicates: Duplicates) -> Result<Self, MapError>
    where
        Q: Borrow<K::Query> + Sync,
        W: Borrow<V::View> + Sync,
    {
        let given = Given::new(entries, duplicates);
        with_seeds(|seed| table::build(&Heap, &given, seed))
    }

    /// As [`build`](Self::build), straight into memory of the client's server: putting the map copies nothing then.
    ///
    /// The payloads are sealed. If the map is not put, they go with the last view of them and the client.
    ///
    /// # Errors
    ///
    /// [`BuildInError`]: those of [`build`](Self::build), and what the server says.
    ///
    /// ```no_run
    /// use vineyard_core::Client;
    /// use vineyard_types::hashmap::{Duplicates, SharedMap};
    ///
    /// let client = Client::from_env()?;
    /// let entries: Vec<(u64, f64)> = (0..1_000_000).map(|n| (n, n as f64)).collect();
    /// let map = SharedMap::<u64, f64>::build_in(&client, &entries, Duplicates::Refuse)?;
    /// let id = client.put(&map)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn build_in<Q, W>(client: &Client, entries: &[(Q, W)], duplicates: Duplicates) -> Result<Self, BuildInError>
    where
        Q: Borrow<K::Query> + Sync,
        W: Borrow<V::View> + Sync,
    {
        let given = Given::new(entries, duplicates);
        with_seeds(|seed| table::build(&InStore(client), &given, seed))
    }
}
