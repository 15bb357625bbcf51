//! Rounds, in which the peers take turns.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use vineyard_benches::Done;
use vineyard_benches::report::duration;
use vineyard_benches::server::{Kind, Server};

use crate::peer::{Needs, Peer};

/// Where files lie in memory.
const TMPFS: &str = "/dev/shm";

/// Puts of a round after the first.
const AGAIN: usize = 5;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum What {
    PutFresh,
    PutReused,
    FirstGet,
    Get,
    Touch,
}

/// All times in nanoseconds, by the number of the peer and by what was measured.
pub(crate) type Samples = BTreeMap<(usize, What), Vec<f64>>;

/// The servers' programs.
#[derive(Debug)]
pub(crate) struct Programs {
    pub(crate) ours: PathBuf,
    pub(crate) stock: PathBuf,
}

/// What a peer was given for a round; gone when this is dropped.
enum Place {
    Nothing,
    Server(Box<Server>),
    Directory(TempDir),
}

impl Place {
    fn new(needs: Needs, programs: &Programs) -> Done<Self> {
        Ok(match needs {
            Needs::Nothing => Self::Nothing,
            Needs::Server(Kind::Stock) => Self::Server(Server::start(&programs.stock, Kind::Stock)?.into()),
            Needs::Server(kind) => Self::Server(Server::start(&programs.ours, kind)?.into()),
            Needs::Tmpfs => Self::Directory(tempfile::tempdir_in(TMPFS)?),
            Needs::Directory => Self::Directory(tempfile::tempdir()?),
        })
    }

    fn path(&self) -> &Path {
        match self {
            Self::Nothing => Path::new(""),
            Self::Server(server) => &server.socket,
            Self::Directory(directory) => directory.path(),
        }
    }
}

/// The turn of one peer.
fn turn(peer: &mut dyn Peer, programs: &Programs, sum: f64) -> Done<Vec<(What, f64)>> {
    let place = Place::new(peer.needs(), programs)?;
    peer.open(place.path())?;
    let mut times = vec![(What::PutFresh, peer.put()?)];
    if peer.gets() > 0 {
        times.push((What::FirstGet, peer.get()?));
    }
    check(peer, sum)?;
    for _ in 0..AGAIN {
        peer.delete()?;
        times.push((What::PutReused, peer.put()?));
    }
    for _ in 0..peer.gets() {
        times.push((What::Get, peer.get()?));
        times.push((What::Touch, peer.touch()?));
    }
    check(peer, sum)?;
    peer.close()?;
    Ok(times)
}

fn check(peer: &mut dyn Peer, expected: f64) -> Done {
    let found = peer.sum()?;
    // Both are whole numbers far below 2^53.
    if found == expected {
        Ok(())
    } else {
        Err(format!("`{}` gives values whose sum is {found}, put were {expected}", peer.name()).into())
    }
}

/// All rounds; in each, another peer is the first. `sum` is that of all values of the frame.
pub(crate) fn run(peers: &mut [Box<dyn Peer>], programs: &Programs, rounds: usize, sum: f64) -> Done<Samples> {
    let mut samples = Samples::new();
    let count = peers.len();
    for round in 0..rounds {
        for place in 0..count {
            let number = (round + place) % count;
            let Some(peer) = peers.get_mut(number).filter(|peer| peer.missing().is_none()) else { continue };
            let times = turn(peer.as_mut(), programs, sum).map_err(|error| format!("{}: {error}", peer.name()))?;
            let again = times.iter().rfind(|(what, _)| *what == What::PutReused).map_or(f64::NAN, |(_, time)| *time);
            eprintln!("round {round}: {}: put again in {}", peer.name(), duration(again));
            for (what, time) in times {
                samples.entry((number, what)).or_default().push(time);
            }
        }
    }
    Ok(samples)
}
