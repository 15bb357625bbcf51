//! The edges of a bucket in the order of their rows, and within these of their targets, by counting digits.
//!
//! ```text
//! arrays ─► front    by the lowest digit of the target
//! front  ─► back     by the next one, and so on, back and forth
//!        ─► arrays   by the vertex whose row it is
//! ```
//!
//! Each step keeps the order of the one before it (Knuth, The Art of Computer Programming, volume 3, 5.2.5: sorting by
//! distribution), so edges with the same ends keep the order in which they were given. No edge is compared with another:
//! the time is the same whatever the graph is like.

use bytemuck::Pod;

use super::rows::Bucket;
use crate::graph::VertexId;

/// Digits of so many bits have counts that stay in the first cache of a processor.
const MAX_BITS: u32 = 11;

/// The digits of a target.
#[derive(Debug, Clone, Copy)]
pub(super) struct Digits {
    count: u32,
    bits: u32,
}

impl Digits {
    /// Of rows that are in order already.
    pub(super) fn none() -> Self {
        Self { count: 0, bits: 0 }
    }

    /// Of the vertices of a graph.
    pub(super) fn of(num_vertices: usize) -> Self {
        let bits = num_vertices.checked_sub(1).and_then(usize::checked_ilog2).map_or(1, |last| last + 1);
        let count = bits.div_ceil(MAX_BITS);
        Self { count, bits: bits.div_ceil(count) }
    }

    /// What an edge is ordered by in a step: a digit of the target, and after the last one the row.
    #[inline]
    fn key<V: VertexId, A, B>(self, edge: &Edge<V, A, B>, step: u32) -> usize {
        if step < self.count {
            let mask = (1u64 << self.bits) - 1;
            (edge.target.into() >> (step * self.bits) & mask) as usize
        } else {
            usize::from(edge.low)
        }
    }
}

/// An edge on its way: the low bits of the vertex whose row it goes to, and what is stored.
#[derive(Debug, Clone, Copy)]
struct Edge<V, A, B> {
    low: u16,
    target: V,
    weight: A,
    row: B,
}

/// Memory of one thread, for one bucket after the other.
pub(super) struct Scratch<V, A, B> {
    front: Vec<Edge<V, A, B>>,
    back: Vec<Edge<V, A, B>>,
    /// How many edges there are of each key; while they are moved, where the next one of this key goes to.
    counts: Vec<u32>,
    /// The same of the next step.
    next: Vec<u32>,
}

impl<V, A, B> Default for Scratch<V, A, B> {
    fn default() -> Self {
        Self { front: Vec::new(), back: Vec::new(), counts: Vec::new(), next: Vec::new() }
    }
}

/// Sorts a bucket of at most `u32::MAX` edges, and finds the ends of its rows, within it.
pub(super) fn sort<V: VertexId, A: Pod, B: Pod>(
    bucket: &mut Bucket<'_, V, A, B>,
    digits: Digits,
    scratch: &mut Scratch<V, A, B>,
) {
    let (len, num_rows) = (bucket.low.len(), bucket.ends.len());
    let Scratch { front, back, counts, next } = scratch;
    make_room(front, len);
    let num_keys = |step: u32| if step < digits.count { 1 << digits.bits } else { num_rows };
    reset(counts, num_keys(0));
    bucket.edges().for_each(|edge| count(counts, digits.key(&edge, 0)));
    for step in 0..digits.count {
        reset(next, num_keys(step + 1));
        let (key, next_key) = (|edge: &_| digits.key(edge, step), |edge: &_| digits.key(edge, step + 1));
        if step == 0 {
            distribute(bucket.edges(), front, (counts, key), (next, next_key));
        } else {
            make_room(back, len);
            distribute(front.iter().take(len).copied(), back, (counts, key), (next, next_key));
            std::mem::swap(front, back);
        }
        std::mem::swap(counts, next);
    }
    if digits.count == 0 {
        front.iter_mut().zip(bucket.edges()).for_each(|(place, edge)| *place = edge);
    }
    to_starts(counts);
    for edge in front.iter().take(len) {
        let Some(place) = counts.get_mut(usize::from(edge.low)) else { continue };
        let at = *place as usize;
        *place += 1;
        let (weight, row) = (bucket.weights.get_mut(at), bucket.rows.get_mut(at));
        if let (Some(to), Some(weight), Some(row)) = (bucket.targets.get_mut(at), weight, row) {
            (*to, *weight, *row) = (edge.target, edge.weight, edge.row);
        }
    }
    bucket.ends.iter_mut().zip(counts).for_each(|(end, found)| *end = u64::from(*found));
}

impl<V: VertexId, A: Pod, B: Pod> Bucket<'_, V, A, B> {
    fn edges(&self) -> impl Iterator<Item = Edge<V, A, B>> {
        let more = self.weights.iter().zip(self.rows.iter());
        let edges = self.low.iter().zip(self.targets.iter()).zip(more);
        edges.map(|((low, target), (weight, row))| Edge { low: *low, target: *target, weight: *weight, row: *row })
    }
}

/// Moves each edge to where the counts of its key say, and counts its key of the next step.
#[inline]
fn distribute<E: Copy>(
    edges: impl Iterator<Item = E>,
    to: &mut [E],
    (counts, key): (&mut [u32], impl Fn(&E) -> usize),
    (next, next_key): (&mut [u32], impl Fn(&E) -> usize),
) {
    to_starts(counts);
    for edge in edges {
        let Some(place) = counts.get_mut(key(&edge)) else { continue };
        if let Some(to) = to.get_mut(*place as usize) {
            *to = edge;
        }
        *place += 1;
        count(next, next_key(&edge));
    }
}

fn make_room<V: VertexId, A: Pod, B: Pod>(edges: &mut Vec<Edge<V, A, B>>, len: usize) {
    if edges.len() < len {
        edges.resize(len, Edge { low: 0, target: V::zeroed(), weight: A::zeroed(), row: B::zeroed() });
    }
}

fn reset(counts: &mut Vec<u32>, len: usize) {
    counts.clear();
    counts.resize(len, 0);
}

#[inline]
fn count(counts: &mut [u32], key: usize) {
    if let Some(count) = counts.get_mut(key) {
        *count += 1;
    }
}

/// Turns counts into where the first edge of each key goes to.
fn to_starts(counts: &mut [u32]) {
    let mut start = 0;
    for count in counts {
        start += std::mem::replace(count, start);
    }
}
