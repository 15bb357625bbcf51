//! From edges in any order to rows: a counting sort by source, then a stable sort within each row.

use bytemuck::Pod;

use super::{GraphError, VertexId};

/// What becomes of a list of edges.
///
/// The default is a directed graph that keeps everything.
///
/// ```
/// use vineyard_types::graph::{EdgeOptions, Parallel, SelfLoops};
/// let simple = EdgeOptions { directed: false, parallel: Parallel::Merge, self_loops: SelfLoops::Drop };
/// assert_ne!(simple, EdgeOptions::default());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EdgeOptions {
    /// Whether an edge leads one way only. If not, it is stored in both directions, and a self loop once.
    pub directed: bool,
    /// What becomes of edges with the same ends.
    pub parallel: Parallel,
    /// What becomes of edges from a vertex to itself.
    pub self_loops: SelfLoops,
}

impl Default for EdgeOptions {
    fn default() -> Self {
        Self { directed: true, parallel: Parallel::default(), self_loops: SelfLoops::default() }
    }
}

/// What becomes of edges with the same ends. In an undirected graph `(a, b)` and `(b, a)` have the same ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Parallel {
    /// Each is stored, next to one another, in the order given.
    #[default]
    Keep,
    /// One is stored; its weight is the sum of theirs, added in the order given.
    Merge,
}

/// What becomes of edges from a vertex to itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SelfLoops {
    /// They are stored like others, once each, also in an undirected graph.
    #[default]
    Keep,
    /// They are left out. Their ends are checked all the same.
    Drop,
}

/// The arrays of a graph. `P` is the weight, or `()`, which takes no room.
pub(super) struct Rows<V, P> {
    pub(super) offsets: Vec<u64>,
    pub(super) targets: Vec<V>,
    pub(super) payloads: Vec<P>,
}

/// Sorts edges into rows; `add` merges the payload of a parallel edge into that of an earlier one.
pub(super) fn rows<V: VertexId, P: Pod>(
    num_vertices: usize,
    edges: impl IntoIterator<Item = (V, V, P)>,
    options: EdgeOptions,
    add: impl Fn(&mut P, P),
) -> Result<Rows<V, P>, GraphError> {
    let mut counts = counters::<V>(num_vertices)?;
    let stored = collect(num_vertices, edges, options, &mut counts)?;
    let mut entries = scatter(stored, &mut counts);
    let ends = counts;

    let mut offsets = reserved(num_vertices, num_vertices.saturating_add(1))?;
    let mut targets: Vec<V> = Vec::with_capacity(entries.len());
    let mut payloads: Vec<P> = Vec::with_capacity(entries.len());
    let mut start = 0;
    offsets.push(0);
    for end in ends {
        let row = &mut entries[start..end];
        row.sort_by_key(|(target, _)| *target);
        let mut last = None;
        for (target, payload) in row.iter().copied() {
            match payloads.last_mut() {
                Some(sum) if options.parallel == Parallel::Merge && last == Some(target) => add(sum, payload),
                _ => {
                    targets.push(target);
                    payloads.push(payload);
                }
            }
            last = Some(target);
        }
        offsets.push(targets.len() as u64);
        start = end;
    }
    Ok(Rows { offsets, targets, payloads })
}

/// One zero for each vertex.
fn counters<V: VertexId>(num_vertices: usize) -> Result<Vec<usize>, GraphError> {
    if num_vertices.checked_sub(1).is_some_and(|last| V::try_from_index(last).is_none()) {
        return Err(GraphError::TooManyVertices { num_vertices, max_id: V::MAX_ID });
    }
    let mut counts = reserved(num_vertices, num_vertices)?;
    counts.resize(num_vertices, 0);
    Ok(counts)
}

/// Room for `len` items, or an error where `Vec::with_capacity` would end the process.
fn reserved<T>(num_vertices: usize, len: usize) -> Result<Vec<T>, GraphError> {
    let mut items = Vec::new();
    items.try_reserve_exact(len).map_err(|source| GraphError::Memory { num_vertices, source })?;
    Ok(items)
}

/// What is to be stored, in the order given, counted by source.
fn collect<V: VertexId, P: Copy>(
    num_vertices: usize,
    edges: impl IntoIterator<Item = (V, V, P)>,
    options: EdgeOptions,
    counts: &mut [usize],
) -> Result<Vec<(usize, V, P)>, GraphError> {
    let edges = edges.into_iter();
    let mut stored = Vec::with_capacity(edges.size_hint().0);
    for (edge, (source, target, payload)) in edges.enumerate() {
        let index = |endpoint: V| {
            let index = endpoint.try_to_index().filter(|index| *index < num_vertices);
            index.ok_or(GraphError::Endpoint { edge, endpoint: endpoint.into(), num_vertices })
        };
        let (from, to) = (index(source)?, index(target)?);
        if from == to && options.self_loops == SelfLoops::Drop {
            continue;
        }
        counts[from] += 1;
        stored.push((from, target, payload));
        if !options.directed && from != to {
            counts[to] += 1;
            stored.push((to, source, payload));
        }
    }
    Ok(stored)
}

/// Moves each edge into the row of its source, keeping the order; the counts become the ends of the rows.
fn scatter<V: Pod, P: Pod>(stored: Vec<(usize, V, P)>, counts: &mut [usize]) -> Vec<(V, P)> {
    let mut start = 0;
    for count in counts.iter_mut() {
        start += std::mem::replace(count, start);
    }
    let mut entries = vec![(V::zeroed(), P::zeroed()); stored.len()];
    for (source, target, payload) in stored {
        entries[counts[source]] = (target, payload);
        counts[source] += 1;
    }
    entries
}
