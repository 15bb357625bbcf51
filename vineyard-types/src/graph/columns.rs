//! Graphs with more columns in their tables than another, which share the rest with it.

use vineyard_core::Element;

use super::{CsrGraph, GraphError, VertexId};
use crate::dataframe::{Column, ColumnName, DataFrame};

impl<V: VertexId, W: Element> CsrGraph<V, W> {
    /// The graph with one more column in the table of vertices, or another one under a name that it has; all else is
    /// shared, the other columns too: put, it costs this column. A graph without the table gets one.
    ///
    /// # Errors
    ///
    /// [`GraphError::Column`] if the column has another number of rows than the table, [`GraphError::VertexRows`] if it has
    /// not one for each vertex.
    ///
    /// ```
    /// use vineyard_types::graph::{CsrGraph, EdgeOptions};
    /// let graph = CsrGraph::<u32, f64>::from_edges(2, [(0, 1)], EdgeOptions::default())?;
    /// let graph = graph.with_vertex_column("age", vec![31u8, 42])?.with_edge_column("year", vec![1999i64])?;
    /// assert_eq!(graph.vertices.map(|table| table.num_columns()), Some(1));
    /// # Ok::<(), vineyard_types::graph::GraphError>(())
    /// ```
    pub fn with_vertex_column(
        &self,
        name: impl Into<ColumnName>,
        column: impl Into<Column>,
    ) -> Result<Self, GraphError> {
        let vertices = self.vertices.clone().unwrap_or_default().with_column(name, column)?;
        self.clone().with_vertices(vertices)
    }

    /// The graph with one more column in the table of edges, or another one under a name that it has; all else is shared,
    /// the other columns too. A graph without the table gets one with a row for each stored edge.
    ///
    /// # Errors
    ///
    /// [`GraphError::Column`] if the column has another number of rows than the table, [`GraphError::EdgeRows`] if there is
    /// no table and it has not one for each stored edge.
    pub fn with_edge_column(&self, name: impl Into<ColumnName>, column: impl Into<Column>) -> Result<Self, GraphError> {
        match &self.edges {
            Some(table) => {
                let edges = table.clone().with_column(name, column)?;
                let graph = Self { edges: Some(edges), ..self.clone() };
                graph.check()?;
                Ok(graph)
            }
            None => {
                let edges = DataFrame::new().with_column(name, column)?;
                self.clone().with_edges(edges)
            }
        }
    }
}
