//! Blobs that are parts of others, on the same memory.

mod raw;

use raw::{Arena, MIB, Raw, server, until};
use serde_json::{Value, json};
use vineyard_server::{Server, ServerHandle};

fn content(size: u64) -> Vec<u8> {
    (0..size).map(|i| u8::try_from(i * i % 251).expect("below 251")).collect()
}

/// A sealed blob of a native client: its id and where it lies.
fn put(peer: &mut Raw, size: u64) -> (Value, Arena) {
    let created = peer.create(size);
    let arena = peer.descriptor();
    arena.write(&created["created"], &content(size)).expect("it is ours");
    peer.seal(&created["id"]);
    (created["id"].clone(), arena)
}

fn slices(parts: &[(&Value, u64, u64)]) -> Value {
    let ids: Vec<&Value> = parts.iter().map(|(id, ..)| *id).collect();
    let (offsets, sizes): (Vec<u64>, Vec<u64>) = parts.iter().map(|(_, offset, size)| (*offset, *size)).unzip();
    json!({"type": "slice_buffers_request", "ids": ids, "offsets": offsets, "sizes": sizes})
}

fn slice(peer: &mut Raw, id: &Value, offset: u64, size: u64) -> Value {
    let reply = peer.ok(slices(&[(id, offset, size)]));
    assert_eq!(reply["type"], "slice_buffers_reply");
    reply["ids"][0].clone()
}

/// The bytes of a blob, as somebody reads them who knows nothing of slices.
fn read(server: &ServerHandle, id: &Value) -> Vec<u8> {
    let mut reader = Raw::stock(server);
    let found = reader.get(&[id]);
    let arena = reader.descriptor();
    arena.read(&found["payloads"][0])
}

fn link(peer: &mut Raw, id: &Value, size: u64) -> Value {
    let id = format!("o{:016x}", id.as_u64().expect("an id"));
    let blob = json!({"id": id, "typename": "vineyard::Blob", "instance_id": 5, "length": size});
    let content = json!({"typename": "T", "instance_id": 5, "b": blob});
    peer.ok(json!({"type": "create_data_request", "content": content}))["id"].clone()
}

#[test]
fn a_slice_lies_on_the_bytes_of_its_blob_and_keeps_them() {
    let server = server();
    let mut peer = Raw::native(&server);
    let reply = peer.ok(json!({"type": "register_request", "native": 1}));
    assert_eq!(reply["slices"], true);
    let (whole, arena) = put(&mut peer, 100_000);
    let before = server.memory();
    let made = peer.ok(slices(&[(&whole, 1000, 500), (&whole, 0, 100_000), (&whole, 99_999, 1), (&whole, 7, 0)]));
    let ids = made["ids"].as_array().expect("a list").clone();
    let of_slice = slice(&mut peer, &ids[0], 100, 50);
    assert_eq!(ids[3].as_u64(), Some(1 << 63), "no bytes are the empty blob");
    let after = server.memory();
    assert_eq!((after.used, after.allocated, after.touched), (before.used, before.allocated, before.touched));
    // Where it lies, for who knows the arena already.
    let found = peer.get(&[&whole, &ids[0], &of_slice]);
    peer.descriptor();
    let place = |n: usize| (found["payloads"][n]["store_fd"].clone(), found["payloads"][n]["data_offset"].as_u64());
    let start = place(0).1.expect("an offset");
    assert_eq!(place(1), (place(0).0, Some(start + 1000)));
    assert_eq!(place(2), (place(0).0, Some(start + 1100)));
    assert_eq!(found["payloads"][1]["is_sealed"], true);
    assert_eq!(arena.read(&found["payloads"][2]), content(100_000)[1100..1150]);
    peer.drop_buffer(&whole);
    assert!(!peer.exists(&whole) && peer.exists(&ids[0]));
    for (id, range) in [(&ids[0], 1000..1500), (&ids[1], 0..100_000), (&ids[2], 99_999..100_000)] {
        assert_eq!(read(&server, id), content(100_000)[range]);
    }
    // All of the memory counts until the last is gone; who views them is not asked here.
    let twice = json!({"type": "release_leases_notice", "ids": [whole, whole, ids[0], of_slice]});
    peer.send(&twice);
    for id in [&ids[0], &ids[1], &ids[2]] {
        peer.drop_buffer(id);
        assert_eq!(peer.used(), 100_000);
    }
    peer.drop_buffer(&of_slice);
    until(|| server.memory().used == 0);
    assert_eq!(server.memory().allocated, 0);
    drop(peer);
    let report = server.stop();
    assert_eq!((report.used_bytes, report.leases), (0, 0));
}

