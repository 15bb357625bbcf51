//! What a peer sees, whatever it sends: replies, descriptors, labels, leases, survival.

mod raw;

use std::io::{Read, Write};

use raw::{MIB, Raw, server, until};
use serde_json::{Value, json};
use vineyard_server::Server;

const EMPTY: u64 = 1 << 63;
const PLACEHOLDER: u64 = u64::MAX;

#[test]
fn every_malformed_request_is_answered_and_survived() {
    let server = server();
    let mut peer = Raw::stock(&server);
    for body in
        [&b"[]"[..], b"null", b"\"abc\"", b"5", b"{}", b"", b"{", b"\xff\xfe", b"{\"type\":5}", b"[\"exit_request\"]"]
    {
        peer.send_bytes(body);
        assert_eq!(peer.receive()["code"], 1, "{body:?}");
    }
    let object = |fields: Value| json!({"type": "create_data_request", "content": fields});
    for (request, code) in [
        (json!({"type": null}), 1),
        (json!({"type": "frobnicate"}), 1),
        (object(json!([])), 1),
        (object(Value::Null), 1),
        (object(json!("x")), 1),
        (json!({"type": "create_data_request"}), 1),
        (json!({"type": "create_datas_request", "contents": [5]}), 1),
        (json!({"type": "get_name_request", "name": 5, "wait": false}), 1),
        (json!({"type": "seal_request", "object_id": "x"}), 1),
        (json!({"type": "create_buffer_request", "size": null}), 1),
        (json!({"type": "get_buffers_request", "num": u64::MAX}), 1),
        (json!({"type": "put_name_request", "object_id": 1, "name": "a"}), 12),
        (json!({"type": "exists_request", "id": 1, "code": 12}), 12),
        (json!({"type": "release_leases_notice", "ids": []}), 1),
        (json!({"type": "release_leases_notice", "ids": 5}), 1),
        (json!({"type": "label_request", "id": 1, "keys": ["a", "b"], "values": ["1"]}), 12),
        (json!({"type": "create_buffer_by_plasma_request", "plasma_id": "eA==", "size": 5, "plasma_size": 5}), 1),
        (json!({"type": "move_buffers_ownership_request", "id_to_id": [], "session_id": 77}), 1),
        (json!({"type": "create_disk_buffer_request", "size": 0, "path": ""}), 1),
        (json!({"type": "create_disk_buffer_request", "size": 10, "path": "/dev/zero"}), 1),
        (json!({"type": "create_gpu_buffer_request", "size": 10}), 1),
        (json!({"type": "finalize_arena_request", "fd": 1, "offsets": [], "sizes": []}), 12),
        (json!({"type": "make_arena_request", "size": 1u64 << 60}), 41),
        (json!({"type": "shallow_copy_request", "id": 1, "extra": 5}), 27),
        (json!({"type": "evict_request", "ids": []}), 1),
        (json!({"type": "acquire_lock_request", "key": "k"}), 6),
        (json!({"type": "release_lock_request", "key": "k"}), 6),
        (json!({"type": "delete_session_request"}), 1),
        (json!({"type": "stop_stream_request", "id": 5}), 1),
        (json!({"type": "stop_stream_request", "id": 5, "failed": false}), 12),
        (json!({"type": "migrate_object_request", "object_id": 291}), 27),
    ] {
        assert_eq!(peer.code(request.clone()), code, "{request}");
    }
    for fields in [
        json!({"typename": "T", "instance_id": "x"}),
        json!({"typename": "T", "instance_id": 0, "signature": "x"}),
        json!({"typename": "T", "instance_id": 0, "m": {"id": 5}}),
        json!({"typename": "T", "instance_id": 0, "global": "yes"}),
        json!({"typename": 5, "instance_id": 0}),
    ] {
        assert!(peer.code(object(fields.clone())) > 0, "{fields}");
    }
    let deep =
        format!("{{\"type\":\"create_data_request\",\"content\":{}1{}}}", "{\"a\":".repeat(5000), "}".repeat(5000));
    peer.send_bytes(deep.as_bytes());
    assert_eq!(peer.receive()["code"], 1);
    let names = peer.call(json!({"type": "list_name_request", "pattern": "(", "regex": true, "limit": 5}));
    assert_eq!((&names["size"], &names["names"]), (&json!(0), &json!({})));
    let many = (256 << 20) / 512 + 1;
    assert_eq!(peer.code(json!({"type": "get_buffers_request", "ids": vec![EMPTY; many]})), 1);
    assert_eq!(peer.code(json!({"type": "create_buffers_request", "sizes": vec![0; many]})), 1);
    assert!(peer.is_quiet() && Raw::stock(&server).is_quiet());
    let report = server.stop();
    assert_eq!((report.used_bytes, report.connections), (0, 0));
}

