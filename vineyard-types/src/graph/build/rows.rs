//! Each edge of a bucket to the row of its vertex, and the rows in order.

use bytemuck::Pod;
use rayon::prelude::*;

use super::partition::{Parts, Shape, take};
use crate::graph::VertexId;
use crate::graph::options::Parallel;

/// A row of so many edges is sorted by several threads.
const LONG_ROW: usize = 1 << 16;

/// What is known of the order of edges, and what is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Order {
    pub(super) sorted: bool,
    pub(super) parallel: Parallel,
}

/// Two edges with the same ends, where none may have.
#[derive(Debug, Clone, Copy)]
pub(super) struct Duplicate {
    pub(super) row: usize,
    pub(super) other: usize,
}

/// One bucket.
struct Bucket<'a, V, A, B> {
    first_vertex: usize,
    /// Where the bucket starts in the arrays.
    start: usize,
    /// The ends of the rows, which are found here.
    ends: &'a mut [u64],
    low: &'a [u16],
    targets: &'a mut [V],
    weights: &'a mut [A],
    rows: &'a mut [B],
}

/// Memory of one thread, for one bucket after the other.
struct Scratch<V, A, B> {
    counts: Vec<usize>,
    edges: Vec<(V, A, B)>,
}

impl<V, A, B> Default for Scratch<V, A, B> {
    fn default() -> Self {
        Self { counts: Vec::new(), edges: Vec::new() }
    }
}

/// Sorts all buckets. How many edges of each are left; the end of each row as if all buckets were full.
pub(super) fn sort<V, A, B>(
    shape: &Shape,
    totals: &[usize],
    ends: &mut [u64],
    (mut low, mut targets, mut weights, mut rows): Parts<'_, V, A, B>,
    order: Order,
    add: impl Fn(&mut A, A) + Sync,
) -> Result<Vec<usize>, Duplicate>
where
    V: VertexId,
    A: Pod + Send + Sync,
    B: Pod + Send + Sync,
{
    let (mut start, mut buckets) = (0, Vec::with_capacity(shape.num_buckets()));
    for ((index, ends), total) in ends.chunks_mut(shape.width()).enumerate().zip(totals) {
        buckets.push(Bucket {
            first_vertex: index * shape.width(),
            start,
            ends,
            low: take(&mut low, *total),
            targets: take(&mut targets, *total),
            weights: take(&mut weights, *total),
            rows: take(&mut rows, *total),
        });
        start += total;
    }
    let sort = |scratch: &mut Scratch<V, A, B>, bucket: Bucket<'_, V, A, B>| bucket.sort(scratch, order, &add);
    // The results of all buckets, so that the same edge is named every time.
    let kept: Vec<Result<usize, Duplicate>> =
        buckets.into_par_iter().with_max_len(1).map_init(Scratch::default, sort).collect();
    kept.into_iter().collect()
}

impl<V: VertexId, A: Pod + Send + Sync, B: Pod + Send + Sync> Bucket<'_, V, A, B> {
    fn sort(self, scratch: &mut Scratch<V, A, B>, order: Order, add: &impl Fn(&mut A, A)) -> Result<usize, Duplicate> {
        let Scratch { counts, edges } = scratch;
        counts.clear();
        counts.resize(self.ends.len(), 0);
        for low in self.low {
            if let Some(count) = counts.get_mut(usize::from(*low)) {
                *count += 1;
            }
        }
        let mut start = 0;
        for count in counts.iter_mut() {
            start += std::mem::replace(count, start);
        }
        if edges.len() < self.low.len() {
            edges.resize(self.low.len(), (V::zeroed(), A::zeroed(), B::zeroed()));
        }
        let more = self.weights.iter().zip(self.rows.iter());
        for ((low, target), (weight, row)) in self.low.iter().zip(self.targets.iter()).zip(more) {
            if let Some(place) = counts.get_mut(usize::from(*low)) {
                if let Some(edge) = edges.get_mut(*place) {
                    *edge = (*target, *weight, *row);
                }
                *place += 1;
            }
        }
        self.write(counts, edges, order, add)
    }

    /// Sorts each row and writes it back; rows move up where edges were merged.
    fn write(
        self,
        counts: &[usize],
        edges: &mut [(V, A, B)],
        order: Order,
        add: &impl Fn(&mut A, A),
    ) -> Result<usize, Duplicate> {
        let looks = order.parallel != Parallel::Keep;
        let (mut start, mut written) = (0, 0);
        for ((vertex, end), row_end) in (self.first_vertex..).zip(self.ends).zip(counts) {
            let row = edges.get_mut(start..*row_end).unwrap_or_default();
            start = *row_end;
            if !order.sorted {
                sort_row(row);
            }
            let equal =
                looks.then(|| row.windows(2).find(|pair| matches!(pair, [one, other] if one.0 == other.0))).flatten();
            let row = match (order.parallel, equal) {
                (Parallel::Refuse, Some(pair)) => {
                    let other = pair.first().and_then(|edge| edge.0.try_to_index()).unwrap_or(usize::MAX);
                    return Err(Duplicate { row: vertex, other });
                }
                (Parallel::Merge, Some(_)) => merge(row, add),
                _ => row,
            };
            let places = written..written + row.len();
            written = places.end;
            let targets = self.targets.get_mut(places.clone()).unwrap_or_default().iter_mut();
            let weights = self.weights.get_mut(places.clone()).unwrap_or_default().iter_mut();
            let rows = self.rows.get_mut(places).unwrap_or_default().iter_mut();
            for (((target, weight), index), edge) in targets.zip(weights).zip(rows).zip(row.iter()) {
                (*target, *weight, *index) = *edge;
            }
            *end = (self.start + written) as u64;
        }
        Ok(written)
    }
}

/// Sorts one row by target; edges with the same target keep their order.
fn sort_row<V: VertexId, A: Pod + Send, B: Pod + Send>(row: &mut [(V, A, B)]) {
    // Edges without anything more are the same whatever their order.
    match (size_of::<(A, B)>() == 0, row.len() < LONG_ROW) {
        (true, true) => row.sort_unstable_by_key(|edge| edge.0),
        (true, false) => row.par_sort_unstable_by_key(|edge| edge.0),
        (false, true) => row.sort_by_key(|edge| edge.0),
        (false, false) => row.par_sort_by_key(|edge| edge.0),
    }
}

/// Merges edges with the same target into the first of them, and those that are left move together.
fn merge<'a, V: VertexId, A: Pod, B: Pod>(row: &'a mut [(V, A, B)], add: &impl Fn(&mut A, A)) -> &'a mut [(V, A, B)] {
    let mut kept = 0usize;
    for at in 0..row.len() {
        let edge = row[at];
        match kept.checked_sub(1).map(|last| &mut row[last]) {
            Some(last) if last.0 == edge.0 => add(&mut last.1, edge.1),
            _ => {
                row[kept] = edge;
                kept += 1;
            }
        }
    }
    &mut row[..kept]
}
