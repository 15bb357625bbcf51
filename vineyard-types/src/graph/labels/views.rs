//! Graphs with labels that differ from another in one thing and share the rest.

use vineyard_core::Element;

use super::{LabelledGraph, VertexLabel};
use crate::dataframe::{Column, ColumnName, FrameError};
use crate::graph::{CsrGraph, GraphError, VertexId};

impl<I: VertexLabel, V: VertexId, W: Element> LabelledGraph<I, V, W> {
    /// The graph whose edges lead the other way, with the same labels and tables, as [`CsrGraph::reverse`]. O(1).
    #[must_use]
    pub fn reverse(&self) -> Self {
        self.over(self.graph.reverse())
    }

    /// The graph with some columns of the table of vertices, as [`CsrGraph::with_vertex_columns`].
    ///
    /// # Errors
    ///
    /// [`FrameError::NoColumn`] for a column that is not there.
    pub fn with_vertex_columns<N: Into<ColumnName>>(
        &self,
        names: impl IntoIterator<Item = N>,
    ) -> Result<Self, FrameError> {
        self.graph.with_vertex_columns(names).map(|graph| self.over(graph))
    }

    /// The graph with some columns of the table of edges, as [`CsrGraph::with_edge_columns`].
    ///
    /// # Errors
    ///
    /// [`FrameError::NoColumn`] for a column that is not there.
    pub fn with_edge_columns<N: Into<ColumnName>>(
        &self,
        names: impl IntoIterator<Item = N>,
    ) -> Result<Self, FrameError> {
        self.graph.with_edge_columns(names).map(|graph| self.over(graph))
    }

    /// The graph with one more column in the table of vertices, as [`CsrGraph::with_vertex_column`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn with_vertex_column(
        &self,
        name: impl Into<ColumnName>,
        column: impl Into<Column>,
    ) -> Result<Self, GraphError> {
        self.graph.with_vertex_column(name, column).map(|graph| self.over(graph))
    }

    /// The graph with one more column in the table of edges, as [`CsrGraph::with_edge_column`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn with_edge_column(&self, name: impl Into<ColumnName>, column: impl Into<Column>) -> Result<Self, GraphError> {
        self.graph.with_edge_column(name, column).map(|graph| self.over(graph))
    }

    /// The same labels and another graph of these vertices.
    fn over(&self, graph: CsrGraph<V, W>) -> Self {
        Self { graph, labels: self.labels.clone() }
    }
}
