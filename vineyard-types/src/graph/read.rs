//! Reading a graph.

use std::ops::Range;

use rayon::prelude::*;
use vineyard_core::{Array, Element};

use super::{CsrGraph, VertexId};

/// One edge of a vertex.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EdgeRef<V, W> {
    /// The vertex at the other end.
    pub vertex: V,
    /// Where in `targets`, and so in `weights` and by [`CsrGraph::edge_row`] in the table of edges, it is stored. `None` if
    /// the graph lists the edge in its other direction and does not say, because it has neither weights nor a table.
    pub position: Option<usize>,
    /// The weight, if the graph has weights.
    pub weight: Option<W>,
}

/// Which arrays list the edges of a vertex.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Rows,
    Back,
}

impl<V: VertexId, W: Element> CsrGraph<V, W> {
    /// Where the edges of `vertex` lead, ascending if the graph was built here. O(1), no copy.
    ///
    /// `None` if there is no such vertex, if its offsets do not lie within the targets, or if the graph lists only the
    /// edges that lead to a vertex.
    pub fn neighbors(&self, vertex: usize) -> Option<&[V]> {
        self.listed(self.out_side(), vertex)
    }

    /// Where the edges come from that lead to `vertex`, ascending if the graph was built here. O(1), no copy. In an
    /// undirected graph the same as [`neighbors`](Self::neighbors).
    ///
    /// `None` if there is no such vertex, if its offsets do not lie within the sources, or if the graph lists only the
    /// edges that lead away from a vertex: see [`Directions`](super::Directions) and
    /// [`with_both_directions`](Self::with_both_directions).
    pub fn in_neighbors(&self, vertex: usize) -> Option<&[V]> {
        self.listed(self.in_side(), vertex)
    }

    /// The weights of the edges of `vertex`, in the order of [`neighbors`](Self::neighbors). O(1), no copy.
    ///
    /// `None` if the graph has no weights, where [`neighbors`](Self::neighbors) gives `None`, and if the graph is reversed:
    /// weights are stored in the order of one direction, [`out_edges`](Self::out_edges) finds them in the other.
    pub fn weights_of(&self, vertex: usize) -> Option<&[W]> {
        if self.out_side() == Side::Back {
            return None;
        }
        self.weights.as_ref()?.get(row(&self.offsets, vertex)?)
    }

    /// How many edges of `vertex` are stored. O(1).
    ///
    /// `None` where [`neighbors`](Self::neighbors) gives `None`.
    pub fn degree(&self, vertex: usize) -> Option<usize> {
        self.neighbors(vertex).map(<[V]>::len)
    }

    /// How many edges that lead to `vertex` are stored. O(1).
    ///
    /// `None` where [`in_neighbors`](Self::in_neighbors) gives `None`.
    pub fn in_degree(&self, vertex: usize) -> Option<usize> {
        self.in_neighbors(vertex).map(<[V]>::len)
    }

    /// The edges of `vertex`, in the order of [`neighbors`](Self::neighbors), and none where that gives `None`.
    ///
    /// ```
    /// use vineyard_types::graph::{CsrGraph, EdgeOptions};
    /// let graph = CsrGraph::<u32, f64>::from_weighted_edges(2, [(0, 1, 0.5), (0, 0, 1.5)], EdgeOptions::default())?;
    /// let weights: Vec<_> = graph.out_edges(0).map(|edge| (edge.vertex, edge.weight)).collect();
    /// assert_eq!(weights, [(0, Some(1.5)), (1, Some(0.5))]);
    /// # Ok::<(), vineyard_types::graph::GraphError>(())
    /// ```
    pub fn out_edges(&self, vertex: usize) -> impl ExactSizeIterator<Item = EdgeRef<V, W>> {
        self.edges_of(self.out_side(), vertex)
    }

    /// The edges that lead to `vertex`, in the order of [`in_neighbors`](Self::in_neighbors), and none where that gives
    /// `None`.
    pub fn in_edges(&self, vertex: usize) -> impl ExactSizeIterator<Item = EdgeRef<V, W>> {
        self.edges_of(self.in_side(), vertex)
    }

    /// Where in `targets` the edges from `source` to `target` are stored; an empty range if there are none. O(log degree).
    ///
    /// Works in whatever directions the graph has. A foreign writer may have left rows unsorted, and what is found in them
    /// is anything then: see [`verify_sorted`](Self::verify_sorted).
    ///
    /// ```
    /// use vineyard_types::graph::{CsrGraph, EdgeOptions};
    /// let graph = CsrGraph::<u32, f64>::from_edges(3, [(0, 1), (1, 2), (1, 2)], EdgeOptions::default())?;
    /// assert_eq!(graph.find_edges(1, 2), 1..3);
    /// assert!(graph.has_edge(0, 1) && !graph.has_edge(1, 0));
    /// # Ok::<(), vineyard_types::graph::GraphError>(())
    /// ```
    pub fn find_edges(&self, source: usize, target: usize) -> Range<usize> {
        let (vertex, other) = if self.reversed { (target, source) } else { (source, target) };
        let found = || {
            let (row, other) = (row(&self.offsets, vertex)?, V::try_from_index(other)?);
            let targets = self.targets.get(row.clone())?;
            let before = targets.partition_point(|target| *target < other);
            let equal = targets.get(before..)?.partition_point(|target| *target == other);
            let start = row.start.checked_add(before)?;
            Some(start..start.checked_add(equal)?)
        };
        found().unwrap_or_default()
    }

