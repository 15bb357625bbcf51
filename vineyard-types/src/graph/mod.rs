//! Graphs in compressed sparse rows: the stored type, how it is built from edges, and what can be wrong with one.
//!
//! ```text
//! offsets  0     2  3     5        vertex v leads to targets[offsets[v]..offsets[v + 1]]
//!          |     |  |     |
//! targets  1  2  2  0  1           weights, and the rows of the edge table, are parallel to targets
//! ```

mod build;
mod csr;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_build;
#[cfg(test)]
mod tests_hostile;
mod vertex;

use std::collections::TryReserveError;

pub use build::{EdgeOptions, Parallel, SelfLoops};
pub use csr::{CsrGraph, CsrGraphBuilder};
pub use vertex::VertexId;

/// A graph cannot be built, or is not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GraphError {
    /// The id type has fewer values than there are vertices.
    #[error("{num_vertices} vertices, expected ids of at most {max_id}")]
    TooManyVertices {
        /// How many vertices were asked for.
        num_vertices: usize,
        /// The largest id of the type.
        max_id: u64,
    },
    /// There is no memory for one offset for each vertex.
    #[error("no memory for the offsets of {num_vertices} vertices")]
    Memory {
        /// How many vertices were asked for.
        num_vertices: usize,
        /// What the allocator said.
        source: TryReserveError,
    },
    /// An edge starts or ends outside of the graph.
    #[error("edge {edge} has endpoint {endpoint}, expected less than {num_vertices}")]
    Endpoint {
        /// The edge, counted from 0 in the order given.
        edge: usize,
        /// The vertex it names.
        endpoint: u64,
        /// How many vertices there are.
        num_vertices: usize,
    },
    /// There is not a single offset.
    #[error("found 0 offsets, expected one more than there are vertices")]
    NoOffsets,
    /// The first row does not start at the first target.
    #[error("the first offset is {found}, expected 0")]
    FirstOffset {
        /// The first offset.
        found: u64,
    },
    /// The last row does not end at the last target.
    #[error("the last offset is {found}, expected the number of targets, {expected}")]
    LastOffset {
        /// The last offset.
        found: u64,
        /// The number of targets.
        expected: usize,
    },
    /// There is not one weight for each target.
    #[error("found {found} weights, expected {expected}, one for each target")]
    Weights {
        /// The number of weights.
        found: usize,
        /// The number of targets.
        expected: usize,
    },
    /// The vertex table does not have one row for each vertex.
    #[error("the vertex table has {found} rows, expected {expected}, one for each vertex")]
    VertexRows {
        /// Rows of the table.
        found: usize,
        /// The number of vertices.
        expected: usize,
    },
    /// The edge table does not have one row for each stored edge.
    #[error("the edge table has {found} rows, expected {expected}, one for each stored edge")]
    EdgeRows {
        /// Rows of the table.
        found: usize,
        /// The number of stored edges.
        expected: usize,
    },
    /// A row ends before it starts.
    #[error("offset {index} is {found}, expected at least {expected}, the offset before it")]
    Decreasing {
        /// Which offset.
        index: usize,
        /// Its value.
        found: u64,
        /// The value before it.
        expected: u64,
    },
    /// An edge leads outside of the graph.
    #[error("target {index} is {found}, expected less than {num_vertices}")]
    Target {
        /// Which target.
        index: usize,
        /// The vertex it names.
        found: u64,
        /// How many vertices there are.
        num_vertices: usize,
    },
}
