//! From edges in any order to rows, in parallel.
//!
//! ```text
//! edges      split into parts, one thread each            count: how many edges go to which bucket
//!              |  |  |  |
//! buckets    ranges of vertices                           partition: each edge to the bucket of its vertex
//!              |  |  |  |
//! rows       each bucket in the cache of one thread       rows: to its vertex, then by target; merge or refuse
//! ```
//!
//! Edges keep their order at each step. They are moved straight into the arrays of the result, which may be memory of a
//! server; beside these, there are 2 bytes for each edge, and for each thread two copies of the bucket it has in hand.
//! Buckets that are too large for this go another way (`large`).

mod large;
mod partition;
mod radix;
mod room;
mod rows;
mod transpose;

use bytemuck::Pod;
use rayon::prelude::*;
use vineyard_core::Array;

pub(super) use room::{Heap, InStore, Lane, Room, Slab, With, Without};
pub(super) use transpose::ByTarget;

use super::edges::{EdgeEnd, EdgeSource};
use super::options::{EdgeOptions, SelfLoops};
use super::{GraphError, VertexId};
use partition::Shape;
use rows::{Duplicate, Order};

/// How rows are made of edges.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    pub(super) num_vertices: usize,
    pub(super) options: EdgeOptions,
    /// An edge goes to the row of the vertex that it leads to.
    pub(super) by_target: bool,
    /// The edges come in ascending order of what is listed in the rows.
    pub(super) sorted: bool,
}

/// The arrays of a graph, or of one direction of it.
pub(super) struct Built<V, A, B> {
    pub(super) offsets: Array<u64>,
    pub(super) targets: Array<V>,
    pub(super) weights: Option<Array<A>>,
    pub(super) rows: Option<Array<B>>,
}

/// Sorts edges into rows; `add` merges the weight of a parallel edge into that of an earlier one.
pub(super) fn build<V, S, A, B, R>(
    room: &R,
    source: &S,
    plan: &Plan,
    add: impl Fn(&mut A::Item, A::Item) + Sync,
) -> Result<Built<V, A::Element, B::Element>, R::Failure>
where
    V: VertexId,
    S: EdgeSource<Weight = A::Item, Row = B::Item>,
    A: Lane,
    B: Lane,
    R: Room,
{
    let num_vertices = plan.num_vertices;
    if num_vertices.checked_sub(1).is_some_and(|last| V::try_from_index(last).is_none()) {
        return Err(GraphError::TooManyVertices { num_vertices, max_id: V::MAX_ID }.into());
    }
    let mut offsets = room.make::<u64>(num_vertices, num_vertices.saturating_add(1))?;
    let shape = Shape::new(num_vertices, source.num_edges());
    let counts = partition::count(source, plan, &shape)?;
    let totals = counts.of_buckets();
    let total = totals.iter().sum();

    let mut targets = room.make::<V>(num_vertices, total)?;
    let mut weights = A::make(room, num_vertices, total)?;
    let mut rows = B::make(room, num_vertices, total)?;
    let mut low = Heap.make::<u16>(num_vertices, total)?;
    let (all_targets, all_weights, all_rows) = (targets.slots(), A::slots::<R>(&mut weights), B::slots::<R>(&mut rows));
    let parts = (low.slots(), &mut *all_targets, &mut *all_weights, &mut *all_rows);
    partition::scatter(source, plan, &shape, &counts, parts);

    let parts = (low.slots(), &mut *all_targets, &mut *all_weights, &mut *all_rows);
    let order = Order { sorted: plan.sorted, parallel: plan.options.parallel };
    let all_offsets = offsets.slots();
    let (first, ends) = all_offsets.split_at_mut(all_offsets.len().min(1));
    first.fill(0);
    let kept = rows::sort(&shape, &totals, ends, parts, order, add);
    let kept = kept.map_err(|duplicate| name(source, plan, &duplicate))?;
    drop(low);

    let (starts, len) = starts(&kept);
    if len < total {
        let moves: Vec<Move> = moves(&totals, &kept, &starts);
        close(all_targets, &moves);
        close(all_weights, &moves);
        close(all_rows, &moves);
        ends.par_chunks_mut(shape.width()).zip(&moves).for_each(|(ends, part)| {
            let gap = (part.from - part.to) as u64;
            ends.iter_mut().for_each(|end| *end -= gap);
        });
    }
    Ok(Built {
        offsets: offsets.finish(num_vertices.saturating_add(1))?,
        targets: targets.finish(len)?,
        weights: A::finish::<R>(weights, len)?,
        rows: B::finish::<R>(rows, len)?,
    })
}

/// The index of both ends of an edge: of the vertex whose row it goes to, and of the other one.
fn ends<I: EdgeEnd>(plan: &Plan, source: I, target: I) -> Option<(usize, usize)> {
    let within = |end: I| end.to_index().filter(|index| *index < plan.num_vertices);
    let (source, target) = (within(source)?, within(target)?);
    Some(if plan.by_target { (target, source) } else { (source, target) })
}

/// Calls `store` for each stored form of an edge: none, one, or both directions of an undirected one.
fn stored(plan: &Plan, (row, other): (usize, usize), mut store: impl FnMut(usize, usize)) {
    if row == other && plan.options.self_loops == SelfLoops::Drop {
        return;
    }
    store(row, other);
    if !plan.options.directed && row != other {
        store(other, row);
    }
}

/// The first two edges, in the order given, with the ends of one that is stored twice.
fn name<S: EdgeSource>(source: &S, plan: &Plan, duplicate: &Duplicate) -> GraphError {
    let wanted = (duplicate.row, duplicate.other);
    let mut first = None;
    for (edge, (from, to, _, _)) in source.edges(0..source.num_edges()).enumerate() {
        let mut found = false;
        if let Some(ends) = ends(plan, from, to) {
            stored(plan, ends, |row, other| found |= (row, other) == wanted);
        }
        let index = |end: S::End| end.to_index().map_or(u64::MAX, |index| index as u64);
        match first {
            Some(first) if found => {
                let (source_vertex, target_vertex) = (index(from), index(to));
                return GraphError::ParallelEdge { first, edge, source_vertex, target_vertex };
            }
            None if found => first = Some(edge),
            _ => {}
        }
    }
    // Only if somebody changed the edges meanwhile, which may lie in memory of another process.
    let (first, edge) = (first.unwrap_or_default(), source.num_edges());
    let (source_vertex, target_vertex) = (wanted.0 as u64, wanted.1 as u64);
    GraphError::ParallelEdge { first, edge, source_vertex, target_vertex }
}

/// Where each bucket starts once the gaps are closed, and the number of all.
fn starts(kept: &[usize]) -> (Vec<usize>, usize) {
    let mut start = 0;
    let starts = kept.iter().map(|len| {
        let this = start;
        start += len;
        this
    });
    (starts.collect(), start)
}

/// A part of an array that moves towards its beginning.
#[derive(Debug, Clone, Copy)]
struct Move {
    from: usize,
    len: usize,
    to: usize,
}

fn moves(totals: &[usize], kept: &[usize], to: &[usize]) -> Vec<Move> {
    let (from, _) = starts(totals);
    from.into_iter().zip(kept).zip(to).map(|((from, len), to)| Move { from, len: *len, to: *to }).collect()
}

/// Closes the gaps that merged edges left at the ends of the buckets.
fn close<T: Pod>(items: &mut [T], moves: &[Move]) {
    for part in moves.iter().filter(|part| part.from != part.to) {
        items.copy_within(part.from..part.from + part.len, part.to);
    }
}
