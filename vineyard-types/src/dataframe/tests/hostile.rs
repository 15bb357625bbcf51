//! Frames as other clients store them, and as mistaken or hostile ones do.

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use vineyard_core::{Blob, MetaTree, ObjectId, ObjectMeta};

use super::*;

/// Metadata of a frame as another client writes it: `n` (3 integers), `t` (3 texts), `o` (of a type that is not known),
/// and an index.
fn foreign_tree() -> Value {
    let blob =
        |id: u64| json!({"typename": "vineyard::Blob", "id": blob_id(id).to_string(), "instance_id": 0, "length": 1});
    let tensor = |typename: &str, buffer: Value| {
        json!({
            "typename": typename, "instance_id": 0, "shape_": "[3]", "partition_index_": "[]", "order_": "\"C\"",
            "value_type_": "undefined", "value_type_meta_": "", "buffer_": buffer,
        })
    };
    let texts = json!({
        "typename": "vineyard::BaseBinaryArray<arrow::LargeStringArray>", "instance_id": 0,
        "length_": 3, "null_count_": 1, "offset_": 0,
        "buffer_offsets_": blob(2), "buffer_data_": blob(3), "null_bitmap_": blob(4),
    });
    json!({
        "typename": "vineyard::DataFrame", "id": "o0000000000000001", "instance_id": 0, "nbytes": 0,
        "columns_": "[\"n\", \"t\", \"o\"]", "__values_-size": 3,
        "__values_-key-0": "\"n\"", "__values_-value-0": tensor("vineyard::Tensor<int64>", blob(1)),
        "__values_-key-1": "\"t\"", "__values_-value-1": tensor("vineyard::Tensor<std::string>", texts),
        "__values_-key-2": "\"o\"", "__values_-value-2": tensor("vineyard::Tensor<object>", blob(5)),
        "index_": {
            "typename": "vineyard::Index", "instance_id": 0, "name": "\"k\"", "value_type_": "int64",
            "value_": tensor("vineyard::Tensor<int64>", blob(6)),
        },
        "partition_index_row_": -1, "partition_index_column_": -1, "row_batch_index_": 0,
    })
}

fn blob_id(id: u64) -> ObjectId {
    ObjectId::from_raw(ObjectId::EMPTY_BLOB.as_raw() | id)
}

fn foreign(tree: Value) -> Result<ObjectMeta, serde_json::Error> {
    let tree: MetaTree = serde_json::from_value(tree)?;
    let blobs: [Blob; 6] = [
        vec![10i64, 20, 30].into(),
        vec![0i64, 2, 2, 3].into(),
        b"abc".to_vec().into(),
        vec![0b101u8].into(),
        vec![0u8; 6].into(),
        vec![7i64, 8, 9].into(),
    ];
    Ok(testing::object_meta(tree, (1..).map(blob_id).zip(blobs)))
}

/// The fault of the frame in which the field that `pointer` leads to is replaced, or removed (null).
fn fault(pointer: &str, value: Value) -> Result<String, Box<dyn Error>> {
    let mut tree = foreign_tree();
    let (parent, key) = pointer.rsplit_once('/').ok_or("a pointer")?;
    let fields = tree.pointer_mut(parent).and_then(Value::as_object_mut).ok_or("an object")?;
    let had = if value.is_null() { fields.remove(key) } else { fields.insert(key.to_owned(), value) };
    assert!(had.is_some(), "there is no {pointer}");
    match DataFrame::resolve(&foreign(tree)?) {
        Ok(frame) => Err(format!("{pointer} was accepted as {frame:?}").into()),
        Err(error) => Ok(error.to_string()),
    }
}

#[test]
fn what_another_client_wrote_is_read() -> TestResult {
    let frame = DataFrame::resolve(&foreign(foreign_tree())?)?;
    assert_eq!(frame.numbers::<i64>("n")?.as_slice(), [10, 20, 30]);
    let texts = frame.texts("t")?;
    assert_eq!([texts.get(0), texts.get(1), texts.get(2)], [Some(Ok("ab")), None, Some(Ok("c"))]);
    assert!(matches!(frame.column("o")?, Column::Other(_)));
    assert_eq!(
        frame.numbers::<i64>("o").map(|_| ()).map_err(|error| error.to_string()),
        Err("column `o` is of type vineyard::Tensor<object>, expected int64".into())
    );
    assert_eq!(frame.column("o")?.num_rows(), Some(3));
    assert_eq!(frame.index().and_then(Index::name), Some("k"));
    let copy = again(&frame)?;
    assert_eq!(copy.head(3).to_string(), frame.head(3).to_string());
    assert!(matches!(copy.column("o")?, Column::Other(other) if other.meta().typename() == "vineyard::Tensor<object>"));
    Ok(())
}

