//! The endpoint itself: what it answers, to whom, and for how long.

mod raw;
mod scrape;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use raw::{MIB, Raw};
use scrape::{ask, connect, exchange, get};
use serde_json::json;
use vineyard_server::{Server, ServerHandle, StartError};

fn server() -> ServerHandle {
    Server::builder().size(64 * MIB).workers(1).http("127.0.0.1:0").spawn().expect("a server")
}

#[test]
fn each_path_has_its_form() {
    let server = server();
    for (path, form) in [
        ("/metrics", "application/openmetrics-text; version=1.0.0; charset=utf-8"),
        ("/status", "application/json"),
        ("/healthz", "text/plain; charset=utf-8"),
    ] {
        let (status, head, body) = ask(&server, "GET", path);
        assert_eq!(status, 200, "{path}");
        assert!(head.contains(&format!("content-type: {form}\r\n")), "{path}: {head}");
        assert!(head.contains("cache-control: no-store\r\n") && !body.is_empty(), "{path}: {head}");
        let (status, _, body) = ask(&server, "HEAD", path);
        assert_eq!((status, body.as_str()), (200, ""), "{path}");
    }
    assert_eq!(get(&server, "/healthz?verbose"), "ok\n");
}

#[test]
fn nothing_else_is_answered() {
    let server = server();
    for path in ["/", "/metric", "/metrics/", "/status/../metrics", "//healthz", "/%6detrics"] {
        assert_eq!(ask(&server, "GET", path).0, 404, "{path}");
    }
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "FROB"] {
        let (status, head, _) = ask(&server, method, "/metrics");
        assert_eq!(status, 405, "{method}");
        assert!(head.contains("allow: get, head"), "{head}");
    }
}

#[test]
fn garbage_is_refused_and_disturbs_nobody() {
    let server = server();
    let long = "x".repeat(1 << 20);
    let many: String = (0..1000).map(|number| format!("h{number}: x\r\n")).collect();
    for bytes in [
        b"\0\xff\x01garbage\r\n\r\n".to_vec(),
        b"GET\r\n\r\n".to_vec(),
        b"GET /metrics\r\n\r\n".to_vec(),
        b"GET /metrics HTTP/9.9\r\n\r\n".to_vec(),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
        b"GET /metrics HTTP/1.1\r\nno colon\r\n\r\n".to_vec(),
        b"POST /metrics HTTP/1.1\r\ncontent-length: -5\r\n\r\n".to_vec(),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".repeat(100),
        format!("GET /{long} HTTP/1.1\r\n\r\n").into_bytes(),
        format!("GET /metrics HTTP/1.1\r\nlong: {long}\r\n\r\n").into_bytes(),
        format!("GET /metrics HTTP/1.1\r\n{many}\r\n").into_bytes(),
        vec![b'\n'; 1 << 20],
    ] {
        let answer = exchange(&server, &bytes);
        assert!(!answer.contains(" 200 "), "{:?}: {answer}", String::from_utf8_lossy(&bytes[..20.min(bytes.len())]));
    }
    // A message of vineyard's own protocol is none of this one.
    let body = br#"{"type":"register_request"}"#;
    let frame = [&(body.len() as u64).to_le_bytes()[..], body].concat();
    assert!(!exchange(&server, &frame).contains("register_reply"));
    assert_eq!(get(&server, "/healthz"), "ok\n");
}

#[test]
fn who_says_nothing_keeps_nobody_out_for_good() {
    let server = server();
    // As many as are served at a time, and some that wait.
    let mut mute: Vec<TcpStream> = (0..80).map(|_| connect(&server)).collect();
    mute.iter_mut().take(20).for_each(|stream| stream.write_all(b"GET /metrics HTT").expect("written"));
    let mut client = Raw::stock(&server);
    client.create(64);
    client.descriptor();
    assert_eq!(get(&server, "/healthz"), "ok\n");
    let _ = mute[0].read_to_end(&mut Vec::new());
}

