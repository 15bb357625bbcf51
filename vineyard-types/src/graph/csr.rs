//! The stored graph: its arrays, and its tables.

use std::fmt;

use vineyard_core::{Array, Element, Object};

use super::{GraphError, VertexId};
use crate::dataframe::DataFrame;

/// Graph in compressed sparse rows: for each vertex, where its edges lead, where those come from that lead to it, or both.
///
/// Vertices are `0..num_vertices`. A graph built here has the targets of each vertex in ascending order. An undirected
/// edge is stored in both directions, a self loop once; counts are counts of what is stored.
///
/// Resolving checks lengths and both ends of the offsets, in O(1). Reading never panics, whatever a peer has written:
/// a vertex whose offsets lie has no neighbours. Call [`verify`](Self::verify) before using targets as indices.
///
/// `W` is the type of the weights; it is part of the typename also if there are none.
///
/// ```
/// use vineyard_types::graph::{CsrGraph, EdgeOptions};
///
/// let edges = [(2, 0, 0.5), (0, 2, 1.5), (0, 1, 2.5)];
/// let graph = CsrGraph::<u32, f64>::from_weighted_edges(3, edges, EdgeOptions::default())?;
/// assert_eq!(graph.neighbors(0), Some(&[1, 2][..]));
/// assert_eq!(graph.weights_of(0), Some(&[2.5, 1.5][..]));
/// assert_eq!(graph.edges().last(), Some((2, 0, Some(0.5))));
/// # Ok::<(), vineyard_types::graph::GraphError>(())
/// ```
///
/// # Arrays
///
/// The rows (`offsets`, `targets`, `weights`) list each edge once. They are those of the vertices that edges lead away
/// from, or, if the graph is `reversed`, of those that edges lead to; reversing a graph changes nothing but this word. The
/// same edges by their other end (`back_offsets`, `back_targets`) are there if the graph was built with
/// [`Directions::Both`](super::Directions), and `back_edges` says where in `targets` each of them is. Undirected graphs have no need for it.
#[derive(Clone, Object)]
#[object(
    typename = "vineyard::CsrGraph",
    rename_all = "{}_",
    validate = Self::check,
    register(<u32, f64>, <u64, f64>, <u32, f32>, <u64, f32>, <u32, u32>, <u64, u64>)
)]
pub struct CsrGraph<V: VertexId, W: Element> {
    /// Whether an edge leads one way only; if not, each is stored in both directions.
    pub directed: bool,
    /// `num_vertices + 1` positions in `targets`; those of vertex `v` are `offsets[v]..offsets[v + 1]`.
    pub offsets: Array<u64>,
    /// The vertex that each stored edge leads to, by source; if the graph is reversed, the one it comes from, by target.
    pub targets: Array<V>,
    /// The weight of each stored edge, in the order of `targets`.
    pub weights: Option<Array<W>>,
    /// A table with one row for each vertex.
    pub vertices: Option<DataFrame>,
    /// A table of edges: with one row for each stored edge, in the order of `targets`, unless `edge_rows` says otherwise.
    pub edges: Option<DataFrame>,
    /// Whether the rows are those of the vertices that edges lead to. Old graphs do not say, and are not.
    #[object(default)]
    pub reversed: bool,
    /// For each stored edge, in the order of `targets`, its row in the table of edges.
    pub edge_rows: Option<Array<u64>>,
    /// As `offsets`, of the same edges by their other end.
    pub back_offsets: Option<Array<u64>>,
    /// As `targets`, of the same edges by their other end.
    pub back_targets: Option<Array<V>>,
    /// Where in `targets` each edge of `back_targets` is.
    pub back_edges: Option<Array<u64>>,
}

impl<V: VertexId, W: Element> CsrGraph<V, W> {
    /// Attaches a table with one row for each vertex, in place of an earlier one. O(1).
    ///
    /// # Errors
    ///
    /// [`GraphError::VertexRows`] if the table has another number of rows than there are vertices.
    ///
    /// ```
    /// use vineyard_types::dataframe::DataFrame;
    /// use vineyard_types::graph::{CsrGraph, GraphError};
    ///
    /// type Graph = CsrGraph<u32, f64>;
    /// fn attach(graph: Graph, people: DataFrame, calls: DataFrame) -> Result<Graph, GraphError> {
    ///     graph.with_vertices(people)?.with_edges(calls)
    /// }
    /// ```
    pub fn with_vertices(mut self, table: DataFrame) -> Result<Self, GraphError> {
        self.check_vertices(&table)?;
        self.vertices = Some(table);
        Ok(self)
    }

