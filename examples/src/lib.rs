//! What the examples share: the processes they consist of, numbers for people, a generator of graphs, and algorithms on
//! graphs.
//!
//! The programs are `airports/` (the main one), `graphs/` and the files beside them. The algorithms are examples as well, not a
//! library: short, and each in a file that can be copied.

pub mod algorithms;
pub mod rmat;
pub mod show;
pub mod stage;

/// The code of the first page runs.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;

/// So does that of the chapter on types.
#[cfg(doctest)]
#[doc = include_str!("../../docs/define-your-own-type.md")]
pub struct DefineYourOwnType;

/// And of the page on wholes in parts.
#[cfg(doctest)]
#[doc = include_str!("../../docs/collections.md")]
pub struct Collections;

/// And that of the page on property graphs.
#[cfg(doctest)]
#[doc = include_str!("../../docs/property-graphs.md")]
pub struct PropertyGraphs;
