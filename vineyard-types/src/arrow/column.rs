//! Arrays as columns of frames, and back.

use arrow_schema::{DataType, TimeUnit};
use half::f16;
use vineyard_core::{Array, Blob};

use super::array::ArrowArray;
use super::node::Node;
use crate::dataframe::Column;
use crate::numeric::{Bool8, Numeric};
use crate::strings::StringArray;
use crate::tensor::Tensor;
use crate::time::{DateTime64, Microsecond, Millisecond, Nanosecond, Second, TimeDelta64, TimeUnit as Unit};

/// Why a column is no array of Arrow's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unfit {
    /// Arrow has no type for it.
    Type(String),
    /// It is a tensor of several dimensions, or of none.
    Shape(Vec<u64>),
}

/// The array as the column that Python's frames can have, over the same buffers: numbers without nulls as a tensor, large
/// text as text. Everything else stays what it is.
///
/// Times are looked at: one that numpy takes for no time at all stays Arrow's.
pub(crate) fn to_column(array: ArrowArray) -> Column {
    native(&array.node).unwrap_or(Column::Arrow(array))
}

fn native(node: &Node) -> Option<Column> {
    if node.data_type == DataType::LargeUtf8 {
        return texts(node);
    }
    if node.nulls.is_some() || node.null_count != Some(0) {
        return None;
    }
    Some(match &node.data_type {
        DataType::Int8 => tensor::<i8>(node)?.into(),
        DataType::Int16 => tensor::<i16>(node)?.into(),
        DataType::Int32 => tensor::<i32>(node)?.into(),
        DataType::Int64 => tensor::<i64>(node)?.into(),
        DataType::UInt8 => tensor::<u8>(node)?.into(),
        DataType::UInt16 => tensor::<u16>(node)?.into(),
        DataType::UInt32 => tensor::<u32>(node)?.into(),
        DataType::UInt64 => tensor::<u64>(node)?.into(),
        DataType::Float16 => tensor::<f16>(node)?.into(),
        DataType::Float32 => tensor::<f32>(node)?.into(),
        DataType::Float64 => tensor::<f64>(node)?.into(),
        DataType::Timestamp(TimeUnit::Second, None) => times::<DateTime64<Second>>(node)?.into(),
        DataType::Timestamp(TimeUnit::Millisecond, None) => times::<DateTime64<Millisecond>>(node)?.into(),
        DataType::Timestamp(TimeUnit::Microsecond, None) => times::<DateTime64<Microsecond>>(node)?.into(),
        DataType::Timestamp(TimeUnit::Nanosecond, None) => times::<DateTime64<Nanosecond>>(node)?.into(),
        DataType::Duration(TimeUnit::Second) => times::<TimeDelta64<Second>>(node)?.into(),
        DataType::Duration(TimeUnit::Millisecond) => times::<TimeDelta64<Millisecond>>(node)?.into(),
        DataType::Duration(TimeUnit::Microsecond) => times::<TimeDelta64<Microsecond>>(node)?.into(),
        DataType::Duration(TimeUnit::Nanosecond) => times::<TimeDelta64<Nanosecond>>(node)?.into(),
        _ => return None,
    })
}

/// `None` if the buffer is too short or not aligned: then reading the array says so.
fn tensor<T: Numeric>(node: &Node) -> Option<Tensor<T>> {
    let end = node.offset.checked_add(node.length)?;
    let elements = node.buffers.first()?.first_elements::<T>(end).ok()?;
    elements.slice(node.offset..).ok().map(Tensor::from)
}

fn times<T: Time>(node: &Node) -> Option<Tensor<T>> {
    tensor::<T>(node).filter(|times| times.as_slice().iter().all(|time| !time.is_none()))
}

fn texts(node: &Node) -> Option<Column> {
    let [offsets, data] = node.buffers.as_slice() else { return None };
    let bitmap = node.nulls.clone().unwrap_or_else(Blob::empty);
    let (offsets, data) = (offsets.elements().ok()?, data.elements().ok()?);
    StringArray::of_parts([node.length, node.null_count?, node.offset], offsets, data, bitmap).map(Column::from)
}

/// A point in time or a span of it.
trait Time: Numeric {
    /// Whether it is no time at all.
    fn is_none(self) -> bool;
}

impl<U: Unit> Time for DateTime64<U> {
    fn is_none(self) -> bool {
        self == Self::NAT
    }
}

impl<U: Unit> Time for TimeDelta64<U> {
    fn is_none(self) -> bool {
        self == Self::NAT
    }
}

