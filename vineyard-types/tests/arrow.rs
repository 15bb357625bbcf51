//! Arrow's objects as hostile or mistaken writers store them: an error that says what was found, never a panic and never
//! an array that is not valid.

use std::error::Error;
use std::sync::Arc;

use arrow_array::types::{Int8Type, Int32Type};
use arrow_array::{
    Array, ArrayRef, DictionaryArray, Int16Array, Int32Array, Int64Array, LargeListArray, MapArray, RunArray,
    StringArray, StringViewArray, StructArray, UnionArray, record_batch,
};
use arrow_buffer::{OffsetBuffer, ScalarBuffer};
use arrow_schema::{DataType, Field, Fields, UnionFields};
use proptest::prelude::*;
use serde_json::{Value, json};
use vineyard_core::{Blob, Object, ObjectId, ObjectMeta, testing};
use vineyard_types::DataFrame;
use vineyard_types::arrow::{ArrowArray, RecordBatch, Table};

type TestResult = Result<(), Box<dyn Error>>;

/// Metadata with values and blobs, as if a server had it.
fn meta(typename: &str, mut values: Value, blobs: &[(&str, Blob)]) -> Result<ObjectMeta, Box<dyn Error>> {
    values["typename"] = typename.into();
    values["instance_id"] = 7.into();
    let mut payloads = Vec::new();
    for (index, (key, blob)) in (1u64..).zip(blobs) {
        let id = if blob.nbytes() == 0 { ObjectId::EMPTY_BLOB } else { ObjectId::from_raw((1 << 63) | index) };
        values[key] = json!({ "id": id.to_string(), "typename": "vineyard::Blob", "instance_id": 7 });
        payloads.push((id, blob.clone()));
    }
    Ok(testing::object_meta(serde_json::from_value(values)?, payloads))
}

/// What is wrong with an array, found when it is resolved or when it is read.
fn fault(meta: &ObjectMeta) -> String {
    match ArrowArray::resolve(meta) {
        Err(error) => error.to_string(),
        Ok(array) => array.to_arrow().expect_err("not valid").to_string(),
    }
}

fn numbers(values: Value, buffer: Blob, bitmap: Blob) -> Result<ObjectMeta, Box<dyn Error>> {
    meta("vineyard::NumericArray<int64>", values, &[("buffer_", buffer), ("null_bitmap_", bitmap)])
}

#[test]
fn numbers_that_do_not_fit_say_what_was_found() -> TestResult {
    let three = || Blob::from(vec![1i64, 2, 3]);
    let check = |length: u64, offset: u64, nulls: i64, bitmap: Blob| -> Result<String, Box<dyn Error>> {
        let values = json!({ "length_": length, "offset_": offset, "null_count_": nulls });
        Ok(fault(&numbers(values, three(), bitmap)?))
    };
    assert!(check(4, 0, 0, Blob::empty())?.contains("Need at least 32 bytes"));
    assert!(check(2, 2, 0, Blob::empty())?.contains("Need at least 32 bytes"));
    assert!(check(u64::MAX, 1, 0, Blob::empty())?.contains("more than memory could hold"));
    assert!(check(1 << 60, 1 << 60, 0, Blob::empty())?.contains("more than memory could hold"));
    assert!(check(3, 0, 1, Blob::empty())?.contains("null_bit_buffer size too small"));
    let found = check(3, 0, 2, Blob::from(vec![0b101u8]))?;
    assert_eq!(found, "array of type Int64 has 1 nulls, its metadata says 2");
    // What the writer did not count is counted.
    let values = json!({ "length_": 3, "offset_": 0, "null_count_": -1 });
    let array = ArrowArray::resolve(&numbers(values, three(), Blob::from(vec![0b101u8]))?)?;
    assert_eq!((array.null_count(), array.to_arrow()?.null_count()), (None, 1));
    Ok(())
}

#[test]
fn names_that_mean_nothing_are_refused() -> TestResult {
    for name in ["vineyard::NumericArray<int128>", "vineyard::NumericArray<>", "vineyard::Tensor<int64>"] {
        let error = fault(&meta(name, json!({ "length_": 0 }), &[])?);
        assert!(error.contains(name), "{error}");
    }
    let width = json!({ "length_": 0, "null_count_": 0, "byte_width_": -3 });
    let blobs = [("buffer_", Blob::empty()), ("null_bitmap_", Blob::empty())];
    let error = fault(&meta("vineyard::FixedSizeBinaryArray", width, &blobs)?);
    assert!(error.contains("its width is negative"), "{error}");
    Ok(())
}

