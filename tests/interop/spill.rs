//! More than fits into memory, put by the published Python client: it goes to disk and comes back.

use std::path::Path;

use vineyard_core::{Client, ObjectId};
use vineyard_tests::random::Random;
use vineyard_tests::{TestResult, TestServer};
use vineyard_types::DataFrame;

use crate::python_with;

const MIB: u64 = 1 << 20;

/// Frames of `spilled.py` that take four times [`SMALL`].
const FRAMES: usize = 128;

/// The memory of servers in the normal run.
const SMALL: u64 = 8 * MIB;

/// What `words` of `spilled.py` gives.
fn words(seed: usize, count: usize) -> Vec<u64> {
    let mut random = Random::new(seed as u64);
    (0..count).map(|_| random.number()).collect()
}

/// Gets a frame of `spilled.py` and compares every bit; the bytes of its columns.
fn check(client: &Client, id: ObjectId, number: usize) -> Result<u64, Box<dyn std::error::Error>> {
    let found = client.get::<DataFrame>(id)?;
    let (n, x) = (found.numbers::<i64>("n")?, found.numbers::<f64>("x")?);
    let n: Vec<u64> = n.as_slice().iter().map(|number| number.cast_unsigned()).collect();
    let x: Vec<u64> = x.as_slice().iter().map(|number| number.to_bits()).collect();
    assert!(n == words(2 * number, n.len()), "integers of frame {number} are others");
    assert!(x == words(2 * number + 1, x.len()) && x.len() == n.len(), "floats of frame {number} are others");
    Ok(16 * n.len() as u64)
}

/// Waits until no file but the lock of the server is left.
fn until_empty(directory: &Path) -> TestResult {
    loop {
        let mut files = 0;
        for entry in std::fs::read_dir(directory)? {
            files += std::fs::read_dir(entry?.path())?.count();
        }
        if files == 1 {
            return Ok(());
        }
        std::thread::yield_now();
    }
}

#[test]
fn a_process_that_only_puts_may_put_four_times_the_memory() -> TestResult {
    let directory = tempfile::tempdir()?;
    let server = TestServer::spilling(SMALL, directory.path());
    let socket = server.socket().display().to_string();
    let line = python_with("spilled.py", &["put", &socket, &FRAMES.to_string()]);
    let names: Vec<&str> = line.split(' ').collect();
    let ids = names.iter().map(|name| name.parse()).collect::<Result<Vec<ObjectId>, _>>()?;
    assert_eq!(ids.len(), FRAMES);
    let client = server.client()?;
    let used = client.instance_status()?.memory_usage;
    assert!(used <= SMALL, "{used} bytes are in use");
    let mut nbytes = 0;
    for (number, id) in ids.iter().enumerate().rev() {
        nbytes += check(&client, *id, number)?;
    }
    assert!(nbytes >= 4 * SMALL, "only {nbytes} bytes were put");
    let read = python_with("spilled.py", &[&["read", &socket], &names[..]].concat());
    assert_eq!(read, format!("{FRAMES} frames came back the same"));
    for id in ids {
        client.delete(id)?;
    }
    until_empty(directory.path())?;
    drop(client);
    server.stop();
    Ok(())
}

/// Puts, gets and deletes frames in one connection of the published client; so many are there at a time.
fn put_get_and_delete(size: u64, count: usize, backlog: usize) -> TestResult {
    let directory = tempfile::tempdir()?;
    let server = TestServer::spilling(size, directory.path());
    let [socket, count, backlog] = [server.socket().display().to_string(), count.to_string(), backlog.to_string()];
    let line = python_with("spilled.py", &["loop", &socket, &count, &backlog]);
    assert_eq!(line, format!("{count} frames came back the same"));
    assert_eq!(server.client()?.instance_status()?.memory_usage, 0);
    until_empty(directory.path())?;
    server.stop();
    Ok(())
}

#[test]
fn one_connection_puts_gets_and_deletes_without_end() -> TestResult {
    // Eight times the memory, one after the other.
    put_get_and_delete(SMALL, 2 * FRAMES, 0)
}

#[test]
fn one_connection_gets_what_has_gone_to_disk_since_it_put_it() -> TestResult {
    // More than twice the memory at a time.
    put_get_and_delete(SMALL, 2 * FRAMES, FRAMES / 2)
}

/// `VINEYARD_TEST_PYTHON=target/test-venv/bin/python cargo test -p vineyard-tests --features interop --test interop
/// ten_thousand -- --ignored --nocapture`
#[test]
#[ignore = "it takes minutes"]
fn one_connection_puts_gets_and_deletes_ten_thousand_frames() -> TestResult {
    // More than 2.5 GiB in all: one after the other, and more than twice the memory at a time.
    for backlog in [0, 2000] {
        let start = std::time::Instant::now();
        put_get_and_delete(256 * MIB, 10_000, backlog)?;
        println!("{backlog} frames at a time: {:.1} s", start.elapsed().as_secs_f64());
    }
    Ok(())
}
