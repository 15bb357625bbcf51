//! The main example as a user runs it.

mod programs;

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::Stdio;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use programs::{example, left_in, run, text};

#[test]
fn it_does_the_main_job_and_leaves_nothing() {
    let output = run(&mut example("airports"));
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{out}\n{err}");
    for part in [
        "read 3,376 airports and 5,366 routes",
        "copied     nothing: 27 of 27 arrays lie inside the mapped arena",
        "7 columns linked, 1 new: 27,008 bytes newly allocated",
        "stopped: 0 connections and 0 leases left",
    ] {
        assert!(out.contains(part), "`{part}` is missing:\n{out}");
    }
    // The airport with the most flights comes first, with its place.
    let first = out.lines().find(|line| line.trim_start().starts_with("1  ATL"));
    assert!(first.is_some_and(|line| line.contains("Atlanta") && line.contains("GA")), "{out}");
    assert_eq!(err, "");
}

#[test]
fn the_short_examples_run() {
    let examples = [
        ("hello", "3 edges"),
        ("custom_type", "Asphalt by second"),
        ("custom_type", "0 bytes newly allocated\nrefused: not valid: the last offset is 2, there are 0 roads\n"),
        ("in_place_builder", "318 crossings, the first at Some(3142)"),
        ("in_place_builder", "the put copied 1272 bytes"),
    ];
    for (name, expected) in examples {
        let output = run(&mut example(name));
        assert!(output.status.success(), "{name}: {}", text(&output.stderr));
        assert!(text(&output.stdout).contains(expected), "{name}: {}", text(&output.stdout));
    }
}

#[test]
fn ctrl_c_leaves_nothing() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let mut child = example("airports")
        .env("TMPDIR", place.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the example is built");
    let mut out = BufReader::new(child.stdout.take().expect("piped"));
    // The server is up and the first process on its way: the worst moment.
    let mut line = String::new();
    out.read_line(&mut line).expect("readable");
    assert!(line.starts_with("server"), "{line}");
    let pid = Pid::from_raw(i32::try_from(child.id()).expect("a process id"));
    kill(pid, Signal::SIGINT).expect("the example runs");
    let mut rest = String::new();
    // Ends when the last process that holds the pipe has ended: the children as well.
    out.read_to_string(&mut rest).expect("readable");
    let ended = child.wait().expect("ends");
    assert_eq!(ended.code(), Some(130), "{rest}");
    assert_eq!(left_in(place.path()), Vec::<PathBuf>::new());
}

/// Runs the example on other tables; returns what it says on standard error.
fn refusal(airports: &str, routes: &str) -> String {
    let data = tempfile::tempdir().expect("a temporary directory");
    std::fs::write(data.path().join("airports.csv"), airports).expect("writable");
    std::fs::write(data.path().join("flights-airport.csv"), routes).expect("writable");
    let output = run(example("airports").arg("--data").arg(data.path()));
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
    text(&output.stderr)
}

const AIRPORTS: &str = "iata,name,city,state,country,latitude,longitude\nAAA,A,Aa,AK,USA,1.5,2.5\n";

#[test]
fn a_missing_column_is_named() {
    let error = refusal("iata,name,city,state,country,latitude\nAAA,A,Aa,AK,USA,1.5\n", "origin,destination,count\n");
    let expected =
        "airports: airports.csv: there is no column `longitude`, only iata, name, city, state, country, latitude\n";
    assert_eq!(error, expected);
}

#[test]
fn a_route_to_an_unknown_airport_is_named() {
    let error = refusal(AIRPORTS, "origin,destination,count\nAAA,AAA,1\nAAA,XYZ,2\n");
    assert_eq!(error, "airports: flights-airport.csv, line 3: there is no airport `XYZ`\n");
}

#[test]
fn a_number_that_is_none_is_named() {
    let error = refusal(AIRPORTS, "origin,destination,count\nAAA,AAA,many\n");
    assert_eq!(error, "airports: flights-airport.csv, line 2: `count` is `many`, expected a number\n");
}

#[test]
fn a_missing_file_is_named() {
    let nowhere = tempfile::tempdir().expect("a temporary directory");
    let output = run(example("airports").arg("--data").arg(nowhere.path()));
    assert!(text(&output.stderr).contains("airports.csv: No such file"), "{}", text(&output.stderr));
}
