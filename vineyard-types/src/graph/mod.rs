//! Graphs in compressed sparse rows: the stored type, how it is built from edges, and what can be wrong with one.
//!
//! ```text
//! offsets  0     2  3     5        vertex v leads to targets[offsets[v]..offsets[v + 1]]
//!          |     |  |     |
//! targets  1  2  2  0  1           weights, and the rows of the edge table, are parallel to targets
//! ```
//!
//! Graphs are built from edges that lie in memory, in parallel ([`CsrGraph::build`], [`CsrGraph::build_in`]), or that are
//! read from files ([`load`]). Their vertices may have labels ([`LabelledGraph`]).

mod build;
mod columns;
mod construct;
mod csr;
mod edges;
mod error;
mod labels;
pub mod load;
mod options;
#[cfg(feature = "petgraph")]
pub mod petgraph;
pub mod property;
mod read;
#[cfg(feature = "sprs")]
mod sprs;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_build;
#[cfg(test)]
mod tests_directions;
#[cfg(test)]
mod tests_hostile;
#[cfg(test)]
mod tests_skewed;
mod verify;
mod vertex;
mod views;

pub use csr::{CsrGraph, CsrGraphBuilder};
pub use edges::{EdgeEnd, Edges};
pub use error::{BuildInError, GraphError};
pub use labels::{
    LabelError, LabelledEdges, LabelledGraph, LabelledGraphBuilder, Unlisted, VertexLabel, VertexMap, VertexMapBuilder,
    VertexTable,
};
pub use options::{Directions, EdgeOptions, Parallel, SelfLoops};
#[cfg(feature = "petgraph")]
pub use petgraph::{PetgraphError, PetgraphView};
pub use read::EdgeRef;
#[cfg(feature = "sprs")]
pub use sprs::GraphSprsError;
pub use vertex::VertexId;
