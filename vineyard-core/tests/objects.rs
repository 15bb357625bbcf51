//! Metadata that was tampered with: what does not fit is refused by field, found and expected; nothing panics.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use vineyard_core::{Array, Blob, Object, ObjectId, ObjectMeta, Opaque, ResolveReason, Stored, registry, testing};

#[derive(Debug, Object)]
#[object(typename = "test::Inner")]
struct Inner {
    numbers: Array<u32>,
}

#[derive(Debug, Object)]
#[object(typename = "test::Outer")]
struct Outer {
    count: u8,
    names: Vec<String>,
    inner: Inner,
    parts: Vec<Inner>,
    table: BTreeMap<i64, Inner>,
    pair: [Array<u8>; 2],
    maybe: Option<Inner>,
    any: Option<Stored<dyn Object>>,
    #[object(default)]
    later: u32,
}

fn inner(numbers: &[u32]) -> Inner {
    Inner { numbers: numbers.into() }
}

fn outer() -> Outer {
    Outer {
        count: 7,
        names: vec!["a".into()],
        inner: inner(&[1, 2]),
        parts: vec![inner(&[3]), inner(&[])],
        table: BTreeMap::from([(-1, inner(&[4])), (5, inner(&[5]))]),
        pair: [vec![1].into(), vec![2, 3].into()],
        maybe: None,
        any: None,
        later: 9,
    }
}

/// The payloads of [`outer`], in the order of their ids.
fn payloads(object: &Outer) -> Vec<(ObjectId, Blob)> {
    let arrays: Vec<&Array<u32>> = std::iter::once(&object.inner)
        .chain(&object.parts)
        .chain(object.table.values())
        .map(|inner| &inner.numbers)
        .collect();
    let blobs = arrays.into_iter().map(Array::blob).chain(object.pair.iter().map(Array::blob));
    let blobs = blobs.filter(|blob| blob.nbytes() > 0).cloned();
    (1u64..).map(|number| ObjectId::from_raw(ObjectId::EMPTY_BLOB.as_raw() | number)).zip(blobs).collect()
}

/// Metadata of [`outer`] after `tamper` was at it.
fn tampered(tamper: impl FnOnce(&mut Value)) -> ObjectMeta {
    let object = outer();
    let meta = testing::draft_meta(&object.stage().expect("stages")).expect("a draft");
    let mut tree = serde_json::to_value(meta.tree().as_ref()).expect("JSON");
    tamper(&mut tree);
    testing::object_meta(serde_json::from_value(tree).expect("a tree"), payloads(&object))
}

fn error(tamper: impl FnOnce(&mut Value)) -> String {
    Outer::resolve(&tampered(tamper)).expect_err("tampered with").to_string()
}

#[test]
fn what_was_not_touched_resolves() {
    let back = Outer::resolve(&tampered(|_| {})).expect("as it was");
    assert_eq!(format!("{back:?}"), format!("{:?}", outer()));
    let without = tampered(|tree| drop(tree.as_object_mut().and_then(|tree| tree.remove("later"))));
    assert_eq!(Outer::resolve(&without).expect("has a default").later, 0);
}

#[test]
fn each_fault_names_its_field_what_was_found_and_what_was_expected() {
    let cases: [(&str, Value, &str); 11] = [
        ("/count", json!(256), "count: metadata key `count` is 256, expected a value of type uint8"),
        ("/count", json!("x"), "count: metadata key `count` is \"x\", expected a value of type uint8"),
        ("/count", json!({"typename": "T"}), "count: metadata key `count` holds a member, expected a value"),
        (
            "/names",
            json!("[1]"),
            "names: metadata key `names` is \"[1]\", expected the JSON text of a list of std::string",
        ),
        ("/inner", json!(1), "inner: metadata key `inner` holds a value, expected a member"),
        (
            "/inner/typename",
            json!("test::Other"),
            "inner: expected an object of type `test::Inner`, found `test::Other`",
        ),
        (
            "/inner/numbers/typename",
            json!("test::Inner"),
            "inner.numbers: metadata key `numbers` holds an object of type `test::Inner`, expected a blob",
        ),
        (
            "/inner/numbers/id",
            json!("o8000000000000099"),
            "inner.numbers: the server does not have the payload of blob o8000000000000099: it was deleted",
        ),
        ("/__pair-1/id", json!("o8000000000000000"), ""),
        ("/__parts-size", json!(3), "parts[2]: metadata key `__parts-2` is missing"),
        (
            "/__table-key-1",
            json!(-1),
            "table: metadata key `table` is \"2 entries with 1 keys\", expected a map whose keys differ",
        ),
    ];
    for (pointer, value, expected) in cases {
        let meta = tampered(|tree| *tree.pointer_mut(pointer).expect(pointer) = value);
        match Outer::resolve(&meta) {
            Ok(object) => assert_eq!((expected, object.pair[1].len()), ("", 0), "{pointer}"),
            Err(error) => assert_eq!(error.to_string(), expected, "{pointer}"),
        }
    }
}

