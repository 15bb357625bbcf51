//! What the page says.

use std::collections::BTreeMap;

use vineyard_benches::report::duration;

use crate::builds::LARGE;
use crate::cases::CASES;
use crate::look_ups::{Found, median};

/// Look-ups are to take at most so many times what they take in a private map.
const AIM: f64 = 1.2;

/// Medians of all rounds: of the look-ups, of those with private maps in huge pages, and of the builds.
#[derive(Debug, Default)]
pub(crate) struct Results {
    pub(crate) plain: Found,
    pub(crate) huge: Found,
    pub(crate) builds: Found,
}

/// The median of each number that the rounds have found.
pub(crate) fn medians(rounds: Vec<Found>) -> Found {
    let mut all: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for (what, value) in rounds.into_iter().flatten() {
        all.entry(what).or_default().push(value);
    }
    all.into_iter().map(|(what, mut values)| (what, median(&mut values))).collect()
}

fn of(found: &Found, what: &str) -> f64 {
    found.get(what).copied().unwrap_or(f64::NAN)
}

/// Times of a look-up.
pub(crate) fn look_ups(results: &Results) -> String {
    let mut text =
        "| one look-up | `hashbrown` | with our hash | in huge pages | `SharedMap` | : `hashbrown` | aim 1.2 | \
                    `PerfectMap` | : `hashbrown` |\n|---|---:|---:|---:|---:|---:|---|---:|---:|\n"
            .to_owned();
    for case in CASES {
        for kind in ["hit", "miss"] {
            let row = format!("{kind} {}", case.name);
            let time = |table: &str| of(&results.plain, &format!("{table} {row}"));
            let (private, shared, perfect) = (time("hashbrown"), time("shared"), time("perfect"));
            let verdict = if shared <= private * AIM { "met" } else { "missed" };
            let huge = of(&results.huge, &format!("hashbrown {row}"));
            let what = if kind == "hit" { "key that is there" } else { "key that is not" };
            text += &format!(
                "| {}, a {what} | {} | {} | {} | {} | {:.2} | {verdict} | {} | {:.2} |\n",
                case.name,
                duration(private),
                duration(time("same hash")),
                duration(huge),
                duration(shared),
                shared / private,
                duration(perfect),
                perfect / private
            );
        }
    }
    text
}

/// Times of a get.
pub(crate) fn gets(results: &Results) -> String {
    let mut text = "| one get | 64 B | `SharedMap` | `PerfectMap` |\n|---|---:|---:|---:|\n".to_owned();
    for case in CASES.iter().filter(|case| !case.texts) {
        let time = |table: &str| duration(of(&results.plain, &format!("{table} get {}", case.name)));
        text += &format!("| {} | {} | {} | {} |\n", case.name, time("small"), time("shared"), time("perfect"));
    }
    text
}

/// Times of builds, and bytes.
pub(crate) fn builds(results: &Results) -> String {
    let mut text =
        "| one build | `hashbrown` | `SharedMap`, one thread | all threads | in the store | `PerfectMap`, one \
                    thread | in the store |\n|---|---:|---:|---:|---:|---:|---:|\n"
            .to_owned();
    for case in CASES.iter().filter(|case| case.entries >= LARGE) {
        let time = |what: &str| duration(of(&results.builds, &format!("{what} {}", case.name)));
        let times = ["hashbrown build", "shared one", "shared all", "shared store", "perfect one", "perfect store"];
        text += &format!("| {} | {} |\n", case.name, times.map(time).join(" | "));
    }
    text += "\n| bytes per entry | `hashbrown` | `SharedMap` | `PerfectMap` | of these the hash function |\n\
             |---|---:|---:|---:|---:|\n";
    for case in CASES {
        let bytes = |table: &str| format!("{:.1}", of(&results.plain, &format!("{table} size {}", case.name)));
        let bits = of(&results.plain, &format!("perfect bits {}", case.name));
        let tables = ["hashbrown", "shared", "perfect"].map(bytes).join(" | ");
        text += &format!("| {} | {tables} | {bits:.2} bits |\n", case.name);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn look_ups_meet_the_aim_by_their_medians() {
        let found = |shared: f64| {
            let name = "hit 10,000 numbers";
            Found::from([(format!("hashbrown {name}"), 10.0), (format!("shared {name}"), shared)])
        };
        let plain = medians(vec![found(12.0), found(30.0), found(5.0)]);
        let text = look_ups(&Results { plain, ..Results::default() });
        assert!(text.contains("| 10.0 ns | NaN s | NaN s | 12.0 ns | 1.20 | met |"), "{text}");
        let text = look_ups(&Results { plain: found(12.1), ..Results::default() });
        assert!(text.contains("| 12.1 ns | 1.21 | missed |"), "{text}");
    }

    #[test]
    fn rows_have_the_columns_of_their_heads() {
        let results = Results::default();
        for text in [look_ups(&results), gets(&results)] {
            let columns: Vec<usize> = text.lines().map(|line| line.matches('|').count()).collect();
            assert!(columns.iter().all(|count| *count == columns[0]), "{text}");
        }
    }
}
