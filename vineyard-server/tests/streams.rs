//! Streams as their two ends see them: order, waiting, failure, back-pressure.

mod raw;

use raw::{MIB, Raw, server, until};
use serde_json::{Value, json};
use vineyard_server::Server;

const STREAM: u64 = 4242;

fn next(size: u64) -> Value {
    json!({"type": "get_next_stream_chunk_request", "id": STREAM, "size": size})
}

fn pull() -> Value {
    json!({"type": "pull_next_stream_chunk_request", "id": STREAM})
}

fn stop(failed: bool) -> Value {
    json!({"type": "stop_stream_request", "id": STREAM, "failed": failed})
}

/// Until so many requests wait.
fn until_waiting(peer: &mut Raw, count: u64) {
    until(|| peer.status()["deferred_requests"] == count);
}

fn create(peer: &mut Raw) {
    peer.ok(json!({"type": "create_stream_request", "object_id": STREAM}));
}

#[test]
fn chunks_pass_from_one_process_to_the_other() {
    let server = server();
    let (mut writer, mut reader) = (Raw::stock(&server), Raw::stock(&server));
    create(&mut writer);
    assert_eq!(writer.code(json!({"type": "create_stream_request", "object_id": STREAM})), 11);
    writer.ok(json!({"type": "open_stream_request", "object_id": STREAM, "mode": 2}));
    reader.ok(json!({"type": "open_stream_request", "object_id": STREAM, "mode": 1}));
    assert_eq!(reader.code(json!({"type": "open_stream_request", "object_id": STREAM, "mode": 1})), 45);

    let first = writer.ok(next(5));
    assert_eq!(first["fd"], first["buffer"]["store_fd"]);
    let arena = writer.descriptor();
    arena.write(&first["buffer"], b"hello").expect("writable");
    // The reader waits until the writer wants its second chunk.
    reader.send(&pull());
    until_waiting(&mut writer, 1);
    let second = writer.ok(next(3));
    assert_eq!(second["fd"], -1);
    let chunk = reader.receive()["chunk"].clone();
    assert_eq!(chunk, first["buffer"]["object_id"]);
    let found = reader.get(&[&chunk]);
    assert_eq!(reader.descriptor().read(&found["payloads"][0]), b"hello");
    // To ask for the next one gives the first up.
    reader.send(&pull());
    until_waiting(&mut writer, 1);
    assert!(!writer.exists(&chunk));
    writer.ok(stop(false));
    assert_eq!(reader.receive()["chunk"], second["buffer"]["object_id"]);
    assert_eq!((reader.code(pull()), reader.code(pull()), writer.code(next(1))), (42, 42, 44));
    writer.ok(json!({"type": "drop_stream_request", "id": STREAM}));
    assert_eq!((reader.code(pull()), writer.code(next(1)), writer.code(stop(true))), (12, 12, 12));
    drop((writer, reader));
    assert_eq!(server.stop().connections, 0);
}

#[test]
fn objects_are_pushed_and_deleted_when_they_were_read() {
    let server = server();
    let (mut writer, mut reader) = (Raw::stock(&server), Raw::stock(&server));
    create(&mut writer);
    let mut object = || {
        let content = json!({"typename": "my::Chunk", "instance_id": 5});
        writer.ok(json!({"type": "create_data_request", "content": content}))["id"].clone()
    };
    let (one, two, three) = (object(), object(), object());
    for chunk in [&one, &two, &three] {
        writer.ok(json!({"type": "push_next_stream_chunk_request", "id": STREAM, "chunk": chunk}));
    }
    assert_eq!(reader.ok(pull())["chunk"], one);
    assert_eq!(reader.ok(pull())["chunk"], two);
    assert_eq!((writer.exists(&one), writer.exists(&two), writer.exists(&three)), (false, true, true));
    // A failure is told when what was ready has been read.
    writer.ok(stop(true));
    assert_eq!(reader.ok(pull())["chunk"], three);
    assert_eq!((reader.code(pull()), reader.code(pull())), (43, 43));
}

#[test]
fn a_stream_goes_with_its_reader_and_not_with_its_writer() {
    let server = server();
    let (mut writer, mut reader, mut other) = (Raw::stock(&server), Raw::stock(&server), Raw::stock(&server));
    create(&mut writer);
    reader.send(&pull());
    until_waiting(&mut other, 1);
    assert_eq!(other.code(pull()), 44, "another reader waits");
    drop(writer);
    // The reader still waits; somebody else can write on.
    other.ok(json!({"type": "push_next_stream_chunk_request", "id": STREAM, "chunk": 77}));
    assert_eq!(reader.receive()["chunk"], 77);
    drop(reader);
    until(|| other.call(json!({"type": "push_next_stream_chunk_request", "id": STREAM, "chunk": 78}))["code"] == 12);
}

#[test]
fn a_dropped_stream_tells_everybody_who_waits() {
    let server = Server::builder().size(MIB).spawn().expect("a server");
    let (mut writer, mut reader, mut other) = (Raw::stock(&server), Raw::stock(&server), Raw::stock(&server));
    create(&mut writer);
    // All that there is: the writer would wait for ever.
    writer.send(&next(MIB));
    until_waiting(&mut other, 1);
    assert_eq!((other.code(next(1)), other.code(stop(false))), (44, 44), "another writer waits");
    reader.send(&pull());
    until_waiting(&mut other, 2);
    other.ok(json!({"type": "drop_stream_request", "id": STREAM}));
    assert_eq!((writer.receive()["code"].clone(), reader.receive()["code"].clone()), (json!(43), json!(43)));
}