#[test]
fn payloads_of_other_instances_are_not_here() {
    let text = error(|tree| {
        tree["inner"]["numbers"]["id"] = json!("o8000000000000099");
        tree["inner"]["numbers"]["instance_id"] = json!(4);
    });
    assert_eq!(text, "inner.numbers: the payload lives on instance i4");
}

#[test]
fn counts_that_lie_cost_nothing() {
    for count in [json!(u64::MAX), json!(1u64 << 40), json!(-1), json!(1.5), json!("2")] {
        let text = error(|tree| tree["__parts-size"] = count.clone());
        assert_eq!(text, format!("parts: metadata key `__parts-size` is {count}, expected the number of elements"));
    }
    let text = error(|tree| tree["__pair-size"] = json!(1));
    assert_eq!(text, "pair: metadata key `pair` is 1 elements, expected 2 elements");
}

#[test]
fn an_array_of_the_wrong_length_says_so() {
    let meta = tampered(|tree| tree["inner"]["numbers"]["id"] = tree["__pair-1"]["id"].clone());
    let error = Outer::resolve(&meta).expect_err("2 bytes");
    assert_eq!(error.to_string(), "inner.numbers: blob holds 2 bytes, not a multiple of 4");
    assert!(matches!(error.reason(), ResolveReason::View(_)));
    assert_eq!(error.path(), "inner.numbers");
}

#[test]
fn towers_of_members_are_followed_to_a_depth() {
    let mut tree = json!({"typename": "test::Tower"});
    for _ in 0..100 {
        tree = json!({"typename": "test::Tower", "inner": tree});
    }
    let mut meta = testing::object_meta(serde_json::from_value(tree).expect("a tree"), []);
    let error = loop {
        match meta.member("inner") {
            Ok(inner) => meta = inner,
            Err(error) => break error,
        }
    };
    assert!(matches!(error.reason(), ResolveReason::TooDeep { limit: 64 }), "{error}");
}

#[test]
fn members_of_any_type_are_found_by_their_typename() {
    let known = tampered(|tree| tree["any"] = tree["inner"].clone());
    let any = Outer::resolve(&known).expect("resolves").any.expect("there");
    assert_eq!(any.downcast::<Inner>().map(|inner| inner.numbers.to_vec()).ok(), Some(vec![1, 2]));
    let unknown = tampered(|tree| tree["any"] = json!({"typename": "test::Nobody", "note": "hi"}));
    let any = Outer::resolve(&unknown).expect("resolves").any.expect("there");
    let opaque = any.downcast::<Opaque>().expect("of no known type");
    assert_eq!(opaque.value::<String>("note").expect("a value"), "hi");
    let bad = error(|tree| tree["any"] = json!({"typename": "test::Inner"}));
    assert_eq!(bad, "any.test::Inner.numbers: metadata key `numbers` is missing");
}

#[derive(Debug, Object)]
#[object(typename = "test::Twice")]
struct First {
    first: u8,
}

mod elsewhere {
    #[derive(Debug, vineyard_core::Object)]
    #[object(typename = "test::Twice")]
    pub(crate) struct Second {
        pub(crate) second: u8,
    }
}

#[test]
fn a_typename_that_is_defined_twice_is_ambiguous_and_both_places_are_named() {
    let meta = testing::draft_meta(&First { first: 1 }.stage().expect("stages")).expect("a draft");
    assert_eq!(First::resolve(&meta).map(|object| object.first).ok(), Some(1));
    let error = registry().resolve(&meta).expect_err("which of the two?").to_string();
    assert!(error.starts_with("typename `test::Twice` is defined twice, at "), "{error}");
    assert_eq!(error.matches("objects.rs:").count(), 2, "{error}");
    let second = elsewhere::Second { second: 2 };
    assert_eq!(second.stage().map(|node| node.fields().len()).ok(), Some(usize::from(second.second)));
}
