//! Arrays of polars as trees of blobs.

use std::sync::Arc;

use arrow_schema::{DataType as Arrow, Field, Fields, TimeUnit as ArrowUnit};
use bytemuck::Pod;
use polars_arrow::array::{
    Array, BinaryViewArrayGeneric, BooleanArray, FixedSizeListArray, ListArray, PrimitiveArray, StructArray, ViewType,
};
use polars_arrow::bitmap::Bitmap;
use polars_arrow::types::NativeType;
use polars_buffer::Buffer;
use polars_core::datatypes::{CategoricalPhysical, DataType, Float16Type, PolarsNumericType, TimeUnit};
use vineyard_core::Blob;

use super::Foreign;
use crate::arrow::node::Node;

/// What polars has its floats of 16 bits as.
type F16 = <Float16Type as PolarsNumericType>::Native;

/// An array, which has the physical form of a type, as blobs that hold its buffers.
pub(super) fn node(array: &dyn Array, dtype: &DataType) -> Result<Node, Foreign> {
    let read = Read { array, dtype };
    match dtype {
        DataType::Null => Ok(read.node(Arrow::Null, Vec::new(), Vec::new())),
        DataType::Boolean => {
            let values = read.of::<BooleanArray>()?.values();
            Ok(read.node(Arrow::Boolean, vec![bits(values)], Vec::new()))
        }
        DataType::Int8 => read.numbers::<i8>(Arrow::Int8),
        DataType::Int16 => read.numbers::<i16>(Arrow::Int16),
        DataType::Int32 => read.numbers::<i32>(Arrow::Int32),
        DataType::Int64 => read.numbers::<i64>(Arrow::Int64),
        DataType::UInt8 => read.numbers::<u8>(Arrow::UInt8),
        DataType::UInt16 => read.numbers::<u16>(Arrow::UInt16),
        DataType::UInt32 => read.numbers::<u32>(Arrow::UInt32),
        DataType::UInt64 => read.numbers::<u64>(Arrow::UInt64),
        DataType::Float16 => read.numbers::<F16>(Arrow::Float16),
        DataType::Float32 => read.numbers::<f32>(Arrow::Float32),
        DataType::Float64 => read.numbers::<f64>(Arrow::Float64),
        DataType::Decimal(precision, scale) => {
            let digits = |count: usize| u8::try_from(count).map_err(|_| Foreign::new(dtype, "it has too many digits"));
            let scale = i8::try_from(*scale).map_err(|_| Foreign::new(dtype, "it has too many digits"))?;
            read.numbers::<i128>(Arrow::Decimal128(digits(*precision)?, scale))
        }
        DataType::Date => read.numbers::<i32>(Arrow::Date32),
        DataType::Time => read.numbers::<i64>(Arrow::Time64(ArrowUnit::Nanosecond)),
        DataType::Datetime(each, zone) => {
            let zone = zone.as_ref().map(|zone| Arc::from(&***zone));
            read.numbers::<i64>(Arrow::Timestamp(unit(*each), zone))
        }
        DataType::Duration(each) => read.numbers::<i64>(Arrow::Duration(unit(*each))),
        DataType::String => read.views::<str>(Arrow::Utf8View),
        DataType::Binary => read.views::<[u8]>(Arrow::BinaryView),
        DataType::List(inner) => read.list(inner),
        DataType::Array(inner, width) => read.fixed(inner, *width),
        DataType::Struct(fields) => {
            let array = read.of::<StructArray>()?;
            let children =
                array.values().iter().zip(fields).map(|(values, field)| node(values.as_ref(), field.dtype()));
            let children = children.collect::<Result<Vec<_>, _>>()?;
            let named = |(child, field): (&Node, &polars_core::datatypes::Field)| {
                Field::new(field.name().as_str(), child.data_type.clone(), true)
            };
            let fields: Fields = children.iter().zip(fields).map(named).collect();
            Ok(read.node(Arrow::Struct(fields), Vec::new(), children))
        }
        DataType::Enum(categories, _) => {
            let words = node(categories.categories(), &DataType::String)?;
            let (keys, buffer) = match categories.physical() {
                CategoricalPhysical::U8 => (Arrow::UInt8, read.elements::<u8>()?),
                CategoricalPhysical::U16 => (Arrow::UInt16, read.elements::<u16>()?),
                CategoricalPhysical::U32 => (Arrow::UInt32, read.elements::<u32>()?),
            };
            let data_type = Arrow::Dictionary(keys.into(), words.data_type.clone().into());
            Ok(read.node(data_type, vec![buffer], vec![words]))
        }
        DataType::Categorical(_, _) => {
            Err(Foreign::new(dtype, "its categories are those of the process: cast it to an enum or to text"))
        }
        _ => Err(Foreign::new(dtype, "it has no form of Arrow's that comes back the same")),
    }
}

