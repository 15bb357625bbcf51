//! Frames of polars through a real server.

mod convert;
mod sharing;

use polars_core::prelude::*;

/// Rows of the frames, so many that every buffer is more than padding.
const ROWS: usize = 600;

type Failure = Box<dyn std::error::Error>;

/// Numbers of 64 bits that every integer type holds.
fn counts(name: &str) -> Series {
    Series::new(name.into(), (0..ROWS as i64).map(|row| row % 100).collect::<Vec<_>>())
}

/// A column of every type that frames keep, without nulls.
fn every_type() -> Result<Vec<Series>, Failure> {
    use DataType::{Date, Datetime, Decimal, Duration, Float16, Float32, Float64, Time};
    let zone = TimeZone::opt_try_new(Some("Europe/Oslo"))?;
    let units = [TimeUnit::Milliseconds, TimeUnit::Microseconds, TimeUnit::Nanoseconds];
    let mut types = vec![DataType::Int8, DataType::Int16, DataType::Int32, DataType::Int64];
    types.extend([DataType::UInt8, DataType::UInt16, DataType::UInt32, DataType::UInt64]);
    types.extend([Float16, Float32, Float64, Date, Time, Decimal(20, 3), Decimal(38, 0)]);
    types.extend(units.iter().flat_map(|unit| [Datetime(*unit, None), Datetime(*unit, zone.clone()), Duration(*unit)]));
    let numbers = types.iter().map(|one| counts(&one.to_string()).cast(one));
    let mut columns = numbers.collect::<Result<Vec<_>, _>>()?;
    columns.push(Series::new("boolean".into(), (0..ROWS).map(|row| row % 3 == 0).collect::<Vec<_>>()));
    let texts: Vec<String> = (0..ROWS).map(|row| format!("{}{row}", "a long naïve text ".repeat(row % 3))).collect();
    columns.push(Series::new("text".into(), &texts));
    columns.push(Series::new("binary".into(), texts.iter().map(|text| text.as_bytes()).collect::<Vec<_>>()));
    columns.push(Series::new_null("null".into(), ROWS));
    let words = FrozenCategories::new(["unused", "red", "green", "a colour that has no short name"])?;
    let words = DataType::from_frozen_categories(words);
    let named = (0..ROWS).map(|row| ["red", "green", "a colour that has no short name"][row % 3]).collect::<Vec<_>>();
    columns.push(Series::new("enum".into(), named).cast(&words)?);
    nested(&mut columns)?;
    Ok(columns)
}

/// Lists, arrays and structs of what there is.
fn nested(columns: &mut Vec<Series>) -> Result<(), Failure> {
    let (numbers, texts) = (columns[3].clone(), columns.iter().find(|column| column.name() == "text").cloned());
    let texts = texts.ok_or("texts")?;
    let list = |values: &Series| (0..ROWS).map(|row| values.slice(row as i64, row % 4)).collect::<ListChunked>();
    let lists = list(&texts).with_name("list".into()).into_series();
    let times = numbers.cast(&DataType::Datetime(TimeUnit::Microseconds, None))?;
    columns.push(list(&times).with_name("list of times".into()).into_series());
    columns.push(list(&lists).with_name("list of lists".into()).into_series());
    let pairs = (0..ROWS).map(|row| numbers.slice((row as i64).min(ROWS as i64 - 2), 2)).collect::<ListChunked>();
    let pairs = pairs.into_series().cast(&DataType::Array(DataType::Int64.into(), 2))?;
    columns.push(pairs.clone().with_name("array".into()));
    let parts = [numbers.with_name("n".into()), texts.with_name("t".into()), pairs.with_name("p".into())];
    columns.push(StructChunked::from_series("struct".into(), ROWS, parts.iter())?.into_series());
    columns.push(lists);
    Ok(())
}

/// The same columns with some nulls, one row in seven.
fn with_nulls(columns: &[Series]) -> Result<Vec<Series>, Failure> {
    let places: IdxCa = (0..ROWS as IdxSize).map(|row| (row % 7 > 0).then_some(row)).collect();
    let nulled = |column: &Series| Ok(column.take(&places)?.with_name(format!("{} or null", column.name()).into()));
    columns.iter().map(nulled).collect()
}

fn frame(columns: Vec<Series>) -> Result<DataFrame, Failure> {
    Ok(DataFrame::new(ROWS, columns.into_iter().map(Column::from).collect())?)
}
