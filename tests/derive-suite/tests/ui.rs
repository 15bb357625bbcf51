//! Mistakes and what is said about them, one mistake a file.
//!
//! `TRYBUILD=overwrite` writes the expected messages anew; look at the difference before you keep it.

/// What rustc itself says moves between its versions, so the messages are those of one.
#[rustversion::stable(1.95)]
#[test]
fn mistakes_are_explained() {
    trybuild::TestCases::new().compile_fail("ui/*/*.rs");
}

#[rustversion::not(stable(1.95))]
#[test]
fn mistakes_are_not_looked_at_with_this_compiler() {
    eprintln!("the messages of the derive were not compared: they are those of rustc 1.95");
}
