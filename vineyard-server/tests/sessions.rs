//! Sessions: apart in everything but memory, over both transports, and gone when they are over.

mod raw;

use std::path::{Path, PathBuf};

use nix::fcntl::{Flock, FlockArg};
use raw::{Raw, server, server_with_rpc, until};
use serde_json::{Value, json};

fn open(peer: &mut Raw, kind: u64) -> PathBuf {
    let reply = peer.ok(json!({"type": "new_session_request", "bulk_store_type": kind}));
    PathBuf::from(reply["socket_path"].as_str().expect("a path"))
}

/// The number of a session, as its path ends with it.
fn number(socket: &Path) -> i64 {
    let text = socket.to_str().expect("text");
    i64::from_str_radix(text.rsplit('S').next().expect("a number"), 16).expect("hexadecimal")
}

fn object(peer: &mut Raw) -> Value {
    peer.ok(json!({"type": "create_data_request", "content": {"typename": "my::T", "instance_id": 5}}))["id"].clone()
}

#[test]
fn a_session_has_its_own_objects_names_and_blobs_on_shared_memory() {
    let server = server();
    let mut root = Raw::stock(&server);
    let socket = open(&mut root, 1);
    assert!(socket.to_str().expect("text").starts_with(server.socket().to_str().expect("text")));
    let mut inside = Raw::at(&socket, 1);
    let reply = inside.ok(json!({"type": "register_request"}));
    assert_eq!((reply["session_id"].as_i64(), &reply["rpc_endpoint"]), (Some(number(&socket)), &json!("0.0.0.0:0")));
    assert_eq!(reply["ipc_socket"].as_str(), socket.to_str());

    let blob = inside.create(64);
    inside.descriptor();
    inside.seal(&blob["id"]);
    let id = object(&mut inside);
    inside.ok(json!({"type": "persist_request", "id": id}));
    inside.ok(json!({"type": "put_name_request", "object_id": id, "name": "n"}));
    assert!(inside.exists(&id) && inside.exists(&blob["id"]));
    assert!(!root.exists(&id) && !root.exists(&blob["id"]));
    assert_eq!(root.code(json!({"type": "get_name_request", "name": "n", "wait": false})), 12);
    let (here, there) = (root.status(), inside.status());
    assert_eq!((&here["memory_usage"], &there["memory_usage"]), (&json!(64), &json!(64)));
    assert_eq!((&here["ipc_connections"], &there["ipc_connections"]), (&json!(1), &json!(1)));
    inside.ok(json!({"type": "clear_request"}));
    assert_eq!(root.used(), 0);
}

#[test]
fn a_deleted_session_takes_nobody_in_and_goes_with_its_last_connection() {
    let server = server();
    let mut root = Raw::stock(&server);
    assert_eq!(root.code(json!({"type": "delete_session_request"})), 1, "the root stays");
    let socket = open(&mut root, 1);
    let (mut one, mut two) = (Raw::at(&socket, 1), Raw::at(&socket, 1));
    let blob = one.create(1000);
    one.descriptor();
    one.seal(&blob["id"]);
    one.ok(json!({"type": "delete_session_request"}));
    assert!(one.ended());
    assert!(!socket.exists() && std::os::unix::net::UnixStream::connect(&socket).is_err());
    assert!(two.exists(&blob["id"]), "who is in goes on");
    assert_eq!(root.used(), 1000);
    drop(two);
    until(|| root.used() == 0);
    drop(root);
    assert_eq!(server.stop().used_bytes, 0);
}

#[test]
fn a_lock_on_the_directory_of_the_sockets_keeps_nobody_waiting() {
    let server = server();
    let directory = std::fs::File::open(server.socket().parent().expect("a directory")).expect("readable");
    // Whoever may read the directory can have this.
    let locked = Flock::lock(directory, FlockArg::LockExclusiveNonblock).map_err(|(_, error)| error).expect("free");
    let mut root = Raw::stock(&server);
    let socket = open(&mut root, 1);
    let mut inside = Raw::at(&socket, 1);
    inside.ok(json!({"type": "delete_session_request"}));
    assert!(inside.ended() && !socket.exists());
    let path = server.socket().to_owned();
    server.stop();
    assert!(!path.exists());
    drop(locked);
}

#[test]
fn open_sessions_end_with_the_server() {
    let server = server();
    let mut root = Raw::stock(&server);
    let sockets: Vec<PathBuf> = (0..5).map(|_| open(&mut root, 1)).collect();
    let _busy = Raw::at(&sockets[0], 1);
    assert_eq!(server.stop().connections, 0);
    assert!(sockets.iter().all(|socket| !socket.exists()));
}

