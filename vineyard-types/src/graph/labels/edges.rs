//! Edges between vertices that have labels, to be made a graph.

use std::borrow::Borrow;
use std::fmt;
use std::ops::AddAssign;

use indexmap::IndexSet;
use vineyard_core::{Client, Element};

use super::{LabelError, LabelledGraph, Unlisted, VertexLabel, VertexMap, VertexTable, vertices};
use crate::dataframe::DataFrame;
use crate::graph::{CsrGraph, EdgeOptions, Edges, GraphError, VertexId};

/// Labels in the order of their vertices.
pub(super) type Numbering<I> = IndexSet<<I as VertexLabel>::Held>;

/// Edges in any order between vertices that have labels, with weights of type `W`, a table of what is known about the edges,
/// and one of the vertices, if there are.
///
/// Vertices are numbered as they appear first, or as a [`VertexTable`] has them.
///
/// ```
/// use vineyard_types::graph::{EdgeOptions, LabelledEdges, LabelledGraph};
/// let edges = LabelledEdges::<i64, f64>::from_weighted([(700, -5, 0.5), (-5, 40, 1.5)]);
/// let graph: LabelledGraph<i64, u32, f64> = edges.build(EdgeOptions::default())?;
/// assert_eq!((graph.label(0), graph.label(2)), (Some(&700), Some(&40)));
/// # Ok::<(), vineyard_types::graph::LabelError>(())
/// ```
pub struct LabelledEdges<I: VertexLabel, W> {
    labels: Numbering<I>,
    pairs: Vec<(u64, u64)>,
    weights: Option<Vec<W>>,
    table: Option<DataFrame>,
    vertices: Option<DataFrame>,
}

impl<I: VertexLabel, W: Element> LabelledEdges<I, W> {
    /// Edges as pairs of source and target. Copies each label once.
    pub fn from_pairs<Q: Borrow<I::Query>>(pairs: impl IntoIterator<Item = (Q, Q)>) -> Self {
        let mut edges = Self::default();
        for (source, target) in pairs {
            edges.push(source.borrow(), target.borrow());
        }
        edges
    }

    /// Edges as source, target and weight. Copies each label once.
    pub fn from_weighted<Q: Borrow<I::Query>>(edges: impl IntoIterator<Item = (Q, Q, W)>) -> Self {
        let (mut all, mut weights) = (Self::default(), Vec::new());
        for (source, target, weight) in edges {
            all.push(source.borrow(), target.borrow());
            weights.push(weight);
        }
        Self { weights: Some(weights), ..all }
    }

    /// The edges with a weight each, in their order.
    ///
    /// # Errors
    ///
    /// [`GraphError::EdgeColumn`] if there are more or fewer weights than edges.
    pub fn with_weights(mut self, weights: Vec<W>) -> Result<Self, GraphError> {
        self.weights = Some(weights);
        self.edges()?;
        Ok(self)
    }

    /// The edges with a row of a table each, in their order, as [`Edges::with_table`]. Of merged edges the first one's row
    /// is kept.
    ///
    /// # Errors
    ///
    /// [`GraphError::EdgeColumn`] if there are more or fewer rows than edges.
    pub fn with_table(mut self, table: DataFrame) -> Result<Self, GraphError> {
        self.table = Some(table);
        self.edges()?;
        Ok(self)
    }