#[test]
fn a_connection_begins_with_register() {
    let server = server();
    let mut peer = Raw::mute(&server);
    assert_eq!(peer.code(json!({"type": "exists_request", "id": 1})), 1);
    let reply = peer.call(json!({"type": "register_request", "version": "junk", "store_type": 2}));
    assert_eq!((&reply["store_match"], &reply["version"]), (&json!(false), &json!("0.24.2")));
    let reply = peer.call(json!({"type": "register_request", "store_type": "Normal"}));
    assert_eq!((&reply["store_match"], &reply["instance_id"]), (&json!(true), &json!(5)));
    assert_eq!(reply["ipc_socket"].as_str(), server.socket().to_str());
    assert_eq!(reply["rpc_endpoint"], "0.0.0.0:0");
    assert!(reply.get("native").is_none() && reply.get("code").is_none());
    assert_eq!(peer.code(json!({"type": "register_request", "version": 5})), 1);
    let cluster = peer.call(json!({"type": "cluster_meta"}));
    assert_eq!(cluster["meta"]["i5"]["ipc_socket"], reply["ipc_socket"]);
    peer.send(&json!({"type": "exit_request"}));
    assert!(peer.ended());
}

#[test]
fn a_length_above_the_limit_and_half_a_frame_end_only_that_connection() {
    let server = server();
    let mut other = Raw::stock(&server);
    for length in [(256u64 << 20) + 1, u64::MAX, 1 << 63] {
        let mut peer = Raw::stock(&server);
        peer.stream.write_all(&length.to_le_bytes()).expect("written");
        assert!(peer.ended());
    }
    let mut peer = Raw::stock(&server);
    peer.stream.write_all(&(256u64 << 20).to_le_bytes()).expect("written");
    peer.stream.write_all(b"half").expect("written");
    drop(peer);
    let mut garbage = Raw::mute(&server);
    garbage.stream.write_all(b"GET / HTTP/1.1\r\n\r\n").expect("written");
    assert!(garbage.ended());
    assert!(other.is_quiet());
    until(|| other.status()["ipc_connections"] == 1);
}

#[test]
fn requests_are_understood_however_they_are_cut() {
    let server = server();
    let mut peer = Raw::stock(&server);
    let mut bytes = Vec::new();
    let mut expected = Vec::new();
    for length in (0..9000).step_by(97) {
        let exists = length % 2 == 0;
        let id = if exists { PLACEHOLDER } else { 7 };
        let request = json!({"type": "exists_request", "id": id, "padding": "x".repeat(length)}).to_string();
        bytes.extend_from_slice(&(request.len() as u64).to_le_bytes());
        bytes.extend_from_slice(request.as_bytes());
        expected.push(exists);
    }
    let mut rest = bytes.as_slice();
    for size in [1, 4095, 8, 4096, 5000, 4097, 8192, 3, 70_000].into_iter().cycle() {
        let (piece, after) = rest.split_at(size.min(rest.len()));
        peer.stream.write_all(piece).expect("written");
        rest = after;
        if rest.is_empty() {
            break;
        }
    }
    let found: Vec<bool> = expected.iter().map(|_| peer.receive()["exists"] == true).collect();
    assert_eq!(found, expected);
}

