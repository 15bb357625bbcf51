//! Strategies for types and arrays of Arrow.

use std::sync::Arc;

use arrow_array::builder::{BinaryViewBuilder, StringViewBuilder};
use arrow_array::{
    Array, ArrayRef, BooleanArray, DictionaryArray, FixedSizeBinaryArray, FixedSizeListArray, GenericBinaryArray,
    GenericListArray, GenericListViewArray, GenericStringArray, Int16Array, Int32Array, Int64Array, MapArray,
    NullArray, OffsetSizeTrait, RunArray, StructArray, UnionArray, make_array, types,
};
use arrow_buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_data::ArrayDataBuilder;
use arrow_schema::{DataType, Field, FieldRef, Fields, IntervalUnit, UnionFields, UnionMode};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use vineyard_tests::arrays::numbers;

/// A type that pyarrow has as well, nested up to four levels deep.
pub fn data_type() -> impl Strategy<Value = DataType> {
    use DataType::{Binary, BinaryView, Boolean, FixedSizeBinary, LargeBinary, LargeUtf8, Null, Utf8, Utf8View};
    let flat = vec![Null, Boolean, Utf8, LargeUtf8, Utf8View, Binary, LargeBinary, BinaryView, FixedSizeBinary(3)];
    let known = |one: &DataType| !matches!(one, DataType::Interval(unit) if *unit != IntervalUnit::MonthDayNano);
    let leaf = prop_oneof![select(flat), select(numbers().into_iter().filter(known).collect::<Vec<_>>())];
    leaf.prop_recursive(3, 12, 3, |inner| {
        let fields = |name: &'static str, least: usize| {
            vec(inner.clone(), least..4).prop_map(move |types| {
                let named = types.into_iter().enumerate();
                named.map(|(place, one)| Field::new(format!("{name}{place}"), one, true)).collect::<Fields>()
            })
        };
        prop_oneof![
            element(inner.clone()).prop_map(DataType::List),
            element(inner.clone()).prop_map(DataType::LargeList),
            element(inner.clone()).prop_map(DataType::ListView),
            element(inner.clone()).prop_map(DataType::LargeListView),
            (element(inner.clone()), 0..4i32).prop_map(|(field, size)| DataType::FixedSizeList(field, size)),
            fields("f", 0).prop_map(DataType::Struct),
            (fields("u", 1), any::<bool>()).prop_map(|(fields, dense)| {
                let ids = [0i8, 5, 127].into_iter().zip(fields.iter().cloned()).collect::<UnionFields>();
                DataType::Union(ids, if dense { UnionMode::Dense } else { UnionMode::Sparse })
            }),
            (inner.clone(), any::<bool>()).prop_map(|(value, sorted)| {
                let pair = [Field::new("key", DataType::Utf8, false), Field::new("value", value, true)];
                let entries = Field::new("entries", DataType::Struct(Vec::from(pair).into()), false);
                DataType::Map(entries.into(), sorted)
            }),
            (select(vec![DataType::Int8, DataType::UInt16, DataType::Int32, DataType::UInt64]), inner.clone())
                .prop_map(|(keys, values)| {
                    // The IPC format has no dictionaries of dictionaries.
                    let values = if let DataType::Dictionary(_, values) = values { *values } else { values };
                    DataType::Dictionary(keys.into(), values.into())
                }),
            (select(vec![DataType::Int16, DataType::Int32, DataType::Int64]), inner).prop_map(|(ends, values)| {
                let values = Field::new("values", values, true);
                DataType::RunEndEncoded(Field::new("run_ends", ends, false).into(), values.into())
            }),
        ]
    })
}

/// The element of a list, mostly as the layouts of the original have it.
fn element(inner: impl Strategy<Value = DataType>) -> impl Strategy<Value = FieldRef> {
    (inner, select(vec!["item", "item", "item", "other"]), select(vec![false, false, false, true])).prop_map(
        |(one, name, described)| {
            let field = Field::new(name, one, true);
            if described { field.with_metadata([("k".to_owned(), "v".to_owned())]).into() } else { field.into() }
        },
    )
}

/// An array of a type: perhaps a part of a longer one, perhaps with nulls.
pub fn array(data_type: &DataType, len: usize) -> BoxedStrategy<ArrayRef> {
    let data_type = data_type.clone();
    let cut = prop_oneof![2 => Just((0, 0)), 1 => (0..20usize, 0..20usize)];
    let array = cut.prop_flat_map(move |(before, after)| {
        whole(&data_type, before + len + after).prop_map(move |whole| whole.slice(before, len))
    });
    array.boxed()
}

fn nulls(len: usize) -> impl Strategy<Value = Option<NullBuffer>> {
    prop_oneof![1 => Just(None), 2 => vec(any::<bool>(), len).prop_map(|there| Some(there.into()))]
}

