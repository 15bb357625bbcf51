//! The edges of a graph as input of a build, to list them by their other end.

use std::ops::Range;

use crate::graph::VertexId;
use crate::graph::edges::{EdgeSource, PerEdge};

/// The edges of rows whose offsets and targets have been verified, each from what its row lists to the vertex of the row.
/// They come in ascending order of the latter.
#[derive(Debug)]
pub(in crate::graph) struct ByTarget<'a, V, B> {
    pub(in crate::graph) offsets: &'a [u64],
    pub(in crate::graph) targets: &'a [V],
    pub(in crate::graph) more: B,
}

impl<V: VertexId, B: PerEdge> EdgeSource for ByTarget<'_, V, B> {
    type End = u64;
    type Weight = ();
    type Row = B::Item;

    fn num_edges(&self) -> usize {
        self.targets.len()
    }

    fn edges(&self, range: Range<usize>) -> impl Iterator<Item = (u64, u64, (), B::Item)> {
        // The first row that ends after the first edge.
        let mut vertex = self.offsets.partition_point(|offset| *offset <= range.start as u64).saturating_sub(1);
        let targets = self.targets.get(range.clone()).unwrap_or_default();
        targets.iter().zip(range.clone()).zip(self.more.items(range)).map(move |((target, edge), row)| {
            while self.offsets.get(vertex + 1).is_some_and(|end| *end <= edge as u64) {
                vertex += 1;
            }
            ((*target).into(), vertex as u64, (), row)
        })
    }
}
