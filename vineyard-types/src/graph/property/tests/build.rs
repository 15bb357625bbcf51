use proptest::prelude::*;

use super::{Graph, again, edges_of, knows, lives_in, options, people, towns};
use crate::graph::property::{
    Dangling, EdgeTable, PartitionBy, PropertyError, PropertyGraph, PropertyOptions, VertexTable,
};
use crate::{DataFrame, Text};

fn both() -> impl Strategy<Value = PartitionBy> {
    prop_oneof![Just(PartitionBy::Hash), Just(PartitionBy::Range)]
}

proptest! {
    #[test]
    fn every_edge_is_found_from_both_of_its_ends(
        friends in prop::collection::vec((0i64..40, 0i64..40), 0..120),
        homes in prop::collection::vec((0i64..40, 0i64..5), 0..60),
        fragments in 1usize..6,
        partition in both(),
    ) {
        let mut friends: Vec<(i64, i64)> = friends.into_iter().map(|(from, to)| (from * 10, to * 10)).collect();
        let mut homes: Vec<(i64, i64)> = homes.into_iter().map(|(who, town)| (who * 10, town)).collect();
        let tables = (people(40), towns(&[4, 0, 3, 1, 2]));
        let edges = [knows(&friends), lives_in(&homes)];
        let built = Graph::build(&[tables.0, tables.1], &edges, &options(fragments, partition)).unwrap();
        friends.sort_unstable();
        homes.sort_unstable();
        for graph in [&built, &again(&built)] {
            graph.verify().unwrap();
            prop_assert_eq!(edges_of(graph, 0), (friends.clone(), friends.clone()));
            prop_assert_eq!(edges_of(graph, 1), (homes.clone(), homes.clone()));
            prop_assert_eq!((graph.num_vertices(0), graph.num_vertices(1)), (40, 5));
            for id in 0..40 {
                let vertex = graph.vertex(0, &(id * 10)).unwrap();
                prop_assert_eq!(graph.id(vertex), Some(&(id * 10)));
                let (home, local) = graph.home(vertex).unwrap();
                let table = home.vertices(0).unwrap().table();
                prop_assert_eq!(table.numbers::<u8>("age").unwrap().as_slice()[local], id as u8);
                let name = format!("p{id}");
                prop_assert_eq!(table.texts("name").unwrap().get(local), Some(Ok(name.as_str())));
                // In every fragment that has it, it is told by the same id.
                for fragment in graph.fragments() {
                    if let Some((label, local)) = fragment.local(vertex) {
                        prop_assert_eq!(fragment.global(label, local), Some(vertex));
                        prop_assert_eq!(fragment.inner(0).contains(&local), fragment.index() == home.index());
                    }
                }
            }
            prop_assert_eq!(graph.vertex(0, &5), None);
            // Edges have their own rows, also where the edge is in two fragments.
            for (from, edge) in graph.edges(0) {
                let table = graph.fragments()[edge.fragment].edges(0).unwrap().table();
                let weight = table.numbers::<f64>("weight").unwrap().as_slice()[edge.row];
                prop_assert_eq!(weight, (graph.id(from).unwrap() * 1000 + graph.id(edge.vertex).unwrap()) as f64);
            }
        }
    }
}

#[test]
fn a_graph_of_one_fragment_shares_the_tables() {
    let (people, knows) = (people(5), knows(&[(0, 10), (20, 0)]));
    let given = (
        people.table.numbers::<u8>("age").unwrap().as_slice().as_ptr(),
        people.table.numbers::<i64>("id").unwrap().clone(),
    );
    let weights = knows.table.numbers::<f64>("weight").unwrap().as_slice().as_ptr();
    let graph = Graph::build(&[people], &[knows], &PropertyOptions::default()).unwrap();
    let fragment = &graph.fragments()[0];
    let table = fragment.vertices(0).unwrap().table();
    assert_eq!(table.numbers::<u8>("age").unwrap().as_slice().as_ptr(), given.0);
    assert_eq!(graph.vertex_map().ids(0, 0).unwrap().ids().as_ptr(), given.1.as_slice().as_ptr());
    assert_eq!(fragment.edges(0).unwrap().table().numbers::<f64>("weight").unwrap().as_slice().as_ptr(), weights);
}

