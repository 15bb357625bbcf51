//! The main job: one process puts a dataframe and a graph, another gets them without a copy, ranks the airports, and
//! puts the ranks back as one more column.
//!
//! ```text
//! cargo run --release --example airports               starts a private server and runs both processes
//! cargo run --release --example airports -- load SOCK  only the first process, on a server that runs already
//! cargo run --release --example airports -- rank SOCK  only the second
//! ```
//!
//! `--data DIR` reads `airports.csv` and `flights-airport.csv` from a directory instead of the built-in ones.

mod data;
mod load;
mod pagerank;
mod rank;

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::ExitCode;

use vineyard_examples::stage;

/// What `main` returns on failure.
type Failure = Box<dyn std::error::Error>;

/// The names under which the processes find each other's objects.
const TABLE: &str = "airports/table";
const GRAPH: &str = "airports/graph";
const RANKED: &str = "airports/ranked";

/// The graph of this example: vertices are rows of the table of airports, weights are flights.
type Routes = vineyard_types::CsrGraph<u32, f64>;

fn run() -> Result<ExitCode, Failure> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut directory = None;
    if let Some(place) = arguments.iter().position(|argument| argument == "--data") {
        arguments.remove(place);
        directory =
            Some(PathBuf::from((place < arguments.len()).then(|| arguments.remove(place)).ok_or("--data DIR")?));
    }
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match *words.as_slice() {
        [] => {
            let options: Vec<&OsStr> =
                directory.iter().flat_map(|directory| [OsStr::new("--data"), directory.as_os_str()]).collect();
            stage::run(64 << 20, &["load", "rank"], &options)
        }
        ["load", socket] => load::run(socket, directory.as_deref()).map(|()| ExitCode::SUCCESS),
        ["rank", socket] => rank::run(socket).map(|()| ExitCode::SUCCESS),
        _ => Err("usage: airports [--data DIR] [load SOCKET | rank SOCKET]".into()),
    }
}

fn main() -> ExitCode {
    stage::end("airports", run())
}
