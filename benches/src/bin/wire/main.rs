//! What requests take over the wire: with our server, with the published daemon, and with an echo as the floor.
//!
//! The three run at the same time and are measured in turns with the same client, which speaks the published protocol
//! and nothing of ours. `wire --help` lists the options; `wire echo SOCKET` is the echo.

mod aims;
mod calls;
mod client;
mod clients;
mod large;
mod measure;
mod operations;
mod options;
mod placement;
mod population;
mod replay;
mod run;
mod server;
mod stage;
mod table;

use std::fmt::Write;
use std::path::Path;

use clap::Parser;
use vineyard_benches::{Done, machine, page};

use operations::Family;
use options::Options;
use placement::Where;
use run::{Found, Run};
use stage::Payloads;

const HEAD: &str = "\
Requests as the published Python client writes them, sent by one raw client to three servers of the same run, which take
turns: ours, the published daemon (`vineyardd` 0.24.2 of PyPI, *stock* in the tables), and an *echo*. The echo is a
blocking thread that waits for as many bytes as the request has and writes a reply of ours that was recorded before; what
it takes is what the client, the sockets and the system take, and no server takes less, unless it looks for the next
request before it sleeps, as ours does for a moment. Times are medians, and 99th percentiles where it says so, writing the
request and reading the reply as JSON included.

- *Not pinned*: the processes run where the system puts them. *One core*, *two cores*: client and server pinned to one
  processor, or each to its own; servers with all their threads, clients too.
- *Put a tensor*: create a blob, write its bytes through the descriptor, seal it, create its metadata. *Get*: its
  metadata, then where its blob lies.
- *Clients*: threads with a connection each; the time of all divided by the gets of all.
- *Payload over TCP*: a remote blob, on the loopback device. Of compressed ones, the numbers 0, 1, 2, … in 8 bytes each;
  what is put was compressed before, what is got is decompressed in the time.
- *Memory of an object*: growth of the server's own memory (`RssAnon`) by a tensor of 64 bytes.
";

fn main() -> Done {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|role| role == "echo") {
        let socket = arguments.next().ok_or("usage: wire echo SOCKET")?;
        return replay::serve(Path::new(&socket));
    }
    let options = Options::parse();
    let programs = options.programs()?;
    let mut payloads = Payloads::default();
    let count = options.population();
    let mut text = format!("{HEAD}\n{}, {count} objects where there are many.\n", machine::facts()?);
    println!("{text}");
    let places = placement::chosen(&options.places())?;
    for (place, rest) in places.iter().zip((0..places.len()).rev()) {
        let found = Found::default();
        let mut run = Run { options: &options, programs: &programs, place: *place, payloads: &mut payloads, found };
        run.all()?;
        // Whether many objects slow a server down does not depend on the placement, and takes long to find out.
        if rest == 0 {
            run.growth()?;
        }
        let part = part(*place, &run.found)?;
        println!("{part}");
        write!(text, "\n{part}")?;
    }
    match &options.page {
        None => Ok(()),
        Some(path) => page::replace(path, "wire", &format!("## The wire\n\n{text}")),
    }
}

/// What one placement found.
fn part(place: Where, Found { rows, grown }: &Found) -> Result<String, std::fmt::Error> {
    let aims = aims::table(rows, run::title(Family::Request), run::title(Family::TcpRequest), grown);
    let mut text = format!("### {}\n\n{aims}", place.title());
    if !rows.is_empty() {
        write!(text, "\n{}", table::operations(rows))?;
    }
    if !grown.is_empty() {
        write!(text, "\n{}", table::growth(grown))?;
    }
    Ok(text)
}
