use proptest::prelude::*;
use vineyard_core::testing::draft_meta;
use vineyard_core::{Array, DraftField, DraftNode, Key, Object};

use super::{Graph, edges_of, knows, lives_in, options, people, towns};
use crate::graph::property::{
    Adjacency, Part, Partition, PartitionBy, PropertyEdges, PropertyFragment, PropertyVertexMap, PropertyVertices,
    VertexIds,
};
use crate::hashmap::{Duplicates, SharedMap};

fn sample() -> Graph {
    let edges = [knows(&[(0, 10), (10, 20), (30, 40), (20, 0), (50, 0)]), lives_in(&[(0, 1), (50, 3)])];
    Graph::build(&[people(6), towns(&[1, 2, 3])], &edges, &options(2, PartitionBy::Range)).unwrap()
}

/// The graph with another first fragment.
fn with_fragment(graph: &Graph, change: impl FnOnce(&mut PropertyFragment<u32>)) -> Graph {
    let mut fragment = (*graph.fragments[0]).clone();
    change(&mut fragment);
    let mut changed = graph.clone();
    changed.fragments[0] = Part::from(fragment);
    changed
}

fn with_edges(graph: &Graph, change: impl FnOnce(&mut PropertyEdges<u32>)) -> Graph {
    with_fragment(graph, |fragment| {
        let mut edges = (*fragment.edges[0]).clone();
        change(&mut edges);
        fragment.edges[0] = Part::from(edges);
    })
}

fn with_outgoing(graph: &Graph, change: impl FnOnce(&mut Adjacency<u32>)) -> Graph {
    with_edges(graph, |edges| {
        let mut outgoing = (*edges.outgoing).clone();
        change(&mut outgoing);
        edges.outgoing = Part::from(outgoing);
    })
}

fn with_people(graph: &Graph, change: impl FnOnce(&mut PropertyVertices)) -> Graph {
    with_fragment(graph, |fragment| {
        let mut vertices = (*fragment.vertices[0]).clone();
        change(&mut vertices);
        fragment.vertices[0] = Part::from(vertices);
    })
}

fn with_ids(graph: &Graph, ids: VertexIds<i64, u32>) -> Graph {
    let mut map: PropertyVertexMap<i64, u32> = (*graph.vertex_map).clone();
    map.ids[0][0] = Part::from(ids);
    Graph { vertex_map: Part::from(map), ..graph.clone() }
}

/// Uses everything that reads; nothing may panic.
fn read_all(graph: &Graph) {
    for relation in 0..4 {
        let _edges = graph.edges(relation).count();
        for label in 0..3 {
            for vertex in graph.vertices(label) {
                let _degrees = (graph.out_edges(relation, vertex).count(), graph.in_edges(relation, vertex).count());
                let _id = graph.id(vertex).and_then(|id| graph.vertex(label, id));
            }
        }
        for fragment in graph.fragments() {
            for vertex in (0..10).chain([usize::MAX]) {
                let _edges = (fragment.out_edges(relation, vertex).len(), fragment.in_edges(relation, vertex).len());
                let _global = fragment.global(relation, vertex).and_then(|id| fragment.local(id));
            }
        }
    }
}

/// What is wrong is found when the graph is put.
fn refused(graph: &Graph, expected: &str) {
    let staged = graph.stage().unwrap_err().to_string();
    assert!(staged.contains(expected), "{staged}");
    read_all(graph);
}

/// What is wrong is found by looking at everything, and not before.
fn found_by_verify(graph: &Graph, expected: &str) {
    graph.stage().unwrap();
    assert_eq!(graph.verify().unwrap_err().to_string(), expected);
    read_all(graph);
}

