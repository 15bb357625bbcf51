//! Examples of Vineyard. This library is empty: see `airports/` (the main one) and `hello.rs`.

/// The code of the first page runs.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;

/// So does that of the chapter on types.
#[cfg(doctest)]
#[doc = include_str!("../../docs/define-your-own-type.md")]
pub struct DefineYourOwnType;

/// And that of the page on property graphs.
#[cfg(doctest)]
#[doc = include_str!("../../docs/property-graphs.md")]
pub struct PropertyGraphs;
