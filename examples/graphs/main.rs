//! Algorithms on graphs that another process has built: one process builds a network straight in shared memory, directed and
//! undirected, another gets both without a copy, and searches, ranks and counts them with all processors.
//!
//! ```text
//! cargo run --release --example graphs                 starts a private server and runs both processes
//! cargo run --release --example graphs -- build SOCK    only the first process, on a server that runs already
//! cargo run --release --example graphs -- compute SOCK  only the second
//! ```
//!
//! `--scale N` makes `1 << N` vertices. The algorithms are in `examples/src/algorithms`.

mod build;
mod compute;
mod known;

use std::ffi::OsStr;
use std::process::ExitCode;

use vineyard_examples::stage;

/// What `main` returns on failure.
type Failure = Box<dyn std::error::Error>;

/// The names under which the processes find each other's objects.
const FOLLOWS: &str = "graphs/follows";
const FRIENDS: &str = "graphs/friends";

/// The graphs of this example have no weights; the type of none has to be named all the same.
type Graph = vineyard_types::CsrGraph<u32, f64>;

/// Vertices, as a power of two, if nobody asks for another number.
const SCALE: &str = "17";

/// Bytes that the server needs for a scale: two graphs, and the list of edges is none of its business.
fn store_bytes(scale: u32) -> u64 {
    (64 << 20) + (512 << scale)
}

fn run() -> Result<ExitCode, Failure> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut scale = SCALE.to_owned();
    if let Some(place) = arguments.iter().position(|argument| argument == "--scale") {
        arguments.remove(place);
        scale = (place < arguments.len()).then(|| arguments.remove(place)).ok_or("--scale N")?;
    }
    let number: u32 = scale.parse().ok().filter(|number| (1..=26).contains(number)).ok_or("--scale 1 to 26")?;
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match *words.as_slice() {
        [] => {
            let options = [OsStr::new("--scale"), OsStr::new(&scale)];
            stage::run(store_bytes(number), &["build", "compute"], &options)
        }
        ["build", socket] => build::run(socket, number).map(|()| ExitCode::SUCCESS),
        ["compute", socket] => compute::run(socket, number).map(|()| ExitCode::SUCCESS),
        _ => Err("usage: graphs [--scale N] [build SOCKET | compute SOCKET]".into()),
    }
}

fn main() -> ExitCode {
    stage::end("graphs", run())
}
