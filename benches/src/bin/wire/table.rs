//! The tables of the results, in Markdown.

use std::fmt::Write;

use vineyard_benches::report::duration;

use crate::measure::{ByKind, Times};
use crate::population::Grown;
use crate::server::Kind;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Time,
    Bytes,
}

/// One line of a table. Less is better in all of them.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) group: &'static str,
    pub(crate) name: String,
    pub(crate) unit: Unit,
    pub(crate) found: ByKind<Times>,
}

impl Row {
    /// How many times the one takes what the other takes, at the median.
    pub(crate) fn ratio(&self, one: Kind, other: Kind) -> Option<f64> {
        Some(self.found.get(&one)?.p50 / self.found.get(&other)?.p50)
    }
}

fn cell(unit: Unit, value: Option<f64>) -> String {
    match (unit, value) {
        (_, None) => String::new(),
        (Unit::Time, Some(micros)) => duration(micros * 1e3),
        (Unit::Bytes, Some(bytes)) => format!("{bytes:.0} B"),
    }
}

fn ratio_cell(ratio: Option<f64>) -> String {
    ratio.map_or_else(String::new, |ratio| format!("{ratio:.*}", usize::from(ratio < 100.0)))
}

/// The table of the operations.
pub(crate) fn operations(rows: &[Row]) -> String {
    let mut out = String::from("| | echo | ours | ours, p99 | stock | stock, p99 | stock : ours | ours : echo |\n");
    out += "|---|---:|---:|---:|---:|---:|---:|---:|\n";
    let mut group = "";
    for row in rows {
        if row.group != group {
            group = row.group;
            let _ = writeln!(out, "| **{group}** | | | | | | | |");
        }
        let p50 = |kind| cell(row.unit, row.found.get(&kind).map(|times| times.p50));
        let p99 = |kind| cell(row.unit, row.found.get(&kind).map(|times| times.p99).filter(|p99| p99.is_finite()));
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} | {} | {} |",
            row.name,
            p50(Kind::Echo),
            p50(Kind::Ours),
            p99(Kind::Ours),
            p50(Kind::Stock),
            p99(Kind::Stock),
            ratio_cell(row.ratio(Kind::Stock, Kind::Ours)),
            ratio_cell(row.ratio(Kind::Ours, Kind::Echo)),
        );
    }
    out
}

/// The table of the growing population.
pub(crate) fn growth(grown: &[Grown]) -> String {
    let mut out = String::from("| objects | get: echo | ours | stock | put: echo | ours | stock |\n");
    out += "|---:|---:|---:|---:|---:|---:|---:|\n";
    for Grown { objects, get, put } in grown {
        let _ = write!(out, "| {objects} |");
        for found in [get, put] {
            for kind in [Kind::Echo, Kind::Ours, Kind::Stock] {
                let _ = write!(out, " {} |", cell(Unit::Time, found.get(&kind).map(|times| times.p50)));
            }
        }
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(p50: f64) -> Times {
        Times { p50, p99: p50 * 2.0 }
    }

    #[test]
    fn a_row_says_how_many_times_the_others_take() {
        let found = ByKind::from([(Kind::Echo, times(10.0)), (Kind::Ours, times(15.0)), (Kind::Stock, times(60.0))]);
        let row = Row { group: "one request", name: "exists".to_owned(), unit: Unit::Time, found };
        let line = "| exists | 10.0 µs | 15.0 µs | 30.0 µs | 60.0 µs | 120 µs | 4.0 | 1.5 |\n";
        assert!(operations(&[row]).ends_with(line));
        let found = ByKind::from([(Kind::Ours, Times { p50: 400.0, p99: f64::NAN })]);
        let row = Row { group: "memory", name: "of one".to_owned(), unit: Unit::Bytes, found };
        assert!(operations(&[row]).ends_with("| of one |  | 400 B |  |  |  |  |  |\n"));
    }

    #[test]
    fn who_does_not_take_part_leaves_a_cell_empty() {
        let get = ByKind::from([(Kind::Ours, times(20.0))]);
        let put = ByKind::from([(Kind::Ours, times(40.0)), (Kind::Stock, times(80.0))]);
        let table = growth(&[Grown { objects: 1000, get, put }]);
        assert!(table.ends_with("| 1000 |  | 20.0 µs |  |  | 40.0 µs | 80.0 µs |\n"), "{table}");
    }
}
