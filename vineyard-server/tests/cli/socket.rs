//! The socket in the file system.

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::Path;

use nix::sys::signal::Signal;
use serde_json::json;

use crate::common::{Running, directory, refusal, text};

#[test]
fn a_directory_that_cannot_be_written_is_refused() {
    let dir = directory();
    let file = dir.path().join("file");
    fs::write(&file, "").expect("written");
    let message = refusal(&["--socket", text(&file.join("s.sock"))]);
    assert!(message.contains("directory") && message.contains(text(&file)), "{message}");
    // Nobody can put a file there, not even root.
    let message = refusal(&["--socket", "/proc/s.sock"]);
    assert!(message.contains("/proc cannot be written"), "{message}");
    let long = dir.path().join("x".repeat(200));
    assert!(refusal(&["--socket", text(&long)]).contains("cannot be the path of a socket"));
}

#[test]
fn a_file_that_is_no_socket_stays() {
    let dir = directory();
    let path = dir.path().join("precious");
    fs::write(&path, "data").expect("written");
    assert!(refusal(&["--socket", text(&path)]).contains("not a socket"));
    assert_eq!(fs::read(&path).expect("still there"), b"data");
}

#[test]
fn a_live_socket_is_refused_and_its_server_goes_on() {
    let dir = directory();
    let socket = dir.path().join("s.sock");
    let server = Running::start(&socket, &[]);
    let message = refusal(&["--socket", text(&socket)]);
    assert!(message.contains("in use by a live server") && message.contains(text(&socket)), "{message}");
    server.connect();
    server.signal(Signal::SIGTERM);
    server.end();
}

#[test]
fn a_stale_socket_is_replaced() {
    let dir = directory();
    let socket = dir.path().join("s.sock");
    drop(UnixListener::bind(&socket).expect("bound"));
    assert!(socket.exists());
    let server = Running::start(&socket, &[]);
    server.connect();
    server.signal(Signal::SIGKILL);
    drop(server);
    assert!(socket.exists(), "a killed server leaves its socket");
    let server = Running::start(&socket, &[]);
    server.connect();
    server.signal(Signal::SIGINT);
    server.end();
}

#[test]
fn the_socket_has_the_mode_that_was_asked_for() {
    let dir = directory();
    for (args, mode) in [(&[][..], 0o660), (&["--socket-mode", "600"], 0o600), (&["--socket-mode", "0777"], 0o777)] {
        let socket = dir.path().join(format!("{mode:o}/s.sock"));
        let server = Running::start(&socket, args);
        let found = fs::symlink_metadata(&socket).expect("a socket");
        assert!(found.file_type().is_socket());
        assert_eq!(found.permissions().mode() & 0o777, mode);
        server.signal(Signal::SIGTERM);
        server.end();
    }
}

#[test]
fn the_sockets_belong_to_who_was_named() {
    let dir = directory();
    let (own, group) = (nix::unistd::Uid::effective(), nix::unistd::Gid::effective());
    // Only root can give a file to somebody else.
    let (owner, group) = if own.is_root() { (65_534, 65_533) } else { (own.as_raw(), group.as_raw()) };
    let (owner_text, group_text) = (owner.to_string(), group.to_string());
    let socket = dir.path().join("s.sock");
    let rights = ["--socket-owner", &owner_text, "--socket-group", &group_text, "--socket-mode", "0620"];
    let server = Running::start(&socket, &rights);
    let reply = server.connect().call(&json!({"type": "new_session_request"}));
    let session = reply["socket_path"].as_str().expect("a path");
    for path in [&socket, Path::new(session)] {
        let found = fs::symlink_metadata(path).expect("a socket");
        assert!(found.file_type().is_socket());
        assert_eq!((found.uid(), found.gid(), found.mode() & 0o777), (owner, group, 0o620), "{}", path.display());
    }
    server.signal(Signal::SIGTERM);
    server.end();
    assert!(!Path::new(session).exists());
    let named = |option: &str, name: &str| refusal(&["--socket", text(&socket), option, name]);
    assert!(named("--socket-owner", "no one here").contains("`no one here` is not a valid owner of the socket"));
    assert!(named("--socket-group", "4294967295").contains("`4294967295` is not a valid group of the socket"));
    if !own.is_root() {
        let message = named("--socket-owner", "0");
        assert!(message.contains("cannot be given the owner 0: Operation not permitted"), "{message}");
    }
    assert!(!socket.exists(), "nothing is left of a server that did not start");
}
