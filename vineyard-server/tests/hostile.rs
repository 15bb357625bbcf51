//! Nothing that a peer sends makes the server panic, hang, grow, or forget others.

mod attack;
mod raw;

use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use attack::crowd::crowd;
use attack::good::Good;
use attack::values::{INSTANCE, SERVER_BYTES};
use attack::{scene, watch};
use raw::{Raw, until};
use serde_json::{Value, json};
use vineyard_server::Server;

/// Requests that the original was sent while it was looked whether it survives, a line each: the `body`, what it
/// answered when that was `recorded` (a code, the type of a reply, or that it died), what we answer where that differs
/// (`ours`, and over TCP `tcp`).
const CRASH_PROBE: &str = include_str!("attack/crash_probe.jsonl");

/// What a process may take more although nothing is kept: the allocator's doing.
const GROWTH_BYTES: u64 = 1 << 20;

/// Arenas that a server keeps for whoever comes next, with one of its own.
const KEPT_ARENAS: usize = 6;

/// The tests of this file look at the whole process.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    watch::count_panics();
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A number that whoever has more time sets in the environment.
fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
}

/// A code as it is, or the type of a reply that is none.
fn summary(reply: &Value) -> Value {
    reply.get("code").or_else(|| reply.get("type")).cloned().unwrap_or_default()
}

#[test]
fn what_killed_the_original_is_answered() {
    let _alone = alone();
    let server = Server::builder().size(16 << 20).workers(2).rpc("127.0.0.1", 0).spawn().expect("a server");
    let mut good = Good::new(&server);
    let mut deaths = 0;
    for line in CRASH_PROBE.lines() {
        let probe: Value = serde_json::from_str(line).expect("JSON");
        for tcp in [false, true] {
            let mut peer = if tcp { Raw::tcp(&server, 0) } else { Raw::stock(&server) };
            peer.send_bytes(probe["body"].as_str().expect("text").as_bytes());
            let reply = peer.receive();
            let expected = [probe.get("tcp").filter(|_| tcp), probe.get("ours"), probe.get("recorded")];
            assert_eq!(Some(&summary(&reply)), expected.into_iter().flatten().next(), "{reply} to {line}, TCP: {tcp}");
            assert!(peer.is_quiet());
            good.check();
        }
        deaths += u64::from(probe["recorded"] == "died");
    }
    assert_eq!(deaths, 8, "the requests that killed the original");
    good.leave();
    let report = watch::stop(server);
    assert_eq!((report.leases, report.connections, watch::panics()), (0, 0, 0));
}

#[test]
fn random_peers_do_no_harm() {
    let _alone = alone();
    let first = setting("HOSTILE_SEED", 0);
    for seed in first..first.saturating_add(setting("HOSTILE_ROUNDS", 100)) {
        eprintln!("HOSTILE_SEED={seed}");
        scene::play(&scene::seeded(seed));
    }
}

#[test]
fn many_peers_at_once_do_no_harm() {
    let _alone = alone();
    let server = scene::server();
    for seed in 0..setting("HOSTILE_CROWDS", 3) {
        crowd(&server, seed, 6, 6000);
    }
    let report = watch::stop(server);
    assert_eq!((watch::left(&report), watch::panics()), ([0; 6], 0), "{report:?}");
}

#[test]
fn the_same_again_and_again_takes_no_more() {
    let _alone = alone();
    let server = scene::server();
    let open = watch::descriptors();
    let repeats = setting("HOSTILE_REPEATS", 24);
    let mut taken = Vec::new();
    for _ in 0..repeats {
        (0..5).for_each(|seed| scene::round(&server, &scene::seeded(seed)));
        // Sockets are closed when the server finds their peers gone.
        // What is left are the arenas that are kept for the next, with the file of the placeholder.
        until(|| {
            let (memory, others) = watch::descriptors();
            let arenas = server.memory().arenas;
            others <= open.1 && arenas <= KEPT_ARENAS && memory <= 2 * (arenas + 1)
        });
        taken.push(watch::private_bytes());
    }
    // Allocators keep what they once had; the first rounds fill that.
    let (before, after) = (taken[taken.len() / 3], taken[taken.len() - 1]);
    assert!(after <= before + GROWTH_BYTES, "from {before} to {after} private bytes: {taken:?}");
    let report = watch::stop(server);
    assert_eq!((watch::left(&report), watch::panics()), ([0; 6], 0), "{report:?}");
}

#[test]
fn a_shrunk_blob_keeps_its_place_when_its_neighbour_is_gone() {
    let _alone = alone();
    let server = scene::server();
    let mut native = Raw::native(&server);
    let made = native.call(json!({"type": "create_buffers_request", "sizes": [64, 64]}));
    native.descriptor();
    native.drop_buffer(&made["ids"][0]);
    native.send(&json!({"type": "release_leases_notice", "ids": [made["ids"][0]]}));
    native.ok(json!({"type": "shrink_buffer_request", "id": made["ids"][1], "size": 10}));
    let other = native.create(64);
    assert_ne!(other["created"]["data_offset"], made["payloads"][1]["data_offset"]);
}

