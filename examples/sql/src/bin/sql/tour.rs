//! Two tables in a store, and what a query does with them.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Float64Array, LargeStringArray};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::physical_plan::displayable;
use vineyard_core::Client;
use vineyard_server::Server;
use vineyard_types::DataFrame;
use vineyard_types::arrow::Table;

use crate::Failure;

const CITIES: [&str; 4] = ["Bergen", "Oslo", "Turku", "Lyon"];

const QUERY: &str = "\
SELECT c.country, count(*) AS readings, min(r.degrees) AS coldest, avg(r.degrees) AS mean
FROM readings r JOIN cities c ON r.city = c.city
WHERE r.degrees < 10
GROUP BY c.country
ORDER BY mean";

/// Starts a server, puts the tables as some other process might, and asks.
pub async fn run() -> Result<(), Failure> {
    let server = Server::builder().size(64 << 20).spawn()?;
    let client = Client::connect(server.socket())?;
    println!("A server at {}, and in it:", server.socket().display());
    put(&client)?;

    let session = vineyard_sql::session(&client)?;
    println!("\nThe store's names are the tables:");
    session.sql("SELECT table_name FROM information_schema.tables WHERE table_schema = 'store'").await?.show().await?;

    let before = client.instance_status()?.memory_usage;
    println!("\n{QUERY}\n");
    let query = session.sql(QUERY).await?;
    query.clone().show().await?;

    println!("\nIts plan, in which the scans have the condition and the columns and read the batches where they lie:");
    let plan = query.create_physical_plan().await?;
    print!("{}", displayable(plan.as_ref()).indent(false));
    let after = client.instance_status()?.memory_usage;
    println!("\nThe store has {before} bytes before the query and {after} after it.");
    Ok(())
}

/// A frame of numbers and text, and a table of two batches with a value missing.
fn put(client: &Client) -> Result<(), Failure> {
    let cities = DataFrame::new()
        .with_column("city", CITIES.to_vec())?
        .with_column("country", vec!["Norway", "Norway", "Finland", "France"])?
        .with_column("elevation", vec![12i64, 23, 22, 173])?;
    client.put_named("cities", &cities)?;

    let monday = day("Monday", [Some(7.0), Some(2.5), Some(-1.0), Some(14.0)])?;
    let tuesday = day("Tuesday", [Some(8.0), Some(4.5), None, Some(9.5)])?;
    client.put_named("readings", &Table::from_arrow(&monday.schema(), &[monday, tuesday])?)?;
    println!("  cities    a data frame of 4 rows\n  readings  a table of two batches with 4 rows each");
    Ok(())
}

/// The readings of all cities on one day.
fn day(name: &str, degrees: [Option<f64>; 4]) -> Result<RecordBatch, ArrowError> {
    let columns: [(&str, ArrayRef); 3] = [
        ("day", Arc::new(LargeStringArray::from(vec![name; CITIES.len()]))),
        ("city", Arc::new(LargeStringArray::from(CITIES.to_vec()))),
        ("degrees", Arc::new(Float64Array::from(degrees.to_vec()))),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, values)| (name, values, true)))
}
