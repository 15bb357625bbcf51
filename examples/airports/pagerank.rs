//! Weighted PageRank.

use crate::Routes;

/// How often the surfer follows an edge instead of starting anew.
const DAMPING: f64 = 0.85;
/// Ranks that change by less than this in sum are final.
const TOLERANCE: f64 = 1e-12;
const MAX_ROUNDS: usize = 1000;

/// The rank of each vertex, and how many rounds it took.
///
/// The surfer leaves a vertex along its edges in proportion to their weights, and to anywhere from a vertex without
/// edges (Page, Brin, Motwani, Winograd: The PageRank citation ranking, 1999).
pub fn pagerank(graph: &Routes) -> (Vec<f64>, usize) {
    let n = graph.num_vertices();
    let total: Vec<f64> = (0..n).map(|v| graph.weights_of(v).unwrap_or_default().iter().sum()).collect();
    let mut ranks = vec![1.0 / n as f64; n];
    for round in 1..=MAX_ROUNDS {
        let lost: f64 = ranks.iter().zip(&total).filter(|(_, total)| **total == 0.0).map(|(rank, _)| rank).sum();
        let mut next = vec![(1.0 - DAMPING) / n as f64 + DAMPING * lost / n as f64; n];
        for ((vertex, targets), (rank, total)) in graph.iter().zip(ranks.iter().zip(&total)) {
            let weights = graph.weights_of(vertex).unwrap_or_default();
            for (target, weight) in targets.iter().zip(weights) {
                if let Some(next) = next.get_mut(*target as usize) {
                    *next += DAMPING * rank * weight / total;
                }
            }
        }
        let change: f64 = next.iter().zip(&ranks).map(|(new, old)| (new - old).abs()).sum();
        ranks = next;
        if change < TOLERANCE {
            return (ranks, round);
        }
    }
    (ranks, MAX_ROUNDS)
}
