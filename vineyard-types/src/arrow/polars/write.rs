//! Arrow's arrays as columns of polars.

use std::fmt;
use std::marker::PhantomData;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType, OffsetSizeTrait, downcast_integer_array, types};
use arrow_buffer::{ArrowNativeType, BooleanBuffer, Buffer, NullBuffer, OffsetBuffer};
use arrow_schema::{DataType as Arrow, Fields, TimeUnit as ArrowUnit};
use bytemuck::Pod;
use polars_arrow::array::{
    Array as Polars, BinaryViewArrayGeneric, BooleanArray, FixedSizeListArray, ListArray, NullArray, PrimitiveArray,
    StructArray, View, ViewType,
};
use polars_arrow::bitmap::Bitmap;
use polars_arrow::datatypes::{ArrowDataType, Field as PolarsField};
use polars_arrow::offset::OffsetsBuffer;
use polars_arrow::types::NativeType;
use polars_core::datatypes::{
    CategoricalPhysical, DataType, Field, Float16Type, FrozenCategories, PlSmallStr, PolarsNumericType, TimeUnit,
    TimeZone,
};
use polars_core::prelude::IdxSize;
use polars_core::series::Series;

use super::Foreign;

type F16 = <Float16Type as PolarsNumericType>::Native;

/// An array in the physical form of polars, and the type that it is then.
type Written = (Box<dyn Polars>, DataType);

/// The array, which is valid, as a column over its buffers.
pub(crate) fn to_series(name: &str, array: &ArrayRef) -> Result<Series, Foreign> {
    let refused = |problem: &dyn fmt::Display| Foreign::new(array.data_type(), problem);
    if IdxSize::try_from(array.len()).is_err() {
        return Err(refused(&format!("{} rows are more than this build of polars counts", array.len())));
    }
    let (chunk, dtype) = write(array.as_ref())?;
    Series::from_chunk_and_dtype(PlSmallStr::from_str(name), chunk, &dtype).map_err(|error| refused(&error))
}

