//! Who gets which arena, and what becomes of the arenas of those who leave.

mod raw;

use raw::{MIB, Raw, server, server_with_rpc, until};
use serde_json::{Value, json};

/// Connections that come, put one small blob and go; more can be asked for.
fn short_connections() -> usize {
    std::env::var("SHORT_CONNECTIONS").ok().map_or(1000, |text| text.parse().expect("a number"))
}

/// A sealed blob of the peer, filled with one byte; its id.
fn put(peer: &mut Raw, size: u64, byte: u8) -> Value {
    let made = peer.create(size);
    let arena = peer.descriptor();
    arena.write(&made["created"], &vec![byte; usize::try_from(size).expect("small")]).expect("writable");
    peer.seal(&made["id"]);
    made["id"].clone()
}

#[test]
fn no_arena_is_writable_for_two() {
    let server = server_with_rpc();
    let mut peers = [Raw::stock(&server), Raw::native(&server), Raw::stock(&server)];
    let mut writable = Vec::new();
    let mut blobs = Vec::new();
    for peer in &mut peers {
        let made = peer.create(1000);
        let arena = peer.descriptor();
        arena.write(&made["created"], b"mine").expect("writable");
        peer.seal(&made["id"]);
        assert!(!writable.contains(&arena.inode()));
        writable.push(arena.inode());
        blobs.push(made["id"].clone());
        // There is room in the one it has.
        peer.create(5 * MIB);
    }
    let mut far = Raw::tcp(&server, 0);
    far.ok(json!({"type": "create_remote_buffer_request", "size": 4}));
    std::io::Write::write_all(&mut far.stream, b"sent").expect("written");
    blobs.push(far.receive()["id"].clone());
    let mut reader = Raw::stock(&server);
    for (number, blob) in blobs.iter().enumerate() {
        let found = reader.get(&[blob]);
        let arena = reader.descriptor();
        assert!(writable.get(number).is_none_or(|inode| *inode == arena.inode()));
        assert!(number < 3 || !writable.contains(&arena.inode()), "what came by TCP lies where nobody writes");
        assert!(arena.write(&found["0"], b"x").is_err());
    }
}

#[test]
fn an_arena_goes_to_the_next_connection_of_the_user_when_nothing_lies_in_it() {
    let server = server();
    let mut first = Raw::stock(&server);
    let made = first.create(MIB);
    let arena = first.descriptor();
    arena.write(&made["created"], &[7; 1 << 20]).expect("writable");
    drop(first);
    until(|| server.memory().vacant_arenas == 1);
    let (mut second, mut third) = (Raw::stock(&server), Raw::stock(&server));
    second.create(10);
    third.create(10);
    assert_eq!(second.descriptor().inode(), arena.inode());
    assert_ne!(third.descriptor().inode(), arena.inode());
    assert_eq!((server.memory().arenas, server.memory().vacant_arenas), (2, 0));
}

#[test]
fn connections_that_come_and_go_leave_their_blobs_and_little_else() {
    let server = server();
    let byte = |number: usize| u8::try_from(number % 251).expect("small");
    let count = short_connections();
    let blobs: Vec<Value> = (0..count).map(|number| put(&mut Raw::stock(&server), 64, byte(number))).collect();
    let bytes = 64 * u64::try_from(count).expect("fits");
    until(|| server.memory().vacant_arenas <= 4);
    let memory = server.memory();
    assert!(memory.arenas < 20, "{memory:?}");
    assert_eq!((memory.used, memory.allocated), (bytes, bytes));
    assert!(memory.touched < 2 * bytes, "{memory:?}");
    let mut reader = Raw::stock(&server);
    let found = reader.get(&blobs.iter().collect::<Vec<_>>());
    let fds = found["fds"].as_array().expect("a list").clone();
    assert!(fds.len() < 20, "{} arenas", fds.len());
    let arenas: Vec<_> = fds.iter().map(|label| (label, reader.descriptor())).collect();
    for (number, payload) in found["payloads"].as_array().expect("a list").iter().enumerate() {
        let (_, arena) = arenas.iter().find(|(label, _)| **label == payload["store_fd"]).expect("it was sent");
        assert_eq!(arena.read(payload), [byte(number); 64]);
    }
    for blob in &blobs {
        reader.drop_buffer(blob);
    }
    assert_eq!((server.memory().used, server.memory().allocated), (0, 0));
}

#[test]
fn what_somebody_looks_at_stays_where_it_is() {
    let server = server();
    let (mut writer, mut reader) = (Raw::stock(&server), Raw::native(&server));
    let (kept, other) = (put(&mut writer, 1000, 1), {
        let made = writer.create(1000);
        writer.seal(&made["id"]);
        made["id"].clone()
    });
    let before = reader.get(&[&kept]);
    let arena = reader.descriptor();
    drop(writer);
    let place = |found: &Value| (found["0"]["store_fd"].clone(), found["0"]["data_offset"].clone());
    let mut last = Raw::stock(&server);
    until(|| last.ok(json!({"type": "instance_status_request"}))["meta"]["ipc_connections"] == 2);
    // The other one has moved to the server's arena, so the first was looked at.
    until(|| server.memory().arenas == 2);
    assert_eq!(place(&reader.get(&[&kept])), place(&before));
    assert_eq!(arena.read(&before["0"]), [1; 1000]);
    let moved = last.get(&[&other]);
    assert_ne!(last.descriptor().inode(), arena.inode());
    assert_eq!(moved["0"]["data_size"], 1000);
}

#[test]
fn nothing_that_fits_is_refused_whoever_had_the_memory_before() {
    let server = server();
    for round in 0..6 {
        let mut peer = Raw::stock(&server);
        // Three quarters of the memory at a time, and never freed before the connection ends.
        let made = peer.create(48 * MIB);
        let arena = peer.descriptor();
        arena.write(&made["created"], &vec![round; 48 << 20]).expect("writable");
        assert!(server.memory().touched <= 66 * MIB, "{:?}", server.memory());
        drop(peer);
        until(|| server.memory().used == 0);
    }
}

#[test]
fn pages_are_given_back_before_others_may_touch_theirs() {
    let server = server();
    let (mut one, mut other) = (Raw::stock(&server), Raw::stock(&server));
    let size = 60 * MIB;
    let made = one.create(size);
    let arena = one.descriptor();
    arena.write(&made["created"], &vec![1; 60 << 20]).expect("writable");
    one.drop_buffer(&made["id"]);
    other.create(size);
    // The limit and a little more, of which the other may touch its own now.
    assert!(server.memory().touched <= 66 * MIB, "{:?}", server.memory());
    assert!(arena.allocated() <= 6 * MIB);
}