#[test]
fn who_leaves_reads_the_end_and_is_not_reset() {
    let server = server();
    for _ in 0..20 {
        let mut peer = Raw::stock(&server);
        peer.send(&json!({"type": "exit_request"}));
        assert_eq!(peer.stream.read(&mut [0; 16]).expect("an end, not a reset"), 0);
    }
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let server = server();
    let mut peer = Raw::stock(&server);
    for size in 1..200 {
        peer.send(&json!({"type": "create_buffer_request", "size": size}));
    }
    let mut first = true;
    for size in 1..200 {
        let reply = peer.receive();
        assert_eq!(reply["created"]["data_size"], size);
        if std::mem::take(&mut first) {
            peer.descriptor();
        }
    }
}

#[test]
fn one_descriptor_follows_each_new_label() {
    let server = server();
    let mut writer = Raw::stock(&server);
    let created = writer.create(100);
    assert_eq!(created["fd"], created["created"]["store_fd"]);
    let arena = writer.descriptor();
    assert_eq!(created["created"]["map_size"], arena.length());
    assert_eq!(arena.length(), 64 * MIB + 8);
    arena.write(&created["created"], &[7; 100]).expect("writable");
    writer.seal(&created["id"]);
    assert_eq!(writer.create(100)["fd"], -1, "the arena is known");
    let several = writer.call(json!({"type": "create_buffers_request", "sizes": [1, 0, 5000], "num": 3}));
    assert_eq!((&several["fds"], &several["num"]), (&json!([]), &json!(3)));
    assert_eq!((&several["1"]["store_fd"], &several["ids"][1]), (&json!(-1), &json!(EMPTY)));

    // The same connection reads: another label, a descriptor that cannot write.
    let found = writer.get(&[&created["id"], &json!(EMPTY), &json!(77), &created["id"]]);
    assert_eq!((&found["num"], &found["compress"]), (&json!(3), &json!(false)));
    assert_eq!(found["payloads"][0], found["0"]);
    assert_eq!(found["0"], found["2"]);
    assert_ne!(found["0"]["store_fd"], created["created"]["store_fd"]);
    assert_eq!(found["fds"], json!([found["0"]["store_fd"]]));
    let read_only = writer.descriptor();
    assert_eq!(read_only.read(&found["0"]), [7; 100]);
    assert!(read_only.write(&found["0"], b"x").is_err());
    assert_eq!(writer.get(&[&created["id"]])["fds"], json!([]));

    // Another connection has labels of its own, even for the same arena.
    let mut reader = Raw::stock(&server);
    let elsewhere = reader.get(&[&created["id"]]);
    assert_eq!(reader.descriptor().read(&elsewhere["0"]), [7; 100]);
    let labels = [&created["created"]["store_fd"], &found["0"]["store_fd"], &elsewhere["0"]["store_fd"]];
    assert!(labels[0] != labels[2] && labels[1] != labels[2]);
    assert!(writer.is_quiet() && reader.is_quiet());
}

#[test]
fn several_arenas_in_one_reply_have_growing_labels() {
    let server = Server::builder().size(256 * MIB).spawn().expect("a server");
    let mut other = Raw::stock(&server);
    // The first arena of a connection has 64 MiB.
    let sizes = json!({"type": "create_buffers_request", "sizes": [MIB, 100 * MIB, MIB], "num": 3});
    let reply = other.call(sizes);
    let labels: Vec<_> = (0..3).map(|i| reply["payloads"][i]["store_fd"].as_i64().expect("a label")).collect();
    assert_eq!(labels[0], labels[2]);
    assert!(labels[0] < labels[1]);
    assert_eq!(reply["fds"], json!([labels[0], labels[1]]));
    assert_eq!(reply["payloads"][0]["map_size"], other.descriptor().length());
    assert_eq!(reply["payloads"][1]["map_size"], other.descriptor().length());
    assert!(other.is_quiet());
}

