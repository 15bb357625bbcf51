//! The edges of a vertex, one after the other.

use std::fmt;
use std::slice;

use petgraph::visit::EdgeRef;
use vineyard_core::Element;

use crate::graph::read::row;
use crate::graph::{CsrGraph, VertexId};

/// Which arrays list the edges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Rows,
    Back,
}

/// An edge for `petgraph`. Its id is its position in [`CsrGraph::targets`]; of an undirected edge that of one of both.
///
/// If a graph lists edges by their other end without saying where they are, because it has neither weights nor a table,
/// parallel edges have one id there.
pub struct PetgraphEdge<'a, E> {
    source: usize,
    target: usize,
    position: usize,
    weight: &'a E,
}

impl<E> PetgraphEdge<'_, E> {
    /// Whether it is the one of both forms of an undirected edge that is listed where each is listed once.
    pub(super) fn is_ascending(&self) -> bool {
        self.source <= self.target
    }
}

impl<E> Clone for PetgraphEdge<'_, E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E> Copy for PetgraphEdge<'_, E> {}

impl<E: fmt::Debug> fmt::Debug for PetgraphEdge<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PetgraphEdge").field(&self.source).field(&self.target).field(&self.weight).finish()
    }
}

impl<E> EdgeRef for PetgraphEdge<'_, E> {
    type NodeId = usize;
    type EdgeId = usize;
    type Weight = E;

    fn source(&self) -> usize {
        self.source
    }

    fn target(&self) -> usize {
        self.target
    }

    fn weight(&self) -> &E {
        self.weight
    }

    fn id(&self) -> usize {
        self.position
    }
}

/// The edges of a vertex for `petgraph`.
pub struct PetgraphEdges<'a, V: VertexId, W: Element, E> {
    graph: &'a CsrGraph<V, W>,
    weights: &'a [E],
    vertex: usize,
    outgoing: bool,
    others: slice::Iter<'a, V>,
    /// Where the next edge is in `targets`, if that is where the edges are listed.
    next: usize,
    /// Where the next edges are in `targets`, if they are listed elsewhere.
    positions: Option<slice::Iter<'a, u64>>,
    side: Side,
}

impl<'a, V: VertexId, W: Element, E> PetgraphEdges<'a, V, W, E> {
    pub(super) fn new(graph: &'a CsrGraph<V, W>, weights: &'a [E], side: Side, vertex: usize, outgoing: bool) -> Self {
        let (offsets, targets): (&[u64], &[V]) = match side {
            Side::Rows => (&graph.offsets, &graph.targets),
            Side::Back => {
                (graph.back_offsets.as_deref().unwrap_or_default(), graph.back_targets.as_deref().unwrap_or_default())
            }
        };
        let row = row(offsets, vertex).unwrap_or_default();
        let others = targets.get(row.clone()).unwrap_or_default().iter();
        let positions = match side {
            Side::Rows => None,
            Side::Back => graph.back_edges.as_ref().and_then(|edges| edges.get(row.clone())).map(<[u64]>::iter),
        };
        Self { graph, weights, vertex, outgoing, others, next: row.start, positions, side }
    }

    /// The vertices at the other ends.
    pub(super) fn others(&self) -> slice::Iter<'a, V> {
        self.others.clone()
    }

    fn position(&mut self, source: usize, target: usize) -> Option<usize> {
        match (self.side, &mut self.positions) {
            (Side::Rows, _) => {
                let position = self.next;
                self.next = position.checked_add(1)?;
                Some(position)
            }
            (Side::Back, Some(positions)) => usize::try_from(*positions.next()?).ok(),
            (Side::Back, None) => Some(self.graph.find_edges(source, target).start),
        }
    }
}

impl<'a, V: VertexId, W: Element, E> Iterator for PetgraphEdges<'a, V, W, E> {
    type Item = PetgraphEdge<'a, E>;

    fn next(&mut self) -> Option<PetgraphEdge<'a, E>> {
        let other = self.others.next()?.try_to_index()?;
        let (source, target) = if self.outgoing { (self.vertex, other) } else { (other, self.vertex) };
        let position = self.position(source, target)?;
        Some(PetgraphEdge { source, target, position, weight: self.weights.get(position)? })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.others.len()))
    }
}

impl<V: VertexId, W: Element, E> fmt::Debug for PetgraphEdges<'_, V, W, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PetgraphEdges").field("vertex", &self.vertex).finish_non_exhaustive()
    }
}
