//! Triangles.

use std::cmp::Ordering;

use rayon::prelude::*;

use super::Rows;

/// How many triangles there are: three vertices with an edge between any two. Of an undirected graph without parallel edges and
/// self loops, whose lists are in ascending order. O(E √E), and 4 bytes for every second stored edge.
///
/// Of each vertex, only the edges to those with more edges are kept, so that no list is long, and each triangle is found once:
/// where the lists of two vertices with an edge between them meet (Latapy: Main-memory triangle computations for very large
/// graphs, 2008; *compact-forward*).
pub fn triangles(rows: Rows<'_>) -> u64 {
    let rank = |vertex: u32| (rows.degree(vertex as usize), vertex);
    let higher: Vec<Vec<u32>> = rows
        .par_iter()
        .map(|(vertex, others)| {
            let below = rank(vertex as u32);
            others.iter().copied().filter(|other| rank(*other) > below).collect()
        })
        .collect();
    let list = |vertex: u32| higher.get(vertex as usize).map_or(&[][..], Vec::as_slice);
    higher.par_iter().map(|one| one.iter().map(|other| common(one, list(*other))).sum::<u64>()).sum()
}

/// How many are in both of two ascending lists.
fn common(mut one: &[u32], mut other: &[u32]) -> u64 {
    let mut count = 0;
    while let (Some((first, rest)), Some((second, others))) = (one.split_first(), other.split_first()) {
        match first.cmp(second) {
            Ordering::Less => one = rest,
            Ordering::Greater => other = others,
            Ordering::Equal => {
                count += 1;
                (one, other) = (rest, others);
            }
        }
    }
    count
}
