use proptest::prelude::*;

use super::{Graph, again, edges_of, knows, lives_in, options, people, towns};
use crate::DataFrame;
use crate::dataframe::Column;
use crate::graph::property::{Dangling, PartitionBy, PropertyOptions, VertexTable};

proptest! {
    #[test]
    fn edges_that_are_added_are_those_that_were_there_from_the_start(
        friends in prop::collection::vec((0i64..30, 0i64..30), 0..80),
        split in 0usize..80,
        fragments in 1usize..5,
        stored in any::<bool>(),
    ) {
        let friends: Vec<(i64, i64)> = friends.into_iter().map(|(from, to)| (from * 10, to * 10)).collect();
        let (first, second) = friends.split_at(split.min(friends.len()));
        let options = options(fragments, PartitionBy::Hash);
        let mut graph = Graph::build(&[people(30)], &[knows(first)], &options).unwrap();
        if stored {
            graph = again(&graph);
        }
        let graph = graph.with_edges(&knows(second), Dangling::Refuse).unwrap();
        graph.verify().unwrap();
        let whole = Graph::build(&[people(30)], &[knows(&friends)], &options).unwrap();
        prop_assert_eq!(edges_of(&graph, 0), edges_of(&whole, 0));
        for (from, edge) in graph.edges(0) {
            let table = graph.fragments()[edge.fragment].edges(0).unwrap().table();
            let weight = table.numbers::<f64>("weight").unwrap().as_slice()[edge.row];
            prop_assert_eq!(weight, (graph.id(from).unwrap() * 1000 + graph.id(edge.vertex).unwrap()) as f64);
        }
    }
}

fn sample(fragments: usize) -> Graph {
    let edges = [knows(&[(0, 10), (10, 20), (30, 40), (20, 0)])];
    Graph::build(&[people(6)], &edges, &options(fragments, PartitionBy::Hash)).unwrap()
}

#[test]
fn labels_are_added_and_the_rest_is_the_same() {
    for fragments in 1..4 {
        let graph = sample(fragments);
        let with_towns = graph.with_vertex_label(&towns(&[1, 2, 3])).unwrap();
        let both = with_towns.with_edge_label(&[lives_in(&[(0, 1), (50, 3)])], Dangling::Refuse).unwrap();
        both.verify().unwrap();
        assert_eq!(edges_of(&both, 0), edges_of(&graph, 0));
        assert_eq!(edges_of(&both, 1).0, [(0, 1), (50, 3)]);
        for (old, new) in graph.fragments().iter().zip(both.fragments()) {
            assert!(old.edges[0].is_same(&new.edges[0]));
            assert!(old.vertices[0].table.is_same(&new.vertices[0].table));
        }
        assert!(graph.vertex_map.ids[0].iter().zip(&both.vertex_map.ids[0]).all(|(old, new)| old.is_same(new)));
        // What was called so before is called so still.
        assert_eq!(both.vertex(0, &30), graph.vertex(0, &30));
        let error = both.with_vertex_label(&towns(&[9])).unwrap_err().to_string();
        assert_eq!(error, "vertices of label `town`: there is a vertex label `town` already");
        let error = graph.with_edges(&lives_in(&[]), Dangling::Refuse).unwrap_err().to_string();
        assert_eq!(error, "there is no edge label `lives_in`");
    }
}

#[test]
fn fragments_that_get_no_edges_stay_what_they_are() {
    let graph = Graph::build(&[people(40)], &[knows(&[(0, 10)])], &options(4, PartitionBy::Range)).unwrap();
    let more = graph.with_edges(&knows(&[(390, 380)]), Dangling::Refuse).unwrap();
    let same: Vec<bool> = graph.fragments().iter().zip(more.fragments()).map(|(old, new)| old.is_same(new)).collect();
    assert_eq!(same, [true, true, true, false]);
}

