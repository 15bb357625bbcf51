//! From times to tables.

use vineyard_benches::report::duration;

use crate::peer::Peer;
use crate::requests::Requests;
use crate::rounds::{Samples, What};

/// What share of the speed of a copy into existing pages a put of ours is to have.
const PUT_AIM: f64 = 0.8;

/// Nanoseconds that a get of ours is to stay below.
const GET_AIM: f64 = 50e3;

/// From how many times on there is a 99th percentile; of fewer, the longest is told.
const MANY: usize = 100;

/// The time that a part of all stay below.
fn percentile(times: &[f64], hundredths: usize) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get((sorted.len() * hundredths / 100).min(sorted.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
}

/// The median of what was measured of a peer, if it was.
fn median(samples: &Samples, peer: usize, what: What) -> Option<f64> {
    samples.get(&(peer, what)).map(|times| percentile(times, 50))
}

/// The 99th percentile, or the longest of few.
fn spread(samples: &Samples, peer: usize, what: What) -> Option<f64> {
    samples.get(&(peer, what)).map(|times| percentile(times, if times.len() < MANY { 100 } else { 99 }))
}

/// Whether the aims are met: a row for each of the peers `ours`. `copy` is the number of the copy in memory.
pub(crate) fn aims(samples: &Samples, peers: &[Box<dyn Peer>], copy: usize, ours: &[usize]) -> String {
    let mut text = "| aim | found | |\n|---|---:|---|\n".to_owned();
    let mut row = |name: &str, aim: String, found: String, met| {
        text += &format!("| {name}: {aim} | {found} | {} |\n", if met { "met" } else { "missed" });
    };
    let floor = median(samples, copy, What::PutReused).unwrap_or(f64::NAN);
    for number in ours {
        let Some(peer) = peers.get(*number) else { continue };
        let of = |what| median(samples, *number, what).unwrap_or(f64::NAN);
        let share = floor / of(What::PutReused);
        let aim = format!("put again at {PUT_AIM} of the speed of `memcpy` into existing pages");
        row(peer.name(), aim, format!("{share:.2}"), share >= PUT_AIM);
        let get = of(What::Get);
        row(peer.name(), format!("get below {}", duration(GET_AIM)), duration(get), get < GET_AIM);
    }
    text
}

/// The times of all peers, a row each.
pub(crate) fn times(samples: &Samples, peers: &[Box<dyn Peer>], copy: usize) -> String {
    let mut text =
        "| | put, fresh | worst | put, again | worst | `memcpy` : put, again | first get | get | p99 | get, look, \
                    let go | p99 |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n"
            .to_owned();
    let floor = median(samples, copy, What::PutReused);
    for (number, peer) in peers.iter().enumerate() {
        text += &format!("| {} |", peer.name());
        if let Some(why) = peer.missing() {
            text += &format!(" {why} |{}\n", " |".repeat(9));
            continue;
        }
        let (median, spread) = (|what| median(samples, number, what), |what| spread(samples, number, what));
        let cell = |text: Option<String>| text.map_or_else(|| " |".to_owned(), |text| format!(" {text} |"));
        let share = floor.zip(median(What::PutReused)).map(|(floor, put)| format!("{:.2}", floor / put));
        let time = |time: Option<f64>| time.map(duration);
        for found in [
            time(median(What::PutFresh)),
            time(spread(What::PutFresh)),
            time(median(What::PutReused)),
            time(spread(What::PutReused)),
            share,
            time(median(What::FirstGet)),
            time(median(What::Get)),
            time(spread(What::Get)),
            time(median(What::Touch)),
            time(spread(What::Touch)),
        ] {
            text += &cell(found);
        }
        text.push('\n');
    }
    text
}

/// The requests of those peers that make any.
pub(crate) fn requests(found: &[(&str, Requests)]) -> String {
    let mut text = "| requests to our server | put | | get | |\n|---|---:|---|---:|---|\n".to_owned();
    for (name, Requests { put, get }) in found {
        text += &format!("| {name} |");
        for counts in [put, get] {
            let kinds = counts.iter().map(|(request, count)| match count {
                1 => format!("`{request}`"),
                count => format!("{count} `{request}`"),
            });
            let kinds = kinds.collect::<Vec<_>>().join(", ");
            text += &format!(" {} | {kinds} |", counts.values().sum::<u64>());
        }
        text.push('\n');
    }
    text
}
