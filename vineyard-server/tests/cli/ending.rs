//! Descriptors, signals, the end.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;

use nix::sys::signal::Signal;
use serde_json::json;

use crate::common::{Running, directory, program, text, until};

#[test]
fn its_descriptors_are_nobody_elses() {
    let dir = directory();
    let own = nix::unistd::Uid::effective();
    // The program as a user who is not root: a copy, because that user may not get to the original.
    let uid = if own.is_root() { 65_534 } else { own.as_raw() };
    let binary = dir.path().join("server");
    fs::copy(env!("CARGO_BIN_EXE_vineyard-server"), &binary).expect("copied");
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o777)).expect("set");
    let socket = dir.path().join("s.sock");
    let mut command = program(text(&binary));
    command.args(["--no-rpc", "--log-level", "info", "--size", "1Mi", "--socket"]).arg(&socket);
    if own.is_root() {
        command.uid(uid).gid(uid);
    }
    let server = Running::wait_for(command, &socket);
    // It opens its own descriptors anew for each arena, which still works.
    let reply = server.connect().call(&json!({"type": "make_arena_request", "size": 4096}));
    assert_eq!(reply["type"], "make_arena_reply", "{reply}");
    let process = PathBuf::from(format!("/proc/{}", server.child.id()));
    let status = fs::read_to_string(process.join("status")).expect("it runs");
    assert!(status.contains(&format!("Uid:\t{uid}\t")), "{status}");
    assert_ne!(fs::metadata(process.join("fd")).expect("it is there").uid(), uid, "its user gets at its descriptors");
    if !own.is_root() {
        assert!(fs::read_dir(process.join("fd")).is_err());
    }
    server.signal(Signal::SIGTERM);
    server.end();
}

#[test]
fn both_signals_end_it_cleanly() {
    let dir = directory();
    for (signal, name) in [(Signal::SIGTERM, "term"), (Signal::SIGINT, "int")] {
        let server = Running::start(&dir.path().join(name), &[]);
        let mut idle = server.connect();
        let mut waiting = server.connect();
        waiting.send(&json!({"type": "get_name_request", "name": "never", "wait": true}));
        // The request waits when the server says so.
        let status = json!({"type": "instance_status_request"});
        until(|| idle.call(&status)["meta"]["deferred_requests"] == 1);
        server.signal(signal);
        let length = waiting.length();
        assert_eq!(waiting.body(length)["code"], 36);
        assert!(waiting.ended() && idle.ended());
        assert!(server.end().contains("stopped"));
    }
}

#[test]
fn a_request_in_hand_is_finished() {
    let dir = directory();
    let server = Running::start(&dir.path().join("s.sock"), &[]);
    let mut client = server.connect();
    // A reply far larger than what a socket holds: while the client does not read, the server is in the middle of it.
    let content = json!({"typename": "T", "instance_id": 0, "text": "x".repeat(8 << 20)});
    let created = client.call(&json!({"type": "create_data_request", "content": content}));
    client.send(&json!({"type": "get_data_request", "id": [created["id"]]}));
    let length = client.length();
    server.signal(Signal::SIGTERM);
    let reply = client.body(length);
    assert_eq!(reply["type"], "get_data_reply");
    let object = reply["content"].as_object().and_then(|all| all.values().next()).expect("the object");
    assert_eq!(object["text"].as_str().map(str::len), Some(8 << 20));
    assert!(client.ended());
    server.end();
}