/// The column as an array over the same buffers. Booleans of a byte become bits, and the times that are none nulls: for
/// these a bitmap is made, eight rows to a byte.
pub(crate) fn to_array(column: &Column) -> Result<ArrowArray, Unfit> {
    use TimeUnit::{Microsecond as Us, Millisecond as Ms, Nanosecond as Ns, Second as S};
    let node = match column {
        Column::Arrow(array) => return Ok(array.clone()),
        Column::Text(texts) => {
            if let shape @ ([] | [_, _, ..]) = texts.shape() {
                return Err(Unfit::Shape(shape.to_vec()));
            }
            let texts = texts.texts();
            Node {
                data_type: DataType::LargeUtf8,
                length: texts.len(),
                offset: texts.offset(),
                null_count: usize::try_from(texts.null_count()).ok(),
                nulls: Some(texts.bitmap().clone()).filter(|bitmap| bitmap.nbytes() > 0 || texts.null_count() > 0),
                buffers: vec![texts.offsets().blob().clone(), texts.data().blob().clone()],
                children: Vec::new(),
            }
        }
        Column::Bool(tensor) => booleans(tensor)?,
        Column::Int8(tensor) => numbers(tensor, DataType::Int8)?,
        Column::Int16(tensor) => numbers(tensor, DataType::Int16)?,
        Column::Int32(tensor) => numbers(tensor, DataType::Int32)?,
        Column::Int64(tensor) => numbers(tensor, DataType::Int64)?,
        Column::UInt8(tensor) => numbers(tensor, DataType::UInt8)?,
        Column::UInt16(tensor) => numbers(tensor, DataType::UInt16)?,
        Column::UInt32(tensor) => numbers(tensor, DataType::UInt32)?,
        Column::UInt64(tensor) => numbers(tensor, DataType::UInt64)?,
        Column::Float16(tensor) => numbers(tensor, DataType::Float16)?,
        Column::Float32(tensor) => numbers(tensor, DataType::Float32)?,
        Column::Float64(tensor) => numbers(tensor, DataType::Float64)?,
        Column::DateTimeSecond(tensor) => counts(tensor, DataType::Timestamp(S, None))?,
        Column::DateTimeMillisecond(tensor) => counts(tensor, DataType::Timestamp(Ms, None))?,
        Column::DateTimeMicrosecond(tensor) => counts(tensor, DataType::Timestamp(Us, None))?,
        Column::DateTimeNanosecond(tensor) => counts(tensor, DataType::Timestamp(Ns, None))?,
        Column::TimeDeltaSecond(tensor) => counts(tensor, DataType::Duration(S))?,
        Column::TimeDeltaMillisecond(tensor) => counts(tensor, DataType::Duration(Ms))?,
        Column::TimeDeltaMicrosecond(tensor) => counts(tensor, DataType::Duration(Us))?,
        Column::TimeDeltaNanosecond(tensor) => counts(tensor, DataType::Duration(Ns))?,
        other => return Err(Unfit::Type(other.type_name().into_owned())),
    };
    Ok(ArrowArray::of(node))
}

/// The elements of a tensor of one dimension.
fn flat<T: Numeric>(tensor: &Tensor<T>) -> Result<Array<T>, Unfit> {
    let shape = || Unfit::Shape(tensor.shape().to_vec());
    if tensor.shape().len() != 1 {
        return Err(shape());
    }
    tensor.array().slice(..tensor.len()).map_err(|_| shape())
}

fn numbers<T: Numeric>(tensor: &Tensor<T>, data_type: DataType) -> Result<Node, Unfit> {
    let elements = flat(tensor)?;
    Ok(plain(data_type, elements.len(), elements.blob().clone()))
}

fn counts<T: Time>(tensor: &Tensor<T>, data_type: DataType) -> Result<Node, Unfit> {
    let node = numbers(tensor, data_type)?;
    let none = tensor.as_slice().iter().filter(|time| time.is_none()).count();
    if none == 0 {
        return Ok(node);
    }
    let bitmap = bits(tensor.as_slice().iter().map(|time| !time.is_none()));
    Ok(Node { null_count: Some(none), nulls: Some(bitmap), ..node })
}

fn booleans(tensor: &Tensor<Bool8>) -> Result<Node, Unfit> {
    let elements = flat(tensor)?;
    Ok(plain(DataType::Boolean, elements.len(), bits(elements.iter().map(|value| value.get()))))
}

fn plain(data_type: DataType, length: usize, buffer: Blob) -> Node {
    let (nulls, children) = (None, Vec::new());
    Node { data_type, length, offset: 0, null_count: Some(0), nulls, buffers: vec![buffer], children }
}

/// One bit for each value, the first one lowest.
fn bits(values: impl Iterator<Item = bool>) -> Blob {
    let mut bytes = Vec::new();
    for (place, value) in values.enumerate() {
        if place % 8 == 0 {
            bytes.push(0u8);
        }
        if let Some(byte) = bytes.last_mut() {
            *byte |= u8::from(value) << (place % 8);
        }
    }
    Blob::from(bytes)
}
