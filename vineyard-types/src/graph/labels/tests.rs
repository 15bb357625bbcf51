use proptest::prelude::*;
use vineyard_core::testing::draft_meta;
use vineyard_core::{Array, DraftField, DraftNode, Key, Object};

use super::{LabelError, LabelledEdges, LabelledGraph, Unlisted, VertexLabel, VertexMap, VertexTable};
use crate::graph::{CsrGraph, Directions, EdgeOptions, GraphError, Parallel};
use crate::hashmap::TextSpan;
use crate::{DataFrame, Index, Text};

type Cities = LabelledGraph<Text, u32, f64>;

const UNDIRECTED: EdgeOptions = EdgeOptions {
    directed: false,
    parallel: Parallel::Keep,
    self_loops: crate::graph::SelfLoops::Keep,
    directions: Directions::Out,
};

fn roads() -> LabelledEdges<Text, f64> {
    LabelledEdges::from_weighted([("Oslo", "Bergen", 463.0), ("Bergen", "Voss", 107.0), ("Oslo", "Voss", 360.0)])
}

fn there_and_back<I: VertexLabel>(labels: &[&I::Query]) {
    let map = VertexMap::<I>::from_labels(labels.iter().copied()).unwrap();
    map.verify().unwrap();
    assert_eq!(map.len(), labels.len());
    for (vertex, label) in labels.iter().enumerate() {
        assert_eq!(map.vertex(label), Some(vertex));
        assert!(map.label(vertex) == Some(*label));
    }
    assert!(map.label(labels.len()).is_none());
    let resolved = VertexMap::<I>::resolve(&draft_meta(&map.stage().unwrap()).unwrap()).unwrap();
    assert!(resolved.labels().eq(labels.iter().map(|label| Some(*label))));
}

#[test]
fn labels_of_every_type_go_there_and_back() {
    there_and_back::<i8>(&[&-128, &127, &0]);
    there_and_back::<u8>(&[&255, &0]);
    there_and_back::<i16>(&[&i16::MIN, &i16::MAX]);
    there_and_back::<u16>(&[&u16::MAX, &1]);
    there_and_back::<i32>(&[&i32::MIN, &0, &i32::MAX]);
    there_and_back::<u32>(&[&u32::MAX, &0]);
    there_and_back::<i64>(&[&i64::MIN, &-1, &0, &i64::MAX]);
    there_and_back::<u64>(&[&u64::MAX, &0]);
    there_and_back::<Text>(&["", "a", "naïve", "a "]);
    there_and_back::<Text>(&[]);
}

#[test]
fn a_label_that_is_given_twice_is_named() {
    let error = VertexMap::<Text>::from_labels(["a", "b", "a"]).unwrap_err();
    assert_eq!(error.to_string(), "label \"a\" is given twice, to vertex 0 and to vertex 2");
    let error = VertexTable::<i64>::from_labels([7, 7]).unwrap_err();
    assert_eq!(error.to_string(), "label 7 is given twice, to vertex 0 and to vertex 1");
}

#[test]
fn vertices_are_numbered_as_they_appear() {
    let graph: Cities = roads().build(EdgeOptions::default()).unwrap();
    graph.verify().unwrap();
    assert!(graph.labels.labels().eq([Some("Oslo"), Some("Bergen"), Some("Voss")]));
    assert_eq!(graph.neighbors("Oslo").collect::<Vec<_>>(), ["Bergen", "Voss"]);
    assert_eq!(graph.neighbors("Rome").count(), 0);
    assert_eq!((graph.degree("Voss"), graph.degree("Rome")), (Some(0), None));
    assert!(graph.has_edge("Bergen", "Voss") && !graph.has_edge("Voss", "Bergen"));
    assert_eq!(graph.edges().last(), Some(("Bergen", "Voss", Some(107.0))));
    let reverse = graph.reverse();
    assert_eq!(reverse.in_neighbors("Oslo").collect::<Vec<_>>(), ["Bergen", "Voss"]);
    assert!(reverse.has_edge("Voss", "Bergen"));
}

#[test]
fn parallel_edges_are_kept_merged_or_refused_with_their_labels() {
    let edges = LabelledEdges::<Text, f64>::from_weighted([("a", "b", 1.0), ("b", "a", 2.0), ("a", "b", 4.0)]);
    let edges = edges.with_table(DataFrame::new().with_column("year", vec![1i64, 2, 3]).unwrap()).unwrap();
    let kept: Cities = edges.build(UNDIRECTED).unwrap();
    assert_eq!(kept.graph.weights_of(0), Some(&[1.0, 2.0, 4.0][..]));
    let merged: Cities = edges.build(EdgeOptions { parallel: Parallel::Merge, ..UNDIRECTED }).unwrap();
    assert_eq!(merged.graph.weights_of(1), Some(&[7.0][..]));
    assert_eq!((merged.graph.edge_row(0), merged.graph.edge_row(1)), (Some(0), Some(0)));
    let refused = edges.build::<u32>(EdgeOptions { parallel: Parallel::Refuse, ..UNDIRECTED }).unwrap_err();
    assert_eq!(refused.to_string(), "edge 1 leads from \"b\" to \"a\", as edge 0 does; expected one at most");
}

