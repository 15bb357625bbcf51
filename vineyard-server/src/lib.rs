//! The Vineyard server: metadata, ids and patterns.
#![forbid(unsafe_code)]

pub mod ids;
pub mod meta;
pub mod pattern;