#[test]
fn a_writer_that_waits_learns_that_the_reader_and_its_stream_are_gone() {
    let server = Server::builder().size(MIB).spawn().expect("a server");
    let (mut writer, mut reader, mut other) = (Raw::stock(&server), Raw::stock(&server), Raw::stock(&server));
    create(&mut writer);
    writer.ok(json!({"type": "push_next_stream_chunk_request", "id": STREAM, "chunk": 77}));
    assert_eq!(reader.ok(pull())["chunk"], 77);
    writer.send(&next(MIB));
    until_waiting(&mut other, 1);
    drop(reader);
    assert_eq!(writer.receive()["code"], 43);
}

#[test]
fn a_writer_waits_for_room_and_goes_on_when_there_is() {
    let server = Server::builder().size(MIB).stream_threshold(50).spawn().expect("a server");
    let (mut writer, mut reader) = (Raw::stock(&server), Raw::stock(&server));
    create(&mut writer);
    let chunk = MIB / 5;
    writer.ok(next(chunk));
    writer.descriptor();
    writer.ok(next(chunk));
    writer.send(&next(chunk));
    // The waiting writer holds up nobody else, and the chunk before is ready meanwhile.
    let first = reader.ok(pull())["chunk"].clone();
    until_waiting(&mut reader, 1);
    assert_eq!((reader.code(stop(false)), reader.used()), (44, 2 * chunk));
    let second = reader.ok(pull())["chunk"].clone();
    assert_ne!(first, second);
    assert_eq!(writer.receive()["buffer"]["data_size"], chunk);
    assert!(!reader.exists(&first));
    // A writer that goes while it waits frees its place.
    writer.ok(json!({"type": "get_next_stream_chunk_request", "id": STREAM, "size": 0}));
    writer.send(&next(5 * chunk));
    until_waiting(&mut reader, 1);
    drop(writer);
    until_waiting(&mut reader, 0);
    reader.ok(stop(false));
}

#[test]
fn a_chunk_that_can_never_fit_is_refused() {
    let server = Server::builder().size(MIB).spawn().expect("a server");
    let (mut writer, mut reader) = (Raw::stock(&server), Raw::stock(&server));
    create(&mut writer);
    let first = writer.ok(next(5))["buffer"]["object_id"].clone();
    writer.descriptor();
    assert_eq!(writer.code(next(MIB + 1)), 41);
    assert_eq!(writer.code(next(u64::MAX)), 41);
    assert_eq!(reader.ok(pull())["chunk"], first, "what was written goes on");
    writer.ok(next(5));
}

/// A stream with one blob in it that `reader` looks at, and its id.
fn looked_at(writer: &mut Raw, reader: &mut Raw) -> Value {
    create(writer);
    // An arena comes along with its first blob only.
    if writer.ok(next(5))["fd"] != -1 {
        writer.descriptor();
    }
    writer.ok(json!({"type": "stop_stream_request", "id": STREAM, "failed": false}));
    reader.ok(pull())["chunk"].clone()
}

fn drop_stream(peer: &mut Raw) {
    peer.ok(json!({"type": "drop_stream_request", "id": STREAM}));
}

#[test]
fn a_chunk_of_a_dropped_stream_goes_with_its_reader() {
    let server = server();
    let (mut writer, mut reader, mut other) = (Raw::stock(&server), Raw::stock(&server), Raw::stock(&server));
    let chunk = looked_at(&mut writer, &mut reader);
    drop_stream(&mut other);
    let found = reader.get(&[&chunk]);
    assert_eq!(found["payloads"][0]["data_size"], 5, "its reader still looks at it");
    drop((writer, other));
    let mut last = Raw::stock(&server);
    assert!(last.exists(&chunk), "neither its writer's end matters nor that of who dropped the stream");
    drop(reader);
    until(|| last.used() == 0);
    assert!(!last.exists(&chunk));
    drop(last);
    let report = server.stop();
    assert_eq!((report.used_bytes, report.leases), (0, 0));
}

#[test]
fn a_chunk_of_a_dropped_stream_goes_when_its_reader_asks_for_more() {
    let server = server();
    let (mut writer, mut reader) = (Raw::stock(&server), Raw::stock(&server));
    let chunk = looked_at(&mut writer, &mut reader);
    drop_stream(&mut writer);
    assert_eq!((writer.code(pull()), writer.exists(&chunk)), (12, true), "it is not what the other looks at");
    assert_eq!((reader.code(pull()), reader.exists(&chunk)), (12, false));
    // The same again, with a stream in between that has the same id.
    let chunk = looked_at(&mut writer, &mut reader);
    drop_stream(&mut writer);
    let next = looked_at(&mut writer, &mut reader);
    assert_eq!((writer.exists(&chunk), writer.exists(&next)), (false, true));
}

#[test]
fn a_chunk_of_a_dropped_stream_can_be_deleted_by_its_reader() {
    let server = server();
    let (mut writer, mut reader) = (Raw::stock(&server), Raw::stock(&server));
    let chunk = looked_at(&mut writer, &mut reader);
    drop_stream(&mut writer);
    reader.ok(json!({"type": "del_data_request", "id": [chunk], "force": false, "deep": true, "fastpath": false}));
    assert!(!writer.exists(&chunk));
    drop((writer, reader));
    assert_eq!(server.stop().used_bytes, 0);
}