fn texts<O: bytemuck::Pod + Send + Sync>(kind: &str, offsets: Vec<O>, data: &[u8]) -> Result<String, Box<dyn Error>> {
    let values = json!({ "length_": 2, "offset_": 0, "null_count_": 0 });
    let blobs = [
        ("buffer_offsets_", Blob::from(offsets)),
        ("buffer_data_", Blob::from(data.to_vec())),
        ("null_bitmap_", Blob::empty()),
    ];
    Ok(fault(&meta(&format!("vineyard::BaseBinaryArray<arrow::{kind}>"), values, &blobs)?))
}

#[test]
fn texts_are_checked() -> TestResult {
    assert!(texts("LargeStringArray", vec![0i64, 1, 2], b"a\xff")?.contains("UTF"));
    assert!(texts("LargeStringArray", vec![0i64, 1, 3], b"ab")?.contains("larger than values length 2"));
    assert!(texts("LargeStringArray", vec![0i64, 2, 1], b"ab")?.contains("LargeUtf8"));
    assert!(texts("LargeStringArray", vec![-1i64, 1, 2], b"ab")?.contains("-1"));
    assert!(texts("LargeStringArray", vec![0i64, 1], b"ab")?.contains("LargeUtf8"));
    assert!(texts("StringArray", vec![0i32, 2, i32::MAX], b"ab")?.contains("2147483647"));
    assert!(texts("LargeBinaryArray", vec![0i64, 2, 1], b"ab")?.contains("LargeBinary"));
    Ok(())
}

#[test]
fn lists_are_checked() -> TestResult {
    let inner = json!({
        "typename": "vineyard::NullArray", "instance_id": 7, "length_": 3,
    });
    let list = |kind: &str, offsets: Vec<i64>| -> Result<String, Box<dyn Error>> {
        let values = json!({ "length_": 2, "null_count_": 0, "values_": inner });
        let blobs = [("buffer_offsets_", Blob::from(offsets)), ("null_bitmap_", Blob::empty())];
        Ok(fault(&meta(kind, values, &blobs)?))
    };
    for kind in ["vineyard::LargeListArray", "vineyard::BaseListArray<arrow::LargeListArray>"] {
        assert!(list(kind, vec![0, 1, 4])?.contains("larger than values length 3"));
        assert!(list(kind, vec![0, 3, 1])?.contains("LargeList"));
    }
    let fixed = |length: u64, size: i64| -> Result<String, Box<dyn Error>> {
        let values = json!({ "length_": length, "list_size_": size, "values_": inner });
        Ok(fault(&meta("vineyard::FixedSizeListArray", values, &[])?))
    };
    assert!(fixed(2, 2)?.contains("Values length 3 is less"));
    assert!(fixed(2, -1)?.contains("its size is negative"));
    assert!(fixed(1 << 47, 1 << 30)?.contains("more than memory could hold"));
    Ok(())
}

/// Lists deeper than members may nest.
fn nested(levels: usize) -> ArrayRef {
    let leaf: ArrayRef = Arc::new(Int32Array::from(vec![7]));
    (0..levels).fold(leaf, |values, _| {
        let element = Field::new_list_field(values.data_type().clone(), true).into();
        Arc::new(LargeListArray::new(element, OffsetBuffer::from_lengths([1]), values, None))
    })
}

#[test]
fn what_nests_too_deeply_is_refused_before_it_is_stored() -> TestResult {
    for levels in [1, 10, 30, 50] {
        let array = nested(levels);
        match ArrowArray::from_arrow(&array).stage() {
            Ok(draft) => {
                let read = ArrowArray::resolve(&testing::draft_meta(&draft)?)?;
                assert_eq!(&read.to_arrow()?, &array, "{levels} levels");
            }
            Err(error) => assert!(levels > 30 && error.to_string().contains("schema"), "{levels} levels: {error}"),
        }
    }
    Ok(())
}

#[test]
fn what_the_ipc_format_does_not_keep_is_refused() -> TestResult {
    let words: DictionaryArray<Int8Type> = ["a", "b", "a"].into_iter().collect();
    let twice = DictionaryArray::<Int32Type>::try_new(Int32Array::from(vec![0, 2]), Arc::new(words))?;
    let error = ArrowArray::from_arrow(&twice).stage().expect_err("it would lose a dictionary").to_string();
    assert!(error.contains("would be read as"), "{error}");
    Ok(())
}

/// The tree of an object, and its blobs by id.
fn stored(object: &impl Object) -> Result<ObjectMeta, Box<dyn Error>> {
    Ok(testing::draft_meta(&object.stage()?)?)
}

