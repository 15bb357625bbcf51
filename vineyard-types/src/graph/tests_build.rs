use std::ops::AddAssign;

use proptest::prelude::*;
use vineyard_core::Element;

use super::{CsrGraph, Directions, EdgeOptions, GraphError, Parallel, SelfLoops, VertexId};

type Graph = CsrGraph<u32, u64>;

const UNDIRECTED: EdgeOptions =
    EdgeOptions { directed: false, parallel: Parallel::Keep, self_loops: SelfLoops::Keep, directions: Directions::Out };

fn build(edges: &[(u32, u32, u64)], options: EdgeOptions) -> Vec<(usize, u32, u64)> {
    let graph = Graph::from_weighted_edges(3, edges.iter().copied(), options).unwrap();
    graph.verify().unwrap();
    graph.edges().map(|(source, target, weight)| (source, target, weight.unwrap())).collect()
}

#[test]
fn the_default_is_directed_and_keeps_everything() {
    let edges = [(1, 1, 7), (0, 1, 2), (0, 1, 1), (0, 0, 3)];
    assert_eq!(build(&edges, EdgeOptions::default()), [(0, 0, 3), (0, 1, 2), (0, 1, 1), (1, 1, 7)]);
}

#[test]
fn undirected_edges_are_stored_twice_and_self_loops_once() {
    let edges = [(1, 1, 7), (1, 0, 2), (0, 1, 1)];
    assert_eq!(build(&edges, UNDIRECTED), [(0, 1, 2), (0, 1, 1), (1, 0, 2), (1, 0, 1), (1, 1, 7)]);
}

#[test]
fn merged_weights_add_up() {
    let edges = [(1, 1, 7), (1, 0, 2), (0, 1, 1), (1, 1, 1), (1, 0, 4)];
    let options = EdgeOptions { parallel: Parallel::Merge, ..EdgeOptions::default() };
    assert_eq!(build(&edges, options), [(0, 1, 1), (1, 0, 6), (1, 1, 8)]);
    let options = EdgeOptions { directed: false, ..options };
    assert_eq!(build(&edges, options), [(0, 1, 7), (1, 0, 7), (1, 1, 8)]);
}

#[test]
fn the_last_target_of_a_row_does_not_merge_into_the_next_row() {
    let options = EdgeOptions { parallel: Parallel::Merge, ..EdgeOptions::default() };
    assert_eq!(build(&[(0, 2, 1), (1, 2, 2), (2, 2, 3)], options), [(0, 2, 1), (1, 2, 2), (2, 2, 3)]);
}

#[test]
fn dropped_self_loops_are_checked_all_the_same() {
    let options = EdgeOptions { self_loops: SelfLoops::Drop, ..EdgeOptions::default() };
    assert_eq!(build(&[(1, 1, 7), (0, 1, 2)], options), [(0, 1, 2)]);
    let error = Graph::from_edges(3, [(0, 1), (3, 3)], options).unwrap_err();
    assert_eq!(error, GraphError::Endpoint { edge: 1, endpoint: 3, num_vertices: 3 });
}

#[test]
fn an_endpoint_outside_of_the_graph_is_named() {
    let error = Graph::from_edges(3, [(0, 1), (1, 2), (1, 9)], UNDIRECTED).unwrap_err();
    assert_eq!(error, GraphError::Endpoint { edge: 2, endpoint: 9, num_vertices: 3 });
    assert_eq!(error.to_string(), "edge 2 has endpoint 9, expected less than 3");
    let error = CsrGraph::<u64, u64>::from_edges(3, [(u64::MAX, 0)], UNDIRECTED).unwrap_err();
    assert_eq!(error, GraphError::Endpoint { edge: 0, endpoint: u64::MAX, num_vertices: 3 });
    let error = Graph::from_weighted_edges(0, [(0, 0, 1)], UNDIRECTED).unwrap_err();
    assert_eq!(error, GraphError::Endpoint { edge: 0, endpoint: 0, num_vertices: 0 });
}

#[test]
#[cfg(target_pointer_width = "64")]
fn more_vertices_than_ids_are_an_error() {
    let num_vertices = u32::MAX as usize + 2;
    let error = Graph::from_edges(num_vertices, [], UNDIRECTED).unwrap_err();
    assert_eq!(error, GraphError::TooManyVertices { num_vertices, max_id: u64::from(u32::MAX) });
    assert_eq!(error.to_string(), "4294967297 vertices, expected ids of at most 4294967295");
}