#[test]
fn what_is_no_part_of_a_sealed_blob_is_refused_and_nothing_is_left() {
    let server = server();
    let mut peer = Raw::native(&server);
    let (whole, _) = put(&mut peer, 1000);
    let unsealed = peer.create(5)["id"].clone();
    let (empty, placeholder, nobody) = (json!(1u64 << 63), json!(u64::MAX), json!((1u64 << 63) + 77));
    let object = link(&mut peer, &whole, 1000);
    for (id, offset, size, code) in [
        (&whole, 0, 1001, 8),
        (&whole, 1000, 1, 8),
        (&whole, 1001, 0, 8),
        (&whole, u64::MAX, 1, 8),
        (&whole, 1, u64::MAX, 8),
        (&whole, u64::MAX, u64::MAX, 8),
        (&unsealed, 0, 1, 14),
        (&empty, 0, 0, 12),
        (&placeholder, 0, 1, 12),
        (&nobody, 0, 1, 12),
        (&object, 0, 1, 12),
    ] {
        let many = [(&whole, 0, 1), (&whole, 1, 2), (id, offset, size)];
        assert_eq!(peer.code(slices(&many)), code, "{id} {offset} {size}");
    }
    for malformed in [
        json!({"type": "slice_buffers_request", "ids": [whole], "offsets": [], "sizes": [1]}),
        json!({"type": "slice_buffers_request", "ids": [whole], "offsets": [0, 1], "sizes": [1]}),
        json!({"type": "slice_buffers_request", "ids": [whole], "offsets": [0], "sizes": []}),
    ] {
        assert_eq!(peer.code(malformed), 8);
    }
    for malformed in [
        json!({"type": "slice_buffers_request", "ids": [whole], "offsets": [-1], "sizes": [1]}),
        json!({"type": "slice_buffers_request", "ids": [whole], "sizes": [1]}),
        json!({"type": "slice_buffers_request"}),
    ] {
        assert_eq!(peer.code(malformed), 1);
    }
    let many = json!({"type": "slice_buffers_request", "ids": vec![1; 1_100_000], "offsets": [], "sizes": []});
    assert_eq!(peer.code(many), 1, "more than are answered");
    assert_eq!(peer.ok(slices(&[]))["ids"], json!([]));
    assert_eq!(Raw::stock(&server).code(slices(&[(&whole, 0, 1)])), 1, "only native connections");
    // Nothing was made: the blob is all there is when it goes.
    peer.ok(json!({"type": "del_data_request", "id": [object], "deep": true, "force": false}));
    peer.drop_buffer(&unsealed);
    peer.send(&json!({"type": "release_leases_notice", "ids": [whole, unsealed]}));
    assert_eq!(peer.used(), 0);
}

#[test]
fn slices_go_with_their_connection_until_an_object_holds_them() {
    let server = server();
    let mut peer = Raw::native(&server);
    let (whole, _) = put(&mut peer, 1000);
    link(&mut peer, &whole, 1000);
    let mut other = Raw::native(&server);
    let made = other.ok(slices(&[(&whole, 0, 10), (&whole, 10, 10), (&whole, 20, 10)]));
    let ids = made["ids"].as_array().expect("a list").clone();
    let object = link(&mut other, &ids[0], 10);
    other.ok(json!({"type": "keep_request", "ids": [ids[1]]}));
    drop(other);
    until(|| !peer.exists(&ids[2]));
    assert!(peer.exists(&ids[0]) && peer.exists(&ids[1]));
    // One that is deleted with its object leaves the others alone.
    peer.ok(json!({"type": "del_data_request", "id": [object], "deep": true, "force": false}));
    assert!(!peer.exists(&ids[0]) && read(&server, &ids[1]) == content(1000)[10..20]);
    assert_eq!(read(&server, &whole), content(1000));
}

