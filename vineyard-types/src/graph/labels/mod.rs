//! Graphs whose vertices have names of their own: integers of any kind, or texts.
//!
//! ```text
//! VertexMap      "Oslo" -> 0, "Rome" -> 1      a SharedMap, looked up where it lies
//!                0 -> "Oslo", 1 -> "Rome"      an array in the order of the vertices
//! CsrGraph       0 -> 1                        with the tables of vertices and edges, row i for vertex i
//! ```

mod edges;
mod error;
mod graph;
mod label;
mod map;
#[cfg(test)]
mod tests;
mod vertices;
mod views;

pub use edges::LabelledEdges;
pub use error::LabelError;
pub use graph::{LabelledGraph, LabelledGraphBuilder};
pub use label::VertexLabel;
pub use map::{VertexMap, VertexMapBuilder};
pub use vertices::{Unlisted, VertexTable};
