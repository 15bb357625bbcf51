//! Arrow's types between Rust and the published Python client.

use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{
    Array, ArrayRef, BooleanArray, FixedSizeBinaryArray, GenericListArray, Int32Array, Int64Array, LargeBinaryArray,
    LargeStringArray, NullArray, RecordBatch as Batch, record_batch,
};
use arrow_schema::{DataType, Schema, TimeUnit};
use vineyard_core::Client;
use vineyard_tests::{TestResult, TestServer};
use vineyard_types::arrow::{ArrowArray, ArrowSchema, RecordBatch, Table};

use crate::python;

/// The same numbers as a type of that width.
fn numbers(data_type: &DataType, values: &[Option<i64>]) -> Result<ArrayRef, Box<dyn std::error::Error>> {
    macro_rules! of {
        ($array:ty, $convert:expr) => {{
            let convert = $convert;
            let values = values.iter().map(|value| value.map(|value| convert(value)));
            Arc::new(values.collect::<$array>()) as ArrayRef
        }};
    }
    let width = data_type.primitive_width().ok_or("a type of fixed width")?;
    let plain = match data_type {
        DataType::Float32 => return Ok(of!(arrow_array::Float32Array, |value: i64| value as f32)),
        DataType::Float64 => return Ok(of!(arrow_array::Float64Array, |value: i64| value as f64)),
        _ if width == 1 => of!(arrow_array::Int8Array, |value: i64| value as i8),
        _ if width == 2 => of!(arrow_array::Int16Array, |value: i64| value as i16),
        _ if width == 4 => of!(Int32Array, |value: i64| value as i32),
        _ => of!(Int64Array, |value: i64| value),
    };
    let data = plain.to_data().into_builder().data_type(data_type.clone()).build()?;
    Ok(arrow_array::make_array(data))
}

fn from_python(client: &Client, name: &str) -> Result<ArrayRef, Box<dyn std::error::Error>> {
    let got = client.get_by_name::<ArrowArray>(&format!("py/arrow/{name}"))?;
    Ok(got.to_arrow().map_err(|error| format!("{name}: {error}"))?)
}

#[test]
fn python_puts_arrow_and_rust_gets() -> TestResult {
    let server = TestServer::start();
    assert_eq!(python("arrow_for_rust.py", server.socket()), "put");
    let client = server.client()?;
    let types = [
        ("int8", DataType::Int8),
        ("int16", DataType::Int16),
        ("int32", DataType::Int32),
        ("int64", DataType::Int64),
        ("uint8", DataType::UInt8),
        ("uint16", DataType::UInt16),
        ("uint32", DataType::UInt32),
        ("uint64", DataType::UInt64),
        ("float32", DataType::Float32),
        ("float64", DataType::Float64),
        ("date32", DataType::Date32),
        ("time64", DataType::Time64(TimeUnit::Microsecond)),
        ("timestamp", DataType::Timestamp(TimeUnit::Nanosecond, None)),
        ("zoned", DataType::Timestamp(TimeUnit::Microsecond, Some("Europe/Oslo".into()))),
        ("duration", DataType::Duration(TimeUnit::Second)),
    ];
    for (name, data_type) in types {
        let expected = numbers(&data_type, &[Some(1), None, Some(3), Some(4)])?;
        assert_eq!(&from_python(&client, name)?, &expected, "{name}");
        assert_eq!(&from_python(&client, &format!("{name}-slice"))?, &expected.slice(1, 2), "{name}");
    }
    let expect = |name: &str, array: ArrayRef| -> TestResult {
        assert_eq!(&from_python(&client, name)?, &array, "{name}");
        Ok(())
    };
    let texts = LargeStringArray::from(vec![Some("a"), Some("naïve"), None, Some("")]);
    expect("bool", Arc::new(BooleanArray::from(vec![Some(false), None, Some(true)])))?;
    expect("null", Arc::new(NullArray::new(3)))?;
    expect("string", Arc::new(texts.clone()))?;
    expect("large_string", Arc::new(texts.slice(1, 3)))?;
    let binary = LargeBinaryArray::from_opt_vec(vec![Some(b"a".as_slice()), None, Some(b"\xff".as_slice())]);
    expect("large_binary", Arc::new(binary))?;
    let lists = [Some(vec![Some(1), Some(2)]), None, Some(vec![]), Some(vec![Some(3)])];
    expect("list", Arc::new(GenericListArray::<i64>::from_iter_primitive::<Int32Type, _, _>(lists)))?;
    assert_eq!(from_python(&client, "nested")?.len(), 3);
    check_batches(&client)
}

