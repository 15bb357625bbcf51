//! Edges whose ends are vertices already.

use std::ops::AddAssign;

use vineyard_core::{Client, Element};

use crate::dataframe::DataFrame;
use crate::graph::{BuildInError, CsrGraph, EdgeEnd, EdgeOptions, Edges, GraphError, VertexId};

/// Edges that were read and whose ends, integers of type `I`, are vertices `0..num_vertices`.
#[derive(Debug, Clone)]
pub struct PlainEdges<I, W> {
    pub(super) pairs: Vec<(I, I)>,
    pub(super) weights: Option<Vec<W>>,
    pub(super) table: Option<DataFrame>,
}

impl<I: EdgeEnd, W: Element> PlainEdges<I, W> {
    /// How many edges there are.
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// The edges as input of [`CsrGraph::build`].
    ///
    /// # Errors
    ///
    /// None, for what is read has a weight and a row for each edge or for none.
    pub fn edges(&self) -> Result<Edges<'_, I, W>, GraphError> {
        let edges = Edges::pairs(&self.pairs);
        let edges = self.weights.as_ref().map_or(Ok(edges), |weights| edges.with_weights(weights))?;
        self.table.as_ref().map_or(Ok(edges), |table| edges.with_table(table))
    }

    /// Builds the graph, as [`CsrGraph::build`]: of so many vertices, or, if that is not said, of those up to the largest
    /// that an edge names.
    ///
    /// # Errors
    ///
    /// Those of [`CsrGraph::build`].
    ///
    /// # Panics
    ///
    /// As [`CsrGraph::build`].
    pub fn build<V: VertexId>(
        &self,
        num_vertices: Option<usize>,
        options: EdgeOptions,
    ) -> Result<CsrGraph<V, W>, GraphError>
    where
        W: AddAssign,
    {
        CsrGraph::build(self.num_vertices(num_vertices), self.edges()?, options)
    }

    /// As [`build`](Self::build), straight into memory of the client's server, as [`CsrGraph::build_in`].
    ///
    /// # Errors
    ///
    /// Those of [`CsrGraph::build_in`].
    ///
    /// # Panics
    ///
    /// As [`CsrGraph::build`].
    pub fn build_in<V: VertexId>(
        &self,
        client: &Client,
        num_vertices: Option<usize>,
        options: EdgeOptions,
    ) -> Result<CsrGraph<V, W>, BuildInError>
    where
        W: AddAssign,
    {
        CsrGraph::build_in(client, self.num_vertices(num_vertices), self.edges()?, options)
    }

    fn num_vertices(&self, said: Option<usize>) -> usize {
        said.unwrap_or_else(|| {
            let ends = self.pairs.iter().flat_map(|(source, target)| [*source, *target]);
            // Ends that are no indices are refused when the graph is built.
            ends.filter_map(EdgeEnd::to_index).max().map_or(0, |largest| largest.saturating_add(1))
        })
    }
}

impl<I, W> Default for PlainEdges<I, W> {
    /// No edges.
    fn default() -> Self {
        Self { pairs: Vec::new(), weights: None, table: None }
    }
}
