//! The processes in Rust that build graphs: `graph builder NAME FILE SCALE [SOCKET]`. They answer as the program in Python
//! does.

use std::io::BufRead;
use std::path::Path;

use graph_builder::graph::csr::{Csr, CsrLayout};
use graph_builder::index::Idx;
use graph_builder::input::{Direction, EdgeList};
use graph_builder::{UndirectedCsrGraph, UndirectedNeighbors};
use vineyard_benches::Done;
use vineyard_core::Client;
use vineyard_types::graph::{CsrGraph, EdgeOptions, Edges, Parallel, VertexId};

use crate::edges::{self, Checksum};
use crate::memory::{Measured, measure};

/// Answers every line of the input with what a build took.
fn serve(mut build: impl FnMut() -> Done<String>) -> Done {
    println!("ready");
    for line in std::io::stdin().lock().lines() {
        match line?.as_str() {
            "build" => println!("{}", build()?),
            other => return Err(format!("{other} is not build").into()),
        }
    }
    Ok(())
}

fn answer<T>(measured: &Measured<T>, nbytes: usize, sum: Checksum) -> String {
    format!("{} {} {nbytes} {}", measured.nanoseconds, measured.peak, sum.0)
}

/// A graph of ours, on the heap or in the memory of a server.
fn ours<V: VertexId>(
    edges: &[(V, V)],
    weights: Option<&[f64]>,
    options: EdgeOptions,
    num_vertices: usize,
    client: Option<&Client>,
) -> Done {
    let edges = Edges::pairs(edges);
    let edges = weights.map_or(Ok(edges), |weights| edges.with_weights(weights))?;
    serve(|| {
        let built = measure(|| match client {
            Some(client) => Ok(CsrGraph::<V, f64>::build_in(client, num_vertices, edges, options)?),
            None => Ok(CsrGraph::<V, f64>::build(num_vertices, edges, options)?),
        })?;
        let graph = &built.result;
        graph.verify_sorted()?;
        let mut sum = Checksum::default();
        graph.edges().for_each(|(vertex, target, weight)| {
            sum.add(vertex, target.into(), weight.map_or(1, |weight| weight as u64));
        });
        let weights = graph.weights.as_ref().map_or(0, |weights| size_of_val(&weights[..]));
        let nbytes = size_of_val(&graph.offsets[..]) + size_of_val(&graph.targets[..]) + weights;
        let text = answer(&built, nbytes, sum);
        if let Some(client) = client {
            // So that the next one finds the memory free.
            let id = client.put(graph)?;
            drop(built);
            client.delete(id)?;
        }
        Ok(text)
    })
}

/// A graph of the crate `graph_builder`.
fn theirs<I: Idx + Into<u64>>(edges: Vec<(I, I)>, num_vertices: usize, layout: CsrLayout) -> Done {
    let last = I::new(num_vertices - 1);
    let edges = edges.into_iter().map(|(source, target)| (source, target, ())).collect();
    let edges = EdgeList::with_max_node_id(edges, last);
    serve(|| {
        let count = I::new(num_vertices);
        let built = measure(|| Ok(Csr::<I, I, ()>::from((&edges, count, Direction::Outgoing, layout))))?;
        let Measured { result, nanoseconds, peak } = built;
        // What it has is seen through a graph.
        let graph = UndirectedCsrGraph::<I>::from(result);
        let (mut sum, mut num_edges) = (Checksum::default(), 0);
        for vertex in 0..num_vertices {
            let row = graph.neighbors(I::new(vertex)).as_slice();
            num_edges += row.len();
            row.iter().for_each(|target| sum.add(vertex, (*target).into(), 1));
        }
        let nbytes = (num_vertices + 1 + num_edges) * size_of::<I>();
        Ok(answer(&Measured { result: (), nanoseconds, peak }, nbytes, sum))
    })
}

/// Runs a builder until its input ends.
pub(crate) fn run(name: &str, file: &str, scale: &str, socket: Option<&str>) -> Done {
    let edges = edges::read(Path::new(file))?;
    let num_vertices = 1 << scale.parse::<u32>()?;
    let wide = || edges.iter().map(|(source, target)| (u64::from(*source), u64::from(*target))).collect::<Vec<_>>();
    let client = socket.map(Client::connect).transpose()?;
    let (plain, merged) = (EdgeOptions::default(), EdgeOptions { parallel: Parallel::Merge, ..EdgeOptions::default() });
    match name {
        "ours" => ours(&edges, None, plain, num_vertices, client.as_ref()),
        "ours-wide" => ours(&wide(), None, plain, num_vertices, client.as_ref()),
        "ours-merged" => ours(&edges, Some(&edges::weights(edges.len())), merged, num_vertices, client.as_ref()),
        "theirs" => theirs(edges, num_vertices, CsrLayout::Sorted),
        "theirs-wide" => theirs(wide(), num_vertices, CsrLayout::Sorted),
        "theirs-unsorted" => theirs(edges, num_vertices, CsrLayout::Unsorted),
        other => Err(format!("there is no builder {other}").into()),
    }
}
