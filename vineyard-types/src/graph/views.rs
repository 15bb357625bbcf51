//! Graphs that differ from another in one thing and share the rest.

use vineyard_core::Element;

use super::{CsrGraph, VertexId};
use crate::dataframe::{ColumnName, DataFrame, FrameError};

impl<V: VertexId, W: Element> CsrGraph<V, W> {
    /// The graph whose edges lead the other way. O(1), and all arrays and tables are shared: put, it costs its metadata.
    ///
    /// What was listed stays listed: of a graph with [`neighbors`](Self::neighbors) only, the reverse has
    /// [`in_neighbors`](Self::in_neighbors) only. An undirected graph is its own reverse.
    ///
    /// ```
    /// use vineyard_types::graph::{CsrGraph, Directions, EdgeOptions};
    /// let options = EdgeOptions { directions: Directions::Both, ..EdgeOptions::default() };
    /// let reverse = CsrGraph::<u32, f64>::from_edges(3, [(0, 2), (1, 2)], options)?.reverse();
    /// assert_eq!(reverse.neighbors(2), Some(&[0, 1][..]));
    /// assert_eq!(reverse.in_neighbors(0), Some(&[2][..]));
    /// # Ok::<(), vineyard_types::graph::GraphError>(())
    /// ```
    pub fn reverse(&self) -> Self {
        Self { reversed: self.directed && !self.reversed, ..self.clone() }
    }

    /// The graph with some columns of the table of vertices, in this order; all else is shared. A graph without the table
    /// stays without; one whose table would have neither columns nor labels is without it.
    ///
    /// # Errors
    ///
    /// [`FrameError::NoColumn`] for a column that is not there.
    ///
    /// ```
    /// use vineyard_types::DataFrame;
    /// use vineyard_types::graph::{CsrGraph, EdgeOptions};
    /// let table = DataFrame::new().with_column("name", vec!["a", "b"])?.with_column("age", vec![3i64, 4])?;
    /// let graph = CsrGraph::<u32, f64>::from_edges(2, [(0, 1)], EdgeOptions::default())?.with_vertices(table)?;
    /// let graph = graph.with_vertex_columns(["age"])?;
    /// assert_eq!(graph.vertices.map(|table| table.num_columns()), Some(1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_vertex_columns<N: Into<ColumnName>>(
        &self,
        names: impl IntoIterator<Item = N>,
    ) -> Result<Self, FrameError> {
        let vertices = self.vertices.as_ref().map(|table| select(table, names)).transpose()?.flatten();
        Ok(Self { vertices, ..self.clone() })
    }

    /// The graph with some columns of the table of edges, in this order; all else is shared. A graph without the table
    /// stays without; one whose table would have neither columns nor labels is without it.
    ///
    /// # Errors
    ///
    /// [`FrameError::NoColumn`] for a column that is not there.
    pub fn with_edge_columns<N: Into<ColumnName>>(
        &self,
        names: impl IntoIterator<Item = N>,
    ) -> Result<Self, FrameError> {
        let edges = self.edges.as_ref().map(|table| select(table, names)).transpose()?.flatten();
        let edge_rows = self.edge_rows.clone().filter(|_| edges.is_some());
        Ok(Self { edges, edge_rows, ..self.clone() })
    }

    /// The graph without its tables; all else is shared.
    pub fn without_tables(&self) -> Self {
        Self { vertices: None, edges: None, edge_rows: None, ..self.clone() }
    }

    /// The graph without weights; all else is shared.
    pub fn without_weights(&self) -> Self {
        Self { weights: None, ..self.clone() }
    }
}

/// A table with some columns of another, and its labels, so that it keeps its rows also without columns; none if it has
/// neither.
fn select<N: Into<ColumnName>>(
    table: &DataFrame,
    names: impl IntoIterator<Item = N>,
) -> Result<Option<DataFrame>, FrameError> {
    let mut selected = DataFrame::new();
    for name in names {
        let name = name.into();
        let column = table.column(name.clone())?.clone();
        selected = selected.with_column(name, column)?;
    }
    match table.index() {
        Some(index) => selected.with_index(index.clone()).map(Some),
        None => Ok((selected.num_columns() > 0).then_some(selected)),
    }
}