fn check_batches(client: &Client) -> TestResult {
    let batch = record_batch!(
        ("n", Int64, [Some(1), None]),
        ("s", LargeUtf8, [Some("x"), Some("y")]),
        ("f", Float32, [Some(0.5), Some(1.5)])
    )?;
    let schema = Schema::new_with_metadata(batch.schema().fields().clone(), [("k".to_owned(), "v".to_owned())]);
    let schema = Arc::new(schema);
    let batch = batch.with_schema(Arc::clone(&schema))?;
    assert_eq!(client.get_by_name::<ArrowSchema>("py/arrow/schema")?.to_arrow()?, schema);
    assert_eq!(client.get_by_name::<RecordBatch>("py/arrow/batch")?.to_arrow()?, batch);
    let table = client.get_by_name::<Table>("py/arrow/table")?;
    assert_eq!((table.schema()?, table.to_arrow()?), (schema, vec![batch.clone(), batch.slice(1, 1)]));
    let no_rows = client.get_by_name::<Table>("py/arrow/no-rows")?;
    assert_eq!(no_rows.num_rows(), 0);
    assert!(no_rows.to_arrow()?.iter().all(|batch| batch.num_rows() == 0));
    Ok(())
}

#[test]
fn rust_puts_arrow_and_python_gets() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let put = |name: &str, array: &dyn Array| -> TestResult {
        client.put_named(&format!("rs/arrow/{name}"), &ArrowArray::from_arrow(array))?;
        Ok(())
    };
    let mut types = vec![
        ("int8".to_owned(), DataType::Int8),
        ("int16".to_owned(), DataType::Int16),
        ("int32".to_owned(), DataType::Int32),
        ("int64".to_owned(), DataType::Int64),
        ("uint8".to_owned(), DataType::UInt8),
        ("uint16".to_owned(), DataType::UInt16),
        ("uint32".to_owned(), DataType::UInt32),
        ("uint64".to_owned(), DataType::UInt64),
        ("float".to_owned(), DataType::Float32),
        ("double".to_owned(), DataType::Float64),
        ("date32[day]".to_owned(), DataType::Date32),
    ];
    let units = [
        ("s", TimeUnit::Second),
        ("ms", TimeUnit::Millisecond),
        ("us", TimeUnit::Microsecond),
        ("ns", TimeUnit::Nanosecond),
    ];
    for (name, unit) in units {
        types.push((format!("timestamp[{name}]"), DataType::Timestamp(unit, None)));
        types.push((format!("duration[{name}]"), DataType::Duration(unit)));
    }
    for (name, data_type) in types {
        // A slice, so that the bits of what is null start within a byte.
        let array = numbers(&data_type, &[Some(9), None, Some(1), None, Some(3), Some(9)])?;
        put(&name, &array.slice(2, 3))?;
    }
    // 1.0 and 3.0 in 16 bits.
    let halves = numbers(&DataType::Float16, &[Some(0x3c00), None, Some(0x4200)])?;
    put("halffloat", &halves)?;
    put("bool", &BooleanArray::from(vec![Some(true), None, Some(false)]))?;
    put("null", &NullArray::new(3))?;
    let fixed = [Some(b"abc"), None, Some(b"xyz")];
    put("fixed", &FixedSizeBinaryArray::try_from_sparse_iter_with_size(fixed.into_iter(), 3)?)?;
    put("large_string", &LargeStringArray::from(vec![Some("a"), None, Some("naïve")]))?;
    let lists = [Some(vec![Some(1), Some(2)]), None, Some(vec![])];
    put("large_list", &GenericListArray::<i64>::from_iter_primitive::<Int32Type, _, _>(lists))?;
    let batch = record_batch!(
        ("n", Int64, [Some(1), Some(2)]),
        ("s", LargeUtf8, [Some("x"), None]),
        ("f", Float32, [Some(0.5), Some(1.5)])
    )?;
    let schema = Schema::new_with_metadata(batch.schema().fields().clone(), [("k".to_owned(), "v".to_owned())]);
    let batch = batch.with_schema(schema.into())?;
    client.put_named("rs/arrow/batch", &RecordBatch::from_arrow(&batch)?)?;
    let batches: [Batch; 2] = [batch.clone(), batch.slice(1, 1)];
    client.put_named("rs/arrow/table", &Table::from_arrow(batch.schema_ref(), &batches)?)?;
    assert_eq!(python("arrow_from_rust.py", server.socket()), "got");
    server.stop();
    Ok(())
}
