//! What the client wrote of Arrow's arrays, batches and tables.

use arrow_array::{Int64Array, LargeStringArray, record_batch};
use arrow_schema::Schema;
use vineyard_core::{Object, ObjectMeta, registry};
use vineyard_types::arrow::{ArrowArray, ArrowSchema, RecordBatch, Table};

use crate::recording::replies;
use crate::{TestResult, differences, written};

fn fields(schema: &Schema) -> String {
    let fields = schema.fields().iter();
    let fields: Vec<String> = fields.map(|field| format!("{}: {}", field.name(), field.data_type())).collect();
    fields.join(", ")
}

/// What an object is read as. The bytes of arrays were not recorded, so those of the ones without nulls are zeros.
fn described(meta: &ObjectMeta) -> Result<String, Box<dyn std::error::Error>> {
    if let Ok(array) = ArrowArray::resolve(meta) {
        let nulls = array.null_count().ok_or("the client counts")?;
        if nulls == 0 {
            let read = array.to_arrow()?;
            assert_eq!((read.len(), read.data_type()), (array.len(), array.data_type()), "{}", meta.typename());
        }
        return Ok(format!("{} of {}, {nulls} null", array.len(), array.data_type()));
    }
    let object = match registry().resolve(meta)?.downcast::<RecordBatch>() {
        Ok(batch) => {
            return Ok(format!("batch of {} rows, {}", batch.to_arrow()?.num_rows(), fields(&*batch.schema()?)));
        }
        Err(object) => object,
    };
    let object = match object.downcast::<Table>() {
        Ok(table) => {
            let rows: Vec<usize> = table.to_arrow()?.iter().map(|batch| batch.num_rows()).collect();
            return Ok(format!("table of {rows:?} rows, {}", fields(&*table.schema()?)));
        }
        Err(object) => object,
    };
    match object.downcast::<ArrowSchema>() {
        Ok(schema) => Ok(format!("schema, {}", fields(&*schema.to_arrow()?))),
        Err(object) => Ok(format!("a {}", object.meta().typename())),
    }
}

#[test]
fn what_pyarrow_wrote_is_read() -> TestResult {
    let mut found = Vec::new();
    for reply in replies("putget_arrow.jsonl")? {
        let object = reply.objects.first().map_or_else(|| Ok("a blob".to_owned()), described);
        found.push(format!("{}: {}", reply.doing, object.map_err(|error| format!("{}: {error}", reply.doing))?));
    }
    let expected = [
        "get pa.Buffer: a blob",
        "get int64 array: 3 of Int64, 0 null",
        "get int64 array with null: 3 of Int64, 1 null",
        "get double array: 2 of Float64, 0 null",
        "get bool array: 3 of Boolean, 1 null",
        "get string array: 3 of LargeUtf8, 1 null",
        "get large string array: 2 of LargeUtf8, 0 null",
        // What Python pickled: the client does not know bytes, its own large lists, and arrays in chunks.
        "get binary array: a vineyard::PickleBuffer",
        "get null array: 2 of Null, 0 null",
        "get list array: 2 of LargeList(Int64), 0 null",
        "get large list array: a vineyard::PickleBuffer",
        "get timestamp array: 2 of Timestamp(ns), 0 null",
        "get schema: schema, a: Int64, b: LargeUtf8",
        "get RecordBatch: batch of 2 rows, a: Int64, b: LargeUtf8",
        "get Table: table of [2] rows, a: Int64, b: Float64",
        "get Table of two batches: table of [2, 1] rows, a: Int64",
        "get chunked array: a vineyard::PickleBuffer",
    ];
    assert_eq!(found, expected, "found:\n{}", found.join("\n"));
    Ok(())
}

/// Every part of them is read by itself as well.
#[test]
fn the_parts_of_what_pyarrow_wrote_are_read() -> TestResult {
    let parts = replies("putget_arrow.jsonl")?;
    let parts = parts.iter().flat_map(|reply| reply.objects.iter().skip(1).map(|meta| (&reply.doing, meta)));
    let mut found = Vec::new();
    for (doing, meta) in parts {
        found.push(format!("{doing}: {}", described(meta).map_err(|error| format!("{doing}: {error}"))?));
    }
    found.dedup();
    let expected = [
        "get list array: 3 of Int64, 0 null",
        "get RecordBatch: 2 of Int64, 0 null",
        "get RecordBatch: 2 of LargeUtf8, 0 null",
        "get RecordBatch: schema, a: Int64, b: LargeUtf8",
        "get Table: batch of 2 rows, a: Int64, b: Float64",
        "get Table: 2 of Int64, 0 null",
        "get Table: 2 of Float64, 0 null",
        "get Table: schema, a: Int64, b: Float64",
        "get Table of two batches: batch of 2 rows, a: Int64",
        "get Table of two batches: 2 of Int64, 0 null",
        "get Table of two batches: schema, a: Int64",
        "get Table of two batches: batch of 1 rows, a: Int64",
        "get Table of two batches: 1 of Int64, 0 null",
        "get Table of two batches: schema, a: Int64",
    ];
    assert_eq!(found, expected, "found:\n{}", found.join("\n"));
    Ok(())
}

#[test]
fn arrays_and_tables_have_the_metadata_that_pyarrow_writes() -> TestResult {
    let theirs = written("putget_arrow.jsonl", "put int64 array with null", "vineyard::NumericArray<int64>")?;
    let ours = ArrowArray::from_arrow(&Int64Array::from(vec![Some(1), None, Some(3)]));
    assert_eq!(differences(&ours, &theirs)?, "");
    let theirs =
        written("putget_arrow.jsonl", "put string array", "vineyard::BaseBinaryArray<arrow::LargeStringArray>")?;
    let ours = ArrowArray::from_arrow(&LargeStringArray::from(vec![Some("a"), None, Some("cc")]));
    // The client leaves out the offsets and what is null.
    assert_eq!(differences(&ours, &theirs)?, "nbytes: 36 here, 16 there\n");
    let theirs = written("putget_arrow.jsonl", "put Table", "vineyard::Table")?;
    let batch = record_batch!(("a", Int64, [1, 2]), ("b", Float64, [0.5, 1.5]))?;
    let ours = Table::from_arrow(batch.schema_ref(), std::slice::from_ref(&batch))?;
    // Each library writes the message of a schema in its way, and counts other bytes.
    let differ = differences(&ours, &theirs)?;
    let only = |line: &str| line.contains("schema_binary_: ") || line.contains("nbytes: ");
    assert!(differ.lines().all(only), "{differ}");
    Ok(())
}
