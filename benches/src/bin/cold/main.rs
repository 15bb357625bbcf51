//! Puts of a large array into memory that was never used, that was made ready, and that was used before: our client and
//! server, beside the published client and daemon.
//!
//! Every round starts each server anew, and a new process for each client. `cold --help` lists the options.

mod client;

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Parser;
use vineyard_benches::report::duration;
use vineyard_benches::server::{Kind, Server};
use vineyard_benches::{Done, machine, page};

const HEAD: &str = "\
The program `cold`: a put of 256 MiB from the heap, with our client and server, and with the published Python client
(an array of numpy) and daemon, *stock* in the table. Every round starts the servers anew, one after the other, and for
each a new process as its client. Times are medians.

- *Cold*: the first put, with `--prefault off`: no page of memory exists.
- *Ready*: the first put with the default `--prefault`, after the server said that memory is ready. What this costs
  stands below: the time from the start of the server until then, and the memory it takes with nothing stored.
- *Again*: the same process has put and deleted the array before.
";

/// Measures large puts of our client and server beside the published ones.
#[derive(Debug, Parser)]
struct Options {
    /// How often each server is started
    #[arg(long, default_value_t = 7)]
    rounds: usize,

    /// Our server [default: vineyard-server beside this program]
    #[arg(long, value_name = "PROGRAM")]
    server: Option<PathBuf>,

    /// The published daemon
    #[arg(long, value_name = "PROGRAM", env = "VINEYARD_TEST_DAEMON")]
    daemon: PathBuf,

    /// A Python that has the published client
    #[arg(long, value_name = "PROGRAM", env = "VINEYARD_TEST_PYTHON")]
    python: PathBuf,

    /// The page whose section `cold` is written; without it, the table is only printed
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
}

/// What all rounds found about one kind of server, in seconds and bytes.
#[derive(Debug, Default)]
struct Found {
    first: Vec<f64>,
    again: Vec<f64>,
    start: Vec<f64>,
    memory: Vec<f64>,
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

fn measure(options: &Options) -> Done<BTreeMap<Kind, Found>> {
    let itself = std::env::current_exe()?;
    let ours = options.server.clone().unwrap_or_else(|| itself.with_file_name("vineyard-server"));
    let kinds = [Kind::Stock, Kind::Cold, Kind::Ready];
    let mut all: BTreeMap<Kind, Found> = BTreeMap::new();
    for round in 0..options.rounds {
        for turn in 0..kinds.len() {
            let Some(&kind) = kinds.get((round + turn) % kinds.len()) else { continue };
            let program = if kind == Kind::Stock { &options.daemon } else { &ours };
            let server = Server::start(program, kind)?;
            let found = all.entry(kind).or_default();
            found.start.push(server.start.as_secs_f64());
            found.memory.push(server.memory()? as f64);
            let (first, again) = client::run(kind, &options.python, &server)?;
            eprintln!("{kind:?}: first {}, again {}", duration(first * 1e9), duration(median(&again) * 1e9));
            found.first.push(first);
            found.again.extend(again);
        }
    }
    Ok(all)
}

fn table(all: &BTreeMap<Kind, Found>) -> String {
    let of = |kind, values: fn(&Found) -> &Vec<f64>| all.get(&kind).map_or(f64::NAN, |found| median(values(found)));
    let mut text = "| | ours | stock | stock : ours | aim |\n|---|---:|---:|---:|---:|\n".to_owned();
    let mut row = |name, ours: f64, stock: f64, aim| {
        let (shown, shown_stock) = (duration(ours * 1e9), duration(stock * 1e9));
        text += &format!("| {name} | {shown} | {shown_stock} | {:.2} | {aim} |\n", stock / ours);
    };
    let (first, stock_again) = (of(Kind::Stock, |found| &found.first), of(Kind::Stock, |found| &found.again));
    row("put 256 MiB, cold", of(Kind::Cold, |found| &found.first), first, "1.6");
    row("put 256 MiB, ready", of(Kind::Ready, |found| &found.first), first, "4");
    row("put 256 MiB, again", of(Kind::Ready, |found| &found.again), stock_again, "0.95");
    row("put 256 MiB, again, with `--prefault off`", of(Kind::Cold, |found| &found.again), stock_again, "0.95");
    text += "\n| | until clients may come | memory with nothing stored |\n|---|---:|---:|\n";
    for (kind, name) in [(Kind::Cold, "`--prefault off`"), (Kind::Ready, "until it is ready"), (Kind::Stock, "stock")] {
        let (start, memory) = (of(kind, |found| &found.start), of(kind, |found| &found.memory));
        text += &format!("| {name} | {} | {:.0} MiB |\n", duration(start * 1e9), memory / f64::from(1 << 20));
    }
    text
}

fn main() -> Done {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [role, socket, nbytes, again] = arguments.as_slice()
        && role == "put"
    {
        return client::put(socket, nbytes, again);
    }
    let options = Options::parse();
    let text = format!("{HEAD}\n{}, {} rounds.\n\n{}", machine::facts()?, options.rounds, table(&measure(&options)?));
    println!("{text}");
    match &options.page {
        None => Ok(()),
        Some(path) => page::replace(path, "cold", &format!("## Large puts\n\n{text}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_says_how_many_times_the_original_takes() {
        let found = |first, again| Found {
            first: vec![first, first * 3.0, first / 2.0],
            again: vec![again],
            start: vec![1.5],
            memory: vec![f64::from(512 << 20)],
        };
        let all = BTreeMap::from([
            (Kind::Cold, found(0.2, 0.05)),
            (Kind::Ready, found(0.1, 0.05)),
            (Kind::Stock, found(0.4, 0.06)),
        ]);
        let table = table(&all);
        assert!(table.contains("| put 256 MiB, cold | 200 ms | 400 ms | 2.00 | 1.6 |\n"), "{table}");
        assert!(table.contains("| put 256 MiB, ready | 100 ms | 400 ms | 4.00 | 4 |\n"), "{table}");
        assert!(table.contains("| put 256 MiB, again | 50.0 ms | 60.0 ms | 1.20 | 0.95 |\n"), "{table}");
        assert!(table.contains("| 512 MiB |\n"), "{table}");
    }
}
