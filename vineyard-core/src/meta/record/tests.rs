use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::meta::MetaTree;

fn tree(value: Value) -> MetaTree {
    serde_json::from_value(value).expect("an object")
}

fn record(value: Value) -> Record {
    Record::of_tree(&tree(value)).expect("a record")
}

fn blob(id: &str, length: u64) -> Value {
    json!({"id": id, "instance_id": 3, "length": length, "nbytes": length, "transient": true,
        "typename": "vineyard::Blob"})
}

#[test]
fn a_tree_comes_back_and_its_blobs_take_little() {
    let given = json!({
        "typename": "T", "n": u64::MAX, "neg": -7, "f": 0.1, "yes": true, "no": false, "none": null, "text": "ä\"",
        "list": [1, {"a": "b"}, []], "": {}, "id": "o0000000000000001", "ids": "o1",
        "buffer": blob("o8000000000000007", 80), "deep": {"er": {"typename": "vineyard::Blob", "id": "o1"}},
    });
    let found = record(given.clone());
    assert_eq!(serde_json::to_value(found.to_tree(found.root())).expect("JSON"), given);
    assert!(matches!(found.field(found.root(), "buffer"), Some(Field::Member(Place::Blob(_)))));
    assert!(matches!(found.field(found.root(), "deep"), Some(Field::Member(Place::Node(_)))));
    assert_eq!(found.field(found.root(), "absent"), None);
    let Some(Field::Member(buffer)) = found.field(found.root(), "buffer") else { panic!("a member") };
    for (key, value) in blob("o8000000000000007", 80).as_object().expect("an object") {
        assert_eq!(found.plain(buffer, key).map(Plain::to_json), Some(value.clone()), "{key}");
    }
    assert_eq!(found.fields(buffer).count(), found.len(buffer));
}

#[test]
fn blobs_of_another_form_are_nodes() {
    let whole = blob("o8000000000000007", 80);
    for (key, value) in [("nbytes", json!(81)), ("transient", json!(false)), ("id", json!("o7")), ("more", json!(1))] {
        let mut other = whole.clone();
        other[key] = value;
        let found = record(json!({"m": other.clone()}));
        assert!(matches!(found.field(found.root(), "m"), Some(Field::Member(Place::Node(_)))), "{key}");
        assert_eq!(serde_json::to_value(found.to_tree(found.root())).expect("JSON"), json!({"m": other}));
    }
}

#[test]
fn nodes_of_the_same_keys_share_them() {
    let node = |n: u32| json!({"a_rather_long_key": n, "another_long_key": n});
    let columns = |count: u32| record(Value::Object((0..count).map(|n| (format!("{n:02}"), node(n))).collect()));
    let (few, many) = (columns(10).as_bytes().len(), columns(11).as_bytes().len());
    // Two slots and where the shape is; a slot, an entry and a key in the parent.
    assert_eq!(many - few, (2 * 12 + 4) + 12 + 8 + 2);
}

#[test]
fn what_does_not_fit_is_refused() {
    let mut out = vec![7; 5];
    let mut writer = RecordWriter::new(&mut out, 48).expect("fits");
    let mut root = writer.root();
    let mut node = writer.node(&mut root, ["k"].into_iter()).expect("41 bytes");
    assert_eq!(writer.plain(&mut node, Plain::Text("more than that")), Err(Full { limit: 48 }));
    assert!(RecordWriter::new(&mut Vec::new(), 11).is_err());
}

#[test]
fn a_root_without_a_node_is_no_record() {
    assert!(Record::new(vec![0; 12]).is_err() && Record::new(Vec::new()).is_err());
}

#[test]
fn nesting_is_bounded() {
    let nested = |levels: usize| (1..levels).fold(json!({}), |inner, _| json!({"m": inner}));
    let text = |levels| serde_json::from_value::<MetaTree>(nested(levels)).expect("an object");
    assert!(Record::of_tree(&text(MAX_DEPTH)).is_ok());
    assert!(Record::of_tree(&text(MAX_DEPTH + 1)).is_err());
}

/// A record whose root has slots that all lead to one node, one text or one blob.
fn twice(tag: u32, at: u32, len: u32) -> Vec<u8> {
    let mut bytes = record(json!({"a": 0, "b": 0})).as_bytes().to_vec();
    let end = bytes.len();
    let slot = [tag.to_le_bytes(), at.to_le_bytes(), len.to_le_bytes()].concat();
    bytes[end - 24..end - 12].copy_from_slice(&slot);
    bytes[end - 12..].copy_from_slice(&slot);
    bytes.extend([b'x'; 32]);
    bytes
}

#[test]
fn nothing_is_met_twice() {
    let end = u32::try_from(record(json!({"a": 0, "b": 0})).as_bytes().len()).expect("short");
    for (tag, len) in [(tag::TEXT, 8), (tag::BLOB, 0)] {
        let bytes = twice(tag, end, len);
        assert!(Record::new(bytes.clone()).is_err_and(|error| error.what.contains("twice")), "{tag}");
    }
    // A node within itself.
    let root = record(json!({"a": 0, "b": 0})).as_bytes()[4];
    assert!(Record::new(twice(tag::NODE, u32::from(root), 0)).is_err());
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i32>().prop_map(|number| Value::from(f64::from(number) / 8.0)),
        ".{0,9}".prop_map(Value::from),
        prop::collection::vec(any::<u8>(), 0..3).prop_map(Value::from),
        any::<u64>().prop_map(|id| blob(&format!("o{id:016x}"), id / 3)),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| prop::collection::btree_map("[a-c]{0,3}", inner, 0..6).prop_map(object))
}

fn object(map: impl IntoIterator<Item = (String, Value)>) -> Value {
    Value::Object(map.into_iter().collect::<Map<_, _>>())
}

proptest! {
    #[test]
    fn every_tree_comes_back(fields in prop::collection::btree_map("[a-c]{0,3}", value(), 0..8)) {
        let given = object(fields);
        let found = record(given.clone());
        prop_assert_eq!(serde_json::to_value(found.to_tree(found.root())).expect("JSON"), given.clone());
        let again = Record::new(found.as_bytes()).expect("it was one before");
        for (key, value) in given.as_object().expect("an object") {
            match again.field(again.root(), key) {
                Some(Field::Plain(plain)) => prop_assert_eq!(plain.to_json(), value.clone()),
                Some(Field::Member(_)) => prop_assert!(value.is_object()),
                None => prop_assert!(false, "{} is not found", key),
            }
        }
    }

    #[test]
    fn damaged_records_are_refused_or_read(
        fields in prop::collection::btree_map("[a-c]{0,3}", value(), 0..8),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        end in any::<prop::sample::Index>(),
        cut in any::<bool>(),
    ) {
        let mut bytes = record(object(fields)).as_bytes().to_vec();
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if cut {
            bytes.truncate(end.index(bytes.len()));
        }
        if let Ok(found) = Record::new(bytes) {
            let _ = found.to_tree(found.root());
            let _ = format!("{found:?}");
        }
    }
}
