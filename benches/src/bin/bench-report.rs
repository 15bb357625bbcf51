//! Writes the section of `put_get` with the results of the last run: `bench-report CRITERION_DIRECTORY PAGE`.

use std::path::Path;

use vineyard_benches::{Done, machine, page, report};

const HEAD: &str = "## Put and get

The benchmark `put_get`: our client and our server, with what only they agree on. Times are medians.

- *Round trip*: a blocking echo of 64 bytes over a UNIX socket between two processes, which both sleep while they wait.
  Our server and our client look for what comes next a moment before they sleep, so a request can cost less than this.
- *One core*, *two cores*: both processes pinned to one processor, or each to its own. Where idle processors sleep
  deeply, as on virtual machines, waking the other one costs more than everything else.
- *Put*: an object with one array from the heap, copied once into shared memory that was used before. One
  request up to 32 KiB, else two: allocate, create. Deleting it again is not in the time.
- *Get*: one request, whatever the size. Dropping the view is in the time.
- *Members*: arrays of 64 bytes, each a blob of its own.
";

fn main() -> Done {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [directory, path] = arguments.as_slice() else {
        return Err("usage: bench-report CRITERION_DIRECTORY PAGE".into());
    };
    let table = report::table(&report::read(Path::new(directory))?);
    page::replace(Path::new(path), "put_get", &format!("{HEAD}\n{}.\n\n{table}", machine::facts()?))
}