#[test]
fn blobs_move_between_sessions_without_a_copy() {
    let server = server();
    let mut root = Raw::stock(&server);
    let socket = open(&mut root, 1);
    let mut inside = Raw::at(&socket, 1);
    let blob = inside.create(5);
    inside.descriptor().write(&blob["created"], b"moved").expect("writable");
    inside.seal(&blob["id"]);
    let (id, other) = (blob["id"].clone(), json!(blob["id"].as_u64().expect("an id") + 1));
    let ids = json!([[id, other], [77, 78], [id, 5]]);
    let take = |ids: &Value, session: i64| json!({"type": "move_buffers_ownership_request", "id_to_id": ids, "session_id": session});
    assert_eq!(root.code(take(&ids, 12345)), 1);
    root.ok(take(&ids, number(&socket)));
    let found = root.get(&[&other]);
    assert_eq!(root.descriptor().read(&found["payloads"][0]), b"moved");
    assert_eq!((&found["0"]["is_owner"], &found["0"]["is_sealed"]), (&json!(true), &json!(true)));
    let found = inside.get(&[&id]);
    inside.descriptor();
    assert_eq!(found["0"]["is_owner"], false);
    assert_eq!(root.used(), 5, "it is the same memory");
    inside.drop_buffer(&id);
    assert_eq!(root.used(), 5, "and stays for the other");
    root.drop_buffer(&other);
    assert_eq!(root.used(), 0);
    // From one's own session: answered, which the original does not.
    let blob = root.create(9);
    root.descriptor();
    root.seal(&blob["id"]);
    root.ok(take(&json!([[blob["id"], other]]), 0));
    assert!(root.exists(&other));
}

#[test]
fn plasma_blobs_live_for_as_long_as_somebody_depends_on_them() {
    let server = server();
    let mut root = Raw::stock(&server);
    let socket = open(&mut root, 2);
    let mut normal = Raw::mute_at(&socket);
    assert_eq!(normal.call(json!({"type": "register_request", "store_type": 1}))["store_match"], false);
    let (mut one, mut two) = (Raw::at(&socket, 2), Raw::at(&socket, 2));
    let create = |id: &str, size: u64| json!({"type": "create_buffer_by_plasma_request", "plasma_id": id, "size": size, "plasma_size": 90});
    let get = |id: &str| json!({"type": "get_buffers_by_plasma_request", "num": 1, "0": id});
    let created = one.ok(create("YQ==", 100));
    one.descriptor();
    assert_eq!((&created["created"]["plasma_size"], &created["created"]["ref_cnt"]), (&json!(90), &json!(0)));
    assert_eq!(one.code(get("YQ==")), 14);
    one.ok(json!({"type": "plasma_seal_request", "plasma_id": "YQ=="}));
    let again = one.ok(create("YQ==", 50));
    assert_ne!(again["id"], created["id"]);
    for peer in [&mut one, &mut two] {
        let found = peer.ok(get("YQ=="));
        assert_eq!((&found["num"], &found["0"]["object_id"]), (&json!(1), &created["id"]), "the first one stays");
        assert!(found.get("fds").is_none() && found.get("payloads").is_none());
        peer.descriptor();
    }
    assert_eq!(one.ok(get("bm9uZQ=="))["num"], 0);
    one.ok(json!({"type": "plasma_release_request", "plasma_id": "YQ=="}));
    assert_eq!(two.ok(get("YQ=="))["0"]["ref_cnt"], 1);
    drop(two);
    // What is left is the blob that nobody can name.
    until(|| one.used() == 50);
    assert_eq!(one.ok(get("YQ=="))["num"], 0);
    assert_eq!(one.code(json!({"type": "plasma_release_request", "plasma_id": "YQ=="})), 12);
    assert_eq!(one.code(json!({"type": "plasma_delete_data_request", "plasma_id": "YQ=="})), 12);
    let empty = one.ok(create("eg==", 0));
    assert_eq!(
        (&empty["id"], &empty["fd"], &empty["created"]["plasma_id"]),
        (&json!(u64::MAX), &json!(-1), &json!(""))
    );
}

#[test]
fn a_plasma_id_is_free_again_when_its_blob_was_never_sealed() {
    let server = server();
    let mut root = Raw::stock(&server);
    let socket = open(&mut root, 2);
    let (mut one, mut two) = (Raw::at(&socket, 2), Raw::at(&socket, 2));
    let create =
        json!({"type": "create_buffer_by_plasma_request", "plasma_id": "YQ==", "size": 100, "plasma_size": 90});
    let lost = one.ok(create.clone());
    one.descriptor();
    drop(one);
    until(|| two.used() == 0);
    let created = two.ok(create);
    two.descriptor();
    two.ok(json!({"type": "plasma_seal_request", "plasma_id": "YQ=="}));
    let found = two.ok(json!({"type": "get_buffers_by_plasma_request", "num": 1, "0": "YQ=="}));
    assert_eq!(found["0"]["object_id"], created["id"]);
    assert_ne!(created["id"], lost["id"]);
}