#[test]
fn who_views_a_deleted_blob_can_slice_it_and_nobody_else() {
    let server = server();
    let (mut peer, mut viewer) = (Raw::native(&server), Raw::native(&server));
    let (whole, _) = put(&mut peer, 1000);
    viewer.get(&[&whole]);
    viewer.descriptor();
    peer.drop_buffer(&whole);
    peer.send(&json!({"type": "release_leases_notice", "ids": [whole]}));
    assert_eq!(peer.code(slices(&[(&whole, 0, 10)])), 12);
    let part = slice(&mut viewer, &whole, 5, 10);
    viewer.send(&json!({"type": "release_leases_notice", "ids": [whole]}));
    assert_eq!(viewer.code(slices(&[(&whole, 0, 10)])), 12, "it views it no more");
    assert_eq!((read(&server, &part), viewer.used()), (content(1000)[5..15].to_vec(), 1000));
    drop(viewer);
    until(|| server.memory().used == 0);
}

#[test]
fn a_slice_of_a_blob_that_the_kernel_has_sealed_shares_its_file() {
    let server = server();
    let mut peer = Raw::native(&server);
    let created = peer.ok(json!({"type": "create_buffer_request", "size": 50_000, "sealable": true}));
    let arena = peer.descriptor();
    arena.write(&created["created"], &content(50_000)).expect("it is ours");
    let whole = created["id"].clone();
    assert_eq!(peer.code(slices(&[(&whole, 0, 10)])), 14, "it is not sealed yet");
    peer.seal(&whole);
    let part = slice(&mut peer, &whole, 49_000, 1000);
    assert_eq!((server.memory().own_files, server.memory().used), (1, 50_000));
    peer.drop_buffer(&whole);
    peer.send(&json!({"type": "release_leases_notice", "ids": [whole]}));
    assert_eq!(peer.used(), 50_000, "the file is open");
    let found = peer.get(&[&part]);
    let again = peer.descriptor();
    assert_eq!((again.read(&found["payloads"][0]), again.inode()), (content(50_000)[49_000..].to_vec(), arena.inode()));
    peer.drop_buffer(&part);
    peer.send(&json!({"type": "release_leases_notice", "ids": [part]}));
    assert_eq!((peer.used(), server.memory().own_files), (0, 0));
}

#[test]
fn slices_are_made_over_tcp_and_sent_like_any_blob() {
    let server = raw::server_with_rpc();
    let mut peer = Raw::native(&server);
    let (whole, _) = put(&mut peer, 1000);
    link(&mut peer, &whole, 1000);
    let mut far = Raw::mute_tcp(&server);
    assert_eq!(far.ok(json!({"type": "register_request", "native": 1}))["slices"], true);
    let part = slice(&mut far, &whole, 100, 300);
    far.ok(json!({"type": "get_remote_buffers_request", "num": 1, "0": part}));
    assert_eq!(far.bytes(300), content(1000)[100..400]);
    assert_eq!(peer.used(), 1000);
    drop(far);
    until(|| !peer.exists(&part));
}

#[test]
fn a_slice_moves_to_another_session_and_keeps_the_memory() {
    let server = server();
    let mut peer = Raw::native(&server);
    let (whole, _) = put(&mut peer, 1000);
    let part = slice(&mut peer, &whole, 100, 300);
    let socket = peer.ok(json!({"type": "new_session_request", "bulk_store_type": 1}))["socket_path"].clone();
    let mut there = Raw::at(socket.as_str().expect("a path").as_ref(), 1);
    let id = json!((1u64 << 63) + 999);
    there.ok(json!({"type": "move_buffers_ownership_request", "session_id": 0, "id_to_id": [[part, id]],
        "id_to_pid": [], "pid_to_id": {}, "pid_to_pid": {}}));
    peer.drop_buffer(&part);
    peer.drop_buffer(&whole);
    peer.send(&json!({"type": "release_leases_notice", "ids": [whole]}));
    assert_eq!(peer.used(), 1000);
    let found = there.get(&[&id]);
    assert_eq!(there.descriptor().read(&found["payloads"][0]), content(1000)[100..400]);
    there.drop_buffer(&id);
    drop(there);
    until(|| server.memory().used == 0);
}

