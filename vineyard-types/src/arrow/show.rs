//! Elements of arrays as short text.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    self, Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type, Float16Type,
    Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, make_array};
use arrow_schema::{DataType, IntervalUnit, TimeUnit};

use super::node::Node;
use crate::dataframe::Cell;

/// Elements of a list beyond which it is cut.
const MAX_ELEMENTS: usize = 8;

/// What numpy calls a type that it has as well; `object` for all others.
pub(super) fn numpy_name(data_type: &DataType) -> &'static str {
    match data_type {
        DataType::Boolean => "bool",
        DataType::Int8 => "int8",
        DataType::Int16 => "int16",
        DataType::Int32 => "int32",
        DataType::Int64 => "int64",
        DataType::UInt8 => "uint8",
        DataType::UInt16 => "uint16",
        DataType::UInt32 => "uint32",
        DataType::UInt64 => "uint64",
        DataType::Float16 => "float16",
        DataType::Float32 => "float32",
        DataType::Float64 => "float64",
        DataType::Timestamp(TimeUnit::Second, None) => "datetime64[s]",
        DataType::Timestamp(TimeUnit::Millisecond, None) => "datetime64[ms]",
        DataType::Timestamp(TimeUnit::Microsecond, None) => "datetime64[us]",
        DataType::Timestamp(TimeUnit::Nanosecond, None) => "datetime64[ns]",
        DataType::Duration(TimeUnit::Second) => "timedelta64[s]",
        DataType::Duration(TimeUnit::Millisecond) => "timedelta64[ms]",
        DataType::Duration(TimeUnit::Microsecond) => "timedelta64[us]",
        DataType::Duration(TimeUnit::Nanosecond) => "timedelta64[ns]",
        _ => "object",
    }
}

/// One element of a node. It is checked together with the text in front of it and with what goes along with it as a whole:
/// the elements of lists, the values of dictionaries, runs.
pub(super) fn cell(node: &Node, row: usize) -> Cell<'static> {
    let data = node.slice(row..row.saturating_add(1)).and_then(|one| one.cut_text().to_data());
    match data.map(make_array) {
        Err(_) => Cell::Unreadable,
        Ok(array) => value(&array, 0).map_or(Cell::Missing, Cell::Value),
    }
}

/// An element as text; `None` for null.
fn value(array: &ArrayRef, index: usize) -> Option<String> {
    macro_rules! primitive {
        ($type:ty) => {
            array.as_primitive::<$type>().value(index).to_string()
        };
    }
    macro_rules! decimal {
        ($type:ty) => {
            array.as_primitive::<$type>().value_as_string(index)
        };
    }
    if array.is_null(index) || array.data_type() == &DataType::Null {
        return None;
    }
    Some(match array.data_type() {
        DataType::Boolean => array.as_boolean().value(index).to_string(),
        DataType::Int8 => primitive!(Int8Type),
        DataType::Int16 => primitive!(Int16Type),
        DataType::Int32 => primitive!(Int32Type),
        DataType::Int64 => primitive!(Int64Type),
        DataType::UInt8 => primitive!(UInt8Type),
        DataType::UInt16 => primitive!(UInt16Type),
        DataType::UInt32 => primitive!(UInt32Type),
        DataType::UInt64 => primitive!(UInt64Type),
        DataType::Float16 => primitive!(Float16Type),
        DataType::Float32 => primitive!(Float32Type),
        DataType::Float64 => primitive!(Float64Type),
        DataType::Decimal32(_, _) => decimal!(Decimal32Type),
        DataType::Decimal64(_, _) => decimal!(Decimal64Type),
        DataType::Decimal128(_, _) => decimal!(Decimal128Type),
        DataType::Decimal256(_, _) => decimal!(Decimal256Type),
        DataType::Date32 => shown(array.as_primitive::<Date32Type>().value_as_date(index)),
        DataType::Date64 => shown(array.as_primitive::<Date64Type>().value_as_datetime(index)),
        DataType::Utf8 => array.as_string::<i32>().value(index).to_owned(),
        DataType::LargeUtf8 => array.as_string::<i64>().value(index).to_owned(),
        DataType::Utf8View => array.as_string_view().value(index).to_owned(),
        DataType::Binary => bytes(array.as_binary::<i32>().value(index)),
        DataType::LargeBinary => bytes(array.as_binary::<i64>().value(index)),
        DataType::BinaryView => bytes(array.as_binary_view().value(index)),
        DataType::FixedSizeBinary(_) => bytes(array.as_fixed_size_binary().value(index)),
        DataType::List(_) => list(&array.as_list::<i32>().value(index)),
        DataType::LargeList(_) => list(&array.as_list::<i64>().value(index)),
        DataType::FixedSizeList(_, _) => list(&array.as_fixed_size_list().value(index)),
        DataType::Dictionary(_, _) => {
            let words = array.as_any_dictionary();
            let key = words.normalized_keys().get(index).copied()?;
            return value(words.values(), key);
        }
        DataType::Struct(_) | DataType::Map(_, _) | DataType::ListView(_) | DataType::LargeListView(_) => {
            return nested(array, index);
        }
        DataType::Union(_, _) => {
            let union = array.as_union();
            return value(&union.value(index), 0);
        }
        DataType::RunEndEncoded(_, _) => return run(array, index),
        _ => return time(array, index),
    })
}

