use proptest::prelude::*;
use vineyard_core::Object;
use vineyard_core::testing::draft_meta;

use super::{CsrGraph, Directions, EdgeOptions, Edges, GraphError, Parallel};
use crate::dataframe::DataFrame;

type Graph = CsrGraph<u32, u64>;

const BOTH: EdgeOptions = EdgeOptions {
    directed: true,
    parallel: Parallel::Keep,
    self_loops: super::SelfLoops::Keep,
    directions: Directions::Both,
};

fn graph(options: EdgeOptions) -> Graph {
    Graph::from_weighted_edges(4, [(2, 1, 5), (0, 1, 3), (0, 3, 4), (0, 1, 7)], options).unwrap()
}

#[test]
fn both_directions_list_the_same_edges() {
    let graph = graph(BOTH);
    graph.verify().unwrap();
    graph.verify_sorted().unwrap();
    assert_eq!(graph.neighbors(0), Some(&[1, 1, 3][..]));
    assert_eq!(graph.in_neighbors(1), Some(&[0, 0, 2][..]));
    let weights: Vec<_> = graph.in_edges(1).map(|edge| (edge.vertex, edge.weight)).collect();
    assert_eq!(weights, [(0, Some(3)), (0, Some(7)), (2, Some(5))]);
    assert_eq!((graph.degree(3), graph.in_degree(3)), (Some(0), Some(1)));
}

#[test]
fn in_edges_alone_are_listed_by_target() {
    let graph = graph(EdgeOptions { directions: Directions::In, ..BOTH });
    graph.verify().unwrap();
    assert_eq!((graph.neighbors(0), graph.weights_of(0)), (None, None));
    assert_eq!(graph.in_neighbors(1), Some(&[0, 0, 2][..]));
    assert_eq!(graph.find_edges(2, 1).len(), 1);
    assert!(!graph.has_edge(1, 2));
    let edges: Vec<_> = graph.edges().collect();
    assert_eq!(edges, [(0, 1, Some(3)), (0, 1, Some(7)), (2, 1, Some(5)), (0, 3, Some(4))]);
}

#[test]
fn the_reverse_shares_all_arrays() {
    let graph = graph(BOTH);
    let reverse = graph.reverse();
    reverse.verify().unwrap();
    assert_eq!(reverse.targets.as_ptr(), graph.targets.as_ptr());
    for vertex in 0..5 {
        assert_eq!(reverse.neighbors(vertex), graph.in_neighbors(vertex));
        assert_eq!(reverse.in_neighbors(vertex), graph.neighbors(vertex));
        for other in 0..5 {
            assert_eq!(reverse.find_edges(other, vertex), graph.find_edges(vertex, other));
        }
    }
    let back = Graph::resolve(&draft_meta(&reverse.stage().unwrap()).unwrap()).unwrap();
    assert_eq!(back.neighbors(1), Some(&[0, 0, 2][..]));
    assert!(!back.reverse().reversed);
}

#[test]
fn refused_edges_are_named_in_the_order_given() {
    let options = EdgeOptions { parallel: Parallel::Refuse, ..EdgeOptions::default() };
    let error = Graph::from_edges(4, [(2, 1), (0, 1), (0, 3), (0, 1)], options).unwrap_err();
    assert_eq!(error, GraphError::ParallelEdge { first: 1, edge: 3, source_vertex: 0, target_vertex: 1 });
    assert_eq!(error.to_string(), "edge 3 leads from 0 to 1, as edge 1 does; expected one at most");
    let undirected = EdgeOptions { directed: false, ..options };
    let error = Graph::from_edges(4, [(2, 1), (1, 2)], undirected).unwrap_err();
    assert_eq!(error, GraphError::ParallelEdge { first: 0, edge: 1, source_vertex: 1, target_vertex: 2 });
    assert!(Graph::from_edges(4, [(2, 1), (1, 2), (1, 1)], options).is_ok());
}

#[test]
fn a_table_of_edges_stays_in_the_order_given() {
    let table = DataFrame::new().with_column("road", vec!["a", "b", "c"]).unwrap();
    let (sources, targets) = ([2i16, 0, 0], [1i16, 3, 1]);
    let edges = Edges::columns(&sources, &targets).unwrap().with_table(&table).unwrap();
    let graph = Graph::build(4, edges, EdgeOptions { directed: false, ..BOTH }).unwrap();
    graph.verify().unwrap();
    let rows = |source, target| graph.find_edges(source, target).map(|edge| graph.edge_row(edge)).collect::<Vec<_>>();
    assert_eq!(
        (rows(1, 2), rows(2, 1), rows(0, 1), rows(3, 0)),
        (vec![Some(0)], vec![Some(0)], vec![Some(2)], vec![Some(1)])
    );
}

#[test]
fn ids_that_are_none_are_refused_with_the_edge() {
    let error = Graph::build(4, Edges::pairs(&[(0i32, 1), (1, -2)]), BOTH).unwrap_err();
    assert_eq!(error, GraphError::NegativeEndpoint { edge: 1, endpoint: -2, num_vertices: 4 });
    let error = Graph::build(4, Edges::pairs(&[(0u64, (1 << 32) + 1)]), BOTH).unwrap_err();
    assert_eq!(error, GraphError::Endpoint { edge: 0, endpoint: (1 << 32) + 1, num_vertices: 4 });
    let error = Edges::<u8, u64>::columns(&[1, 2], &[1]).unwrap_err();
    assert_eq!(error, GraphError::EdgeColumn { what: "targets", found: 1, expected: 2 });
    assert!(Edges::<_, u64>::pairs(&[(0u8, 1u8)]).with_weights(&[]).is_err());
}

