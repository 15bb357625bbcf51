//! Prints the page with the results of the last run: `bench-report CRITERION_DIRECTORY`.

use std::fs;
use std::path::Path;

use vineyard_benches::{Done, report};

const HEAD: &str = "# Benchmarks

Made by `benches/run.sh`, which runs the benchmark `put_get` and writes this page. Times are medians. They are only
worth comparing within one run: between machines, and between hours on a shared machine, they differ by a factor of two.

- *Round trip*: a blocking echo of 64 bytes over a UNIX socket between two processes, which both sleep while they wait.
  The server looks for the next request a moment longer before it sleeps, so a request can cost less than this.
- *One core*, *two cores*: both processes pinned to one processor, or each to its own. Where idle processors sleep
  deeply, as on virtual machines, waking the other one costs more than everything else.
- *Put*: an object with one array from the heap, copied once into shared memory that was used before. Two requests:
  allocate, create. Deleting it again is not in the time.
- *Get*: two requests, whatever the size. Dropping the view is in the time.
- *Members*: arrays of 64 bytes, each a blob of its own.
";

/// The value of the first line of a file that starts with a key.
fn fact(path: &str, key: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(key))?;
    line.rsplit(": ").next().map(str::to_owned)
}

fn main() -> Done {
    let directory = std::env::args().nth(1).ok_or("usage: bench-report CRITERION_DIRECTORY")?;
    let medians = report::read(Path::new(&directory))?;
    let processor = fact("/proc/cpuinfo", "model name").unwrap_or_else(|| "an unknown processor".to_owned());
    let kernel = fact("/proc/sys/kernel/osrelease", "").unwrap_or_else(|| "unknown".to_owned());
    let threads = std::thread::available_parallelism()?;
    println!(
        "{HEAD}\nMeasured on {processor}, {threads} processors, Linux {kernel}.\n\n{}",
        report::table(&medians).trim_end()
    );
    Ok(())
}
