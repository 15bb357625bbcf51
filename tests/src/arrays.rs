//! Arrow arrays of every type and shape, the same for the same seed.

use std::iter;
use std::sync::Arc;

use arrow_array::builder::{BinaryViewBuilder, StringViewBuilder};
use arrow_array::{
    Array, ArrayRef, BooleanArray, DictionaryArray, FixedSizeBinaryArray, FixedSizeListArray, GenericBinaryArray,
    GenericListArray, GenericListViewArray, GenericStringArray, Int16Array, Int32Array, Int64Array, MapArray,
    NullArray, OffsetSizeTrait, RunArray, StructArray, UnionArray, make_array, types,
};
use arrow_buffer::{ArrowNativeType, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_data::ArrayDataBuilder;
use arrow_schema::{ArrowError, DataType, Field, FieldRef, Fields, IntervalUnit, TimeUnit, UnionFields, UnionMode};

use crate::random::Random;

/// A type of arrays; types nest up to `depth` levels deep.
pub fn data_type(random: &mut Random, depth: usize) -> DataType {
    use DataType::{Binary, BinaryView, Boolean, FixedSizeBinary, LargeBinary, LargeUtf8, Null, Utf8, Utf8View};
    let flat = [Null, Boolean, Utf8, LargeUtf8, Utf8View, Binary, LargeBinary, BinaryView, FixedSizeBinary(3)];
    if depth <= 1 {
        let numbers = numbers();
        let choice = random.below(flat.len() + numbers.len());
        return flat.iter().chain(&numbers).nth(choice).cloned().unwrap_or(Null);
    }
    match random.below(10) {
        0 => DataType::List(element(random, depth)),
        1 => DataType::LargeList(element(random, depth)),
        2 => DataType::FixedSizeList(element(random, depth), i32::try_from(random.below(4)).unwrap_or(0)),
        3 => DataType::ListView(element(random, depth)),
        4 => DataType::LargeListView(element(random, depth)),
        5 => DataType::Struct((0..random.below(4)).map(|i| field(random, &format!("f{i}"), depth)).collect()),
        6 => {
            let fields = (0..1 + random.below(3)).map(|i| field(random, &format!("u{i}"), depth));
            let fields: Fields = fields.collect();
            let ids = [0i8, 5, 127];
            let fields = ids.iter().copied().zip(fields.iter().cloned()).collect::<UnionFields>();
            DataType::Union(fields, if random.below(2) == 0 { UnionMode::Sparse } else { UnionMode::Dense })
        }
        7 => {
            let key = Field::new("key", DataType::Utf8, false);
            let entries = Fields::from(vec![key.into(), field(random, "value", depth)]);
            let entries = Field::new("entries", DataType::Struct(entries), false);
            DataType::Map(entries.into(), random.below(2) == 0)
        }
        8 => {
            let keys = [DataType::Int8, DataType::UInt16, DataType::Int32, DataType::UInt64];
            let keys = keys.get(random.below(keys.len())).cloned().unwrap_or(DataType::Int8);
            // The IPC format has no dictionaries of dictionaries.
            let values = match data_type(random, depth - 1) {
                DataType::Dictionary(_, values) => *values,
                values => values,
            };
            DataType::Dictionary(keys.into(), values.into())
        }
        _ => {
            let ends = [DataType::Int16, DataType::Int32, DataType::Int64];
            let ends = ends.get(random.below(3)).cloned().unwrap_or(DataType::Int16);
            let values = field(random, "values", depth);
            DataType::RunEndEncoded(Field::new("run_ends", ends, false).into(), values)
        }
    }
}

/// Every type of fixed width.
pub fn numbers() -> Vec<DataType> {
    use DataType::{
        Date32, Date64, Decimal32, Decimal64, Decimal128, Decimal256, Duration, Float16, Float32, Float64, Int8, Int16,
        Int32, Int64, Interval, Time32, Time64, Timestamp, UInt8, UInt16, UInt32, UInt64,
    };
    let units = [TimeUnit::Second, TimeUnit::Millisecond, TimeUnit::Microsecond, TimeUnit::Nanosecond];
    let mut types = vec![Int8, Int16, Int32, Int64, UInt8, UInt16, UInt32, UInt64, Float16, Float32, Float64];
    types.extend([Date32, Date64, Time32(units[0]), Time32(units[1]), Time64(units[2]), Time64(units[3])]);
    types.extend(
        units
            .iter()
            .flat_map(|unit| [Timestamp(*unit, None), Timestamp(*unit, Some("Europe/Oslo".into())), Duration(*unit)]),
    );
    types.extend([Decimal32(9, 2), Decimal64(18, -3), Decimal128(38, 10), Decimal256(76, 0)]);
    types.extend([IntervalUnit::YearMonth, IntervalUnit::DayTime, IntervalUnit::MonthDayNano].map(Interval));
    types
}

fn field(random: &mut Random, name: &str, depth: usize) -> FieldRef {
    Field::new(name, data_type(random, depth - 1), true).into()
}

/// The element of a list, mostly as the layouts of the original have it.
fn element(random: &mut Random, depth: usize) -> FieldRef {
    let plain = Field::new_list_field(data_type(random, depth - 1), true);
    match random.below(4) {
        0 => plain.with_name("other").into(),
        1 => plain.with_metadata([("k".to_owned(), "v".to_owned())]).into(),
        _ => plain.into(),
    }
}

/// An array of a type. Some are slices of longer ones, some have nulls, some no elements.
///
/// # Errors
///
/// If Arrow does not take what is made here.
pub fn array(random: &mut Random, data_type: &DataType, len: usize) -> Result<ArrayRef, ArrowError> {
    let (before, after) = if random.below(3) == 0 { (random.below(20), random.below(20)) } else { (0, 0) };
    let whole = whole(random, data_type, before + len + after)?;
    Ok(if before + after > 0 { whole.slice(before, len) } else { whole })
}

fn nulls(random: &mut Random, len: usize) -> Option<NullBuffer> {
    let kind = random.below(3);
    (kind > 0).then(|| (0..len).map(|_| random.below(3) > 0 || kind == 2 && random.below(2) == 0).collect())
}

fn bytes(random: &mut Random, len: usize) -> Vec<u8> {
    iter::repeat_with(|| random.number().to_le_bytes()[0]).take(len).collect()
}

fn text(random: &mut Random) -> Option<String> {
    let pieces = ["", "a", "naïve", "\0", "a text that is longer than what fits into a view", "∀x"];
    (random.below(5) > 0).then(|| (0..random.below(3)).filter_map(|_| pieces.get(random.below(6))).copied().collect())
}

fn texts(random: &mut Random, len: usize) -> Vec<Option<String>> {
    (0..len).map(|_| text(random)).collect()
}

fn whole(random: &mut Random, data_type: &DataType, len: usize) -> Result<ArrayRef, ArrowError> {
    if let Some(width) = data_type.primitive_width() {
        let builder = ArrayDataBuilder::new(data_type.clone()).len(len).nulls(nulls(random, len));
        let data = builder.add_buffer(Buffer::from(bytes(random, len * width))).align_buffers(true).build()?;
        return Ok(make_array(data));
    }
    Ok(match data_type {
        DataType::Null => Arc::new(NullArray::new(len)),
        DataType::Boolean => {
            let bits = (0..len).map(|_| random.below(2) == 0).collect();
            Arc::new(BooleanArray::new(bits, nulls(random, len)))
        }
        DataType::FixedSizeBinary(width) => {
            let values = bytes(random, len * usize::try_from(*width).unwrap_or(0));
            Arc::new(FixedSizeBinaryArray::try_new(*width, values.into(), nulls(random, len))?)
        }
        DataType::Utf8 => Arc::new(GenericStringArray::<i32>::from_iter(texts(random, len))),
        DataType::LargeUtf8 => Arc::new(GenericStringArray::<i64>::from_iter(texts(random, len))),
        DataType::Binary => Arc::new(GenericBinaryArray::<i32>::from_iter(texts(random, len))),
        DataType::LargeBinary => Arc::new(GenericBinaryArray::<i64>::from_iter(texts(random, len))),
        DataType::Utf8View => {
            // Small blocks, so that there are several.
            let mut builder = StringViewBuilder::new().with_fixed_block_size(64);
            texts(random, len).iter().for_each(|text| builder.append_option(text.as_ref()));
            Arc::new(builder.finish())
        }
        DataType::BinaryView => {
            let mut builder = BinaryViewBuilder::new().with_fixed_block_size(64);
            texts(random, len).iter().for_each(|text| builder.append_option(text.as_ref()));
            Arc::new(builder.finish())
        }
        DataType::List(field) => list::<i32>(random, field, len)?,
        DataType::LargeList(field) => list::<i64>(random, field, len)?,
        DataType::ListView(field) => list_view::<i32>(random, field, len)?,
        DataType::LargeListView(field) => list_view::<i64>(random, field, len)?,
        DataType::FixedSizeList(field, size) => {
            let values = array(random, field.data_type(), len * usize::try_from(*size).unwrap_or(0))?;
            let nulls = nulls(random, len);
            Arc::new(FixedSizeListArray::try_new_with_length(Arc::clone(field), *size, values, nulls, len)?)
        }
        DataType::Struct(fields) => {
            let columns = fields.iter().map(|field| array(random, field.data_type(), len));
            let columns = columns.collect::<Result<_, _>>()?;
            Arc::new(StructArray::try_new_with_length(fields.clone(), columns, nulls(random, len), len)?)
        }
        DataType::Map(entries, sorted) => map(random, entries, *sorted, len)?,
        DataType::Union(fields, mode) => union(random, fields, *mode, len)?,
        DataType::Dictionary(keys, values) => dictionary(random, keys, values, len)?,
        DataType::RunEndEncoded(ends, values) => runs(random, ends.data_type(), values, len)?,
        other => return Err(ArrowError::NotYetImplemented(other.to_string())),
    })
}

fn lengths(random: &mut Random, len: usize) -> Vec<usize> {
    (0..len).map(|_| random.below(4)).collect()
}

fn list<O: OffsetSizeTrait>(random: &mut Random, field: &FieldRef, len: usize) -> Result<ArrayRef, ArrowError> {
    let offsets = OffsetBuffer::<O>::from_lengths(lengths(random, len));
    let values = array(random, field.data_type(), offsets.last().as_usize())?;
    Ok(Arc::new(GenericListArray::try_new(Arc::clone(field), offsets, values, nulls(random, len))?))
}

fn list_view<O: OffsetSizeTrait>(random: &mut Random, field: &FieldRef, len: usize) -> Result<ArrayRef, ArrowError> {
    let values = array(random, field.data_type(), 5)?;
    let size = |number: usize| O::from_usize(number).unwrap_or_else(O::zero);
    // In any order, and overlapping.
    let views = (0..len).map(|_| (size(random.below(3)), size(random.below(3))));
    let (offsets, sizes): (Vec<O>, Vec<O>) = views.unzip();
    let nulls = nulls(random, len);
    let array = GenericListViewArray::try_new(Arc::clone(field), offsets.into(), sizes.into(), values, nulls)?;
    Ok(Arc::new(array))
}

fn map(random: &mut Random, entries: &FieldRef, sorted: bool, len: usize) -> Result<ArrayRef, ArrowError> {
    let DataType::Struct(fields) = entries.data_type() else {
        return Err(ArrowError::SchemaError(entries.to_string()));
    };
    let offsets = OffsetBuffer::<i32>::from_lengths(lengths(random, len));
    let count = offsets.last().as_usize();
    let keys: ArrayRef = Arc::new(GenericStringArray::<i32>::from_iter_values((0..count).map(|i| format!("k{i}"))));
    let values = fields.last().map_or_else(|| Ok(keys.clone()), |field| array(random, field.data_type(), count))?;
    let pairs = StructArray::try_new_with_length(fields.clone(), vec![keys, values], None, count)?;
    Ok(Arc::new(MapArray::try_new(Arc::clone(entries), offsets, pairs, nulls(random, len), sorted)?))
}

fn union(random: &mut Random, fields: &UnionFields, mode: UnionMode, len: usize) -> Result<ArrayRef, ArrowError> {
    let ids: Vec<i8> = fields.iter().map(|(id, _)| id).collect();
    let type_ids: Vec<i8> = (0..len).filter_map(|_| ids.get(random.below(ids.len())).copied()).collect();
    let count = if mode == UnionMode::Sparse { len } else { 4 };
    let children = fields.iter().map(|(_, field)| array(random, field.data_type(), count));
    let children = children.collect::<Result<_, _>>()?;
    let offsets = (mode == UnionMode::Dense)
        .then(|| (0..len).map(|_| i32::try_from(random.below(4)).unwrap_or(0)).collect::<ScalarBuffer<i32>>());
    Ok(Arc::new(UnionArray::try_new(fields.clone(), type_ids.into(), offsets, children)?))
}

fn dictionary(random: &mut Random, keys: &DataType, values: &DataType, len: usize) -> Result<ArrayRef, ArrowError> {
    use types::{Int8Type, Int32Type, UInt16Type, UInt64Type};
    let values = array(random, values, 4)?;
    macro_rules! with_keys {
        ($key:ty) => {{
            let keys = (0..len).map(|_| (random.below(4) > 0).then(|| random.below(4) as _));
            Arc::new(DictionaryArray::<$key>::try_new(keys.collect(), values)?)
        }};
    }
    Ok(match keys {
        DataType::Int8 => with_keys!(Int8Type),
        DataType::UInt16 => with_keys!(UInt16Type),
        DataType::Int32 => with_keys!(Int32Type),
        _ => with_keys!(UInt64Type),
    })
}

fn runs(random: &mut Random, ends: &DataType, values: &FieldRef, len: usize) -> Result<ArrayRef, ArrowError> {
    let mut points: Vec<usize> = Vec::new();
    let mut end = 0;
    while end < len {
        end = (end + 1 + random.below(5)).min(len);
        points.push(end);
    }
    let values = array(random, values.data_type(), points.len())?;
    macro_rules! with_ends {
        ($ends:ty, $array:ty) => {{
            let ends: $array = points.iter().map(|end| Some(*end as _)).collect();
            Arc::new(RunArray::<$ends>::try_new(&ends, &values)?)
        }};
    }
    Ok(match ends {
        DataType::Int16 => with_ends!(types::Int16Type, Int16Array),
        DataType::Int32 => with_ends!(types::Int32Type, Int32Array),
        _ => with_ends!(types::Int64Type, Int64Array),
    })
}