#[test]
fn fragments_that_do_not_fit_are_refused() {
    let graph = sample();
    let other = Graph { fragments: vec![graph.fragments[0].clone()], ..graph.clone() };
    refused(&other, "fragments of the map of ids: found 2, expected 1");
    let swapped = Graph { fragments: graph.fragments.iter().rev().cloned().collect(), ..graph.clone() };
    refused(&swapped, "fragment 0: the index it has: found 1, expected 0");
    let twice = Graph { fragments: vec![graph.fragments[0].clone(); 2], ..graph.clone() };
    refused(&twice, "fragment 1: the index it has: found 0, expected 1");
    let mixed = with_fragment(&graph, |fragment| fragment.schema.vertices[0].name = "human".to_owned());
    refused(&mixed, "fragment 0: it has another schema than the graph");
    let of_another = sample().without_vertex_column("person", "age").unwrap();
    let mixed = Graph { fragments: vec![graph.fragments[0].clone(), of_another.fragments[1].clone()], ..graph.clone() };
    refused(&mixed, "fragment 1: it has another schema than the graph");
    let table = of_another.fragments[0].vertices[0].clone();
    let mixed = with_fragment(&graph, |fragment| fragment.vertices[0] = table);
    let columns = "the columns are (id: int64, name: text), expected (id: int64, age: uint8, name: text)";
    refused(&mixed, &format!("vertices of label `person`: {columns}"));
    let fewer = with_fragment(&graph, |fragment| drop(fragment.edges.pop()));
    refused(&fewer, "tables of edges: found 1, expected 2");
    let beyond = with_fragment(&graph, |fragment| fragment.index = 7);
    refused(&beyond, "fragment 0: the index it has: found 7, expected 0");
    let alone = beyond.fragments[0].stage().unwrap_err().to_string();
    assert_eq!(alone, "not valid: the index of the fragment is 7, expected less than 2");
}

#[test]
fn a_partition_that_is_missing_is_refused() {
    let graph = sample();
    let mut node = DraftNode::new(Graph::typename());
    for (key, field) in graph.stage().unwrap().fields().filter(|(key, _)| *key != "__fragments_-1") {
        node.set(&Key::new(key.to_owned()), field.clone()).unwrap();
    }
    let error = Graph::resolve(&draft_meta(&node).unwrap()).unwrap_err().to_string();
    assert!(error.contains("fragments[1]") && error.contains("__fragments_-1"), "{error}");
}

#[test]
fn schemas_that_lie_are_refused() {
    let graph = sample();
    let with = |change: &dyn Fn(&mut crate::graph::property::GraphSchema)| {
        let mut changed = graph.clone();
        change(&mut changed.schema);
        changed
    };
    refused(
        &with(&|schema| schema.vertices[1].name = "person".to_owned()),
        "schema: there is a vertex label `person` already",
    );
    refused(&with(&|schema| schema.vertices[1].key = "x".into()), "vertex label `town`: there is no column `x`");
    refused(
        &with(&|schema| schema.relations[1].target = 9),
        "the target label of a relation is 9, expected less than 2",
    );
    refused(
        &with(&|schema| schema.relations[1] = schema.relations[0]),
        "there is a relation `person-knows-person` already",
    );
    let bounds = |bounds| Graph { partition: Partition::Range(bounds), ..graph.clone() };
    refused(&bounds(vec![vec![1]]), "lists of bounds: found 1, expected 2");
    refused(&bounds(vec![vec![1, 2], vec![]]), "bounds of label `person`: bounds: found 2, expected at most 1");
    for text in ["[]", "{}", "7", "{\"vertices\":[7]}", ""] {
        let mut node = DraftNode::new(Graph::typename());
        for (key, field) in graph.stage().unwrap().fields() {
            let field = if key == "schema_" { DraftField::Value(text.into()) } else { field.clone() };
            node.set(&Key::new(key.to_owned()), field).unwrap();
        }
        let error = Graph::resolve(&draft_meta(&node).unwrap()).unwrap_err().to_string();
        assert!(error.contains("expected the JSON text of a graph_schema"), "{error}");
    }
}