#[test]
fn slices_end_where_metadata_does() {
    let server = Server::builder().size(4 * MIB).instance_id(5).max_metadata(MIB).spawn().expect("a server");
    let mut peer = Raw::native(&server);
    let (whole, _) = put(&mut peer, 1000);
    let thousand = |whole: &Value| slices(&(0..1000).map(|n| (whole, n, 1)).collect::<Vec<_>>());
    let mut made = 0;
    let refused = loop {
        let reply = peer.call(thousand(&whole));
        if reply.get("code").is_some() {
            break reply;
        }
        made += 1;
        assert!(made < 100, "there is no end to it");
    };
    assert_eq!((&refused["code"], made > 0), (&json!(41), true), "{refused}");
    // None of the last thousand is left, so that a few still fit.
    slice(&mut peer, &whole, 0, 1);
    peer.drop_buffer(&whole);
    drop(peer);
    until(|| server.memory().used == 0);
    let mut peer = Raw::native(&server);
    let (whole, _) = put(&mut peer, 1000);
    for _ in 0..made {
        peer.ok(thousand(&whole));
    }
}

#[test]
fn what_leaves_for_disk_is_free_with_the_last_that_shares_it() {
    const BLOB: u64 = MIB;
    let directory = tempfile::tempdir().expect("a directory");
    let builder = Server::builder().size(4 * MIB).instance_id(5).spill(directory.path());
    // Nothing goes ahead of time.
    let server = builder.spill_rates(1.0, 1.0).spawn().expect("starts");
    let mut peer = Raw::native(&server);
    let (whole, _) = put(&mut peer, BLOB);
    link(&mut peer, &whole, BLOB);
    let part = slice(&mut peer, &whole, 1000, 500_000);
    link(&mut peer, &part, 500_000);
    let is_spilled =
        |peer: &mut Raw, id: &Value| peer.ok(json!({"type": "is_spilled_request", "id": id}))["is_spilled"] == true;
    let evict = |peer: &mut Raw, id: &Value| peer.ok(json!({"type": "evict_request", "ids": [id]}));
    // The blob is viewed by who made it: what shares its bytes would leave for nothing.
    let fill: Vec<Value> = (0..3).map(|_| peer.create(BLOB)["id"].clone()).collect();
    assert_eq!(peer.code(json!({"type": "create_buffer_request", "size": BLOB})), 41);
    assert!(!is_spilled(&mut peer, &part) && !is_spilled(&mut peer, &whole));
    peer.send(&json!({"type": "release_leases_notice", "ids": [whole]}));
    // Now both leave for what comes.
    let last = peer.create(BLOB)["id"].clone();
    assert!(is_spilled(&mut peer, &part) && is_spilled(&mut peer, &whole));
    assert_eq!(peer.used(), 4 * BLOB);
    fill.iter().chain([&last]).for_each(|id| peer.drop_buffer(id));
    let leases: Vec<&Value> = fill.iter().chain([&last]).collect();
    peer.send(&json!({"type": "release_leases_notice", "ids": leases}));
    assert_eq!(peer.used(), 0);
    // What is sliced comes back, and is there on its own.
    let again = slice(&mut peer, &part, 0, 1000);
    link(&mut peer, &again, 1000);
    assert!(!is_spilled(&mut peer, &part) && is_spilled(&mut peer, &whole));
    assert_eq!((peer.used(), read(&server, &again)), (500_000, content(BLOB)[1000..2000].to_vec()));
    // By name, each on its own; free with the last.
    evict(&mut peer, &part);
    assert_eq!((is_spilled(&mut peer, &part), peer.used()), (true, 500_000));
    until(|| {
        // Who has just read it may not be gone yet.
        evict(&mut peer, &again);
        is_spilled(&mut peer, &again)
    });
    assert_eq!(peer.used(), 0);
    for (id, range) in [(&whole, 0..BLOB), (&part, 1000..501_000), (&again, 1000..2000)] {
        let range = usize::try_from(range.start).expect("small")..usize::try_from(range.end).expect("small");
        assert_eq!(read(&server, id), content(BLOB)[range]);
    }
}
