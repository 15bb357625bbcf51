//! Graphs in compressed rows, built of the edges of an R-MAT graph, beside the crate `graph_builder` and SciPy; PageRank on
//! a graph that another process has built, beside private arrays and NetworKit; and getting it.
//!
//! All take turns. `graph --help` lists the options.

mod builder;
mod builds;
mod edges;
mod memory;
mod ranks;
mod table;

use std::path::{Path, PathBuf};

use clap::Parser;
use vineyard_benches::server::{Kind, Server};
use vineyard_benches::{Done, machine, page};

use builds::Places;

const HEAD: &str = "\
The program `graph`: graphs in compressed rows built of edges in memory, in any order, as Graph500 has them (R-MAT with A, B
and C of 0.57, 0.19 and 0.19, 16 edges for each vertex, labels permuted); a directed graph by source. All take turns in every
round of one run, each in a process of its own that has the edges already. Times are medians, and beside them the best and
the worst. Each result was compared with the others by a checksum, outside of the time.

- *`CsrGraph::build`* on the heap, *`build_in`* in the memory of our server, which was used before, and sealed. Neighbours are
  in ascending order, offsets have 64 bits, and every end is checked.
- *`graph_builder`* 0.4.2, `CsrLayout::Sorted`: the same rows, offsets as wide as ids. So with ids of 64 bits the arrays
  are the same as ours; with ids of 32 bits its offsets are half as wide. The largest id is told to it.
- SciPy, *`tocsr`* of a `coo_array` with weights of 64 bits: rows in ascending order, parallel edges added up, one thread.
  It chooses offsets of 32 bits, ours have 64.
- *Less work*: neighbours in any order. `coo_tocsr` is the step of SciPy that makes rows of edges, with values of one byte.
  What it took is compared with ours, which are sorted.
- *Memory*: how much more memory of the process was in use at most than before it began, by the bytes of the result, which are
  among it; in the first build of the process, which is not among the times. Of `build_in`, memory of the store counts.
- *PageRank*: 20 rounds at a time, each divided by 20, all in 64-bit floats, what sinks have given to all. The code of
  `examples/graphs`, by two threads or as many as there are processors, on the graph with both directions that another process
  built in the store, and on private copies of the same arrays. *NetworKit* does the same with as many threads; the rank of
  the first vertex is compared.
- *Get*: by another process than the one that put, in turns, of the graph (four arrays) and of an object of one array.
  The worst is the 99th percentile.
- The machine's load stands below: where it is above the number of processors, others worked as well, and times are longer than
  they would be alone. All take turns, so ratios suffer less; the distance from best to worst tells how much.
";

/// Bytes of the server for each edge: two graphs with both directions and weights, and room between.
const STORE_PER_EDGE: u64 = 128;

/// Measures graphs.
#[derive(Debug, Parser)]
struct Options {
    /// Vertices, as a power of two
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(4..=26))]
    scale: u32,

    /// How often everything is measured
    #[arg(long, default_value_t = 9)]
    rounds: usize,

    /// Our server [default: vineyard-server beside this program]
    #[arg(long, value_name = "PROGRAM")]
    server: Option<PathBuf>,

    /// A Python that has SciPy and NetworKit
    #[arg(long, value_name = "PROGRAM", env = "VINEYARD_GRAPH_PYTHON")]
    python: PathBuf,

    /// The page whose section `graph` is written; without it, the tables are only printed
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
}

fn measure(options: &Options) -> Done<String> {
    // Read by all; the directory of memory that is there on every Linux.
    let directory = tempfile::tempdir_in("/dev/shm")?;
    let edges = directory.path().join("edges");
    edges::write(&edges, options.scale)?;
    let num_edges = (edges::PER_VERTEX as u64) << options.scale;
    let size = num_edges.saturating_mul(STORE_PER_EDGE).saturating_add(64 << 20);
    let beside = || std::env::current_exe().map(|itself| itself.with_file_name("vineyard-server"));
    let program = options.server.clone().map_or_else(beside, Ok)?;
    let server = Server::start_sized(&program, Kind::Ready, &size.to_string())?;
    let places = Places { python: &options.python, edges: &edges, socket: &server.socket, scale: options.scale };
    let found = builds::run(&places, options.rounds)?;
    let ranks = ranks::run(&places, options.rounds)?;
    Ok([table::aims(&found, &ranks), table::builds(&found), table::ranks(&ranks)].join("\n"))
}

fn write(page: &Path, text: &str) -> Done {
    page::replace(page, "graph", &format!("## Graphs\n\n{text}"))
}

fn main() -> Done {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match *words.as_slice() {
        ["builder", name, file, scale] => return builder::run(name, file, scale, None),
        ["builder", name, file, scale, socket] => return builder::run(name, file, scale, Some(socket)),
        ["put", file, scale, socket] => return ranks::put(file, scale, socket),
        _ => {}
    }
    let options = Options::parse();
    let (vertices, edges) = (1u64 << options.scale, (edges::PER_VERTEX as u64) << options.scale);
    let facts = format!("{}, {vertices} vertices, {edges} edges, {} rounds", machine::facts()?, options.rounds);
    let before = machine::load()?;
    let tables = measure(&options)?;
    let load = format!("The machine's load was {before} before the run and {} at its end", machine::load()?);
    let text = format!("{HEAD}\n{facts}. {load}.\n\n{tables}");
    println!("{text}");
    options.page.as_deref().map_or(Ok(()), |page| write(page, &text))
}
