//! What is in the store already is linked.

use std::sync::Arc;

use arrow_array::{Float64Array, record_batch};
use arrow_schema::{DataType, Field};
use vineyard_core::{Client, ObjectId, Opaque};
use vineyard_tests::{TestResult, TestServer, on_stock};
use vineyard_types::arrow::{ArrowArray, RecordBatch};

fn blob(client: &Client, id: ObjectId, column: &str, key: &str) -> Result<ObjectId, Box<dyn std::error::Error>> {
    let blob = client.get::<Opaque>(id)?.member(column)?.meta().blob(key)?;
    Ok(blob.id().ok_or("a stored blob has an id")?)
}

#[test]
fn a_batch_with_one_more_column_costs_that_column() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let numbers: Vec<i64> = (0..10_000).collect();
    let batch = record_batch!(("n", Int64, numbers), ("s", LargeUtf8, vec!["text"; 10_000]))?;
    let first = client.put(&RecordBatch::from_arrow(&batch)?)?;
    let got = client.get::<RecordBatch>(first)?;
    let before = client.instance_status()?.memory_usage;
    let column = Float64Array::from(vec![0.5; 10_000]);
    let wider = RecordBatch::clone(&got)
        .with_column(Field::new("x", DataType::Float64, false), ArrowArray::from_arrow(&column))?;
    let second = client.put(&wider)?;
    if !on_stock() {
        assert_eq!(client.instance_status()?.memory_usage - before, 80_000);
    }
    let places = [("__columns_-0", "buffer_"), ("__columns_-1", "buffer_data_"), ("__columns_-1", "buffer_offsets_")];
    for (column, key) in places {
        assert_eq!(blob(&client, first, column, key)?, blob(&client, second, column, key)?, "{column}.{key}");
    }
    let read = client.get::<RecordBatch>(second)?.to_arrow()?;
    assert_eq!(read.num_columns(), 3);
    assert_eq!(read.project(&[0, 1])?, batch);
    assert_eq!(read.column(2).as_ref(), &column as &dyn arrow_array::Array);
    Ok(())
}

#[test]
fn a_column_that_does_not_fit_is_refused() -> TestResult {
    let batch = RecordBatch::from_arrow(&record_batch!(("n", Int64, [1, 2]))?)?;
    let short = ArrowArray::from_arrow(&Float64Array::from(vec![0.5]));
    let field = Field::new("x", DataType::Float64, false);
    let error = batch.clone().with_column(field, short.clone()).expect_err("too short");
    assert_eq!(error.to_string(), "column 1 (`x`): it has 1 rows, the batch has 2");
    let error = batch.with_column(Field::new("x", DataType::Int8, true), short).expect_err("another type");
    assert_eq!(error.to_string(), "column 1 (`x`): it holds Float64, the schema says Int8");
    Ok(())
}

#[test]
fn arrays_share_what_they_were_put_with() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let array: Arc<dyn arrow_array::Array> = Arc::new(Float64Array::from(vec![1.5; 1000]));
    let id = client.put(&ArrowArray::from_arrow(&array))?;
    let got = client.get::<ArrowArray>(id)?;
    let again = client.put(&ArrowArray::clone(&got))?;
    let place =
        |id| -> Result<_, Box<dyn std::error::Error>> { Ok(client.get::<Opaque>(id)?.meta().blob("buffer_")?.id()) };
    assert_ne!(id, again);
    assert_eq!(place(id)?, place(again)?);
    Ok(())
}

#[test]
fn what_arrow_made_of_a_stored_array_is_linked_and_a_part_of_it_is_a_slice() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let batch = record_batch!(("n", Int64, (0..10_000).collect::<Vec<i64>>()), ("x", Float64, vec![0.5; 10_000]))?;
    let first = client.put(&RecordBatch::from_arrow(&batch)?)?;
    let got = client.get::<RecordBatch>(first)?.to_arrow()?;
    let before = client.instance_status()?.memory_usage;
    let whole = client.put(&RecordBatch::from_arrow(&got.project(&[1, 0])?)?)?;
    assert_eq!(client.instance_status()?.memory_usage, before);
    for (old, new) in [("__columns_-0", "__columns_-1"), ("__columns_-1", "__columns_-0")] {
        assert_eq!(blob(&client, first, old, "buffer_")?, blob(&client, whole, new, "buffer_")?, "{old}");
    }
    let part = client.put(&RecordBatch::from_arrow(&got.slice(5000, 100))?)?;
    let copied = if on_stock() { 1600 } else { 0 };
    assert_eq!(client.instance_status()?.memory_usage - before, copied);
    assert_ne!(blob(&client, first, "__columns_-0", "buffer_")?, blob(&client, part, "__columns_-0", "buffer_")?);
    // The part stays when what it was cut from goes.
    drop(got);
    client.delete(whole)?;
    client.delete(first)?;
    assert_eq!(client.get::<RecordBatch>(part)?.to_arrow()?, batch.slice(5000, 100));
    Ok(())
}
