//! Look-ups in maps in shared memory that another process has put, beside private maps of `hashbrown`; how long these and
//! those take to build, and what a get takes.
//!
//! `maps --help` lists the options.

mod builds;
mod cases;
mod look_ups;
mod table;

use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Parser;
use vineyard_benches::server::{Kind, Server};
use vineyard_benches::{Done, machine, page};

use look_ups::Found;
use table::Results;

const HEAD: &str = "\
The program `maps`: one process builds maps in the store and puts them; others, new ones for each round, get them and look
keys up, and build maps of `hashbrown` with the same entries in memory of their own, which take turns with them. Values are
numbers of 64 bits. Times are medians.

- *Look-up*: a million keys in random order, one after the other, the time divided by their number, so that several are
  under way in the processor at a time. Numbers are random ones of 64 bits, texts have 4 to 24 bytes. 10,000 entries are in
  the cache, millions are not. 14,000 and 14,000,000 are about as many as a table of `hashbrown` takes before it doubles.
- *`hashbrown`*: `HashMap` with its default hasher, foldhash. *With our hash*: with the hash function of shared maps,
  a multiplication for numbers, wyhash for texts. *In huge pages*: the default hasher in a process whose allocator asks the
  system for huge pages (`GLIBC_TUNABLES=glibc.malloc.hugetlb=1`), which shared memory does not have.
- *Get*: until the map can be looked up; the same of an object of 64 B.
- *Build*: of entries in memory; `hashbrown` is told how many there are beforehand, and is given keys that it may keep.
  Maps in the store are built once, by the process that puts them.
- *Bytes*: all payloads; of `hashbrown` its table, and of texts their own bytes without what the allocator adds.
";

/// Measures shared maps beside private ones.
#[derive(Debug, Parser)]
struct Options {
    /// How often everything is measured
    #[arg(long, default_value_t = 5)]
    rounds: usize,

    /// Our server [default: vineyard-server beside this program]
    #[arg(long, value_name = "PROGRAM")]
    server: Option<PathBuf>,

    /// The page whose section `maps` is written; without it, the tables are only printed
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
}

/// Runs this program in a role, and reads what it has found.
fn role(role: &str, socket: &Path, huge: bool) -> Done<Found> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(role).arg(socket);
    if huge {
        command.env("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1");
    }
    let output = command.stderr(std::process::Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(format!("{role} ended with {}", output.status).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn measure(options: &Options) -> Done<Results> {
    let ours = match &options.server {
        Some(program) => program.clone(),
        None => std::env::current_exe()?.with_file_name("vineyard-server"),
    };
    let server = Server::start(&ours, Kind::Cold)?;
    let (mut plain, mut huge, mut builds) = (Vec::new(), Vec::new(), vec![role("put", &server.socket, false)?]);
    for round in 0..options.rounds {
        eprintln!("round {} of {}", round + 1, options.rounds);
        plain.push(role("look-up", &server.socket, false)?);
        huge.push(role("look-up", &server.socket, true)?);
        builds.push(role("build", &server.socket, false)?);
    }
    Ok(Results { plain: table::medians(plain), huge: table::medians(huge), builds: table::medians(builds) })
}

fn main() -> Done {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["put", socket] => return builds::run(socket, true),
        ["build", socket] => return builds::run(socket, false),
        ["look-up", socket] => return look_ups::run(socket),
        _ => {}
    }
    let options = Options::parse();
    let results = measure(&options)?;
    let tables = [table::look_ups(&results), table::gets(&results), table::builds(&results)].join("\n");
    let text = format!("{HEAD}\n{}, {} rounds.\n\n{tables}", machine::facts()?, options.rounds);
    println!("{text}");
    match &options.page {
        None => Ok(()),
        Some(path) => page::replace(path, "maps", &format!("## Hash maps\n\n{text}")),
    }
}
