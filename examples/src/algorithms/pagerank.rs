//! PageRank.

use rayon::prelude::*;

use super::Rows;

/// How often the surfer follows an edge instead of starting anew.
const DAMPING: f64 = 0.85;

/// The rank of each vertex, which add up to 1, and how many rounds it took: until ranks change by less than `tolerance` in sum,
/// or `max_rounds`. O(V + E) for each round, and 24 bytes for each vertex.
///
/// The surfer leaves a vertex along any of its edges, and to anywhere from a vertex without edges (Page, Brin, Motwani,
/// Winograd: The PageRank citation ranking, 1999). Each vertex gathers what comes in, so that threads write nothing that
/// others read in the same round.
pub fn pagerank(out: Rows<'_>, into: Rows<'_>, tolerance: f64, max_rounds: usize) -> (Vec<f64>, usize) {
    let n = out.num_vertices();
    let even = 1.0 / n as f64;
    let mut ranks = vec![even; n];
    // What each vertex gives to each of those that its edges lead to. One without edges gives to nobody.
    let share = |vertex: usize, rank: f64| match out.degree(vertex) {
        0 => 0.0,
        degree => rank / degree as f64,
    };
    let mut shares: Vec<f64> = (0..n).into_par_iter().map(|vertex| share(vertex, even)).collect();
    let mut next = vec![0.0; n];
    let is_sink = |vertex: &usize| out.degree(*vertex) == 0;
    let mut lost = even * (0..n).into_par_iter().filter(is_sink).count() as f64;
    for round in 1..=max_rounds {
        let base = (1.0 - DAMPING) * even + DAMPING * lost * even;
        let places = ranks.par_iter_mut().zip(&mut next).enumerate();
        let gather = |(vertex, (rank, next)): (usize, (&mut f64, &mut f64))| {
            let sources = into.of(vertex).iter();
            let sum: f64 = sources.filter_map(|source| shares.get(*source as usize)).sum();
            let new = base + DAMPING * sum;
            let change = (new - *rank).abs();
            (*rank, *next) = (new, share(vertex, new));
            (change, if is_sink(&vertex) { new } else { 0.0 })
        };
        let (change, sinks) = places.map(gather).reduce(|| (0.0, 0.0), |one, other| (one.0 + other.0, one.1 + other.1));
        std::mem::swap(&mut shares, &mut next);
        lost = sinks;
        if change < tolerance {
            return (ranks, round);
        }
    }
    (ranks, max_rounds)
}
