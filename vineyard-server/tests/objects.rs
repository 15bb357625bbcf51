//! Objects with where their payloads lie, asked for in binary.

mod raw;

use raw::{MIB, Raw, server, server_with_rpc};
use serde_json::{Value, json};
use vineyard_core::ObjectId;
use vineyard_core::protocol::{Found, GetObjectsReply, GetObjectsRequest, PayloadsOf, Wanted};
use vineyard_server::Server;

/// Bytes of the header of a frame.
const HEADER_BYTES: usize = 8;

fn id_of(id: &Value) -> ObjectId {
    ObjectId::from_raw(id.as_u64().expect("an id"))
}

fn ask(peer: &mut Raw, wanted: Vec<Wanted>) {
    let mut frame = Vec::new();
    GetObjectsRequest { payloads_of: PayloadsOf::All, wanted }.encode(&mut frame);
    peer.send_bytes(&frame[HEADER_BYTES..]);
}

/// Asks and reads the reply, without the descriptors that follow.
fn get(peer: &mut Raw, wanted: Vec<Wanted>) -> GetObjectsReply {
    ask(peer, wanted);
    let header = peer.bytes(HEADER_BYTES).try_into().expect("8 bytes");
    let body = peer.bytes(usize::try_from(u64::from_le_bytes(header)).expect("short"));
    GetObjectsReply::decode(&body).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&body)))
}

fn tree(found: &Found) -> Value {
    match found {
        Found::Object(record) => serde_json::to_value(record.tree()).expect("JSON"),
        other => panic!("{other:?}"),
    }
}

/// The code of the error that something is answered with.
fn refusal(peer: &mut Raw, body: &[u8]) -> i64 {
    peer.send_bytes(body);
    let reply = peer.receive();
    reply["code"].as_i64().unwrap_or_else(|| panic!("no error: {reply}"))
}

fn unsealed(peer: &mut Raw, size: u64) -> Value {
    let created = peer.create(size);
    if created["fd"] != -1 {
        peer.descriptor();
    }
    created["id"].clone()
}

fn sealed(peer: &mut Raw, size: u64) -> Value {
    let id = unsealed(peer, size);
    peer.seal(&id);
    id
}

fn blob(id: &Value, length: u64) -> Value {
    json!({"id": id_of(id).to_string(), "typename": "vineyard::Blob", "instance_id": 5, "length": length})
}

fn object(peer: &mut Raw, content: Value) -> Value {
    peer.ok(json!({"type": "create_data_request", "content": content}))["id"].clone()
}

#[test]
fn the_trees_are_those_of_json_and_each_blob_comes_once() {
    let server = server();
    let mut writer = Raw::stock(&server);
    let (first, second) = (sealed(&mut writer, 100), sealed(&mut writer, 1000));
    let inner = json!({"typename": "In", "instance_id": 5, "b": blob(&first, 100), "x": -1.5, "y": null});
    let inner = object(&mut writer, inner);
    let inner = json!({"id": id_of(&inner).to_string()});
    let plain = json!({"list": [1, {"a": 2}], "text": "ä", "big": u64::MAX, "yes": true, "neg": -3});
    let mut outer = json!({"typename": "Out", "instance_id": 5, "in": inner, "same": inner, "b": blob(&first, 100),
        "c": blob(&second, 1000), "none": blob(&json!(1u64 << 63), 0)});
    outer.as_object_mut().expect("an object").extend(plain.as_object().expect("an object").clone());
    let id = object(&mut writer, outer);
    writer.ok(json!({"type": "persist_request", "id": id}));
    writer.ok(json!({"type": "put_name_request", "object_id": id, "name": "it"}));
    let reply = writer.ok(json!({"type": "get_data_request", "id": [id], "sync_remote": false}));
    let expected = &reply["content"][id_of(&id).to_string()];

    let mut peer = Raw::native(&server);
    let wanted = vec![
        Wanted::Id(id_of(&id)),
        Wanted::Name("it".to_owned()),
        Wanted::Id(ObjectId::from_raw(7)),
        Wanted::Name("nobody".to_owned()),
        Wanted::Id(id_of(&second)),
    ];
    let found = get(&mut peer, wanted);
    assert_eq!((&tree(&found.objects[0]), &tree(&found.objects[1])), (expected, expected));
    assert_eq!(found.objects[2..4], [Found::NoObject(ObjectId::from_raw(7)), Found::NoName]);
    assert_eq!(tree(&found.objects[4])["length"], 1000);
    let places: Vec<_> = found.payloads.iter().map(|payload| (payload.object_id, payload.data_size)).collect();
    assert_eq!(places, [(id_of(&first), 100), (id_of(&second), 1000)]);
    let arena = peer.descriptor();
    assert_eq!((found.fds.len(), found.payloads[0].map_size), (1, arena.length()));
    // What is known already is not sent again.
    assert!(get(&mut peer, vec![Wanted::Id(id_of(&id))]).fds.is_empty());
}