fn write(array: &dyn Array) -> Result<Written, Foreign> {
    let found = array.data_type();
    let refused = |problem: &str| Err(Foreign::new(found, problem));
    match found {
        Arrow::Null => Ok((NullArray::new(ArrowDataType::Null, array.len()).boxed(), DataType::Null)),
        Arrow::Boolean => {
            let values = bits(array.as_boolean().values());
            let made = BooleanArray::try_new(ArrowDataType::Boolean, values?, nulls(array)?);
            Ok((checked(found, made)?, DataType::Boolean))
        }
        Arrow::Int8 => numbers::<types::Int8Type, i8>(array, DataType::Int8),
        Arrow::Int16 => numbers::<types::Int16Type, i16>(array, DataType::Int16),
        Arrow::Int32 => numbers::<types::Int32Type, i32>(array, DataType::Int32),
        Arrow::Int64 => numbers::<types::Int64Type, i64>(array, DataType::Int64),
        Arrow::UInt8 => numbers::<types::UInt8Type, u8>(array, DataType::UInt8),
        Arrow::UInt16 => numbers::<types::UInt16Type, u16>(array, DataType::UInt16),
        Arrow::UInt32 => numbers::<types::UInt32Type, u32>(array, DataType::UInt32),
        Arrow::UInt64 => numbers::<types::UInt64Type, u64>(array, DataType::UInt64),
        Arrow::Float16 => numbers::<types::Float16Type, F16>(array, DataType::Float16),
        Arrow::Float32 => numbers::<types::Float32Type, f32>(array, DataType::Float32),
        Arrow::Float64 => numbers::<types::Float64Type, f64>(array, DataType::Float64),
        Arrow::Decimal128(precision, scale) => match usize::try_from(*scale) {
            Ok(scale) => numbers::<types::Decimal128Type, i128>(array, DataType::Decimal((*precision).into(), scale)),
            Err(_) => refused("polars has no decimals of a negative scale"),
        },
        Arrow::Date32 => numbers::<types::Date32Type, i32>(array, DataType::Date),
        Arrow::Time64(ArrowUnit::Nanosecond) => numbers::<types::Time64NanosecondType, i64>(array, DataType::Time),
        Arrow::Timestamp(unit, zone) => {
            let known = TimeZone::opt_try_new(zone.as_deref()).map_err(|error| Foreign::new(found, error))?;
            if known.as_ref().map(|known| &***known) != zone.as_deref() {
                return refused("polars gives this time zone another name");
            }
            match unit {
                ArrowUnit::Second => refused("polars counts no seconds: cast it to milliseconds"),
                ArrowUnit::Millisecond => numbers::<types::TimestampMillisecondType, i64>(
                    array,
                    DataType::Datetime(TimeUnit::Milliseconds, known),
                ),
                ArrowUnit::Microsecond => numbers::<types::TimestampMicrosecondType, i64>(
                    array,
                    DataType::Datetime(TimeUnit::Microseconds, known),
                ),
                ArrowUnit::Nanosecond => numbers::<types::TimestampNanosecondType, i64>(
                    array,
                    DataType::Datetime(TimeUnit::Nanoseconds, known),
                ),
            }
        }
        Arrow::Duration(unit) => match unit {
            ArrowUnit::Second => refused("polars counts no seconds: cast it to milliseconds"),
            ArrowUnit::Millisecond => {
                numbers::<types::DurationMillisecondType, i64>(array, DataType::Duration(TimeUnit::Milliseconds))
            }
            ArrowUnit::Microsecond => {
                numbers::<types::DurationMicrosecondType, i64>(array, DataType::Duration(TimeUnit::Microseconds))
            }
            ArrowUnit::Nanosecond => {
                numbers::<types::DurationNanosecondType, i64>(array, DataType::Duration(TimeUnit::Nanoseconds))
            }
        },
        Arrow::Utf8View => {
            let (views, bytes) = (array.as_string_view().views().inner(), array.as_string_view().data_buffers());
            viewed::<str>(array, owned(views), bytes, DataType::String)
        }
        Arrow::BinaryView => {
            let (views, bytes) = (array.as_binary_view().views().inner(), array.as_binary_view().data_buffers());
            viewed::<[u8]>(array, owned(views), bytes, DataType::Binary)
        }
        Arrow::Utf8 => {
            let (offsets, bytes) = (array.as_string::<i32>().offsets(), array.as_string::<i32>().values());
            cut::<str, i32>(array, offsets, bytes, DataType::String)
        }
        Arrow::LargeUtf8 => {
            let (offsets, bytes) = (array.as_string::<i64>().offsets(), array.as_string::<i64>().values());
            cut::<str, i64>(array, offsets, bytes, DataType::String)
        }
        Arrow::Binary => {
            let (offsets, bytes) = (array.as_binary::<i32>().offsets(), array.as_binary::<i32>().values());
            cut::<[u8], i32>(array, offsets, bytes, DataType::Binary)
        }
        Arrow::LargeBinary => {
            let (offsets, bytes) = (array.as_binary::<i64>().offsets(), array.as_binary::<i64>().values());
            cut::<[u8], i64>(array, offsets, bytes, DataType::Binary)
        }
        Arrow::LargeList(_) => {
            list(array, offsets(found, array.as_list::<i64>().offsets())?, array.as_list::<i64>().values())
        }
        Arrow::List(_) => {
            let narrow = offsets::<i32>(found, array.as_list::<i32>().offsets())?;
            list(array, (&narrow).into(), array.as_list::<i32>().values())
        }
        Arrow::FixedSizeList(_, width) => fixed(array, usize::try_from(*width).unwrap_or(0)),
        Arrow::Struct(fields) => structure(array, fields),
        Arrow::Dictionary(_, _) => words(array),
        _ => refused("polars has no such type"),
    }
}

fn checked<A: Polars + 'static>(
    found: &Arrow,
    made: polars_core::error::PolarsResult<A>,
) -> Result<Box<dyn Polars>, Foreign> {
    made.map(|array| Box::new(array) as Box<dyn Polars>).map_err(|error| Foreign::new(found, error))
}

