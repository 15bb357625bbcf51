//! Graphs of many edges, some vertices of which have most of them.

use super::{CsrGraph, Directions, EdgeOptions, Edges, Parallel, VertexId};

const VERTICES: usize = 5000;
const HUB: u32 = 7;

/// Edges of which more than half lead away from one vertex, with weights that tell their order.
fn skewed() -> (Vec<(u32, u32)>, Vec<u64>) {
    let mut state = 1u64;
    let mut next = |below: u64| {
        // Of Knuth's MMIX.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) % below) as u32
    };
    let pairs: Vec<(u32, u32)> = (0..400_000)
        .map(|edge| {
            let source = if edge % 5 < 3 { HUB } else { next(VERTICES as u64) };
            (source, next(VERTICES as u64))
        })
        .collect();
    let weights = (0..pairs.len() as u64).collect();
    (pairs, weights)
}

/// The edges by their ends, those with the same ends in the order given.
fn expected(pairs: &[(u32, u32)], weights: &[u64]) -> Vec<(usize, u64, Option<u64>)> {
    let edges = pairs.iter().zip(weights);
    let mut edges: Vec<_> = edges.map(|(pair, weight)| (pair.0 as usize, u64::from(pair.1), Some(*weight))).collect();
    edges.sort_by_key(|edge| (edge.0, edge.1));
    edges
}

fn found<V: VertexId>(graph: &CsrGraph<V, u64>) -> Vec<(usize, u64, Option<u64>)> {
    graph.edges().map(|(source, target, weight)| (source, target.into(), weight)).collect()
}

#[test]
fn edges_with_the_same_ends_keep_their_order() {
    let (pairs, weights) = skewed();
    let edges = Edges::pairs(&pairs).with_weights(&weights).unwrap();
    let expected = expected(&pairs, &weights);
    let graph = CsrGraph::<u32, u64>::build(VERTICES, edges, EdgeOptions::default()).unwrap();
    graph.verify().unwrap();
    assert!(found(&graph) == expected);
    let graph = CsrGraph::<u64, u64>::build(VERTICES, edges, EdgeOptions::default()).unwrap();
    assert!(found(&graph) == expected);
}

#[test]
fn without_weights_the_targets_are_the_same() {
    let (pairs, weights) = skewed();
    let expected = expected(&pairs, &weights);
    let graph = CsrGraph::<u32, u64>::build(VERTICES, Edges::pairs(&pairs), EdgeOptions::default()).unwrap();
    graph.verify().unwrap();
    let targets = expected.iter().map(|edge| edge.1);
    assert!(graph.targets.iter().map(|target| u64::from(*target)).eq(targets));
}

#[test]
fn both_directions_of_a_hub_list_the_same_edges() {
    let (pairs, weights) = skewed();
    let edges = Edges::pairs(&pairs).with_weights(&weights).unwrap();
    for directions in [Directions::Both, Directions::In] {
        let options = EdgeOptions { directions, ..EdgeOptions::default() };
        let graph = CsrGraph::<u32, u64>::build(VERTICES, edges, options).unwrap();
        graph.verify().unwrap();
        graph.verify_sorted().unwrap();
        let from_hub = pairs.iter().filter(|pair| **pair == (HUB, 11)).count();
        let into = graph.in_neighbors(11).unwrap().iter().filter(|source| **source == HUB).count();
        assert_eq!(into, from_hub);
    }
    // The hub as what edges lead to, which the other direction brings together.
    let turned: Vec<(u32, u32)> = pairs.iter().map(|(source, target)| (*target, *source)).collect();
    let options = EdgeOptions { directions: Directions::Both, ..EdgeOptions::default() };
    let edges = Edges::pairs(&turned).with_weights(&weights).unwrap();
    let graph = CsrGraph::<u32, u64>::build(VERTICES, edges, options).unwrap();
    graph.verify().unwrap();
    graph.verify_sorted().unwrap();
    assert!(graph.in_degree(HUB as usize).unwrap() > 200_000);
}

#[test]
fn parallel_edges_of_a_hub_are_merged() {
    let (pairs, weights) = skewed();
    let edges = Edges::pairs(&pairs).with_weights(&weights).unwrap();
    let options = EdgeOptions { parallel: Parallel::Merge, ..EdgeOptions::default() };
    let graph = CsrGraph::<u32, u64>::build(VERTICES, edges, options).unwrap();
    graph.verify().unwrap();
    let mut merged: Vec<(usize, u64, Option<u64>)> = Vec::new();
    for edge in expected(&pairs, &weights) {
        match merged.last_mut() {
            Some(last) if (last.0, last.1) == (edge.0, edge.1) => {
                last.2 = last.2.zip(edge.2).map(|(one, two)| one + two)
            }
            _ => merged.push(edge),
        }
    }
    assert!(found(&graph) == merged);
}

#[test]
fn targets_of_many_digits_are_sorted() {
    for bits in [1u32, 11, 12, 23] {
        let num_vertices = 3.max(1 << bits);
        let target = |at: u64| at.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (u64::BITS - bits);
        let edges: Vec<(u64, u64)> = (0..1000).map(|at| (at % 3, target(at))).collect();
        let graph = CsrGraph::<u64, u64>::build(num_vertices, Edges::pairs(&edges), EdgeOptions::default()).unwrap();
        graph.verify().unwrap();
        let mut expected = edges;
        expected.sort_unstable();
        assert!(graph.targets.iter().eq(expected.iter().map(|edge| &edge.1)));
    }
}
