//! Each edge to the bucket of the vertex whose row it goes to.

use std::ops::Range;
use std::slice::IterMut;

use rayon::prelude::*;

use super::{Plan, ends, stored};
use crate::graph::edges::{EdgeEnd, EdgeSource};
use crate::graph::{GraphError, VertexId};

/// Edges of a bucket, if they are spread evenly: so many fit the cache of a processor.
const BUCKET_EDGES: usize = 1 << 15;
/// More buckets than this are too many places to write to at a time.
const MAX_BUCKETS: usize = 1 << 10;
/// A vertex of a bucket is told by so many bits; what is more, more buckets are made for.
const MAX_SHIFT: u32 = u16::BITS;
/// A bucket with more than so many times the edges that it would have if they were spread evenly is sorted with less memory.
const UNEVEN: usize = 4;
/// As if there were at least so many buckets for each thread, so that what threads have in hand is a small part of all.
const THREAD_BUCKETS: usize = 1 << 5;
/// Fewer edges than this are not worth another thread.
const PART_EDGES: usize = 1 << 14;

/// How vertices make buckets and edges make parts.
#[derive(Debug)]
pub(super) struct Shape {
    /// A bucket is `1 << shift` vertices.
    shift: u32,
    num_buckets: usize,
    /// Edges of a part, one thread's at a time.
    part: usize,
    num_edges: usize,
}

impl Shape {
    pub(super) fn new(num_vertices: usize, num_edges: usize) -> Self {
        let wanted = (num_edges / BUCKET_EDGES).clamp(1, MAX_BUCKETS).ilog2();
        let bits = num_vertices.checked_sub(1).and_then(usize::checked_ilog2).map_or(0, |last| last + 1);
        let shift = bits.saturating_sub(wanted).min(MAX_SHIFT);
        let num_buckets = num_vertices.div_ceil(1 << shift);
        // More parts than threads, so that one that is late holds up little.
        let parts = rayon::current_num_threads().saturating_mul(4);
        let part = num_edges.div_ceil(parts).max(PART_EDGES);
        Self { shift, num_buckets, part, num_edges }
    }

    /// Vertices of a bucket.
    pub(super) fn width(&self) -> usize {
        1 << self.shift
    }

    pub(super) fn num_buckets(&self) -> usize {
        self.num_buckets
    }

    /// A bucket of more edges is much larger than others.
    pub(super) fn large(&self) -> usize {
        let buckets = rayon::current_num_threads().saturating_mul(THREAD_BUCKETS);
        let even = self.num_edges / self.num_buckets.max(buckets);
        even.max(BUCKET_EDGES).saturating_mul(UNEVEN).min(u32::MAX as usize)
    }

    fn parts(&self) -> Vec<Range<usize>> {
        let starts = (0..self.num_edges).step_by(self.part);
        starts.map(|start| start..start.saturating_add(self.part).min(self.num_edges)).collect()
    }
}

/// How many edges of each part go to each bucket.
#[derive(Debug)]
pub(super) struct Counts {
    parts: Vec<Vec<usize>>,
    num_buckets: usize,
}

impl Counts {
    pub(super) fn of_buckets(&self) -> Vec<usize> {
        let mut totals = vec![0; self.num_buckets];
        for part in &self.parts {
            totals.iter_mut().zip(part).for_each(|(total, count)| *total += count);
        }
        totals
    }
}

/// Checks and counts all edges.
pub(super) fn count<S: EdgeSource>(source: &S, plan: &Plan, shape: &Shape) -> Result<Counts, GraphError> {
    let count = |range: Range<usize>| {
        let mut counts = vec![0usize; shape.num_buckets()];
        for (edge, (from, to, _, _)) in range.clone().zip(source.edges(range)) {
            let Some(ends) = ends(plan, from, to) else { return Err(refused(plan, edge, from, to)) };
            stored(plan, ends, |row, _| {
                if let Some(count) = counts.get_mut(row >> shape.shift) {
                    *count += 1;
                }
            });
        }
        Ok(counts)
    };
    // The results of all parts, so that the first edge that is refused is the one that is named.
    let parts: Vec<Result<Vec<usize>, GraphError>> = shape.parts().into_par_iter().map(count).collect();
    let parts = parts.into_iter().collect::<Result<_, _>>()?;
    Ok(Counts { parts, num_buckets: shape.num_buckets() })
}

fn refused<I: EdgeEnd>(plan: &Plan, edge: usize, source: I, target: I) -> GraphError {
    let within = source.to_index().is_some_and(|index| index < plan.num_vertices);
    if within { target } else { source }.refused(edge, plan.num_vertices)
}

/// Where the next edge of one part goes to in one bucket.
struct Cursor<'a, V, A, B> {
    low: IterMut<'a, u16>,
    targets: IterMut<'a, V>,
    weights: IterMut<'a, A>,
    rows: IterMut<'a, B>,
}

/// The arrays that edges are moved in: the low bits of the vertex whose row it is, the other vertex, and two more.
pub(super) type Parts<'a, V, A, B> = (&'a mut [u16], &'a mut [V], &'a mut [A], &'a mut [B]);

/// Takes the first `len` items off a slice; fewer if there are not so many.
pub(super) fn take<'a, T>(slice: &mut &'a mut [T], len: usize) -> &'a mut [T] {
    let all = std::mem::take(slice);
    let (first, rest) = all.split_at_mut(len.min(all.len()));
    *slice = rest;
    first
}

/// Moves each edge to its bucket, keeping the order.
///
/// Edges that another process changes meanwhile may be missing or stale, but nothing is written elsewhere.
pub(super) fn scatter<V, S, A, B>(
    source: &S,
    plan: &Plan,
    shape: &Shape,
    counts: &Counts,
    (mut low, mut targets, mut weights, mut rows): Parts<'_, V, A, B>,
) where
    V: VertexId,
    S: EdgeSource<Weight = A, Row = B>,
    A: Copy + Send,
    B: Copy + Send,
{
    let mut cursors: Vec<Vec<Cursor<'_, V, A, B>>> =
        counts.parts.iter().map(|part| Vec::with_capacity(part.len())).collect();
    for bucket in 0..shape.num_buckets() {
        for (cursors, part) in cursors.iter_mut().zip(&counts.parts) {
            let len = part.get(bucket).copied().unwrap_or_default();
            cursors.push(Cursor {
                low: take(&mut low, len).iter_mut(),
                targets: take(&mut targets, len).iter_mut(),
                weights: take(&mut weights, len).iter_mut(),
                rows: take(&mut rows, len).iter_mut(),
            });
        }
    }
    let mask = shape.width() - 1;
    cursors.into_par_iter().zip(shape.parts()).for_each(|(mut cursors, range)| {
        for (from, to, weight, row) in source.edges(range) {
            let Some(ends) = ends(plan, from, to) else { continue };
            stored(plan, ends, |vertex, other| {
                let place = cursors.get_mut(vertex >> shape.shift).and_then(|cursor| {
                    Some((cursor.low.next()?, cursor.targets.next()?, cursor.weights.next()?, cursor.rows.next()?))
                });
                if let (Some(place), Some(other)) = (place, V::try_from_index(other)) {
                    *place.0 = (vertex & mask) as u16;
                    *place.1 = other;
                    *place.2 = weight;
                    *place.3 = row;
                }
            });
        }
    });
}
