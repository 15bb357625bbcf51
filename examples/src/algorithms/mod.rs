//! Algorithms on graphs whose arrays lie wherever they are, in shared memory for one. All use the threads of rayon's pool.

mod bfs;
mod components;
mod pagerank;
#[cfg(test)]
mod tests;
mod triangles;

use rayon::prelude::*;
use vineyard_core::Element;
use vineyard_types::graph::{CsrGraph, GraphError};

pub use bfs::{UNREACHED, bfs};
pub use components::components;
pub use pagerank::pagerank;
pub use triangles::triangles;

/// For each vertex a list of vertices: where its edges lead, or where those come from that lead to it.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    offsets: &'a [u64],
    targets: &'a [u32],
}

impl<'a> Rows<'a> {
    /// Rows in compressed form: those of vertex `v` are `targets[offsets[v]..offsets[v + 1]]`. O(1); nothing is checked, and
    /// a list that is not there is empty.
    pub fn new(offsets: &'a [u64], targets: &'a [u32]) -> Self {
        Self { offsets, targets }
    }

    /// Both directions of a graph, once its arrays are verified, in O(V + E): where edges lead, and where they come from. In
    /// an undirected graph this is the same.
    ///
    /// # Errors
    ///
    /// Those of [`CsrGraph::verify`]; [`GraphError::Half`] if the graph has only one direction.
    pub fn both<W: Element>(graph: &'a CsrGraph<u32, W>) -> Result<(Self, Self), GraphError> {
        graph.verify()?;
        let rows = Self::new(&graph.offsets, &graph.targets);
        if !graph.directed {
            return Ok((rows, rows));
        }
        let (Some(offsets), Some(targets)) = (&graph.back_offsets, &graph.back_targets) else {
            return Err(GraphError::Half { found: "targets", missing: "back_targets" });
        };
        let back = Self::new(offsets, targets);
        Ok(if graph.reversed { (back, rows) } else { (rows, back) })
    }

    /// How many vertices there are.
    pub fn num_vertices(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    /// The list of a vertex.
    #[inline]
    pub fn of(&self, vertex: usize) -> &'a [u32] {
        let row = |[start, end]: [u64; 2]| self.targets.get(start as usize..end as usize);
        let ends = self.offsets.get(vertex..vertex.saturating_add(2)).and_then(|ends| ends.try_into().ok());
        ends.and_then(row).unwrap_or_default()
    }

    /// How long the list of a vertex is.
    #[inline]
    pub fn degree(&self, vertex: usize) -> usize {
        self.of(vertex).len()
    }

    /// All vertices with their lists, by several threads.
    pub fn par_iter(self) -> impl IndexedParallelIterator<Item = (usize, &'a [u32])> {
        (0..self.num_vertices()).into_par_iter().map(move |vertex| (vertex, self.of(vertex)))
    }
}
