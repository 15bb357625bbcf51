//! Maps with a perfect hash function: a number below the number of entries for each key, and each number for one key.

mod build;
mod function;
mod map;
mod search;

pub use map::{PerfectMap, PerfectMapBuilder};
