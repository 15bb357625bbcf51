//! Structs like those of the original's library have the keys that its writers give them.

use std::collections::BTreeSet;
use std::error::Error;

use serde_json::Value;
use vineyard_core::{Array, Element, Object, testing};
use vineyard_types::graph::{CsrGraph, Directions, EdgeOptions, LabelledGraph, VertexMap};
use vineyard_types::hashmap::{Bytes, Duplicates};
use vineyard_types::{Int, PerfectMap, Scalar, SharedMap, Text};

type TestResult = Result<(), Box<dyn Error>>;

/// A list of objects; here of integers.
#[derive(Debug, Object)]
#[object(typename = "vineyard::Sequence", rename_all = "{}_", no_register)]
struct Sequence {
    size: u64,
    elements: Vec<Scalar<Int>>,
}

/// Numbers in the layout of Arrow.
#[derive(Debug, Object)]
#[object(typename = "vineyard::NumericArray", rename_all = "{}_", no_register)]
struct NumericArray<T: Element> {
    length: u64,
    null_count: i64,
    offset: i64,
    buffer: Array<T>,
    #[object(none = "empty_blob")]
    null_bitmap: Option<Array<u8>>,
}

/// An Arrow schema, serialized.
#[derive(Debug, Object)]
#[object(typename = "vineyard::SchemaProxy", rename_all = "{}_", no_register)]
struct SchemaProxy {
    schema_binary: String,
}

/// Columns of one length.
#[derive(Debug, Object)]
#[object(typename = "vineyard::RecordBatch", rename_all = "{}_", no_register)]
struct RecordBatch {
    column_num: u64,
    row_num: u64,
    schema: SchemaProxy,
    columns: Vec<NumericArray<i64>>,
}

/// Batches of one schema.
#[derive(Debug, Object)]
#[object(typename = "vineyard::Table", rename_all = "{}_", no_register)]
struct Table {
    batch_num: u64,
    num_columns: u64,
    num_rows: u64,
    schema: SchemaProxy,
    #[object(collection)]
    partitions: Vec<RecordBatch>,
}

/// Keys that every object has, or that only our writers add.
const ABOUT_THE_OBJECT: &[&str] =
    &["id", "signature", "typename", "instance_id", "transient", "global", "nbytes", "__schema"];

/// The keys of a tree, and of the members below it, by path; blobs are only named.
fn keys(tree: &Value, path: &str, found: &mut BTreeSet<String>) {
    for (key, field) in tree.as_object().into_iter().flatten() {
        if !ABOUT_THE_OBJECT.contains(&key.as_str()) {
            let path = format!("{path}/{key}");
            if field["typename"] != "vineyard::Blob" {
                keys(field, &path, found);
            }
            found.insert(path);
        }
    }
}

fn keys_of<T: Object>(object: &T) -> Result<BTreeSet<String>, Box<dyn Error>> {
    let meta = testing::draft_meta(&object.stage()?)?;
    let mut found = BTreeSet::new();
    keys(&serde_json::to_value(meta.tree().as_ref())?, "", &mut found);
    Ok(found)
}

/// The keys of the first object of a type that was recorded with this many of something.
fn recorded(recording: &str, typename: &str, with: (&str, u64)) -> Result<BTreeSet<String>, Box<dyn Error>> {
    for line in recording.lines() {
        let line: Value = serde_json::from_str(line)?;
        let content = &line["msg"]["content"];
        let members = |tree: &Value| tree.as_object().is_some_and(|fields| fields.get(with.0) == Some(&with.1.into()));
        if line["msg"]["type"] == "create_data_request" && content["typename"] == typename && members(content) {
            let mut found = BTreeSet::new();
            keys(content, "", &mut found);
            return Ok(found);
        }
    }
    Err(format!("no {typename} with {} {}", with.1, with.0).into())
}

const CONTAINERS: &str = include_str!("../../tests/fixtures/wire/putget_containers.jsonl");
const ARROW: &str = include_str!("../../tests/fixtures/wire/putget_arrow.jsonl");

fn batch(values: Vec<i64>) -> RecordBatch {
    let column = NumericArray {
        length: values.len() as u64,
        null_count: 0,
        offset: 0,
        buffer: values.into(),
        null_bitmap: None,
    };
    let schema = SchemaProxy { schema_binary: "{}".to_owned() };
    RecordBatch { column_num: 1, row_num: column.length, schema, columns: vec![column] }
}

#[test]
fn a_sequence_has_the_keys_of_the_original() -> TestResult {
    // Elements are written elsewhere as well, so theirs are compared by the tests of scalars.
    let shallow =
        |keys: BTreeSet<String>| keys.into_iter().filter(|key| key.matches('/').count() == 1).collect::<Vec<_>>();
    let ours = Sequence { size: 2, elements: vec![Scalar::from(1), Scalar::from(2)] };
    assert_eq!(shallow(keys_of(&ours)?), shallow(recorded(CONTAINERS, "vineyard::Sequence", ("size_", 2))?));
    let empty = Sequence { size: 0, elements: vec![] };
    assert_eq!(shallow(keys_of(&empty)?), shallow(recorded(CONTAINERS, "vineyard::Sequence", ("size_", 0))?));
    Ok(())
}

#[test]
fn a_record_batch_has_the_keys_of_the_original() -> TestResult {
    assert_eq!(keys_of(&batch(vec![1, 2]))?, recorded(ARROW, "vineyard::RecordBatch", ("column_num_", 1))?);
    Ok(())
}

