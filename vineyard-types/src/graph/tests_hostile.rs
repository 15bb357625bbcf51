use proptest::prelude::*;
use vineyard_core::testing::draft_meta;
use vineyard_core::{DraftField, DraftNode, Key, Object, ObjectMeta};

use super::{CsrGraph, GraphError};

type Graph = CsrGraph<u32, f64>;

fn graph(offsets: &[u64], targets: &[u32], weights: Option<&[f64]>) -> Graph {
    CsrGraph {
        directed: true,
        offsets: offsets.into(),
        targets: targets.into(),
        weights: weights.map(Into::into),
        vertices: None,
        edges: None,
        reversed: false,
        edge_rows: None,
        back_offsets: None,
        back_targets: None,
        back_edges: None,
    }
}

/// Uses everything that reads, and resolves the graph as if its writer had not checked it.
fn read_all(graph: &Graph) {
    let asked = (0..graph.num_vertices() + 2).chain([usize::MAX - 1, usize::MAX]);
    for vertex in asked {
        assert_eq!(graph.degree(vertex), graph.neighbors(vertex).map(<[u32]>::len));
        graph.weights_of(vertex);
    }
    assert_eq!(graph.iter().count(), graph.num_vertices());
    let counted: usize = graph.iter().map(|(_, neighbors)| neighbors.len()).sum();
    assert_eq!(graph.edges().count(), counted);

    match (graph.verify(), Graph::resolve(&unchecked(graph))) {
        (Ok(()), resolved) => {
            resolved.unwrap();
            assert_eq!(counted, graph.num_edges());
            assert!((0..graph.num_vertices()).all(|vertex| graph.neighbors(vertex).is_some()));
        }
        (Err(GraphError::Decreasing { .. } | GraphError::Target { .. }), resolved) => drop(resolved.unwrap()),
        (Err(error), resolved) => {
            let shown = resolved.unwrap_err().to_string();
            assert!(shown.ends_with(&error.to_string()), "{shown}");
            assert!(graph.stage().is_err());
        }
    }
}

/// The metadata of a graph whose writer did not check it.
fn unchecked(graph: &Graph) -> ObjectMeta {
    let mut node = DraftNode::new(Graph::typename());
    node.set_value(&Key::new("directed_"), graph.directed.into()).unwrap();
    let weights = graph.weights.as_ref().map(|weights| ("weights_", weights.blob()));
    for (key, blob) in
        [("offsets_", graph.offsets.blob()), ("targets_", graph.targets.blob())].into_iter().chain(weights)
    {
        node.set(&Key::new(key), DraftField::Payload(blob.clone())).unwrap();
    }
    draft_meta(&node).unwrap()
}

#[test]
fn offsets_that_lie_give_none() {
    for offsets in [[0, 3, 1, 2], [0, 9, 9, 2], [0, u64::MAX, 0, 2], [0, 1 << 63, 1 << 62, 2]] {
        let graph = graph(&offsets, &[0, 1], Some(&[0.5, 1.5]));
        assert_eq!((graph.neighbors(0), graph.weights_of(0), graph.degree(0)), (None, None, None));
        read_all(&graph);
    }
}

#[test]
fn rows_that_decrease_are_named() {
    let graph = graph(&[0, 2, 1, 2], &[0, 1], None);
    graph.stage().unwrap();
    let error = graph.verify().unwrap_err();
    assert_eq!(error, GraphError::Decreasing { index: 2, found: 1, expected: 2 });
    assert_eq!(error.to_string(), "offset 2 is 1, expected at least 2, the offset before it");
    assert_eq!(graph.iter().collect::<Vec<_>>(), [(0, &[0, 1][..]), (1, &[][..]), (2, &[1][..])]);
    read_all(&graph);
}

#[test]
fn targets_outside_of_the_graph_are_named() {
    let graph = graph(&[0, 1, 3], &[1, 0, 2], None);
    let error = graph.verify().unwrap_err();
    assert_eq!(error, GraphError::Target { index: 2, found: 2, num_vertices: 2 });
    assert_eq!(error.to_string(), "target 2 is 2, expected less than 2");
    read_all(&graph);
}

#[test]
fn ends_and_lengths_that_lie_are_refused_on_both_ways() {
    let cases: [(Graph, GraphError); 6] = [
        (graph(&[], &[], None), GraphError::NoOffsets),
        (graph(&[1], &[0], None), GraphError::FirstOffset { found: 1 }),
        (graph(&[0, 1], &[0, 0], None), GraphError::LastOffset { found: 1, expected: 2 }),
        (graph(&[0, u64::MAX], &[0, 0], None), GraphError::LastOffset { found: u64::MAX, expected: 2 }),
        (graph(&[0, 2], &[0, 0], Some(&[1.0])), GraphError::Weights { found: 1, expected: 2 }),
        (graph(&[0, 0], &[], Some(&[1.0])), GraphError::Weights { found: 1, expected: 0 }),
    ];
    for (graph, expected) in cases {
        assert_eq!(graph.verify(), Err(expected.clone()));
        let staged = graph.stage().unwrap_err().to_string();
        assert!(staged.ends_with(&expected.to_string()), "{staged}");
        let resolved = Graph::resolve(&unchecked(&graph)).unwrap_err().to_string();
        assert!(resolved.ends_with(&expected.to_string()), "{resolved}");
        read_all(&graph);
    }
}

#[test]
fn weights_that_are_too_short_give_none() {
    let graph = graph(&[0, 1, 3], &[0, 0, 0], Some(&[1.0]));
    assert_eq!((graph.weights_of(0), graph.weights_of(1)), (Some(&[1.0][..]), None));
    assert_eq!(graph.edges().last(), Some((1, 0, None)));
}

#[test]
fn offsets_that_are_cut_are_refused() {
    let mut node = DraftNode::new(Graph::typename());
    node.set_value(&Key::new("directed_"), true.into()).unwrap();
    node.set(&Key::new("offsets_"), DraftField::Payload(vec![0u8; 12].into())).unwrap();
    node.set(&Key::new("targets_"), DraftField::Payload(vec![0u32].into())).unwrap();
    let error = Graph::resolve(&draft_meta(&node).unwrap()).unwrap_err();
    assert!(error.to_string().contains("offsets: blob holds 12 bytes, not a multiple of 8"), "{error}");
}

/// Mostly plausible values, so that some graphs pass the checks at the ends and lie in between.
fn offsets() -> impl Strategy<Value = Vec<u64>> {
    let offset = prop_oneof![8 => 0u64..8, 1 => any::<u64>(), 1 => u64::MAX - 2..=u64::MAX];
    prop::collection::vec(offset, 0..8)
}

proptest! {
    #[test]
    fn nothing_a_peer_writes_makes_reading_panic(
        mut offsets in offsets(),
        targets in prop::collection::vec(prop_oneof![4 => 0u32..8, 1 => any::<u32>()], 0..8),
        weights in prop::option::of(prop::collection::vec(any::<f64>(), 0..8)),
        honest_ends in any::<bool>(),
    ) {
        let mut weights = weights;
        if honest_ends && offsets.len() > 1 {
            offsets[0] = 0;
            *offsets.last_mut().unwrap() = targets.len() as u64;
            weights = weights.map(|_| vec![0.0; targets.len()]);
        }
        read_all(&graph(&offsets, &targets, weights.as_deref()));
    }
}
