//! Metadata.
mod tree;
pub use tree::{MetaField, MetaTree};