#[test]
fn a_plasma_blob_that_came_from_elsewhere_outlives_those_who_depend_on_it() {
    let server = server();
    let mut root = Raw::stock(&server);
    let socket = open(&mut root, 2);
    let mut one = Raw::at(&socket, 2);
    let blob = root.create(5);
    root.descriptor();
    root.seal(&blob["id"]);
    let moves = json!([[blob["id"], "YQ=="]]);
    one.ok(json!({"type": "move_buffers_ownership_request", "id_to_pid": moves, "session_id": 0}));
    let get = json!({"type": "get_buffers_by_plasma_request", "num": 1, "0": "YQ=="});
    for _ in 0..2 {
        let mut reader = Raw::at(&socket, 2);
        assert_eq!(reader.ok(get.clone())["num"], 1);
        reader.descriptor();
        drop(reader);
        until(|| one.status()["ipc_connections"] == 1);
    }
}

#[test]
fn tcp_reaches_the_session_that_it_names() {
    let server = server_with_rpc();
    let mut root = Raw::stock(&server);
    let socket = open(&mut root, 1);
    let mut inside = Raw::at(&socket, 1);
    let mut remote = Raw::tcp(&server, number(&socket));
    let mut lost = Raw::mute_tcp(&server);
    assert_eq!(lost.code(json!({"type": "register_request", "session_id": 77})), 1);
    assert_eq!(lost.code(json!({"type": "exists_request", "id": 1})), 1, "it is still not in");
    // A blob that comes over TCP is the session's, which the original gets wrong.
    remote.ok(json!({"type": "create_remote_buffer_request", "size": 4}));
    std::io::Write::write_all(&mut remote.stream, b"abcd").expect("written");
    let blob = remote.receive()["id"].clone();
    assert!(inside.exists(&blob) && remote.exists(&blob) && !root.exists(&blob));
    assert_eq!(
        (remote.status()["rpc_connections"].as_u64(), root.status()["rpc_connections"].as_u64()),
        (Some(0), Some(2))
    );
    inside.ok(json!({"type": "delete_session_request"}));
    assert!(inside.ended());
    assert_eq!(lost.code(json!({"type": "register_request", "session_id": number(&socket)})), 1, "it is closed");
    assert!(remote.exists(&blob));
    drop(remote);
    until(|| root.used() == 0);
}

#[test]
fn a_move_that_failed_leaves_the_blob_its_owner() {
    let server = server();
    let mut root = Raw::stock(&server);
    let socket = open(&mut root, 1);
    let mut inside = Raw::at(&socket, 1);
    let made = |peer: &mut Raw, first: bool| {
        let id = peer.create(5)["id"].clone();
        if first {
            peer.descriptor();
        }
        peer.seal(&id);
        id
    };
    let (source, moved, taken) = (made(&mut inside, true), made(&mut inside, false), made(&mut root, true));
    // One id is taken, the other is that of an object.
    let ids = json!([[source, taken], [source, 5], [moved, moved]]);
    root.ok(json!({"type": "move_buffers_ownership_request", "id_to_id": ids, "session_id": number(&socket)}));
    let found = inside.get(&[&source, &moved]);
    inside.descriptor();
    assert_eq!((&found["0"]["is_owner"], &found["1"]["is_owner"]), (&json!(true), &json!(false)));
    for id in [&source, &moved] {
        inside.ok(json!({"type": "release_request", "object_id": id}));
    }
    let mut in_use = |id: &Value| inside.ok(json!({"type": "is_in_use_request", "id": id}))["is_in_use"].clone();
    assert_eq!((in_use(&source), in_use(&moved)), (json!(false), json!(true)));
}

#[test]
fn a_plasma_id_stands_for_no_blob_that_was_cleared() {
    let server = server();
    let mut root = Raw::stock(&server);
    let socket = open(&mut root, 2);
    let create = json!({"type": "create_buffer_by_plasma_request", "plasma_id": "eA==", "size": 5, "plasma_size": 5});
    let (mut maker, mut other) = (Raw::at(&socket, 2), Raw::at(&socket, 2));
    maker.ok(create.clone());
    maker.descriptor();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(std::sync::atomic::Ordering::Acquire) {
                other.ok(json!({"type": "clear_request"}));
            }
        });
        for _ in 0..20_000 {
            maker.ok(create.clone());
        }
        done.store(true, std::sync::atomic::Ordering::Release);
    });
    maker.ok(json!({"type": "clear_request"}));
    let made = maker.ok(create);
    maker.ok(json!({"type": "plasma_seal_request", "plasma_id": "eA=="}));
    let got = maker.ok(json!({"type": "get_buffers_by_plasma_request", "num": 1, "0": "eA=="}));
    assert_eq!(got["0"]["object_id"], made["id"], "the id stands for a blob that is gone");
}