    /// Whether there is an edge from `source` to `target`. O(log degree); as [`find_edges`](Self::find_edges).
    pub fn has_edge(&self, source: usize, target: usize) -> bool {
        !self.find_edges(source, target).is_empty()
    }

    /// The weight of a stored edge. `None` beyond the end, and if the graph has no weights.
    pub fn weight(&self, position: usize) -> Option<W> {
        self.weights.as_ref()?.get(position).copied()
    }

    /// The row of a stored edge in the table of edges. `None` beyond the end.
    pub fn edge_row(&self, position: usize) -> Option<usize> {
        match &self.edge_rows {
            Some(rows) => usize::try_from(*rows.get(position)?).ok(),
            None => (position < self.num_edges()).then_some(position),
        }
    }

    /// Each vertex in turn with where its edges lead.
    ///
    /// A vertex for which [`neighbors`](Self::neighbors) gives `None` comes with nothing.
    ///
    /// ```
    /// use vineyard_types::graph::{CsrGraph, EdgeOptions};
    /// let graph = CsrGraph::<u64, f64>::from_edges(2, [(1, 0), (1, 1)], EdgeOptions::default())?;
    /// assert_eq!(graph.iter().collect::<Vec<_>>(), [(0, &[][..]), (1, &[0, 1][..])]);
    /// # Ok::<(), vineyard_types::graph::GraphError>(())
    /// ```
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (usize, &[V])> + ExactSizeIterator {
        (0..self.num_vertices()).map(|vertex| (vertex, self.neighbors(vertex).unwrap_or_default()))
    }

    /// As [`iter`](Self::iter), by the threads of rayon's pool.
    ///
    /// ```
    /// use rayon::prelude::*;
    /// use vineyard_types::graph::{CsrGraph, EdgeOptions};
    /// let graph = CsrGraph::<u64, f64>::from_edges(2, [(1, 0), (1, 1)], EdgeOptions::default())?;
    /// let loops: usize = graph.par_iter().map(|(v, row)| row.iter().filter(|to| **to == v as u64).count()).sum();
    /// assert_eq!(loops, 1);
    /// # Ok::<(), vineyard_types::graph::GraphError>(())
    /// ```
    pub fn par_iter(&self) -> impl IndexedParallelIterator<Item = (usize, &[V])> {
        (0..self.num_vertices()).into_par_iter().map(|vertex| (vertex, self.neighbors(vertex).unwrap_or_default()))
    }

    /// As [`par_iter`](Self::par_iter), with where the edges come from that lead to each vertex.
    pub fn par_in_iter(&self) -> impl IndexedParallelIterator<Item = (usize, &[V])> {
        (0..self.num_vertices()).into_par_iter().map(|vertex| (vertex, self.in_neighbors(vertex).unwrap_or_default()))
    }

    /// Each stored edge: source, target, and weight if there are weights. In the order of `targets`: by source, then as
    /// stored; by target if the graph is reversed.
    ///
    /// Skips vertices whose offsets lie, and in a reversed graph sources that are no vertices.
    pub fn edges(&self) -> impl Iterator<Item = (usize, V, Option<W>)> {
        (0..self.num_vertices()).flat_map(move |vertex| {
            self.edges_of(Side::Rows, vertex).filter_map(move |edge| {
                let (source, target) = match self.reversed {
                    true => (edge.vertex.try_to_index()?, V::try_from_index(vertex)?),
                    false => (vertex, edge.vertex),
                };
                Some((source, target, edge.weight))
            })
        })
    }

    fn out_side(&self) -> Side {
        if self.directed && self.reversed { Side::Back } else { Side::Rows }
    }

    fn in_side(&self) -> Side {
        if self.directed && !self.reversed { Side::Back } else { Side::Rows }
    }

    fn arrays(&self, side: Side) -> Option<(&Array<u64>, &Array<V>)> {
        match side {
            Side::Rows => Some((&self.offsets, &self.targets)),
            Side::Back => self.back_offsets.as_ref().zip(self.back_targets.as_ref()),
        }
    }

    fn listed(&self, side: Side, vertex: usize) -> Option<&[V]> {
        let (offsets, targets) = self.arrays(side)?;
        targets.get(row(offsets, vertex)?)
    }

    fn edges_of(&self, side: Side, vertex: usize) -> impl ExactSizeIterator<Item = EdgeRef<V, W>> {
        let start = self.arrays(side).and_then(|(offsets, _)| row(offsets, vertex)).map_or(0, |row| row.start);
        let targets = self.listed(side, vertex).unwrap_or_default();
        targets.iter().enumerate().map(move |(at, vertex)| {
            let place = start.checked_add(at);
            let position = match side {
                Side::Rows => place,
                Side::Back => {
                    let position = self.back_edges.as_ref().zip(place).and_then(|(edges, place)| edges.get(place));
                    position.and_then(|position| usize::try_from(*position).ok())
                }
            };
            EdgeRef { vertex: *vertex, position, weight: position.and_then(|position| self.weight(position)) }
        })
    }
}

/// The positions of a vertex's edges, as the offsets say: `slice::get` refuses them if they are out of order or beyond
/// the end.
#[inline]
pub(super) fn row(offsets: &[u64], vertex: usize) -> Option<Range<usize>> {
    let start = usize::try_from(*offsets.get(vertex)?).ok()?;
    let end = usize::try_from(*offsets.get(vertex.checked_add(1)?)?).ok()?;
    Some(start..end)
}
