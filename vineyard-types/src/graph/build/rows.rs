//! Each edge of a bucket to the row of its vertex, and the rows in order.

use std::ops::Range;

use bytemuck::Pod;
use rayon::prelude::*;

use super::large;
use super::partition::{Parts, Shape, take};
use super::radix::{self, Digits, Scratch};
use crate::graph::VertexId;
use crate::graph::options::Parallel;

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
pub(super) struct Bucket<'a, V, A, B> {
    first_vertex: usize,
    /// Where the bucket starts in the arrays.
    start: usize,
    /// The ends of the rows, which are found here.
    pub(super) ends: &'a mut [u64],
    pub(super) low: &'a [u16],
    pub(super) targets: &'a mut [V],
    pub(super) weights: &'a mut [A],
    pub(super) rows: &'a mut [B],
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
    let digits = if order.sorted { Digits::none() } else { Digits::of(ends.len()) };
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
    let sort = |scratch: &mut Scratch<V, A, B>, mut bucket: Bucket<'_, V, A, B>| {
        if bucket.low.len() > shape.large() {
            large::sort(&mut bucket, order.sorted);
        } else {
            radix::sort(&mut bucket, digits, scratch);
        }
        bucket.end(order.parallel, &add)
    };
    // The results of all buckets, so that the same edge is named every time.
    let kept: Vec<Result<usize, Duplicate>> =
        buckets.into_par_iter().with_max_len(1).map_init(Scratch::default, sort).collect();
    kept.into_iter().collect()
}

impl<V: VertexId, A: Pod, B: Pod> Bucket<'_, V, A, B> {
    /// Merges or refuses edges with the same ends, if that is asked for, and makes ends within the bucket those within the
    /// arrays. How many edges are left, all at the beginning.
    fn end(self, parallel: Parallel, add: &impl Fn(&mut A, A)) -> Result<usize, Duplicate> {
        let (mut from, mut written) = (0, 0);
        for (row, end) in (self.first_vertex..).zip(self.ends) {
            let places = from..*end as usize;
            from = places.end;
            written += match parallel {
                Parallel::Keep => places.len(),
                Parallel::Refuse => match equal(self.targets.get(places.clone()).unwrap_or_default()) {
                    Some(other) => return Err(Duplicate { row, other: other.try_to_index().unwrap_or(usize::MAX) }),
                    None => places.len(),
                },
                Parallel::Merge => merge(places, written, (self.targets, self.weights, self.rows), add),
            };
            *end = (self.start + written) as u64;
        }
        Ok(written)
    }
}

/// The first target of a row that is there twice.
fn equal<V: VertexId>(row: &[V]) -> Option<V> {
    row.windows(2).find(|pair| pair.first() == pair.last()).and_then(|pair| pair.first().copied())
}

/// Moves a row to an earlier place, and merges edges with the same target into the first of them. How many are left.
fn merge<V: VertexId, A: Pod, B: Pod>(
    row: Range<usize>,
    to: usize,
    (targets, weights, rows): (&mut [V], &mut [A], &mut [B]),
    add: &impl Fn(&mut A, A),
) -> usize {
    let mut end = to;
    for at in row {
        let (target, weight) = (targets[at], weights[at]);
        if end > to && targets[end - 1] == target {
            add(&mut weights[end - 1], weight);
        } else {
            (targets[end], weights[end], rows[end]) = (target, weight, rows[at]);
            end += 1;
        }
    }
    end - to
}
