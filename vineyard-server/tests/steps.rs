//! What is done in steps: others have their turn in between, and the outcome is the same.

mod raw;

use std::sync::atomic::{AtomicBool, Ordering};

use raw::{Raw, server, until};
use serde_json::{Value, json};
use vineyard_server::ServerHandle;

/// More than a few steps.
const MANY: usize = 5000;

fn create_many(peer: &mut Raw, sizes: &[u64]) -> Vec<Value> {
    let made = peer.ok(json!({"type": "create_buffers_request", "sizes": sizes}));
    made["fds"].as_array().expect("labels").iter().for_each(|_| drop(peer.descriptor()));
    made["ids"].as_array().expect("ids").clone()
}

fn seal_many(peer: &mut Raw, ids: &[Value]) {
    let content = json!({"typename": "T", "instance_id": 5});
    peer.ok(json!({"type": "create_data_request", "content": content, "seal": ids}));
}

/// Makes blobs and objects that hold them until told to stop, then one more. Returns the ids of both.
fn busy(server: &ServerHandle, stop: &AtomicBool) -> Vec<(Value, u64)> {
    let mut peer = Raw::native(server);
    let mut made = Vec::new();
    loop {
        let is_last = stop.load(Ordering::Acquire);
        let reply = peer.call(json!({"type": "create_buffer_request", "size": 64}));
        if reply["fd"] != -1 {
            peer.descriptor();
        }
        // It may be cleared away before that.
        peer.call(json!({"type": "seal_request", "object_id": reply["id"]}));
        let content = json!({"typename": "Busy", "instance_id": 5, "b": {
            "id": format!("o{:016x}", reply["id"].as_u64().expect("an id")),
            "typename": "vineyard::Blob", "instance_id": 5,
        }});
        let object = peer.call(json!({"type": "create_data_request", "content": content}));
        // A blob that was cleared away can be no member.
        if let Some(object) = object["id"].as_u64() {
            made.push((reply["id"].clone(), object));
        }
        if is_last {
            return made;
        }
    }
}

#[test]
fn what_others_make_while_everything_is_deleted_is_whole() {
    let server = server();
    let mut peer = Raw::native(&server);
    let old = create_many(&mut peer, &[8; MANY]);
    seal_many(&mut peer, &old[..MANY / 2]);
    let contents: Vec<Value> = (0..MANY).map(|n| json!({"typename": "T", "instance_id": 5, "n": n})).collect();
    let objects = peer.ok(json!({"type": "create_datas_request", "contents": contents}))["ids"].clone();
    let stop = AtomicBool::new(false);
    let made = std::thread::scope(|scope| {
        let busy = scope.spawn(|| busy(&server, &stop));
        peer.ok(json!({"type": "clear_request"}));
        for id in old.iter().chain(objects.as_array().expect("ids")) {
            assert!(!peer.exists(id), "{id} was there before");
        }
        stop.store(true, Ordering::Release);
        busy.join().expect("no panic")
    });
    for (blob, object) in &made {
        let object_is_there = peer.exists(&json!(object));
        assert!(!object_is_there || peer.exists(blob), "{object} has lost its blob {blob}");
    }
    let (last_blob, last) = made.last().expect("one at least");
    assert!(peer.exists(&json!(last)) && peer.exists(last_blob), "it was made after the reply");
    peer.ok(json!({"type": "clear_request"}));
    drop(peer);
    let mut peer = Raw::stock(&server);
    until(|| peer.used() == 0);
    assert_eq!(server.stop().allocated_bytes, 0);
}

#[test]
fn several_may_delete_everything_at_once() {
    let server = server();
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let mut peer = Raw::native(&server);
                for _ in 0..5 {
                    let ids = create_many(&mut peer, &[8; MANY / 5]);
                    peer.ok(json!({"type": "clear_request"}));
                    assert!(ids.iter().all(|id| !peer.exists(id)));
                }
            });
        }
    });
    let mut peer = Raw::stock(&server);
    until(|| peer.used() == 0);
}

