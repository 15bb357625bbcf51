//! Ends and weights in arrays of Arrow.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayAccessor, ArrowPrimitiveType, PrimitiveArray};
use arrow_schema::DataType;

use super::EdgeWeight;

/// Why an array does not hold what it should.
#[doc(hidden)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unread {
    /// It is of another type.
    Type,
    /// One of its rows is not one of these.
    Row { row: usize, found: String },
}

/// Applies `read` to each value of an array without nulls, with its row.
fn each<A: ArrayAccessor, T>(array: A, read: impl Fn(A::Item, usize) -> Result<T, Unread>) -> Result<Vec<T>, Unread> {
    let row = |row: usize| match array.is_null(row) {
        true => Err(Unread::Row { row, found: "null".to_owned() }),
        false => read(array.value(row), row),
    };
    (0..array.len()).map(row).collect()
}

fn primitive<P: ArrowPrimitiveType, T>(
    array: &dyn Array,
    convert: impl Fn(P::Native) -> Option<T>,
) -> Result<Vec<T>, Unread>
where
    P::Native: std::fmt::Debug,
{
    let array: &PrimitiveArray<P> = array.as_primitive_opt().ok_or(Unread::Type)?;
    each(array, |value, row| convert(value).ok_or_else(|| Unread::Row { row, found: format!("{value:?}") }))
}

/// The values of an array of integers, each of which is `T` exactly.
fn whole<T>(array: &dyn Array, convert: impl Fn(i128) -> Option<T>) -> Result<Vec<T>, Unread> {
    match array.data_type() {
        DataType::Int8 => primitive::<Int8Type, T>(array, |value| convert(value.into())),
        DataType::Int16 => primitive::<Int16Type, T>(array, |value| convert(value.into())),
        DataType::Int32 => primitive::<Int32Type, T>(array, |value| convert(value.into())),
        DataType::Int64 => primitive::<Int64Type, T>(array, |value| convert(value.into())),
        DataType::UInt8 => primitive::<UInt8Type, T>(array, |value| convert(value.into())),
        DataType::UInt16 => primitive::<UInt16Type, T>(array, |value| convert(value.into())),
        DataType::UInt32 => primitive::<UInt32Type, T>(array, |value| convert(value.into())),
        DataType::UInt64 => primitive::<UInt64Type, T>(array, |value| convert(value.into())),
        _ => Err(Unread::Type),
    }
}

/// The integers in an array of integers of any width.
pub(in crate::graph) fn integers<T: TryFrom<i128>>(array: &dyn Array) -> Result<Vec<T>, Unread> {
    whole(array, |value| value.try_into().ok())
}

/// The weights in an array of integers or floats of any width.
pub(super) fn weights<W: EdgeWeight>(array: &dyn Array) -> Result<Vec<W>, Unread> {
    match array.data_type() {
        DataType::Float16 => primitive::<Float16Type, W>(array, |value| W::of_float(value.into())),
        DataType::Float32 => primitive::<Float32Type, W>(array, |value| W::of_float(value.into())),
        DataType::Float64 => primitive::<Float64Type, W>(array, W::of_float),
        _ => whole(array, W::of_integer),
    }
}

/// The texts in an array of texts, or in a dictionary of them.
pub(in crate::graph) fn texts(array: &dyn Array) -> Result<Vec<&str>, Unread> {
    match array.data_type() {
        DataType::Utf8 => each(array.as_string::<i32>(), |text, _| Ok(text)),
        DataType::LargeUtf8 => each(array.as_string::<i64>(), |text, _| Ok(text)),
        DataType::Utf8View => each(array.as_string_view(), |text, _| Ok(text)),
        DataType::Dictionary(..) => {
            let dictionary = array.as_any_dictionary();
            let keys = whole(dictionary.keys(), |key| usize::try_from(key).ok())?;
            let values = dictionary.values();
            let text = |(row, key): (usize, usize)| {
                let there = key < values.len() && !values.is_null(key);
                there.then_some(key).ok_or_else(|| Unread::Row { row, found: "null".to_owned() })
            };
            let keys = keys.into_iter().enumerate().map(text).collect::<Result<Vec<_>, _>>()?;
            // Of values that no row has, some may be null.
            let texts = optional(values)?;
            Ok(keys.into_iter().filter_map(|key| texts.get(key).copied().flatten()).collect())
        }
        _ => Err(Unread::Type),
    }
}

/// The texts in an array of texts, nulls among them.
fn optional(array: &dyn Array) -> Result<Vec<Option<&str>>, Unread> {
    match array.data_type() {
        DataType::Utf8 => Ok(array.as_string::<i32>().iter().collect()),
        DataType::LargeUtf8 => Ok(array.as_string::<i64>().iter().collect()),
        DataType::Utf8View => Ok(array.as_string_view().iter().collect()),
        _ => Err(Unread::Type),
    }
}