/// An array that is read.
struct Read<'a> {
    array: &'a dyn Array,
    dtype: &'a DataType,
}

impl Read<'_> {
    /// The array as what its type says that it is.
    fn of<A: Array>(&self) -> Result<&A, Foreign> {
        let found = || Foreign::new(self.dtype, format!("it is held as {:?}", self.array.dtype()));
        self.array.as_any().downcast_ref::<A>().ok_or_else(found)
    }

    fn node(&self, data_type: Arrow, buffers: Vec<Blob>, children: Vec<Node>) -> Node {
        let nulls = self.array.validity().filter(|bitmap| bitmap.unset_bits() > 0);
        // An array of nothing but nulls has no bitmap.
        let null_count = nulls.map_or(0, Bitmap::unset_bits);
        let null_count = Some(if data_type == Arrow::Null { 0 } else { null_count });
        let nulls = nulls.map(bits);
        Node { data_type, length: self.array.len(), offset: 0, null_count, nulls, buffers, children }
    }

    fn elements<T: NativeType + Pod>(&self) -> Result<Blob, Foreign> {
        Ok(held(self.of::<PrimitiveArray<T>>()?.values().clone()))
    }

    fn numbers<T: NativeType + Pod>(&self, data_type: Arrow) -> Result<Node, Foreign> {
        Ok(self.node(data_type, vec![self.elements::<T>()?], Vec::new()))
    }

    fn views<T: ViewType + ?Sized>(&self, data_type: Arrow) -> Result<Node, Foreign> {
        let array = self.of::<BinaryViewArrayGeneric<T>>()?;
        let bytes = array.data_buffers().iter().cloned().map(held);
        let buffers = std::iter::once(held(array.views().clone())).chain(bytes).collect();
        Ok(self.node(data_type, buffers, Vec::new()))
    }

    fn list(&self, inner: &DataType) -> Result<Node, Foreign> {
        let array = self.of::<ListArray<i64>>()?;
        let values = node(array.values().as_ref(), inner)?;
        let data_type = Arrow::LargeList(Field::new_list_field(values.data_type.clone(), true).into());
        Ok(self.node(data_type, vec![held(array.offsets().buffer().clone())], vec![values]))
    }

    fn fixed(&self, inner: &DataType, width: usize) -> Result<Node, Foreign> {
        let values = node(self.of::<FixedSizeListArray>()?.values().as_ref(), inner)?;
        let width = i32::try_from(width).map_err(|_| Foreign::new(self.dtype, "Arrow has no arrays that wide"))?;
        let data_type = Arrow::FixedSizeList(Field::new_list_field(values.data_type.clone(), true).into(), width);
        Ok(self.node(data_type, Vec::new(), vec![values]))
    }
}

fn unit(unit: TimeUnit) -> ArrowUnit {
    match unit {
        TimeUnit::Nanoseconds => ArrowUnit::Nanosecond,
        TimeUnit::Microseconds => ArrowUnit::Microsecond,
        TimeUnit::Milliseconds => ArrowUnit::Millisecond,
    }
}

/// A buffer as the owner of its bytes.
struct Held<T>(Buffer<T>);

impl<T: Pod> AsRef<[u8]> for Held<T> {
    fn as_ref(&self) -> &[u8] {
        bytemuck::cast_slice(self.0.as_slice())
    }
}

/// A blob that holds the buffer: the one that was lent to polars, or a part of it, if the buffer is of that.
fn held<T: Pod + Send + Sync>(buffer: Buffer<T>) -> Blob {
    if buffer.is_empty() { Blob::empty() } else { Blob::from_owner(Held(buffer)) }
}

/// The bits from the first bit of a byte on.
fn bits(bitmap: &Bitmap) -> Blob {
    match bitmap.as_buffer() {
        (bytes, 0, _) => held(bytes),
        _ => held(bitmap.iter().collect::<Bitmap>().as_buffer().0),
    }
}
