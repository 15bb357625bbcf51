//! Frames out of record batches and back.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::{Array, BooleanArray, DurationSecondArray, RecordBatch as Batch, RecordBatchOptions, record_batch};
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use num_complex::Complex;
use vineyard_tests::random::Random;
use vineyard_tests::{TestResult, TestServer, arrays};
use vineyard_types::arrow::{RecordBatch, Table};
use vineyard_types::time::{DateTime64, Day, Second, TimeDelta64};
use vineyard_types::{Column, DataFrame, Index, Tensor};

use super::every_type;

/// Columns of every type, all of which may be null.
fn batch(rows: usize) -> Result<Batch, Box<dyn std::error::Error>> {
    let mut random = Random::new(rows as u64);
    let types = every_type();
    let columns = types.iter().map(|one| arrays::array(&mut random, one, rows)).collect::<Result<Vec<_>, _>>()?;
    let field = |(place, one): (usize, &DataType)| Field::new(format!("c{place}"), one.clone(), true);
    let schema = Schema::new(types.iter().enumerate().map(field).collect::<Vec<_>>());
    Ok(Batch::try_new(schema.into(), columns)?)
}

#[test]
fn columns_of_every_type_come_back_as_they_were() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    for rows in [0, 1, 40] {
        let batch = batch(rows)?;
        let frame = DataFrame::from_arrow(&batch)?;
        assert_eq!((frame.num_rows(), frame.num_columns()), (rows, batch.num_columns()));
        assert_eq!(frame.to_arrow()?, batch, "{rows} rows, before they are put");
        let got = client.get::<DataFrame>(client.put(&frame)?)?;
        assert_eq!(got.to_arrow()?, batch, "{rows} rows");
        let shown = got.head(rows).to_string();
        assert!(rows == 0 || shown.lines().count() == rows + 1, "{shown}");
        let part = got.slice(rows / 3..rows)?;
        assert_eq!(part.to_arrow()?, batch.slice(rows / 3, rows - rows / 3), "a part of {rows} rows");
    }
    Ok(())
}

#[test]
fn numbers_and_text_become_what_python_reads() -> TestResult {
    let batch = record_batch!(
        ("n", Int32, [1, 2, 3]),
        ("missing", Int32, [Some(1), None, Some(3)]),
        ("t", LargeUtf8, [Some("a"), None, Some("")]),
        ("short", Utf8, ["a", "b", "c"]),
        ("flag", Boolean, [true, false, true])
    )?;
    let frame = DataFrame::from_arrow(&batch)?;
    let kinds: Vec<_> = frame.columns().map(|(_, column)| matches!(column, Column::Arrow(_))).collect();
    assert_eq!(kinds, [false, true, false, true, true]);
    assert_eq!(frame.numbers::<i32>("n")?.as_slice(), [1, 2, 3]);
    assert!(frame.texts("t")?.is_null(1));
    assert_eq!(frame.arrow("short")?.data_type(), &DataType::Utf8);
    assert_eq!(
        frame.texts("short").map(|_| ()).map_err(|error| error.to_string()),
        Err("column `short` is of type Utf8, expected text".into())
    );
    assert_eq!(
        frame.arrow("n").map(|_| ()).map_err(|error| error.to_string()),
        Err("column `n` is of type int32, expected an array of Arrow's".into())
    );
    Ok(())
}

#[test]
fn only_whether_a_field_may_be_null_is_not_kept() -> TestResult {
    let field = |nullable| Field::new("n", DataType::Int64, nullable);
    let column: Arc<dyn Array> = Arc::new(arrow_array::Int64Array::from(vec![1, 2]));
    let strict = Batch::try_new(Schema::new(vec![field(false)]).into(), vec![Arc::clone(&column)])?;
    let loose = Batch::try_new(Schema::new(vec![field(true)]).into(), vec![column])?;
    assert_eq!(DataFrame::from_arrow(&strict)?.to_arrow()?, loose);
    Ok(())
}

#[test]
fn stored_batches_and_tables_become_frames_on_the_same_memory() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let batch = batch(30)?;
    let id = client.put(&RecordBatch::from_arrow(&batch)?)?;
    let stored = client.get::<RecordBatch>(id)?;
    let before = super::memory(&client)?;
    let frame = DataFrame::from_record_batch(&stored)?;
    let frame = client.get::<DataFrame>(client.put(&frame)?)?;
    assert_eq!(frame.to_arrow()?, batch);
    let again = client.get::<RecordBatch>(client.put(&frame.to_record_batch()?)?)?;
    assert_eq!(again.to_arrow()?, batch);
    if !vineyard_tests::on_stock() {
        assert_eq!(super::memory(&client)?, before, "nothing is stored twice");
    }
    let parts = [batch.slice(0, 10), batch.slice(10, 20)];
    let table = client.get::<Table>(client.put(&Table::from_arrow(batch.schema_ref(), &parts)?)?)?;
    let frames = DataFrame::from_table(&table)?;
    assert_eq!(frames.iter().map(DataFrame::to_arrow).collect::<Result<Vec<_>, _>>()?, parts);
    let empty = Table::from_arrow(batch.schema_ref(), &[])?;
    assert!(DataFrame::from_table(&empty)?.is_empty(), "a table without batches has no frames");
    Ok(())
}

