//! PageRank on the graph that another process has put, and getting it.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use vineyard_benches::{Asked, Done, Payload};
use vineyard_core::{Client, ObjectId};
use vineyard_examples::algorithms::{Rows, pagerank};
use vineyard_types::graph::{CsrGraph, Directions, EdgeOptions, Edges};

use crate::builds::{Places, python};
use crate::edges;

/// The graph without weights.
type Graph = CsrGraph<u32, f64>;

/// Rounds of PageRank that are one measurement.
const ROUNDS: usize = 20;

/// Gets of each kind.
const GETS: usize = 1000;

/// Bytes of the small object.
const SMALL: usize = 64;

/// The names of the objects.
const NAMES: [&str; 2] = ["bench/graph", "bench/small"];

/// Nanoseconds of each measurement; of PageRank, by round.
#[derive(Debug, Default)]
pub(crate) struct Ranks {
    pub(crate) shared: Vec<f64>,
    pub(crate) private: Vec<f64>,
    pub(crate) networkit: Vec<f64>,
    /// Why there is nothing of NetworKit, if there is nothing.
    pub(crate) missing: Option<String>,
    pub(crate) get_graph: Vec<f64>,
    pub(crate) get_small: Vec<f64>,
}

/// The process that puts: `graph put FILE SCALE SOCKET`. Builds the graph with both directions in the store.
pub(crate) fn put(file: &str, scale: &str, socket: &str) -> Done {
    let edges = edges::read(Path::new(file))?;
    let client = Client::connect(socket)?;
    let options = EdgeOptions { directions: Directions::Both, ..EdgeOptions::default() };
    let graph = Graph::build_in(&client, 1 << scale.parse::<u32>()?, Edges::pairs(&edges), options)?;
    let [of_graph, of_small] = NAMES;
    client.put_named(of_graph, &graph)?;
    client.put_named(of_small, &Payload { bytes: vec![7; SMALL].into() })?;
    Ok(())
}

/// Measures all of it, in turns.
pub(crate) fn run(places: &Places<'_>, rounds: usize) -> Done<Ranks> {
    let mut command = Command::new(std::env::current_exe()?);
    let status = command.arg("put").arg(places.edges).arg(places.scale.to_string()).arg(places.socket).status()?;
    if !status.success() {
        return Err(format!("the process that puts the graph ended with {status}").into());
    }
    let client = Client::connect(places.socket)?;
    let mut networkit = python(places, "NetworKit", "networkit")?;
    let mut ranks = Ranks { missing: networkit.missing().map(str::to_owned), ..Ranks::default() };
    let [of_graph, of_small] = NAMES;
    let graph = client.get_by_name::<Graph>(of_graph)?;
    let (out, into) = Rows::both(&graph)?;
    let (Some(back_offsets), Some(back_targets)) = (&graph.back_offsets, &graph.back_targets) else {
        return Err("the graph has one direction".into());
    };
    let copies = (graph.offsets.to_vec(), graph.targets.to_vec(), back_offsets.to_vec(), back_targets.to_vec());
    let (own_out, own_into) = (Rows::new(&copies.0, &copies.1), Rows::new(&copies.2, &copies.3));
    for round in 0..rounds {
        for place in 0..3 {
            match (round + place) % 3 {
                0 => ranks.shared.push(rank(out, into).0),
                1 => ranks.private.push(rank(own_out, own_into).0),
                _ if ranks.missing.is_some() => {}
                _ => ranks.networkit.push(theirs(&mut networkit, rank(out, into).1)?),
            }
        }
    }
    let (graph_id, small_id) = (graph.id(), client.get_by_name::<Payload>(of_small)?.id());
    gets(&client, graph_id, small_id, &mut ranks)?;
    Ok(ranks)
}

/// Nanoseconds of a round, and the rank of the first vertex.
fn rank(out: Rows<'_>, into: Rows<'_>) -> (f64, f64) {
    let start = Instant::now();
    let (ranks, rounds) = pagerank(out, into, 0.0, ROUNDS);
    (start.elapsed().as_secs_f64() * 1e9 / rounds as f64, ranks.first().copied().unwrap_or(f64::NAN))
}

/// Nanoseconds of a round of NetworKit, whose rank of the first vertex has to be the expected one.
fn theirs(process: &mut Asked, expected: f64) -> Done<f64> {
    let line = process.ask(&format!("rank {ROUNDS}"))?;
    let words: Vec<&str> = line.split_whitespace().collect();
    let [time, rounds, first] = words.as_slice() else { return Err(format!("NetworKit answers {line:?}").into()) };
    let (rounds, first): (usize, f64) = (rounds.parse()?, first.parse()?);
    if rounds != ROUNDS || (first - expected).abs() > expected * 1e-9 {
        return Err(format!("NetworKit finds {first} after {rounds} rounds, expected {expected} after {ROUNDS}").into());
    }
    Ok(time.parse::<f64>()? / rounds as f64)
}

/// Gets of the graph and of a small object, in turns.
fn gets(client: &Client, graph: ObjectId, small: ObjectId, ranks: &mut Ranks) -> Done {
    for _ in 0..GETS {
        let start = Instant::now();
        drop(client.get::<Graph>(graph)?);
        ranks.get_graph.push(start.elapsed().as_secs_f64() * 1e9);
        let start = Instant::now();
        drop(client.get::<Payload>(small)?);
        ranks.get_small.push(start.elapsed().as_secs_f64() * 1e9);
    }
    Ok(())
}
