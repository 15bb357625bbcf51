//! What `petgraph` asks of a graph.

use std::fmt;
use std::ops::Range;
use std::slice;

use petgraph::csr::Csr;
use petgraph::visit::{
    Data, EdgeCount, EdgeIndexable, GraphBase, GraphProp, GraphRef, IntoEdgeReferences, IntoEdges, IntoEdgesDirected,
    IntoNeighbors, IntoNeighborsDirected, IntoNodeIdentifiers, IntoNodeReferences, NodeCompactIndexable, NodeCount,
    NodeIndexable, Visitable,
};
use petgraph::{Direction, EdgeType};
use vineyard_core::Element;

use super::edges::{PetgraphEdge, PetgraphEdges};
use super::view::PetgraphView;
use crate::graph::VertexId;

macro_rules! implement {
    ($($name:ident { $($body:tt)* })*) => {$(
        impl<'a, V: VertexId, W: Element, E, Ty: EdgeType, const BOTH: bool> $name
            for PetgraphView<'a, V, W, E, Ty, BOTH>
        {
            $($body)*
        }
    )*};
}

implement! {
    GraphBase {
        type EdgeId = usize;
        type NodeId = usize;
    }

    GraphRef {}

    GraphProp {
        type EdgeType = Ty;
    }

    Data {
        type NodeWeight = ();
        type EdgeWeight = E;
    }

    NodeCount {
        fn node_count(&self) -> usize {
            self.graph.num_vertices()
        }
    }

    EdgeCount {
        fn edge_count(&self) -> usize {
            self.num_edges
        }
    }

    NodeIndexable {
        fn node_bound(&self) -> usize {
            self.graph.num_vertices()
        }

        fn to_index(&self, vertex: usize) -> usize {
            vertex
        }

        fn from_index(&self, index: usize) -> usize {
            index
        }
    }

    NodeCompactIndexable {}

    EdgeIndexable {
        fn edge_bound(&self) -> usize {
            self.graph.num_edges()
        }

        fn to_index(&self, edge: usize) -> usize {
            edge
        }

        fn from_index(&self, index: usize) -> usize {
            index
        }
    }

    Visitable {
        type Map = <Csr as Visitable>::Map;

        fn visit_map(&self) -> Self::Map {
            Self::Map::with_capacity(self.graph.num_vertices())
        }

        fn reset_map(&self, map: &mut Self::Map) {
            map.clear();
            map.grow(self.graph.num_vertices());
        }
    }

    IntoNodeIdentifiers {
        type NodeIdentifiers = Range<usize>;

        fn node_identifiers(self) -> Range<usize> {
            0..self.graph.num_vertices()
        }
    }

    IntoNodeReferences {
        type NodeRef = (usize, ());
        type NodeReferences = std::iter::Map<Range<usize>, fn(usize) -> (usize, ())>;

        fn node_references(self) -> Self::NodeReferences {
            self.node_identifiers().map(|vertex| (vertex, ()))
        }
    }

    IntoNeighbors {
        type Neighbors = Neighbors<'a, V>;

        fn neighbors(self, vertex: usize) -> Neighbors<'a, V> {
            Neighbors(self.outgoing(vertex).others())
        }
    }

    IntoEdges {
        type Edges = PetgraphEdges<'a, V, W, E>;

        fn edges(self, vertex: usize) -> PetgraphEdges<'a, V, W, E> {
            self.outgoing(vertex)
        }
    }

    IntoEdgeReferences {
        type EdgeRef = PetgraphEdge<'a, E>;
        type EdgeReferences = AllEdges<'a, V, W, E, Ty, BOTH>;

        fn edge_references(self) -> Self::EdgeReferences {
            AllEdges { view: self, vertices: self.node_identifiers(), edges: None }
        }
    }
}

impl<'a, V: VertexId, W: Element, E, Ty: EdgeType> IntoNeighborsDirected for PetgraphView<'a, V, W, E, Ty, true> {
    type NeighborsDirected = Neighbors<'a, V>;

    fn neighbors_directed(self, vertex: usize, direction: Direction) -> Neighbors<'a, V> {
        Neighbors(self.edges_directed(vertex, direction).others())
    }
}

impl<'a, V: VertexId, W: Element, E, Ty: EdgeType> IntoEdgesDirected for PetgraphView<'a, V, W, E, Ty, true> {
    type EdgesDirected = PetgraphEdges<'a, V, W, E>;

    fn edges_directed(self, vertex: usize, direction: Direction) -> PetgraphEdges<'a, V, W, E> {
        match direction {
            Direction::Outgoing => self.outgoing(vertex),
            Direction::Incoming => self.incoming(vertex),
        }
    }
}

/// The vertices at the other ends of the edges of one.
#[derive(Debug, Clone)]
pub struct Neighbors<'a, V>(slice::Iter<'a, V>);

impl<V: VertexId> Iterator for Neighbors<'_, V> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        self.0.next()?.try_to_index()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.0.len()))
    }
}

/// All edges of a graph, by the vertex that they lead away from; an undirected one once.
pub struct AllEdges<'a, V: VertexId, W: Element, E, Ty, const BOTH: bool> {
    view: PetgraphView<'a, V, W, E, Ty, BOTH>,
    vertices: Range<usize>,
    edges: Option<PetgraphEdges<'a, V, W, E>>,
}

impl<'a, V: VertexId, W: Element, E, Ty: EdgeType, const BOTH: bool> Iterator for AllEdges<'a, V, W, E, Ty, BOTH> {
    type Item = PetgraphEdge<'a, E>;

    fn next(&mut self) -> Option<PetgraphEdge<'a, E>> {
        loop {
            let once = |edge: &PetgraphEdge<'a, E>| Ty::is_directed() || edge.is_ascending();
            if let Some(edge) = self.edges.as_mut().and_then(|edges| edges.find(once)) {
                return Some(edge);
            }
            self.edges = Some(self.view.outgoing(self.vertices.next()?));
        }
    }
}

impl<V: VertexId, W: Element, E, Ty, const BOTH: bool> fmt::Debug for AllEdges<'_, V, W, E, Ty, BOTH> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AllEdges").field("graph", self.view.graph).finish_non_exhaustive()
    }
}