/// The same object with another value under a key.
fn changed(meta: &ObjectMeta, path: &[&str], value: Value) -> Result<ObjectMeta, Box<dyn Error>> {
    let mut tree = serde_json::to_value(meta.tree().as_ref())?;
    let place = path.iter().fold(&mut tree, |tree, key| &mut tree[key]);
    *place = value;
    Ok(testing::object_meta(serde_json::from_value(tree)?, blobs(meta)))
}

fn blobs(meta: &ObjectMeta) -> Vec<(ObjectId, Blob)> {
    let below = |(key, _): (&str, _)| match (meta.blob(key), meta.member(key)) {
        (Ok(blob), Ok(member)) if blob.nbytes() > 0 => vec![(member.id(), blob)],
        (Err(_), Ok(member)) => blobs(&member),
        _ => Vec::new(),
    };
    meta.tree().members().flat_map(below).collect()
}

#[test]
fn batches_name_the_column_that_does_not_fit() -> TestResult {
    let batch = record_batch!(("n", Int64, [1, 2]), ("s", LargeUtf8, ["a", "b"]))?;
    let good = stored(&RecordBatch::from_arrow(&batch)?)?;
    assert_eq!(RecordBatch::resolve(&good)?.to_arrow()?, batch);
    let some = RecordBatch::resolve(&good)?;
    for places in [&[1, 0][..], &[1], &[]] {
        assert_eq!(some.to_arrow_columns(places)?, batch.project(places)?);
    }
    assert!(some.to_arrow_columns(&[2]).is_err());
    let bad = |path: &[&str], value: Value| -> Result<String, Box<dyn Error>> {
        match RecordBatch::resolve(&changed(&good, path, value)?) {
            Err(error) => Ok(error.to_string()),
            Ok(batch) => Ok(batch.to_arrow().expect_err("not valid").to_string()),
        }
    };
    let ragged = bad(&["__columns_-1", "length_"], 1.into())?;
    assert_eq!(ragged, "not valid: column 1 (`s`): it has 1 rows, the batch has 2");
    assert_eq!(bad(&["column_num_"], 3.into())?, "not valid: there are 2 columns, `column_num_` says 3");
    assert_eq!(bad(&["__columns_-size"], 1.into())?, "not valid: there are 1 columns, `column_num_` says 2");
    let other = bad(&["__columns_-0", "typename"], "vineyard::NumericArray<double>".into())?;
    assert_eq!(other, "column 0 (`n`): it holds Float64, the schema says Int64");
    let nulls = bad(&["__columns_-1", "null_count_"], 1.into())?;
    assert!(nulls.starts_with("column 1 (`s`): array of type LargeUtf8"), "{nulls}");
    for schema in ["", "{}", "{\"bytes\":[1,2,3]}", "{\"bytes\":[256]}", "{\"bytes\":[255,255,255,255,9,0,0,0,1,2,3]}"]
    {
        let error = bad(&["schema_", "schema_binary_"], schema.into())?;
        assert!(error.contains("schema"), "{schema}: {error}");
    }
    Ok(())
}

#[test]
fn tables_are_counted() -> TestResult {
    let batch = record_batch!(("n", Int64, [1, 2]))?;
    let table = Table::from_arrow(batch.schema_ref(), &[batch.clone(), batch.clone()])?;
    let good = stored(&table)?;
    assert_eq!(Table::resolve(&good)?.to_arrow()?, [batch.clone(), batch.clone()]);
    for (key, found) in [("num_rows_", 4), ("num_columns_", 1), ("batch_num_", 2)] {
        let error = Table::resolve(&changed(&good, &[key], 9.into())?).expect_err("another number").to_string();
        assert!(error.contains(&format!("there are {found}")) && error.contains(key), "{error}");
    }
    let other = record_batch!(("n", Int32, [1, 2]))?;
    let error = Table::from_arrow(batch.schema_ref(), &[batch.clone(), other]).expect_err("another type").to_string();
    assert!(error.starts_with("batch 1: its fields differ"), "{error}");
    let empty = stored(&Table::from_arrow(batch.schema_ref(), &[])?)?;
    let empty = Table::resolve(&empty)?;
    assert_eq!((&empty.schema()?, empty.to_arrow()?.len()), (batch.schema_ref(), 0));
    Ok(())
}

