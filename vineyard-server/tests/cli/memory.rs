//! What the program does with memory, disk and open files before clients come.

use std::fs;
use std::io::{BufRead, Write};

use nix::sys::signal::Signal;
use serde_json::json;
use tempfile::TempDir;

use crate::common::{Running, directory, program, refusal};

#[test]
fn what_a_killed_server_has_spilled_is_removed_by_the_next() {
    let dir = tempfile::tempdir().expect("a directory");
    let spill = dir.path().join("spill");
    let path = spill.to_str().expect("text");
    let servers = || fs::read_dir(&spill).expect("there").count();
    let server = Running::start(&dir.path().join("s.sock"), &["--spill_path", path, "--spill_upper_rate=0.5"]);
    let mut client = server.connect();
    // More than half of the 64 MiB, so that some are on disk or on their way when the server dies.
    for _ in 0..20 {
        let reply = client.call(&json!({"type": "create_remote_buffer_request", "size": 4 << 20}));
        assert_eq!(reply["type"], "create_buffer_reply", "{reply}");
        client.0.write_all(&vec![7; 4 << 20]).expect("written");
        let length = client.length();
        assert_eq!(client.body(length)["created"]["is_sealed"], true);
    }
    let own = fs::read_dir(&spill).expect("there").next().expect("one").expect("readable").path();
    assert!(fs::read_dir(own).expect("there").count() > 1, "nothing went to disk");
    server.signal(Signal::SIGKILL);
    drop(server);
    assert_eq!(servers(), 1, "it could not clean up");
    let next = Running::start(&dir.path().join("s.sock"), &["--spill_path", path]);
    assert!(next.start.contains("removes what an earlier server has spilled"), "{}", next.start);
    assert_eq!(servers(), 1, "only its own is left");
    next.signal(Signal::SIGTERM);
    next.end();
    assert_eq!(servers(), 0);
    let message =
        refusal(&["--socket", dir.path().join("t.sock").to_str().expect("text"), "--spill-path", "/dev/null"]);
    assert!(message.contains("/dev/null"), "{message}");
}

#[test]
fn memory_is_made_ready_ahead_as_it_is_asked_for() {
    let directory = tempfile::tempdir().expect("a directory");
    let socket = directory.path().join("s");
    // A quarter of the size if nobody says.
    for (args, ready) in
        [(&["--prefault", "8Mi"][..], "8Mi"), (&[], "16Mi"), (&["--prefault=off", "--prefault="], "16Mi")]
    {
        let mut server = Running::start(&socket, args);
        let mut log = std::mem::take(&mut server.start);
        while !log.contains("memory is ready") {
            assert_ne!(server.log.read_line(&mut log).expect("the log"), 0, "the server ended: {log}");
        }
        assert!(log.contains(&format!("bytes={ready}")), "{args:?}: {log}");
        server.signal(Signal::SIGTERM);
        server.end();
    }
    let server = Running::start(&socket, &["--prefault", "off"]);
    server.signal(Signal::SIGTERM);
    let log = server.end();
    assert!(!log.contains("memory is ready"), "{log}");
    assert!(refusal(&["--socket", "/tmp/never", "--prefault", "some"]).contains("`some` is not a size"));
}

#[test]
fn all_of_the_memory_is_reserved_before_the_server_listens() {
    let directory = tempfile::tempdir().expect("a directory");
    for flag in ["--reserve", "--reserve_memory"] {
        let server = Running::start(&directory.path().join("s"), &[flag]);
        assert!(server.start.contains("all of 64Mi is reserved"), "{}", server.start);
        assert!(server.start.matches("are reserved").count() >= 9, "{}", server.start);
        server.signal(Signal::SIGTERM);
        server.end();
    }
}

#[test]
fn a_size_above_the_memory_is_borne_if_that_is_wanted() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = Running::start(&directory.path().join("s"), &["--size", "1000Ti", "--overcommit"]);
    assert!(server.start.contains("the size 1000Ti is above"), "{}", server.start);
    server.signal(Signal::SIGTERM);
    server.end();
}

#[test]
fn a_size_above_the_memory_is_borne_as_vineyardd_bears_it() {
    let dir = directory();
    let server = Running::start(&dir.path().join("s.sock"), &["-size", "1000T"]);
    assert!(server.start.contains("the size 1000Ti is above"), "{}", server.start);
    let status = server.connect().call(&json!({"type": "instance_status_request"}));
    assert_eq!(status["meta"]["memory_limit"], 1000_u64 << 40);
    server.signal(Signal::SIGTERM);
    server.end();
}

#[test]
fn as_many_files_are_opened_as_may_be() {
    let directory = TempDir::new().expect("a directory");
    let socket = directory.path().join("s.sock");
    let mut shell = program("sh");
    let script = "ulimit -Sn 256 && exec \"$0\" \"$@\"";
    shell.args([
        "-c",
        script,
        env!("CARGO_BIN_EXE_vineyard-server"),
        "--no-rpc",
        "--size",
        "64Mi",
        "--log-level",
        "info",
    ]);
    shell.arg("--socket").arg(&socket);
    let server = Running::wait_for(shell, &socket);
    let limits = fs::read_to_string(format!("/proc/{}/limits", server.child.id())).expect("Linux has it");
    let line = limits.lines().find(|line| line.starts_with("Max open files")).expect("has the line");
    let (soft, hard) = (line.split_whitespace().nth(3), line.split_whitespace().nth(4));
    assert!(soft.is_some() && soft == hard, "{line}");
}

#[test]
fn the_memory_for_messages_and_metadata_can_be_chosen() {
    let directory = TempDir::new().expect("a directory");
    let socket = directory.path().join("s.sock");
    let server = Running::start(&socket, &["--message-memory", "256Mi", "--max-metadata", "1Mi"]);
    let mut client = server.connect();
    let ids: Vec<u64> = (0..100_000).collect();
    assert_eq!(client.call(&json!({"type": "increase_reference_count_request", "ids": ids}))["code"], 41);
    assert!(refusal(&["--message-memory", "1Mi"]).contains("memory for messages"));
    assert!(refusal(&["--max-metadata", "1K"]).contains("memory for metadata"));
}