#[test]
fn faults_name_the_column_and_its_field() -> TestResult {
    let cases = [
        (
            "/__values_-size",
            json!(1_000_000_000_000u64),
            "values: metadata key `__values_-size` is 1000000000000, expected the number of elements",
        ),
        ("/__values_-size", json!(-1), "values: metadata key `__values_-size` is -1, expected the number of elements"),
        (
            "/__values_-size",
            json!("3"),
            "values: metadata key `__values_-size` is \"3\", expected the number of elements",
        ),
        ("/__values_-size", json!({}), "values: metadata key `__values_-size` holds a member, expected a value"),
        ("/__values_-size", Value::Null, "values: metadata key `values_` is missing"),
        ("/__values_-size", json!(4), "values[3]: metadata key `__values_-key-3` is missing"),
        ("/__values_-key-1", Value::Null, "values[1]: metadata key `__values_-key-1` is missing"),
        (
            "/__values_-key-1",
            json!("t"),
            "values[1]: metadata key `__values_-key-1` is \"t\", expected a map key of type json",
        ),
        (
            "/__values_-key-1",
            json!("\"n\""),
            "values: metadata key `values_` is \"3 entries with 2 keys\", expected a map whose keys differ",
        ),
        ("/__values_-value-1", Value::Null, "values[1]: metadata key `__values_-value-1` is missing"),
        (
            "/__values_-value-1",
            json!("[]"),
            "values[1]: metadata key `__values_-value-1` holds a value, expected a member",
        ),
        (
            "/__values_-value-0/shape_",
            json!("[-3]"),
            "values[0].shape: metadata key `shape_` is \"[-3]\", expected the JSON text of a list of uint64",
        ),
        (
            "/__values_-value-0/shape_",
            json!("[4]"),
            "values[0]: not valid: shape [4] has 4 places, but there are 3 elements",
        ),
        ("/__values_-value-0/shape_", json!("[2]"), "not valid: column `t` has 3 rows, the frame has 2"),
        (
            "/__values_-value-0/buffer_/typename",
            json!("x"),
            "values[0].buffer: metadata key `buffer_` holds an object of type `x`, expected a blob",
        ),
        (
            "/__values_-value-1/buffer_/typename",
            json!("vineyard::BaseBinaryArray<arrow::StringArray>"),
            "values[1].buffer: expected an object of type `vineyard::BaseBinaryArray<arrow::LargeStringArray>`, \
             found `vineyard::BaseBinaryArray<arrow::StringArray>`",
        ),
        (
            "/__values_-value-1/buffer_/length_",
            json!(4),
            "values[1].buffer: not valid: 4 texts from 0 on need 5 offsets, found 4",
        ),
        (
            "/__values_-value-2/shape_",
            json!("[18446744073709551615]"),
            "not valid: column `o` has 18446744073709551615 rows, the frame has 3",
        ),
        (
            "/index_/typename",
            json!("vineyard::RangeIndex"),
            "index: expected an object of type `vineyard::Index`, found `vineyard::RangeIndex`",
        ),
        ("/index_/value_", Value::Null, "index.values: metadata key `value_` is missing"),
        ("/index_/value_/shape_", json!("[1]"), "not valid: the index has 1 labels for 3 rows"),
        ("/index_", json!(5), "index: metadata key `index_` holds a value, expected a member"),
        (
            "/row_batch_index_",
            json!("0"),
            "row_batch_index: metadata key `row_batch_index_` is \"0\", expected a value of type int64",
        ),
    ];
    for (pointer, value, expected) in cases {
        assert_eq!(fault(pointer, value)?, expected, "{pointer}");
    }
    Ok(())
}