fn people() -> DataFrame {
    let frame = DataFrame::new().with_column("who", vec!["Voss", "Oslo", "Bergen"]).unwrap();
    frame
        .with_column("people", vec![14_000i64, 700_000, 290_000])
        .unwrap()
        .with_column("text", vec!["v", "o", "b"])
        .unwrap()
}

#[test]
fn a_table_says_the_order_of_the_vertices() {
    let table = VertexTable::from_frame(&people(), "who").unwrap();
    let graph: Cities = roads().with_vertices(table, Unlisted::Refuse).unwrap().build(UNDIRECTED).unwrap();
    graph.verify().unwrap();
    assert_eq!((graph.vertex("Voss"), graph.label(1)), (Some(0), Some("Oslo")));
    let vertices = graph.graph.vertices.as_ref().unwrap();
    assert_eq!(vertices.numbers::<i64>("people").unwrap().as_slice(), [14_000, 700_000, 290_000]);
    assert_eq!(vertices.num_columns(), 2);
    assert_eq!(graph.graph.weights_of(0), Some(&[360.0, 107.0][..]));
}

#[test]
fn vertices_that_a_table_does_not_list_are_refused_or_added() {
    let table = || VertexTable::from_frame(&people().slice(..2).unwrap(), "who").unwrap();
    let error = roads().with_vertices(table(), Unlisted::Refuse).unwrap_err();
    let expected = "edge 0 names vertex \"Bergen\", which the table of 2 vertices does not list";
    assert_eq!(error.to_string(), expected);
    let only_text = VertexTable::<Text>::from_labels(["Voss", "Oslo"]).unwrap();
    let only_text = only_text.with_table(people().slice(..2).unwrap().select(["text"]).unwrap()).unwrap();
    let graph: Cities = roads().with_vertices(only_text, Unlisted::Add).unwrap().build(UNDIRECTED).unwrap();
    let texts = graph.graph.vertices.as_ref().unwrap().texts("text").unwrap();
    assert_eq!(texts.iter().collect::<Vec<_>>(), [Some(Ok("v")), Some(Ok("o")), None]);
    assert_eq!(graph.label(2), Some("Bergen"));
    let labels = VertexTable::<Text>::from_labels(["Rome"]).unwrap();
    let graph: Cities = roads().with_vertices(labels, Unlisted::Add).unwrap().build(UNDIRECTED).unwrap();
    assert_eq!((graph.num_vertices(), graph.degree("Rome")), (4, Some(0)));
    #[cfg(feature = "arrow")]
    {
        let graph: Cities = roads().with_vertices(table(), Unlisted::Add).unwrap().build(UNDIRECTED).unwrap();
        let people = graph.graph.vertices.as_ref().unwrap().arrow("people").unwrap();
        assert_eq!((people.len(), people.null_count()), (3, Some(1)));
    }
    #[cfg(not(feature = "arrow"))]
    assert!(matches!(roads().with_vertices(table(), Unlisted::Add), Err(LabelError::NoNulls { .. })));
    let frame = people().slice(..2).unwrap().with_index(Index::range(0, 1, 2)).unwrap();
    let error = roads().with_vertices(VertexTable::from_frame(&frame, "who").unwrap(), Unlisted::Add).unwrap_err();
    assert!(matches!(&error, LabelError::NoNulls { column, .. } if column == "the index"), "{error}");
}

#[test]
fn tables_of_vertices_without_good_labels_are_refused() {
    let refused =
        |frame: &DataFrame, column: &str| VertexTable::<Text>::from_frame(frame, column).unwrap_err().to_string();
    assert_eq!(refused(&people(), "name"), "there is no column `name`");
    assert_eq!(refused(&people(), "people"), "column `people` is of type int64, expected text");
    let gap = crate::StringArray::from_options([Some("a"), None]);
    let frame = DataFrame::new().with_column("who", gap).unwrap();
    assert_eq!(refused(&frame, "who"), "row 1 of the table of vertices has no label in column `who` that can be read");
    let labels = VertexTable::<i64>::from_labels([1, 2]).unwrap();
    let error = labels.with_table(people()).unwrap_err();
    assert_eq!(error.to_string(), "the table of vertices has 3 rows, expected 2, one for each label");
}

#[cfg(feature = "arrow")]
#[test]
fn labels_may_be_arrays_of_arrow_and_integers_of_any_width() {
    let texts = arrow_array::record_batch!(("who", Utf8, ["a", "b"]), ("n", Int16, [1, 2])).unwrap();
    let frame = DataFrame::from_arrow(&texts).unwrap();
    let table = VertexTable::<Text>::from_frame(&frame, "who").unwrap();
    assert!(table.labels.iter().eq(["a", "b"]));
    let table = VertexTable::<i64>::from_frame(&frame, "n").unwrap();
    assert!(table.labels.iter().eq(&[1, 2]));
    let nulls = arrow_array::record_batch!(("who", Utf8, [Some("a"), None]), ("n", Int16, [Some(-1), None])).unwrap();
    let frame = DataFrame::from_arrow(&nulls).unwrap();
    let error = VertexTable::<Text>::from_frame(&frame, "who").unwrap_err();
    assert!(matches!(error, LabelError::Unlabelled { row: 1, .. }), "{error}");
    let error = VertexTable::<u32>::from_frame(&frame, "n").unwrap_err();
    assert!(matches!(error, LabelError::Unlabelled { row: 0, .. }), "{error}");
}

