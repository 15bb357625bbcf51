//! Putting four times the memory and reading it back: our client and our server, which writes to disk what does not fit,
//! beside plain files of the same sizes on the same disk, with checksums and without.
//!
//! The three take turns. `spill --help` lists the options.

mod files;
mod payloads;
mod server;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Parser;
use vineyard_benches::{Done, machine, page};

use files::{Files, leave_cache};
use payloads::Payloads;
use server::Ours;

const HEAD: &str = "\
The program `spill`: objects of one array each are put until they take more than the memory of the server, which writes
what does not fit to its `--spill-path`; then all are got, in the same order, so that each has to come back. Beside it,
the same bytes in plain files of the same disk, a file for each array, with the checksum that the server takes (XXH3) and
without, in steps of 1 MiB, as the server does. The three take turns, each starting with an empty directory. Throughput
is what was put or got by the time it took, medians.

- *Put*: ours copies into shared memory, and from there into files. Nobody waits for the disk beyond what the system asks
  for: neither the server nor the plain files are synchronised.
- *Get*: what was written is still in the page cache as far as the system keeps it. Ours writes as much as it reads: for
  what comes back, something else has to leave.
- *Get from the disk*: everything was synchronised and taken out of the page cache before; the server was asked to evict
  everything. Ours still writes as much as it reads, into the page cache.
- Of what comes back, one byte of each page is looked at. Plain files are read into a buffer that is used again.
";

/// Measures spilling beside plain files.
#[derive(Debug, Parser)]
struct Options {
    /// Memory of the server, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 1024)]
    memory: u64,

    /// Arrays, each an object of its own
    #[arg(long, default_value_t = 256)]
    objects: usize,

    /// Size of each, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 16)]
    each: usize,

    /// How often everything is measured
    #[arg(long, default_value_t = 3)]
    rounds: usize,

    /// Where files are written [default: the system's directory for temporary files]
    #[arg(long, value_name = "DIRECTORY")]
    directory: Option<PathBuf>,

    /// Our server [default: vineyard-server beside this program]
    #[arg(long, value_name = "PROGRAM")]
    server: Option<PathBuf>,

    /// The page whose section `spill` is written; without it, the table is only printed
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
}

/// Who keeps the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Ours,
    Plain,
    Checked,
}

const KINDS: [Kind; 3] = [Kind::Ours, Kind::Plain, Kind::Checked];

/// The seconds of all rounds.
#[derive(Debug, Default)]
struct Found {
    put: Vec<f64>,
    get: Vec<f64>,
    from_disk: Vec<f64>,
}

/// The seconds of one row.
type Times = fn(&Found) -> &Vec<f64>;

fn timed(work: impl FnOnce() -> Done) -> Done<f64> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed().as_secs_f64())
}

/// One round of one kind: put, get, get from the disk.
fn round(kind: Kind, options: &Options, payloads: &Payloads, directory: &Path) -> Done<[f64; 3]> {
    if kind != Kind::Ours {
        let mut files = Files::new(directory, kind == Kind::Checked);
        let (put, get) = (timed(|| files.put(payloads))?, timed(|| files.get(payloads))?);
        leave_cache(directory)?;
        return Ok([put, get, timed(|| files.get(payloads))?]);
    }
    let beside = || Ok::<_, std::io::Error>(std::env::current_exe()?.with_file_name("vineyard-server"));
    let program = options.server.clone().map_or_else(beside, Ok)?;
    let mut ours = Ours::start(&program, options.memory << 20, directory)?;
    let (put, get) = (timed(|| ours.put(payloads))?, timed(|| ours.get(payloads))?);
    ours.evict()?;
    leave_cache(directory)?;
    Ok([put, get, timed(|| ours.get(payloads))?])
}

fn measure(options: &Options) -> Done<BTreeMap<Kind, Found>> {
    let payloads = Payloads::new(options.objects, options.each << 20);
    let mut all: BTreeMap<Kind, Found> = BTreeMap::new();
    for number in 0..options.rounds {
        for turn in 0..KINDS.len() {
            let kind = KINDS[(number + turn) % KINDS.len()];
            let parent = options.directory.clone().unwrap_or_else(std::env::temp_dir);
            let directory = tempfile::tempdir_in(parent)?;
            let [put, get, from_disk] = round(kind, options, &payloads, directory.path())?;
            eprintln!("{kind:?}: put {put:.2} s, get {get:.2} s, from the disk {from_disk:.2} s");
            let found = all.entry(kind).or_default();
            found.put.push(put);
            found.get.push(get);
            found.from_disk.push(from_disk);
        }
    }
    Ok(all)
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

fn table(all: &BTreeMap<Kind, Found>, mib: f64) -> String {
    let mut text =
        "| MiB/s | ours | files with checksums | files | ours : files with checksums |\n|---|---:|---:|---:|---:|\n"
            .to_owned();
    let rows: [(&str, Times); 3] =
        [("put", |found| &found.put), ("get", |found| &found.get), ("get from the disk", |found| &found.from_disk)];
    for (name, values) in rows {
        let of = |kind| all.get(&kind).map_or(f64::NAN, |found| mib / median(values(found)));
        let (ours, checked, plain) = (of(Kind::Ours), of(Kind::Checked), of(Kind::Plain));
        text += &format!("| {name} | {ours:.0} | {checked:.0} | {plain:.0} | {:.2} |\n", ours / checked);
    }
    text
}

fn main() -> Done {
    let options = Options::parse();
    let mib = options.objects * options.each;
    let facts = format!(
        "{}, {} arrays of {} MiB, {mib} MiB in all, with {} MiB of memory, {} rounds",
        machine::facts()?,
        options.objects,
        options.each,
        options.memory,
        options.rounds
    );
    let text = format!("{HEAD}\n{facts}.\n\n{}", table(&measure(&options)?, mib as f64));
    println!("{text}");
    match &options.page {
        None => Ok(()),
        Some(path) => page::replace(path, "spill", &format!("## More than fits into memory\n\n{text}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_medians_of_throughput() {
        let found = |put: f64| Found { put: vec![put, put * 3.0, put / 2.0], get: vec![2.0], from_disk: vec![4.0] };
        let all = BTreeMap::from([(Kind::Ours, found(4.0)), (Kind::Plain, found(1.0)), (Kind::Checked, found(2.0))]);
        let table = table(&all, 400.0);
        assert!(table.contains("| put | 100 | 200 | 400 | 0.50 |\n"), "{table}");
        assert!(table.contains("| get from the disk | 100 | 100 | 100 | 1.00 |\n"), "{table}");
    }

    #[test]
    fn files_are_read_as_they_were_written() -> Done {
        let payloads = Payloads::new(10, 3 << 19);
        for with_checksums in [true, false] {
            let directory = tempfile::tempdir()?;
            let mut files = Files::new(directory.path(), with_checksums);
            files.put(&payloads)?;
            leave_cache(directory.path())?;
            files.get(&payloads)?;
            std::fs::write(directory.path().join("9"), vec![0; 3 << 19])?;
            assert!(files.get(&payloads).is_err(), "other bytes");
        }
        Ok(())
    }
}
