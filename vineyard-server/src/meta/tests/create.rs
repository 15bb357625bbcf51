//! What may be created.

use super::*;

#[track_caller]
fn refused(content: Value, code: i64) {
    let mut server = Server::new();
    assert_eq!(server.try_create(content).map(|created| created.id), Err(code));
    assert_eq!(server.tree.num_objects(), 0, "a failed create leaves nothing behind");
}

#[test]
fn the_head_of_an_object_is_checked() {
    refused(json!({"instance_id": 0}), META_INVALID);
    refused(json!({"typename": 5, "instance_id": 0}), META_INVALID);
    refused(json!({"typename": {}, "instance_id": 0}), META_INVALID);
    refused(json!({"typename": "vineyard::Blob", "instance_id": 0}), ASSERTION);
    refused(json!({"typename": "T"}), ASSERTION);
    for instance in [json!("0"), json!(null), json!(0.5), json!(true), json!([0]), json!({})] {
        refused(json!({"typename": "T", "instance_id": instance}), META_INVALID);
    }
    for signature in [json!("s1"), json!(1.5), json!([1]), json!({"id": "o0000000000000001"})] {
        refused(object("T", json!({"signature": signature})), INVALID);
    }
    refused(object("T", json!({"global": 1})), META_INVALID);
}

#[test]
fn members_are_checked() {
    refused(object("T", json!({"m": {}})), NO_ID);
    refused(object("T", json!({"m": {"typename": "S", "instance_id": 0}})), NO_ID);
    for id in [json!(1), json!(""), json!("o"), json!("oxyz"), json!(null), json!({"id": "o1"})] {
        refused(object("T", json!({"m": {"id": id}})), META_INVALID);
    }
    refused(object("T", json!({"m": {"id": "o0000000000000123"}})), NO_MEMBER);
    refused(object("T", json!({"m": {"id": "o0000000000000123", "instance_id": 0}})), META_INVALID);
    refused(object("T", json!({"m": {"id": "o0000000000000123", "typename": "S"}})), META_INVALID);
    refused(object("T", json!({"m": {"id": "o0000000000000123", "typename": "S", "instance_id": "x"}})), META_INVALID);
    refused(object("T", json!({"__name": {"id": "o0000000000000123"}})), META_INVALID);
}

#[test]
fn blobs_need_their_description() {
    let id = "oe880a280e8000000";
    refused(object("T", json!({"m": {"id": id}})), META_INVALID);
    refused(object("T", json!({"m": {"id": id, "typename": "S", "instance_id": 0}})), META_INVALID);
    refused(object("T", json!({"m": {"id": id, "typename": "vineyard::Blob"}})), META_INVALID);
    refused(object("T", json!({"m": {"id": id, "typename": "vineyard::Blob", "instance_id": "0"}})), META_INVALID);
    let object_id = json!({"id": "o0000000000000001", "typename": "vineyard::Blob", "instance_id": 0});
    refused(object("T", json!({"m": object_id})), META_INVALID);
}

#[test]
fn signatures_are_kept_or_made() {
    let mut server = Server::new();
    let given = server.try_create(object("T", json!({"signature": 123456}))).expect("legal");
    assert_eq!(given.signature.as_raw(), 123456);
    let made = server.try_create(object("T", json!({"signature": null}))).expect("legal");
    assert!(made.signature.as_raw() < made.id.as_raw(), "the signature is drawn first");
    assert_eq!(server.view(made.id).expect("there")["signature"], made.signature.as_raw());
    let wrapped = server.try_create(object("T", json!({"signature": -1}))).expect("legal");
    assert_eq!(wrapped.signature.as_raw(), u64::MAX);
}

#[test]
fn server_fields_are_overwritten() {
    let mut server = Server::new();
    let sent = json!({"transient": false, "id": "o0000000000000abc", "__timestamp": 5, "nbytes": 42});
    let created = server.try_create(object("T", sent)).expect("legal");
    let expected = json!({
        "id": created.id.to_string(), "typename": "T", "instance_id": 0, "transient": true, "nbytes": 42,
        "signature": created.signature.as_raw(), "__timestamp": NOW,
    });
    assert_eq!(server.view(created.id), Some(expected));
}

#[test]
fn members_that_exist_are_not_updated() {
    let mut server = Server::new();
    let member = server.create(object("S", json!({"k": 1})));
    let before = server.view(member).expect("there");
    let mut described = before.clone();
    described["k"] = json!(2);
    described["signature"] = json!("ignored");
    described["typename"] = json!(7);
    let parent = server.create(object("T", json!({"m": described})));
    assert_eq!(server.view(parent).expect("there")["m"], before);
}

