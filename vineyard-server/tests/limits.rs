//! What a peer can make the server keep, open or say has an end.

mod raw;

use std::io::{self, Read, Write};
use std::thread;
use std::time::Duration;

use raw::{MIB, Raw, server, until};
use serde_json::{Value, json};
use vineyard_server::{Server, ServerHandle};

/// A server that has room for one long message and for one long reply, and loses patience soon.
fn narrow_server() -> ServerHandle {
    let builder = Server::builder().size(4 * MIB).instance_id(5).workers(2);
    let builder = builder.max_message_size(1 << 20).message_memory(MIB).peer_timeout(Duration::from_secs(1));
    builder.spawn().expect("a server")
}

/// A server that may keep little.
fn forgetful_server() -> ServerHandle {
    Server::builder().size(4 * MIB).instance_id(5).workers(2).max_metadata(MIB).spawn().expect("a server")
}

/// Whether the server has closed the connection, behind what there is to be read.
fn is_closed(peer: &mut Raw) -> bool {
    match &peer.stream {
        raw::Wire::Unix(stream) => stream.set_nonblocking(true).expect("set"),
        raw::Wire::Tcp(stream) => stream.set_nonblocking(true).expect("set"),
    }
    match peer.stream.read_to_end(&mut Vec::new()) {
        Ok(_) => true,
        Err(error) => error.kind() == io::ErrorKind::ConnectionReset,
    }
}

/// Asks again and again, until it is refused with code 41; how often it was not.
fn until_refused(peer: &mut Raw, mut request: impl FnMut(u64) -> Value) -> u64 {
    (0..100_000)
        .find(|number| {
            let reply = peer.call(request(*number));
            assert!(reply.get("code").is_none_or(|code| *code == 41), "{reply}");
            if reply["fd"].as_i64().is_some_and(|fd| fd >= 0) {
                peer.descriptor();
            }
            reply["code"] == 41
        })
        .expect("there is no end to it")
}

#[test]
fn errors_do_not_repeat_all_that_was_sent() {
    let server = server();
    let mut peer = Raw::stock(&server);
    let long = "\u{e9}".repeat(1 << 20);
    for request in [
        json!({"type": "seal_request", "object_id": long}),
        json!({"type": "create_disk_buffer_request", "size": 5, "path": long}),
        json!({"type": "exists_request", "id": 1, "code": 12, "message": long}),
    ] {
        let reply = peer.call(request);
        let message = reply["message"].as_str().expect("text");
        assert!(message.len() < 8192, "{} bytes are repeated", message.len());
    }
}

#[test]
fn who_has_many_files_opened_leaves_descriptors_to_others() {
    let server = server();
    let requests = [
        json!({"type": "create_disk_buffer_request", "size": 1, "path": ""}),
        json!({"type": "make_arena_request", "size": 1}),
    ];
    for request in requests {
        let mut greedy = Raw::stock(&server);
        let refusal = (0..5000).find_map(|_| {
            let reply = greedy.call(request.clone());
            if reply["type"].is_string() {
                greedy.descriptor();
            }
            reply["code"].as_i64()
        });
        assert_eq!(refusal, Some(41));
        let mut other = Raw::stock(&server);
        assert_eq!(other.code(request.clone()), 41);
        other.create(64);
        other.descriptor();
        drop(greedy);
        raw::until(|| other.call(request.clone())["type"].is_string());
    }
}

#[test]
fn a_request_names_a_bounded_number_of_objects() {
    let server = server();
    let mut peer = Raw::stock(&server);
    for (kind, key) in [
        ("get_data_request", "id"),
        ("del_data_request", "id"),
        ("del_data_with_feedbacks_request", "id"),
        ("increase_reference_count_request", "ids"),
    ] {
        for (count, fits) in [(1 << 19, true), ((1 << 19) + 1, false)] {
            let reply = peer.call(json!({"type": kind, key: vec![1; count]}));
            assert_eq!(reply["code"] == 1, !fits, "{kind} of {count}");
        }
    }
}

