//! Process two: gets both graphs, computes on the shared arrays, and compares what it finds with what is known.

use std::time::Instant;

use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use vineyard_core::{Client, Stored};
use vineyard_examples::algorithms::{Rows, UNREACHED, bfs, components, pagerank, triangles};
use vineyard_examples::show;

use crate::known::{self, Answers};
use crate::{FOLLOWS, FRIENDS, Failure, Graph};

/// Ranks that change by less than this in sum are final.
const TOLERANCE: f64 = 1e-12;
const MAX_ROUNDS: usize = 1000;

pub fn run(socket: &str, scale: u32) -> Result<(), Failure> {
    set_pdeathsig(Signal::SIGKILL)?;
    let client = Client::connect(socket)?;
    println!("\nprocess 2  (pid {}), {} threads", std::process::id(), rayon::current_num_threads());
    let (follows, friends) = (got(&client, FOLLOWS)?, got(&client, FRIENDS)?);
    let found = Answers { ranked: ranked(&follows)?, reached: reached(&follows)?, ..counted(&friends)? };
    match known::answers(scale) {
        None => println!("\nchecked    nothing: what is right is known of the scales {} only", known::scales()),
        Some(expected) if found.agrees(&expected) => println!("\nchecked    all of it is what igraph finds"),
        Some(expected) => return Err(format!("found {found:?}, igraph finds {expected:?}").into()),
    }
    Ok(())
}

fn got(client: &Client, name: &str) -> Result<Stored<Graph>, Failure> {
    let start = Instant::now();
    let graph = client.get_by_name::<Graph>(name)?;
    let time = show::time(start.elapsed());
    let arrays = [Some(graph.offsets.is_shared()), Some(graph.targets.is_shared())];
    let back = [
        graph.back_offsets.as_ref().map(|array| array.is_shared()),
        graph.back_targets.as_ref().map(|array| array.is_shared()),
    ];
    let shared = arrays.into_iter().chain(back).flatten();
    if !shared.clone().all(|shared| shared) {
        return Err(format!("arrays of {name} were copied").into());
    }
    println!(
        "got        {name}  {}  {:>9}  in {time}, {} arrays, none copied",
        graph.id(),
        show::bytes(graph.nbytes()),
        shared.count()
    );
    Ok(graph)
}

/// The vertex with the highest rank, and its rank.
fn ranked(graph: &Graph) -> Result<(usize, f64), Failure> {
    let (out, into) = Rows::both(graph)?;
    let start = Instant::now();
    let (ranks, rounds) = pagerank(out, into, TOLERANCE, MAX_ROUNDS);
    let time = start.elapsed();
    let (vertex, rank) =
        ranks.into_iter().enumerate().max_by(|one, other| one.1.total_cmp(&other.1)).ok_or("no vertices")?;
    let each = show::time(time / u32::try_from(rounds)?);
    println!(
        "pagerank   {rounds} rounds in {}, {each} each; vertex {vertex} has the highest rank, {rank:.9}",
        show::time(time)
    );
    Ok((vertex, rank))
}

/// How many vertices are as far away from the one with the most edges: 0, 1, 2 and so on.
fn reached(graph: &Graph) -> Result<Vec<usize>, Failure> {
    let (out, into) = Rows::both(graph)?;
    let source = (0..out.num_vertices()).max_by_key(|vertex| (out.degree(*vertex), *vertex)).ok_or("no vertices")?;
    let start = Instant::now();
    let distances = bfs(out, into, u32::try_from(source)?);
    let time = start.elapsed();
    let mut counts = Vec::new();
    for distance in distances.into_iter().filter(|distance| *distance != UNREACHED) {
        let place = distance as usize;
        if counts.len() <= place {
            counts.resize(place + 1, 0);
        }
        counts[place] += 1;
    }
    let all: usize = counts.iter().sum();
    println!(
        "bfs        {} vertices reached from {source} in {}, in {} steps",
        show::count(all),
        show::time(time),
        counts.len().saturating_sub(1)
    );
    Ok(counts)
}

/// What is counted in the undirected graph.
fn counted(graph: &Graph) -> Result<Answers, Failure> {
    let (rows, _) = Rows::both(graph)?;
    let start = Instant::now();
    let names = components(rows);
    let time = show::time(start.elapsed());
    let mut sizes = vec![0; names.len()];
    names.iter().for_each(|name| sizes[*name as usize] += 1);
    let (components, largest) =
        (sizes.iter().filter(|size| **size > 0).count(), sizes.iter().copied().max().unwrap_or_default());
    println!("components {} in {time}; the largest has {} vertices", show::count(components), show::count(largest));
    let start = Instant::now();
    let triangles = triangles(rows);
    println!("triangles  {} in {}", show::count(triangles), show::time(start.elapsed()));
    Ok(Answers { components, largest, triangles, ..Answers::default() })
}
