//! Blobs that go to disk when memory is short, and come back.

mod raw;

use std::path::Path;

use raw::{Arena, MIB, Raw};
use serde_json::{Value, json};
use vineyard_server::{Server, ServerBuilder, ServerHandle};

const BLOB: u64 = MIB / 4;

fn server(directory: &Path) -> ServerHandle {
    builder(directory).spawn().expect("starts")
}

fn builder(directory: &Path) -> ServerBuilder {
    Server::builder().size(4 * MIB).rpc("127.0.0.1", 0).spill(directory)
}

/// The bytes of a blob, which no other blob has.
fn content(number: u64) -> Vec<u8> {
    (0..BLOB).map(|i| u8::try_from((number * 7919 + i * (2 * number + 1)) % 251).expect("below 251")).collect()
}

/// A client with the arenas that it was sent, by label.
struct Client {
    raw: Raw,
    arenas: Vec<(i64, Arena)>,
}

impl Client {
    fn new(raw: Raw) -> Self {
        Self { raw, arenas: Vec::new() }
    }

    fn arena(&self, payload: &Value) -> &Arena {
        let label = payload["store_fd"].as_i64().expect("a label");
        &self.arenas.iter().find(|(known, _)| *known == label).expect("it was sent").1
    }

    /// An object of one blob: its id and the blob's.
    fn put(&mut self, number: u64) -> (Value, Value) {
        let reply = self.raw.ok(json!({"type": "create_buffer_request", "size": BLOB}));
        if let Some(label) = reply["fd"].as_i64().filter(|label| *label >= 0) {
            let arena = self.raw.descriptor();
            self.arenas.push((label, arena));
        }
        self.arena(&reply["created"]).write(&reply["created"], &content(number)).expect("it is ours");
        self.raw.seal(&reply["id"]);
        let id = reply["id"].as_u64().expect("an id");
        let blob = json!({"id": format!("o{id:016x}"), "typename": "vineyard::Blob", "instance_id": 0, "length": BLOB});
        let content = json!({"typename": "T", "instance_id": 0, "b": blob});
        (self.raw.ok(json!({"type": "create_data_request", "content": content}))["id"].clone(), reply["id"].clone())
    }

    fn get(&mut self, blobs: &[&Value]) -> Vec<Vec<u8>> {
        let reply = self.raw.get(blobs);
        for label in reply["fds"].as_array().expect("a list") {
            let arena = self.raw.descriptor();
            self.arenas.push((label.as_i64().expect("a label"), arena));
        }
        let payloads = reply["payloads"].as_array().expect("a list");
        payloads.iter().map(|payload| self.arena(payload).read(payload)).collect()
    }

    fn is_spilled(&mut self, blob: &Value) -> bool {
        self.raw.ok(json!({"type": "is_spilled_request", "id": blob}))["is_spilled"] == true
    }
}

fn files(directory: &Path) -> usize {
    let servers = std::fs::read_dir(directory).expect("there").map(|entry| entry.expect("readable").path());
    // One of them is the lock of its server.
    servers.map(|path| std::fs::read_dir(path).map_or(0, |files| files.count() - 1)).sum()
}

#[test]
fn four_times_the_memory_is_kept_and_read_back_unchanged() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = server(directory.path());
    let mut writer = Client::new(Raw::stock(&server));
    let put: Vec<_> = (0..64).map(|number| writer.put(number)).collect();
    assert!(writer.raw.used() <= 4 * MIB);
    // One that says when it is done, one that ends with each, one to whom the bytes are sent.
    let mut native = Client::new(Raw::native(&server));
    for (number, (_, blob)) in put.iter().enumerate().rev() {
        assert!(native.get(&[blob]) == [content(number as u64)], "{number} is another");
        native.raw.send(&json!({"type": "release_leases_notice", "ids": [blob]}));
    }
    for (number, (_, blob)) in put.iter().enumerate() {
        let mut reader = Client::new(Raw::stock(&server));
        assert!(reader.get(&[blob]) == [content(number as u64)], "{number} is another");
    }
    let mut remote = Raw::tcp(&server, 0);
    for (number, (_, blob)) in put.iter().enumerate() {
        remote.ok(json!({"type": "get_remote_buffers_request", "num": 1, "0": blob}));
        assert!(remote.bytes(usize::try_from(BLOB).expect("small")) == content(number as u64), "{number} is another");
    }
    for (object, _) in &put {
        writer.raw.ok(json!({"type": "del_data_request", "id": [object], "deep": true, "force": false}));
    }
    assert_eq!(writer.raw.used(), 0);
    raw::until(|| files(directory.path()) == 0);
    drop((writer, native, remote));
    server.stop();
    assert_eq!(std::fs::read_dir(directory.path()).expect("there").count(), 0, "nothing is left");
}

