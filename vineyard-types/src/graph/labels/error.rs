//! What can be wrong with labels, or with a graph that has them.

use crate::dataframe::FrameError;
use crate::graph::{BuildInError, GraphError};
use crate::hashmap::MapError;

/// Labels do not fit a graph, or a graph with labels cannot be built, or is not one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LabelError {
    /// A label was given twice.
    #[error("label {label} is given twice, to vertex {first} and to vertex {second}")]
    Duplicate {
        /// The label.
        label: String,
        /// The vertex that it is given first.
        first: usize,
        /// The vertex that it is given again.
        second: usize,
    },
    /// No vertex has a label that was asked for.
    #[error("there is no vertex {label} among {num_vertices}")]
    Unknown {
        /// The label.
        label: String,
        /// How many vertices there are.
        num_vertices: usize,
    },
    /// An edge names a vertex that the table of vertices does not list.
    #[error("edge {edge} names vertex {label}, which the table of {num_vertices} vertices does not list")]
    Unlisted {
        /// The first such edge, counted from 0 in the order given.
        edge: usize,
        /// The label.
        label: String,
        /// How many vertices there are in the table.
        num_vertices: usize,
    },
    /// A row of the table of vertices has no label.
    #[error("row {row} of the table of vertices has no label in column `{column}` that can be read")]
    Unlabelled {
        /// The row, counted from 0.
        row: usize,
        /// The column of the labels.
        column: String,
    },
    /// The table has more rows than there are labels, or fewer.
    #[error("the table of vertices has {found} rows, expected {expected}, one for each label")]
    VertexRows {
        /// Rows of the table.
        found: usize,
        /// The number of labels.
        expected: usize,
    },
    /// The table cannot get rows for vertices that it does not list.
    #[error(
        "column `{column}` of the table of vertices is of type {found}, which has no value for vertices that it does not list"
    )]
    NoNulls {
        /// The column.
        column: String,
        /// What it holds.
        found: String,
    },
    /// Two edges have the same ends, and [`Parallel::Refuse`](crate::graph::Parallel::Refuse) was asked for.
    #[error("edge {edge} leads from {source_label} to {target_label}, as edge {first} does; expected one at most")]
    ParallelEdge {
        /// The first edge, counted from 0 in the order given.
        first: usize,
        /// The second one.
        edge: usize,
        /// Where the second one starts.
        source_label: String,
        /// Where it leads.
        target_label: String,
    },
    /// There is not one label for each entry of the map.
    #[error("found {found} labels, expected {expected}, one for each entry of the map")]
    Labels {
        /// How many labels there are.
        found: usize,
        /// How many entries the map has.
        expected: usize,
    },
    /// There is not one label for each vertex of the graph.
    #[error("found {found} labels, expected {expected}, one for each vertex")]
    Vertices {
        /// How many labels there are.
        found: usize,
        /// How many vertices there are.
        expected: usize,
    },
    /// The label of a vertex is that of another one, or of none.
    #[error("vertex {vertex} has label {label}, which the map has for {}", shown(*found))]
    Label {
        /// The vertex.
        vertex: usize,
        /// Its label.
        label: String,
        /// The vertex that the map has for this label.
        found: Option<usize>,
    },
    /// The label of a vertex cannot be read.
    #[error("the label of vertex {vertex} lies outside of the texts, or is not UTF-8")]
    Unreadable {
        /// The vertex.
        vertex: usize,
    },
    /// The map cannot be built, or is not one.
    #[error(transparent)]
    Map(MapError),
    /// The graph cannot be built, or is not one.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// A table does not have the columns that it should have.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// The server refuses the memory, or is gone.
    #[error(transparent)]
    Store(#[from] vineyard_core::Error),
}

impl From<BuildInError> for LabelError {
    fn from(error: BuildInError) -> Self {
        match error {
            BuildInError::Graph(error) => Self::Graph(error),
            BuildInError::Store(error) => Self::Store(error),
        }
    }
}

fn shown(vertex: Option<usize>) -> String {
    vertex.map_or_else(|| "no vertex".to_owned(), |vertex| format!("vertex {vertex}"))
}
