//! Where the bytes are: in the store, once.

use polars_core::prelude::*;
use vineyard_core::Client;
use vineyard_tests::{TestResult, TestServer, on_stock, payloads};
use vineyard_types::{DataFrame as Frame, StringArray};

use crate::{ROWS, every_type, frame, with_nulls};

fn memory(client: &Client) -> Result<u64, vineyard_core::Error> {
    Ok(client.instance_status()?.memory_usage)
}

/// Columns but for what polars does not share: bits, and the words of enums.
fn shared() -> Result<Vec<Series>, crate::Failure> {
    Ok(every_type()?.into_iter().filter(|column| !column.dtype().is_bool() && !column.dtype().is_enum()).collect())
}

#[test]
fn what_came_out_of_the_store_goes_back_by_links() -> TestResult {
    let server = TestServer::start();
    let (writer, reader) = (server.client()?, server.client()?);
    let first = writer.put(&Frame::from_polars(&frame(shared()?)?)?)?;
    let before = memory(&reader)?;
    let got = reader.get::<Frame>(first)?;
    let polars = got.to_polars()?;
    drop(got);
    // The frame of polars holds the leases by itself.
    let second = reader.put(&Frame::from_polars(&polars)?)?;
    assert_eq!(payloads(&reader, second)?, payloads(&reader, first)?);
    assert_eq!(memory(&reader)?, before, "nothing is stored twice");
    Ok(())
}

#[test]
fn other_columns_and_parts_of_a_stored_frame_are_put_by_links() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let got = client.get::<Frame>(client.put(&Frame::from_polars(&frame(shared()?)?)?)?)?;
    let polars = got.to_polars()?;
    let before = memory(&client)?;
    let fewer = polars.select(["text", "i64", "list"])?;
    let fewer = client.get::<Frame>(client.put(&Frame::from_polars(&fewer)?)?)?;
    assert_eq!((fewer.num_rows(), fewer.num_columns()), (ROWS, 3));
    assert_eq!(memory(&client)?, before);
    let part = polars.slice(100, 50);
    let stored = client.get::<Frame>(client.put(&Frame::from_polars(&part)?)?)?;
    assert!(stored.to_polars()?.equals_missing(&part));
    if !on_stock() {
        assert_eq!(memory(&client)?, before, "a part takes no memory");
    }
    Ok(())
}

#[test]
fn of_columns_with_nulls_only_the_bits_are_put_again() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let flat = shared()?.into_iter().filter(|column| !column.dtype().is_nested() && !column.dtype().is_null());
    let first = client.put(&Frame::from_polars(&frame(with_nulls(&flat.collect::<Vec<_>>())?)?)?)?;
    let got = client.get::<Frame>(first)?;
    let second = client.put(&Frame::from_polars(&got.to_polars()?)?)?;
    let (first, second) = (payloads(&client, first)?, payloads(&client, second)?);
    assert_eq!(first.len(), second.len());
    let bits = ROWS.div_ceil(8) as u64;
    for (path, (id, nbytes)) in &second {
        let old = first.get(path).ok_or("the same parts")?;
        assert_eq!(*nbytes, old.1, "{path}");
        assert!(id == &old.0 || *nbytes == bits, "{path}: {nbytes} bytes were copied");
    }
    Ok(())
}

#[test]
fn polars_reads_shared_memory() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let texts: Vec<_> = (0..ROWS).map(|row| format!("a text that is too long for a view: {row}")).collect();
    let frame = Frame::new().with_column("n", vec![7i64; ROWS])?.with_column("t", StringArray::from_iter(&texts))?;
    let got = client.get::<Frame>(client.put(&frame)?)?;
    let polars = got.to_polars()?;
    let numbers = polars.column("n")?.i64()?.cont_slice()?.as_ptr();
    assert_eq!(numbers, got.numbers::<i64>("n")?.as_slice().as_ptr());
    let text = polars.column("t")?.str()?.get(5).ok_or("a text")?.as_ptr();
    assert_eq!(Some(text), got.texts("t")?.get(5).transpose()?.map(str::as_ptr));
    assert!(got.texts("t")?.data().blob().arena_contains(text.addr()));
    Ok(())
}
