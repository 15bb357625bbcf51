//! The published Python client and the published daemon, against ours.

mod airports;
mod arrow;
mod collections;
mod dropin;
mod every_type;
mod exact;
mod flights;
mod flights_3m;
mod frames;
mod graphs;
mod grids;
mod maps;
mod mismatches;
mod pickled;
#[cfg(feature = "polars")]
mod polars;
mod property;
mod property_graphs;
mod python;
mod spill;
mod stock;
mod types_page;

use std::path::Path;
use std::process::Command;

/// The program of the other processes.
const PEER: &str = env!("CARGO_BIN_EXE_peer");

/// Names the Python with the published client.
const PYTHON: &str = "VINEYARD_TEST_PYTHON";

/// Names another Python with the same and pandas 3.
const PANDAS_3: &str = "VINEYARD_TEST_PYTHON_PANDAS3";

/// What `tests/run.sh` has set up.
fn from_environment(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| panic!("{variable} is not set: run tests/run.sh"))
}

/// Runs one of the scripts of `tests/python` with a path, of a server mostly; returns the last line that it prints.
fn python(script: &str, path: &Path) -> String {
    python_with(script, &[&path.display().to_string()])
}

/// Runs one of the scripts of `tests/python` with arguments; returns the last line that it prints.
fn python_with(script: &str, arguments: &[&str]) -> String {
    run(PYTHON, script, arguments)
}

/// The same by the Python that a variable of the environment names.
fn run(variable: &str, script: &str, arguments: &[&str]) -> String {
    output(variable, script, arguments).lines().last().unwrap_or_default().to_owned()
}

/// All that a script prints.
fn output(variable: &str, script: &str, arguments: &[&str]) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python").join(script);
    let output = Command::new(from_environment(variable)).arg(&script).args(arguments).output();
    let output = output.unwrap_or_else(|error| panic!("python does not start: {error}"));
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{} failed:\n{out}\n{err}", script.display());
    out.into_owned()
}
