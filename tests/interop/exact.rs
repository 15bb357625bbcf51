//! The companion package of Python.

use arrow_array::{Array, RecordBatch as Batch};
use arrow_schema::{DataType, Field, IntervalUnit, Schema};
use vineyard_tests::random::Random;
use vineyard_tests::{TestResult, TestServer, arrays};
use vineyard_types::arrow::{ArrowArray, RecordBatch, Table};
use vineyard_types::{Bool, Float, Int, Integer, Scalar};

use crate::{PANDAS_3, PYTHON, python_with, run};

/// Arrays, batches and tables that Python makes, sends to Rust, and compares with what comes back.
const FROM_PYTHON: usize = 100;

/// Runs a script that prints `exact: ` and how much it has checked.
fn checks(variable: &str, script: &str, server: &TestServer, at_least: u32) {
    let line = run(variable, script, &[&server.socket().display().to_string()]);
    let checked = line.strip_prefix("exact: ").and_then(|count| count.parse::<u32>().ok());
    assert!(checked.is_some_and(|count| count >= at_least), "{script}: {line}");
}

#[test]
fn python_alone_puts_and_gets_everything() -> TestResult {
    let server = TestServer::start();
    checks(PYTHON, "exact.py", &server, 200);
    let client = server.client()?;
    assert_eq!(client.get_by_name::<Scalar<Int>>("py/large")?.get(), &Integer::from(u64::MAX));
    assert_eq!(client.get_by_name::<Scalar<Float>>("py/fraction")?.get(), &0.1);
    assert_eq!(client.get_by_name::<Scalar<Float>>("py/infinite")?.get(), &f64::NEG_INFINITY);
    assert!(*client.get_by_name::<Scalar<Bool>>("py/flag")?.get());
    server.stop();
    Ok(())
}

#[test]
fn frames_of_every_type_come_back_the_same_in_python() {
    let server = TestServer::start();
    checks(PYTHON, "exact_frames.py", &server, 1000);
    server.stop();
}

/// Its text is of another type, and its times of another unit.
#[test]
fn pandas_3_gets_the_same_as_it_has_put() {
    let server = TestServer::start();
    checks(PANDAS_3, "exact.py", &server, 200);
    checks(PANDAS_3, "exact_frames.py", &server, 1000);
    server.stop();
}

/// Whatever else there is, the tests of properties send.
#[test]
fn arrays_of_every_fixed_width_go_to_python_and_back() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let mut sent = Vec::new();
    // pyarrow has no arrays of other intervals.
    let known = |one: &DataType| !matches!(one, DataType::Interval(unit) if *unit != IntervalUnit::MonthDayNano);
    for (seed, data_type) in arrays::numbers().into_iter().filter(known).enumerate() {
        let array = arrays::array(&mut Random::new(seed as u64), &data_type, 20)?;
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
fn arrays_of_every_type_go_from_python_to_rust_and_back() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let (socket, count) = (server.socket().display().to_string(), FROM_PYTHON.to_string());
    assert_eq!(python_with("exact_random.py", &[&socket, "put", &count]), format!("put: {}", 3 * FROM_PYTHON));
    for number in 0..FROM_PYTHON {
        let failed = |error| format!("{number}: {error}");
        let array = client.get_by_name::<ArrowArray>(&format!("py/array/{number}"))?.to_arrow().map_err(failed)?;
        client.put_named(&format!("rs/array/{number}"), &ArrowArray::from_arrow(&array))?;
        let batch = client.get_by_name::<RecordBatch>(&format!("py/batch/{number}"))?.to_arrow().map_err(failed)?;
        client.put_named(&format!("rs/batch/{number}"), &RecordBatch::from_arrow(&batch)?)?;
        let table = client.get_by_name::<Table>(&format!("py/table/{number}"))?;
        let batches = table.to_arrow().map_err(failed)?;
        client.put_named(&format!("rs/table/{number}"), &Table::from_arrow(&table.schema()?, &batches)?)?;
    }
    assert_eq!(python_with("exact_random.py", &[&socket, "get", &count]), format!("get: {}", 3 * FROM_PYTHON));
    server.stop();
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
