//! Copies that share their members.

use super::*;

fn copy(server: &mut Server, id: ObjectId, extra: Value) -> Result<ObjectId, i64> {
    let result = server.tree.shallow_copy(id, &extra, &server.ids);
    server.tree.check();
    result.map_err(|error| error.code.as_raw())
}

/// The view of a copy if it were the source.
fn as_of(server: &Server, copy: ObjectId, source: ObjectId) -> Value {
    let mut view = server.view(copy).expect("there");
    assert_eq!(view["id"], copy.to_string());
    view["id"] = json!(source.to_string());
    view
}

#[test]
fn a_copy_is_equal_and_shares_its_members() {
    let mut server = Server::new();
    let buffer = server.blob(8);
    let leaf = server.create(object("S", json!({"b": blob(buffer, 0)})));
    let fields = json!({"m": named(leaf), "b": blob(buffer, 0), "x": [1], "a/b": "t"});
    let id = server.create(object("T", fields));
    server.tree.label(id, [("k".to_owned(), "v".to_owned())]).expect("there");
    server.tree.persist(id).expect("there");
    server.tree.put_name(id, "n").expect("persistent");

    let twin = copy(&mut server, id, json!({})).expect("there");
    assert_eq!(as_of(&server, twin, id), server.view(id).expect("there"));
    assert_eq!(server.view(twin).expect("there")["__name"], "n");
    assert_eq!(server.tree.name("n"), Some(id));
    assert_eq!(server.tree.is_persistent(twin), Ok(true));

    assert_eq!(server.delete(&[id], false, true), Deleted { objects: vec![id], blobs: vec![] });
    assert_eq!(server.view(twin).expect("there")["m"]["b"]["length"], 8);
    assert_eq!(server.delete(&[twin], false, true), Deleted { objects: vec![leaf, twin], blobs: vec![buffer] });
}

#[test]
fn extra_fields_are_laid_over() {
    let mut server = Server::new();
    let (gone, kept) = (server.create(object("S", json!({}))), server.create(object("S", json!({}))));
    let id = server.create(object("T", json!({"m": named(gone), "k": named(kept), "x": 1})));
    let extra = json!({
        "typename": "other::T", "x": "text", "new": null, "m": 5, "a/b": true, "": 1.5, "__name": "given",
        "id": "o0000000000000abc", "transient": false, "signature": 77, "__timestamp": 5, "instance_id": 0,
    });
    let twin = copy(&mut server, id, extra).expect("legal");
    let expected = json!({
        "id": twin.to_string(), "typename": "other::T", "instance_id": 0, "transient": true, "signature": 77,
        "__timestamp": 5, "nbytes": 0, "k": server.view(kept), "x": "text", "new": null, "m": 5, "a/b": true,
        "": 1.5, "__name": "given",
    });
    assert_eq!(server.view(twin), Some(expected));
    assert_eq!(server.list("other::T", false, 9), [twin]);
    assert_eq!(server.delete(&[id, gone], false, false).objects, [gone, id], "the copy has no such member");
    assert_eq!(server.delete(&[kept], false, false).objects, []);
}

#[test]
fn a_copy_does_not_take_the_signature_over() {
    let mut server = Server::new();
    let member = server.create(object("S", json!({"k": 1})));
    let global = server.create(object("G", json!({"global": true, "m": named(member)})));
    let twin = copy(&mut server, member, json!({"k": 2})).expect("there");
    assert_eq!(server.view(twin).expect("there")["signature"], server.view(member).expect("there")["signature"]);
    assert_eq!(server.view(global).expect("there")["m"]["k"], 1);
    assert_eq!(server.delete(&[member], false, false).objects, [], "the copy is no spare");
    assert_eq!(server.delete(&[twin], false, false).objects, [twin]);

    let whole = copy(&mut server, global, json!({})).expect("there");
    assert_eq!(server.view(whole).expect("there")["m"]["k"], 1);
    assert_eq!(server.delete(&[global], false, true).objects, [global], "the copy uses the member too");
    assert_eq!(server.delete(&[whole], false, true).objects, [member, whole]);
}

#[test]
fn what_cannot_be_copied_is_refused() {
    let mut server = Server::new();
    let id = server.create(object("T", json!({})));
    let absent = ObjectId::from_raw(0x123);
    assert_eq!(copy(&mut server, absent, json!({})), Err(NO_MEMBER));
    assert_eq!(copy(&mut server, ObjectId::EMPTY_BLOB, json!({})), Err(ASSERTION));
    for extra in [json!([]), json!(null), json!("x"), json!({"k": [1]}), json!({"k": {}}), json!({"typename": {}})] {
        assert_eq!(copy(&mut server, id, extra), Err(ASSERTION));
    }
    assert_eq!(copy(&mut server, id, json!({"typename": "vineyard::Blob"})), Err(ASSERTION));
    assert_eq!(copy(&mut server, id, json!({"signature": "s1"})), Err(INVALID));
    for extra in [
        json!({"typename": 5}),
        json!({"instance_id": 7}),
        json!({"instance_id": null}),
        json!({"global": true}),
        json!({"__timestamp": "now"}),
    ] {
        assert_eq!(copy(&mut server, id, extra), Err(META_INVALID));
    }
    let parent = server.create(object("T", json!({"m": named(id)})));
    server.fill(id);
    assert_eq!(copy(&mut server, parent, json!({"k": "x".repeat(1000)})), Err(META_INVALID));
    assert_eq!(server.tree.num_objects(), 2);
}

#[test]
fn a_bounded_number_of_fields_is_laid_over() {
    let mut server = Server::new();
    let id = server.create(object("T", json!({"x": 1})));
    let extra = |count: usize| (0..count).map(|n| (format!("k{n}"), json!(n))).collect::<Value>();
    let twin = copy(&mut server, id, extra(1 << 14)).expect("as many as may be");
    let view = server.view(twin).expect("there");
    assert_eq!((&view["k0"], &view["k16383"], &view["x"]), (&json!(0), &json!(16383), &json!(1)));
    assert_eq!(copy(&mut server, id, extra((1 << 14) + 1)), Err(META_INVALID));
}
