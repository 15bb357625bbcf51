//! Immutable hash maps that are looked up where they lie: getting one builds nothing.
//!
//! [`SharedMap`] for any keys; [`PerfectMap`] with a perfect hash function, which is smaller, and slower to build. Both are
//! built in parallel from entries in memory, also straight into the memory of a server. `docs/hashmap.md` describes the
//! layouts, byte by byte, for readers in other languages.

mod build;
mod entry;
mod error;
mod group;
mod key;
mod map;
mod perfect;
#[cfg(test)]
mod tests;
mod text;
mod value;
mod wyhash;

pub use build::Duplicates;
pub use error::{BuildInError, MapError};
pub use key::{MapKey, Seed};
pub use map::{SharedMap, SharedMapBuilder};
pub use perfect::{PerfectMap, PerfectMapBuilder};
pub use text::{Bytes, TextSpan};
pub use value::MapValue;
