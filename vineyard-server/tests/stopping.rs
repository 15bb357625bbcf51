//! The server stops, whatever its peers do.

mod raw;

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use raw::{MIB, Raw, server};
use serde_json::json;
use vineyard_server::{ServerHandle, StopReport};

/// Stops a server; fails if that does not end.
fn stop(server: ServerHandle) -> StopReport {
    let (told, report) = channel();
    thread::spawn(move || told.send(server.stop()));
    report.recv_timeout(Duration::from_secs(60)).expect("it stops")
}

/// The bytes of a message.
fn frame(message: &serde_json::Value) -> Vec<u8> {
    let body = message.to_string();
    [&(body.len() as u64).to_le_bytes()[..], body.as_bytes()].concat()
}

/// Registers, and reads whatever comes on a thread of its own, which says so.
fn flooded(server: &ServerHandle) -> (UnixStream, Receiver<usize>) {
    let mut stream = UnixStream::connect(server.socket()).expect("it listens");
    let mut answers = stream.try_clone().expect("a second descriptor");
    let (sender, received) = channel();
    thread::spawn(move || {
        let mut bytes = vec![0; 1 << 20];
        while let Ok(count @ 1..) = answers.read(&mut bytes) {
            let _ = sender.send(count);
        }
    });
    stream.write_all(&frame(&json!({"type": "register_request"}))).expect("written");
    (stream, received)
}

#[test]
fn a_transfer_without_end_does_not_keep_the_server_from_stopping() {
    let server = server();
    let mut writer = Raw::stock(&server);
    writer.ok(json!({"type": "create_remote_buffer_request", "size": 8 * MIB}));
    writer.stream.write_all(&vec![1; 8 << 20]).expect("written");
    let id = writer.receive()["id"].clone();
    let (mut stream, received) = flooded(&server);
    let mut request = json!({"type": "get_remote_buffers_request", "num": 100_000});
    (0..100_000).for_each(|index| request[index.to_string()] = id.clone());
    stream.write_all(&frame(&request)).expect("written");
    received.iter().nth(1000).expect("it sends");
    assert_eq!(stop(server).connections, 0);
}
