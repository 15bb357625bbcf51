//! Labels.

use super::*;

fn label(server: &mut Server, id: ObjectId, labels: &[(&str, &str)]) -> i64 {
    let labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    let result = server.tree.label(id, labels);
    server.tree.check();
    code(result)
}

fn labels_of(server: &Server, id: ObjectId) -> String {
    server.view(id).expect("there")["__labels"].as_str().expect("text").to_owned()
}

#[test]
fn labels_are_merged_in_byte_order() {
    let mut server = Server::new();
    let id = server.create(object("T", json!({"z": 1})));
    assert_eq!(label(&mut server, id, &[("k", "v"), ("k", "v1")]), 0);
    assert_eq!(label(&mut server, id, &[("b", "2"), ("", "\"quoted\""), ("a/b", "")]), 0);
    assert_eq!(label(&mut server, id, &[("k", "v2")]), 0);
    assert_eq!(labels_of(&server, id), r#"{"":"\"quoted\"","a/b":"","b":"2","k":"v2"}"#);
    assert_eq!(server.view(id).expect("there")["z"], 1);
}

#[test]
fn what_a_client_put_there_is_kept_if_it_can_be_read() {
    let mut server = Server::new();
    let given = server.create(object("T", json!({"__labels": "{\"n\": 5}"})));
    assert_eq!(label(&mut server, given, &[("k", "v")]), 0);
    assert_eq!(labels_of(&server, given), r#"{"k":"v","n":5}"#);
    for broken in [json!("{"), json!("[1]"), json!(5), json!([1]), json!(null)] {
        let id = server.create(object("T", json!({"__labels": broken})));
        assert_eq!(label(&mut server, id, &[("k", "v")]), 0);
        assert_eq!(labels_of(&server, id), r#"{"k":"v"}"#);
    }
    let member = named(given);
    assert_eq!(server.try_create(object("T", json!({"__labels": member}))).map(drop), Err(META_INVALID));
}

#[test]
fn only_objects_have_labels() {
    let mut server = Server::new();
    assert_eq!(label(&mut server, ObjectId::from_raw(0x123), &[("k", "v")]), NO_OBJECT);
    let blob = server.blob(8);
    assert_eq!(label(&mut server, blob, &[("k", "v")]), NO_OBJECT);
}

#[test]
fn labels_do_not_make_an_object_unreadable() {
    let mut server = Server::new();
    let id = server.create(object("T", json!({})));
    assert_eq!(label(&mut server, id, &[("k", "v")]), 0);
    server.fill(id);
    assert_eq!(label(&mut server, id, &[("long", &"x".repeat(1000))]), META_INVALID);
    assert_eq!(labels_of(&server, id), r#"{"k":"v"}"#);
}

#[test]
fn labelling_again_and_again_does_not_grow_the_object() {
    let mut server = Server::new();
    let id = server.create(object("T", json!({})));
    let size = |server: &Server| server.tree.view(id, &server.blobs).expect("there").json_bytes();
    assert_eq!(label(&mut server, id, &[("k", &"x".repeat(1000))]), 0);
    let once = size(&server);
    for _ in 0..10 {
        assert_eq!(label(&mut server, id, &[("k", &"y".repeat(1000))]), 0);
    }
    assert_eq!(size(&server), once);
}
