//! Scanning a graph that somebody else has written.

use rayon::prelude::*;
use vineyard_core::Element;

use super::read::row;
use super::{CsrGraph, GraphError, VertexId};

impl<V: VertexId, W: Element> CsrGraph<V, W> {
    /// Scans all arrays, in parallel. O(V + E).
    ///
    /// After this, each vertex has its neighbours, each target is less than [`num_vertices`](Self::num_vertices), each edge
    /// has its row in the table of edges, and the other direction, if there is one, has as many edges of each vertex as the
    /// first, and the same ones where it says which they are. It does not look at the order of targets, nor whether an
    /// undirected graph has both directions.
    ///
    /// # Errors
    ///
    /// - Whatever resolving and storing check: lengths, ends of the offsets, row counts.
    /// - [`GraphError::Decreasing`] at the first offset that is less than the one before it.
    /// - [`GraphError::Target`] at the first target that is not a vertex.
    /// - [`GraphError::EdgeRow`] at the first edge whose row is not in the table.
    /// - [`GraphError::Back`] or [`GraphError::BackEdge`] at what is wrong with the other direction.
    ///
    /// ```
    /// use vineyard_types::graph::{CsrGraph, EdgeOptions, GraphError};
    /// let mut graph = CsrGraph::<u32, f64>::from_edges(2, [(0, 1)], EdgeOptions::default())?;
    /// graph.verify()?;
    /// graph.targets = [5].into();
    /// assert_eq!(graph.verify(), Err(GraphError::Target { index: 0, found: 5, num_vertices: 2 }));
    /// # Ok::<(), GraphError>(())
    /// ```
    pub fn verify(&self) -> Result<(), GraphError> {
        self.check()?;
        verify_rows(&self.offsets, &self.targets)?;
        if let (Some(rows), Some(table)) = (&self.edge_rows, &self.edges) {
            let expected = table.num_rows();
            let stray = rows.par_iter().position_first(|row| *row >= expected as u64);
            if let Some((index, found)) = stray.and_then(|index| Some((index, *rows.get(index)?))) {
                return Err(GraphError::EdgeRow { index, found, expected });
            }
        }
        self.verify_back()
    }

    /// Whether the targets of each vertex are in ascending order, in all directions there are, as looking edges up takes
    /// for granted. Graphs that are built here are. O(V + E), in parallel.
    ///
    /// # Errors
    ///
    /// [`GraphError::Unsorted`] at the first target that is less than the one before it; in [`GraphError::Back`] if it is
    /// one of the other direction.
    pub fn verify_sorted(&self) -> Result<(), GraphError> {
        sorted(&self.offsets, &self.targets)?;
        match self.back_offsets.as_ref().zip(self.back_targets.as_ref()) {
            Some((offsets, targets)) => sorted(offsets, targets).map_err(|error| GraphError::Back(Box::new(error))),
            None => Ok(()),
        }
    }

    fn verify_back(&self) -> Result<(), GraphError> {
        let Some((offsets, targets)) = self.back_offsets.as_ref().zip(self.back_targets.as_ref()) else {
            return Ok(());
        };
        verify_rows(offsets, targets).map_err(|error| GraphError::Back(Box::new(error)))?;
        // How often each vertex is listed, by the first direction: so many edges its row has in the other.
        let mut counts = vec![0u64; self.num_vertices()];
        for target in self.targets.iter() {
            if let Some(count) = target.try_to_index().and_then(|index| counts.get_mut(index)) {
                *count += 1;
            }
        }
        let wrong = |vertex: usize| {
            let row = row(offsets, vertex)?;
            let listed = self.back_edges.as_ref().and_then(|edges| edges.get(row.clone()));
            let others = targets.get(row.clone()).unwrap_or_default();
            let same = |(other, edge): (&V, &u64)| self.is_edge(*edge, *other, vertex);
            let stray = match listed {
                Some(listed) => others.iter().zip(listed).position(|pair| !same(pair)),
                None => None,
            };
            let count = counts.get(vertex).copied().unwrap_or_default();
            // What is more than there should be, or the end of the row if there is less.
            let extra = (count != others.len() as u64).then(|| others.len().saturating_sub(1));
            let at = stray.or(extra)?;
            let other = others.get(at).map_or(u64::MAX, |other| (*other).into());
            Some(GraphError::BackEdge { index: row.start.saturating_add(at), row: vertex as u64, other })
        };
        match (0..self.num_vertices()).into_par_iter().find_map_first(wrong) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    /// Whether the edge at a position is in the row of `vertex` and lists `target`.
    fn is_edge(&self, position: u64, vertex: V, target: usize) -> bool {
        let Ok(position) = usize::try_from(position) else { return false };
        let row = vertex.try_to_index().and_then(|vertex| row(&self.offsets, vertex));
        let found = self.targets.get(position).and_then(|found| found.try_to_index());
        row.is_some_and(|row| row.contains(&position)) && found == Some(target)
    }
}

fn verify_rows<V: VertexId>(offsets: &[u64], targets: &[V]) -> Result<(), GraphError> {
    let decreasing = offsets.par_windows(2).position_first(|pair| pair.first() > pair.last());
    let pair = decreasing.and_then(|before| Some((before + 1, *offsets.get(before)?, *offsets.get(before + 1)?)));
    if let Some((index, expected, found)) = pair {
        return Err(GraphError::Decreasing { index, found, expected });
    }
    let num_vertices = offsets.len().saturating_sub(1);
    let stray = |target: &V| target.try_to_index().is_none_or(|index| index >= num_vertices);
    let index = targets.par_iter().position_first(stray);
    match index.and_then(|index| Some((index, *targets.get(index)?))) {
        Some((index, found)) => Err(GraphError::Target { index, found: found.into(), num_vertices }),
        None => Ok(()),
    }
}

fn sorted<V: VertexId>(offsets: &[u64], targets: &[V]) -> Result<(), GraphError> {
    let unsorted = |vertex: usize| {
        let row = row(offsets, vertex)?;
        let items = targets.get(row.clone())?;
        let before = items.windows(2).position(|pair| pair.first() > pair.last())?;
        let (expected, found) = (*items.get(before)?, *items.get(before + 1)?);
        let index = row.start.saturating_add(before + 1);
        Some(GraphError::Unsorted { index, found: found.into(), expected: expected.into(), vertex })
    };
    let unsorted = (0..offsets.len().saturating_sub(1)).into_par_iter().find_map_first(unsorted);
    unsorted.map_or(Ok(()), Err)
}
