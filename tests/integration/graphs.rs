//! Graphs that are built where they will be read.

use vineyard_tests::{TestResult, TestServer};
use vineyard_types::graph::{CsrGraph, Directions, EdgeOptions, Edges, Parallel};

type Graph = CsrGraph<u32, f64>;

#[test]
fn a_graph_that_is_built_in_the_store_is_put_without_a_copy() -> TestResult {
    let server = TestServer::start();
    let (client, reader) = (server.client()?, server.client()?);
    let pairs: Vec<(u32, u32)> = (0..50_000).map(|at| (at * 7 % 1000, at * 13 % 997)).collect();
    let weights: Vec<f64> = (0..50_000).map(f64::from).collect();
    let edges = Edges::pairs(&pairs).with_weights(&weights)?;
    // Merged edges leave room at the ends of the arrays, which is given back.
    let pairs_again: Vec<(u32, u32)> = pairs.iter().chain(&pairs).copied().collect();
    for (edges, parallel) in [(edges, Parallel::Keep), (Edges::pairs(&pairs_again), Parallel::Merge)] {
        let options = EdgeOptions { directions: Directions::Both, parallel, ..EdgeOptions::default() };
        let built = Graph::build_in(&client, 1000, edges, options)?;
        assert!(built.targets.is_shared() && built.offsets.is_shared());
        let before = client.instance_status()?.memory_usage;
        let id = client.put(&built)?;
        assert_eq!(client.instance_status()?.memory_usage, before);

        let expected = Graph::build(1000, edges, options)?;
        let got = reader.get::<Graph>(id)?;
        got.verify()?;
        assert!(got.edges().eq(expected.edges()));
        assert_eq!(got.back_targets, expected.back_targets);
        assert_eq!(got.back_edges, expected.back_edges);
    }
    Ok(())
}
