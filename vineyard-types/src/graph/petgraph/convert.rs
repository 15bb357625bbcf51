//! Graphs of `petgraph` as graphs to be stored.

use std::ops::AddAssign;

use petgraph::visit::{EdgeRef, GraphProp, IntoEdgeReferences, NodeCompactIndexable};
use vineyard_core::Element;

use crate::graph::{CsrGraph, EdgeOptions, Edges, GraphError, VertexId};

impl<V: VertexId, W: Element> CsrGraph<V, W> {
    /// A graph of the edges and the weights of one of `petgraph`'s: those whose vertices are numbered without gaps. Directed
    /// if that one is, whatever the options say. Copies all; weights of vertices stay behind, and can be a table.
    ///
    /// # Errors
    ///
    /// As [`CsrGraph::build`].
    ///
    /// # Panics
    ///
    /// As [`CsrGraph::build`].
    ///
    /// ```
    /// use petgraph::graph::UnGraph;
    /// use vineyard_types::graph::{CsrGraph, EdgeOptions};
    /// let roads = UnGraph::<(), f64>::from_edges([(0, 1, 2.5), (1, 2, 4.0)]);
    /// let roads = CsrGraph::<u32, f64>::from_petgraph(&roads, EdgeOptions::default())?;
    /// assert_eq!(roads.neighbors(1), Some(&[0, 2][..]));
    /// # Ok::<(), vineyard_types::graph::GraphError>(())
    /// ```
    pub fn from_petgraph<G>(graph: G, options: EdgeOptions) -> Result<Self, GraphError>
    where
        G: IntoEdgeReferences<EdgeWeight = W> + GraphProp + NodeCompactIndexable,
        W: AddAssign,
    {
        let index = |vertex| graph.to_index(vertex) as u64;
        let edges = graph.edge_references().map(|edge| ((index(edge.source()), index(edge.target())), *edge.weight()));
        let (pairs, weights): (Vec<(u64, u64)>, Vec<W>) = edges.unzip();
        let options = EdgeOptions { directed: graph.is_directed(), ..options };
        Self::build(graph.node_count(), Edges::pairs(&pairs).with_weights(&weights)?, options)
    }
}