#[test]
fn columns_are_added_and_taken_away() {
    let table = VertexTable::from_frame(&people(), "who").unwrap();
    let graph: Cities = roads().with_vertices(table, Unlisted::Refuse).unwrap().build(UNDIRECTED).unwrap();
    let more = graph.with_vertex_column("north", vec![60.6, 59.9, 60.4]).unwrap();
    let names =
        |graph: &Cities| graph.graph.vertices.as_ref().unwrap().names().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(names(&more), ["people", "text", "north"]);
    assert_eq!(names(&more.with_vertex_columns(["north"]).unwrap()), ["north"]);
    let error = graph.with_vertex_column("north", vec![60.6]).unwrap_err();
    assert_eq!(error.to_string(), "column `north` has 1 rows, the frame has 3");
    let edges = graph.with_edge_column("paved", vec![true; 6]).unwrap();
    assert_eq!(edges.graph.edges.as_ref().unwrap().num_rows(), 6);
    let error = graph.with_edge_column("paved", vec![true; 3]).unwrap_err();
    assert_eq!(error, GraphError::EdgeRows { found: 3, expected: 6 });
}

#[test]
fn labels_have_to_fit_the_graph() {
    let graph = CsrGraph::<u32, f64>::from_edges(2, [(0, 1)], EdgeOptions::default()).unwrap();
    let labels = VertexMap::<i64>::from_labels([1, 2, 3]).unwrap();
    let error = LabelledGraph::new(graph, labels).unwrap_err();
    assert_eq!(error.to_string(), "found 3 labels, expected 2, one for each vertex");
}

/// The metadata of a map whose labels another has written.
fn forged(map: &VertexMap<i64>, labels: Array<i64>) -> DraftNode {
    let mut node = DraftNode::new(VertexMap::<i64>::typename());
    node.set(&Key::new("vertices_"), DraftField::Node(map.as_map().stage().unwrap())).unwrap();
    node.set(&Key::new("labels_"), DraftField::Payload(labels.blob().clone())).unwrap();
    node
}

proptest! {
    #[test]
    fn whatever_a_peer_has_written_is_read_without_a_panic(labels in prop::collection::vec(any::<i64>(), 0..6)) {
        let map = VertexMap::<i64>::from_labels([10, 20, 30]).unwrap();
        let resolved = VertexMap::<i64>::resolve(&draft_meta(&forged(&map, labels.clone().into())).unwrap());
        match resolved {
            Ok(found) => {
                prop_assert_eq!(labels.len(), 3);
                prop_assert_eq!(found.verify().is_ok(), labels == [10, 20, 30]);
            }
            Err(error) => prop_assert!(labels.len() != 3, "{}", error),
        }
    }
}

#[test]
fn a_map_whose_directions_disagree_is_found() {
    let map = VertexMap::<i64>::from_labels([10, 20, 30]).unwrap();
    let found = |labels: [i64; 3]| {
        let meta = draft_meta(&forged(&map, labels.into())).unwrap();
        VertexMap::<i64>::resolve(&meta).unwrap().verify().unwrap_err().to_string()
    };
    assert_eq!(found([20, 10, 30]), "vertex 0 has label 20, which the map has for vertex 1");
    assert_eq!(found([10, 21, 30]), "vertex 1 has label 21, which the map has for no vertex");
}

#[test]
fn a_label_that_lies_outside_of_the_texts_is_not_read() {
    let map = VertexMap::<Text>::from_labels(["a", "b"]).unwrap();
    // Which of the texts comes first is the map's.
    let first = |start| TextSpan { start, nbytes: 1 };
    let with = |spans: [TextSpan; 2]| {
        let mut node = DraftNode::new(VertexMap::<Text>::typename());
        node.set(&Key::new("vertices_"), DraftField::Node(map.as_map().stage().unwrap())).unwrap();
        node.set(&Key::new("labels_"), DraftField::Payload(Array::from(spans).blob().clone())).unwrap();
        VertexMap::<Text>::resolve(&draft_meta(&node).unwrap()).unwrap()
    };
    let is_a = |start: &u64| with([first(*start), first(0)]).labels().next() == Some(Some("a"));
    let a = [0, 1].into_iter().find(is_a).unwrap();
    for (start, nbytes) in [(2, 1), (0, 9), (u64::MAX, 2)] {
        let found = with([first(a), TextSpan { start, nbytes }]);
        assert!(found.labels().eq([Some("a"), None]));
        let error = found.verify().unwrap_err();
        assert_eq!(error.to_string(), "the label of vertex 1 lies outside of the texts, or is not UTF-8");
    }
}
