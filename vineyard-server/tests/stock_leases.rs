//! What published clients may still look at when it is deleted: they never say when they are done.

mod raw;

use raw::{MIB, Raw};
use serde_json::{Value, json};
use vineyard_server::{Server, ServerHandle, StockLeases};

/// A blob of one repeated byte, of which metadata exists: the object and the blob.
fn put(peer: &mut Raw, arena: &mut Option<raw::Arena>, size: u64, byte: u8) -> (Value, Value) {
    let reply = peer.ok(json!({"type": "create_buffer_request", "size": size}));
    if reply["fd"] != -1 {
        *arena = Some(peer.descriptor());
    }
    let bytes = vec![byte; usize::try_from(size).expect("small")];
    arena.as_ref().expect("it was sent").write(&reply["created"], &bytes).expect("it is ours");
    peer.seal(&reply["id"]);
    let id = reply["id"].as_u64().expect("an id");
    let blob = json!({"id": format!("o{id:016x}"), "typename": "vineyard::Blob", "instance_id": 0, "length": size});
    let content = json!({"typename": "T", "instance_id": 0, "b": blob});
    let object = peer.ok(json!({"type": "create_data_request", "content": content}))["id"].clone();
    (object, reply["id"].clone())
}

fn delete(object: &Value) -> Value {
    json!({"type": "del_data_request", "id": [object], "deep": true, "force": false})
}

fn server(size: u64, leases: StockLeases) -> ServerHandle {
    Server::builder().size(size).stock_leases(leases).spawn().expect("starts")
}

#[test]
fn a_deleted_blob_lingers_for_who_got_it_until_they_go() {
    let server = server(4 * MIB, StockLeases::Honour);
    let (mut writer, mut reader, mut arena) = (Raw::stock(&server), Raw::stock(&server), None);
    let (object, blob) = put(&mut writer, &mut arena, MIB, 1);
    let reply = reader.get(&[&blob]);
    let view = reader.descriptor();
    writer.ok(delete(&object));
    assert!(!reader.exists(&blob), "it is hidden at once");
    put(&mut writer, &mut arena, MIB, 2);
    assert!(view.read(&reply["payloads"][0]).iter().all(|byte| *byte == 1), "another's bytes");
    assert_eq!(writer.used(), 2 * MIB);
    drop(reader);
    raw::until(|| writer.used() == MIB);
}

#[test]
fn who_deletes_is_done_with_it() {
    let server = server(2 * MIB, StockLeases::Honour);
    let (mut peer, mut arena) = (Raw::stock(&server), None);
    for round in 0..50 {
        let (object, blob) = put(&mut peer, &mut arena, MIB, round);
        if peer.get(&[&blob])["fds"] != json!([]) {
            peer.descriptor();
        }
        peer.ok(delete(&object));
        assert_eq!(peer.used(), 0, "round {round}");
    }
}

#[test]
fn who_made_it_may_write_until_metadata_reaches_it() {
    let server = server(4 * MIB, StockLeases::Honour);
    let (mut maker, mut other) = (Raw::stock(&server), Raw::stock(&server));
    let unsealed = maker.create(MIB)["id"].clone();
    other.drop_buffer(&unsealed);
    assert_eq!(other.used(), MIB, "its maker may be writing");
    let mut arena = Some(maker.descriptor());
    let (object, _) = put(&mut maker, &mut arena, MIB, 1);
    other.ok(delete(&object));
    assert_eq!(other.used(), MIB, "its maker was done with the second");
    drop(maker);
    raw::until(|| other.used() == 0);
}

#[test]
fn memory_is_taken_from_what_lingers_when_there_is_no_other() {
    for leases in [StockLeases::Reclaim, StockLeases::Honour] {
        let server = server(4 * MIB, leases);
        let (mut writer, mut reader, mut native) = (Raw::stock(&server), Raw::stock(&server), Raw::native(&server));
        let mut arena = None;
        let objects: Vec<_> = (0..4).map(|byte| put(&mut writer, &mut arena, MIB, byte)).collect();
        let reply = reader.get(&objects.iter().map(|(_, blob)| blob).collect::<Vec<_>>());
        let view = reader.descriptor();
        // The first is leased besides by who says when it is done.
        native.get(&[&objects[0].1]);
        native.descriptor();
        for (object, _) in &objects {
            writer.ok(delete(object));
        }
        let kept = if leases == StockLeases::Honour { 4 * MIB } else { MIB };
        assert_eq!(writer.used(), kept, "what may be taken at any time is not in use");
        let request = json!({"type": "create_buffers_request", "sizes": [MIB, 1], "num": 2});
        if leases == StockLeases::Honour {
            assert_eq!(writer.code(request), 41);
            continue;
        }
        writer.ok(request);
        assert_eq!(writer.used(), MIB + MIB + 1);
        for byte in [0, 3] {
            assert!(
                view.read(&reply["payloads"][usize::from(byte)]).iter().all(|found| *found == byte),
                "{byte}: another's bytes"
            );
        }
        assert_eq!(writer.code(json!({"type": "create_buffer_request", "size": 4 * MIB})), 41);
        assert_eq!(writer.code(json!({"type": "create_buffer_request", "size": 40 * MIB})), 41);
    }
}
