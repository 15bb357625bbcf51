//! Metadata over the wire: odd keys and names, bad trees, long lists in pages, labels, copies, waiting.

mod raw;

use raw::{Raw, server, until};
use serde_json::{Value, json};

fn create(peer: &mut Raw, mut content: Value) -> Value {
    content["instance_id"] = json!(5);
    peer.ok(json!({"type": "create_data_request", "content": content}))["id"].clone()
}

fn text(id: &Value) -> String {
    format!("o{:016x}", id.as_u64().expect("an id"))
}

fn get(peer: &mut Raw, id: &Value) -> Value {
    peer.ok(json!({"type": "get_data_request", "id": [id]}))["content"][text(id)].clone()
}

#[test]
fn odd_keys_and_names_are_kept_as_they_are() {
    let server = server();
    let mut peer = Raw::stock(&server);
    let fields = json!({"a/b": 1, "c~d": "x", "": [1, null], "0": true, "~1": "/", "é\n\u{0}": "\"\\", "__x": null});
    let mut content = fields.clone();
    content["typename"] = json!("odd::Keys");
    let id = create(&mut peer, content);
    let found = get(&mut peer, &id);
    for (key, value) in fields.as_object().expect("fields") {
        assert_eq!(&found[key], value, "{key:?}");
    }
    peer.ok(json!({"type": "persist_request", "id": id}));
    for name in ["", "a/b~c", "~0", "*", "é\u{0}", &"n".repeat(10_000)] {
        peer.ok(json!({"type": "put_name_request", "object_id": id, "name": name}));
        assert_eq!(peer.ok(json!({"type": "get_name_request", "name": name, "wait": false}))["object_id"], id);
        let listed = peer.ok(json!({"type": "list_name_request", "pattern": "*", "limit": 10}));
        assert_eq!(listed["names"][name], id);
        peer.ok(json!({"type": "drop_name_request", "name": name}));
        assert_eq!(peer.code(json!({"type": "get_name_request", "name": name, "wait": false})), 12);
    }
    assert_eq!(peer.code(json!({"type": "put_name_request", "object_id": 1u64 << 63 | 3, "name": "blob"})), 1);
}

#[test]
fn trees_that_lead_nowhere_or_back_are_refused() {
    let server = server();
    let mut peer = Raw::stock(&server);
    let with = |member: Value| {
        json!({"type": "create_data_request", "content": {
        "typename": "T", "instance_id": 5, "m": member}})
    };
    let object =
        |id: u64, member: Value| json!({"id": format!("o{id:016x}"), "typename": "M", "instance_id": 5, "m": member});
    assert_eq!(peer.code(with(json!({"id": "o0000000000000042"}))), 27, "it dangles");
    assert_eq!(peer.code(with(json!({}))), 25);
    assert_eq!(peer.code(with(json!({"id": "o8000000000000042"}))), 21, "a blob needs its description");
    assert_eq!(peer.code(with(json!({"id": "nonsense"}))), 21);
    let cycle = object(66, object(67, object(66, json!(1))));
    assert_eq!(peer.code(with(cycle)), 21);
    let elsewhere = json!({"id": "o0000000000000043", "typename": "M", "instance_id": 9});
    assert_eq!(peer.code(with(elsewhere)), 51);
    for id in [66u64, 67] {
        assert!(!peer.exists(&json!(id)), "something of a refused tree was kept");
    }
}

#[test]
fn long_lists_are_whole_and_come_in_pages() {
    let server = server();
    let mut peer = Raw::stock(&server);
    let ids: Vec<Value> = (0..1000).map(|n| create(&mut peer, json!({"typename": "my::T", "n": n}))).collect();
    create(&mut peer, json!({"typename": "my::Other"}));
    let all = peer.ok(json!({"type": "list_data_request", "pattern": "my::T", "limit": 100_000}));
    let content = all["content"].as_object().expect("objects").clone();
    assert_eq!(content.len(), 1000);
    for (n, id) in ids.iter().enumerate() {
        assert_eq!(content[&text(id)]["n"], n);
    }
    let (mut found, mut after) = (Vec::new(), json!(0));
    loop {
        let request = json!({"type": "list_data_request", "pattern": "my::T*", "limit": 150, "after": after});
        let page = peer.ok(request)["content"].clone();
        let Some(page) = page.as_object() else { break };
        assert!(page.len() <= 150);
        found.extend(page.keys().cloned());
        let last = found.last().expect("a page of something");
        after = json!(u64::from_str_radix(&last[1..], 16).expect("hexadecimal"));
    }
    assert_eq!(found, ids.iter().map(text).collect::<Vec<_>>());
    let mut wanted = ids.clone();
    wanted.extend_from_slice(&ids);
    wanted.push(json!(77));
    let several = peer.ok(json!({"type": "get_data_request", "id": wanted}));
    assert_eq!(several["content"].as_object().map(serde_json::Map::len), Some(1000));
    assert_eq!(peer.ok(json!({"type": "get_data_request", "id": [77, 78]}))["content"], Value::Null);
    let none = peer.ok(json!({"type": "list_data_request", "pattern": "my::T", "limit": 0}));
    assert_eq!(none["content"], Value::Null);
}

