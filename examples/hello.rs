//! The shortest whole program: a type of one's own, put and got.

use vineyard_core::{Array, Client, Object};
use vineyard_server::Server;

/// A graph in compressed sparse rows.
#[derive(Object)]
#[object(typename = "hello::Graph")]
struct Graph {
    directed: bool,
    offsets: Array<u64>,
    targets: Array<u32>,
    weights: Option<Array<f64>>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = Server::builder().size(64 << 20).spawn()?; // or connect to one that runs
    let client = Client::connect(server.socket())?;

    let graph = Graph {
        directed: true,
        offsets: vec![0, 2, 3, 3].into(),
        targets: vec![1, 2, 2].into(),
        weights: Some(vec![0.5, 1.0, 1.5].into()),
    };
    let id = client.put(&graph)?; // one copy, into shared memory

    let graph = client.get::<Graph>(id)?; // any process on this host: no copy
    assert_eq!(&graph.targets[..], &[1, 2, 2]);
    assert!(graph.targets.is_shared());
    println!("{id}: directed {}, {} edges, {:?}", graph.directed, graph.targets.len(), graph.weights);
    println!("{} vertices", graph.offsets.len() - 1);
    Ok(())
}