#[test]
fn ranges_hold_equally_many_vertices() {
    let graph = Graph::build(&[people(40)], &[], &options(4, PartitionBy::Range)).unwrap();
    let sizes: Vec<usize> = graph.fragments().iter().map(|fragment| fragment.inner(0).len()).collect();
    assert_eq!(sizes, [10, 10, 10, 10]);
    let first: Vec<i64> = graph.vertices(0).map(|vertex| *graph.id(vertex).unwrap()).take(3).collect();
    assert_eq!(first, [90, 80, 70]);
    let hashed = Graph::build(&[people(1000)], &[], &options(4, PartitionBy::Hash)).unwrap();
    assert!(hashed.fragments().iter().all(|fragment| (200..300).contains(&fragment.inner(0).len())));
}

#[test]
fn texts_are_ids_as_well() {
    let table = DataFrame::new().with_column("name", vec!["ann", "bob", "naïve"]).unwrap();
    let edges = DataFrame::new().with_column("a", vec!["bob", "naïve"]).unwrap().with_column("b", vec!["ann", "ann"]);
    let edges = EdgeTable::new("likes", ("person", "a"), ("person", "b"), edges.unwrap());
    for fragments in 1..4 {
        for partition in [PartitionBy::Hash, PartitionBy::Range] {
            let people = VertexTable::new("person", "name", table.clone());
            let options = options(fragments, partition);
            let graph = PropertyGraph::<Text, u64>::build(&[people], std::slice::from_ref(&edges), &options).unwrap();
            graph.verify().unwrap();
            let ann = graph.vertex(0, "ann").unwrap();
            let mut fans: Vec<_> = graph.in_edges(0, ann).map(|edge| graph.id(edge.vertex).unwrap()).collect();
            fans.sort_unstable();
            assert_eq!(fans, ["bob", "naïve"]);
            assert_eq!(graph.vertex(0, "eve"), None);
        }
    }
}

#[test]
fn what_does_not_go_together_is_refused_by_name() {
    let build = |vertices: &[VertexTable], edges: &[EdgeTable]| {
        let one = Graph::build(vertices, edges, &PropertyOptions::default()).unwrap_err().to_string();
        for partition in [PartitionBy::Hash, PartitionBy::Range] {
            assert_eq!(Graph::build(vertices, edges, &options(3, partition)).unwrap_err().to_string(), one);
        }
        one
    };
    let twice = VertexTable::new("town", "code", DataFrame::new().with_column("code", vec![5i64, 7, 5]).unwrap());
    let no_ids = VertexTable::new("town", "code", DataFrame::new().with_column("code", vec![5i32]).unwrap());
    let cases = [
        (
            build(&[twice], &[]),
            "vertices of label `town`: row 2 has the id 5, as row 0 has; expected one vertex for each id",
        ),
        (
            build(&[no_ids], &[]),
            "vertices of label `town`: column `code` is of type int32, expected int64, in one dimension",
        ),
        (build(&[towns(&[1]), towns(&[2])], &[]), "vertices of label `town`: there is a vertex label `town` already"),
        (
            build(&[people(3)], &[knows(&[(0, 10), (0, 77), (88, 0)])]),
            "edges person-knows-person: row 1 has the target 77, which no vertex of label `person` has as its id",
        ),
        (
            build(&[people(3)], &[knows(&[(0, 10), (88, 77)])]),
            "edges person-knows-person: row 1 has the source 88, which no vertex of label `person` has as its id",
        ),
        (build(&[people(3)], &[lives_in(&[])]), "edges person-lives_in-town: there is no vertex label `town`"),
        (
            build(&[people(3)], &[knows(&[]), knows(&[])]),
            "edges person-knows-person: there is a relation `person-knows-person` already",
        ),
    ];
    for (found, expected) in cases {
        assert_eq!(found, expected);
    }
    let none = Graph::build(&[], &[], &options(0, PartitionBy::Hash)).unwrap_err();
    assert_eq!(none.to_string(), "fragments: found 0, expected 1 to 65536");
}