#[test]
fn one_unsealed_blob_at_the_end_of_a_list_refuses_all_of_it() {
    let server = server();
    let (mut maker, mut native, mut stock) = (Raw::native(&server), Raw::native(&server), Raw::stock(&server));
    let ids = create_many(&mut maker, &[8; MANY]);
    seal_many(&mut maker, &ids[..MANY - 1]);
    maker.send(&json!({"type": "release_leases_notice", "ids": ids}));
    // The notice has no reply; what the same connection asks after it comes after it.
    maker.used();
    for peer in [&mut native, &mut stock] {
        assert_eq!(peer.code(json!({"type": "get_buffers_request", "ids": ids})), 14);
        let in_use = peer.ok(json!({"type": "is_in_use_request", "id": ids[0]}));
        assert_eq!(in_use["is_in_use"], false, "nothing is held");
    }
    for peer in [&mut native, &mut stock] {
        let found = peer.ok(json!({"type": "get_buffers_request", "ids": ids, "unsafe": true}));
        assert_eq!((&found["fds"].as_array().map(Vec::len), found["num"].as_u64()), (&Some(1), Some(MANY as u64)));
        peer.descriptor();
        let found = peer.ok(json!({"type": "get_buffers_request", "ids": ids[..MANY - 1].to_vec()}));
        let got: Vec<&Value> = found["payloads"].as_array().expect("a list").iter().map(|p| &p["object_id"]).collect();
        assert!(got.iter().eq(&ids[..MANY - 1].iter().collect::<Vec<_>>()), "in the order of the request");
        assert!(peer.is_quiet(), "its arena is known");
    }
}

#[test]
fn of_many_blobs_that_do_not_fit_together_none_is_made() {
    let server = server();
    for native in [true, false] {
        let mut peer = if native { Raw::native(&server) } else { Raw::stock(&server) };
        let mut sizes = vec![8000; MANY];
        sizes.push(raw::MIB * 64 - 8000);
        assert_eq!(peer.code(json!({"type": "create_buffers_request", "sizes": sizes})), 41);
        assert_eq!(peer.used(), 0);
        sizes.pop();
        sizes.push(8000);
        let ids = create_many(&mut peer, &sizes);
        assert!(ids.len() == MANY + 1 && ids.iter().all(|id| peer.exists(id)));
        drop(peer);
        let mut peer = Raw::stock(&server);
        until(|| peer.used() == 0);
    }
    assert_eq!(server.stop().allocated_bytes, 0);
}

#[test]
fn who_goes_gives_back_all_that_was_held() {
    let server = server();
    let mut maker = Raw::native(&server);
    let sealed = create_many(&mut maker, &[8; MANY]);
    seal_many(&mut maker, &sealed);
    maker.send(&json!({"type": "release_leases_notice", "ids": sealed}));
    let mut peer = Raw::native(&server);
    peer.ok(json!({"type": "get_buffers_request", "ids": sealed}));
    peer.descriptor();
    peer.ok(json!({"type": "increase_reference_count_request", "ids": sealed}));
    let unsealed = create_many(&mut peer, &[100; MANY]);
    maker.ok(json!({"type": "del_data_request", "id": sealed[..MANY / 2].to_vec(), "fastpath": true}));
    assert_eq!(maker.used(), (MANY * 108) as u64);
    let in_use = |maker: &mut Raw, id| maker.ok(json!({"type": "is_in_use_request", "id": id}))["is_in_use"] == true;
    assert!(in_use(&mut maker, sealed.last()));
    drop(peer);
    // Small blobs of one request share memory, which is given back with the last of those that do.
    until(|| maker.used() <= (MANY * 8) as u64);
    until(|| !in_use(&mut maker, sealed.last()));
    assert!(unsealed.iter().all(|id| !maker.exists(id)) && maker.exists(&sealed[MANY - 1]));
    maker.ok(json!({"type": "del_data_request", "id": sealed, "fastpath": true}));
    assert_eq!((maker.used(), server.stop().leases), (0, 0));
}

#[test]
fn a_large_message_is_answered_in_its_turn() {
    let server = server();
    let mut peer = Raw::stock(&server);
    let text = "x".repeat(3 << 20);
    let content = json!({"typename": "T", "instance_id": 5, "text": text, "list": vec![7; 1 << 18]});
    for _ in 0..3 {
        peer.send(&json!({"type": "exists_request", "id": 1}));
        peer.send(&json!({"type": "create_data_request", "content": content}));
        peer.send(&json!({"type": "instance_status_request"}));
        assert_eq!(peer.receive()["type"], "exists_reply");
        let created = peer.receive();
        assert_eq!(peer.receive()["type"], "instance_status_reply");
        let read = peer.ok(json!({"type": "get_data_request", "id": [created["id"]]}));
        let (_, object) = read["content"].as_object().and_then(|all| all.iter().next()).expect("one");
        assert_eq!((&object["text"], object["list"].as_array().map(Vec::len)), (&content["text"], Some(1 << 18)));
    }
    peer.send_bytes("[".repeat(2 << 20).as_bytes());
    assert_eq!(peer.receive()["code"], 1, "garbage is no less so");
    assert!(peer.is_quiet());
    let mut stranger = Raw::mute(&server);
    stranger.send(&json!({"type": "register_request", "version": "0.24.2"}));
    assert_eq!(stranger.receive()["type"], "register_reply");
}
