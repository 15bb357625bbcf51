use std::error::Error;

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use vineyard_core::{Blob, MetaTree, ObjectId, ObjectMeta, testing};

use super::*;
use crate::Bool8;

type TestResult = Result<(), Box<dyn Error>>;

/// The frame as a reader gets it once it is stored.
fn again(frame: &DataFrame) -> Result<DataFrame, Box<dyn Error>> {
    Ok(DataFrame::resolve(&testing::draft_meta(&frame.stage()?)?)?)
}

fn names(frame: &DataFrame) -> Vec<String> {
    frame.names().map(ToString::to_string).collect()
}

/// Where the payload of a column of numbers lies.
fn address<T: ColumnNumber>(frame: &DataFrame, name: &str) -> Result<*const T, FrameError> {
    Ok(frame.numbers::<T>(name)?.as_slice().as_ptr())
}

fn mixed() -> Result<DataFrame, FrameError> {
    DataFrame::new()
        .with_column("i8", vec![i8::MIN, 1])?
        .with_column("i16", vec![i16::MIN, 1])?
        .with_column("i32", vec![i32::MIN, 1])?
        .with_column("i64", vec![i64::MIN, 1])?
        .with_column("u8", vec![u8::MAX, 1])?
        .with_column("u16", vec![u16::MAX, 1])?
        .with_column("u32", vec![u32::MAX, 1])?
        .with_column("u64", vec![u64::MAX, 1])?
        .with_column("f32", vec![f32::MIN, 0.5])?
        .with_column("f64", vec![f64::MIN, 0.5])?
        .with_column("bool", vec![true, false])?
        .with_column("text", StringArray::from_options([Some("naïve"), None]))
}

