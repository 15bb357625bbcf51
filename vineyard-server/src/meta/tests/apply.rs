//! What a tree makes of what others have published.

use super::backend::object as published;
use super::*;
use crate::meta::backend::{Batch, Entry, FieldValue, Key, Link, Op, Revision, Target, Watch};

fn put(entry: Entry) -> Batch {
    Batch::new(vec![Op::Put(entry)])
}

fn field(raw: u64, key: &str, value: FieldValue) -> Entry {
    Entry::Field { id: ObjectId::from_raw(raw), key: key.to_owned(), value }
}

fn plain(value: Value) -> FieldValue {
    FieldValue::Plain(value)
}

impl Server {
    fn apply(&mut self, batch: Batch) -> Vec<ObjectId> {
        let applied = self.tree.apply(batch);
        assert_eq!(applied.revision, self.tree.revision());
        self.tree.check();
        applied.blobs
    }
}

#[test]
fn a_recorded_object_is_read_with_its_members() {
    let mut server = Server::new();
    let tensor = r#"{"__timestamp":1795340402387,"buffer_":"loe880a81fb4400000.vineyard::Blob@0","global":false,
        "instance_id":0,"nbytes":80,"shape_":"v[10]","signature":7530203431093403649,"transient":false,
        "typename":"vvineyard::Tensor<int64>"}"#;
    let global = r#"{"__timestamp":1795340403285,"global":true,"instance_id":18446744073709551615,"nbytes":0,
        "p0":"ls6880a81fb4c00001.vineyard::Tensor","p1":"loe880a8209140100b.vineyard::Blob@3",
        "signature":7530203434859892749,"transient":false,"typename":"vmy::Global"}"#;
    let entries = [
        ("/data/o6880a820914ddddd", global),
        ("/data/o6880a81fb4c00002", tensor),
        ("/data/o6880a81fb4c00002/__labels", r#""v{\"k\":\"v\"}""#),
        ("/signatures/i0/s6880a81fb4c00001", r#""o6880a81fb4c00002""#),
        ("/names/dir~1second~0name", "7530203431093403650"),
    ];
    let ops = entries.map(|(key, value)| Op::Put(Entry::parse(key, value).expect("can be read")));
    server.blobs.insert("oe880a81fb4400000".parse().expect("an id"), 80);
    assert_eq!(server.apply(Batch::new(ops.into())), []);
    let member = json!({
        "__timestamp": 1795340402387_u64, "__labels": r#"{"k":"v"}"#, "global": false, "id": "o6880a81fb4c00002",
        "instance_id": 0, "nbytes": 80, "shape_": "[10]", "signature": 7530203431093403649_u64, "transient": false,
        "typename": "vineyard::Tensor<int64>",
        "buffer_": {
            "id": "oe880a81fb4400000", "typename": "vineyard::Blob", "instance_id": 0, "transient": true,
            "length": 80, "nbytes": 80,
        },
    });
    let expected = json!({
        "__timestamp": 1795340403285_u64, "global": true, "id": "o6880a820914ddddd", "instance_id": u64::MAX,
        "nbytes": 0, "signature": 7530203434859892749_u64, "transient": false, "typename": "my::Global", "p0": member,
        "p1": {
            "id": "oe880a8209140100b", "typename": "vineyard::Blob", "instance_id": 3, "transient": true,
            "length": 0, "nbytes": 0,
        },
    });
    assert_eq!(server.view("o6880a820914ddddd".parse().expect("an id")), Some(expected));
    let tensor: ObjectId = "o6880a81fb4c00002".parse().expect("an id");
    assert_eq!(server.tree.name("dir/second~name"), Some(tensor));
    assert_eq!(server.delete(&[tensor], false, true), Deleted::default(), "it is used by signature");
}

#[test]
fn fields_alone_are_no_object() {
    let mut server = Server::new();
    let id = ObjectId::from_raw(1);
    server.apply(put(field(1, "__name", plain(json!("orphan")))));
    assert!(!server.tree.contains(id) && server.view(id).is_none());
    assert_eq!(server.list("*", false, 9), []);
    server.apply(put(field(1, "typename", plain(json!("T")))));
    assert!(!server.tree.contains(id), "it lives nowhere yet");
    server.apply(put(field(1, "instance_id", plain(json!(0)))));
    assert_eq!(server.view(id).expect("there")["__name"], "orphan");
    assert_eq!(server.list("T", false, 9), [id]);
    server.apply(Batch::new(vec![Op::Delete(Key::Field(id, "typename".to_owned()))]));
    assert!(!server.tree.contains(id));
    assert_eq!(server.tree.clear().deleted(), Deleted::default(), "what is no object cannot disturb");
    assert_eq!(server.tree.snapshot().entries, [], "but is cleared");
    server.apply(put(field(1, "__name", plain(json!("orphan")))));
    server.delete(&[id], false, false);
    assert_eq!(server.tree.snapshot().entries, [], "and can be deleted");
}

#[test]
fn what_is_transient_here_is_left_alone() {
    let mut server = Server::new();
    let id = server.create(object("T", json!({"x": 1})));
    let before = server.view(id);
    server.apply(put(field(id.as_raw(), "x", plain(json!(2)))));
    server.apply(Batch::new(vec![Op::Delete(Key::Object(id))]));
    assert_eq!(server.view(id), before);
    server.apply(put(field(id.as_raw(), "x", plain(json!(2)))));
    server.tree.persist(id).expect("there");
    server.tree.check();
    assert_eq!(server.view(id).expect("there")["x"], 1, "what it was published with counts");
    server.apply(put(published(id.as_raw(), &json!({"x": 3}))));
    assert_eq!(server.view(id).expect("there")["x"], 3);
}

#[test]
fn what_comes_back_changes_nothing() {
    let mut server = Server::new();
    let buffer = server.blob(8);
    let leaf = server.create(object("S", json!({"b": blob(buffer, 0)})));
    let global = server.create(object("G", json!({"global": true, "m": named(leaf)})));
    let mut watch = server.tree.watch(Revision::default()).expect("is the head");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("starts");
    let operations: [fn(&mut Tree, ObjectId); 2] =
        [|tree, id| tree.persist(id).expect("there"), |tree, id| tree.put_name(id, "n").expect("persistent")];
    server.blobs.clear();
    for operation in operations {
        operation(&mut server.tree, leaf);
        let before = (server.view(leaf), server.view(global));
        let event = runtime.block_on(watch.next()).expect("is remembered");
        assert_eq!(server.apply((*event.batch).clone()), []);
        assert_eq!((server.view(leaf), server.view(global)), before, "even the length is known as before");
        // The tree's own batch, and the one that came back.
        runtime.block_on(watch.next()).expect("is remembered");
    }
    assert_eq!(server.delete(&[leaf], false, true), Deleted::default(), "it is still used");
}

#[test]
fn links_by_signature_outlast_a_change() {
    let mut server = Server::new();
    let leaf = server.create(object("S", json!({"x": 1})));
    let global = server.create(object("G", json!({"global": true, "m": named(leaf)})));
    let parent = server.create(object("T", json!({"m": named(leaf)})));
    server.tree.persist(parent).expect("there");
    server.apply(put(field(leaf.as_raw(), "x", plain(json!(2)))));
    assert_eq!(server.view(global).expect("there")["m"]["x"], 2, "though nobody else knows the signature");
    server.apply(put(field(leaf.as_raw(), "signature", plain(json!(9)))));
    assert!(server.view(global).is_none(), "it is somebody else now");
}

#[test]
fn deletions_go_by_the_letter() {
    let mut server = Server::new();
    let member = published(1, &json!({}));
    let link = FieldValue::Link(Link::new(Target::Object(ObjectId::from_raw(1)), "T"));
    server.apply(Batch::new(vec![Op::Put(member), Op::Put(published(2, &json!({}))), Op::Put(field(2, "m", link))]));
    let parent = ObjectId::from_raw(2);
    assert!(server.view(parent).is_some());
    server.apply(Batch::new(vec![Op::Delete(Key::Object(ObjectId::from_raw(1)))]));
    assert!(server.tree.contains(parent) && server.view(parent).is_none());
    server.apply(put(published(1, &json!({"back": true}))));
    assert_eq!(server.view(parent).expect("is whole again")["m"]["back"], true);
}

#[test]
fn cycles_and_depths_of_others_do_no_harm() {
    let mut server = Server::new();
    let to = |raw| FieldValue::Link(Link::new(Target::Object(ObjectId::from_raw(raw)), "T"));
    let ring = (1..=3).flat_map(|n| {
        let links = (0..10).map(move |m| Op::Put(field(n, &format!("m{m}"), to(n % 3 + 1))));
        [Op::Put(published(n, &json!({})))].into_iter().chain(links)
    });
    server.apply(Batch::new(ring.collect()));
    let chain = (100..300).flat_map(|n| [Op::Put(published(n, &json!({}))), Op::Put(field(n, "m", to(n + 1)))]);
    server.apply(Batch::new(chain.collect()));
    let id = ObjectId::from_raw;
    for raw in [1, 2, 3, 100, 299] {
        assert!(server.tree.contains(id(raw)) && server.view(id(raw)).is_none(), "{raw}");
    }
    assert_eq!(server.list("*", false, 9), []);
    server.tree.persist(id(1)).expect("there");
    assert_eq!(server.delete(&[id(1)], true, true).objects, [1, 2, 3].map(id));
    assert_eq!(server.delete(&[id(100)], false, true).objects.len(), 200);
}

#[test]
fn what_cannot_be_kept_is_ignored() {
    let mut server = Server::new();
    let nested = (0..200).fold(json!(1), |inner, _| json!([inner]));
    let broken = [
        published(ObjectId::EMPTY_BLOB.as_raw(), &json!({})),
        published(1, &json!({"deep": nested.clone()})),
        published(1, &json!({"typename": 5})),
        field(2, "k", plain(nested)),
        field(2, "k", plain(json!({}))),
        Entry::Name { name: "n".to_owned(), id: ObjectId::EMPTY_BLOB },
    ];
    for entry in broken {
        server.apply(put(entry));
    }
    assert_eq!(server.tree.snapshot().entries, []);
    server.apply(put(published(3, &json!({"typename": "vineyard::Blob"}))));
    assert!(!server.tree.contains(ObjectId::from_raw(3)), "a blob is no object");
}