#[test]
fn long_messages_of_all_peers_share_the_memory_for_them() {
    let server = narrow_server();
    let (mut stalled, mut next, mut other) = (Raw::stock(&server), Raw::stock(&server), Raw::stock(&server));
    let message = json!({"type": "exists_request", "id": 1, "ignored": "x".repeat(1_000_000)});
    let body = message.to_string().into_bytes();
    stalled.stream.write_all(&(body.len() as u64).to_le_bytes()).expect("written");
    // More than a socket holds: the server reads it, in the room that there is.
    stalled.stream.write_all(&body[1..]).expect("written");
    thread::scope(|scope| {
        let waiting = scope.spawn(|| next.call(message.clone()));
        assert!(other.is_quiet(), "short messages are not kept waiting");
        assert_eq!(waiting.join().expect("no panic")["exists"], false);
        assert!(is_closed(&mut stalled), "two have room at the same time");
    });
    assert!(next.is_quiet() && other.is_quiet());
    next.ok(message);
}

#[test]
fn long_replies_to_all_peers_share_the_memory_for_them() {
    let server = narrow_server();
    let (mut stalled, mut next, mut other) = (Raw::stock(&server), Raw::stock(&server), Raw::stock(&server));
    let content = json!({"typename": "T", "instance_id": 5, "text": "x".repeat(600_000)});
    let mut create = || other.ok(json!({"type": "create_data_request", "content": content}))["id"].clone();
    let (one, two) = (create(), create());
    let get = json!({"type": "get_data_request", "id": [one]});
    stalled.send(&get);
    let mut header = [0; 8];
    stalled.stream.read_exact(&mut header).expect("the reply begins");
    thread::scope(|scope| {
        let waiting = scope.spawn(|| next.call(get.clone()));
        assert!(other.is_quiet(), "short replies are not kept waiting");
        assert!(waiting.join().expect("no panic")["content"].is_object());
        assert!(is_closed(&mut stalled), "two have room at the same time");
    });
    // Several reads of the same, and what is longer than all the room.
    let list = json!({"type": "list_data_request", "pattern": "T", "limit": 1});
    assert_eq!(next.ok(list)["content"].as_object().expect("objects").len(), 1);
    assert_eq!(next.code(json!({"type": "get_data_request", "id": [one, two]})), 1);
    assert!(next.is_quiet());
}

#[test]
fn replies_about_many_blobs_wait_for_room_before_anything_is_done() {
    let server = narrow_server();
    let (mut stalled, mut next) = (Raw::stock(&server), Raw::stock(&server));
    let many = |count: usize| json!({"type": "create_buffers_request", "sizes": vec![1; count]});
    stalled.send(&many(2000));
    let mut header = [0; 8];
    stalled.stream.read_exact(&mut header).expect("the reply begins");
    let made = next.ok(many(1500));
    next.descriptor();
    assert!(is_closed(&mut stalled), "two have room at the same time");
    assert_eq!(made["ids"].as_array().expect("ids").len(), 1500);
    assert!(next.is_quiet());
}

#[test]
fn what_is_stored_has_an_end_and_can_still_be_read_and_deleted() {
    let server = forgetful_server();
    let mut peer = Raw::stock(&server);
    let first = peer.create(1)["id"].clone();
    peer.descriptor();
    peer.seal(&first);
    let content = |number: u64| json!({"typename": format!("T{number}"), "instance_id": 5, "x": number});
    let object = peer.ok(json!({"type": "create_data_request", "content": content(0)}))["id"].clone();
    peer.ok(json!({"type": "persist_request", "id": object}));
    peer.ok(json!({"type": "create_stream_request", "object_id": 7}));
    let requests: [&dyn Fn(u64) -> Value; 8] = [
        &|_| json!({"type": "create_buffer_request", "size": 1}),
        &|_| json!({"type": "create_disk_buffer_request", "size": 1, "path": ""}),
        &|number| json!({"type": "create_data_request", "content": content(number)}),
        &|_| json!({"type": "shallow_copy_request", "id": object}),
        &|number| json!({"type": "put_name_request", "object_id": object, "name": format!("name {number}")}),
        &|number| json!({"type": "label_request", "id": object, "keys": [number.to_string()], "values": ["x".repeat(9999)]}),
        &|number| json!({"type": "create_stream_request", "object_id": 8 + number}),
        &|number| json!({"type": "push_next_stream_chunk_request", "id": 7, "chunk": number}),
    ];
    for request in requests {
        until_refused(&mut peer, request);
    }
    let mut reader = Raw::native(&server);
    reader.get(&[&first]);
    reader.descriptor();
    assert!(reader.ok(json!({"type": "get_data_request", "id": [object]}))["content"].is_object());
    assert_eq!(
        reader.call(json!({"type": "pull_next_stream_chunk_request", "id": 7}))["type"],
        "pull_next_stream_chunk_reply"
    );
    // Who made blobs of the published protocol is done with them when it deletes them itself.
    peer.ok(json!({"type": "clear_request"}));
    let again = peer.ok(json!({"type": "create_data_request", "content": content(1)}));
    peer.create(1);
    assert!(peer.exists(&again["id"]));
}