#[test]
fn times_that_are_none_become_null_and_booleans_bits() -> TestResult {
    let none = TimeDelta64::<Second>::NAT;
    let spans: Tensor<TimeDelta64<Second>> = [TimeDelta64::new(5), none, TimeDelta64::new(-7)].into_iter().collect();
    let flags: Vec<bool> = (0..3).map(|place| place != 1).collect();
    let frame = DataFrame::new().with_column("span", spans)?.with_column("flag", flags.clone())?;
    let batch = frame.to_arrow()?;
    let expected = DurationSecondArray::from(vec![Some(5), None, Some(-7)]);
    assert_eq!(batch.column(0).as_ref(), &expected as &dyn Array);
    assert_eq!(batch.column(1).as_ref(), &BooleanArray::from(flags) as &dyn Array);
    // The lowest number is a time to Arrow, and none to numpy: such a column stays Arrow's.
    let lowest = Batch::try_from_iter_with_nullable([(
        "span",
        Arc::new(DurationSecondArray::from(vec![i64::MIN, 1])) as Arc<dyn Array>,
        true,
    )])?;
    let frame = DataFrame::from_arrow(&lowest)?;
    assert_eq!(frame.arrow("span")?.data_type(), &DataType::Duration(TimeUnit::Second));
    assert_eq!(frame.to_arrow()?, lowest);
    Ok(())
}

fn refused(frame: Result<DataFrame, vineyard_types::dataframe::ConvertError>) -> String {
    frame.map(|frame| frame.names().len()).expect_err("a frame cannot keep it").to_string()
}

#[test]
fn what_a_frame_cannot_keep_is_refused() -> TestResult {
    let column = || -> Arc<dyn Array> { Arc::new(arrow_array::Int64Array::from(vec![1, 2])) };
    let field = |name: &str| Field::new(name, DataType::Int64, true);
    let metadata = || HashMap::from([("k".to_owned(), "v".to_owned())]);
    let schema = Schema::new_with_metadata(vec![field("n")], metadata());
    let message = refused(DataFrame::from_arrow(&Batch::try_new(schema.into(), vec![column()])?));
    assert_eq!(message, "the schema has metadata under `k`, which a frame cannot keep: take it off first");
    let schema = Schema::new(vec![field("n").with_metadata(metadata())]);
    let message = refused(DataFrame::from_arrow(&Batch::try_new(schema.into(), vec![column()])?));
    assert_eq!(message, "field `n` has metadata under `k`, which a frame cannot keep: take it off first");
    let schema = Schema::new(vec![field("n"), field("n")]);
    let message = refused(DataFrame::from_arrow(&Batch::try_new(schema.into(), vec![column(), column()])?));
    assert_eq!(message, "two columns are named `n`, which a frame cannot have");
    let options = RecordBatchOptions::new().with_row_count(Some(3));
    let message =
        refused(DataFrame::from_arrow(&Batch::try_new_with_options(Arc::new(Schema::empty()), vec![], &options)?));
    assert_eq!(message, "a batch of 3 rows without columns cannot be a frame: it would have no rows");
    Ok(())
}

#[test]
fn what_a_batch_cannot_keep_is_refused() -> TestResult {
    let refused = |frame: DataFrame| frame.to_arrow().expect_err("a batch cannot keep it").to_string();
    let frame = DataFrame::new().with_column("n", vec![1i64])?;
    let message = refused(frame.clone().with_index(Index::new(vec![5u8]))?);
    assert!(message.starts_with("the frame has an index"), "{message}");
    assert_eq!(frame.clone().with_index(Index::new(vec![5u8]))?.without_index().to_arrow()?, frame.to_arrow()?);
    let message = refused(DataFrame::new().with_column(7, vec![1i64])?);
    assert_eq!(message, "column `7` is named by 7, the columns of a record batch are named by text");
    let message = refused(frame.clone().with_column("z", vec![Complex::new(0.5f64, 1.0)])?);
    assert_eq!(message, "column `z` is of type complex128, for which Arrow has none");
    let days: Tensor<DateTime64<Day>> = [DateTime64::new(5)].into_iter().collect();
    let message = refused(frame.clone().with_column("d", days)?);
    assert_eq!(message, "column `d` is of type datetime64[D], for which Arrow has none");
    let message = refused(frame.with_column("m", Tensor::new([1, 2], vec![1u8, 2])?)?);
    assert_eq!(message, "column `m` is a tensor of shape [1, 2], a column of a record batch has one dimension");
    Ok(())
}
