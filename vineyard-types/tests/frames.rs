//! Frames and series as mistaken or hostile writers store them, with columns of Arrow's: an error that says what was
//! found, a cell that is marked, never a panic.

use std::error::Error;
use std::sync::Arc;

use arrow_array::{Array, Int32Array, StringArray as Strings, record_batch};
use serde_json::{Value, json};
use vineyard_core::{Blob, Object, ObjectId, ObjectMeta, testing};
use vineyard_types::arrow::ArrowArray;
use vineyard_types::{Column, DataFrame, Index, Series, StringArray, Tensor};

type TestResult = Result<(), Box<dyn Error>>;

fn stored(object: &impl Object) -> Result<ObjectMeta, Box<dyn Error>> {
    Ok(testing::draft_meta(&object.stage()?)?)
}

fn blobs(meta: &ObjectMeta) -> Vec<(ObjectId, Blob)> {
    let below = |(key, _): (&str, _)| match (meta.blob(key), meta.member(key)) {
        (Ok(blob), Ok(member)) if blob.nbytes() > 0 => vec![(member.id(), blob)],
        (Err(_), Ok(member)) => blobs(&member),
        _ => Vec::new(),
    };
    meta.tree().members().flat_map(below).collect()
}

/// The same object with another value where the pointer leads.
fn changed(meta: &ObjectMeta, pointer: &str, value: Value) -> Result<ObjectMeta, Box<dyn Error>> {
    let mut tree = serde_json::to_value(meta.tree().as_ref())?;
    let (parent, key) = pointer.rsplit_once('/').ok_or("a pointer")?;
    let fields = tree.pointer_mut(parent).and_then(Value::as_object_mut).ok_or("an object")?;
    assert!(fields.insert(key.to_owned(), value).is_some(), "there is no {pointer}");
    Ok(testing::object_meta(serde_json::from_value(tree)?, blobs(meta)))
}

/// Numbers of which one is null, short text, and text.
fn good() -> Result<DataFrame, Box<dyn Error>> {
    let batch = record_batch!(
        ("n", Int32, [Some(1), None, Some(3)]),
        ("s", Utf8, ["a", "b", "c"]),
        ("t", LargeUtf8, ["d", "e", "f"])
    )?;
    Ok(DataFrame::from_arrow(&batch)?)
}