#[test]
fn what_is_viewed_or_pinned_stays_and_what_is_wanted_goes_and_comes() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = server(directory.path());
    let (mut writer, mut viewer) = (Client::new(Raw::stock(&server)), Client::new(Raw::native(&server)));
    let put: Vec<_> = (0..4).map(|number| writer.put(number)).collect();
    viewer.get(&[&put[0].1]);
    // By the object and by the blob.
    for ids in [[&put[0].0, &put[1].0], [&put[2].1, &put[1].1]] {
        assert_eq!(writer.raw.ok(json!({"type": "evict_request", "ids": ids}))["type"], "evict_reply");
    }
    let spilled: Vec<bool> = put.iter().map(|(_, blob)| writer.is_spilled(blob)).collect();
    assert_eq!(spilled, [false, true, true, false]);
    assert_eq!((writer.raw.used(), files(directory.path())), (2 * BLOB, 2));
    writer.raw.ok(json!({"type": "load_request", "ids": [put[1].0], "pin": true}));
    assert!(!writer.is_spilled(&put[1].1) && writer.is_spilled(&put[2].1));
    // The pinned one is there however much is put, the viewed one as well.
    let more: Vec<_> = (4..40).map(|number| writer.put(number)).collect();
    assert!(!writer.is_spilled(&put[0].1) && !writer.is_spilled(&put[1].1));
    writer.raw.ok(json!({"type": "unpin_request", "ids": [put[1].0]}));
    writer.raw.ok(json!({"type": "evict_request", "ids": [put[1].0, more[35].0]}));
    assert!(writer.is_spilled(&put[1].1) && writer.is_spilled(&more[35].1));
    assert!(viewer.get(&[&put[1].1, &more[35].1]) == [content(1), content(39)]);
}

#[test]
fn who_views_too_much_is_told_who_has_the_memory() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = server(directory.path());
    let mut writer = Client::new(Raw::stock(&server));
    let put: Vec<_> = (0..20).map(|number| writer.put(number)).collect();
    let mut viewer = Client::new(Raw::native(&server));
    let refused = put.iter().find_map(|(_, blob)| {
        let reply = viewer.raw.call(json!({"type": "get_buffers_request", "ids": [blob]}));
        if reply["code"].is_null() {
            (0..reply["fds"].as_array().map_or(0, Vec::len)).for_each(|_| drop(viewer.raw.descriptor()));
            return None;
        }
        Some(reply)
    });
    let refused = refused.expect("the memory is smaller than what is viewed");
    assert_eq!(refused["code"], 41);
    let message = refused["message"].as_str().expect("text");
    assert!(
        message.contains(&format!("{} leased", 4 * MIB)) && message.contains(&format!("{BLOB} bytes")),
        "{message}"
    );
    drop(viewer);
    let mut reader = Client::new(Raw::native(&server));
    raw::until(|| reader.raw.call(json!({"type": "get_buffers_request", "ids": []}))["code"].is_null());
    raw::until(|| reader.raw.status()["ipc_connections"] == 2);
    for (number, (_, blob)) in put.iter().enumerate() {
        assert!(reader.get(&[blob]) == [content(number as u64)], "{number} is another");
        reader.raw.send(&json!({"type": "release_leases_notice", "ids": [blob]}));
    }
}

#[test]
fn a_disk_that_fails_loses_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = builder(directory.path()).spill_rates(1.0, 1.0).spawn().expect("starts");
    let mut writer = Client::new(Raw::stock(&server));
    let put: Vec<_> = (0..16).map(|number| writer.put(number)).collect();
    // Nothing can be written from now on.
    let moved = directory.path().with_extension("away");
    std::fs::rename(directory.path(), &moved).expect("renamed");
    let reply = writer.raw.call(json!({"type": "create_buffer_request", "size": BLOB}));
    assert_eq!(reply["code"], 41);
    let message = reply["message"].as_str().expect("text");
    assert!(message.contains("cannot be written to") && message.contains("No such file"), "{message}");
    let mut reader = Client::new(Raw::native(&server));
    for (number, (_, blob)) in put.iter().enumerate() {
        assert!(reader.get(&[blob]) == [content(number as u64)], "{number} is another");
        reader.raw.send(&json!({"type": "release_leases_notice", "ids": [blob]}));
    }
    std::fs::rename(&moved, directory.path()).expect("renamed");
    let (_, blob) = writer.put(16);
    assert!(reader.get(&[&blob]) == [content(16)]);
}

#[test]
fn a_file_that_was_changed_is_an_error_and_no_data() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = server(directory.path());
    let mut writer = Client::new(Raw::stock(&server));
    let (object, blob) = writer.put(1);
    writer.raw.ok(json!({"type": "evict_request", "ids": [object]}));
    let own = std::fs::read_dir(directory.path()).expect("there").next().expect("one").expect("readable").path();
    let file = std::fs::read_dir(own).expect("there").map(|entry| entry.expect("readable").path());
    let file = file.into_iter().find(|path| path.file_name().is_some_and(|name| name != "lock")).expect("the blob's");
    let mut bytes = std::fs::read(&file).expect("readable");
    *bytes.last_mut().expect("long") ^= 1;
    std::fs::write(&file, bytes).expect("written");
    let reply = writer.raw.call(json!({"type": "get_buffers_request", "ids": [blob]}));
    assert_eq!(reply["code"], 4, "{reply}");
    assert!(reply["message"].as_str().is_some_and(|message| message.contains("damaged")), "{reply}");
    assert_eq!(writer.raw.used(), 0, "its room was given back");
}