#[test]
fn texts_that_are_not_there_are_no_ids() {
    let names = crate::StringArray::from_options([Some("a"), None]);
    let table = DataFrame::new().with_column("name", names).unwrap();
    let people = VertexTable::new("person", "name", table);
    let error = PropertyGraph::<Text, u32>::build(&[people], &[], &PropertyOptions::default()).unwrap_err();
    let expected = "vertices of label `person`: row 1 has no id in column `name`, or one that is not UTF-8";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn dangling_edges_are_left_out_if_asked() {
    let edges = [knows(&[(0, 10), (0, 77), (20, 0)])];
    for fragments in 1..4 {
        let options = PropertyOptions { fragments, dangling: Dangling::Drop, ..PropertyOptions::default() };
        let graph = Graph::build(&[people(3)], &edges, &options).unwrap();
        graph.verify().unwrap();
        assert_eq!(edges_of(&graph, 0).0, [(0, 10), (20, 0)]);
    }
}

#[test]
fn the_ends_of_edges_can_be_all_there_is_of_vertices() {
    let names = DataFrame::new().with_column("a", vec!["b", "c", "b"]).unwrap();
    let names = names.with_column("b", vec!["b", "a", "x"]).unwrap();
    let edges = [EdgeTable::new("e", ("n", "a"), ("n", "b"), names)];
    let vertices = VertexTable::from_ends::<Text>("n", "id", &edges).unwrap();
    assert_eq!(vertices.table().texts("id").unwrap(), &["a", "b", "c", "x"].into_iter().collect());
    let graph = PropertyGraph::<Text, u32>::build(&[vertices], &edges, &options(2, PartitionBy::Hash)).unwrap();
    graph.verify().unwrap();
    let error = VertexTable::from_ends::<i64>("n", "id", &edges).unwrap_err().to_string();
    assert_eq!(error, "edges n-e-n: column `a` is of type text, expected int64, in one dimension");
}

#[test]
fn one_label_may_connect_several() {
    let more = DataFrame::new().with_column("who", vec![10i64]).unwrap().with_column("where", vec![2i64]).unwrap();
    let more = more.with_column("weight", vec![0.5]).unwrap();
    let more = EdgeTable::new("knows", ("person", "who"), ("town", "where"), more);
    let tables = [people(3), towns(&[1, 2])];
    let graph = Graph::build(&tables, &[knows(&[(10, 0)]), more.clone()], &options(2, PartitionBy::Hash)).unwrap();
    graph.verify().unwrap();
    assert_eq!(graph.schema().relation("person", "knows", "town"), Ok(1));
    assert_eq!(graph.schema().edge_labels().len(), 1);
    let (home, local) = graph.home(graph.vertex(0, &10).unwrap()).unwrap();
    assert_eq!((home.out_degree(0, 0, local), home.in_degree(0, 0, local)), (2, 0));
    // All tables of a label have its columns.
    let other = EdgeTable { table: more.table.without_column("weight").unwrap(), ..more };
    let error = Graph::build(&tables, &[knows(&[]), other], &PropertyOptions::default()).unwrap_err();
    assert!(
        matches!(&error, PropertyError::In { cause, .. } if matches!(**cause, PropertyError::Columns { .. })),
        "{error}"
    );
    assert_eq!(error.to_string(), "edges person-knows-town: the columns are (), expected (weight: float64)");
}

#[cfg(feature = "arrow")]
#[test]
fn columns_of_every_kind_are_divided() {
    use arrow_array::{Array, Int32Array, ListArray, types::Int32Type};

    use crate::Tensor;
    use crate::arrow::ArrowArray;

    let lists =
        ListArray::from_iter_primitive::<Int32Type, _, _>((0..20).map(|at| Some(vec![Some(at); at as usize % 3])));
    let nulls: Int32Array = (0..20).map(|at| (at % 2 == 0).then_some(at)).collect();
    let points = Tensor::new([20, 2], (0..40i16).collect::<Vec<_>>()).unwrap();
    let table = DataFrame::new().with_column("id", (0..20i64).collect::<Vec<_>>()).unwrap();
    let table = table.with_column("lists", ArrowArray::from_arrow(&lists)).unwrap();
    let table = table.with_column("nulls", ArrowArray::from_arrow(&nulls)).unwrap();
    let table = table.with_column("points", points).unwrap();
    let graph = Graph::build(&[VertexTable::new("v", "id", table)], &[], &options(3, PartitionBy::Hash)).unwrap();
    graph.verify().unwrap();
    let mut seen = 0;
    for vertex in graph.vertices(0) {
        let id = *graph.id(vertex).unwrap() as usize;
        let (home, local) = graph.home(vertex).unwrap();
        let table = home.vertices(0).unwrap().table();
        let cell = |name: &str| table.arrow(name).unwrap().to_arrow().unwrap().slice(local, 1);
        assert_eq!(cell("lists").as_ref(), &lists.slice(id, 1) as &dyn Array);
        assert_eq!(cell("nulls").as_ref(), &nulls.slice(id, 1) as &dyn Array);
        assert_eq!(table.numbers::<i16>("points").unwrap().row(local), Some(&[2 * id as i16, 2 * id as i16 + 1][..]));
        seen += 1;
    }
    assert_eq!(seen, 20);
}