#[test]
fn the_end_is_told_until_it_has_come() {
    let server = Server::builder().size(64 * MIB).rpc("127.0.0.1", 0).http("127.0.0.1:0").spawn().expect("a server");
    let address = server.http_address().expect("an endpoint");
    let mut slow = Raw::tcp(&server, 0);
    slow.ok(json!({"type": "create_remote_buffer_request", "size": 32 * MIB}));
    slow.stream.write_all(&vec![1; 32 << 20]).expect("written");
    let id = slow.receive()["id"].clone();
    // It is sent more than it reads, so that the server has something to do when it is to stop.
    slow.ok(json!({"type": "get_remote_buffers_request", "num": 1, "0": id}));
    let health = || {
        let mut stream = TcpStream::connect(address).ok()?;
        stream.write_all(b"GET /healthz HTTP/1.0\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        Some(answer)
    };
    assert!(health().is_some_and(|answer| answer.contains(" 200 ")));
    let stopping = std::thread::spawn(move || server.stop());
    raw::until(|| health().is_some_and(|answer| answer.contains(" 503 ") && answer.ends_with("stopping\n")));
    drop(slow);
    assert_eq!(stopping.join().expect("it stops").connections, 0);
    assert!(TcpStream::connect(address).is_err(), "nobody listens any more");
}

#[test]
fn an_address_that_cannot_be_had_is_refused() {
    let taken = server();
    let address = taken.http_address().expect("an endpoint").to_string();
    for address in [address.as_str(), "nonsense", "127.0.0.1", "127.0.0.1:99999", "192.0.2.1:9601"] {
        let directory = tempfile::tempdir().expect("a directory");
        let socket = directory.path().join("s.sock");
        let refused = Server::builder().size(MIB).socket(&socket).http(address).spawn();
        assert!(matches!(refused, Err(StartError::Http { .. })), "{address}: {refused:?}");
        assert!(!socket.exists(), "{address}: the socket was left behind");
    }
}

/// What the program logs until it listens, started with some arguments, and what it answers then.
fn started(arguments: &[&str]) -> (String, Option<String>) {
    let directory = tempfile::tempdir().expect("a directory");
    let mut command = Command::new(env!("CARGO_BIN_EXE_vineyard-server"));
    command.arg("--socket").arg(directory.path().join("s.sock")).args(["--size", "1Mi", "--no-rpc"]);
    let mut child = command
        .args(["--log-level", "info"])
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let (mut log, mut lines) = (String::new(), BufReader::new(child.stderr.take().expect("piped")));
    while !log.contains("listening") {
        assert_ne!(lines.read_line(&mut log).expect("text"), 0, "it ended: {log}");
    }
    let port = log.split_once("http=Some(").and_then(|(_, rest)| rest.split_once(')')?.0.rsplit_once(':'));
    let answer = port.map(|(_, port)| {
        let mut stream = TcpStream::connect(format!("127.0.0.1:{port}")).expect("it listens");
        stream.write_all(b"GET /healthz HTTP/1.0\r\n\r\n").expect("written");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("text");
        answer
    });
    child.kill().expect("it runs");
    child.wait().expect("it was started");
    (log, answer)
}

#[test]
fn the_program_listens_only_if_it_is_told_to_and_warns_beyond_loopback() {
    let (log, answer) = started(&["--http", "127.0.0.1:0"]);
    assert!(answer.is_some_and(|answer| answer.ends_with("ok\n")), "{log}");
    assert!(!log.contains("WARN"), "{log}");
    let (log, answer) = started(&["--http", "0.0.0.0:0"]);
    assert!(answer.is_some() && log.contains("whoever reaches this address"), "{log}");
    for arguments in [&[][..], &["--http="], &["--metrics=false", "--noprometheus"]] {
        let (log, answer) = started(arguments);
        assert!(answer.is_none(), "{arguments:?}: {log}");
    }
    assert!(started(&["--metrics", "--prometheus=true"]).0.contains("--http 127.0.0.1:9601"));
}
