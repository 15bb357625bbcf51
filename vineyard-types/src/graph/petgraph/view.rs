//! The view of a graph.

use std::fmt;
use std::marker::PhantomData;

use petgraph::EdgeType;
use rayon::prelude::*;
use vineyard_core::Element;

use super::edges::{PetgraphEdges, Side};
use crate::graph::{CsrGraph, GraphError, VertexId};

/// A graph that `petgraph` cannot view.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PetgraphError {
    /// The graph is directed and the type says it is not, or the reverse.
    #[error("the graph is {found}, the view is to be {expected}")]
    EdgeType {
        /// What the graph is.
        found: &'static str,
        /// What the view was to be.
        expected: &'static str,
    },
    /// The graph does not list the edges of a vertex that are asked for.
    #[error("the graph does not list the edges that lead {missing} a vertex: see `CsrGraph::with_both_directions`")]
    Direction {
        /// `away from`, or `to`.
        missing: &'static str,
    },
    /// The graph has no weights.
    #[error("the graph has no weights")]
    NoWeights,
    /// The graph is none.
    #[error(transparent)]
    Graph(#[from] GraphError),
}

impl<V: VertexId, W: Element> CsrGraph<V, W> {
    /// The graph as one that `petgraph`'s algorithms run on, without a copy. `Ty` is [`Directed`](petgraph::Directed) or
    /// [`Undirected`](petgraph::Undirected), as the graph is.
    ///
    /// Vertices are called by their index, a `usize`. Edges have no weights until [`weighted`](PetgraphView::weighted) is
    /// called, and what asks for edges that lead to a vertex works after [`both`](PetgraphView::both). Verifies the graph,
    /// in O(V + E), because `petgraph` panics at vertices that are not there.
    ///
    /// # Errors
    ///
    /// - [`PetgraphError::EdgeType`] if the graph is not of type `Ty`.
    /// - [`PetgraphError::Direction`] if it lists only the edges that lead to a vertex.
    /// - [`PetgraphError::Graph`] as [`verify`](Self::verify).
    ///
    /// ```
    /// use petgraph::Directed;
    /// use petgraph::algo::{dijkstra, tarjan_scc};
    /// use vineyard_types::graph::{CsrGraph, EdgeOptions};
    /// let edges = [(0, 1, 2.0), (1, 2, 0.5), (0, 2, 4.0)];
    /// let graph = CsrGraph::<u32, f64>::from_weighted_edges(3, edges, EdgeOptions::default())?;
    /// let view = graph.as_petgraph::<Directed>()?;
    /// assert_eq!(tarjan_scc(view).len(), 3);
    /// let costs = dijkstra(view.weighted()?, 0, None, |edge| *petgraph::visit::EdgeRef::weight(&edge));
    /// assert_eq!(costs[&2], 2.5);
    /// # Ok::<(), vineyard_types::graph::PetgraphError>(())
    /// ```
    pub fn as_petgraph<Ty: EdgeType>(&self) -> Result<PetgraphView<'_, V, W, (), Ty, false>, PetgraphError> {
        if self.directed != Ty::is_directed() {
            let name = |directed| if directed { "directed" } else { "undirected" };
            return Err(PetgraphError::EdgeType { found: name(self.directed), expected: name(Ty::is_directed()) });
        }
        if self.directed && self.reversed && self.back_offsets.is_none() {
            return Err(PetgraphError::Direction { missing: "away from" });
        }
        self.verify()?;
        let num_edges = if self.directed {
            self.num_edges()
        } else {
            let is_loop = |target: &&V| target.try_to_index();
            let loops =
                self.par_iter().map(|(vertex, row)| row.iter().filter(|to| is_loop(to) == Some(vertex)).count());
            self.num_edges().saturating_add(loops.sum()) / 2
        };
        // Nothing for each edge takes no memory.
        let weights = vec![(); self.num_edges()].leak();
        Ok(PetgraphView { graph: self, weights, num_edges, directed: PhantomData })
    }
}

/// A graph for `petgraph`: [`CsrGraph::as_petgraph`]. `E` is the type of the weights, `()` if they are left out; `BOTH` says
/// whether the edges that lead to a vertex are listed as well.
pub struct PetgraphView<'a, V: VertexId, W: Element, E, Ty, const BOTH: bool> {
    pub(super) graph: &'a CsrGraph<V, W>,
    pub(super) weights: &'a [E],
    /// How many edges there are, an undirected one counted once.
    pub(super) num_edges: usize,
    directed: PhantomData<Ty>,
}

impl<'a, V: VertexId, W: Element, E, Ty, const BOTH: bool> PetgraphView<'a, V, W, E, Ty, BOTH> {
    /// The same with the weights. O(1).
    ///
    /// # Errors
    ///
    /// [`PetgraphError::NoWeights`].
    pub fn weighted(self) -> Result<PetgraphView<'a, V, W, W, Ty, BOTH>, PetgraphError> {
        let weights = self.graph.weights.as_ref().ok_or(PetgraphError::NoWeights)?;
        Ok(PetgraphView { graph: self.graph, weights, num_edges: self.num_edges, directed: PhantomData })
    }

    /// The same with the edges that lead to a vertex, as `toposort` and others need it. O(1).
    ///
    /// # Errors
    ///
    /// [`PetgraphError::Direction`] if the graph lists only those that lead away from it.
    pub fn both(self) -> Result<PetgraphView<'a, V, W, E, Ty, true>, PetgraphError> {
        if self.graph.directed && self.graph.back_offsets.is_none() {
            return Err(PetgraphError::Direction { missing: "to" });
        }
        let Self { graph, weights, num_edges, .. } = self;
        Ok(PetgraphView { graph, weights, num_edges, directed: PhantomData })
    }

    /// The graph that is viewed.
    pub fn graph(&self) -> &'a CsrGraph<V, W> {
        self.graph
    }

    pub(super) fn outgoing(self, vertex: usize) -> PetgraphEdges<'a, V, W, E> {
        let side = if self.graph.directed && self.graph.reversed { Side::Back } else { Side::Rows };
        PetgraphEdges::new(self.graph, self.weights, side, vertex, true)
    }

    pub(super) fn incoming(self, vertex: usize) -> PetgraphEdges<'a, V, W, E> {
        let side = if self.graph.directed && !self.graph.reversed { Side::Back } else { Side::Rows };
        PetgraphEdges::new(self.graph, self.weights, side, vertex, false)
    }
}

impl<V: VertexId, W: Element, E, Ty, const BOTH: bool> Clone for PetgraphView<'_, V, W, E, Ty, BOTH> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V: VertexId, W: Element, E, Ty, const BOTH: bool> Copy for PetgraphView<'_, V, W, E, Ty, BOTH> {}

/// Shows the size, not the edges.
impl<V: VertexId, W: Element, E, Ty, const BOTH: bool> fmt::Debug for PetgraphView<'_, V, W, E, Ty, BOTH> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PetgraphView").field("graph", self.graph).finish_non_exhaustive()
    }
}