/// Arrays in our own form, whose buffers say where to look.
fn pointed() -> Result<Vec<ArrayRef>, Box<dyn Error>> {
    let words: DictionaryArray<Int8Type> = ["a", "b", "a"].into_iter().collect();
    let views = StringViewArray::from(vec!["short", "longer than what fits into a view", "and another long one"]);
    let ends = Int32Array::from(vec![2, 5, 7]);
    let runs = RunArray::<Int32Type>::try_new(&ends, &Int64Array::from(vec![1, 2, 3]))?;
    let fields =
        UnionFields::from_fields([Field::new("i", DataType::Int16, true), Field::new("s", DataType::Utf8, true)]);
    let children: Vec<ArrayRef> = vec![Arc::new(Int16Array::from(vec![1, 2])), Arc::new(StringArray::from(vec!["x"]))];
    let places = Some(ScalarBuffer::from(vec![0, 0, 1]));
    let union = UnionArray::try_new(fields, vec![0i8, 1, 0].into(), places, children)?;
    let pair = Fields::from(vec![Field::new("key", DataType::Utf8, false), Field::new("value", DataType::Int16, true)]);
    let columns: Vec<ArrayRef> =
        vec![Arc::new(StringArray::from(vec!["k", "l"])), Arc::new(Int16Array::from(vec![Some(1), None]))];
    let entries = StructArray::new(pair, columns, None);
    let field = Field::new("entries", entries.data_type().clone(), false).into();
    let map = MapArray::new(field, OffsetBuffer::from_lengths([1, 0, 1]), entries, None, false);
    let runs = runs.slice(1, 5);
    Ok(vec![Arc::new(words), Arc::new(views), Arc::new(runs), Arc::new(union), Arc::new(map)])
}

#[test]
fn parts_that_are_missing_or_left_over_are_counted() -> TestResult {
    for array in pointed()? {
        let good = stored(&ArrowArray::from_arrow(&array))?;
        assert_eq!(&ArrowArray::resolve(&good)?.to_arrow()?, &array);
        for nodes in ["[]", "[[1,0,0,0,0]]", "[[3,0,0,0,99]]", "[[18446744073709551615,1,0,1,1]]"] {
            let error = fault(&changed(&good, &["nodes_"], nodes.into())?);
            let refused = error.contains("the stored array has") || error.contains("more than memory could hold");
            assert!(refused, "{nodes}: {error}");
        }
        let error = fault(&changed(&good, &["__buffers_-size"], 0.into())?);
        assert!(error.contains("the stored array has 0 buffers"), "{error}");
        for schema in ["[]", "[1,2,3]", "[255,255,255,255,255,255,255,127]"] {
            let error = fault(&changed(&good, &["schema_"], schema.into())?);
            assert!(error.contains("schema"), "{error}");
        }
    }
    Ok(())
}

proptest! {
    /// Whatever bytes and numbers there are: an error, or an array that can be read to its end.
    #[test]
    fn garbage_never_panics(
        which in 0usize..5,
        bytes in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>()), 0..4),
        number in any::<Option<(prop::sample::Index, prop::sample::Index, i64)>>(),
    ) {
        let array = &pointed().expect("valid")[which];
        let good = stored(&ArrowArray::from_arrow(array)).expect("kept");
        let mut payloads: Vec<_> = blobs(&good).into_iter().map(|(id, blob)| (id, blob.copy_out())).collect();
        for (blob, place, value) in bytes {
            let (_, bytes) = blob.get_mut(payloads.as_mut_slice());
            *place.get_mut(bytes.as_mut_slice()) = value;
        }
        let mut tree = serde_json::to_value(good.tree().as_ref()).expect("JSON");
        if let Some((row, column, value)) = number {
            let mut nodes: Vec<[i64; 5]> = serde_json::from_str(tree["nodes_"].as_str().expect("text")).expect("rows");
            let row: &mut [i64; 5] = row.get_mut(nodes.as_mut_slice());
            *column.get_mut(row.as_mut_slice()) = value;
            tree["nodes_"] = serde_json::to_string(&nodes).expect("JSON").into();
        }
        let payloads = payloads.into_iter().map(|(id, bytes)| (id, Blob::from(bytes)));
        let meta = testing::object_meta(serde_json::from_value(tree).expect("a tree"), payloads);
        if let Ok(array) = ArrowArray::resolve(&meta) {
            // Its first rows and a part of it, whether or not the whole is valid.
            let frame = DataFrame::new().with_column("a", array.clone()).expect("it has rows");
            prop_assert!(!frame.head(8).to_string().is_empty());
            if let Ok(part) = array.slice(array.len() / 2..) {
                prop_assert_eq!(part.len(), array.len() - array.len() / 2);
                drop(part.to_arrow());
            }
        }
        if let Ok(read) = ArrowArray::resolve(&meta) && let Ok(read) = read.to_arrow() {
            let text = format!("{read:?}");
            prop_assert!(text.len() < 1 << 20);
            prop_assert_eq!(read.to_data().len(), read.len());
        }
    }
}
