//! From times to tables.

use vineyard_benches::report::duration;

use crate::builds::{BUILDERS, By, Found, Work};
use crate::ranks::Ranks;

/// How many times the bytes of its result a build of ours is to take at most.
const MEMORY_AIM: f64 = 2.5;

/// How many times as long as on private arrays PageRank is to take on shared ones at most.
const SHARED_AIM: f64 = 1.05;

/// The time that a part of all stay below; of 0 hundredths, the shortest.
fn percentile(times: &[f64], hundredths: usize) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get((sorted.len() * hundredths / 100).min(sorted.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
}

fn median(times: &[f64]) -> f64 {
    percentile(times, 50)
}

/// The median of whoever does a work, if anybody does.
fn of(found: &[Found], work: Work, by: By) -> Option<f64> {
    let found = BUILDERS.iter().zip(found).find(|(builder, _)| builder.work == work && builder.by == by)?.1;
    (!found.times.is_empty()).then(|| median(&found.times))
}

/// A build of others that ours is compared with.
const COMPARED: [(Work, By); 3] = [(Work::Sorted, By::Crate), (Work::Wide, By::Crate), (Work::Merged, By::Python)];

/// Whether the aims are met.
pub(crate) fn aims(found: &[Found], ranks: &Ranks) -> String {
    let mut text = "| aim | found | |\n|---|---:|---|\n".to_owned();
    let mut row = |aim: &str, found: String, met: Option<bool>| {
        let met = met.map_or("not measured", |met| if met { "met" } else { "missed" });
        text += &format!("| {aim} | {found} | {met} |\n");
    };
    for (work, other) in COMPARED {
        for (by, name) in [(By::Heap, "build"), (By::Store, "build in the store")] {
            let ratio = of(found, work, other).zip(of(found, work, by)).map(|(other, ours)| other / ours);
            let found = ratio.map_or_else(String::new, |ratio| format!("{ratio:.2} times as fast"));
            row(&format!("{name}, {}: as fast as others", work.name()), found, ratio.map(|ratio| ratio >= 1.0));
        }
    }
    let shares = BUILDERS.iter().zip(found).filter(|(builder, _)| matches!(builder.by, By::Heap | By::Store));
    let share = shares.map(|(_, found)| found.peak / found.nbytes).fold(0.0, f64::max);
    row(
        &format!("memory of our builds at most {MEMORY_AIM} times the result"),
        format!("{share:.2}"),
        Some(share <= MEMORY_AIM),
    );
    let shared = median(&ranks.shared) / median(&ranks.private);
    row(
        "PageRank on shared arrays within 5 % of private ones",
        format!("{:+.1} %", (shared - 1.0) * 100.0),
        Some(shared <= SHARED_AIM),
    );
    let other = (!ranks.networkit.is_empty()).then(|| median(&ranks.networkit) / median(&ranks.shared));
    let text_of_other = other.map_or_else(String::new, |other| format!("{other:.2} times as fast"));
    row("PageRank as fast as NetworKit's", text_of_other, other.map(|other| other >= 1.0));
    text
}

/// Builds, a row each.
pub(crate) fn builds(all: &[Found]) -> String {
    let mut text = "| | | median | best | worst | it : `build` | MiB of the result | memory : result |\n\
                    |---|---|---:|---:|---:|---:|---:|---:|\n"
        .to_owned();
    for (builder, found) in BUILDERS.iter().zip(all) {
        text += &format!("| {} | {} |", builder.work.name(), builder.name);
        if let Some(why) = &found.missing {
            text += &format!(" {why} |{}\n", " |".repeat(5));
            continue;
        }
        let time = median(&found.times);
        // What does less is compared with what does more, for there is nothing of ours that does less.
        let work = if builder.work == Work::Unsorted { Work::Sorted } else { builder.work };
        let ratio = of(all, work, By::Heap).map_or_else(String::new, |ours| format!("{:.2}", time / ours));
        text += &format!(
            " {} | {} | {} | {ratio} | {:.0} | {:.2} |\n",
            duration(time),
            duration(percentile(&found.times, 0)),
            duration(percentile(&found.times, 100)),
            found.nbytes / f64::from(1 << 20),
            found.peak / found.nbytes,
        );
    }
    text
}

/// PageRank and gets, a row each.
pub(crate) fn ranks(ranks: &Ranks) -> String {
    let mut text = "| | median | best | worst |\n|---|---:|---:|---:|\n".to_owned();
    let rows = [
        ("PageRank, one round, on the graph in the store", &ranks.shared, 100),
        ("the same on private copies of the arrays", &ranks.private, 100),
        ("PageRank of NetworKit, one round", &ranks.networkit, 100),
        ("get of the graph", &ranks.get_graph, 99),
        ("get of an object of 64 B", &ranks.get_small, 99),
    ];
    for (name, times, worst) in rows {
        if times.is_empty() {
            text += &format!("| {name} | {} | | |\n", ranks.missing.as_deref().unwrap_or_default());
            continue;
        }
        let [median, best, worst] = [50, 0, worst].map(|hundredths| duration(percentile(times, hundredths)));
        text += &format!("| {name} | {median} | {best} | {worst} |\n");
    }
    text
}