#[test]
fn columns_of_arrow_are_counted() -> TestResult {
    let meta = stored(&good()?)?;
    let fault = |pointer: &str, value: Value| -> Result<String, Box<dyn Error>> {
        Ok(DataFrame::resolve(&changed(&meta, pointer, value)?).expect_err("not valid").to_string())
    };
    let ragged = fault("/__values_-value-1/length_", json!(2))?;
    assert_eq!(ragged, "not valid: column `s` has 2 rows, the frame has 3");
    let ragged = fault("/__values_-value-1/length_", json!(u64::MAX))?;
    assert_eq!(ragged, format!("not valid: column `s` has {} rows, the frame has 3", u64::MAX));
    let unknown = fault("/__values_-value-0/typename", json!("vineyard::NumericArray<int128>"))?;
    assert!(unknown.contains("vineyard::NumericArray<int128>"), "{unknown}");
    let listed = fault("/columns_", json!("[\"n\",\"s\",\"x\"]"))?;
    assert_eq!(listed, r#"values: not valid: `columns_` names ["n","s","x"], the columns are ["n","s","t"]"#);
    Ok(())
}

#[test]
fn a_column_of_a_type_that_nobody_knows_is_carried() -> TestResult {
    let meta = stored(&DataFrame::new().with_column("a", vec![1i64, 2, 3])?)?;
    let meta = changed(&meta, "/__values_-value-0/typename", json!("vineyard::Tensor<int63>"))?;
    let frame = DataFrame::resolve(&meta)?;
    assert!(matches!(frame.column("a")?, Column::Other(_)));
    assert_eq!((frame.num_rows(), frame.head(1).to_string().as_str()), (3, "   a\n0  ?\n… and 2 more rows\n"));
    let error = frame.to_arrow().expect_err("no type of Arrow's").to_string();
    assert_eq!(error, "column `a` is of type vineyard::Tensor<int63>, for which Arrow has none");
    Ok(())
}

#[test]
fn buffers_that_are_too_short_are_found_when_they_are_read() -> TestResult {
    let meta = stored(&ArrowArray::from_arrow(&Int32Array::from(vec![1, 2, 3])))?;
    for length in [4u64, 1000, 1 << 40] {
        let long = changed(&meta, "/length_", json!(length))?;
        let frame = DataFrame::new().with_column("n", ArrowArray::resolve(&long)?)?;
        assert_eq!(frame.num_rows() as u64, length);
        assert!(frame.to_arrow().is_err(), "{length} rows of 3");
        let rows = usize::try_from(length)?;
        let error = frame.slice(2..rows).expect_err("they are not there").to_string();
        assert!(error.starts_with("column `n`: array of type Int32: "), "{error}");
        assert_eq!(frame.head(5).to_string().lines().nth(1), Some("0  1"));
        assert!(frame.head(5).to_string().lines().nth(4).is_some_and(|line| line == "3  ?"), "{}", frame.head(5));
    }
    Ok(())
}

fn array(offsets: Vec<i32>, data: &[u8]) -> Result<ArrowArray, Box<dyn Error>> {
    let meta = stored(&ArrowArray::from_arrow(&Strings::from(vec!["a", "b", "c"])))?;
    let [offset, bytes] = ["buffer_offsets_", "buffer_data_"].map(|key| meta.member(key));
    let payloads = vec![(offset?.id(), Blob::from(offsets)), (bytes?.id(), Blob::from(data.to_vec()))];
    Ok(ArrowArray::resolve(&testing::object_meta(meta.tree().as_ref().clone(), payloads))?)
}

#[test]
fn text_that_is_none_is_marked_and_refused() -> TestResult {
    for (offsets, data, shown) in [
        (vec![0, 1, 2, 3], b"a\xffc", ["a", "?", "?"]),
        (vec![0, 1, 9, 10], b"abc", ["a", "?", "?"]),
        (vec![0, 2, 1, 3], b"abc", ["ab", "?", "?"]),
        (vec![-1, 1, 2, 3], b"abc", ["?", "b", "c"]),
    ] {
        let frame = DataFrame::new().with_column("s", array(offsets.clone(), data)?)?;
        let column = frame.column("s")?;
        let cells: Vec<String> = (0..3).filter_map(|row| column.display(row)).map(|cell| cell.to_string()).collect();
        assert_eq!(cells.first().map(String::as_str), shown.first().copied(), "{offsets:?}: {cells:?}");
        assert!(cells.len() == 3 && cells.contains(&"?".to_owned()), "{offsets:?}: {cells:?}");
        let error = frame.to_arrow().expect_err("no text").to_string();
        assert!(error.contains("column 0 (`s`): array of type Utf8"), "{error}");
        let part = frame.slice(1..)?;
        assert_eq!(part.num_rows(), 2);
        assert!(part.head(2).to_string().lines().count() == 3);
    }
    Ok(())
}

#[test]
fn series_are_named_labelled_and_cut() -> TestResult {
    let texts = StringArray::from_options([Some("a"), None, Some("c")]);
    let series = Series::new(texts)?;
    let meta = stored(&series)?;
    assert_eq!(meta.value("name")?, "null");
    assert_eq!(meta.typename(), "vineyard::Series");
    let back = Series::resolve(&meta)?;
    assert_eq!((back.name(), back.len(), back.is_empty()), (None, 3, false));
    assert_eq!(back.index().values().numbers::<i64>().map(Tensor::as_slice), Some(&[0, 1, 2][..]));
    let part = back.named("letters").with_index(Index::new(vec!["x", "y", "z"]))?.slice(1..=1)?;
    let part = Series::resolve(&stored(&part)?)?;
    assert_eq!((part.name(), part.len()), (Some("letters"), 1));
    assert!(part.values().texts().is_some_and(|texts| texts.is_null(0)));
    assert_eq!(part.index().values().texts().and_then(|labels| labels.get(0)), Some(Ok("y")));
    assert_eq!(
        part.slice(1..3).map(|_| ()).map_err(|error| error.to_string()),
        Err("rows 1 to 3 do not lie inside of 1 rows".into())
    );
    let arrow: Arc<dyn Array> = Arc::new(Int32Array::from(vec![Some(1), None]));
    let series = Series::resolve(&stored(&Series::new(ArrowArray::from_arrow(&arrow))?)?)?;
    assert_eq!(series.values().arrow().map(ArrowArray::to_arrow).transpose()?, Some(arrow));
    assert!(Series::new(Vec::<u8>::new())?.is_empty());
    Ok(())
}

#[test]
fn series_whose_labels_do_not_fit_are_refused() -> TestResult {
    let series = Series::new(vec![1i64, 2])?;
    let error = series.clone().with_index(Index::new(vec![1u8])).expect_err("one label").to_string();
    assert_eq!(error, "the index has 1 labels for 2 rows");
    let meta = stored(&series)?;
    let fault = |pointer: &str, value: Value| -> Result<String, Box<dyn Error>> {
        Ok(Series::resolve(&changed(&meta, pointer, value)?).expect_err("not valid").to_string())
    };
    // A part of the elements is what a shape shows, more are not there.
    assert_eq!(fault("/value_/shape_", json!("[1]"))?, "not valid: the index has 2 labels for 1 rows");
    assert!(fault("/value_/shape_", json!("[3]"))?.contains("shape [3] has 3 places"));
    assert_eq!(
        fault("/value_/shape_", json!("[]"))?,
        "not valid: column `value_` has no dimensions, so it has no rows"
    );
    assert!(fault("/index_/typename", json!("vineyard::Scalar<int>"))?.starts_with("index: "));
    assert!(fault("/name", json!({}))?.starts_with("name: "));
    Ok(())
}
