//! Expansions, kept as files to be looked at. `BLESS=1` writes them anew.

use std::fs;
use std::path::{Path, PathBuf};

use crate::expand::derive;

fn fixtures() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let entries = fs::read_dir(directory).expect("the fixtures are there");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|end| end == "rs"));
    files.sort();
    files
}

#[test]
fn expansions_are_as_they_were() {
    let files = fixtures();
    assert!(files.len() >= 8, "fixtures are missing");
    for file in files {
        let source = fs::read_to_string(&file).expect("a fixture");
        let tokens = derive(source.parse().expect("tokens")).to_string();
        let parsed = syn::parse_file(&tokens).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let found = prettyplease::unparse(&parsed);
        assert!(!found.contains("compile_error"), "{}: {found}", file.display());
        let expected = file.with_extension("expanded");
        if std::env::var_os("BLESS").is_some() {
            fs::write(&expected, &found).expect("written");
        }
        assert_eq!(found, fs::read_to_string(&expected).expect("an expansion"), "{}", file.display());
    }
}
