//! The stored graph with labels, and how it is read.

use std::fmt;

use vineyard_core::{Element, Object};

use super::{LabelError, VertexLabel, VertexMap};
use crate::graph::{CsrGraph, VertexId};
use crate::scalar::Text;

/// Graph whose vertices have labels: a [`CsrGraph`], and a [`VertexMap`] between its vertices and labels of type `I`.
///
/// The tables are those of the graph: row i of [`vertices`](CsrGraph::vertices) is what is known about vertex i, and
/// [`CsrGraph::edge_row`] says which row of [`edges`](CsrGraph::edges) is a stored edge's. Made of
/// [`LabelledEdges`](super::LabelledEdges), or of both parts.
///
/// Resolving checks lengths, in O(1); reading never panics. [`verify`](Self::verify) scans all.
///
/// ```
/// use vineyard_types::graph::{EdgeOptions, LabelledEdges, LabelledGraph};
/// use vineyard_types::Text;
///
/// let roads = LabelledEdges::<Text, f64>::from_weighted([("Oslo", "Bergen", 463.0), ("Bergen", "Voss", 107.0)]);
/// let roads: LabelledGraph<Text, u32, f64> = roads.build(EdgeOptions { directed: false, ..EdgeOptions::default() })?;
/// assert_eq!(roads.neighbors("Bergen").collect::<Vec<_>>(), ["Oslo", "Voss"]);
/// assert_eq!(roads.degree("Voss"), Some(1));
/// assert_eq!(roads.graph.neighbors(1), Some(&[0, 2][..]));
/// # Ok::<(), vineyard_types::graph::LabelError>(())
/// ```
#[derive(Object)]
#[object(
    typename = "vineyard::LabelledGraph",
    rename_all = "{}_",
    validate = Self::check,
    register(
        <i64, u32, f64>, <i64, u64, f64>, <i64, u32, i64>, <i64, u64, i64>, <u64, u32, f64>, <u64, u64, f64>,
        <Text, u32, f64>, <Text, u64, f64>, <Text, u32, i64>, <Text, u64, i64>
    )
)]
pub struct LabelledGraph<I: VertexLabel, V: VertexId, W: Element> {
    /// The edges between vertices `0..num_vertices`, and the tables.
    pub graph: CsrGraph<V, W>,
    /// The labels of these vertices.
    pub labels: VertexMap<I>,
}

impl<I: VertexLabel, V: VertexId, W: Element> LabelledGraph<I, V, W> {
    /// A graph with labels for its vertices. O(1).
    ///
    /// # Errors
    ///
    /// [`LabelError::Vertices`] if there are more or fewer labels than vertices; [`LabelError::Graph`] if the graph is none.
    pub fn new(graph: CsrGraph<V, W>, labels: VertexMap<I>) -> Result<Self, LabelError> {
        let graph = Self { graph, labels };
        graph.check()?;
        Ok(graph)
    }

    /// How many vertices there are.
    pub fn num_vertices(&self) -> usize {
        self.graph.num_vertices()
    }

    /// How many edges are stored, as [`CsrGraph::num_edges`] counts them.
    pub fn num_edges(&self) -> usize {
        self.graph.num_edges()
    }

    /// The vertex with this label. O(1).
    pub fn vertex(&self, label: &I::Query) -> Option<usize> {
        self.labels.vertex(label)
    }

    /// The label of a vertex. O(1).
    pub fn label(&self, vertex: usize) -> Option<&I::Query> {
        self.labels.label(vertex)
    }

    /// The labels of the vertices that the edges of a vertex lead to, in the order of [`CsrGraph::neighbors`]. None if no
    /// vertex has this label, and where that gives `None`. Skips labels that cannot be read.
    pub fn neighbors(&self, label: &I::Query) -> impl Iterator<Item = &I::Query> {
        self.named(self.vertex(label).and_then(|vertex| self.graph.neighbors(vertex)))
    }

    /// The labels of the vertices whose edges lead to a vertex, in the order of [`CsrGraph::in_neighbors`]; else as
    /// [`neighbors`](Self::neighbors).
    pub fn in_neighbors(&self, label: &I::Query) -> impl Iterator<Item = &I::Query> {
        self.named(self.vertex(label).and_then(|vertex| self.graph.in_neighbors(vertex)))
    }

    /// How many edges of a vertex are stored. O(1). `None` if no vertex has this label, and as [`CsrGraph::degree`].
    pub fn degree(&self, label: &I::Query) -> Option<usize> {
        self.graph.degree(self.vertex(label)?)
    }

    /// Whether an edge leads from one vertex to another. O(log degree); as [`CsrGraph::has_edge`].
    pub fn has_edge(&self, source: &I::Query, target: &I::Query) -> bool {
        self.vertex(source).zip(self.vertex(target)).is_some_and(|(source, target)| self.graph.has_edge(source, target))
    }

    /// Each stored edge: source, target, and weight if there are weights, in the order of [`CsrGraph::edges`]. Skips edges
    /// of vertices whose labels cannot be read.
    pub fn edges(&self) -> impl Iterator<Item = (&I::Query, &I::Query, Option<W>)> {
        self.graph.edges().filter_map(|(source, target, weight)| {
            Some((self.label(source)?, self.label(target.try_to_index()?)?, weight))
        })
    }

    /// Scans all arrays of the graph, and looks all labels up. O(V + E).
    ///
    /// # Errors
    ///
    /// - Whatever resolving and storing check.
    /// - [`LabelError::Graph`] as [`CsrGraph::verify`].
    /// - What is wrong with the labels, as [`VertexMap::verify`].
    pub fn verify(&self) -> Result<(), LabelError> {
        self.check()?;
        self.graph.verify()?;
        self.labels.verify()
    }

    fn named<'a>(&'a self, vertices: Option<&'a [V]>) -> impl Iterator<Item = &'a I::Query> {
        vertices.unwrap_or_default().iter().filter_map(|vertex| self.label(vertex.try_to_index()?))
    }

    fn check(&self) -> Result<(), LabelError> {
        self.graph.check()?;
        let (found, expected) = (self.labels.len(), self.graph.num_vertices());
        if found == expected { Ok(()) } else { Err(LabelError::Vertices { found, expected }) }
    }
}

/// Shares all arrays and tables.
impl<I: VertexLabel, V: VertexId, W: Element> Clone for LabelledGraph<I, V, W> {
    fn clone(&self) -> Self {
        Self { graph: self.graph.clone(), labels: self.labels.clone() }
    }
}

/// Shows the size, not the edges.
impl<I: VertexLabel, V: VertexId, W: Element> fmt::Debug for LabelledGraph<I, V, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LabelledGraph").field("graph", &self.graph).finish_non_exhaustive()
    }
}