#[test]
fn what_was_got_is_leased_until_it_is_given_back() {
    let server = server();
    let mut writer = Raw::stock(&server);
    let bytes = sealed(&mut writer, MIB);
    let id = object(&mut writer, json!({"typename": "T", "instance_id": 5, "b": blob(&bytes, MIB)}));
    let mut peer = Raw::native(&server);
    let found = get(&mut peer, vec![Wanted::Id(id_of(&id))]);
    peer.descriptor();
    writer.ok(json!({"type": "del_data_request", "id": [id], "force": false, "deep": true}));
    assert_eq!(get(&mut peer, vec![Wanted::Id(id_of(&id))]).objects, [Found::NoObject(id_of(&id))]);
    assert_eq!(server.memory().used, MIB);
    let blob = found.payloads[0].object_id.as_raw();
    peer.send(&json!({"type": "release_leases_notice", "ids": [blob]}));
    assert!(peer.is_quiet());
    assert_eq!(server.memory().used, 0);
}

#[test]
fn who_may_not_ask_is_told() {
    let server = server_with_rpc();
    let mut frame = Vec::new();
    GetObjectsRequest { payloads_of: PayloadsOf::All, wanted: vec![Wanted::Id(ObjectId::from_raw(1))] }
        .encode(&mut frame);
    let body = &frame[HEADER_BYTES..];
    assert_eq!(refusal(&mut Raw::mute(&server), body), 1);
    assert_eq!(refusal(&mut Raw::stock(&server), body), 1);
    assert_eq!(refusal(&mut Raw::tcp(&server, 0), body), 1);
}

#[test]
fn malformed_requests_are_answered() {
    let server = server();
    let mut peer = Raw::native(&server);
    for body in [
        &[1][..],
        &[1, 1, 0, 0],
        &[1, 2, 0, 0, 0, 0, 0, 0],
        &[1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0],
        &[1, 1, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0],
        &[1, 1, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255],
        &[1, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 2, 3],
        &[1, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 2, 0, 0, 0, 0xff, 0xfe],
        &[1, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 255, 255, 255, 255, 7],
        &[1, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 9, 1, 2, 3, 4],
        &[1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7],
    ] {
        assert_eq!(refusal(&mut peer, body), 1, "{body:?}");
    }
    assert!(get(&mut peer, Vec::new()).objects.is_empty());
}

#[test]
fn a_blob_that_is_not_sealed_is_refused_and_nothing_stays_leased() {
    let server = server();
    let mut writer = Raw::stock(&server);
    let done = sealed(&mut writer, 100);
    let open = unsealed(&mut writer, 200);
    let content = json!({"typename": "T", "instance_id": 5, "a": blob(&done, 100), "b": blob(&open, 200)});
    let id = object(&mut writer, content);
    let mut peer = Raw::native(&server);
    ask(&mut peer, vec![Wanted::Id(id_of(&id))]);
    assert_eq!(peer.receive()["code"], 14);
    writer.drop_buffer(&done);
    writer.drop_buffer(&open);
    assert_eq!(server.memory().used, 0);
}

#[test]
fn long_replies_are_written_and_too_long_ones_refused() {
    let server = Server::builder().size(64 * MIB).instance_id(5).workers(2).spawn().expect("a server");
    let mut writer = Raw::stock(&server);
    let text = "x".repeat(3 << 20);
    let id = object(&mut writer, json!({"typename": "T", "instance_id": 5, "text": text}));
    let mut peer = Raw::native(&server);
    let found = get(&mut peer, vec![Wanted::Id(id_of(&id)); 20]);
    assert!(found.objects.iter().all(|found| tree(found)["text"] == text.as_str()));
    ask(&mut peer, vec![Wanted::Id(id_of(&id)); 100]);
    assert_eq!(peer.receive()["code"], 1);
    assert!(peer.is_quiet());
}