    /// The edges between the vertices of a table, which are numbered as it has them.
    ///
    /// # Errors
    ///
    /// - [`LabelError::Unlisted`] with the first edge that names a vertex that the table does not list, unless
    ///   [`Unlisted::Add`] says to add these.
    /// - [`LabelError::NoNulls`] if there are such, and a column has no value for them.
    ///
    /// ```
    /// use vineyard_types::graph::{EdgeOptions, LabelledEdges, LabelledGraph, Unlisted, VertexTable};
    /// use vineyard_types::{DataFrame, Text};
    /// let people = DataFrame::new().with_column("who", vec!["ann", "bob"])?.with_column("age", vec![31u8, 42])?;
    /// let people = VertexTable::<Text>::from_frame(&people, "who")?;
    /// let calls = LabelledEdges::<Text, f64>::from_pairs([("bob", "ann"), ("ann", "cem")]);
    /// let error = calls.with_vertices(people, Unlisted::Refuse).unwrap_err().to_string();
    /// assert_eq!(error, "edge 1 names vertex \"cem\", which the table of 2 vertices does not list");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_vertices(mut self, vertices: VertexTable<I>, unlisted: Unlisted) -> Result<Self, LabelError> {
        let VertexTable { mut labels, table } = vertices;
        let num_listed = labels.len();
        let mut numbers = Vec::with_capacity(self.labels.len());
        for (number, label) in std::mem::take(&mut self.labels).into_iter().enumerate() {
            let listed = labels.get_index_of(label.borrow());
            numbers.push(match (listed, unlisted) {
                (Some(vertex), _) => vertex as u64,
                (None, Unlisted::Add) => labels.insert_full(label).0 as u64,
                (None, Unlisted::Refuse) => {
                    let names = |(source, target): &(u64, u64)| [*source, *target].contains(&(number as u64));
                    let edge = self.pairs.iter().position(names).unwrap_or_default();
                    return Err(LabelError::Unlisted { edge, label: format!("{label:?}"), num_vertices: num_listed });
                }
            });
        }
        let number = |old: u64| usize::try_from(old).ok().and_then(|old| numbers.get(old)).copied().unwrap_or(u64::MAX);
        for (source, target) in &mut self.pairs {
            (*source, *target) = (number(*source), number(*target));
        }
        let added = labels.len() - num_listed;
        self.vertices = table.map(|table| vertices::extended(table, added)).transpose()?;
        self.labels = labels;
        Ok(self)
    }

    /// How many edges there are.
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// How many vertices there are by now.
    pub fn num_vertices(&self) -> usize {
        self.labels.len()
    }

    /// Adds an edge.
    pub(in crate::graph) fn push(&mut self, source: &I::Query, target: &I::Query) {
        let pair = (self.number(source), self.number(target));
        self.pairs.push(pair);
    }

    /// The vertex with this label, which is a new one if none has it.
    fn number(&mut self, label: &I::Query) -> u64 {
        let number = self.labels.get_index_of(label);
        number.unwrap_or_else(|| self.labels.insert_full(I::hold(label)).0) as u64
    }

    /// What a graph is built of.
    fn edges(&self) -> Result<Edges<'_, u64, W>, GraphError> {
        let edges = Edges::pairs(&self.pairs);
        let edges = self.weights.as_ref().map_or(Ok(edges), |weights| edges.with_weights(weights))?;
        self.table.as_ref().map_or(Ok(edges), |table| edges.with_table(table))
    }
}

impl<I: VertexLabel, W: Element + AddAssign> LabelledEdges<I, W> {
    /// Builds the graph, as [`CsrGraph::build`] does, and the map of the labels. O(V + E), and what is said there.
    ///
    /// # Errors
    ///
    /// - [`LabelError::ParallelEdge`] if there are edges with the same ends and `options` say to refuse these.
    /// - [`LabelError::Graph`] and [`LabelError::Map`] if there are more vertices than `V` has ids, or no memory.
    ///
    /// # Panics
    ///
    /// As [`CsrGraph::build`].
    pub fn build<V: VertexId>(&self, options: EdgeOptions) -> Result<LabelledGraph<I, V, W>, LabelError> {
        self.build_by(|num_vertices, edges| CsrGraph::build(num_vertices, edges, options).map_err(LabelError::Graph))
    }

    /// As [`build`](Self::build), with the arrays of the graph straight in memory of the client's server, as
    /// [`CsrGraph::build_in`].
    ///
    /// # Errors
    ///
    /// Those of [`build`](Self::build), and [`LabelError::Store`] with what the server says.
    ///
    /// # Panics
    ///
    /// As [`CsrGraph::build`].
    pub fn build_in<V: VertexId>(
        &self,
        client: &Client,
        options: EdgeOptions,
    ) -> Result<LabelledGraph<I, V, W>, LabelError> {
        self.build_by(|num_vertices, edges| Ok(CsrGraph::build_in(client, num_vertices, edges, options)?))
    }

    fn build_by<V: VertexId>(
        &self,
        build: impl FnOnce(usize, Edges<'_, u64, W>) -> Result<CsrGraph<V, W>, LabelError>,
    ) -> Result<LabelledGraph<I, V, W>, LabelError> {
        let graph = build(self.labels.len(), self.edges()?).map_err(|error| self.name(error))?;
        let labels = VertexMap::from_labels(self.labels.iter().map(|label| label.borrow()))?;
        LabelledGraph::new(CsrGraph { vertices: self.vertices.clone(), ..graph }, labels)
    }

    /// Errors that name vertices name them by their labels.
    fn name(&self, error: LabelError) -> LabelError {
        match error {
            LabelError::Graph(GraphError::ParallelEdge { first, edge, source_vertex, target_vertex }) => {
                let label = |vertex: u64| {
                    let label = usize::try_from(vertex).ok().and_then(|vertex| self.labels.get_index(vertex));
                    label.map_or_else(|| vertex.to_string(), |label| format!("{label:?}"))
                };
                let (source_label, target_label) = (label(source_vertex), label(target_vertex));
                LabelError::ParallelEdge { first, edge, source_label, target_label }
            }
            error => error,
        }
    }
}

impl<I: VertexLabel, W> Default for LabelledEdges<I, W> {
    /// No edges.
    fn default() -> Self {
        Self { labels: Numbering::<I>::default(), pairs: Vec::new(), weights: None, table: None, vertices: None }
    }
}

/// Shows how many there are.
impl<I: VertexLabel, W> fmt::Debug for LabelledEdges<I, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (edges, vertices) = (self.pairs.len(), self.labels.len());
        f.debug_struct("LabelledEdges").field("len", &edges).field("vertices", &vertices).finish_non_exhaustive()
    }
}
