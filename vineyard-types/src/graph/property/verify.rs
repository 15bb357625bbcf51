//! Scanning a graph that somebody else has written.

use rayon::prelude::*;

use super::error::At;
use super::{
    Adjacency, GlobalId, LocalId, OutsideId, Place, PropertyError, PropertyFragment, PropertyGraph, PropertyVertices,
    Relation,
};
use crate::graph::GraphError;
use crate::graph::read::row;

/// The vertices at both ends of all edges of a relation in a fragment, by their rows.
pub(super) struct Ends<V> {
    pub(super) sources: Vec<V>,
    pub(super) targets: Vec<V>,
}

impl<V: LocalId> PropertyFragment<V> {
    /// Scans all lists of the fragment. O(vertices + edges).
    ///
    /// After this, each vertex has its edges, each neighbour is a vertex of the fragment, each edge is in the list of each of
    /// its ends that is an inner vertex, once, and the same there in both; outer vertices ascend, differ, and are of their label and of
    /// other fragments.
    ///
    /// # Errors
    ///
    /// [`PropertyError::In`] with the label or relation in which something is wrong.
    pub fn verify(&self) -> Result<(), PropertyError> {
        for (label, vertices) in self.vertices.iter().enumerate() {
            let name = || self.schema.vertices.get(label).map_or_else(String::new, |label| label.name.clone());
            self.verify_outer(label, vertices).at(|| format!("vertices of label `{}`", name()))?;
        }
        let relations: Vec<_> = (0..self.edges.len()).into_par_iter().map(|relation| self.ends(relation)).collect();
        for (relation, ends) in relations.into_iter().enumerate() {
            ends.at(|| format!("edges {}", self.schema.relation_name(relation)))?;
        }
        Ok(())
    }

    fn verify_outer(&self, label: usize, vertices: &PropertyVertices) -> Result<(), PropertyError> {
        let layout = self.layout();
        let wrong = |index, id, problem| Err(PropertyError::Outer { index, id, problem });
        let mut index = 0usize;
        for list in &vertices.outer {
            let unsorted = list.windows(2).position(|pair| pair.first() >= pair.last());
            if let Some((at, id)) = unsorted.and_then(|before| Some((before + 1, *list.get(before + 1)?))) {
                let index = index.saturating_add(at);
                return wrong(index, GlobalId::from_raw(id), "it is not greater than the one before it");
            }
            for id in list.iter().copied().map(GlobalId::from_raw) {
                let place = layout.unpack(id);
                if place.label != label {
                    return wrong(index, id, "it is of another label");
                }
                if place.fragment == self.index() || place.fragment >= self.num_fragments() {
                    return wrong(index, id, "it is of no other fragment");
                }
                if vertices.outer_place(id) != Some(index) {
                    return wrong(index, id, "it is there twice");
                }
                index = index.saturating_add(1);
            }
        }
        Ok(())
    }

    /// The ends of all edges of a relation, by what its lists say, which have to say the same.
    pub(super) fn ends(&self, relation: usize) -> Result<Ends<V>, PropertyError> {
        let (Some(edges), Some(Relation { source, target, .. })) =
            (self.edges(relation), self.schema.relations.get(relation))
        else {
            return Err(PropertyError::unknown("relation", relation.to_string()));
        };
        let (inner_sources, inner_targets) = (self.inner(*source).end, self.inner(*target).end);
        let is_inner = |vertex: V, inner| vertex.try_to_index().is_some_and(|vertex| vertex < inner);
        // There are no more edges than the lists have entries.
        let mut known = vec![Known::<V>::default(); edges.num_edges()];
        scan(edges.outgoing(), self.outer(*target).end, |index, vertex, neighbor, row| {
            let edge = entry(&mut known, index, row)?;
            match edge.ends.replace((vertex, neighbor)) {
                Some(_) => Err(listed_before(index, row)),
                None => Ok(()),
            }
        })
        .at(|| "outgoing".to_owned())?;
        scan(edges.incoming(), self.outer(*source).end, |index, vertex, neighbor, row| {
            let edge = entry(&mut known, index, row)?;
            if std::mem::replace(&mut edge.is_incoming, true) {
                return Err(listed_before(index, row));
            }
            if edge.ends.is_none() && !is_inner(neighbor, inner_sources) {
                edge.ends = Some((neighbor, vertex));
            }
            match edge.ends == Some((neighbor, vertex)) {
                true => Ok(()),
                false => {
                    Err(wrong(index, "is not what the outgoing edges say", row.into(), "an edge of the same ends"))
                }
            }
        })
        .at(|| "incoming".to_owned())?;
        let is_listed =
            |edge: &Known<V>| edge.ends.is_some_and(|(_, target)| edge.is_incoming || !is_inner(target, inner_targets));
        if let Some(row) = known.iter().position(|edge| !is_listed(edge)) {
            let problem = "of the table of edges is not listed at an end that is an inner vertex";
            return Err(wrong(row, problem, 0, "1"));
        }
        let (sources, targets) = known.into_iter().filter_map(|edge| edge.ends).unzip();
        Ok(Ends { sources, targets })
    }
}