fn texts(len: usize) -> impl Strategy<Value = Vec<Option<String>>> {
    let pieces = vec!["", "a", "naïve", "\0", "a text that is longer than what fits into a view", "∀x"];
    vec(option::of(vec(select(pieces), 0..3).prop_map(|pieces| pieces.concat())), len)
}

fn bytes(len: usize) -> impl Strategy<Value = Buffer> {
    vec(any::<u8>(), len).prop_map(Buffer::from)
}

fn whole(data_type: &DataType, len: usize) -> BoxedStrategy<ArrayRef> {
    if let Some(width) = data_type.primitive_width() {
        let data_type = data_type.clone();
        let parts = (bytes(len * width), nulls(len)).prop_map(move |(bytes, nulls)| {
            let data = ArrayDataBuilder::new(data_type.clone()).len(len).nulls(nulls).add_buffer(bytes);
            make_array(data.align_buffers(true).build().expect("as many bytes as it takes"))
        });
        return parts.boxed();
    }
    match data_type {
        DataType::Null => Just(Arc::new(NullArray::new(len)) as ArrayRef).boxed(),
        DataType::Boolean => {
            made((vec(any::<bool>(), len), nulls(len)), |(bits, nulls)| BooleanArray::new(bits.into(), nulls))
        }
        DataType::FixedSizeBinary(width) => {
            let width = *width;
            let length = len * usize::try_from(width).unwrap_or(0);
            made((bytes(length), nulls(len)), move |(bytes, nulls)| FixedSizeBinaryArray::new(width, bytes, nulls))
        }
        DataType::Utf8 => made(texts(len), GenericStringArray::<i32>::from_iter),
        DataType::LargeUtf8 => made(texts(len), GenericStringArray::<i64>::from_iter),
        DataType::Binary => made(texts(len), GenericBinaryArray::<i32>::from_iter),
        DataType::LargeBinary => made(texts(len), GenericBinaryArray::<i64>::from_iter),
        DataType::Utf8View => made(texts(len), |texts| {
            // Small blocks, so that there are several.
            let mut builder = StringViewBuilder::new().with_fixed_block_size(64);
            texts.iter().for_each(|text| builder.append_option(text.as_ref()));
            builder.finish()
        }),
        DataType::BinaryView => made(texts(len), |texts| {
            let mut builder = BinaryViewBuilder::new().with_fixed_block_size(64);
            texts.iter().for_each(|text| builder.append_option(text.as_ref()));
            builder.finish()
        }),
        DataType::List(field) => list::<i32>(field, len),
        DataType::LargeList(field) => list::<i64>(field, len),
        DataType::ListView(field) => list_view::<i32>(field, len),
        DataType::LargeListView(field) => list_view::<i64>(field, len),
        DataType::FixedSizeList(field, size) => {
            let (field, size) = (Arc::clone(field), *size);
            let values = array(field.data_type(), len * usize::try_from(size).unwrap_or(0));
            made((values, nulls(len)), move |(values, nulls)| {
                let made = FixedSizeListArray::try_new_with_length(Arc::clone(&field), size, values, nulls, len);
                made.expect("as many values as it takes")
            })
        }
        DataType::Struct(fields) => {
            let columns: Vec<_> = fields.iter().map(|field| array(field.data_type(), len)).collect();
            let fields = fields.clone();
            made((columns, nulls(len)), move |(columns, nulls)| {
                StructArray::try_new_with_length(fields.clone(), columns, nulls, len).expect("columns of that length")
            })
        }
        DataType::Map(entries, sorted) => map(entries, *sorted, len),
        DataType::Union(fields, mode) => union(fields, *mode, len),
        DataType::Dictionary(keys, values) => dictionary(keys, values, len),
        DataType::RunEndEncoded(ends, values) => runs(ends.data_type(), values, len),
        other => unreachable!("no strategy makes the type {other}"),
    }
}