/// Times of day, time stamps, spans of time.
fn time(array: &ArrayRef, index: usize) -> Option<String> {
    macro_rules! of {
        ($type:ty, $as:ident) => {
            shown(array.as_primitive::<$type>().$as(index))
        };
    }
    macro_rules! count {
        ($type:ty, $unit:literal) => {
            format!("{}{}", array.as_primitive::<$type>().value(index), $unit)
        };
    }
    Some(match array.data_type() {
        DataType::Time32(TimeUnit::Second) => of!(types::Time32SecondType, value_as_time),
        DataType::Time32(_) => of!(types::Time32MillisecondType, value_as_time),
        DataType::Time64(TimeUnit::Microsecond) => of!(types::Time64MicrosecondType, value_as_time),
        DataType::Time64(_) => of!(types::Time64NanosecondType, value_as_time),
        DataType::Timestamp(unit, zone) => {
            let time = match unit {
                TimeUnit::Second => of!(types::TimestampSecondType, value_as_datetime),
                TimeUnit::Millisecond => of!(types::TimestampMillisecondType, value_as_datetime),
                TimeUnit::Microsecond => of!(types::TimestampMicrosecondType, value_as_datetime),
                TimeUnit::Nanosecond => of!(types::TimestampNanosecondType, value_as_datetime),
            };
            // Points in time with a zone are shown as they are stored.
            if zone.is_some() { time + " UTC" } else { time }
        }
        DataType::Duration(TimeUnit::Second) => count!(types::DurationSecondType, "s"),
        DataType::Duration(TimeUnit::Millisecond) => count!(types::DurationMillisecondType, "ms"),
        DataType::Duration(TimeUnit::Microsecond) => count!(types::DurationMicrosecondType, "us"),
        DataType::Duration(TimeUnit::Nanosecond) => count!(types::DurationNanosecondType, "ns"),
        DataType::Interval(IntervalUnit::YearMonth) => count!(types::IntervalYearMonthType, " months"),
        DataType::Interval(IntervalUnit::DayTime) => {
            let span = array.as_primitive::<types::IntervalDayTimeType>().value(index);
            format!("{} days {}ms", span.days, span.milliseconds)
        }
        DataType::Interval(IntervalUnit::MonthDayNano) => {
            let span = array.as_primitive::<types::IntervalMonthDayNanoType>().value(index);
            format!("{} months {} days {}ns", span.months, span.days, span.nanoseconds)
        }
        other => format!("<{other}>"),
    })
}

/// A point in time that the calendar has.
fn shown(value: Option<impl std::fmt::Display>) -> String {
    value.map_or_else(|| "?".to_owned(), |value| value.to_string())
}

fn bytes(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn element(array: &ArrayRef, index: usize) -> String {
    value(array, index).unwrap_or_else(|| "-".to_owned())
}

fn list(values: &ArrayRef) -> String {
    let mut shown: Vec<String> = (0..values.len().min(MAX_ELEMENTS)).map(|index| element(values, index)).collect();
    if values.len() > MAX_ELEMENTS {
        shown.push("…".to_owned());
    }
    format!("[{}]", shown.join(", "))
}

fn nested(array: &ArrayRef, index: usize) -> Option<String> {
    let pairs: Vec<String> = match array.data_type() {
        DataType::ListView(_) => return Some(list(&array.as_list_view::<i32>().value(index))),
        DataType::LargeListView(_) => return Some(list(&array.as_list_view::<i64>().value(index))),
        DataType::Struct(fields) => {
            let columns = fields.iter().zip(array.as_struct().columns());
            columns.map(|(field, column)| format!("{}: {}", field.name(), element(column, index))).collect()
        }
        _ => {
            let entries = array.as_map().value(index);
            let [keys, values] = entries.columns() else { return None };
            let pair = |place| format!("{}: {}", element(keys, place), element(values, place));
            (0..entries.len().min(MAX_ELEMENTS)).map(pair).collect()
        }
    };
    Some(format!("{{{}}}", pairs.join(", ")))
}

/// The value of the run that an element lies in.
fn run(array: &ArrayRef, index: usize) -> Option<String> {
    macro_rules! of {
        ($ends:ty) => {
            if let Some(runs) = array.as_run_opt::<$ends>() {
                return value(runs.values(), runs.get_physical_index(index));
            }
        };
    }
    of!(Int16Type);
    of!(Int32Type);
    of!(Int64Type);
    None
}