/// JSON of any shape, with those values in it that fields of frames have.
fn any_json() -> impl Strategy<Value = Value> {
    let known = prop::sample::select(vec![
        json!(0),
        json!(-1),
        json!(3),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(1e300),
        json!("[3]"),
        json!("[]"),
        json!("[0]"),
        json!("[2]"),
        json!("[3,1]"),
        json!("[3, 0]"),
        json!("[18446744073709551615]"),
        json!("[18446744073709551615, 0]"),
        json!("[4294967296, 4294967296]"),
        json!("[-1]"),
        json!("\"C\""),
        json!("\"n\""),
        json!("null"),
        json!("vineyard::Tensor<int64>"),
        json!("vineyard::Tensor<uint8>"),
        json!("vineyard::Tensor<bool>"),
        json!("vineyard::Tensor<std::string>"),
        json!("vineyard::Index"),
        json!("vineyard::Blob"),
        json!(blob_id(0).to_string()),
        json!(blob_id(1).to_string()),
        json!(blob_id(3).to_string()),
        json!(blob_id(99).to_string()),
        json!({"typename": "vineyard::Blob", "id": blob_id(3).to_string(), "instance_id": 0}),
        json!({"typename": "vineyard::Blob", "id": blob_id(0).to_string(), "instance_id": 0}),
    ]);
    let leaf = prop_oneof![
        8 => known,
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        1 => any::<u64>().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
        1 => ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        let key =
            prop::sample::select(vec!["typename", "id", "shape_", "buffer_", "length_", "value_", "", "a/b", "x"]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..4).prop_map(|fields| {
                fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Map<_, _>>().into()
            }),
        ]
    })
}

/// The keys that lead to each field of a tree.
fn places(value: &Value) -> Vec<Vec<String>> {
    let Value::Object(fields) = value else { return Vec::new() };
    let below = fields.iter().flat_map(|(key, field)| {
        let deeper = places(field).into_iter().map(move |rest| [vec![key.clone()], rest].concat());
        std::iter::once(vec![key.clone()]).chain(deeper)
    });
    below.collect()
}

fn change(tree: &mut Value, place: prop::sample::Index, new: Option<Value>) {
    let places = places(tree);
    let Some((key, parents)) = place.get(&places).split_last() else { return };
    let mut fields = tree;
    for parent in parents {
        fields = &mut fields[parent];
    }
    match (new, fields.as_object_mut()) {
        (Some(new), Some(fields)) => drop(fields.insert(key.clone(), new)),
        (None, Some(fields)) => drop(fields.remove(key)),
        (_, None) => {}
    }
}

/// Looks at everything a frame shows.
fn walk(frame: &DataFrame) -> usize {
    let rows = frame.num_rows().min(10);
    let index = frame.index().map(Index::values);
    let columns = frame.columns().map(|(_, column)| column).chain(index);
    let mut seen = 0;
    for column in columns {
        let cells = (0..=rows).chain([usize::MAX]);
        seen += cells.filter_map(|row| column.display(row)).map(|cell| format!("{cell}{cell:?}").len()).sum::<usize>();
        seen += column.texts().map_or(0, |texts| usize::from(texts.verify().is_ok()) + texts.iter().take(10).count());
        seen +=
            column.numbers::<i64>().map_or(0, |tensor| tensor.as_slice().len() + tensor.row(1).map_or(0, <[i64]>::len));
    }
    let staged = frame.stage().and_then(|node| testing::draft_meta(&node));
    seen + format!("{}{}{:?}", frame.head(0), frame.head(10), staged.map(|meta| meta.nbytes())).len()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_metadata_makes_a_frame_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), prop::option::weighted(0.9, any_json())), 1..4),
    ) {
        let mut tree = foreign_tree();
        for (place, new) in changes {
            change(&mut tree, place, new);
        }
        match DataFrame::resolve(&foreign(tree)?) {
            Ok(frame) => prop_assert!(walk(&frame) > 0),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }
}

#[test]
fn values_that_are_not_known_or_not_readable_are_marked() -> TestResult {
    let mut tree = foreign_tree();
    tree["__values_-value-1"]["buffer_"]["offset_"] = json!(1);
    tree["__values_-value-1"]["buffer_"]["length_"] = json!(2);
    tree["__values_-value-1"]["shape_"] = json!("[2]");
    for key in ["__values_-value-0", "__values_-value-2"] {
        tree[key]["shape_"] = json!("[2]");
    }
    tree["index_"]["value_"]["shape_"] = json!("[2]");
    let frame = DataFrame::resolve(&foreign(tree)?)?;
    assert_eq!(frame.head(5).to_string(), "k   n  t  o\n7  10  -  ?\n8  20  c  ?\n");
    Ok(())
}
