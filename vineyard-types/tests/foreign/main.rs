//! Recorded traffic of the published Python client: what it wrote is read as the right types, and what is written here
//! has the metadata that it writes.

#[cfg(feature = "arrow")]
mod arrow;
mod recording;

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;

use half::f16;
use num_complex::Complex;
use serde_json::Value;
use vineyard_core::{Object, Opaque, Stored, registry, testing};
use vineyard_types::time::{DateTime64, Day, Microsecond};
use vineyard_types::{Bool8, DataFrame, Float, Index, Int, Scalar, Series, StringArray, StringTensor, Tensor, Text};

use recording::{Reply, is_blob, recording, replies};

type TestResult = Result<(), Box<dyn Error>>;

/// The Rust type that an object is read as.
fn rust_type(object: &Stored<dyn Object>) -> &'static str {
    macro_rules! first_of {
        ($($rust:ty),* $(,)?) => {
            match () {
                $(() if object.is::<$rust>() => stringify!($rust),)*
                () => "another type",
            }
        };
    }
    first_of!(
        Tensor<i8>,
        Tensor<i16>,
        Tensor<i32>,
        Tensor<i64>,
        Tensor<u8>,
        Tensor<u16>,
        Tensor<u32>,
        Tensor<u64>,
        Tensor<f32>,
        Tensor<f64>,
        Tensor<Bool8>,
        Tensor<f16>,
        Tensor<Complex<f64>>,
        Tensor<DateTime64<Day>>,
        Tensor<DateTime64<Microsecond>>,
        StringTensor,
        StringArray,
        Scalar<Int>,
        Scalar<Float>,
        Scalar<Text>,
        Index,
        Series,
        DataFrame,
        Opaque,
    )
}

/// What became of every object in the replies of a recording, and how often. What no type here reads comes with the
/// reason.
fn assert_outcomes(name: &str, expected: &[&str]) -> TestResult {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for Reply { doing, objects } in replies(name)? {
        if objects.is_empty() {
            *counts.entry("vineyard::Blob alone".to_owned()).or_default() += 1;
        }
        for meta in objects {
            let outcome = match registry().resolve(&meta) {
                Ok(object) => format!("{} is {}", meta.typename(), rust_type(&object)),
                Err(error) => format!("{doing}: {error}"),
            };
            *counts.entry(outcome).or_default() += 1;
        }
    }
    let found: Vec<String> = counts.into_iter().map(|(outcome, count)| format!("{count} {outcome}")).collect();
    assert_eq!(found, expected, "found:\n{}", found.join("\n"));
    Ok(())
}

#[test]
fn what_numpy_wrote_is_read() -> TestResult {
    assert_outcomes(
        "putget_numpy.jsonl",
        &[
            "1 vineyard::BaseBinaryArray<arrow::LargeStringArray> is StringArray",
            // What Python pickled, here single values of numpy's own types.
            "2 vineyard::PickleBuffer is Opaque",
            "1 vineyard::Tensor<bool> is Tensor<Bool8>",
            // Elements that no `Numeric` stands for: texts of fixed width, pickled objects, records.
            "1 vineyard::Tensor<bytes24> is Opaque",
            "1 vineyard::Tensor<complex128> is Tensor<Complex<f64>>",
            "1 vineyard::Tensor<datetime64[D]> is Tensor<DateTime64<Day>>",
            "1 vineyard::Tensor<double> is Tensor<f64>",
            "1 vineyard::Tensor<float16> is Tensor<f16>",
            "1 vineyard::Tensor<float> is Tensor<f32>",
            "1 vineyard::Tensor<int16> is Tensor<i16>",
            "6 vineyard::Tensor<int64> is Tensor<i64>",
            "1 vineyard::Tensor<int8> is Tensor<i8>",
            "1 vineyard::Tensor<int> is Tensor<i32>",
            "1 vineyard::Tensor<object> is Opaque",
            "1 vineyard::Tensor<std::string> is StringTensor",
            "1 vineyard::Tensor<uint16> is Tensor<u16>",
            "1 vineyard::Tensor<uint32> is Tensor<u32>",
            "1 vineyard::Tensor<uint64> is Tensor<u64>",
            "1 vineyard::Tensor<uint8> is Tensor<u8>",
            "1 vineyard::Tensor<void96> is Opaque",
        ],
    )
}