#[test]
fn more_vertices_than_memory_are_an_error() {
    for num_vertices in [usize::MAX, usize::MAX / 8] {
        let error = CsrGraph::<u64, u64>::from_edges(num_vertices, [], UNDIRECTED).unwrap_err();
        assert!(matches!(error, GraphError::Memory { num_vertices: found, .. } if found == num_vertices), "{error}");
    }
}

#[test]
fn a_large_row_is_sorted_stably() {
    let edges = (0..1000u32).map(|at| (0, (at * 7) % 10, u64::from(at)));
    let graph = Graph::from_weighted_edges(10, edges, EdgeOptions::default()).unwrap();
    let row: Vec<_> = graph.neighbors(0).unwrap().iter().zip(graph.weights_of(0).unwrap()).collect();
    assert_eq!(row.len(), 1000);
    assert!(row.is_sorted());
}

/// Asks every pair of vertices for the weights of the edges between them, in the order given.
fn model<V: VertexId, W: Element + AddAssign>(
    num_vertices: usize,
    edges: &[(V, V, W)],
    options: EdgeOptions,
) -> Vec<(usize, V, W)> {
    let mut stored = Vec::new();
    for source in 0..num_vertices {
        for target in 0..num_vertices {
            if source == target && options.self_loops == SelfLoops::Drop {
                continue;
            }
            let ends = [source, target].map(|index| V::try_from_index(index).unwrap());
            let between =
                |edge: &&(V, V, W)| [edge.0, edge.1] == ends || (!options.directed && [edge.1, edge.0] == ends);
            let found = edges.iter().filter(between).map(|edge| (source, ends[1], edge.2));
            match options.parallel {
                Parallel::Keep | Parallel::Refuse => stored.extend(found),
                Parallel::Merge => stored.extend(found.reduce(|mut sum, edge| {
                    sum.2 += edge.2;
                    sum
                })),
            }
        }
    }
    stored
}

fn options() -> impl Strategy<Value = EdgeOptions> {
    let parallel = prop_oneof![Just(Parallel::Keep), Just(Parallel::Merge)];
    let self_loops = prop_oneof![Just(SelfLoops::Keep), Just(SelfLoops::Drop)];
    let options = (any::<bool>(), parallel, self_loops);
    options.prop_map(|(directed, parallel, self_loops)| EdgeOptions {
        directed,
        parallel,
        self_loops,
        ..EdgeOptions::default()
    })
}

fn graphs() -> impl Strategy<Value = (usize, Vec<(u32, u32, u64)>)> {
    (1usize..8).prop_flat_map(|num_vertices| {
        let vertex = 0..num_vertices as u32;
        (Just(num_vertices), prop::collection::vec((vertex.clone(), vertex, 0u64..1000), 0..40))
    })
}

proptest! {
    #[test]
    fn weighted_graphs_agree_with_the_model((num_vertices, edges) in graphs(), options in options()) {
        let graph = Graph::from_weighted_edges(num_vertices, edges.iter().copied(), options).unwrap();
        graph.verify().unwrap();
        let expected = model(num_vertices, &edges, options);
        let found: Vec<_> = graph.edges().map(|(source, target, weight)| (source, target, weight.unwrap())).collect();
        prop_assert_eq!(&found, &expected);
        prop_assert_eq!(graph.num_edges(), expected.len());
        prop_assert_eq!((graph.num_vertices(), graph.directed), (num_vertices, options.directed));
        for vertex in 0..num_vertices {
            let degree = expected.iter().filter(|edge| edge.0 == vertex).count();
            prop_assert_eq!(graph.degree(vertex), Some(degree));
        }
    }

    #[test]
    fn graphs_without_weights_have_the_same_rows((num_vertices, edges) in graphs(), options in options()) {
        let weighted = Graph::from_weighted_edges(num_vertices, edges.iter().copied(), options).unwrap();
        let plain = edges.iter().map(|&(source, target, _)| (u64::from(source), u64::from(target)));
        let plain = CsrGraph::<u64, f32>::from_edges(num_vertices, plain, options).unwrap();
        plain.verify().unwrap();
        prop_assert!(plain.weights.is_none());
        prop_assert_eq!(&plain.offsets, &weighted.offsets);
        prop_assert!(plain.targets.iter().copied().eq(weighted.targets.iter().map(|target| u64::from(*target))));
    }
}
