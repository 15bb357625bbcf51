//! Breadth-first search that turns round.

use std::sync::atomic::{AtomicU32, Ordering};

use rayon::prelude::*;

use super::Rows;

/// The distance of what cannot be reached.
pub const UNREACHED: u32 = u32::MAX;

/// Vertices look back once those reached have more than one in so many of the edges that were not looked at.
const BACK: usize = 14;

/// Edges are followed again once fewer vertices than one in so many were reached last.
const FORTH: usize = 24;

/// How many edges each vertex is away from `source`, or [`UNREACHED`]. O(V + E), and 4 bytes for each vertex and for each of
/// those reached last.
///
/// Where much was reached last, edges are not followed from there: each vertex that was not reached yet looks for one of
/// those instead, until it has found one (Beamer, Asanović, Patterson: Direction-Optimizing Breadth-First Search, 2012).
pub fn bfs(out: Rows<'_>, into: Rows<'_>, source: u32) -> Vec<u32> {
    let distances: Vec<AtomicU32> = (0..out.num_vertices()).map(|_| AtomicU32::new(UNREACHED)).collect();
    let distance = |vertex: u32| distances.get(vertex as usize).map(|distance| distance.load(Ordering::Relaxed));
    let reach = |vertex: u32, from: u32, to: u32| {
        let place = distances.get(vertex as usize);
        place.is_some_and(|place| place.compare_exchange(from, to, Ordering::Relaxed, Ordering::Relaxed).is_ok())
    };
    let mut last: Vec<u32> = if reach(source, UNREACHED, 0) { vec![source] } else { Vec::new() };
    let mut unseen: usize = out.targets.len();
    let mut depth = 0;
    while !last.is_empty() {
        let edges: usize = last.par_iter().map(|vertex| out.degree(*vertex as usize)).sum();
        let looks_back = edges > unseen / BACK && last.len() > distances.len() / FORTH;
        unseen = unseen.saturating_sub(edges);
        last = if looks_back {
            let near = |(_, sources): &(usize, &[u32])| sources.iter().any(|source| distance(*source) == Some(depth));
            let found = into.par_iter().filter(|(vertex, _)| distance(*vertex as u32) == Some(UNREACHED)).filter(near);
            found.map(|(vertex, _)| vertex as u32).filter(|vertex| reach(*vertex, UNREACHED, depth + 1)).collect()
        } else {
            let targets = last.par_iter().flat_map_iter(|vertex| out.of(*vertex as usize).iter().copied());
            // Of several edges that lead to a vertex, one is the first.
            targets.filter(|target| reach(*target, UNREACHED, depth + 1)).collect()
        };
        depth += 1;
    }
    distances.into_iter().map(AtomicU32::into_inner).collect()
}