fn numbers<A: ArrowPrimitiveType, T: NativeType + Pod>(array: &dyn Array, dtype: DataType) -> Result<Written, Foreign> {
    let values = owned::<T>(array.as_primitive::<A>().values().inner());
    let made = PrimitiveArray::try_new(T::PRIMITIVE.into(), values, nulls(array)?);
    Ok((checked(array.data_type(), made)?, dtype))
}

fn viewed<T: ViewType + ?Sized>(
    array: &dyn Array,
    views: polars_buffer::Buffer<View>,
    bytes: &[Buffer],
    dtype: DataType,
) -> Result<Written, Foreign> {
    let bytes = bytes.iter().map(owned).collect();
    let made = BinaryViewArrayGeneric::<T>::try_new(T::DATA_TYPE, views, bytes, nulls(array)?);
    Ok((checked(array.data_type(), made)?, dtype))
}

/// Texts or bytes in a row, seen through views: these are made, sixteen bytes for each row.
fn cut<T: ViewType + ?Sized, O: OffsetSizeTrait>(
    array: &dyn Array,
    offsets: &OffsetBuffer<O>,
    bytes: &Buffer,
    dtype: DataType,
) -> Result<Written, Foreign> {
    // A view reaches 4 GiB into its buffer, so what is longer is several buffers over the same bytes.
    let (mut windows, mut base) = (vec![bytes.clone()], 0usize);
    let mut views = Vec::with_capacity(array.len());
    for row in 0..array.len() {
        let range = || Some(offsets.get(row)?.as_usize()..offsets.get(row.checked_add(1)?)?.as_usize());
        let range = range().filter(|_| array.is_valid(row)).unwrap_or(base..base);
        let value = bytes.get(range.clone()).unwrap_or_default();
        if u32::try_from(value.len()).is_err() {
            return Err(Foreign::new(array.data_type(), "it holds a value of more than 4 GiB, which polars does not"));
        }
        if u32::try_from(range.start.saturating_sub(base)).is_err() {
            base = range.start;
            windows.push(bytes.slice(base));
        }
        let at = u32::try_from(range.start.saturating_sub(base)).unwrap_or(u32::MAX);
        let window = u32::try_from(windows.len().saturating_sub(1)).unwrap_or(u32::MAX);
        views.push(View::new_from_bytes(value, window, at));
    }
    viewed::<T>(array, views.into(), &windows, dtype)
}

fn list(array: &dyn Array, offsets: OffsetsBuffer<i64>, values: &ArrayRef) -> Result<Written, Foreign> {
    let (values, inner) = write(values.as_ref())?;
    let dtype = ListArray::<i64>::default_datatype(values.dtype().clone());
    let made = ListArray::try_new(dtype, offsets, values, nulls(array)?);
    Ok((checked(array.data_type(), made)?, DataType::List(inner.into())))
}

fn fixed(array: &dyn Array, width: usize) -> Result<Written, Foreign> {
    let (values, inner) = write(array.as_fixed_size_list().values().as_ref())?;
    let dtype = FixedSizeListArray::default_datatype(values.dtype().clone(), width);
    let made = FixedSizeListArray::try_new(dtype, array.len(), values, nulls(array)?);
    Ok((checked(array.data_type(), made)?, DataType::Array(inner.into(), width)))
}

fn structure(array: &dyn Array, fields: &Fields) -> Result<Written, Foreign> {
    let columns = array.as_struct().columns().iter().map(|column| write(column.as_ref()));
    let (values, dtypes): (Vec<_>, Vec<_>) = columns.collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
    let name = |field: &arrow_schema::FieldRef| PlSmallStr::from_str(field.name());
    let physical =
        fields.iter().zip(&values).map(|(field, values)| PolarsField::new(name(field), values.dtype().clone(), true));
    let made = StructArray::try_new(ArrowDataType::Struct(physical.collect()), array.len(), values, nulls(array)?);
    let dtype = fields.iter().zip(dtypes).map(|(field, dtype)| Field::new(name(field), dtype)).collect();
    Ok((checked(array.data_type(), made)?, DataType::Struct(dtype)))
}