#[test]
fn lengths_that_lie_are_refused() {
    let graph = sample();
    refused(&with_outgoing(&graph, |list| list.offsets = vec![].into()), "rows of outgoing edges: found 0, expected 3");
    refused(&with_outgoing(&graph, |list| list.offsets = vec![1, 1, 1, 1].into()), "the first offset is 1, expected 0");
    refused(&with_outgoing(&graph, |list| list.offsets = vec![0, 1, 1, 9].into()), "the last offset is 9");
    refused(
        &with_outgoing(&graph, |list| list.offsets = vec![0, 3].into()),
        "rows of outgoing edges: found 1, expected 3",
    );
    refused(&with_outgoing(&graph, |list| list.edges = vec![0; 2].into()), "found 2, expected 3");
    refused(
        &with_edges(&graph, |edges| edges.num_edges = 77),
        "edges, by what their lists say: found 77, expected 4 to 7",
    );
    refused(&with_edges(&graph, |edges| edges.num_edges = u64::MAX), "edges, by what their lists say");
    refused(&with_edges(&graph, |edges| edges.num_edges = 5), "rows of the table of edges: found 4, expected 5");
    let ids = VertexIds {
        ids: vec![20i64, 10].into(),
        places: SharedMap::from_entries([(20, 0), (10, 1)], Duplicates::Refuse).unwrap(),
    };
    refused(&with_ids(&graph, ids), "person: ids of its vertices: found 2, expected 3");
    let ids = VertexIds {
        ids: vec![20i64, 10, 0].into(),
        places: SharedMap::from_entries([(20, 0)], Duplicates::Refuse).unwrap(),
    };
    refused(&with_ids(&graph, ids), "entries of the map of ids: found 1, expected 3");
}

#[test]
fn lists_that_lie_are_found() {
    // Fragment 0 has the people 20, 10, 0 and knows the edges 0-10, 10-20, 20-0, 50-0.
    let graph = sample();
    let list = graph.fragments[0].edges[0].outgoing.clone();
    assert_eq!(
        (&list.offsets[..], &list.neighbors[..], &list.edges[..]),
        (&[0, 1, 2, 3][..], &[2, 0, 1][..], &[2, 1, 0][..])
    );
    let place = |text: &str| format!("fragment 0: edges person-knows-person: {text}");
    let neighbors = |items: [u32; 3]| with_outgoing(&graph, |list| list.neighbors = items.into());
    let edges = |items: [u32; 3]| with_outgoing(&graph, |list| list.edges = items.into());
    found_by_verify(
        &with_outgoing(&graph, |list| list.offsets = vec![0, 2, 1, 3].into()),
        &place("outgoing: offset 2 is 1, expected at least 2, the offset before it"),
    );
    found_by_verify(
        &with_outgoing(&graph, |list| list.offsets = vec![0, u64::MAX, 2, 3].into()),
        &place("outgoing: offset 1 is 18446744073709551615, expected at least 0, the offset before it"),
    );
    let beyond = "outgoing: entry 1 has no vertex at its other end: found 4, expected less than 4";
    found_by_verify(&neighbors([2, 4, 1]), &place(beyond));
    found_by_verify(
        &edges([2, 1, 4]),
        &place("outgoing: entry 2 has no row of the table of edges: found 4, expected less than 4"),
    );
    found_by_verify(
        &edges([2, 2, 0]),
        &place("outgoing: entry 1 is an edge that is listed before: found 2, expected one that is not"),
    );
    let differs = "is not what the outgoing edges say";
    let error = neighbors([2, 1, 1]).verify().unwrap_err().to_string();
    assert!(error.contains(differs), "{error}");
    let error = edges([2, 3, 0]).verify().unwrap_err().to_string();
    assert!(error.contains(differs), "{error}");
    // What is added to a list that lies is refused as well.
    let error =
        neighbors([2, 4, 1]).with_edges(&knows(&[(0, 20)]), crate::graph::property::Dangling::Refuse).unwrap_err();
    assert_eq!(error.to_string(), format!("edges person-knows-person in fragment 0: {beyond}"));
}

