//! The published Python client and the published daemon, against ours.

mod airports;
mod arrow;
mod dropin;
mod every_type;
mod exact;
mod flights;
mod frames;
mod python;
mod spill;
mod stock;

use std::path::Path;
use std::process::Command;

/// The program of the other processes.
const PEER: &str = env!("CARGO_BIN_EXE_peer");

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
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python").join(script);
    let output = Command::new(from_environment("VINEYARD_TEST_PYTHON")).arg(&script).args(arguments).output();
    let output = output.unwrap_or_else(|error| panic!("python does not start: {error}"));
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{} failed:\n{out}\n{err}", script.display());
    out.lines().last().unwrap_or_default().to_owned()
}
