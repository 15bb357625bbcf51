//! Series and rows of frames, between Rust and the published Python client.

use vineyard_core::Client;
use vineyard_tests::{TestResult, TestServer};
use vineyard_types::dataframe::ColumnNumber;
use vineyard_types::time::{DateTime64, Microsecond, Nanosecond};
use vineyard_types::{Bool8, DataFrame, Index, Series, StringArray};

use crate::python_with;

type Error = Box<dyn std::error::Error>;

/// The numbers of a series and its labels.
fn check<T: ColumnNumber>(client: &Client, name: &str, values: &[T], labels: &[i64]) -> Result<Series, Error> {
    let series = Series::clone(&*client.get_by_name::<Series>(name)?);
    let found = series.values().numbers::<T>().ok_or_else(|| format!("{name} is {}", series.values().type_name()))?;
    assert_eq!(found.as_slice(), values, "{name}");
    let found = series.index().values().numbers::<i64>().ok_or("labels")?;
    assert_eq!(found.as_slice(), labels, "{name}");
    Ok(series)
}

#[test]
fn series_of_python_are_read() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    assert_eq!(python_with("frames.py", &[&server.socket().display().to_string(), "put"]), "put");
    assert_eq!(check(&client, "py/int", &[1i64, -2, 3], &[0, 1, 2])?.name(), None);
    assert_eq!(check(&client, "py/float", &[0.5f64, -1.5], &[10, 20])?.name(), Some("degrees"));
    check(&client, "py/bool", &[true, false].map(Bool8::from), &[0, 1])?;
    check(&client, "py/time", &[DateTime64::<Nanosecond>::new(1_500_000_000), DateTime64::NAT], &[0, 1])?;
    check(&client, "py/micros", &[DateTime64::<Microsecond>::new(1_500_000)], &[0])?;
    check::<f32>(&client, "py/empty", &[], &[])?;
    let series = client.get_by_name::<Series>("py/text")?;
    let texts = series.values().texts().ok_or("texts")?;
    assert_eq!(texts.iter().collect::<Vec<_>>(), [Some(Ok("a")), Some(Ok("")), Some(Ok("naïve"))]);
    let labels = series.index().values().texts().ok_or("labels of text")?;
    assert_eq!((labels.get(2), series.index().name()), (Some(Ok("z")), Some("key")));
    Ok(())
}

#[test]
fn series_and_rows_of_frames_are_read_by_python() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let texts: Vec<Option<String>> = (0..100).map(|row| (row % 7 > 0).then(|| format!("naïve {row}"))).collect();
    let frame = DataFrame::new()
        .with_column("n", (0..100).collect::<Vec<i64>>())?
        .with_column("x", (0..100).map(|row| f64::from(row) / 4.0).collect::<Vec<f64>>())?
        .with_column("flag", (0..100).map(|row| row % 3 == 0).collect::<Vec<bool>>())?
        .with_column("full", (0..100).map(|row| format!("t{row}")).collect::<Vec<String>>())?
        .with_column("text", StringArray::from_options(texts))?;
    let frame = client.get::<DataFrame>(client.put(&frame.with_index(Index::range(1000, 1, 100))?)?)?;
    // Parts of what is stored, with bitmaps that start within a byte; and parts of parts.
    client.put_named("rs/rows", &frame.slice(13..77)?)?;
    client.put_named("rs/fewer", &frame.slice(10..50)?.slice(3..=5)?.without_index())?;
    client.put_named("rs/none", &frame.slice(50..50)?)?;
    let renamed = DataFrame::clone(&frame).without_columns(["flag", "x"])?.renamed("n", "m")?;
    client.put_named("rs/renamed", &renamed.select(["text", "m", "full"])?)?;
    let series = Series::new(frame.column("x")?.clone())?.with_index(Index::range(1000, 1, 100))?.named("x");
    client.put_named("rs/series", &series)?;
    client.put_named("rs/part", &series.slice(13..77)?)?;
    client.put_named("rs/texts", &Series::new(frame.column("text")?.slice(13..77)?)?)?;
    assert_eq!(python_with("frames.py", &[&server.socket().display().to_string(), "get"]), "got");
    Ok(())
}