/// What is known of an edge by the lists that were looked at.
#[derive(Clone)]
struct Known<V> {
    /// Source and target.
    ends: Option<(V, V)>,
    /// Whether it is in the list of incoming edges.
    is_incoming: bool,
}

impl<V> Default for Known<V> {
    fn default() -> Self {
        Self { ends: None, is_incoming: false }
    }
}

fn listed_before<V: LocalId>(index: usize, row: V) -> PropertyError {
    wrong(index, "is an edge that is listed before", row.into(), "one that is not")
}

fn wrong(index: usize, problem: &'static str, found: u64, expected: impl Into<String>) -> PropertyError {
    PropertyError::Entry { index, problem, found, expected: expected.into() }
}

/// What is known of the edge in a row.
fn entry<T, V: LocalId>(known: &mut [T], index: usize, row: V) -> Result<&mut T, PropertyError> {
    let num_edges = known.len();
    let found = row.try_to_index().and_then(|row| known.get_mut(row));
    found.ok_or_else(|| wrong(index, "has no row of the table of edges", row.into(), format!("less than {num_edges}")))
}

/// Looks at each entry of a list: its place, the vertex it belongs to, the neighbour, the row.
fn scan<V: LocalId>(
    list: &Adjacency<V>,
    num_neighbors: usize,
    mut look: impl FnMut(usize, V, V, V) -> Result<(), PropertyError>,
) -> Result<(), PropertyError> {
    let mut index = 0usize;
    for vertex in 0..list.num_vertices() {
        let range = row(&list.offsets, vertex);
        let entries =
            list.neighbors(vertex).zip(list.edges(vertex)).filter(|_| range.map(|row| row.start) == Some(index));
        let (Some((neighbors, rows)), Some(number)) = (entries, V::try_from_index(vertex)) else {
            let (at, expected) = (vertex.saturating_add(1), index as u64);
            let found = list.offsets.get(at).copied().unwrap_or(u64::MAX);
            return Err(GraphError::Decreasing { index: at, found, expected }.into());
        };
        for (neighbor, row) in neighbors.iter().zip(rows) {
            if neighbor.try_to_index().is_none_or(|neighbor| neighbor >= num_neighbors) {
                let (problem, found) = ("has no vertex at its other end", (*neighbor).into());
                return Err(wrong(index, problem, found, format!("less than {num_neighbors}")));
            }
            look(index, number, *neighbor, *row)?;
            index = index.saturating_add(1);
        }
    }
    Ok(())
}

impl<O: OutsideId, V: LocalId> PropertyGraph<O, V> {
    /// Scans all fragments and the map of ids, in parallel. O(vertices + edges).
    ///
    /// After this, what [`PropertyFragment::verify`] says holds for each fragment, each outer vertex is an inner one of another
    /// fragment, each vertex is found by its id, which is that in the table, and is in the fragment that the partition says.
    ///
    /// # Errors
    ///
    /// [`PropertyError::In`] with the fragment or label in which something is wrong.
    pub fn verify(&self) -> Result<(), PropertyError> {
        self.check()?;
        let fragments: Vec<_> = self.fragments.par_iter().map(|fragment| self.verify_fragment(fragment)).collect();
        for (index, result) in fragments.into_iter().enumerate() {
            result.at(|| format!("fragment {index}"))?;
        }
        Ok(())
    }

    fn verify_fragment(&self, fragment: &PropertyFragment<V>) -> Result<(), PropertyError> {
        fragment.verify()?;
        for (label, about) in self.schema.vertices.iter().enumerate() {
            self.verify_vertices(fragment, label).at(|| format!("vertices of label `{}`", about.name))?;
        }
        Ok(())
    }

    fn verify_vertices(&self, fragment: &PropertyFragment<V>, label: usize) -> Result<(), PropertyError> {
        let (Some(vertices), Some(ids)) = (fragment.vertices(label), self.vertex_map.ids(label, fragment.index()))
        else {
            return Ok(());
        };
        for (index, id) in vertices.outer_ids().enumerate() {
            let Place { fragment, offset, .. } = self.layout().unpack(id);
            if self.fragments.get(fragment).is_none_or(|home| offset >= home.inner(label).end) {
                return Err(PropertyError::Outer { index, id, problem: "there is no such vertex" });
            }
        }
        ids.verify()?;
        let key = self.schema.vertices.get(label).map(|about| vertices.table().column(&about.key)).transpose()?;
        let keys = key.and_then(O::ids);
        for offset in 0..ids.len() {
            let id = ids.id(offset);
            if keys.as_ref().is_none_or(|keys| O::id(keys, offset) != id) {
                return Err(PropertyError::Lost { offset, problem: "has another id in its table" });
            }
            let home = id.map(|id| self.partition.fragment(self.fragments.len(), label, id));
            if home != Some(fragment.index()) {
                return Err(PropertyError::Lost { offset, problem: "is not in the fragment that the partition says" });
            }
        }
        Ok(())
    }
}
