//! What can be wrong with a graph, or with the edges it is to be built from.

use std::collections::TryReserveError;

use crate::dataframe::FrameError;

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
    /// There is no memory for the arrays of the graph.
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
    /// An edge names a vertex below 0.
    #[error("edge {edge} has endpoint {endpoint}, expected at least 0 and less than {num_vertices}")]
    NegativeEndpoint {
        /// The edge, counted from 0 in the order given.
        edge: usize,
        /// The vertex it names.
        endpoint: i64,
        /// How many vertices there are.
        num_vertices: usize,
    },
    /// The sources, the targets, the weights or the rows of the table of the edges are not equally many.
    #[error("found {found} {what}, expected {expected}, one for each edge")]
    EdgeColumn {
        /// What there are too many or too few of.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many edges there are.
        expected: usize,
    },
    /// Two edges have the same ends, and [`Parallel::Refuse`](super::Parallel::Refuse) was asked for.
    #[error("edge {edge} leads from {source_vertex} to {target_vertex}, as edge {first} does; expected one at most")]
    ParallelEdge {
        /// The first edge, counted from 0 in the order given.
        first: usize,
        /// The second one.
        edge: usize,
        /// Where the second one starts.
        source_vertex: u64,
        /// Where it leads.
        target_vertex: u64,
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
    /// One of `back_offsets` and `back_targets` is there without the other, or there is no array they could refer to.
    #[error("`{found}` is there without `{missing}`")]
    Half {
        /// The array that is there.
        found: &'static str,
        /// The array that is not.
        missing: &'static str,
    },
    /// The arrays of the other direction do not fit those of the first.
    #[error("`{array}` has {found} items, expected {expected}")]
    BackLength {
        /// Which array.
        array: &'static str,
        /// How many items it has.
        found: usize,
        /// How many it has to have.
        expected: usize,
    },
    /// The rows of the other direction are not rows.
    #[error("the other direction: {0}")]
    Back(#[source] Box<GraphError>),
    /// The other direction does not list the edges of the first.
    #[error(
        "item {index} of the other direction is an edge between {row} and {other}, which the first does not list there"
    )]
    BackEdge {
        /// Which item of `back_targets`.
        index: usize,
        /// The vertex of its row.
        row: u64,
        /// The vertex at the other end.
        other: u64,
    },
    /// A stored edge has a row beyond the edge table.
    #[error("edge {index} has row {found} of the edge table, expected less than {expected}")]
    EdgeRow {
        /// Which stored edge.
        index: usize,
        /// Its row.
        found: u64,
        /// The number of rows.
        expected: usize,
    },
    /// The targets of a vertex are not in ascending order.
    #[error("target {index} is {found}, expected at least {expected}, the one before it in the row of vertex {vertex}")]
    Unsorted {
        /// Which target.
        index: usize,
        /// The vertex it names.
        found: u64,
        /// The one before it.
        expected: u64,
        /// The vertex whose row it is in.
        vertex: usize,
    },
    /// A column does not fit the table that it was to be in.
    #[error(transparent)]
    Column(#[from] FrameError),
}

/// A graph cannot be built in the memory of a server.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildInError {
    /// The edges do not make a graph.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// The server refuses the memory, or is gone.
    #[error(transparent)]
    Store(#[from] vineyard_core::Error),
}
