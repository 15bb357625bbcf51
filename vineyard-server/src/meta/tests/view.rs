//! What readers get.

use super::*;

#[test]
fn values_of_every_kind_come_back_as_they_were() {
    let mut server = Server::new();
    let fields = json!({
        "i": 1, "big": u64::MAX, "neg": -5, "f": 1.5, "t": true, "s": "text", "l": [1, "a", {"q": 1}], "n": null,
        "el": [], "e": "", "a/b": "x", "c~d": "x", "": "x", "0": "x", "12": "x", "zz/0": "x", "é": "x", "a.b": "x",
        "lorem": "lorem", "vector": "vector", "ref": "o0000000000000001.my::T", "__labels": "{}",
    });
    let id = server.create(object("my::T<a.b@c>", fields.clone()));
    let view = server.view(id).expect("there");
    for (key, value) in fields.as_object().expect("is one") {
        assert_eq!(&view[key], value, "under {key:?}");
    }
}

#[test]
fn every_level_has_its_id() {
    let mut server = Server::new();
    let buffer = server.blob(80);
    let inner = server.create(object("S", json!({"buffer_": blob(buffer, 0)})));
    let outer = server.create(object("T", json!({"m": named(inner), "again": named(inner)})));
    let view = server.view(outer).expect("there");
    assert_eq!(view["id"], outer.to_string());
    assert_eq!(view["m"]["id"], inner.to_string());
    assert_eq!(view["again"], view["m"]);
    let expected = json!({
        "id": buffer.to_string(), "typename": "vineyard::Blob", "instance_id": 0, "transient": true,
        "length": 80, "nbytes": 80,
    });
    assert_eq!(view["m"]["buffer_"], expected);
}

#[test]
fn unknown_blobs_have_no_length() {
    let mut server = Server::new();
    let here = server.blob(80);
    let fields = json!({
        "global": true, "unknown": blob(ObjectId::blob(1, 1), 0), "empty": blob(ObjectId::EMPTY_BLOB, 0),
        "elsewhere": blob(here, 3),
    });
    let id = server.create(object("G", fields));
    let view = server.view(id).expect("there");
    for key in ["unknown", "empty", "elsewhere"] {
        assert_eq!((&view[key]["length"], &view[key]["nbytes"]), (&json!(0), &json!(0)), "{key}");
    }
    assert_eq!(view["elsewhere"]["instance_id"], 3);
}

#[test]
fn the_length_of_a_blob_is_looked_up_if_it_was_not_known() {
    let mut server = Server::new();
    let unsealed = server.ids.blob();
    let mut described = blob(unsealed, 0);
    described["nbytes"] = json!(0);
    let leaf = server.create(object("S", json!({"b": described, "nbytes": 5})));
    let id = server.create(object("T", json!({"m": named(leaf)})));
    assert_eq!(server.view(id).expect("there")["m"]["b"]["length"], 0);
    server.blobs.insert(unsealed, 64);
    let view = server.view(id).expect("there");
    assert_eq!((&view["m"]["b"]["length"], &view["m"]["b"]["nbytes"]), (&json!(64), &json!(64)));
    assert_eq!((&view["m"]["nbytes"], &view["nbytes"]), (&json!(5), &json!(0)), "of objects it is what was sent");
    let listed = server.tree.list(&Pattern::new("S", false), None, 1, &server.blobs).next();
    let listed = serde_json::to_value(listed.expect("matches").1).expect("writes");
    assert_eq!(listed, view["m"]);
}

#[test]
fn a_length_that_is_known_is_not_looked_up() {
    struct Unasked;
    impl Blobs for Unasked {
        fn length(&self, id: ObjectId) -> Option<u64> {
            panic!("the length of {id} is known");
        }
    }
    let mut server = Server::new();
    let sealed = server.blob(80);
    let fields = json!({
        "global": true, "b": blob(sealed, 0), "e": blob(ObjectId::EMPTY_BLOB, 0), "r": blob(sealed, 3),
    });
    let id = server.create(object("G", fields));
    let view = serde_json::to_value(server.tree.view(id, &Unasked).expect("there")).expect("writes");
    assert_eq!(view["b"]["length"], 80);
}

#[test]
fn a_blob_is_described_as_its_link_is() {
    let blob = BlobView { id: ObjectId::blob(1, 1), instance: InstanceId::from_raw(2), length: 9 };
    let expected = json!({
        "id": blob.id.to_string(), "typename": "vineyard::Blob", "instance_id": 2, "transient": true,
        "length": 9, "nbytes": 9,
    });
    assert_eq!(serde_json::to_value(blob).expect("writes"), expected);
}

#[test]
fn what_is_gone_has_no_view() {
    let mut server = Server::new();
    assert!(server.view(ObjectId::from_raw(0x123)).is_none());
    assert!(server.view(ObjectId::EMPTY_BLOB).is_none());
    let id = server.create(object("T", json!({})));
    server.delete(&[id], false, false);
    assert!(!server.tree.contains(id) && server.view(id).is_none());
}

#[test]
fn the_size_of_the_json_is_told_beforehand() {
    let mut server = Server::new();
    let leaf = server.create(object("S", json!({"text": "x".repeat(10_000), "list": vec!["y".repeat(100); 100]})));
    let root = server.create(object("T", json!({"a": named(leaf), "b": named(leaf)})));
    for id in [leaf, root] {
        let view = server.tree.view(id, &server.blobs).expect("there");
        let written = serde_json::to_string(&view).expect("writes").len() as u64;
        let told = view.json_bytes();
        assert!((written..written + written / 2).contains(&told), "{told} told, {written} written");
    }
}