#[test]
fn ids_that_lie_are_found() {
    let graph = sample();
    let outer = |lists: Vec<Vec<u64>>| {
        with_people(&graph, |vertices| vertices.outer = lists.into_iter().map(Array::from).collect())
    };
    let right = graph.fragments[0].vertices[0].outer[0][0];
    let place = |text: String| format!("fragment 0: vertices of label `person`: outer vertex {text}");
    let id = crate::graph::property::GlobalId::from_raw;
    found_by_verify(&outer(vec![vec![1]]), &place(format!("0 is {}: it is of no other fragment", id(1))));
    found_by_verify(&outer(vec![vec![u64::MAX]]), &place(format!("0 is {}: it is of another label", id(u64::MAX))));
    found_by_verify(
        &outer(vec![vec![right + 77]]),
        &place(format!("0 is {}: there is no such vertex", id(right + 77))),
    );
    found_by_verify(
        &outer(vec![vec![right, right]]),
        &place(format!("1 is {}: it is not greater than the one before it", id(right))),
    );
    found_by_verify(&outer(vec![vec![right], vec![right]]), &place(format!("1 is {}: it is there twice", id(right))));

    let ids = |ids: [i64; 3], places: [(i64, u32); 3]| {
        let places = SharedMap::from_entries(places, Duplicates::Refuse).unwrap();
        with_ids(&graph, VertexIds { ids: ids.into(), places })
    };
    let place = |text: &str| format!("fragment 0: vertices of label `person`: {text}");
    found_by_verify(
        &ids([20, 10, 0], [(20, 0), (10, 2), (0, 1)]),
        &place("the vertex at 1 is not found there by its id"),
    );
    found_by_verify(
        &ids([20, 10, 0], [(20, 0), (10, 99), (0, 2)]),
        &place("the vertex at 1 is not found there by its id"),
    );
    found_by_verify(
        &ids([20, 10, 10], [(20, 0), (10, 1), (0, 2)]),
        &place("the vertex at 2 is not found there by its id"),
    );
    found_by_verify(
        &ids([20, 10, 5], [(20, 0), (10, 1), (5, 2)]),
        &place("the vertex at 2 has another id in its table"),
    );
    let elsewhere = Graph { partition: Partition::Range(vec![vec![20], vec![2]]), ..graph.clone() };
    found_by_verify(&elsewhere, &place("the vertex at 0 is not in the fragment that the partition says"));
}

#[test]
fn local_numbers_of_32_bits_are_not_exceeded() {
    // As many as do not fit lie in no memory of a test, so it is the count alone that is too large.
    let table = crate::DataFrame::new().with_column("id", crate::Tensor::<i64>::new([0], vec![]).unwrap()).unwrap();
    let outer = Array::from(vec![0u64; 1 << 20]);
    let lists = vec![outer; 1 << 12];
    let vertices = PropertyVertices { table: Part::from(table), outer: lists };
    let error = crate::graph::property::fragment::check_local::<u32>(&vertices).unwrap_err().to_string();
    let expected =
        "vertices of a label in a fragment: found 4294967296, expected at most 4294967295, local numbers of 32 bits";
    assert_eq!(error, expected);
    assert!(crate::graph::property::fragment::check_local::<u64>(&vertices).is_ok());
}

proptest! {
    #[test]
    fn nothing_a_peer_writes_makes_reading_panic(
        offsets in prop::collection::vec(prop_oneof![0u64..6, any::<u64>()], 0..6),
        neighbors in prop::collection::vec(prop_oneof![0u32..6, any::<u32>()], 0..6),
        edges in prop::collection::vec(prop_oneof![0u32..6, any::<u32>()], 0..6),
        outer in prop::collection::vec(any::<u64>(), 0..4),
        num_edges in prop_oneof![0u64..6, any::<u64>()],
        honest in any::<bool>(),
    ) {
        let graph = sample();
        let (mut offsets, mut neighbors, mut edges) = (offsets, neighbors, edges);
        if honest {
            offsets.resize(4, 3);
            (offsets[0], offsets[3]) = (0, 3);
            neighbors.resize(3, 0);
            edges.resize(3, 0);
        }
        let graph = with_edges(&graph, |all| {
            let list = Adjacency { offsets: offsets.into(), neighbors: neighbors.into(), edges: edges.into() };
            all.outgoing = Part::from(list);
            all.num_edges = if honest { all.num_edges } else { num_edges };
        });
        let graph = with_people(&graph, |vertices| vertices.outer = vec![outer.into()]);
        read_all(&graph);
        if graph.stage().is_ok() && graph.verify().is_ok() {
            let (out, into) = edges_of(&graph, 0);
            prop_assert_eq!(out, into);
        }
    }
}
