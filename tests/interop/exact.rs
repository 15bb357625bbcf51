//! The companion package of Python.

use arrow_array::{Array, RecordBatch as Batch};
use arrow_schema::{DataType, Field, IntervalUnit, Schema};
use vineyard_tests::random::Random;
use vineyard_tests::{TestResult, TestServer, arrays};
use vineyard_types::arrow::{ArrowArray, RecordBatch};
use vineyard_types::{Bool, Float, Int, Integer, Scalar};

use crate::{python, python_with};

/// Arrays that are sent to Python and back.
const ARRAYS: u64 = 150;

#[test]
fn python_alone_puts_and_gets_everything() -> TestResult {
    let server = TestServer::start();
    let checked = python("exact.py", server.socket());
    assert!(checked.strip_prefix("exact: ").and_then(|count| count.parse().ok()).is_some_and(|count: u32| count > 200));
    let client = server.client()?;
    assert_eq!(client.get_by_name::<Scalar<Int>>("py/large")?.get(), &Integer::from(u64::MAX));
    assert_eq!(client.get_by_name::<Scalar<Float>>("py/fraction")?.get(), &0.1);
    assert_eq!(client.get_by_name::<Scalar<Float>>("py/infinite")?.get(), &f64::NEG_INFINITY);
    assert!(*client.get_by_name::<Scalar<Bool>>("py/flag")?.get());
    Ok(())
}

/// What pyarrow cannot read, or reads as something else: it has no such arrays.
fn is_unknown_to_python(data_type: &DataType) -> bool {
    match data_type {
        DataType::Decimal32(..) | DataType::Decimal64(..) => true,
        DataType::Interval(unit) => *unit != IntervalUnit::MonthDayNano,
        DataType::List(field)
        | DataType::LargeList(field)
        | DataType::ListView(field)
        | DataType::LargeListView(field)
        | DataType::FixedSizeList(field, _)
        | DataType::Map(field, _) => is_unknown_to_python(field.data_type()),
        DataType::Struct(fields) => fields.iter().any(|field| is_unknown_to_python(field.data_type())),
        DataType::Union(fields, _) => fields.iter().any(|(_, field)| is_unknown_to_python(field.data_type())),
        DataType::Dictionary(_, values) => is_unknown_to_python(values),
        DataType::RunEndEncoded(_, values) => is_unknown_to_python(values.data_type()),
        _ => false,
    }
}

#[test]
fn arrays_of_every_type_go_to_python_and_back() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let mut sent = Vec::new();
    let mut types = arrays::numbers();
    types.extend((0..ARRAYS).map(|seed| {
        let mut random = Random::new(seed);
        let depth = 1 + random.below(4);
        arrays::data_type(&mut random, depth)
    }));
    for (seed, data_type) in types.into_iter().enumerate().filter(|(_, one)| !is_unknown_to_python(one)) {
        let mut random = Random::new(seed as u64);
        let len = if seed % 9 == 0 { 0 } else { random.below(40) };
        let array = arrays::array(&mut random, &data_type, len)?;
        client.put_named(&format!("rs/{}", sent.len()), &ArrowArray::from_arrow(&array))?;
        sent.push(array);
    }
    let count = sent.len().to_string();
    let socket = server.socket().display().to_string();
    assert_eq!(python_with("exact_echo.py", &[&socket, &count]), format!("echoed: {count}"));
    for (number, array) in sent.iter().enumerate() {
        let got = client.get_by_name::<ArrowArray>(&format!("py/{number}"))?;
        let back = got.to_arrow().map_err(|error| format!("{number}, {}: {error}", array.data_type()))?;
        assert_eq!(back.data_type(), array.data_type(), "{number}");
        // By value: how bits beyond the end and offsets are laid out is each library's own.
        assert_eq!(&back, array, "{number}");
    }
    Ok(())
}

#[test]
fn batches_keep_their_schema_in_python() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let mut random = Random::new(7);
    let types = [DataType::Utf8, DataType::Float32, DataType::Decimal128(9, 2), DataType::Binary];
    let columns = types.iter().map(|one| arrays::array(&mut random, one, 20)).collect::<Result<Vec<_>, _>>()?;
    let field = |(number, array): (usize, &arrow_array::ArrayRef)| {
        let metadata = std::collections::HashMap::from([("number".to_owned(), number.to_string())]);
        Field::new(format!("c{number}"), array.data_type().clone(), array.null_count() > 0).with_metadata(metadata)
    };
    let fields: Vec<Field> = columns.iter().enumerate().map(field).collect();
    let schema = Schema::new_with_metadata(fields, std::collections::HashMap::from([("k".to_owned(), "v".to_owned())]));
    let batch = Batch::try_new(schema.into(), columns)?;
    client.put_named("rs/0", &RecordBatch::from_arrow(&batch)?)?;
    let socket = server.socket().display().to_string();
    assert_eq!(python_with("exact_echo.py", &[&socket, "1"]), "echoed: 1");
    assert_eq!(client.get_by_name::<RecordBatch>("py/0")?.to_arrow()?, batch);
    Ok(())
}
