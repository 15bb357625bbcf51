//! Trees made to hurt: every one is refused or harmless.

use std::sync::Arc;

use super::*;

fn absent(id: u64, fields: Value) -> Value {
    let mut tree = json!({"id": ObjectId::from_raw(id).to_string(), "typename": "S", "instance_id": 0});
    tree.as_object_mut().expect("is one").extend(fields.as_object().expect("is one").clone());
    tree
}

#[test]
fn cycles_are_refused() {
    let mut server = Server::new();
    let itself = absent(1, json!({"m": {"id": "o0000000000000001"}}));
    assert_eq!(server.try_create(object("T", json!({"m": itself}))), Err(META_INVALID));
    let twice = absent(1, json!({"m": absent(1, json!({"k": 1}))}));
    assert_eq!(server.try_create(object("T", json!({"m": twice}))), Err(META_INVALID));
    let round = absent(1, json!({"m": absent(2, json!({"m": absent(3, json!({"m": absent(1, json!({}))}))}))}));
    assert_eq!(server.try_create(object("T", json!({"m": round}))), Err(META_INVALID));
    assert_eq!(server.tree.num_objects(), 0);
}

#[test]
fn one_id_given_twice_is_one_object() {
    let mut server = Server::new();
    let first = absent(1, json!({"k": 1}));
    let other = absent(1, json!({"k": 2}));
    let created = server
        .try_create_all(&[
            object("T", json!({"a": first, "b": other.clone(), "c": named(ObjectId::from_raw(1))})),
            object("T", json!({"a": other})),
        ])
        .expect("the first description counts");
    assert_eq!(server.tree.num_objects(), 3);
    for (index, key) in [(0, "a"), (0, "b"), (0, "c"), (1, "a")] {
        assert_eq!(server.view(created[index].id).expect("there")[key]["k"], 1);
    }
}

#[test]
fn depth_is_bounded_over_many_requests() {
    let mut server = Server::new();
    let mut top = server.create(object("T", json!({})));
    let mut depth = 1;
    while let Ok(next) = server.try_create(object("T", json!({"m": named(top)}))) {
        (top, depth) = (next.id, depth + 1);
        assert!(depth <= 100);
    }
    assert_eq!(depth, 100);
    assert!(server.view(top).is_some());
    assert_eq!(server.try_create(object("T", json!({"m": named(top)}))), Err(META_INVALID));
    assert_eq!(server.delete(&[top], false, true).objects.len(), 100);
}

#[test]
fn depth_is_bounded_within_one_request() {
    let nest = |levels: u64| {
        let mut tree = MetaTree::new();
        for level in 0..levels {
            let mut outer = MetaTree::new();
            outer.set("id", ObjectId::from_raw(level + 1).to_string());
            outer.set("typename", "S");
            outer.set("instance_id", 0);
            if level > 0 {
                outer.set_member("m", Arc::new(tree));
            }
            tree = outer;
        }
        tree
    };
    let mut server = Server::new();
    for (levels, expected) in [(100, true), (101, false), (300, false)] {
        let result = server.tree.create(&[nest(levels)], &server.ids, NOW, &server.blobs, false);
        assert_eq!(result.is_ok(), expected, "{levels} levels");
    }
    assert_eq!(server.tree.num_objects(), 100);
}

#[test]
fn nested_lists_count_as_depth() {
    let nest = |levels: u32| (0..levels).fold(json!(1), |inner, _| json!([inner]));
    let mut server = Server::new();
    assert_eq!(server.try_create(object("T", json!({"l": nest(120)}))).map(drop), Err(META_INVALID));
    let leaf = server.create(object("T", json!({"l": nest(99)})));
    assert_eq!(server.try_create(object("T", json!({"m": named(leaf)}))).map(drop), Err(META_INVALID));
}

