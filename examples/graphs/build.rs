//! Process one: makes edges, and builds two graphs of them in the memory of the server.

use std::time::Instant;

use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use vineyard_core::Client;
use vineyard_examples::rmat::rmat;
use vineyard_examples::show;
use vineyard_types::graph::{Directions, EdgeOptions, Edges, Parallel, SelfLoops};

use crate::{FOLLOWS, FRIENDS, Failure, Graph};

/// Edges for each vertex, and what they depend on.
pub const PER_VERTEX: usize = 16;
pub const SEED: u64 = 2;

/// Who follows whom: all edges, from both ends.
const DIRECTED: EdgeOptions =
    EdgeOptions { directed: true, parallel: Parallel::Keep, self_loops: SelfLoops::Keep, directions: Directions::Both };

/// Who knows whom: one edge at most between two vertices.
const SIMPLE: EdgeOptions = EdgeOptions {
    directed: false,
    parallel: Parallel::Merge,
    self_loops: SelfLoops::Drop,
    directions: Directions::Out,
};

pub fn run(socket: &str, scale: u32) -> Result<(), Failure> {
    set_pdeathsig(Signal::SIGKILL)?;
    let start = Instant::now();
    let edges = rmat(scale, PER_VERTEX, SEED);
    println!(
        "\nprocess 1  (pid {}) made {} edges between {} vertices in {}",
        std::process::id(),
        show::count(edges.len()),
        show::count(1u64 << scale),
        show::time(start.elapsed()),
    );
    let client = Client::connect(socket)?;
    for (name, options) in [(FOLLOWS, DIRECTED), (FRIENDS, SIMPLE)] {
        let start = Instant::now();
        let graph = Graph::build_in(&client, 1 << scale, Edges::pairs(&edges), options)?;
        let built = start.elapsed();
        let start = Instant::now();
        let id = client.put_named(name, &graph)?;
        let put = start.elapsed();
        println!(
            "built      {name}  {id}  {:>11} edges stored, in place in {}, and put in {}",
            show::count(graph.num_edges()),
            show::time(built),
            show::time(put),
        );
    }
    Ok(())
}