    /// Attaches a table with one row for each stored edge, in the order of [`edges`](Self::edges), in place of an
    /// earlier one. O(1).
    ///
    /// In an undirected graph each edge that is no self loop has two rows. A table in the order in which the edges were
    /// given, one row for each, is attached by [`Edges::with_table`](super::Edges::with_table).
    ///
    /// # Errors
    ///
    /// [`GraphError::EdgeRows`] if the table has another number of rows than there are stored edges.
    pub fn with_edges(mut self, table: DataFrame) -> Result<Self, GraphError> {
        self.edge_rows = None;
        self.check_edges(&table)?;
        self.edges = Some(table);
        Ok(self)
    }

    /// How many vertices there are.
    pub fn num_vertices(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    /// How many edges are stored: an undirected edge counts twice, an undirected self loop once.
    pub fn num_edges(&self) -> usize {
        self.targets.len()
    }

    /// What is checked of every graph that is stored or got, in O(1).
    pub(super) fn check(&self) -> Result<(), GraphError> {
        let expected = self.num_edges();
        check_ends(&self.offsets, expected)?;
        if let Some(found) = self.weights.as_ref().map(|weights| weights.len()).filter(|found| *found != expected) {
            return Err(GraphError::Weights { found, expected });
        }
        self.vertices.as_ref().map_or(Ok(()), |table| self.check_vertices(table))?;
        self.edges.as_ref().map_or(Ok(()), |table| self.check_edges(table))?;
        self.check_back()
    }

    fn check_vertices(&self, table: &DataFrame) -> Result<(), GraphError> {
        let (found, expected) = (table.num_rows(), self.num_vertices());
        if found == expected { Ok(()) } else { Err(GraphError::VertexRows { found, expected }) }
    }

    fn check_edges(&self, table: &DataFrame) -> Result<(), GraphError> {
        let (found, expected) = (table.num_rows(), self.num_edges());
        if self.edge_rows.is_some() || found == expected {
            Ok(())
        } else {
            Err(GraphError::EdgeRows { found, expected })
        }
    }

    fn check_back(&self) -> Result<(), GraphError> {
        let num_edges = self.num_edges();
        same_length("edge_rows", self.edge_rows.as_deref(), num_edges)?;
        match (&self.back_offsets, &self.back_targets, &self.back_edges) {
            (None, None, None) => Ok(()),
            (Some(offsets), Some(targets), edges) => {
                same_length("back_offsets", Some(offsets), self.offsets.len())?;
                same_length("back_targets", Some(targets), num_edges)?;
                same_length("back_edges", edges.as_deref(), num_edges)?;
                check_ends(offsets, num_edges).map_err(|error| GraphError::Back(Box::new(error)))
            }
            (_, Some(_), _) => Err(GraphError::Half { found: "back_targets", missing: "back_offsets" }),
            (Some(_), None, _) => Err(GraphError::Half { found: "back_offsets", missing: "back_targets" }),
            (None, None, Some(_)) => Err(GraphError::Half { found: "back_edges", missing: "back_offsets" }),
        }
    }
}

fn check_ends(offsets: &[u64], expected: usize) -> Result<(), GraphError> {
    match (offsets.first(), offsets.last()) {
        (None, _) | (_, None) => Err(GraphError::NoOffsets),
        (Some(&found), _) if found != 0 => Err(GraphError::FirstOffset { found }),
        (_, Some(&found)) if found != expected as u64 => Err(GraphError::LastOffset { found, expected }),
        _ => Ok(()),
    }
}

fn same_length<T>(array: &'static str, items: Option<&[T]>, expected: usize) -> Result<(), GraphError> {
    match items.map(<[T]>::len) {
        Some(found) if found != expected => Err(GraphError::BackLength { array, found, expected }),
        _ => Ok(()),
    }
}

/// Shows the size, not the edges.
impl<V: VertexId, W: Element> fmt::Debug for CsrGraph<V, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CsrGraph")
            .field("directed", &self.directed)
            .field("num_vertices", &self.num_vertices())
            .field("num_edges", &self.num_edges())
            .finish_non_exhaustive()
    }
}
