//! Real data: three million flights, put by Python as an Arrow table and as frames of pandas and polars, read and put anew
//! by Rust, and compared by Python.

use std::path::Path;

use arrow_array::RecordBatch as Batch;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use vineyard_tests::{TestResult, TestServer};
use vineyard_types::arrow::Table;

use crate::flights::copied;
use crate::{from_environment, python_with};

const ROWS: usize = 3_000_000;

/// What all of them have flown, in miles.
const MILES: i64 = 2_194_861_208;

const FORMS: [&str; 4] = ["table", "pandas", "pandas-arrow", "polars"];

#[test]
fn three_million_flights_are_read_and_put_anew() -> TestResult {
    if std::env::var_os("VINEYARD_TEST_SKIP_DATA").is_some() {
        println!("skipped: VINEYARD_TEST_SKIP_DATA is set");
        return Ok(());
    }
    let file = Path::new(&from_environment("VINEYARD_TEST_DATA")).join("flights-3m.parquet").display().to_string();
    let server = TestServer::with_size(1 << 30);
    let socket = server.socket().display().to_string();
    let client = server.client()?;
    let cells = 5 * ROWS;
    for form in FORMS {
        assert_eq!(python_with("flights_3m.py", &[&socket, &file, "put", form]), format!("put: {cells}"));
        let (from_python, from_rust) = (format!("py/{form}"), format!("rs/{form}"));
        let table = client.get_by_name::<Table>(&from_python)?;
        let batches = table.to_arrow().map_err(|error| format!("{form}: {error}"))?;
        assert_eq!(batches.iter().map(Batch::num_rows).sum::<usize>(), ROWS, "{form}");
        let distances = batches.iter().filter_map(|batch| batch.column_by_name("distance").cloned());
        let miles: i64 = distances.map(|column| column.as_primitive::<Int64Type>().values().iter().sum::<i64>()).sum();
        assert_eq!(miles, MILES, "{form}");
        let batches = batches.iter().map(copied).collect::<Result<Vec<_>, _>>()?;
        client.put_named(&from_rust, &Table::from_arrow(&table.schema()?, &batches)?)?;
        assert_eq!(python_with("flights_3m.py", &[&socket, &file, "get", form]), format!("get: {cells}"));
        // One form at a time: all of them are a gigabyte.
        for name in [from_python, from_rust] {
            client.delete(client.get_name(&name)?.ok_or("it has a name")?)?;
        }
    }
    server.stop();
    Ok(())
}
