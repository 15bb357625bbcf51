//! Clients killed at every step, again and again. `CRASH_ROUNDS` says how many; 60 by default.

use std::collections::BTreeMap;
use std::path::Path;

use vineyard_tests::crash::{Aftermath, Ground, SPILL_STEPS, STEPS, Sights, Step, Watcher};
use vineyard_tests::{TestResult, TestServer};

use crate::PEER;
use crate::known::is_left_out;

/// The memory of servers whose objects do not fit.
const LITTLE: u64 = 3 << 20;

type Table = BTreeMap<&'static str, Aftermath>;

fn rounds() -> Result<usize, Box<dyn std::error::Error>> {
    Ok(std::env::var("CRASH_ROUNDS").map_or(Ok(60), |rounds| rounds.parse())?)
}

/// As many rounds, each with the next step.
fn kill(
    server: &Path,
    steps: &[Step],
    rounds: usize,
    strict: bool,
    in_memory: bool,
) -> Result<(Table, Sights), Box<dyn std::error::Error>> {
    let watcher = Watcher::start(server)?;
    let mut ground = Ground::new(PEER, server, strict, in_memory)?;
    let mut table = Table::new();
    for (step, seed) in steps.iter().cycle().take(rounds.max(steps.len())).zip(0..) {
        let aftermath = table.entry(step.name).or_default();
        ground.round(*step, seed, aftermath).map_err(|error| format!("`{}` with seed {seed}: {error}", step.name))?;
    }
    Ok((table, watcher.stop()?))
}

/// Rounds without and with a disk: a tenth of them with.
fn shares(rounds: usize) -> (usize, usize) {
    (rounds - rounds / 10, rounds / 10)
}

fn assert_unharmed((table, sights): &(Table, Sights)) {
    for (name, aftermath) in table {
        assert_eq!((aftermath.left, aftermath.broken), (0, 0), "{name}: {aftermath:?}");
    }
    assert!(sights.views > 0, "nobody looked");
    assert_eq!(sights.wrong, 0, "{sights:?}");
}

#[test]
fn whoever_is_killed_leaves_whole_objects_and_nothing_else() -> TestResult {
    if is_left_out("crash::whoever_is_killed_leaves_whole_objects_and_nothing_else") {
        return Ok(());
    }
    let server = TestServer::start();
    assert_unharmed(&kill(server.socket(), STEPS, shares(rounds()?).0, true, true)?);
    server.stop();
    Ok(())
}

#[test]
fn whoever_is_killed_leaves_nothing_on_disk() -> TestResult {
    if is_left_out("crash::whoever_is_killed_leaves_nothing_on_disk") {
        return Ok(());
    }
    let directory = tempfile::tempdir()?;
    let server = TestServer::spilling(LITTLE, directory.path());
    assert_unharmed(&kill(server.socket(), SPILL_STEPS, shares(rounds()?).1, true, false)?);
    // One file says whose directory it is.
    while files(directory.path())? > 1 {
        std::thread::yield_now();
    }
    server.stop();
    Ok(())
}

/// All files below a directory.
fn files(directory: &Path) -> std::io::Result<usize> {
    let mut count = 0;
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        count += if entry.file_type()?.is_dir() { files(&entry.path())? } else { 1 };
    }
    Ok(count)
}

/// `cargo test -p vineyard-tests --test integration crash::side_by_side -- --ignored --nocapture`
#[test]
#[ignore = "it compares with the published daemon, at VINEYARD_TEST_DAEMON, and takes its time"]
fn side_by_side() -> TestResult {
    let (memory, disk) = shares(rounds()?);
    let [ours, theirs] = [TestServer::start(), TestServer::published(256 << 20, None)];
    let our_side = kill(ours.socket(), STEPS, memory, true, true)?;
    let their_side = kill(theirs.socket(), STEPS, memory, false, true)?;
    ours.stop();
    println!("{:32}{:>8}{:>12}{:>8}{:>14}{:>8}", "killed", "rounds", "ours left", "broken", "theirs left", "broken");
    for (name, our) in &our_side.0 {
        let their = their_side.0.get(name).copied().unwrap_or_default();
        println!("{name:32}{:>8}{:>12}{:>8}{:>14}{:>8}", our.rounds, our.left, our.broken, their.left, their.broken);
    }
    println!("looked at meanwhile: ours {:?}, theirs {:?}", our_side.1, their_side.1);
    // The published daemon keeps in memory what a connection has put, until it ends: there, such a client cannot be.
    let directory = tempfile::tempdir()?;
    let ours = TestServer::spilling(LITTLE, directory.path());
    let our_side = kill(ours.socket(), SPILL_STEPS, disk, true, false)?;
    for (name, our) in &our_side.0 {
        println!("{name:32}{:>8}{:>12}{:>8}", our.rounds, our.left, our.broken);
    }
    println!("looked at meanwhile: ours {:?}", our_side.1);
    ours.stop();
    Ok(())
}
