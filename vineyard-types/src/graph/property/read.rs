//! Reading a graph and its fragments.

use std::ops::Range;

use super::{
    Adjacency, GlobalId, IdLayout, LocalId, OutsideId, Place, PropertyFragment, PropertyGraph, PropertyVertices,
    Relation,
};

/// One edge of a vertex in a fragment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalEdge<V> {
    /// The local number of the vertex at the other end; its label is that of the relation there.
    pub vertex: V,
    /// The edge's row in the table of the relation in the fragment.
    pub row: V,
}

/// One edge of a vertex in a graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GlobalEdge {
    /// The vertex at the other end.
    pub vertex: GlobalId,
    /// The fragment whose table has the edge: that of the vertex that was asked about.
    pub fragment: usize,
    /// The edge's row in the table of the relation in that fragment.
    pub row: usize,
}

impl PropertyVertices {
    /// The global id of an outer vertex, by its place among them.
    pub fn outer(&self, at: usize) -> Option<GlobalId> {
        let mut at = at;
        for list in &self.outer {
            match list.get(at) {
                Some(id) => return Some(GlobalId::from_raw(*id)),
                None => at = at.checked_sub(list.len())?,
            }
        }
        None
    }

    /// The global ids of all outer vertices.
    pub fn outer_ids(&self) -> impl Iterator<Item = GlobalId> {
        self.outer.iter().flat_map(|list| list.iter().map(|id| GlobalId::from_raw(*id)))
    }

    /// The place of an outer vertex. O(log n) for each time that edges were added.
    pub(super) fn outer_place(&self, id: GlobalId) -> Option<usize> {
        let mut before = 0usize;
        for list in &self.outer {
            if let Ok(at) = list.binary_search(&id.as_raw()) {
                return before.checked_add(at);
            }
            before = before.checked_add(list.len())?;
        }
        None
    }
}

impl<V: LocalId> PropertyFragment<V> {
    /// How global ids are made up.
    pub fn layout(&self) -> IdLayout {
        IdLayout::of(self.num_fragments())
    }

    /// The local numbers of the inner vertices of a label; none if there is no such label.
    pub fn inner(&self, label: usize) -> Range<usize> {
        0..self.vertices(label).map_or(0, PropertyVertices::num_inner)
    }

    /// The local numbers of the outer vertices of a label.
    pub fn outer(&self, label: usize) -> Range<usize> {
        let start = self.inner(label).end;
        start..start.saturating_add(self.vertices(label).map_or(0, PropertyVertices::num_outer))
    }

    /// The global id of a vertex. O(1), and O(log n) for an outer one.
    pub fn global(&self, label: usize, vertex: usize) -> Option<GlobalId> {
        let vertices = self.vertices(label)?;
        match vertex.checked_sub(vertices.num_inner()) {
            None => self.layout().pack(Place { fragment: self.index(), label, offset: vertex }).ok(),
            Some(at) => vertices.outer(at),
        }
    }

    /// The label and local number of a vertex, if it is an inner or outer one of this fragment. O(1), and O(log n) for an
    /// outer one.
    pub fn local(&self, id: GlobalId) -> Option<(usize, usize)> {
        let Place { fragment, label, offset } = self.layout().unpack(id);
        let vertices = self.vertices(label)?;
        if fragment == self.index() {
            return (offset < vertices.num_inner()).then_some((label, offset));
        }
        Some((label, vertices.num_inner().checked_add(vertices.outer_place(id)?)?))
    }

    /// The edges of a relation that lead away from an inner vertex of its source label. O(1). None if there is no such
    /// relation or vertex.
    pub fn out_edges(&self, relation: usize, vertex: usize) -> impl ExactSizeIterator<Item = LocalEdge<V>> {
        listed(self.edges(relation).map(|edges| edges.outgoing()), vertex)
    }

    /// The edges of a relation that lead to an inner vertex of its target label. O(1).
    pub fn in_edges(&self, relation: usize, vertex: usize) -> impl ExactSizeIterator<Item = LocalEdge<V>> {
        listed(self.edges(relation).map(|edges| edges.incoming()), vertex)
    }

    /// The relations of an edge label that lead away from vertices of a label.
    pub fn relations_from(&self, edge: usize, source: usize) -> impl Iterator<Item = usize> {
        let is_one = move |relation: &Relation| relation.edge == edge && relation.source == source;
        self.schema().relations().iter().enumerate().filter(move |(_, each)| is_one(each)).map(|(number, _)| number)
    }

    /// The relations of an edge label that lead to vertices of a label.
    pub fn relations_to(&self, edge: usize, target: usize) -> impl Iterator<Item = usize> {
        let is_one = move |relation: &Relation| relation.edge == edge && relation.target == target;
        self.schema().relations().iter().enumerate().filter(move |(_, each)| is_one(each)).map(|(number, _)| number)
    }