#[test]
fn what_pandas_wrote_is_read() -> TestResult {
    assert_outcomes(
        "putget_pandas.jsonl",
        &[
            // In two frames the client stored the first text of the column as a `Scalar`, and lost the others.
            "4 vineyard::BaseBinaryArray<arrow::LargeStringArray> is StringArray",
            "6 vineyard::DataFrame is DataFrame",
            "16 vineyard::Index is Index",
            "2 vineyard::Scalar<std::string> is Scalar<Text>",
            // A column with a name and an index; there is no type for it here.
            "6 vineyard::Series is Series",
            "1 vineyard::Tensor<datetime64[us]> is Tensor<DateTime64<Microsecond>>",
            "5 vineyard::Tensor<double> is Tensor<f64>",
            "18 vineyard::Tensor<int64> is Tensor<i64>",
            // What Python pickled.
            "1 vineyard::Tensor<object> is Opaque",
            "4 vineyard::Tensor<std::string> is StringTensor",
        ],
    )
}

#[test]
fn what_python_wrote_of_single_values_is_read() -> TestResult {
    assert_outcomes(
        "putget_scalars.jsonl",
        &[
            // `bytes` are blobs without an object around them.
            "3 vineyard::Blob alone",
            // What Python pickled.
            "2 vineyard::PickleBuffer is Opaque",
            "1 vineyard::Scalar<double> is Scalar<Float>",
            // A `bool` is one of them.
            "4 vineyard::Scalar<int> is Scalar<Int>",
            "3 vineyard::Scalar<std::string> is Scalar<Text>",
        ],
    )
}

#[test]
fn columns_that_pandas_wrote_have_their_names_types_and_labels() -> TestResult {
    let mut found = Vec::new();
    for Reply { doing, objects } in replies("putget_pandas.jsonl")? {
        let Some(frame) = objects.first().and_then(|meta| DataFrame::try_from(meta).ok()) else { continue };
        let columns: Vec<String> =
            frame.columns().map(|(name, column)| format!("{}: {}", name.as_json(), column.numpy_name())).collect();
        let labels = frame.index().map_or("no index", |index| index.values().numpy_name());
        found.push(format!("{doing}: {} rows, {}, {labels}", frame.num_rows(), columns.join(", ")));
    }
    let expected = [
        "get DataFrame int/float: 2 rows, \"a\": int64, \"b\": float64, int64",
        "get DataFrame with object column: 2 rows, \"a\": int64, \"s\": object, int64",
        "get DataFrame with str column: 2 rows, \"s\": object, int64",
        "get DataFrame with index: 2 rows, \"a\": int64, int64",
        "get DataFrame empty: 0 rows, \"a\": float64, int64",
        "get DataFrame int column names: 2 rows, 0: float64, 1: float64, int64",
    ];
    assert_eq!(found, expected);
    Ok(())
}

/// The metadata that the client wrote while `doing` something, for the last object of the type.
fn written(name: &str, doing: &str, typename: &str) -> Result<Value, Box<dyn Error>> {
    let messages = recording(name)?.into_iter();
    let mut of_type = messages.filter(|message| {
        message.doing == doing && message.kind == "create_data_request" && message.content["typename"] == typename
    });
    Ok(of_type.next_back().ok_or_else(|| format!("{name}: no {typename} at `{doing}`"))?.content)
}

/// Keys that a draft does not have: they are added when it is put, or by the store.
const ADDED_LATER: &[&str] = &["id", "signature", "instance_id", "transient", "global", "__schema"];

/// All values of a tree by path; blobs are reduced to their length.
fn values(tree: &Value, path: &str, found: &mut BTreeMap<String, Value>) {
    for (key, field) in tree.as_object().into_iter().flatten() {
        let path = format!("{path}{key}");
        match field {
            blob if is_blob(blob) => drop(found.insert(path, format!("blob of {} bytes", blob["length"]).into())),
            Value::Object(_) => values(field, &format!("{path}."), found),
            _ if ADDED_LATER.contains(&key.as_str()) => {}
            value => drop(found.insert(path, value.clone())),
        }
    }
}

/// Text that is JSON, parsed: writers space it as they like.
fn parsed(value: &Value) -> Option<Value> {
    serde_json::from_str(value.as_str()?).ok()
}

/// What differs between what is written here and what the client wrote, line by line.
fn differences<T: Object>(ours: &T, theirs: &Value) -> Result<String, Box<dyn Error>> {
    let ours = serde_json::to_value(testing::draft_meta(&ours.stage()?)?.tree().as_ref())?;
    let [mut our_values, mut their_values] = [BTreeMap::new(), BTreeMap::new()];
    values(&ours, "", &mut our_values);
    values(theirs, "", &mut their_values);
    let paths: BTreeSet<&String> = our_values.keys().chain(their_values.keys()).collect();
    let show = |value: Option<&Value>| value.map_or_else(|| "nothing".to_owned(), ToString::to_string);
    let line = |path: &String| match (our_values.get(path), their_values.get(path)) {
        (Some(a), Some(b)) if a == b => String::new(),
        (Some(a), Some(b)) if parsed(a).is_some_and(|text| Some(text) == parsed(b)) => format!("{path}: spaces\n"),
        (a, b) => format!("{path}: {} here, {} there\n", show(a), show(b)),
    };
    Ok(paths.into_iter().map(line).collect())
}

