//! Graphs as those of the crate `petgraph`, and back. Behind the feature of this name.
//!
//! A [`PetgraphView`] has the traits of `petgraph::visit`, so that its algorithms run on a graph where it lies.

mod convert;
mod edges;
mod traits;
mod view;

#[cfg(test)]
mod tests;

pub use edges::{PetgraphEdge, PetgraphEdges};
pub use traits::{AllEdges, Neighbors};
pub use view::{PetgraphError, PetgraphView};
