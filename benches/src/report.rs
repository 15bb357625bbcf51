//! From the results that criterion leaves behind to a table.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::Done;

/// Medians in nanoseconds, by placement and by what was measured (`put/64 B`).
pub type Medians = BTreeMap<String, BTreeMap<String, f64>>;

/// Reads the last results of all benchmarks below criterion's directory.
///
/// # Errors
///
/// A file that cannot be read, or is not what criterion writes.
pub fn read(directory: &Path) -> Done<Medians> {
    let mut medians = Medians::new();
    let mut open = vec![directory.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(&directory)? {
            let path = entry?.path();
            if path.is_dir() && path.ends_with("new") {
                let (placement, what, median) = one(&path)?;
                medians.entry(placement).or_default().insert(what, median);
            } else if path.is_dir() {
                open.push(path);
            }
        }
    }
    Ok(medians)
}

fn one(directory: &Path) -> Done<(String, String, f64)> {
    let json = |name: &str| -> Done<Value> { Ok(serde_json::from_slice(&fs::read(directory.join(name))?)?) };
    let (benchmark, estimates) = (json("benchmark.json")?, json("estimates.json")?);
    let text = |key: &str| benchmark.get(key).and_then(Value::as_str);
    let median = estimates.pointer("/median/point_estimate").and_then(Value::as_f64);
    let (Some(placement), Some(function), Some(median)) = (text("group_id"), text("function_id"), median) else {
        return Err(format!("{} is not a result of criterion", directory.display()).into());
    };
    let what = text("value_str").map_or_else(|| function.to_owned(), |value| format!("{function}/{value}"));
    Ok((placement.to_owned(), what, median))
}

/// Rows of the table: what was measured, and how it is called.
const ROWS: &[(&str, &str)] = &[
    ("round trip", "round trip of 64 B"),
    ("put/64 B", "put 64 B"),
    ("put/1 MiB", "put 1 MiB"),
    ("put/256 MiB", "put 256 MiB"),
    ("put/1 member", "put an object of 1 member"),
    ("put/20 members", "put an object of 20 members"),
    ("put/200 members", "put an object of 200 members"),
    ("get/64 B", "get 64 B"),
    ("get/1 KiB", "get 1 KiB"),
    ("get/1 MiB", "get 1 MiB"),
    ("get/256 MiB", "get 256 MiB"),
    ("get/1024 MiB", "get 1 GiB"),
    ("get/1 member", "get an object of 1 member"),
    ("get/20 members", "get an object of 20 members"),
    ("get/200 members", "get an object of 200 members"),
    ("resolve/20 members", "resolve an object of 20 members, without the requests"),
    ("resolve/200 members", "resolve an object of 200 members, without the requests"),
    ("copy/1 MiB", "copy 1 MiB in memory"),
    ("copy/256 MiB", "copy 256 MiB in memory"),
];

/// The table, in Markdown: one row for each measurement, two columns for each placement.
///
/// ```
/// use vineyard_benches::report::{Medians, table};
/// let mut medians = Medians::new();
/// let one = medians.entry("one core".to_owned()).or_default();
/// one.insert("round trip".to_owned(), 10_000.0);
/// one.insert("get/64 B".to_owned(), 25_000.0);
/// let table = table(&medians);
/// assert!(table.contains("| get 64 B | 25.0 µs | 2.5 |"), "{table}");
/// ```
pub fn table(medians: &Medians) -> String {
    let mut out = String::from("| |");
    for placement in medians.keys() {
        let _ = write!(out, " {placement} | in round trips |");
    }
    out += "\n|---|";
    out += &"---:|".repeat(medians.len().saturating_mul(2));
    for (what, name) in ROWS {
        if !medians.values().any(|results| results.contains_key(*what)) {
            continue;
        }
        let _ = write!(out, "\n| {name} |");
        for results in medians.values() {
            let median = results.get(*what).copied();
            let ratio = median.zip(results.get("round trip")).map(|(median, round_trip)| median / round_trip);
            // Copies are not made of round trips, and of large puts hardly anything is.
            let ratio =
                ratio.filter(|ratio| !what.starts_with("copy") && !what.starts_with("resolve") && *ratio < 100.0);
            let time = median.map_or_else(String::new, duration);
            let _ = write!(out, " {time} | {} |", ratio.map_or_else(String::new, |ratio| format!("{ratio:.1}")));
        }
    }
    out.push('\n');
    out
}

/// Nanoseconds with three digits and a unit.
///
/// ```
/// assert_eq!(vineyard_benches::report::duration(1234.5), "1.23 µs");
/// ```
pub fn duration(nanoseconds: f64) -> String {
    let (value, unit) = match nanoseconds {
        ns if ns < 1e3 => (ns, "ns"),
        ns if ns < 1e6 => (ns / 1e3, "µs"),
        ns if ns < 1e9 => (ns / 1e6, "ms"),
        ns => (ns / 1e9, "s"),
    };
    let digits = if value < 10.0 { 2 } else { usize::from(value < 100.0) };
    format!("{value:.digits$} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_three_digits() {
        let cases = [(1.234, "1.23 ns"), (12_340.0, "12.3 µs"), (123_400_000.0, "123 ms"), (2.5e9, "2.50 s")];
        for (nanoseconds, text) in cases {
            assert_eq!(duration(nanoseconds), text);
        }
    }

    #[test]
    fn results_are_found_wherever_they_lie() -> Done {
        let directory = tempfile::tempdir()?;
        let new = directory.path().join("two cores/get/1 KiB/new");
        fs::create_dir_all(&new)?;
        fs::write(new.join("estimates.json"), r#"{"median":{"point_estimate":41000.0},"mean":{}}"#)?;
        let benchmark = r#"{"group_id":"two cores","function_id":"get","value_str":"1 KiB","throughput":null}"#;
        fs::write(new.join("benchmark.json"), benchmark)?;
        let medians = read(directory.path())?;
        assert_eq!(medians["two cores"]["get/1 KiB"], 41000.0);
        assert_eq!(table(&medians), "| | two cores | in round trips |\n|---|---:|---:|\n| get 1 KiB | 41.0 µs |  |\n");
        fs::write(new.join("estimates.json"), "{}")?;
        assert!(read(directory.path()).is_err());
        Ok(())
    }
}
