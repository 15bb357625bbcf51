use vineyard_types::graph::{Directions, EdgeOptions, Parallel, SelfLoops};

use super::*;

type Graph = CsrGraph<u32, f64>;

const SIMPLE: EdgeOptions = EdgeOptions {
    directed: false,
    parallel: Parallel::Merge,
    self_loops: SelfLoops::Drop,
    directions: Directions::Out,
};

const BOTH: EdgeOptions =
    EdgeOptions { directed: true, parallel: Parallel::Keep, self_loops: SelfLoops::Keep, directions: Directions::Both };

/// Who knows whom in a karate club (Zachary: An information flow model for conflict and fission in small groups, 1977).
fn club() -> Graph {
    const KNOWN: &[(u32, &[u32])] = &[
        (0, &[1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 17, 19, 21, 31]),
        (1, &[2, 3, 7, 13, 17, 19, 21, 30]),
        (2, &[3, 7, 8, 9, 13, 27, 28, 32]),
        (3, &[7, 12, 13]),
        (4, &[6, 10]),
        (5, &[6, 10, 16]),
        (6, &[16]),
        (8, &[30, 32, 33]),
        (9, &[33]),
        (13, &[33]),
        (14, &[32, 33]),
        (15, &[32, 33]),
        (18, &[32, 33]),
        (19, &[33]),
        (20, &[32, 33]),
        (22, &[32, 33]),
        (23, &[25, 27, 29, 32, 33]),
        (24, &[25, 27, 31]),
        (25, &[31]),
        (26, &[29, 33]),
        (27, &[33]),
        (28, &[31, 33]),
        (29, &[32, 33]),
        (30, &[32, 33]),
        (31, &[32, 33]),
        (32, &[33]),
    ];
    let edges = KNOWN.iter().flat_map(|(one, others)| others.iter().map(|other| (*one, *other)));
    Graph::from_edges(34, edges, SIMPLE).unwrap()
}

#[test]
fn the_club_has_what_is_known_of_it() {
    let graph = club();
    let (out, into) = Rows::both(&graph).unwrap();
    assert_eq!((out.num_vertices(), graph.num_edges()), (34, 2 * 78));
    assert_eq!(triangles(out), 45);
    assert_eq!(components(out), [0; 34]);
    let distances = bfs(out, into, 16);
    let counts: Vec<usize> = (0..7).map(|far| distances.iter().filter(|found| **found == far).count()).collect();
    assert_eq!(counts, [1, 2, 3, 12, 8, 8, 0]);
    let (ranks, _) = pagerank(out, into, 1e-14, 1000);
    // By igraph 1.0.0.
    for (vertex, expected) in [(0, 0.096_997_285_4), (16, 0.016_784_005_4), (33, 0.100_919_182_3)] {
        assert!((ranks[vertex] - expected).abs() < 1e-9, "{vertex}: {}, expected {expected}", ranks[vertex]);
    }
}

#[test]
fn ranks_of_sinks_go_to_all() {
    let edges = [(0, 1), (1, 2), (2, 0), (2, 3), (0, 1), (0, 3)];
    let graph = Graph::from_edges(4, edges, BOTH).unwrap();
    let (out, into) = Rows::both(&graph).unwrap();
    let (ranks, rounds) = pagerank(out, into, 1e-14, 1000);
    assert!(rounds < 1000);
    // By igraph 1.0.0.
    for (rank, expected) in ranks.iter().zip([0.217_364_299_4, 0.219_950_158_8, 0.283_734_690_8, 0.278_950_850_9]) {
        assert!((rank - expected).abs() < 1e-9, "{ranks:?}");
    }
    let (reverse_out, reverse_into) = (into, out);
    assert_ne!(pagerank(reverse_out, reverse_into, 1e-14, 1000).0, ranks);
    assert_eq!(pagerank(out, into, 0.0, 3).1, 3);
}

#[test]
fn distances_are_those_of_a_plain_search() {
    let edges = crate::rmat::rmat(13, 16, 5);
    let graph = Graph::from_edges(1 << 13, edges.iter().copied(), BOTH).unwrap();
    let (out, into) = Rows::both(&graph).unwrap();
    for source in [edges[0].0, edges[1].0] {
        let mut expected = vec![UNREACHED; out.num_vertices()];
        expected[source as usize] = 0;
        let mut queue = std::collections::VecDeque::from([source as usize]);
        while let Some(vertex) = queue.pop_front() {
            for target in out.of(vertex) {
                if expected[*target as usize] == UNREACHED {
                    expected[*target as usize] = expected[vertex] + 1;
                    queue.push_back(*target as usize);
                }
            }
        }
        assert!(expected.iter().filter(|found| **found != UNREACHED).count() > 1000);
        assert_eq!(bfs(out, into, source), expected);
    }
    assert_eq!(bfs(out, into, 1 << 13), vec![UNREACHED; 1 << 13]);
}

#[test]
fn components_are_named_by_their_smallest_vertex() {
    let graph = Graph::from_edges(7, [(6, 2), (5, 2), (3, 1), (4, 4)], BOTH).unwrap();
    let (out, into) = Rows::both(&graph).unwrap();
    assert_eq!(components(out), [0, 1, 2, 1, 4, 2, 2]);
    assert_eq!(components(into), [0, 1, 2, 1, 4, 2, 2]);
    // Few edges for each vertex, so that there are many components; each is what a search finds in it.
    let graph = Graph::from_edges(1 << 12, crate::rmat::rmat(12, 1, 5), SIMPLE).unwrap();
    let (out, into) = Rows::both(&graph).unwrap();
    let found = components(out);
    for start in (0..1 << 12).filter(|vertex| found[*vertex as usize] == *vertex) {
        let reached = bfs(out, into, start);
        let same = |(name, distance): (&u32, &u32)| (*name == start) == (*distance != UNREACHED);
        assert!(found.iter().zip(&reached).all(same), "{start}");
    }
}

#[test]
fn triangles_are_those_of_three_loops() {
    let graph = Graph::from_edges(64, crate::rmat::rmat(6, 8, 5), SIMPLE).unwrap();
    let (rows, _) = Rows::both(&graph).unwrap();
    let mut expected = 0;
    for one in 0..64 {
        for other in one + 1..64 {
            let third = (other + 1..64).filter(|third| graph.has_edge(one, *third) && graph.has_edge(other, *third));
            expected += if graph.has_edge(one, other) { third.count() as u64 } else { 0 };
        }
    }
    assert!(expected > 50);
    assert_eq!(triangles(rows), expected);
}

#[test]
fn a_graph_with_one_direction_is_refused() {
    let graph = Graph::from_edges(2, [(0, 1)], EdgeOptions::default()).unwrap();
    assert_eq!(Rows::both(&graph).unwrap_err(), GraphError::Half { found: "targets", missing: "back_targets" });
    let graph = Graph { targets: vec![9].into(), ..graph };
    assert!(matches!(Rows::both(&graph), Err(GraphError::Target { found: 9, .. })));
}