#[test]
fn another_direction_that_lies_is_named() {
    let good = graph(BOTH);
    let half = Graph { back_targets: None, ..good.clone() };
    assert_eq!(half.verify(), Err(GraphError::Half { found: "back_offsets", missing: "back_targets" }));
    let short = Graph { back_targets: Some([0].into()), ..good.clone() };
    assert_eq!(short.verify(), Err(GraphError::BackLength { array: "back_targets", found: 1, expected: 4 }));
    let stray = Graph { back_edges: Some([0, 9, 3, 2].into()), ..good.clone() };
    assert_eq!(stray.verify(), Err(GraphError::BackEdge { index: 1, row: 1, other: 0 }));
    assert_eq!(stray.in_edges(1).nth(1).unwrap().weight, None);
    let counts = Graph { back_offsets: Some([0, 1, 3, 3, 4].into()), back_edges: None, ..good.clone() };
    assert!(matches!(counts.verify(), Err(GraphError::BackEdge { row: 0, .. })));
    let unsorted = Graph { targets: [3, 1, 1, 1].into(), ..good };
    let error = GraphError::Unsorted { index: 1, found: 1, expected: 3, vertex: 0 };
    assert_eq!(unsorted.verify_sorted(), Err(error));
}

#[test]
fn columns_are_selected_and_the_rest_is_shared() {
    let table = DataFrame::new().with_column("a", vec![1i64; 4]).unwrap().with_column("b", vec![2i64; 4]).unwrap();
    let graph = graph(BOTH).with_vertices(table.clone()).unwrap().with_edges(table).unwrap();
    let view = graph.with_vertex_columns(["b"]).unwrap().with_edge_columns(["a"]).unwrap();
    assert_eq!(view.offsets.as_ptr(), graph.offsets.as_ptr());
    assert_eq!((view.vertices.unwrap().num_columns(), view.edges.unwrap().num_columns()), (1, 1));
    assert!(graph.with_edge_columns(["c"]).is_err());
}

/// Enough edges for several parts and buckets, from a generator with a fixed start.
fn many(num_vertices: u32, num_edges: usize) -> Vec<(u32, u32)> {
    let mut state = 1u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u32
    };
    // Low numbers are common.
    (0..num_edges).map(|_| (next() % (next() % num_vertices + 1), next() % num_vertices)).collect()
}

#[test]
fn many_edges_agree_with_sorting_them_all() {
    let edges = many(70_000, 150_000);
    let weights: Vec<u64> = (0..edges.len() as u64).collect();
    let input = || Edges::pairs(&edges).with_weights(&weights).unwrap();
    let mut expected: Vec<_> =
        edges.iter().zip(&weights).map(|(&(from, to), weight)| (from as usize, to, Some(*weight))).collect();
    expected.sort_by_key(|edge| (edge.0, edge.1));
    let graph = Graph::build(70_000, input(), BOTH).unwrap();
    graph.verify().unwrap();
    graph.verify_sorted().unwrap();
    assert!(graph.edges().eq(expected.iter().copied()));

    let merged = Graph::build(70_000, input(), EdgeOptions { parallel: Parallel::Merge, ..BOTH }).unwrap();
    merged.verify().unwrap();
    expected.dedup_by(|edge, sum| {
        let same = (edge.0, edge.1) == (sum.0, sum.1);
        if same {
            sum.2 = sum.2.zip(edge.2).map(|(sum, more)| sum + more);
        }
        same
    });
    assert!(merged.num_edges() < edges.len());
    assert!(merged.edges().eq(expected));
}

proptest! {
    #[test]
    fn the_other_direction_is_the_transpose(
        edges in prop::collection::vec((0u32..6, 0u32..6, 0u64..9), 0..40),
        merge in any::<bool>(),
    ) {
        let parallel = if merge { Parallel::Merge } else { Parallel::Keep };
        let graph = Graph::from_weighted_edges(6, edges, EdgeOptions { parallel, ..BOTH }).unwrap();
        graph.verify().unwrap();
        graph.verify_sorted().unwrap();
        let mut forth: Vec<_> = (0..6u32).flat_map(|v| {
            graph.out_edges(v as usize).map(move |edge| (v, edge.vertex, edge.position, edge.weight)).collect::<Vec<_>>()
        }).collect();
        let mut back: Vec<_> = (0..6u32).flat_map(|v| {
            graph.in_edges(v as usize).map(move |edge| (edge.vertex, v, edge.position, edge.weight)).collect::<Vec<_>>()
        }).collect();
        forth.sort();
        back.sort();
        prop_assert_eq!(forth, back);
    }

    #[test]
    fn arrays_of_another_direction_do_not_make_reading_panic(
        offsets in prop::collection::vec(prop_oneof![4 => 0u64..6, 1 => any::<u64>()], 0..7),
        targets in prop::collection::vec(prop_oneof![4 => 0u32..6, 1 => any::<u32>()], 0..7),
        edges in prop::collection::vec(prop_oneof![4 => 0u64..6, 1 => any::<u64>()], 0..7),
    ) {
        let rows = Some(edges.as_slice().into());
        let back_edges = Some(edges.into());
        let graph = Graph {
            back_offsets: Some(offsets.into()), back_targets: Some(targets.into()), back_edges, edge_rows: rows,
            ..graph(BOTH)
        };
        let _ = (graph.verify(), graph.verify_sorted(), graph.clone().with_both_directions().is_ok());
        for graph in [graph.reverse(), graph] {
            for vertex in 0..7 {
                prop_assert_eq!(graph.in_edges(vertex).count(), graph.in_degree(vertex).unwrap_or_default());
                prop_assert_eq!(graph.out_edges(vertex).count(), graph.degree(vertex).unwrap_or_default());
                let _ = graph.edge_row(vertex);
            }
        }
    }
}
