//! Puts and gets of a frame of 20 columns and a million rows, from Rust and from Python, beside the published client and
//! daemon, Ray, files in Arrow's IPC format on tmpfs, and a copy in memory.
//!
//! All take turns. `frames --help` lists the options.

mod files;
mod frame;
mod ours;
mod peer;
mod python;
mod requests;
mod rounds;
mod table;

use std::path::{Path, PathBuf};

use clap::Parser;
use vineyard_benches::server::Kind;
use vineyard_benches::{Done, machine, page};
use vineyard_types::DataFrame;

use files::Files;
use frame::COLUMNS;
use ours::Ours;
use peer::{Needs, Peer};
use python::Python;
use rounds::Programs;

const HEAD: &str = "\
The program `frames`: a frame of 20 columns of 64-bit floats with 1,000,000 rows, 160 MB, put from the heap and got. All
rows of the table take turns in every round of one run, each with a server, an object store or a directory that was
started or made for it, while the others have none. Processes stay. Times are medians, and beside them the 99th percentile,
or the longest of fewer than 100.

- *`memcpy`*: the same bytes from the same place to memory of the same process; fresh is newly allocated, again is the
  same once more. What a put takes, nobody expects to be below this, unless several threads copy.
- *Put, fresh*: into memory that was never used: no page exists. Our server runs with `--prefault off` for this, but for
  the row *memory made ready*, which is its default.
- *Put, again*: what was put was deleted before, so that pages exist; of a file, it is overwritten and not cut off. Ours and
  the published client reuse the same pages; Ray learns of a deletion later and is given 0.1 s for it, and may take others.
- *Get*: until the frame is there as a `DataFrame`, as Arrow's or pandas' type, all without a copy; the *first* one of a
  client, which may map memory, and others. *Get, look, let go*: the same, then a look at one value of each column and the
  end of all views.
- The sum of all values was compared with what was put, outside of the time.
- *Stock*: the published Python client and daemon. *Exact*: the published client with `vineyard-exact`, which matters to
  record batches; frames of numbers are the same with it and without.
- Ray copies with several threads; its frame is one block, and comes back as one.
- *Requests*: what our server counted for a put and a get that were not the first. Notices, for whose replies nobody waits,
  are told beside them; a get is followed by those that give its views back.
";

/// Measures puts and gets of a frame.
#[derive(Debug, Parser)]
struct Options {
    /// How often everything is measured
    #[arg(long, default_value_t = 9)]
    rounds: usize,

    /// Rows of the frame
    #[arg(long, default_value_t = 1_000_000)]
    rows: usize,

    /// Only the peers that have one of these texts in their names, and the copy in memory
    #[arg(long, value_name = "TEXT", num_args = 1..)]
    only: Vec<String>,

    /// Our server [default: vineyard-server beside this program]
    #[arg(long, value_name = "PROGRAM")]
    server: Option<PathBuf>,

    /// The published daemon
    #[arg(long, value_name = "PROGRAM", env = "VINEYARD_TEST_DAEMON")]
    daemon: PathBuf,

    /// A Python that has the published client, pyarrow and perhaps Ray
    #[arg(long, value_name = "PROGRAM", env = "VINEYARD_TEST_PYTHON")]
    python: PathBuf,

    /// The page whose section `frames` is written; without it, the tables are only printed
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
}

const OURS: [&str; 2] = ["Rust, `DataFrame`", "Rust, Arrow's `RecordBatch`"];

const IN_PYTHON: &[(&str, &str, Needs)] = &[
    ("Python, pandas, stock client, our server", "vineyard", Needs::Server(Kind::Cold)),
    ("Python, pandas, stock client and daemon", "vineyard", Needs::Server(Kind::Stock)),
    ("Python, pandas, Ray", "ray", Needs::Directory),
    ("Python, `RecordBatch`, stock client, our server", "vineyard-batch", Needs::Server(Kind::Cold)),
    ("Python, `RecordBatch`, exact client, our server", "exact-batch", Needs::Server(Kind::Cold)),
    ("Python, `RecordBatch`, stock client and daemon", "vineyard-batch", Needs::Server(Kind::Stock)),
    ("Python, Arrow IPC file on tmpfs (`pyarrow`)", "file", Needs::Tmpfs),
];

/// All peers, the copy in memory first, then those that have aims.
fn peers(options: &Options) -> Done<(Vec<Box<dyn Peer>>, f64)> {
    let columns = frame::columns(options.rows);
    let sum = frame::sum(&columns);
    let batch = frame::batch(&columns)?;
    let filled = columns
        .iter()
        .try_fold(DataFrame::new(), |frame, (name, values)| frame.with_column(name.as_str(), values.clone()))?;
    let [as_frame, as_batch] = OURS;
    let mut peers: Vec<Box<dyn Peer>> = vec![
        Box::new(frame::Copy::new(columns)),
        Box::new(Ours::new(as_frame, Kind::Cold, filled.clone())),
        Box::new(Ours::new(as_batch, Kind::Cold, batch.clone())),
        Box::new(Ours::new("Rust, `DataFrame`, memory made ready", Kind::Ready, filled)),
        Box::new(Files::new(batch)),
    ];
    let is_wanted = |name: &str| options.only.is_empty() || options.only.iter().any(|text| name.contains(text));
    let copy = peers.remove(0);
    peers.retain(|peer| is_wanted(peer.name()));
    peers.insert(0, copy);
    for (name, peer, needs) in IN_PYTHON.iter().filter(|(name, ..)| is_wanted(name)) {
        peers.push(Box::new(Python::start(&options.python, name, peer, *needs, options.rows)?));
    }
    Ok((peers, sum))
}

fn measure(options: &Options) -> Done<String> {
    let beside = |name: &str| std::env::current_exe().map(|itself| itself.with_file_name(name));
    let ours = options.server.clone().map_or_else(|| beside("vineyard-server"), Ok)?;
    let programs = Programs { ours, stock: options.daemon.clone() };
    let (mut peers, sum) = peers(options)?;
    let mut asked = Vec::new();
    for (number, peer) in peers.iter_mut().enumerate() {
        if let Some(found) = requests::count(peer.as_mut())? {
            asked.push((number, found));
        }
    }
    let samples = rounds::run(&mut peers, &programs, options.rounds, sum)?;
    let with_aims: Vec<usize> = (0..peers.len()).filter(|number| OURS.contains(&peers[*number].name())).collect();
    let named: Vec<_> = asked.into_iter().map(|(number, found)| (peers[number].name(), found)).collect();
    let tables =
        [table::aims(&samples, &peers, 0, &with_aims), table::times(&samples, &peers, 0), table::requests(&named)];
    Ok(tables.join("\n"))
}

fn write(page: &Path, text: &str) -> Done {
    page::replace(page, "frames", &format!("## Frames\n\n{text}"))
}

fn main() -> Done {
    let options = Options::parse();
    let facts = format!("{}, {COLUMNS} columns of {} rows, {} rounds", machine::facts()?, options.rows, options.rounds);
    let text = format!("{HEAD}\n{facts}.\n\n{}", measure(&options)?);
    println!("{text}");
    options.page.as_deref().map_or(Ok(()), |page| write(page, &text))
}
