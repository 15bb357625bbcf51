use vineyard_core::testing::draft_meta;
use vineyard_core::{Element, Object, ObjectMeta};

use super::{CsrGraph, EdgeOptions, GraphError, VertexId};
use crate::dataframe::DataFrame;

type Graph = CsrGraph<u32, f64>;

/// Vertices 0 to 3; 3 has no edges.
fn graph() -> Graph {
    let edges = [(2, 2, 5.0), (0, 2, 2.0), (1, 0, 3.0), (0, 1, 1.0), (1, 0, 4.0)];
    CsrGraph::from_weighted_edges(4, edges, EdgeOptions::default()).unwrap()
}

/// The one place that knows how a table is made.
fn table(rows: usize) -> DataFrame {
    DataFrame::new().with_column("row", (0..rows as u64).collect::<Vec<u64>>()).unwrap()
}

fn stored<V: VertexId, W: Element>(graph: &CsrGraph<V, W>) -> ObjectMeta {
    draft_meta(&graph.stage().unwrap()).unwrap()
}

fn keys<V: VertexId, W: Element>(graph: &CsrGraph<V, W>) -> Vec<String> {
    let draft = graph.stage().unwrap();
    let mut keys: Vec<String> = draft.fields().map(|(key, _)| key.to_owned()).filter(|key| key != "__schema").collect();
    keys.sort();
    keys
}

#[test]
fn a_vertex_gives_its_neighbors_and_their_weights() {
    let graph = graph();
    assert_eq!((graph.num_vertices(), graph.num_edges()), (4, 5));
    assert_eq!(graph.neighbors(0), Some(&[1, 2][..]));
    assert_eq!(graph.weights_of(0), Some(&[1.0, 2.0][..]));
    assert_eq!(graph.neighbors(1), Some(&[0, 0][..]));
    assert_eq!(graph.weights_of(1), Some(&[3.0, 4.0][..]));
    assert_eq!(graph.neighbors(3), Some(&[][..]));
    assert_eq!((0..4).map(|vertex| graph.degree(vertex)).collect::<Vec<_>>(), [Some(2), Some(2), Some(1), Some(0)]);
}

#[test]
fn a_vertex_that_is_not_there_gives_none() {
    for vertex in [4, 5, usize::MAX] {
        assert_eq!(graph().neighbors(vertex), None);
        assert_eq!(graph().weights_of(vertex), None);
        assert_eq!(graph().degree(vertex), None);
    }
}

#[test]
fn iteration_goes_through_all_vertices_and_all_edges() {
    let graph = graph();
    let degrees: Vec<_> = graph.iter().map(|(vertex, neighbors)| (vertex, neighbors.len())).collect();
    assert_eq!(degrees, [(0, 2), (1, 2), (2, 1), (3, 0)]);
    assert_eq!(graph.iter().len(), 4);
    let edges: Vec<_> = graph.edges().map(|(source, target, weight)| (source, target, weight.unwrap())).collect();
    assert_eq!(edges, [(0, 1, 1.0), (0, 2, 2.0), (1, 0, 3.0), (1, 0, 4.0), (2, 2, 5.0)]);
}

#[test]
fn a_graph_without_weights_gives_none() {
    let graph = Graph::from_edges(2, [(0, 1)], EdgeOptions::default()).unwrap();
    assert_eq!(graph.weights_of(0), None);
    assert_eq!(graph.edges().collect::<Vec<_>>(), [(0, 1, None)]);
}

#[test]
fn typenames_spell_ids_and_weights() {
    assert_eq!(Graph::typename().as_str(), "vineyard::CsrGraph<uint,double>");
    assert_eq!(CsrGraph::<u64, f32>::typename().as_str(), "vineyard::CsrGraph<uint64,float>");
}