#[test]
fn columns_are_added_and_left_out() {
    for fragments in 1..4 {
        let graph = sample(fragments);
        let degrees = graph.fragments().iter().map(|fragment| {
            Column::from(fragment.inner(0).map(|vertex| fragment.out_degree(0, 0, vertex) as u64).collect::<Vec<_>>())
        });
        let ranked = graph.with_vertex_column("person", "degree", degrees.collect()).unwrap();
        ranked.verify().unwrap();
        let (home, local) = ranked.home(ranked.vertex(0, &50).unwrap()).unwrap();
        assert_eq!(home.vertices(0).unwrap().table().numbers::<u64>("degree").unwrap().as_slice()[local], 0);
        assert_eq!(ranked.schema().vertex_labels()[0].columns.last().unwrap().type_name, "uint64");
        for (old, new) in graph.fragments().iter().zip(ranked.fragments()) {
            assert!(old.edges[0].is_same(&new.edges[0]));
            let ages = |graph: &Graph, at: usize| {
                let table = graph.fragments()[at].vertices(0).unwrap().table().clone();
                table.numbers::<u8>("age").unwrap().as_slice().as_ptr()
            };
            assert_eq!(ages(&graph, old.index()), ages(&ranked, new.index()));
        }
        assert!(graph.vertex_map.is_same(&ranked.vertex_map));

        let less = ranked.without_vertex_column("person", "name").unwrap();
        assert_eq!(less.fragments()[0].vertices(0).unwrap().table().num_columns(), 3);
        less.verify().unwrap();
        let error = ranked.without_vertex_column("person", "id").unwrap_err().to_string();
        assert_eq!(error, "column `id` has the ids of label `person`, it cannot be left out");
        let error = ranked.with_vertex_column("person", "degree", vec![vec![0u8; 6].into(); fragments]).unwrap_err();
        assert_eq!(error.to_string(), "vertices of label `person`: there is a column `degree` already");

        if fragments == 3 {
            let parts = (0..3).map(|at| match graph.fragments()[at].inner(0).len() {
                rows if at == 1 => Column::from(vec![0u16; rows]),
                rows => Column::from(vec![0u8; rows]),
            });
            let error = graph.with_vertex_column("person", "n", parts.collect()).unwrap_err().to_string();
            assert!(error.contains("fragment 1") && error.contains("n: uint16), expected (id: int64"), "{error}");
        }

        let rows = |relation: usize| -> Vec<Column> {
            let count = |at: usize| graph.fragments()[at].edges(relation).unwrap().num_edges();
            (0..fragments).map(|at| Column::from(vec![true; count(at)])).collect()
        };
        let marked = graph.with_edge_column("knows", "mark", vec![rows(0)]).unwrap();
        marked.verify().unwrap();
        let plain =
            marked.without_edge_column("knows", "mark").unwrap().without_edge_column("knows", "weight").unwrap();
        plain.verify().unwrap();
        assert_eq!(edges_of(&again(&plain), 0), edges_of(&graph, 0));
        // Without columns, it is the lists that say how many edges there are.
        let counted = plain.with_edge_column("knows", "n", vec![rows(0)]).unwrap();
        assert_eq!(edges_of(&again(&counted), 0), edges_of(&graph, 0));
        let few = plain.with_edge_column("knows", "n", vec![vec![vec![0u8; 9].into(); fragments]]).unwrap_err();
        assert!(
            few.to_string().starts_with("edges of label `knows`: rows of the new column: found 9, expected "),
            "{few}"
        );
    }
}

#[test]
fn columns_are_joined_by_id() {
    let table = |ids: Vec<i64>| {
        let scores: Vec<f32> = ids.iter().map(|id| *id as f32 / 2.0).collect();
        let table = DataFrame::new().with_column("who", ids).unwrap().with_column("score", scores).unwrap();
        VertexTable::new("person", "who", table)
    };
    for fragments in 1..4 {
        let graph = sample(fragments);
        let scored = graph.with_vertex_columns(&table(vec![30, 0, 50, 40, 10, 20])).unwrap();
        scored.verify().unwrap();
        for vertex in scored.vertices(0) {
            let (home, local) = scored.home(vertex).unwrap();
            let scores = home.vertices(0).unwrap().table().numbers::<f32>("score").unwrap();
            assert_eq!(scores.as_slice()[local], *scored.id(vertex).unwrap() as f32 / 2.0);
        }
        let wrong = |ids| graph.with_vertex_columns(&table(ids)).unwrap_err().to_string();
        assert_eq!(wrong(vec![0, 10, 20, 30, 40]), "vertices of label `person`: the vertex 50 has no row");
        let stranger =
            "vertices of label `person`: row 1 has the id 7, which no vertex of label `person` has as its id";
        assert_eq!(wrong(vec![0, 7]), stranger);
        let twice = "vertices of label `person`: row 2 has the id 0, as row 0 has; expected one vertex for each id";
        assert_eq!(wrong(vec![0, 10, 0]), twice);
    }
    // In the order of the graph, the column is shared.
    let graph = Graph::build(&[people(3)], &[], &PropertyOptions::default()).unwrap();
    let added = table(vec![20, 10, 0]);
    let given = added.table.numbers::<f32>("score").unwrap().as_slice().as_ptr();
    let scored = graph.with_vertex_columns(&added).unwrap();
    let table = scored.fragments()[0].vertices(0).unwrap().table();
    assert_eq!(table.numbers::<f32>("score").unwrap().as_slice().as_ptr(), given);
}