#[test]
fn labels_and_copies() {
    let server = server();
    let mut peer = Raw::stock(&server);
    let member = create(&mut peer, json!({"typename": "my::Member"}));
    let id = create(&mut peer, json!({"typename": "my::T", "x": 1, "m": {"id": text(&member)}}));
    let label = |keys: Value, values: Value| json!({"type": "label_request", "id": id, "keys": keys, "values": values});
    peer.ok(label(json!(["a", "b"]), json!(["1", "2"])));
    peer.ok(label(json!(["b"]), json!(["3"])));
    assert_eq!(peer.code(label(json!(["a"]), json!([]))), 1);
    let labels = get(&mut peer, &id)["__labels"].as_str().expect("text").to_owned();
    assert_eq!(serde_json::from_str::<Value>(&labels).expect("JSON"), json!({"a": "1", "b": "3"}));
    let copy = json!({"type": "shallow_copy_request", "id": id, "extra": {"x": 2, "y": "z"}});
    let copy = peer.ok(copy)["target_id"].clone();
    let found = get(&mut peer, &copy);
    assert_eq!((&found["x"], &found["y"], &found["m"]["id"]), (&json!(2), &json!("z"), &json!(text(&member))));
    assert_eq!(found["__labels"], labels);
    assert_eq!(peer.code(json!({"type": "shallow_copy_request", "id": id, "extra": {"x": [1]}})), 7);
    assert_eq!(peer.ok(json!({"type": "migrate_object_request", "object_id": id}))["object_id"], id);
    peer.ok(json!({"type": "clear_request"}));
    assert!(!peer.exists(&copy) && !peer.exists(&member));
}

#[test]
fn who_waits_for_an_object_or_a_blob_is_answered_when_it_is_there() {
    let server = server();
    let (mut waiting, mut gone, mut peer) = (Raw::stock(&server), Raw::stock(&server), Raw::stock(&server));
    let wanted = json!({"type": "get_data_request", "id": [0x77], "wait": true});
    waiting.send(&wanted);
    gone.send(&wanted);
    until(|| peer.status()["deferred_requests"] == 2);
    drop(gone);
    until(|| peer.status()["deferred_requests"] == 1);
    // Members come with ids of their own.
    let member = json!({"id": "o0000000000000077", "typename": "my::Member", "instance_id": 5});
    create(&mut peer, json!({"typename": "my::T", "m": member}));
    assert_eq!(waiting.receive()["content"]["o0000000000000077"]["typename"], "my::Member");
    assert_eq!(peer.status()["deferred_requests"], 0);
}

#[test]
fn the_empty_blob_is_not_waited_for() {
    let server = server();
    let mut peer = Raw::stock(&server);
    for wait in [false, true] {
        let found = peer.ok(json!({"type": "get_data_request", "id": [1u64 << 63], "wait": wait}));
        assert_eq!(found["content"]["o8000000000000000"]["length"], 0, "{found}");
    }
}

#[test]
fn each_of_several_that_are_waited_for_may_come_last() {
    let server = server();
    let (mut waiting, mut peer) = (Raw::stock(&server), Raw::stock(&server));
    for order in [[0x77, 0x88], [0x88, 0x77]] {
        waiting.send(&json!({"type": "get_data_request", "id": [0x77, 0x88], "wait": true}));
        until(|| peer.status()["deferred_requests"] == 1);
        for id in order {
            let member = json!({"id": format!("o{id:016x}"), "typename": "my::Member", "instance_id": 5});
            create(&mut peer, json!({"typename": "my::T", "m": member}));
        }
        assert_eq!(waiting.receive()["content"].as_object().expect("objects").len(), 2);
        peer.ok(json!({"type": "clear_request"}));
    }
}