#[test]
fn a_few_objects_cannot_expand_beyond_memory() {
    let mut server = Server::new();
    let mut top = server.create(object("T", json!({})));
    let mut levels = 0;
    loop {
        let members: serde_json::Map<String, Value> = (0..10).map(|n| (format!("m{n}"), named(top))).collect();
        match server.try_create(object("T", Value::Object(members))) {
            Ok(next) => (top, levels) = (next.id, levels + 1),
            Err(code) => break assert_eq!(code, META_INVALID),
        }
    }
    assert_eq!(levels, 5, "10^5 nodes are accepted and 10^6 would take more bytes than a frame");
    assert!(server.view(top).is_some());
    assert_eq!(server.delete(&[top], false, true).objects.len(), 6);
}

#[test]
fn a_large_text_cannot_be_multiplied() {
    let mut server = Server::new();
    let leaf = server.create(object("T", json!({"text": "x".repeat(1 << 20)})));
    let members: serde_json::Map<String, Value> = (0..300).map(|n| (format!("m{n}"), named(leaf))).collect();
    assert_eq!(server.try_create(object("T", Value::Object(members))).map(drop), Err(META_INVALID));
}

#[test]
fn a_cycle_by_way_of_a_signature_is_not_followed() {
    let mut server = Server::new();
    let first = server.create(object("S", json!({"signature": 9})));
    let global = server.create(object("G", json!({"global": true, "m": named(first)})));
    let far = server.create(json!({"typename": "H", "instance_id": 7, "global": true}));
    let second = json!({"typename": "S", "instance_id": 7, "signature": 9, "m": named(far)});
    let second = server.create(second);
    let holder = server.create(object("T", json!({"m": named(global)})));
    server.create(object("G", json!({"global": true, "m": named(second)})));
    server.delete(&[first], false, false);
    assert!(server.view(holder).is_some(), "the equal took over");

    // The same with the loop closed: the member is itself carried by what it holds.
    let mut server = Server::new();
    let inner = server.create(json!({"typename": "S", "instance_id": 7, "signature": 9}));
    let global = server.create(json!({"typename": "G", "instance_id": 7, "global": true, "m": named(inner)}));
    let outer = json!({"typename": "S", "instance_id": 7, "signature": 9, "m": named(global)});
    let outer = server.create(outer);
    let other = json!({"typename": "S", "instance_id": 3, "signature": 9});
    let other = server.create(other);
    server.create(object("G", json!({"global": true, "m": named(other)})));
    assert_eq!(server.delete(&[inner], false, false).objects, [inner]);
    assert!(server.view(outer).is_some());
    server.create(object("G", json!({"global": true, "m": named(outer)})));
    assert_eq!(server.delete(&[other], false, false).objects, [other]);
    for id in [global, outer] {
        assert!(server.tree.contains(id) && server.view(id).is_none(), "a cycle has no view");
    }
    assert!(!server.list("*", false, 100).contains(&outer));
    server.tree.persist(outer).expect("there");
    let all = server.delete(&[outer], true, true);
    assert!(all.objects.contains(&outer) && all.objects.contains(&global));
}

#[test]
fn many_parents_of_one_member_are_deleted_in_one_go() {
    const PARENTS: usize = 3000;
    let mut server = Server::new();
    let leaf = server.create(object("S", json!({})));
    let contents: Vec<Value> = (0..PARENTS).map(|_| object("T", json!({"m": named(leaf)}))).collect();
    let created = server.try_create_all(&contents).expect("legal");
    let mut ids: Vec<ObjectId> = created.iter().map(|created| created.id).collect();
    ids.push(leaf);
    assert_eq!(server.delete(&ids, false, true).objects.len(), PARENTS + 1);
}

#[test]
fn long_keys_do_not_make_long_messages() {
    let server_error = |content: Value| {
        let mut server = Server::new();
        let content: MetaTree = serde_json::from_value(content).expect("an object");
        server.tree.create(&[content], &server.ids, NOW, &server.blobs, false).expect_err("illegal").message
    };
    let long = "k".repeat(1 << 16);
    assert!(server_error(object(&long, json!({&long: {"id": "o0000000000000123"}}))).len() < 500);
    assert!(server_error(object(&long, json!({&long: {"id": &long}}))).len() < 500);
}