#[test]
fn the_placeholder_spans_the_store_and_stays() {
    let server = server();
    let mut peer = Raw::stock(&server);
    let found = peer.get(&[&json!(PLACEHOLDER)]);
    assert_eq!((&found["0"]["data_size"], &found["0"]["is_sealed"]), (&json!(64 * MIB), &json!(true)));
    peer.descriptor();
    for id in [EMPTY, PLACEHOLDER] {
        peer.drop_buffer(&json!(id));
        peer.seal(&json!(id));
        let data = peer.call(json!({"type": "get_data_request", "id": [id], "sync_remote": true}));
        assert_eq!(data["content"][format!("o{id:016x}")]["typename"], "vineyard::Blob");
    }
    assert!(peer.exists(&json!(PLACEHOLDER)) && !peer.exists(&json!(EMPTY)));
    let blobs = json!({"type": "list_data_request", "pattern": "vineyard::Blob", "limit": 10});
    assert_eq!(peer.call(blobs)["content"], Value::Null);
}

#[test]
fn blobs_have_the_states_of_the_protocol() {
    let server = server();
    let mut peer = Raw::stock(&server);
    let id = &peer.create(1000)["id"];
    peer.descriptor();
    assert_eq!(peer.code(json!({"type": "get_buffers_request", "ids": [id]})), 14);
    let unsealed = peer.call(json!({"type": "get_buffers_request", "0": id, "num": 1, "unsafe": true}));
    assert_eq!(unsealed["0"]["is_sealed"], false);
    peer.descriptor();
    assert_eq!(peer.code(json!({"type": "shrink_buffer_request", "id": id, "size": 1001})), 1);
    assert_eq!(
        peer.call(json!({"type": "shrink_buffer_request", "id": id, "size": 10}))["type"],
        "shrink_buffer_reply"
    );
    assert_eq!(peer.used(), 10);
    peer.seal(id);
    peer.seal(id);
    assert_eq!(peer.code(json!({"type": "shrink_buffer_request", "id": id, "size": 1})), 13);
    let data = peer.call(json!({"type": "get_data_request", "id": [id, id]}));
    let content = data["content"].as_object().expect("found");
    assert_eq!(content.len(), 1);
    assert!(content.values().all(|blob| blob["length"] == 10 && blob["instance_id"] == 5));
    assert_eq!(peer.code(json!({"type": "create_buffer_request", "size": 64 * MIB})), 41);
    assert_eq!(peer.code(json!({"type": "create_buffers_request", "sizes": [u64::MAX, u64::MAX]})), 41);
    assert_eq!(peer.code(json!({"type": "del_data_request", "id": [1], "fastpath": true})), 7);
    peer.drop_buffer(id);
    assert_eq!(peer.code(json!({"type": "drop_buffer_request", "id": id})), 12);
    assert_eq!(peer.code(json!({"type": "seal_request", "object_id": id})), 12);
    assert_eq!((peer.used(), peer.get(&[id])["num"].clone()), (0, json!(0)));
}

#[test]
fn memory_under_a_lease_is_not_reused() {
    let server = server();
    let mut owner = Raw::stock(&server);
    let made = owner.create(MIB);
    let (id, arena) = (&made["id"], owner.descriptor());
    arena.write(&made["created"], b"first").expect("writable");
    owner.seal(id);
    let mut viewer = Raw::native(&server);
    let view = viewer.get(&[id, id]);
    let bytes = viewer.descriptor();
    owner.drop_buffer(id);
    assert!(!viewer.exists(id) && viewer.get(&[id])["num"] == 0);
    assert_eq!(owner.used(), MIB, "it is deleted and still there");
    let other = owner.create(MIB);
    assert_ne!(other["created"]["data_offset"], made["created"]["data_offset"]);
    assert_eq!(&bytes.read(&view["0"])[..5], b"first");
    // Two leases; what was never held is ignored. There is no reply.
    viewer.send(&json!({"type": "release_leases_notice", "ids": [id, 77, other["id"]]}));
    assert_eq!(viewer.used(), 2 * MIB);
    viewer.send(&json!({"type": "release_leases_notice", "ids": [id, id, id]}));
    assert_eq!(viewer.used(), MIB);
    assert_eq!(owner.create(MIB)["created"]["data_offset"], made["created"]["data_offset"], "warm pages first");
    owner.seal(&other["id"]);
    drop((owner, viewer));
    let report = server.stop();
    assert_eq!((report.used_bytes, report.leases, report.connections), (MIB, 0, 0));
}