#[test]
fn absent_members_are_created_under_their_id() {
    let mut server = Server::new();
    let deep = json!({"id": "o0000000000000dee", "typename": "New", "instance_id": 0});
    let member = json!({
        "id": "o0000000000000def", "typename": "New", "instance_id": 0, "signature": 77, "k": "v",
        "transient": false, "__timestamp": 5, "deep": deep,
    });
    let parent = server.create(object("T", json!({"m": member})));
    assert_eq!(server.tree.num_objects(), 3);
    let deep = json!({
        "id": "o0000000000000dee", "typename": "New", "instance_id": 0, "signature": null, "transient": true,
    });
    let member = json!({
        "id": "o0000000000000def", "typename": "New", "instance_id": 0, "signature": 77, "k": "v",
        "transient": true, "deep": deep,
    });
    assert_eq!(server.view(ObjectId::from_raw(0xdef)), Some(member.clone()));
    assert_eq!(server.view(parent).expect("there")["m"], member);
}

#[test]
fn local_objects_stay_on_their_instance() {
    let mut server = Server::new();
    let elsewhere = server.create(json!({"typename": "S", "instance_id": 7}));
    assert_eq!(server.try_create(object("T", json!({"m": named(elsewhere)}))), Err(GLOBAL));
    assert_eq!(server.try_create(object("T", json!({"m": blob(ObjectId::blob(1, 1), 3)}))), Err(GLOBAL));
    let absent = json!({"id": "o0000000000000fff", "typename": "S", "instance_id": 3, "signature": 78});
    assert_eq!(server.try_create(object("T", json!({"m": absent}))), Err(GLOBAL));
    assert_eq!(server.tree.num_objects(), 1);
    // The record is believed, not the tree.
    let lie = json!({"id": elsewhere.to_string(), "typename": "S", "instance_id": 0});
    assert_eq!(server.try_create(object("T", json!({"m": lie}))), Err(GLOBAL));
}

#[test]
fn global_objects_span_instances_but_do_not_nest() {
    let mut server = Server::new();
    let here = server.create(object("S", json!({"k": 1})));
    let there = server.create(json!({"typename": "S", "instance_id": 7, "k": 2}));
    let spread = object("G", json!({"global": true, "a": named(here), "b": named(there)}));
    let spread = server.try_create(spread).expect("legal");
    assert_eq!(spread.instance_id, InstanceId::UNSPECIFIED);
    let view = server.view(spread.id).expect("there");
    assert_eq!((&view["instance_id"], &view["a"]["k"], &view["b"]["k"]), (&json!(u64::MAX), &json!(1), &json!(2)));

    let one = server.try_create(object("G", json!({"global": true, "a": named(here)}))).expect("legal");
    assert_eq!(one.instance_id, InstanceId::from_raw(0));
    assert_eq!(server.try_create(object("G", json!({"global": true, "a": named(one.id)}))), Err(GLOBAL));
    server.create(object("T", json!({"m": named(one.id)})));
    assert_eq!(server.try_create(object("T", json!({"m": named(spread.id)}))), Err(GLOBAL));
}

#[test]
fn global_members_without_a_signature_are_linked_by_id() {
    let mut server = Server::new();
    let member = json!({"id": "o0000000000000001", "typename": "S", "instance_id": 0});
    let global = server.create(object("G", json!({"global": true, "a": member})));
    assert_eq!(server.view(global).expect("there")["a"]["signature"], json!(null));
}

#[test]
fn a_signature_stays_with_the_object_that_had_it_first() {
    let mut server = Server::new();
    let first = server.create(object("S", json!({"signature": 9, "k": 1})));
    let second = server.create(object("S", json!({"signature": 9, "k": 2})));
    let a = server.create(object("G", json!({"global": true, "m": named(first)})));
    let b = server.create(object("G", json!({"global": true, "m": named(second)})));
    assert_eq!(server.view(a).expect("there")["m"]["k"], 1);
    assert_eq!(server.view(b).expect("there")["m"]["k"], 2);
}

#[test]
fn strict_refuses_unknown_blobs_and_lax_believes() {
    let mut server = Server::new();
    let known = server.blob(1 << 20);
    let unknown = server.ids.blob();
    let mut try_strict = |member: Value| {
        let content: MetaTree = serde_json::from_value(object("T", json!({"m": member}))).expect("an object");
        let result = server.tree.create(&[content], &server.ids, NOW, &server.blobs, true);
        result.map(|_| ()).map_err(|error| error.code.as_raw())
    };
    assert_eq!(try_strict(blob(known, 0)), Ok(()));
    assert_eq!(try_strict(blob(ObjectId::EMPTY_BLOB, 0)), Ok(()));
    assert_eq!(try_strict(blob(unknown, 0)), Err(NO_MEMBER));
    server.create(object("T", json!({"m": blob(unknown, 0)})));
}

