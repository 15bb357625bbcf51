//! Metadata as a hostile peer could send it: whatever it says, resolving ends with a value or an error.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Map, Value};
use vineyard_core::{Array, Blob, MetaValue, Object, ObjectId, ObjectMeta, ObjectRef, Stored, registry, testing};

#[derive(Debug, MetaValue)]
enum Case {
    Upper,
    Lower,
}

#[derive(Debug, Object)]
#[object(typename = "test::Leaf")]
struct Leaf {
    wide: Array<u64>,
    #[object(rename = "count", default)]
    count: u16,
}

#[derive(Debug, Object)]
#[object(typename = "test::Root")]
struct Root {
    case: Case,
    length: u32,
    #[object(len = length)]
    counted: Array<u32>,
    #[object(none = "empty_blob")]
    bits: Option<Array<u8>>,
    names: Vec<Option<String>>,
    leaves: Vec<Vec<Leaf>>,
    table: BTreeMap<i32, Leaf>,
    pair: [Leaf; 2],
    any: Stored<dyn Object>,
    held: ObjectRef<Leaf>,
    #[object(collection)]
    parts: Vec<Blob>,
    #[object(flatten)]
    flat: Leaf,
    #[object(json)]
    free: Vec<(u8, String)>,
}

/// Words that mean something somewhere, and some that do not.
fn word() -> impl Strategy<Value = String> {
    const WORDS: &[&str] = &[
        "id",
        "typename",
        "instance_id",
        "test::Leaf",
        "test::Root",
        "vineyard::Blob",
        "o8000000000000001",
        "o8000000000000002",
        "o8000000000000000",
        "offffffffffffffff",
        "o0000000000000005",
        "length",
        "wide",
        "count",
        "__schema",
        "1:0000000000000000",
        "7:zz",
        "Upper",
        "NaN",
        "[1,2]",
        "{}",
        "",
    ];
    prop_oneof![8 => prop::sample::select(WORDS).prop_map(str::to_owned), 1 => ".{0,8}"]
}

fn number() -> impl Strategy<Value = Value> {
    prop_oneof![
        (0u64..5).prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
    ]
}

fn tree() -> impl Strategy<Value = Value> {
    let leaf =
        prop_oneof![number(), word().prop_map(Value::from), any::<bool>().prop_map(Value::from), Just(Value::Null)];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop::collection::vec((word(), inner), 0..6).prop_map(|fields| Value::Object(Map::from_iter(fields)))
    })
}

/// One thing done to a tree at a place that is chosen by number.
#[derive(Debug, Clone)]
enum Change {
    Remove,
    Replace(Value),
    Rename(String),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        1 => Just(Change::Remove),
        4 => tree().prop_map(Change::Replace),
        1 => word().prop_map(Change::Rename),
    ]
}

fn apply(tree: &mut Value, place: usize, change: &Change) {
    let mut pointers = Vec::new();
    collect(tree, String::new(), &mut pointers);
    let Some(pointer) = pointers.get(place % pointers.len().max(1)) else { return };
    let Some((parent, key)) = pointer.rsplit_once('/') else { return };
    let key = key.replace("~1", "/").replace("~0", "~");
    let Some(Value::Object(fields)) = tree.pointer_mut(parent) else { return };
    match change {
        Change::Remove => drop(fields.remove(&key)),
        Change::Replace(value) => drop(fields.insert(key, value.clone())),
        Change::Rename(name) => {
            if let Some(value) = fields.remove(&key) {
                fields.insert(name.clone(), value);
            }
        }
    }
}

fn collect(tree: &Value, path: String, found: &mut Vec<String>) {
    for (key, value) in tree.as_object().into_iter().flatten() {
        let path = format!("{path}/{}", key.replace('~', "~0").replace('/', "~1"));
        collect(value, path.clone(), found);
        found.push(path);
    }
}

fn payloads() -> Vec<(ObjectId, Blob)> {
    let id = |number| ObjectId::from_raw(ObjectId::EMPTY_BLOB.as_raw() | number);
    (1..12).map(|number| (id(number), Blob::from(vec![number; usize::from(number < 6) + 1]))).collect()
}

fn leaf(value: u64) -> Leaf {
    Leaf { wide: vec![value].into(), count: 3 }
}

fn root() -> Value {
    let stored: ObjectMeta = testing::draft_meta(&leaf(9).stage().expect("stages")).expect("a draft");
    let any = registry().resolve(&stored).expect("resolves");
    let held = any.clone().downcast::<Leaf>().expect("is one");
    let root = Root {
        case: Case::Lower,
        length: 2,
        counted: vec![1, 2].into(),
        bits: None,
        names: vec![None, Some("n".into())],
        leaves: vec![vec![leaf(1)], vec![]],
        table: BTreeMap::from([(-1, leaf(2))]),
        pair: [leaf(3), leaf(4)],
        any,
        held: (&held).into(),
        parts: vec![Blob::from(vec![1u8])],
        flat: leaf(5),
        free: vec![(1, "x".into())],
    };
    let meta = testing::draft_meta(&root.stage().expect("stages")).expect("a draft");
    assert!(Root::resolve(&meta).is_ok(), "what was not touched resolves");
    serde_json::to_value(meta.tree().as_ref()).expect("JSON")
}

/// Resolves a tree in every way there is; the outcome does not matter, that there is one does.
fn resolve(tree: Value) -> usize {
    let Ok(tree) = serde_json::from_value(tree) else { return 0 };
    let meta = testing::object_meta(tree, payloads());
    let any = registry().resolve(&meta).map_or_else(|error| error.to_string().len(), |any| any.nbytes() as usize);
    let typed = Root::resolve(&meta).map_or_else(|error| error.to_string().len(), |root| format!("{root:?}").len());
    let leaf = Leaf::resolve(&meta).map_or_else(|error| error.path().len(), |leaf| leaf.wide.len());
    any.wrapping_add(typed).wrapping_add(leaf)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn trees_that_were_changed_are_resolved_or_refused(changes in prop::collection::vec((any::<usize>(), change()), 1..6)) {
        let mut tree = root();
        for (place, change) in &changes {
            apply(&mut tree, *place, change);
        }
        resolve(tree);
    }

    #[test]
    fn trees_out_of_nothing_are_resolved_or_refused(tree in tree()) {
        resolve(tree);
    }
}