#[test]
fn columns_of_every_type_survive_the_round_trip() -> TestResult {
    let frame = again(&mixed()?)?;
    assert_eq!(names(&frame), ["i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "f32", "f64", "bool", "text"]);
    assert_eq!((frame.num_rows(), frame.num_columns()), (2, 12));
    assert!(frame.index().is_none());
    assert_eq!(frame.numbers::<i8>("i8")?.as_slice(), [i8::MIN, 1]);
    assert_eq!(frame.numbers::<i16>("i16")?.as_slice(), [i16::MIN, 1]);
    assert_eq!(frame.numbers::<i32>("i32")?.as_slice(), [i32::MIN, 1]);
    assert_eq!(frame.numbers::<i64>("i64")?.as_slice(), [i64::MIN, 1]);
    assert_eq!(frame.numbers::<u8>("u8")?.as_slice(), [u8::MAX, 1]);
    assert_eq!(frame.numbers::<u16>("u16")?.as_slice(), [u16::MAX, 1]);
    assert_eq!(frame.numbers::<u32>("u32")?.as_slice(), [u32::MAX, 1]);
    assert_eq!(frame.numbers::<u64>("u64")?.as_slice(), [u64::MAX, 1]);
    assert_eq!(frame.numbers::<f32>("f32")?.as_slice(), [f32::MIN, 0.5]);
    assert_eq!(frame.numbers::<f64>("f64")?.as_slice(), [f64::MIN, 0.5]);
    assert_eq!(frame.numbers::<Bool8>("bool")?.as_slice(), [true, false].map(Bool8::from));
    assert_eq!(frame.texts("text")?.get(0).transpose()?, Some("naïve"));
    assert!(frame.texts("text")?.is_null(1));
    Ok(())
}

#[test]
fn an_index_survives_the_round_trip() -> TestResult {
    let frame =
        DataFrame::new().with_column("a", vec![1i64, 2])?.with_index(Index::new(vec!["x", "y"]).named("key"))?;
    let back = again(&frame)?;
    let index = back.index().ok_or("an index")?;
    assert_eq!((index.name(), index.num_labels()), (Some("key"), Some(2)));
    assert_eq!(index.values().texts().and_then(|texts| texts.get(1)).transpose()?, Some("y"));
    let unnamed = again(&DataFrame::new().with_index(Index::new(vec![5u8, 6, 7]))?)?;
    assert_eq!(unnamed.index().map(|index| (index.name(), index.num_labels())), Some((None, Some(3))));
    assert_eq!((unnamed.num_rows(), unnamed.num_columns()), (3, 0));
    Ok(())
}

#[test]
fn an_index_alone_survives_the_round_trip() -> TestResult {
    let index = Index::new(vec![0.5, 1.5]).named("seconds");
    let meta = testing::draft_meta(&index.stage()?)?;
    assert_eq!(meta.value("name")?, "\"seconds\"");
    assert_eq!(meta.value("value_type_")?, "float64");
    let back = Index::resolve(&meta)?;
    assert_eq!(back.name(), Some("seconds"));
    assert_eq!(back.values().numbers::<f64>().map(Tensor::as_slice), Some(&[0.5, 1.5][..]));
    assert_eq!(testing::draft_meta(&Index::new(vec![1i64]).stage()?)?.value("name")?, "null");
    Ok(())
}

#[test]
fn frames_without_columns_or_rows_survive_the_round_trip() -> TestResult {
    for frame in [DataFrame::new(), DataFrame::default()] {
        let back = again(&frame)?;
        assert_eq!((back.num_rows(), back.num_columns(), back.index().is_some()), (0, 0, false));
    }
    let empty = DataFrame::new().with_column("n", Vec::<f64>::new())?.with_column("t", Vec::<String>::new())?;
    let back = again(&empty)?;
    assert_eq!((back.num_rows(), names(&back)), (0, vec!["n".to_owned(), "t".to_owned()]));
    assert_eq!(back.column("t")?.num_rows(), Some(0));
    Ok(())
}

#[test]
fn columns_may_be_named_by_numbers() -> TestResult {
    let frame = DataFrame::new().with_column(0, vec![1u8])?.with_column("0", vec![2u8])?.with_column(-7, vec![3u8])?;
    let meta = testing::draft_meta(&frame.stage()?)?;
    assert_eq!(meta.value("columns_")?, "[0,\"0\",-7]");
    assert_eq!([meta.value("__values_-key-0")?, meta.value("__values_-key-1")?], ["0", "\"0\""]);
    let back = DataFrame::resolve(&meta)?;
    assert_eq!(back.numbers::<u8>(0)?.as_slice(), [1]);
    assert_eq!(back.numbers::<u8>("0")?.as_slice(), [2]);
    assert_eq!(back.numbers::<u8>(-7)?.as_slice(), [3]);
    assert_eq!(back.names().map(ColumnName::as_str).collect::<Vec<_>>(), [None, Some("0"), None]);
    Ok(())
}

#[test]
fn a_column_under_a_name_that_is_taken_takes_its_place() -> TestResult {
    let frame = DataFrame::new()
        .with_column("a", vec![1i64, 2])?
        .with_column("b", vec![3i64, 4])?
        .with_column("a", vec!["x", "y"])?;
    let back = again(&frame)?;
    assert_eq!(names(&back), ["a", "b"]);
    assert_eq!(back.texts("a")?.get(1).transpose()?, Some("y"));
    assert_eq!(testing::draft_meta(&frame.stage()?)?.value("columns_")?, r#"["a","b"]"#);
    let longer = DataFrame::new().with_column("a", vec![1i64])?.with_column("a", vec![1i64, 2])?;
    assert_eq!(longer.num_rows(), 2, "the only column may be replaced by one of another length");
    Ok(())
}

#[test]
fn columns_and_labels_of_another_length_are_refused() -> TestResult {
    let frame = DataFrame::new().with_column("a", vec![1i64, 2])?;
    let refused = frame.clone().with_column("b", vec!["x"]).map(|_| ()).map_err(|error| error.to_string());
    assert_eq!(refused, Err("column `b` has 1 rows, the frame has 2".into()));
    let refused = frame.with_index(Index::new(vec![1i64, 2, 3])).map(|_| ()).map_err(|error| error.to_string());
    assert_eq!(refused, Err("the index has 3 labels for 2 rows".into()));
    let labelled = DataFrame::new().with_index(Index::new(vec![1i64]))?;
    let refused = labelled.with_column("a", vec![1i64, 2]).map(|_| ()).map_err(|error| error.to_string());
    assert_eq!(refused, Err("column `a` has 2 rows, the frame has 1".into()));
    Ok(())
}

#[test]
fn asking_for_a_column_that_is_not_so_says_what_there_is() -> TestResult {
    let frame = mixed()?;
    let message = |result: Result<&Tensor<f64>, FrameError>| result.map(|_| ()).map_err(|error| error.to_string());
    assert_eq!(message(frame.numbers("x")), Err("there is no column `x`".into()));
    assert_eq!(message(frame.numbers(3)), Err("there is no column `3`".into()));
    assert_eq!(message(frame.numbers("i64")), Err("column `i64` is of type int64, expected float64".into()));
    assert_eq!(message(frame.numbers("text")), Err("column `text` is of type text, expected float64".into()));
    let texts = frame.texts("bool").map(|_| ()).map_err(|error| error.to_string());
    assert_eq!(texts, Err("column `bool` is of type bool, expected text".into()));
    Ok(())
}

#[test]
fn a_frame_with_one_more_column_shares_the_others() -> TestResult {
    let first = again(&DataFrame::new().with_column("a", vec![1i64, 2])?.with_column("b", vec![0.5, 1.5])?)?;
    let (a, b) = (address::<i64>(&first, "a")?, address::<f64>(&first, "b")?);
    let second = again(&first.clone().with_column("c", vec![7u8, 8])?.with_column("b", vec![9i16, 9])?)?;
    assert_eq!(address::<i64>(&second, "a")?, a, "the untouched column was copied");
    assert_eq!(second.numbers::<i16>("b")?.as_slice(), [9, 9]);
    assert_eq!(address::<f64>(&first, "b")?, b, "the first frame is as it was");
    assert_eq!(names(&first), ["a", "b"]);
    assert_eq!(names(&second), ["a", "b", "c"]);
    Ok(())
}

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
    assert!(
        matches!(copy.column("o")?, Column::Other(other) if other.meta().typename() == "vineyard::Tensor<object>")
    );
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
fn the_first_rows_are_shown_as_a_table() -> TestResult {
    let frame = DataFrame::new()
        .with_column("city", StringArray::from_options([Some("Oslo"), None, Some("São Paulo"), Some("Rome")]))?
        .with_column("n", vec![1i64, -20, 300, 4])?
        .with_column("degrees", vec![-3.5, 14.0, 1.0 / 3.0, f64::NAN])?
        .with_column("note", vec!["", "short", "a text that is far too long for one cell of a table", "end"])?
        .with_column("ok", vec![true, false, true, true])?
        .with_index(Index::new(vec![10u32, 11, 12, 13]).named("id"))?;
    let expected = "\
id  city         n   degrees  note                                 ok
10  Oslo         1      -3.5                                     true
11  -          -20        14  short                             false
12  São Paulo  300  0.333333  a text that is far too long for…   true
… and 1 more rows
";
    assert_eq!(frame.head(3).to_string(), expected);
    assert_eq!(frame.head(100).to_string().lines().count(), 5);
    Ok(())
}

#[test]
fn rows_without_labels_are_numbered() -> TestResult {
    let frame = DataFrame::new().with_column("a", vec!["x", "y"])?.with_column(7, vec![0.1f32, 2.0])?;
    assert_eq!(frame.head(2).to_string(), "   a    7\n0  x  0.1\n1  y    2\n");
    assert_eq!(frame.head(0).to_string(), "  a  7\n… and 2 more rows\n");
    Ok(())
}

#[test]
fn a_frame_of_nothing_is_shown_as_an_empty_line() {
    assert_eq!(DataFrame::new().head(5).to_string(), "\n");
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

#[test]
fn a_text_that_looks_like_a_number_is_shown_as_it_is() -> TestResult {
    let frame = DataFrame::new().with_column("version", vec!["1.23456789"])?;
    assert_eq!(frame.head(1).to_string(), "   version\n0  1.23456789\n");
    Ok(())
}

#[test]
fn a_text_of_several_lines_does_not_break_the_table() -> TestResult {
    let frame = DataFrame::new().with_column("a", vec!["one\ntwo", "three"])?;
    assert_eq!(frame.head(2).to_string().lines().count(), 3, "a title and two rows");
    Ok(())
}

#[test]
fn there_is_no_cell_outside_of_a_column() -> TestResult {
    let texts = StringArray::from_options([Some("a"), None]);
    let frame = DataFrame::new().with_column("n", vec![1i64, 2])?.with_column("t", texts)?;
    for (name, column) in frame.columns() {
        for row in [2, 3, 8, usize::MAX] {
            assert!(column.display(row).is_none(), "column {name}, row {row}");
        }
    }
    Ok(())
}