#[test]
fn a_tensor_has_the_metadata_that_python_writes() -> TestResult {
    let theirs = written("putget_numpy.jsonl", "put 2-d C order", "vineyard::Tensor<int64>")?;
    let ours = Tensor::new([2, 3], (0..6i64).collect::<Vec<_>>())?;
    assert_eq!(differences(&ours, &theirs)?, "shape_: spaces\n");
    let theirs = written("putget_numpy.jsonl", "put 0-d", "vineyard::Tensor<int64>")?;
    assert_eq!(differences(&Tensor::new([], vec![5i64])?, &theirs)?, "");
    let theirs = written("putget_numpy.jsonl", "put empty", "vineyard::Tensor<int64>")?;
    assert_eq!(differences(&Tensor::<i64>::from([]), &theirs)?, "");
    Ok(())
}

#[test]
fn texts_have_the_metadata_that_python_writes() -> TestResult {
    let theirs = written("putget_numpy.jsonl", "put unicode", "vineyard::Tensor<std::string>")?;
    let ours: StringTensor = ["aé", "b"].into_iter().collect();
    // The client leaves out the last offset, and counts 12 bytes for each text of the tensor.
    assert_eq!(differences(&ours, &theirs)?, "buffer_.nbytes: 28 here, 20 there\nnbytes: 28 here, 24 there\n");
    Ok(())
}

#[test]
fn single_values_have_the_metadata_that_python_writes() -> TestResult {
    let theirs = written("putget_scalars.jsonl", "put int big", "vineyard::Scalar<int>")?;
    assert_eq!(differences(&Scalar::<Int>::from(1 << 40), &theirs)?, "");
    let theirs = written("putget_scalars.jsonl", "put float", "vineyard::Scalar<double>")?;
    assert_eq!(differences(&Scalar::<Float>::from(3.25), &theirs)?, "");
    let theirs = written("putget_scalars.jsonl", "put unicode str", "vineyard::Scalar<std::string>")?;
    assert_eq!(differences(&Scalar::<Text>::from("héllo 世界"), &theirs)?, "");
    Ok(())
}

/// The client counts no bytes for frames and indexes; here they have the bytes of their columns.
#[test]
fn a_frame_has_the_metadata_that_python_writes() -> TestResult {
    let theirs = written("putget_pandas.jsonl", "put DataFrame int/float", "vineyard::DataFrame")?;
    let ours = DataFrame::new()
        .with_column("a", vec![1i64, 2])?
        .with_column("b", vec![0.5, 1.5])?
        .with_index(Index::new(vec![0i64, 1]))?;
    assert_eq!(
        differences(&ours, &theirs)?,
        "columns_: spaces\nindex_.nbytes: 16 here, 0 there\nnbytes: 48 here, 0 there\n"
    );
    let theirs = written("putget_pandas.jsonl", "put DataFrame int column names", "vineyard::DataFrame")?;
    let ours = DataFrame::new()
        .with_column(0, vec![0.5, 1.5])?
        .with_column(1, vec![0.5, 1.5])?
        .with_index(Index::new(vec![0i64, 1]))?;
    assert_eq!(
        differences(&ours, &theirs)?,
        "columns_: spaces\nindex_.nbytes: 16 here, 0 there\nnbytes: 48 here, 0 there\n"
    );
    let theirs = written("putget_pandas.jsonl", "put DataFrame empty", "vineyard::DataFrame")?;
    let ours = DataFrame::new().with_column("a", Vec::<f64>::new())?.with_index(Index::new(Vec::<i64>::new()))?;
    assert_eq!(differences(&ours, &theirs)?, "");
    Ok(())
}

/// The client names the type of texts after pandas' own `str`, where this library says numpy's `object`.
#[test]
fn an_index_of_texts_has_the_metadata_that_python_writes() -> TestResult {
    let theirs = written("putget_pandas.jsonl", "put Index of str", "vineyard::Index")?;
    let ours = Index::new(vec!["a", "b"]);
    assert_eq!(
        differences(&ours, &theirs)?,
        "nbytes: 26 here, 0 there\n\
         value_.buffer_.nbytes: 26 here, 18 there\n\
         value_.nbytes: 26 here, 16 there\n\
         value_type_: \"object\" here, \"str\" there\n"
    );
    Ok(())
}
