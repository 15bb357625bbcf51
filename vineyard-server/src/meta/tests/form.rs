//! The text of published state.

use proptest::prelude::*;
use vineyard_core::Signature;

use super::*;
use crate::meta::backend::{Entry, FieldValue, Fields, Key, Link, Target};

/// Keys of a recorded store, without the prefix of its session, and what they held.
fn recorded() -> Vec<(String, String)> {
    let path = format!("{}/../tests/fixtures/etcd/two_instances.txt", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("the recording is in the repository");
    let mut lines = text.lines();
    let mut found = Vec::new();
    while let Some(line) = lines.next() {
        if let Some(key) = line.strip_prefix("vineyard/S0000000000000000") {
            let value = lines.next().and_then(|line| line.strip_prefix("    = "));
            found.push((key.to_owned(), value.expect("a value follows").to_owned()));
        }
    }
    found
}

#[test]
fn a_recorded_store_is_read_and_written_the_same() {
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for (key, value) in recorded() {
        let Some(entry) = Entry::parse(&key, &value) else {
            let other = ["/instances/", "/next_instance_id"].iter().any(|branch| key.starts_with(branch));
            assert!(other, "{key} = {value}");
            continue;
        };
        let kind = match entry {
            Entry::Object { .. } => "object",
            Entry::Field { .. } => "field",
            Entry::Signature { .. } => "signature",
            Entry::Name { .. } => "name",
        };
        *kinds.entry(kind).or_default() += 1;
        assert_eq!(entry.key().to_string(), key);
        let again: Value = serde_json::from_str(&entry.value()).expect("JSON");
        assert_eq!(again, serde_json::from_str::<Value>(&value).expect("JSON"), "{key}");
    }
    assert_eq!(kinds.keys().copied().collect::<Vec<_>>(), ["field", "name", "object", "signature"]);
    assert!(kinds.values().sum::<usize>() > 250, "{kinds:?}");
}

#[test]
fn keys_have_one_text_each() {
    let id = ObjectId::from_raw(0x6880_a51a_0380_0002);
    for (key, text) in [
        (Key::Object(id), "/data/o6880a51a03800002"),
        (Key::Field(id, "a/b~c".to_owned()), "/data/o6880a51a03800002/a~1b~0c"),
        (Key::Field(id, String::new()), "/data/o6880a51a03800002/"),
        (Key::Signature(Signature::from_raw(1), InstanceId::from_raw(12)), "/signatures/i12/s0000000000000001"),
        (Key::Name("dir/second~name".to_owned()), "/names/dir~1second~0name"),
        (Key::Name(String::new()), "/names/"),
    ] {
        assert_eq!(key.to_string(), text);
        assert_eq!(Key::parse(text), Some(key));
    }
    for text in [
        "",
        "/",
        "data/o6880a51a03800002",
        "/data",
        "/data/",
        "/data/o1",
        "/data/s6880a51a03800002",
        "/data/x",
        "/data/o6880a51a03800002/a/b",
        "/data/o6880a51a03800002/a~",
        "/data/oe880a51a03800002",
        "/names",
        "/names/a/b",
        "/names/~2",
        "/signatures/0/s0000000000000001",
        "/signatures/i0/o0000000000000001",
        "/signatures/i0",
        "/instances/i0/hostid",
        "/next_instance_id",
        "/meta_sync_lock/1f",
        "/other/o6880a51a03800002",
    ] {
        assert_eq!(Key::parse(text), None, "{text}");
    }
}

#[test]
fn links_are_cut_at_the_first_dot_and_the_last_at() {
    let id = ObjectId::from_raw(0x6880_a51a_0380_0002);
    let blob = ObjectId::from_raw(0xe880_a51a_0380_0000);
    let target = Target::Object(id);
    for (link, text) in [
        (Link::new(target, "vineyard::Tensor<int64>"), "lo6880a51a03800002.vineyard::Tensor"),
        (Link::new(target, "my.module::T<a.b@c>"), "lo6880a51a03800002.my.module::T"),
        (Link::new(target, "at@home"), "lo6880a51a03800002.at@home"),
        (Link::new(target, ""), "lo6880a51a03800002."),
        (Link::new(Target::Signature(Signature::from_raw(1)), "v.S<x>"), "ls0000000000000001.v.S"),
        (
            Link::new(Target::Blob(blob, InstanceId::from_raw(3)), "vineyard::Blob"),
            "loe880a51a03800000.vineyard::Blob@3",
        ),
    ] {
        let entry = Entry::Field { id, key: "m".to_owned(), value: FieldValue::Link(link) };
        assert_eq!(entry.value(), format!("{text:?}"));
        assert_eq!(Entry::parse("/data/o6880a51a03800002/m", &format!("{text:?}")), Some(entry));
    }
}

#[test]
fn values_that_cannot_be_read_are_ignored() {
    let object = "/data/o6880a51a03800002";
    for value in [
        "",
        "{",
        "5",
        "[]",
        "null",
        r#"{"k": "no prefix"}"#,
        r#"{"k": ""}"#,
        r#"{"k": "lo1.T"}"#,
        r#"{"k": "lx"}"#,
        r#"{"k": {"id": "vo6880a51a03800002"}}"#,
        r#"{"typename": 5}"#,
        r#"{"instance_id": "v0"}"#,
        r#"{"id": "vo6880a51a03800002"}"#,
        r#"{"k": "loe880a51a03800000.vineyard::Blob"}"#,
        r#"{"k": "loe880a51a03800000.vineyard::Blob@x"}"#,
        r#"{"k": "loe880a51a03800000.T@0"}"#,
        r#"{"k": "ls1.T"}"#,
        r#"{"k": "lo6880a51a03800002"}"#,
        r#"{"typename": "lo6880a51a03800002.T"}"#,
    ] {
        assert_eq!(Entry::parse(object, value), None, "{value}");
    }
    assert_eq!(
        Entry::parse(object, "{}"),
        Some(Entry::Object { id: ObjectId::from_raw(0x6880_a51a_0380_0002), fields: Fields::new() })
    );
    for (key, value) in [
        ("/names/n", r#""o6880a51a03800002""#),
        ("/names/n", "-1"),
        ("/names/n", "16753575167883476992"),
        ("/signatures/i0/s0000000000000001", "5"),
        ("/signatures/i0/s0000000000000001", r#""oe880a51a03800002""#),
        ("/data/o6880a51a03800002/k", r#""x""#),
        ("/data/o6880a51a03800002/k", "{}"),
    ] {
        assert_eq!(Entry::parse(key, value), None, "{key} = {value}");
    }
}

fn object_id() -> impl Strategy<Value = ObjectId> {
    (0..1_u64 << 63).prop_map(ObjectId::from_raw)
}

/// Names of types, of which a link keeps what is before the first `<`.
fn typename() -> impl Strategy<Value = String> {
    "([a-z.:@]{0,8}|.{0,8})(<.{0,8}>)?"
}

fn plain() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_filter_map("JSON has finite numbers only", |f| f.is_finite().then(|| Value::from(f))),
        "[vl]?.{0,8}".prop_map(Value::from),
    ];
    prop_oneof![3 => leaf.clone(), 1 => prop::collection::vec(leaf, 0..4).prop_map(Value::from)]
}

fn value() -> impl Strategy<Value = FieldValue> {
    let blob = (any::<u64>(), any::<u64>()).prop_map(|(id, instance)| {
        (Target::Blob(ObjectId::from_raw(id | 1 << 63), InstanceId::from_raw(instance)), "vineyard::Blob".to_owned())
    });
    let object = (object_id().prop_map(Target::Object), typename());
    let signature = (any::<u64>().prop_map(|raw| Target::Signature(Signature::from_raw(raw))), typename());
    let link = prop_oneof![blob, object, signature];
    prop_oneof![
        plain().prop_map(FieldValue::Plain),
        link.prop_map(|(target, typename)| FieldValue::Link(Link::new(target, &typename))),
    ]
}

fn entry() -> impl Strategy<Value = Entry> {
    // Keys of the protocol hold what the protocol says.
    let key = "[a-z/~]{0,6}|.{0,6}".prop_filter("placed", |key| !["id", "global"].contains(&key.as_str()));
    let fields = prop::collection::btree_map(key.clone(), value(), 0..6);
    prop_oneof![
        (object_id(), fields).prop_map(|(id, fields)| Entry::Object { id, fields }),
        (object_id(), key, value()).prop_map(|(id, key, value)| Entry::Field { id, key, value }),
        (any::<u64>(), any::<u64>(), object_id()).prop_map(|(signature, instance, id)| Entry::Signature {
            signature: Signature::from_raw(signature),
            instance: InstanceId::from_raw(instance),
            id
        }),
        ("[a/~]{0,6}|.{0,6}", object_id()).prop_map(|(name, id)| Entry::Name { name, id }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_entry_comes_back(entry in entry()) {
        let (key, value) = (entry.key().to_string(), entry.value());
        prop_assert_eq!(Entry::parse(&key, &value), Some(entry), "{} = {}", key, value);
    }

    #[test]
    fn any_text_is_read_or_ignored(key in "/(data|names|signatures)/[os0-9a-f/~]{0,24}|.{0,24}", value in ".{0,24}") {
        if let Some(key_read) = Key::parse(&key) {
            prop_assert_eq!(key_read.to_string(), key.as_str());
        }
        Entry::parse(&key, &value);
    }
}