#[test]
fn what_goes_gives_its_room_back() {
    let server = forgetful_server();
    let mut root = Raw::stock(&server);
    let content = |number: u64| json!({"typename": format!("T{number}"), "instance_id": 5, "x": [number, {"y": "z"}]});
    let round = |peer: &mut Raw| {
        let made: Vec<Value> = (0..200)
            .map(|number| {
                let id = peer.ok(json!({"type": "create_data_request", "content": content(number)}))["id"].clone();
                peer.ok(json!({"type": "label_request", "id": id, "keys": ["k"], "values": ["v".repeat(100)]}));
                peer.ok(json!({"type": "persist_request", "id": id}));
                peer.ok(json!({"type": "put_name_request", "object_id": id, "name": format!("n{number}")}));
                id
            })
            .collect();
        peer.ok(json!({"type": "del_data_request", "id": made}));
        (0..200).for_each(|number| drop(peer.ok(json!({"type": "drop_name_request", "name": format!("n{number}")}))));
    };
    (0..20).for_each(|_| round(&mut root));
    // A session gives all of it back when it ends.
    for _ in 0..20 {
        let opened = root.ok(json!({"type": "new_session_request", "bulk_store_type": 2}));
        let socket = std::path::PathBuf::from(opened["socket_path"].as_str().expect("a path"));
        let mut inside = Raw::at(&socket, 2);
        for number in 0..500 {
            let create = json!({"type": "create_buffer_by_plasma_request", "plasma_id": number.to_string(), "size": 1, "plasma_size": 1});
            inside.ok(create);
            if number == 0 {
                inside.descriptor();
            }
        }
        inside.ok(json!({"type": "delete_session_request"}));
        until(|| !socket.exists());
        assert!(inside.ended());
    }
    root.create(1);
}

#[test]
fn what_connections_depend_on_has_an_end_known_or_not() {
    let server = forgetful_server();
    let (mut greedy, mut other) = (Raw::stock(&server), Raw::stock(&server));
    let increase = |ids: &[u64]| json!({"type": "increase_reference_count_request", "ids": ids});
    let ids: Vec<u64> = (1..100_000).map(|number| 1 << 63 | number).collect();
    assert_eq!(greedy.code(increase(&ids)), 41);
    greedy.ok(increase(&ids[..10_000]));
    assert_eq!(other.code(increase(&ids[..20_000])), 41, "it is one bound for all");
    drop(greedy);
    until(|| other.call(increase(&ids[..20_000]))["type"] == "increase_reference_count_reply");
}

#[test]
fn names_have_a_longest_one() {
    let server = server();
    let mut peer = Raw::stock(&server);
    let content = json!({"typename": "T", "instance_id": 5});
    let id = peer.ok(json!({"type": "create_data_request", "content": content}))["id"].clone();
    peer.ok(json!({"type": "persist_request", "id": id}));
    let (longest, longer) = ("x".repeat(64 << 10), "x".repeat((64 << 10) + 1));
    let get = |name: &str, wait: bool| json!({"type": "get_name_request", "name": name, "wait": wait});
    peer.ok(json!({"type": "put_name_request", "object_id": id, "name": longest}));
    assert_eq!(peer.ok(get(&longest, true))["object_id"], id);
    assert_eq!(peer.code(json!({"type": "put_name_request", "object_id": id, "name": longer})), 1);
    assert_eq!((peer.code(get(&longer, false)), peer.code(get(&longer, true))), (12, 1), "nobody can ever have it");
    // Many names come in pages, which the peer does not notice.
    for number in 0..700 {
        peer.ok(json!({"type": "put_name_request", "object_id": id, "name": format!("{number:03}")}));
    }
    let list = |limit: u64| json!({"type": "list_name_request", "pattern": "???", "limit": limit});
    for limit in [0, 1, 255, 256, 257, 512, 699, 700, 5000] {
        let names = peer.ok(list(limit));
        let expected: Vec<String> = (0..limit.min(700)).map(|number| format!("{number:03}")).collect();
        assert_eq!(names["size"], expected.len());
        assert!(names["names"].as_object().is_none_or(|names| names.keys().eq(&expected)), "{names}");
    }
}
