//! From times to tables.

use vineyard_benches::report::duration;

use crate::peer::Peer;
use crate::requests::{Requests, is_notice};
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

/// The requests of those peers that make any; the numbers are without notices.
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
            let waited: u64 = counts.iter().filter(|(request, _)| !is_notice(request)).map(|(_, count)| count).sum();
            text += &format!(" {waited} | {kinds} |");
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use vineyard_benches::Done;

    use super::*;
    use crate::frame::Copy;
    use crate::peer::{Needs, Peer};

    /// A peer of which only the name is asked.
    struct Absent;

    impl Peer for Absent {
        fn name(&self) -> &str {
            "absent"
        }

        fn needs(&self) -> Needs {
            Needs::Nothing
        }

        fn missing(&self) -> Option<&str> {
            Some("not installed")
        }

        fn gets(&self) -> usize {
            0
        }

        fn open(&mut self, _: &Path) -> Done {
            Err("absent".into())
        }

        fn put(&mut self) -> Done<f64> {
            Err("absent".into())
        }

        fn get(&mut self) -> Done<f64> {
            Err("absent".into())
        }

        fn touch(&mut self) -> Done<f64> {
            Err("absent".into())
        }

        fn sum(&mut self) -> Done<f64> {
            Err("absent".into())
        }

        fn delete(&mut self) -> Done {
            Err("absent".into())
        }

        fn close(&mut self) -> Done {
            Err("absent".into())
        }
    }

    fn peers() -> [Box<dyn Peer>; 2] {
        [Box::new(Copy::new(Vec::new())), Box::new(Absent)]
    }

    #[test]
    fn aims_are_met_or_missed_by_the_medians() {
        let mut samples = Samples::from([((0, What::PutReused), vec![8e6, 9e9, 1e6])]);
        samples.insert((1, What::PutReused), vec![10e6]);
        samples.insert((1, What::Get), vec![49e3, 51e3, 1e3]);
        let text = aims(&samples, &peers(), 0, &[1]);
        assert!(text.contains("existing pages | 0.80 | met |"), "{text}");
        assert!(text.contains("get below 50.0 µs | 49.0 µs | met |"), "{text}");
        samples.insert((1, What::PutReused), vec![10.1e6]);
        samples.insert((1, What::Get), vec![50e3]);
        let text = aims(&samples, &peers(), 0, &[1]);
        assert_eq!(text.matches("missed").count(), 2, "{text}");
    }

    #[test]
    fn rows_have_the_columns_of_the_head_whoever_is_missing() {
        let samples = Samples::from([((0, What::PutReused), vec![8e6; 200])]);
        let text = times(&samples, &peers(), 0);
        assert!(text.lines().all(|line| line.matches('|').count() == 12), "{text}");
        assert!(text.contains("| absent | not installed |"), "{text}");
    }

    #[test]
    fn notices_are_told_and_not_counted() {
        let get = BTreeMap::from([("get_data".to_owned(), 1), ("release_leases_notice".to_owned(), 20)]);
        let text = requests(&[("a", Requests { put: BTreeMap::new(), get })]);
        assert!(text.contains("| a | 0 |  | 1 | `get_data`, 20 `release_leases_notice` |"), "{text}");
    }
}