#[test]
fn a_stored_graph_has_the_keys_of_its_parts() {
    let graph = graph().with_vertices(table(4)).unwrap().with_edges(table(5)).unwrap();
    assert_eq!(keys(&graph), ["directed_", "edges_", "offsets_", "reversed_", "targets_", "vertices_", "weights_"]);
    let bare = Graph::from_edges(2, [(0, 1)], EdgeOptions::default()).unwrap();
    assert_eq!(keys(&bare), ["directed_", "offsets_", "reversed_", "targets_"]);
    assert_eq!(stored(&bare).value("directed_").unwrap(), true);
    assert_eq!(stored(&bare).typename(), "vineyard::CsrGraph<uint,double>");
}

#[test]
fn a_graph_comes_back_as_it_was_stored() {
    let graph = graph().with_vertices(table(4)).unwrap().with_edges(table(5)).unwrap();
    let back = Graph::resolve(&stored(&graph)).unwrap();
    back.verify().unwrap();
    assert!(back.directed);
    assert_eq!((&back.offsets, &back.targets, &back.weights), (&graph.offsets, &graph.targets, &graph.weights));
    assert_eq!(back.vertices.unwrap().num_rows(), 4);
    assert_eq!(back.edges.unwrap().num_rows(), 5);
}

#[test]
fn a_graph_without_tables_and_weights_comes_back() {
    let options = EdgeOptions { directed: false, ..EdgeOptions::default() };
    let graph = CsrGraph::<u64, u64>::from_edges(3, [(2, 0)], options).unwrap();
    let back = CsrGraph::<u64, u64>::resolve(&stored(&graph)).unwrap();
    assert!(!back.directed);
    assert_eq!(back.edges().collect::<Vec<_>>(), [(0, 2, None), (2, 0, None)]);
    assert!(back.vertices.is_none() && back.edges.is_none() && back.weights.is_none());
}

#[test]
fn a_graph_of_nothing_comes_back() {
    let graph = Graph::from_edges(0, [], EdgeOptions::default()).unwrap();
    let back = Graph::resolve(&stored(&graph)).unwrap();
    back.verify().unwrap();
    assert_eq!((back.num_vertices(), back.num_edges(), back.edges().count()), (0, 0, 0));
    assert_eq!(back.neighbors(0), None);
}

#[test]
fn tables_need_a_row_for_each_vertex_and_edge() {
    let error = graph().with_vertices(table(5)).unwrap_err();
    assert_eq!(error, GraphError::VertexRows { found: 5, expected: 4 });
    assert_eq!(error.to_string(), "the vertex table has 5 rows, expected 4, one for each vertex");
    let error = graph().with_edges(table(4)).unwrap_err();
    assert_eq!(error, GraphError::EdgeRows { found: 4, expected: 5 });

    let mut swapped = graph();
    swapped.vertices = Some(table(5));
    assert!(swapped.stage().unwrap_err().to_string().contains("vertex table has 5 rows"));
    let mut swapped = graph();
    swapped.edges = Some(table(4));
    assert_eq!(swapped.verify(), Err(GraphError::EdgeRows { found: 4, expected: 5 }));
}

#[test]
fn the_builder_checks_like_the_constructors() {
    let draft = Graph::builder().directed(true).offsets([0, 1]).targets([0]).weights([1.0]).build().unwrap();
    assert_eq!(draft.preview().unwrap().edges().collect::<Vec<_>>(), [(0, 0, Some(1.0))]);
    let error = Graph::builder().directed(true).offsets([0, 2]).targets([0]).build().map(drop).unwrap_err();
    assert!(error.to_string().contains("the last offset is 2, expected the number of targets, 1"), "{error}");
}

#[test]
fn debug_shows_the_size_and_not_the_edges() {
    let shown = format!("{:?}", graph());
    assert_eq!(shown, "CsrGraph { directed: true, num_vertices: 4, num_edges: 5, .. }");
}

#[test]
fn graphs_are_send_sync_and_static() {
    fn check<T: Send + Sync + 'static>(_: &T) {}
    check(&graph());
}