#[test]
fn objects_are_created_and_their_blobs_sealed_in_one_step() {
    let server = server();
    let (mut peer, mut stock) = (Raw::native(&server), Raw::stock(&server));
    let blob = peer.call(json!({"type": "create_buffer_request", "size": 8}))["created"]["object_id"].clone();
    peer.descriptor();
    let id = format!("o{:016x}", blob.as_u64().expect("an id"));
    let member = json!({"id": id, "typename": "vineyard::Blob", "instance_id": 5});
    let request = |fields: &Value, seal: &Value| {
        let mut content = json!({"typename": "T", "instance_id": 5, "b": member});
        content.as_object_mut().expect("a map").extend(fields.as_object().expect("a map").clone());
        json!({"type": "create_data_request", "content": content, "seal": [seal]})
    };
    assert_eq!(stock.code(request(&json!({}), &blob)), 1, "only for native peers");
    assert_eq!(Raw::native(&server).code(request(&json!({}), &blob)), 12, "another peer's blob");
    assert_eq!(peer.code(request(&json!({"typename": 5}), &blob)), 21, "the object is refused");
    assert_eq!(stock.code(json!({"type": "get_buffers_request", "ids": [blob]})), 14, "unsealed");
    assert_eq!(peer.call(request(&json!({}), &blob))["type"], "create_data_reply");
    assert_eq!(stock.get(&[&blob])["0"]["is_sealed"], true);
}

#[test]
fn a_connection_that_ends_gives_back_what_it_held() {
    let server = server();
    let mut stays = Raw::native(&server);
    let mut goes = Raw::native(&server);
    let sealed = goes.create(100);
    goes.descriptor();
    goes.seal(&sealed["id"]);
    let unsealed = goes.create(200)["id"].clone();
    let small = goes.call(json!({"type": "create_buffers_request", "sizes": [300, 300], "num": 2}));
    let offset = |i: usize| small["payloads"][i]["data_offset"].as_u64().expect("an offset");
    assert_eq!(offset(1) - offset(0), 320, "they share an allocation");
    stays.drop_buffer(&sealed["id"]);
    assert_eq!(stays.used(), 900, "its creator holds a lease");
    drop(goes);
    until(|| stays.used() == 0);
    assert!(!stays.exists(&unsealed));
}

#[test]
fn waiting_requests_are_answered_when_the_time_comes() {
    let server = server();
    let mut peer = Raw::stock(&server);
    let mut waits = Raw::stock(&server);
    waits.send(&json!({"type": "get_name_request", "name": "n", "wait": true}));
    // Bytes behind the request do not end the wait, and are served after it.
    waits.send(&json!({"type": "exists_request", "id": PLACEHOLDER}));
    until(|| peer.status()["deferred_requests"] == 1);
    let content = json!({"typename": "T", "instance_id": 5});
    let id = peer.call(json!({"type": "create_data_request", "content": content}))["id"].clone();
    assert_eq!(peer.code(json!({"type": "get_name_request", "name": "n", "wait": false})), 12);
    peer.call(json!({"type": "persist_request", "id": id}));
    peer.call(json!({"type": "put_name_request", "object_id": id, "name": "n"}));
    assert_eq!(waits.receive()["object_id"], id);
    assert_eq!(waits.receive()["exists"], true);
    let soon = json!({"type": "get_data_request", "id": [id, 77], "wait": true});
    waits.send(&soon);
    until(|| peer.status()["deferred_requests"] == 1);
    drop(waits);
    until(|| peer.status()["deferred_requests"] == 0);
    let mut waits = Raw::stock(&server);
    waits.send(&soon);
    until(|| peer.status()["deferred_requests"] == 1);
    let stopped = std::thread::spawn(move || server.stop());
    assert_eq!(waits.receive()["code"], 36);
    assert!(waits.ended() && peer.ended());
    assert_eq!(stopped.join().expect("no panic").connections, 0);
}

