use petgraph::algo::{dijkstra, min_spanning_tree, page_rank, tarjan_scc, toposort};
use petgraph::data::Element;
use petgraph::graph::{DiGraph, NodeIndex, UnGraph};
use petgraph::visit::{EdgeCount, EdgeRef, IntoEdgeReferences, IntoEdgesDirected};
use petgraph::{Directed, Direction, Undirected};
use proptest::prelude::*;

use super::PetgraphError;
use crate::graph::{CsrGraph, Directions, EdgeOptions};

type Graph = CsrGraph<u64, f64>;

const VERTICES: usize = 12;

fn both() -> EdgeOptions {
    EdgeOptions { directions: Directions::Both, ..EdgeOptions::default() }
}

fn theirs(edges: &[(u64, u64, f64)]) -> DiGraph<(), f64, usize> {
    let mut graph = DiGraph::default();
    for _ in 0..VERTICES {
        graph.add_node(());
    }
    for (source, target, weight) in edges {
        graph.add_edge(NodeIndex::new(*source as usize), NodeIndex::new(*target as usize), *weight);
    }
    graph
}

fn sorted(mut components: Vec<Vec<usize>>) -> Vec<Vec<usize>> {
    components.iter_mut().for_each(|component| component.sort_unstable());
    components.sort_unstable();
    components
}

/// Kept low, so that there are cycles and graphs without.
fn edges() -> impl Strategy<Value = Vec<(u64, u64, f64)>> {
    let edge = (0..VERTICES as u64, 0..VERTICES as u64, 0u32..100);
    prop::collection::vec(edge.prop_map(|(source, target, weight)| (source, target, f64::from(weight))), 0..20)
}

proptest! {
    #[test]
    fn algorithms_find_the_same_as_on_a_graph_of_their_own(edges in edges()) {
        let theirs = theirs(&edges);
        let all = [
            Graph::from_weighted_edges(VERTICES, edges.clone(), both()).unwrap(),
            Graph::from_petgraph(&theirs, both()).unwrap(),
            // Listed by target, and turned back.
            Graph::from_weighted_edges(VERTICES, edges.iter().map(|(s, t, w)| (*t, *s, *w)), both()).unwrap().reverse(),
        ];
        for graph in all {
            let view = graph.as_petgraph::<Directed>().unwrap().both().unwrap();
            let ids = |components: Vec<Vec<NodeIndex<usize>>>| {
                components.into_iter().map(|one| one.into_iter().map(NodeIndex::index).collect()).collect()
            };
            prop_assert_eq!(sorted(tarjan_scc(view)), sorted(ids(tarjan_scc(&theirs))));

            let weighted = view.weighted().unwrap();
            let ours = dijkstra(weighted, 0, None, |edge| *edge.weight());
            let expected = dijkstra(&theirs, NodeIndex::new(0), None, |edge| *edge.weight());
            prop_assert_eq!(ours.len(), expected.len());
            for (vertex, cost) in expected {
                prop_assert_eq!(ours.get(&vertex.index()), Some(&cost));
            }

            let (ours, expected) = (page_rank(view, 0.85, 10), page_rank(&theirs, 0.85, 10));
            prop_assert!(ours.iter().zip(&expected).all(|(one, other)| f64::abs(one - other) < 1e-12));

            match toposort(view, None) {
                Ok(order) => {
                    let place = |vertex: u64| order.iter().position(|found| *found == vertex as usize);
                    prop_assert!(edges.iter().all(|(source, target, _)| place(*source) < place(*target)));
                }
                Err(_) => prop_assert!(toposort(&theirs, None).is_err()),
            }
            prop_assert_eq!(weighted.edge_count(), edges.len());
            let back = Graph::from_petgraph(weighted, both()).unwrap();
            prop_assert!(back.edges().eq(graph.edges()) || graph.reversed);
        }
    }

    #[test]
    fn undirected_graphs_are_seen_once(edges in edges()) {
        let theirs: UnGraph<(), f64, usize> = theirs(&edges).into_edge_type();
        let options = EdgeOptions { directed: false, ..EdgeOptions::default() };
        let graph = Graph::from_weighted_edges(VERTICES, edges.clone(), options).unwrap();
        let view = graph.as_petgraph::<Undirected>().unwrap().weighted().unwrap();
        prop_assert_eq!(view.edge_count(), edges.len());
        prop_assert_eq!(view.edge_references().count(), edges.len());
        fn total(elements: impl Iterator<Item = Element<(), f64>>) -> f64 {
            elements.map(|element| if let Element::Edge { weight, .. } = element { weight } else { 0.0 }).sum()
        }
        prop_assert_eq!(total(min_spanning_tree(view)), total(min_spanning_tree(&theirs)));
        let back = Graph::from_petgraph(&theirs, EdgeOptions::default()).unwrap();
        prop_assert!(!back.directed && back.num_edges() == graph.num_edges());
    }
}

#[test]
fn an_edge_has_the_same_id_and_weight_from_either_end() {
    let graph = Graph::from_weighted_edges(3, [(0, 1, 1.0), (0, 1, 2.0), (2, 1, 4.0)], both()).unwrap();
    let view = graph.as_petgraph::<Directed>().unwrap().weighted().unwrap().both().unwrap();
    let of = |vertex, direction| {
        let edges = view.edges_directed(vertex, direction);
        edges.map(|edge| (edge.source(), edge.target(), edge.id(), *edge.weight())).collect::<Vec<_>>()
    };
    assert_eq!(of(1, Direction::Incoming), [(0, 1, 0, 1.0), (0, 1, 1, 2.0), (2, 1, 2, 4.0)]);
    assert_eq!(of(0, Direction::Outgoing), [(0, 1, 0, 1.0), (0, 1, 1, 2.0)]);
    assert_eq!(of(2, Direction::Incoming), []);
}

#[test]
fn views_that_would_lie_are_refused() {
    let graph = CsrGraph::<u32, f64>::from_edges(2, [(0, 1)], EdgeOptions::default()).unwrap();
    let error = graph.as_petgraph::<Undirected>().unwrap_err();
    assert_eq!(error.to_string(), "the graph is directed, the view is to be undirected");
    let view = graph.as_petgraph::<Directed>().unwrap();
    assert_eq!(view.both().unwrap_err(), PetgraphError::Direction { missing: "to" });
    assert_eq!(view.weighted().unwrap_err(), PetgraphError::NoWeights);
    let error = graph.reverse().as_petgraph::<Directed>().unwrap_err();
    assert_eq!(error, PetgraphError::Direction { missing: "away from" });
    let graph = CsrGraph::<u32, f64> { targets: [9].into(), ..graph };
    assert!(matches!(graph.as_petgraph::<Directed>(), Err(PetgraphError::Graph(_))));
}
