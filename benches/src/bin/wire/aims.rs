//! What is aimed at, and what was found.

use std::fmt::Write;

use crate::measure::{ByKind, Times};
use crate::population::Grown;
use crate::server::Kind;
use crate::table::Row;

/// How near to the echo a request has to be, if it is not so much faster than with the published daemon.
const NEAR: f64 = 1.3;

/// One line for each aim: what it is, and what was found. What was not measured has none.
pub(crate) fn table(rows: &[Row], requests: &str, tcp: &str, grown: &[Grown]) -> String {
    let mut out = String::from("| aim | found |\n|---|---|\n");
    let mut line = |aim: &str, found: Option<String>| {
        if let Some(found) = found {
            let _ = writeln!(out, "| {aim} | {found} |");
        }
    };
    let better = |group: &str| -> Vec<(&Row, f64)> {
        let rows = rows.iter().filter(|row| row.group == group);
        rows.filter_map(|row| Some((row, row.ratio(Kind::Stock, Kind::Ours)?))).collect()
    };
    let times = |name: &str| {
        let row = rows.iter().find(|row| row.name.starts_with(name))?;
        row.ratio(Kind::Stock, Kind::Ours).map(|ratio| format!("{ratio:.1} times"))
    };
    let mean = |group: &str| geometric_mean(better(group).iter().map(|(_, ratio)| *ratio));
    line(
        "one request over the UNIX socket: 3.5 times as fast as the published daemon, in the geometric mean",
        mean(requests).map(|mean| format!("{mean:.2} times")),
    );
    let worst = better(requests).into_iter().filter(|(row, _)| !row.ratio(Kind::Ours, Kind::Echo).is_some_and(near));
    line(
        "none below 2.5 times, unless it takes at most 1.3 times what the echo takes",
        least(worst).or_else(|| mean(requests).map(|_| "all are so near to the echo".to_owned())),
    );
    line("one request over TCP", mean(tcp).map(|mean| format!("{mean:.2} times in the geometric mean")));
    line("put of a tensor of 64 bytes: 4 times", times("put a tensor of 64 B"));
    line("list of 100 among many objects: 5 times", times("list_data"));
    line("4 clients together: 4 times", times("get a tensor, 4 clients"));
    line("memory of an object: at most half", times("memory of an object").map(|times| format!("less by {times}")));
    let flat = |of: fn(&Grown) -> &ByKind<Times>| {
        let all: Vec<f64> = grown.iter().filter_map(|at| Some(of(at).get(&Kind::Ours)?.p50)).collect();
        let (first, most) = (*all.first()?, all.iter().copied().fold(f64::MIN, f64::max));
        (all.len() > 1).then(|| format!("{:+.0} %", (most / first - 1.0) * 100.0))
    };
    line("get at most 20 % slower with many objects than with 1,000", flat(|at| &at.get));
    line("put at most 20 % slower with many objects than with 1,000", flat(|at| &at.put));
    out
}

fn near(ratio: f64) -> bool {
    ratio <= NEAR
}

fn least<'a>(ratios: impl Iterator<Item = (&'a Row, f64)>) -> Option<String> {
    let (row, ratio) = ratios.min_by(|one, other| one.1.total_cmp(&other.1))?;
    Some(format!("{ratio:.2} times: {}", row.name))
}

fn geometric_mean(ratios: impl Iterator<Item = f64>) -> Option<f64> {
    let logarithms: Vec<f64> = ratios.map(f64::ln).collect();
    (!logarithms.is_empty()).then(|| (logarithms.iter().sum::<f64>() / logarithms.len() as f64).exp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Unit;

    fn row(name: &str, echo: f64, ours: f64, stock: f64) -> Row {
        let times = |p50| Times { p50, p99: p50 };
        let found = [(Kind::Echo, times(echo)), (Kind::Ours, times(ours)), (Kind::Stock, times(stock))];
        Row { group: "requests", name: name.to_owned(), unit: Unit::Time, found: found.into() }
    }

    #[test]
    fn the_mean_is_geometric_and_the_worst_is_named() {
        let rows = [row("near", 10.0, 12.0, 24.0), row("far", 10.0, 20.0, 80.0), row("farther", 10.0, 20.0, 160.0)];
        let table = table(&rows, "requests", "tcp", &[]);
        assert!(table.contains("in the geometric mean | 4.00 times |"), "{table}");
        assert!(table.contains("takes | 4.00 times: far |"), "{table}");
        assert!(!table.contains("TCP") && !table.contains("memory") && !table.contains("slower"), "{table}");
    }

    #[test]
    fn growth_is_told_by_the_slowest() {
        let at = |objects, get, put| {
            let ours = |p50| ByKind::from([(Kind::Ours, Times { p50, p99: p50 })]);
            Grown { objects, get: ours(get), put: ours(put) }
        };
        let table = table(&[], "requests", "tcp", &[at(1, 10.0, 10.0), at(2, 12.5, 9.0), at(3, 11.0, 9.0)]);
        assert!(table.contains("| get at most 20 % slower with many objects than with 1,000 | +25 % |"), "{table}");
        assert!(table.contains("| put at most 20 % slower with many objects than with 1,000 | +0 % |"), "{table}");
    }
}