#[test]
fn a_slow_reader_holds_nobody_up() {
    // One thread for all, so that a blocked connection would block the others.
    let server = Server::builder().size(MIB).workers(1).spawn().expect("a server");
    let mut slow = Raw::stock(&server);
    let content = json!({"typename": "T", "instance_id": 0, "text": "x".repeat(4 << 20)});
    let id = slow.call(json!({"type": "create_data_request", "content": content}))["id"].clone();
    for _ in 0..3 {
        slow.send(&json!({"type": "get_data_request", "id": [id]}));
    }
    let mut header = [0; 8];
    slow.stream.read_exact(&mut header).expect("the server is writing");
    let mut other = Raw::stock(&server);
    for _ in 0..100 {
        assert!(other.is_quiet());
    }
    let mut rest = vec![0; usize::try_from(u64::from_le_bytes(header)).expect("a length")];
    slow.stream.read_exact(&mut rest).expect("the first reply");
    assert_eq!(slow.receive()["type"], "get_data_reply");
    assert_eq!(slow.receive()["type"], "get_data_reply");
    // And one that never reads is cut when the server stops.
    slow.send(&json!({"type": "get_data_request", "id": [id]}));
    slow.stream.read_exact(&mut header).expect("the server is writing");
    assert_eq!(server.stop().connections, 0);
}

#[test]
fn a_busy_peer_neither_starves_others_nor_delays_the_stop() {
    let server = Server::builder().size(MIB).workers(1).spawn().expect("a server");
    let mut other = Raw::stock(&server);
    let mut busy = Raw::stock(&server);
    let question = json!({"type": "exists_request", "id": 1});
    let busy = std::thread::spawn(move || while busy.try_call(&question).is_ok() {});
    for _ in 0..100 {
        assert!(other.is_quiet());
    }
    assert_eq!(server.stop().connections, 0);
    busy.join().expect("it ends with its connection");
}

#[test]
fn more_connections_than_allowed_wait_their_turn() {
    let server = Server::builder().size(MIB).max_connections(1).spawn().expect("a server");
    let first = Raw::stock(&server);
    let mut second = Raw::mute(&server);
    second.send(&json!({"type": "register_request"}));
    drop(first);
    assert_eq!(second.receive()["type"], "register_reply");
}

#[test]
fn a_private_server_leaves_nothing_behind() {
    let (one, two) = (server(), server());
    assert_ne!(one.socket(), two.socket());
    let directory = one.socket().parent().expect("a directory").to_owned();
    assert!(directory.exists());
    drop(one);
    assert!(!directory.exists() && two.socket().exists());
}

#[test]
fn who_sends_no_more_is_still_answered() {
    let server = server();
    let mut peer = Raw::stock(&server);
    let content = json!({"typename": "T", "instance_id": 5});
    let id = peer.ok(json!({"type": "create_data_request", "content": content}))["id"].clone();
    peer.ok(json!({"type": "persist_request", "id": id}));
    let half_closed = || {
        let mut waiting = Raw::stock(&server);
        waiting.send(&json!({"type": "get_name_request", "name": "late", "wait": true}));
        let raw::Wire::Unix(stream) = &waiting.stream else { unreachable!() };
        stream.shutdown(std::net::Shutdown::Write).expect("open");
        waiting
    };
    let (mut waiting, gone) = (half_closed(), half_closed());
    until(|| peer.status()["deferred_requests"] == 2);
    // Who goes altogether after that is not waited for.
    drop(gone);
    until(|| peer.status()["deferred_requests"] == 1);
    peer.ok(json!({"type": "put_name_request", "object_id": id, "name": "late"}));
    assert_eq!(waiting.receive()["object_id"], id);
    assert!(waiting.ended());
}