/// The array that is made of parts.
fn made<S, A>(parts: S, make: impl Fn(S::Value) -> A + 'static) -> BoxedStrategy<ArrayRef>
where
    S: Strategy + 'static,
    A: Array + 'static,
{
    parts.prop_map(move |parts| Arc::new(make(parts)) as ArrayRef).boxed()
}

/// Offsets of lists of up to three elements, and the elements.
fn parts<O: OffsetSizeTrait>(of: &DataType, len: usize) -> BoxedStrategy<(OffsetBuffer<O>, ArrayRef)> {
    let of = of.clone();
    let lengths = vec(0..4usize, len).prop_map(OffsetBuffer::<O>::from_lengths);
    let parts = lengths.prop_flat_map(move |offsets| {
        let values = array(&of, offsets.last().as_usize());
        (Just(offsets), values)
    });
    parts.boxed()
}

fn list<O: OffsetSizeTrait>(field: &FieldRef, len: usize) -> BoxedStrategy<ArrayRef> {
    let parts = parts::<O>(field.data_type(), len);
    let field = Arc::clone(field);
    made((parts, nulls(len)), move |((offsets, values), nulls)| {
        GenericListArray::new(Arc::clone(&field), offsets, values, nulls)
    })
}

/// Elements in any order, and overlapping.
fn list_view<O: OffsetSizeTrait>(field: &FieldRef, len: usize) -> BoxedStrategy<ArrayRef> {
    let sizes = || vec((0..3usize).prop_map(|number| O::from_usize(number).unwrap_or_else(O::zero)), len);
    let values = array(field.data_type(), 5);
    let field = Arc::clone(field);
    made((sizes(), sizes(), values, nulls(len)), move |(offsets, sizes, values, nulls)| {
        GenericListViewArray::new(Arc::clone(&field), offsets.into(), sizes.into(), values, nulls)
    })
}

fn map(entries: &FieldRef, sorted: bool, len: usize) -> BoxedStrategy<ArrayRef> {
    let DataType::Struct(fields) = entries.data_type() else { unreachable!("entries of a map are pairs") };
    let values = fields.last().map_or(DataType::Null, |field| field.data_type().clone());
    let (entries, fields) = (Arc::clone(entries), fields.clone());
    made((parts::<i32>(&values, len), nulls(len)), move |((offsets, values), nulls)| {
        let keys = GenericStringArray::<i32>::from_iter_values((0..values.len()).map(|place| format!("k{place}")));
        let pairs = StructArray::new(fields.clone(), vec![Arc::new(keys), values], None);
        MapArray::new(Arc::clone(&entries), offsets, pairs, nulls, sorted)
    })
}

fn union(fields: &UnionFields, mode: UnionMode, len: usize) -> BoxedStrategy<ArrayRef> {
    let types: Vec<(i8, DataType)> = fields.iter().map(|(id, field)| (id, field.data_type().clone())).collect();
    let ids = vec(select(types.iter().map(|(id, _)| *id).collect::<Vec<i8>>()), len);
    let parts = ids.prop_flat_map(move |ids| {
        let count = |id: i8| match mode {
            UnionMode::Sparse => len,
            UnionMode::Dense => ids.iter().filter(|found| **found == id).count(),
        };
        let children: Vec<_> = types.iter().map(|(id, one)| array(one, count(*id))).collect();
        (Just(ids), children)
    });
    let fields = fields.clone();
    made(parts, move |(ids, children)| {
        // Those of one child have to run upwards.
        let before = |place: usize| ids[..place].iter().filter(|id| **id == ids[place]).count() as i32;
        let offsets = (mode == UnionMode::Dense).then(|| (0..ids.len()).map(before).collect::<ScalarBuffer<i32>>());
        UnionArray::try_new(fields.clone(), ids.clone().into(), offsets, children).expect("ids of the children")
    })
}

fn dictionary(keys: &DataType, values: &DataType, len: usize) -> BoxedStrategy<ArrayRef> {
    let parts = (vec(option::of(0..4u8), len), array(values, 4));
    macro_rules! with_keys {
        ($key:ty) => {
            made(parts, |(keys, values)| {
                let keys = keys.into_iter().map(|key| key.map(Into::into)).collect();
                DictionaryArray::<$key>::try_new(keys, values).expect("keys of four words")
            })
        };
    }
    match keys {
        DataType::Int8 => made(parts, |(keys, values)| {
            let keys = keys.into_iter().map(|key| key.map(|key| key as i8)).collect();
            DictionaryArray::<types::Int8Type>::try_new(keys, values).expect("keys of four words")
        }),
        DataType::UInt16 => with_keys!(types::UInt16Type),
        DataType::Int32 => with_keys!(types::Int32Type),
        _ => with_keys!(types::UInt64Type),
    }
}

fn runs(ends: &DataType, values: &FieldRef, len: usize) -> BoxedStrategy<ArrayRef> {
    let (ends, values) = (ends.clone(), values.data_type().clone());
    let points = vec(1..6usize, len).prop_map(move |lengths| {
        let ends = lengths.iter().scan(0, |end, length| {
            let start = *end;
            *end = (start + length).min(len);
            (start < len).then_some(*end)
        });
        ends.collect::<Vec<usize>>()
    });
    let parts = points.prop_flat_map(move |points| {
        let values = array(&values, points.len());
        (Just(points), values)
    });
    macro_rules! with_ends {
        ($ends:ty, $array:ty) => {
            made(parts, |(points, values)| {
                let ends: $array = points.iter().map(|end| Some(*end as _)).collect();
                RunArray::<$ends>::try_new(&ends, &values).expect("an end for each value")
            })
        };
    }
    match ends {
        DataType::Int16 => with_ends!(types::Int16Type, Int16Array),
        DataType::Int32 => with_ends!(types::Int32Type, Int32Array),
        _ => with_ends!(types::Int64Type, Int64Array),
    }
}
