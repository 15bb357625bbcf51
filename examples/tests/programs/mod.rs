//! Examples as programs.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Examples are built next to the directory of the test programs.
pub fn example(name: &str) -> Command {
    let test = std::env::current_exe().expect("this program has a path");
    let programs = test.parent().and_then(Path::parent).expect("target/PROFILE");
    Command::new(programs.join("examples").join(name))
}

/// Runs the example with its temporary files in a directory of its own, and sees that it leaves none.
pub fn run(command: &mut Command) -> Output {
    let place = tempfile::tempdir().expect("a temporary directory");
    let output = command.env("TMPDIR", place.path()).output().expect("the example is built");
    assert_eq!(left_in(place.path()), Vec::<PathBuf>::new());
    output
}

/// What there is in a directory.
pub fn left_in(directory: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(directory).expect("readable").map(|entry| entry.expect("readable").path()).collect()
}

/// What a program said.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