    /// How many edges of a label lead away from an inner vertex, to vertices of all labels. O(relations).
    pub fn out_degree(&self, edge: usize, label: usize, vertex: usize) -> usize {
        self.relations_from(edge, label).map(|relation| self.out_edges(relation, vertex).len()).sum()
    }

    /// How many edges of a label lead to an inner vertex, from vertices of all labels. O(relations).
    pub fn in_degree(&self, edge: usize, label: usize, vertex: usize) -> usize {
        self.relations_to(edge, label).map(|relation| self.in_edges(relation, vertex).len()).sum()
    }
}

fn listed<V: LocalId>(
    list: Option<&Adjacency<V>>,
    vertex: usize,
) -> impl ExactSizeIterator<Item = LocalEdge<V>> + use<'_, V> {
    let row = list.and_then(|list| list.neighbors(vertex).zip(list.edges(vertex)));
    let (neighbors, rows) = row.unwrap_or_default();
    neighbors.iter().zip(rows).map(|(vertex, row)| LocalEdge { vertex: *vertex, row: *row })
}

impl<O: OutsideId, V: LocalId> PropertyGraph<O, V> {
    /// The vertex with an outside id. O(1).
    pub fn vertex(&self, label: usize, id: &O::Query) -> Option<GlobalId> {
        let fragment = self.partition().fragment(self.fragments().len(), label, id);
        let offset = self.vertex_map().ids(label, fragment)?.place(id)?;
        self.layout().pack(Place { fragment, label, offset }).ok()
    }

    /// The outside id of a vertex. O(1).
    pub fn id(&self, vertex: GlobalId) -> Option<&O::Query> {
        let Place { fragment, label, offset } = self.layout().unpack(vertex);
        self.vertex_map().ids(label, fragment)?.id(offset)
    }

    /// The fragment that a vertex is an inner vertex of, and its local number there.
    pub fn home(&self, vertex: GlobalId) -> Option<(&PropertyFragment<V>, usize)> {
        let Place { fragment, label, offset } = self.layout().unpack(vertex);
        let fragment = self.fragments().get(fragment)?;
        fragment.inner(label).contains(&offset).then_some((&**fragment, offset))
    }

    /// How many vertices of a label there are.
    pub fn num_vertices(&self, label: usize) -> usize {
        self.fragments().iter().map(|fragment| fragment.inner(label).len()).fold(0, usize::saturating_add)
    }

    /// How many edges of a relation there are.
    pub fn num_edges(&self, relation: usize) -> usize {
        let edges = self.fragments().iter().filter_map(|fragment| fragment.edges(relation));
        edges.map(|edges| edges.outgoing().num_edges()).fold(0, usize::saturating_add)
    }

    /// All vertices of a label, fragment by fragment.
    pub fn vertices(&self, label: usize) -> impl Iterator<Item = GlobalId> {
        self.fragments()
            .iter()
            .flat_map(move |fragment| fragment.inner(label).filter_map(move |vertex| fragment.global(label, vertex)))
    }

    /// The edges of a relation that lead away from a vertex of its source label; none if there is no such vertex.
    pub fn out_edges(&self, relation: usize, vertex: GlobalId) -> impl Iterator<Item = GlobalEdge> {
        self.global_edges(relation, vertex, true)
    }

    /// The edges of a relation that lead to a vertex of its target label; none if there is no such vertex.
    pub fn in_edges(&self, relation: usize, vertex: GlobalId) -> impl Iterator<Item = GlobalEdge> {
        self.global_edges(relation, vertex, false)
    }

    fn global_edges(&self, relation: usize, vertex: GlobalId, outgoing: bool) -> impl Iterator<Item = GlobalEdge> {
        let ends = self.schema().relations().get(relation).map(|relation| match outgoing {
            true => (relation.source, relation.target),
            false => (relation.target, relation.source),
        });
        let ends = ends.filter(|(own, _)| *own == self.layout().unpack(vertex).label);
        let list = self.home(vertex).zip(ends).and_then(|((fragment, local), (_, other))| {
            let edges = fragment.edges(relation)?;
            let list = if outgoing { edges.outgoing() } else { edges.incoming() };
            Some((fragment, other, listed(Some(list), local)))
        });
        list.into_iter().flat_map(|(fragment, other, edges)| {
            edges.filter_map(move |edge| {
                let vertex = fragment.global(other, edge.vertex.try_to_index()?)?;
                Some(GlobalEdge { vertex, fragment: fragment.index(), row: edge.row.try_to_index()? })
            })
        })
    }

    /// All edges of a relation, each once: the vertex it leads away from, and the rest. Fragment by fragment, by source.
    pub fn edges(&self, relation: usize) -> impl Iterator<Item = (GlobalId, GlobalEdge)> {
        let source = self.schema().relations().get(relation).map(|relation| relation.source);
        let sources = source.into_iter().flat_map(|label| self.vertices(label));
        sources.flat_map(move |vertex| self.out_edges(relation, vertex).map(move |edge| (vertex, edge)))
    }
}