#[test]
fn a_table_has_the_keys_of_the_original() -> TestResult {
    let schema = SchemaProxy { schema_binary: "{}".to_owned() };
    let partitions = vec![batch(vec![1, 2]), batch(vec![3])];
    let ours = Table { batch_num: 2, num_columns: 1, num_rows: 3, schema, partitions };
    assert_eq!(keys_of(&ours)?, recorded(ARROW, "vineyard::Table", ("batch_num_", 2))?);
    Ok(())
}

#[test]
fn a_graph_keeps_its_keys_and_adds_those_it_needs() -> TestResult {
    let names = |options| -> Result<Vec<String>, Box<dyn Error>> {
        let graph = CsrGraph::<u32, f64>::from_weighted_edges(2, [(0, 1, 0.5)], options)?;
        Ok(keys_of(&graph)?.into_iter().filter(|key| key.matches('/').count() == 1).collect())
    };
    let rows = ["/directed_", "/offsets_", "/reversed_", "/targets_", "/weights_"];
    assert_eq!(names(EdgeOptions::default())?, rows);
    let both = names(EdgeOptions { directions: Directions::Both, ..EdgeOptions::default() })?;
    assert_eq!(both[..3], ["/back_edges_", "/back_offsets_", "/back_targets_"]);
    assert_eq!(both[3..], rows);
    Ok(())
}

/// Typename and keys of an object, and the fingerprint of its schema: what old readers and writers rely on.
fn told<T: Object>(object: &T) -> Result<(String, Vec<String>, String), Box<dyn Error>> {
    let keys = keys_of(object)?.into_iter().collect();
    Ok((T::typename().as_str().to_owned(), keys, T::schema().fingerprint().to_string()))
}

#[test]
fn graphs_their_labels_and_maps_are_pinned() -> TestResult {
    let under = |member: &str, keys: &[&str]| keys.iter().map(|key| format!("{member}/{key}")).collect::<Vec<_>>();
    let graph = CsrGraph::<u32, f64>::from_weighted_edges(2, [(0, 1, 0.5)], EdgeOptions::default())?;
    let rows = ["directed_", "offsets_", "reversed_", "targets_", "weights_"];
    let texts = VertexMap::<Text>::from_labels(["a", "b"])?;
    let map = ["control_", "entries_", "homes_", "length_", "multiplier_", "probes_", "seed_", "texts_"];
    let of_texts = [under("", &["labels_", "vertices_"]), under("/vertices_", &map)].concat();
    let labelled = LabelledGraph::new(graph.clone(), VertexMap::<i64>::from_labels([7, -7])?)?;
    let numbers: Vec<&str> = map.into_iter().filter(|key| *key != "texts_").collect();
    let of_labelled = [
        under("", &["graph_"]),
        under("/graph_", &rows),
        under("", &["labels_"]),
        under("/labels_", &["labels_", "vertices_"]),
        under("/labels_/vertices_", &numbers),
    ];
    let found = [told(&graph)?, told(&texts)?, told(&labelled)?];
    let expected = [
        ("vineyard::CsrGraph<uint,double>", under("", &rows), "c370adead558834c"),
        ("vineyard::VertexMap<std::string>", of_texts, "f0ec8759186d12a5"),
        ("vineyard::LabelledGraph<int64,uint,double>", of_labelled.concat(), "07d873e19aacfa12"),
    ];
    assert_eq!(found, expected.map(|(name, keys, fingerprint)| (name.to_owned(), keys, fingerprint.to_owned())));
    Ok(())
}

#[test]
fn maps_keep_their_keys_and_schemas() -> TestResult {
    let names =
        |keys: BTreeSet<String>| keys.into_iter().filter(|key| key.matches('/').count() == 1).collect::<Vec<_>>();
    let map = SharedMap::<u64, u64>::from_entries([(1, 2)], Duplicates::Refuse)?;
    let of_both = ["/entries_", "/length_", "/multiplier_", "/seed_"];
    let expected = |own: &[&str]| {
        let mut all: Vec<String> = own.iter().chain(&of_both).map(|key| (*key).to_owned()).collect();
        all.sort_unstable();
        all
    };
    assert_eq!(names(keys_of(&map)?), expected(&["/control_", "/homes_", "/probes_"]));
    let texts = SharedMap::<Text, Text>::from_entries([("a", "b")], Duplicates::Refuse)?;
    assert_eq!(names(keys_of(&texts)?), expected(&["/control_", "/homes_", "/probes_", "/texts_"]));
    let perfect = PerfectMap::<u64, u64>::from_entries([(1, 2)], Duplicates::Refuse)?;
    let own = ["/buckets_", "/moved_", "/parts_", "/pilots_", "/slots_"];
    assert_eq!(names(keys_of(&perfect)?), expected(&own));
    let fingerprints = [
        SharedMap::<u64, u64>::schema().fingerprint(),
        SharedMap::<u32, f64>::schema().fingerprint(),
        SharedMap::<Text, Bytes>::schema().fingerprint(),
        PerfectMap::<u64, u64>::schema().fingerprint(),
        PerfectMap::<Text, Bytes>::schema().fingerprint(),
    ];
    let pinned = ["c44e13261e43813b", "1b92a472c3a772b1", "ff430ff3bd57fd6c", "79d230dbe7952a79", "4e63f6c164436712"];
    assert_eq!(fingerprints.map(|one| one.to_string()), pinned);
    Ok(())
}