/// A dictionary of texts as an enum. Its keys are linked if they are as wide as polars has them for so many words.
fn words(array: &dyn Array) -> Result<Written, Foreign> {
    let found = array.data_type();
    let refused = |problem: &dyn fmt::Display| Foreign::new(found, problem);
    let dictionary = array.as_any_dictionary();
    let (values, _) = match dictionary.values().data_type() {
        Arrow::Utf8 | Arrow::LargeUtf8 | Arrow::Utf8View => write(dictionary.values().as_ref())?,
        _ => return Err(refused(&"polars has dictionaries of texts only")),
    };
    let texts = values.as_any().downcast_ref::<BinaryViewArrayGeneric<str>>();
    let texts = texts.filter(|texts| texts.null_count() == 0).ok_or_else(|| refused(&"one of its words is null"))?;
    let categories = FrozenCategories::new(texts.values_iter()).map_err(|error| refused(&error))?;
    let (keys, count) = (dictionary.keys(), texts.len());
    let chunk = match categories.physical() {
        CategoricalPhysical::U8 => keys_as::<types::UInt8Type, u8>(keys, count),
        CategoricalPhysical::U16 => keys_as::<types::UInt16Type, u16>(keys, count),
        CategoricalPhysical::U32 => keys_as::<types::UInt32Type, u32>(keys, count),
    };
    Ok((chunk?, DataType::from_frozen_categories(categories)))
}

/// The keys of a dictionary with so many words, as wide as polars has them. Those that are null say no place beyond it
/// either, so that nobody looks there.
fn keys_as<A, T>(keys: &dyn Array, count: usize) -> Result<Box<dyn Polars>, Foreign>
where
    A: ArrowPrimitiveType<Native = T>,
    T: NativeType + Pod + ArrowNativeType,
{
    let inside = |key: T| key.to_usize().is_some_and(|key| key < count);
    if let Some(same) = keys.as_primitive_opt::<A>().filter(|keys| keys.values().iter().all(|key| inside(*key))) {
        return numbers::<A, T>(same, DataType::Null).map(|(keys, _)| keys);
    }
    let place = |key: Option<usize>| key.and_then(T::from_usize).unwrap_or_default();
    let places = downcast_integer_array! {
        keys => keys.iter().map(|key| place(key.and_then(ArrowNativeType::to_usize))).collect::<Vec<T>>(),
        other => return Err(Foreign::new(other, "the keys of a dictionary are integers")),
    };
    checked(keys.data_type(), PrimitiveArray::try_new(T::PRIMITIVE.into(), places.into(), nulls(keys)?))
}

fn offsets<O: OffsetSizeTrait + polars_arrow::offset::Offset + Pod>(
    found: &Arrow,
    offsets: &OffsetBuffer<O>,
) -> Result<OffsetsBuffer<O>, Foreign> {
    OffsetsBuffer::try_from(owned::<O>(offsets.inner().inner())).map_err(|error| Foreign::new(found, error))
}

fn nulls(array: &dyn Array) -> Result<Option<Bitmap>, Foreign> {
    array.nulls().map(NullBuffer::inner).map(bits).transpose()
}

/// A copy of the bits.
fn bits(bits: &BooleanBuffer) -> Result<Bitmap, Foreign> {
    let bytes = bits.sliced().as_slice().to_vec();
    Bitmap::try_new(bytes, bits.len()).map_err(|error| Foreign::new(Arrow::Boolean, error))
}

/// A buffer as the owner of the elements that polars sees in it.
struct Elements<T> {
    buffer: Buffer,
    of: PhantomData<fn() -> T>,
}

impl<T: Pod> AsRef<[T]> for Elements<T> {
    fn as_ref(&self) -> &[T] {
        bytemuck::cast_slice(self.buffer.as_slice())
    }
}

/// The buffer as one of polars', which holds it, and so the blob that it is of.
fn owned<T: Pod>(buffer: &Buffer) -> polars_buffer::Buffer<T> {
    match bytemuck::try_cast_slice::<u8, T>(buffer.as_slice()) {
        Ok([]) => polars_buffer::Buffer::new(),
        Ok(_) => polars_buffer::Buffer::from_owner(Elements { buffer: buffer.clone(), of: PhantomData }),
        // Arrays of Arrow's are aligned for their type, so this is not reached.
        Err(_) => bytemuck::pod_collect_to_vec(buffer.as_slice()).into(),
    }
}