#[test]
fn bytes_on_the_way_to_a_deleted_blob_hit_nobody_else() {
    let _alone = alone();
    let server = scene::server();
    let (mut peer, mut other, mut good) = (Raw::tcp(&server, 0), Raw::tcp(&server, 0), Raw::stock(&server));
    let made = peer.ok(json!({"type": "create_remote_buffers_request", "sizes": [64, 64]}));
    other.drop_buffer(&made["ids"][0]);
    good.ok(json!({"type": "create_remote_buffer_request", "size": 64}));
    good.stream.write_all(&[7; 64]).expect("written");
    let kept = good.receive()["id"].clone();
    let found = good.get(&[&kept]);
    let arena = good.descriptor();
    peer.stream.write_all(&[9; 128]).expect("written");
    assert_eq!(peer.receive()["code"], 12);
    assert_eq!(arena.read(&found["0"]), [7; 64]);
    assert!(!other.exists(&made["ids"][1]), "all or none");
    assert_eq!(good.used(), 64);
}

#[test]
fn a_plasma_id_is_free_again_when_its_maker_is_gone() {
    let _alone = alone();
    let server = scene::server();
    let mut root = Raw::stock(&server);
    let opened = root.ok(json!({"type": "new_session_request", "bulk_store_type": 2}));
    let socket = Path::new(opened["socket_path"].as_str().expect("a path"));
    let create = json!({"type": "create_buffer_by_plasma_request", "plasma_id": "eA==", "size": 5, "plasma_size": 5});
    let mut maker = Raw::at(socket, 2);
    maker.ok(create.clone());
    drop(maker);
    let mut next = Raw::at(socket, 2);
    until(|| next.status()["ipc_connections"] == 1);
    let made = next.ok(create);
    next.descriptor();
    next.ok(json!({"type": "plasma_seal_request", "plasma_id": "eA=="}));
    let got = next.ok(json!({"type": "get_buffers_by_plasma_request", "num": 1, "0": "eA=="}));
    assert_eq!(got["0"]["object_id"], made["id"]);
}

#[test]
fn a_writer_that_waits_learns_that_its_reader_is_gone() {
    let _alone = alone();
    let server = scene::server();
    let (mut writer, mut reader, mut other) = (Raw::stock(&server), Raw::stock(&server), Raw::stock(&server));
    writer.ok(json!({"type": "create_stream_request", "object_id": 7}));
    reader.send(&json!({"type": "pull_next_stream_chunk_request", "id": 7}));
    until(|| other.status()["deferred_requests"] == 1);
    writer.send(&json!({"type": "get_next_stream_chunk_request", "id": 7, "size": SERVER_BYTES}));
    until(|| other.status()["deferred_requests"] == 2);
    drop(reader);
    assert_eq!(writer.receive()["code"], 43);
}

#[test]
fn an_id_that_was_taken_beforehand_is_not_given_again() {
    let _alone = alone();
    let server = scene::server();
    let mut root = Raw::stock(&server);
    let opened = root.ok(json!({"type": "new_session_request"}));
    let socket = opened["socket_path"].as_str().expect("a path");
    let session = socket.rsplit_once(".S").and_then(|(_, digits)| i64::from_str_radix(digits, 16).ok());
    let mut apart = Raw::at(Path::new(socket), 1);
    let source = apart.create(100)["id"].clone();
    apart.descriptor();
    apart.seal(&source);
    // Ids are made of milliseconds: these are the first of the next ones.
    let first = source.as_u64().expect("an id");
    let moves: Vec<_> = (1..2000u64).map(|millis| json!([source, (first + (millis << 22)) & !0xfff])).collect();
    let taken: Vec<u64> = moves.iter().filter_map(|pair| pair[1].as_u64()).collect();
    root.ok(json!({"type": "move_buffers_ownership_request", "session_id": session, "id_to_id": moves}));
    for number in 0.. {
        let made = root.create(8);
        if number == 0 {
            root.descriptor();
        }
        let id = made["id"].as_u64().expect("an id");
        assert!(!taken.contains(&id), "{id} was taken");
        root.drop_buffer(&made["id"]);
        if id > taken[20] {
            break;
        }
    }
}

#[test]
fn a_reply_that_fits_into_no_frame_is_given_up_at_the_limit() {
    let _alone = alone();
    let server = scene::server();
    let mut peer = Raw::stock(&server);
    let content = json!({"typename": "T", "instance_id": INSTANCE, "text": "x".repeat(16 << 20)});
    let shared = peer.ok(json!({"type": "create_data_request", "content": content}))["id"].as_u64().expect("an id");
    let content = json!({"typename": "U", "instance_id": INSTANCE, "shared": {"id": format!("o{shared:016x}")}});
    let create = json!({"type": "create_data_request", "content": content});
    let ids: Vec<Value> = (0..200).map(|_| peer.ok(create.clone())["id"].clone()).collect();
    let before = watch::peak_bytes();
    assert_eq!(peer.code(json!({"type": "get_data_request", "id": ids})), 1);
    assert_eq!(peer.code(json!({"type": "list_data_request", "pattern": "U", "limit": 200})), 1);
    // A frame has room for 256 MiB; the vector that holds it may be twice as large.
    assert!(watch::peak_bytes() - before < 800 << 20, "3 GiB were written to find out");
    assert!(peer.is_quiet());
}