#[test]
fn several_are_created_in_order_or_not_at_all() {
    let mut server = Server::new();
    assert_eq!(server.try_create_all(&[]), Ok(vec![]));
    let created = server.try_create_all(&[object("A", json!({})), object("B", json!({"z": 1}))]).expect("legal");
    assert!(created[0].id < created[1].id);
    assert_eq!(server.view(created[1].id).expect("there")["typename"], "B");

    let member = json!({"id": "o0000000000000001", "typename": "S", "instance_id": 0, "signature": 5});
    let good = object("G", json!({"global": true, "m": member}));
    assert_eq!(server.try_create_all(&[good, json!({"instance_id": 0})]), Err(META_INVALID));
    assert_eq!(server.tree.num_objects(), 2, "neither the first nor its member is left");
}

#[test]
fn an_id_that_was_taken_in_advance_is_skipped() {
    let mut server = Server::new();
    // While its time is ahead of the clock the generator counts on, so its next ids are known.
    let (instance, ahead) = (InstanceId::from_raw(0), crate::ids::unix_millis() + 3_600_000);
    server.ids = IdGenerator::starting_after(instance, ahead - 1);
    // The object itself takes 0 and 1.
    let taken = (2..200_u64).map(|sequence| {
        let id = ObjectId::object(ahead, instance, sequence);
        (format!("m{sequence}"), json!({"id": id.to_string(), "typename": "S", "instance_id": 0}))
    });
    server.create(object("T", Value::Object(taken.collect())));
    let before = server.tree.num_objects();
    let next = server.create(object("T", json!({})));
    assert_eq!((next, server.tree.num_objects()), (ObjectId::object(ahead, instance, 200), before + 1));
}

#[test]
fn what_was_read_ahead_makes_the_same_objects() {
    let mut server = Server::new();
    let buffer = server.blob(8);
    let known = server.create(object("S", json!({"x": 1})));
    let contents = [
        object(
            "T",
            json!({
                "a": [1, [2]], "t": "text", "n": null, "b": blob(buffer, 0), "__labels": "{}",
                "m": {"id": "o0000000000000007", "typename": "M", "instance_id": 0, "y": [3], "b": blob(buffer, 0)},
                "k": {"id": known.to_string(), "typename": "other", "z": 5},
            }),
        ),
        object("U", json!({"m": {"id": "o0000000000000007"}})),
    ];
    let contents = contents.map(|content| serde_json::from_value::<MetaTree>(content).expect("an object"));
    let mut views = Vec::new();
    for ahead in [false, true] {
        let mut sketches = Sketches::new(&contents, ahead);
        let created = server.tree.create_sketched(&mut sketches, &server.ids, NOW, &server.blobs, true);
        server.tree.check();
        for created in created.expect("legal").objects {
            let mut view = server.view(created.id).expect("there");
            let json_bytes = server.tree.json_bytes(created.id);
            view["id"].take();
            view["signature"].take();
            views.push((view, json_bytes));
            server.delete(&[created.id], false, false);
        }
        server.delete(&[ObjectId::from_raw(7)], true, false);
        server.blobs.insert(buffer, 8);
    }
    assert_eq!(views[..2], views[2..]);
}

#[test]
fn members_may_be_made_by_the_same_request() {
    let mut server = Server::new();
    let leaf = server.blob(24);
    let mut strict = |contents: Value, strict: bool| {
        let contents: Vec<MetaTree> = serde_json::from_value(contents).expect("objects");
        server.tree.create(&contents, &server.ids, NOW, &server.blobs, strict).map_err(|error| error.code.as_raw())
    };
    let below = object("Leaf", json!({"b": blob(leaf, 0)}));
    let root = |place: Value| object("Root", json!({"m": {"new": place}, "n": {"new": place}}));
    for (place, expected) in [(json!(1), META_INVALID), (json!(-1), META_INVALID), (json!("x"), META_INVALID)] {
        assert_eq!(strict(json!([below, root(place)]), true), Err(expected));
    }
    assert_eq!(strict(json!([below, root(json!(0))]), false), Err(NO_ID), "the published protocol has no such key");
    let created = strict(json!([below, root(json!(0))]), true).expect("is there");
    assert_eq!(created.blobs, [leaf]);
    let [member, root] = created.objects[..] else { panic!("two objects") };
    let view = server.view(root.id).expect("just created");
    assert_eq!((&view["m"]["id"], &view["n"]["b"]["length"]), (&json!(member.id.to_string()), &json!(24)));
    assert_eq!(server.tree.num_objects(), 2, "what was refused left nothing");
}
