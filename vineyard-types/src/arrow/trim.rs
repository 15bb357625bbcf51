//! Arrays of this process as trees of blobs: slices keep only what they show.

use arrow_array::cast::AsArray;
use arrow_array::{Array, OffsetSizeTrait, make_array};
use arrow_buffer::{BooleanBuffer, Buffer, ScalarBuffer};
use arrow_data::ArrayData;
use arrow_schema::DataType;
use bytemuck::Pod;
use vineyard_core::Blob;

use super::bytes::from_buffer;
use super::node::Node;

/// Takes an array apart. Buffers are shared with it, but for the bits of slices that start within a byte, and for the
/// offsets of slices that do not start at zero, which are made anew.
///
/// What is beyond a slice is left out, but for the bytes behind views, the values of dictionaries, what dense unions and
/// list views point into, and runs: these are kept whole.
pub(super) fn take_apart(array: &dyn Array) -> Node {
    // Through the array that Arrow makes of the data, so that offsets are where its own arrays have them.
    let array = make_array(array.to_data());
    let data = array.to_data();
    let nulls = data.nulls().filter(|nulls| nulls.null_count() > 0);
    let mut node = Node {
        data_type: data.data_type().clone(),
        length: data.len(),
        offset: 0,
        null_count: Some(nulls.map_or(0, |nulls| nulls.null_count())),
        nulls: nulls.map(|nulls| bits(nulls.inner())),
        buffers: Vec::new(),
        children: Vec::new(),
    };
    match data.data_type() {
        DataType::Boolean => node.buffers = vec![bits(array.as_boolean().values())],
        DataType::Utf8 | DataType::Binary => node.buffers = texts::<i32>(&data),
        DataType::LargeUtf8 | DataType::LargeBinary => node.buffers = texts::<i64>(&data),
        DataType::List(_) | DataType::Map(_, _) => lists::<i32>(&data, &mut node),
        DataType::LargeList(_) => lists::<i64>(&data, &mut node),
        DataType::FixedSizeList(_, size) => {
            let places = usize::try_from(*size).unwrap_or(0).saturating_mul(data.len());
            node.children = data.child_data().iter().map(|values| part(values, 0, places)).collect();
        }
        _ => {
            node.offset = data.offset();
            node.buffers = data.buffers().iter().cloned().map(from_buffer).collect();
            node.children = data.child_data().iter().map(|child| part(child, 0, child.len())).collect();
        }
    }
    node
}

/// Some elements of a child.
fn part(data: &ArrayData, start: usize, length: usize) -> Node {
    let array = make_array(data.clone());
    if start == 0 && length == array.len() { take_apart(&array) } else { take_apart(&array.slice(start, length)) }
}

/// Bits from the first bit of a byte on.
fn bits(buffer: &BooleanBuffer) -> Blob {
    from_buffer(buffer.sliced())
}

/// Offsets that start at zero, and the range that they had.
fn offsets<O: OffsetSizeTrait + Pod>(data: &ArrayData) -> (Blob, usize, usize) {
    let Some(buffer) = data.buffers().first().filter(|buffer| !buffer.is_empty()) else {
        return (Blob::from(vec![O::zero()]), 0, 0);
    };
    let offsets = ScalarBuffer::<O>::new(buffer.clone(), data.offset(), data.len().saturating_add(1));
    let first = offsets.first().copied().unwrap_or_else(O::zero);
    let last = offsets.last().copied().unwrap_or_else(O::zero);
    let blob = if first == O::zero() {
        from_buffer(offsets.into_inner())
    } else {
        Blob::from(offsets.iter().map(|offset| *offset - first).collect::<Vec<O>>())
    };
    (blob, first.as_usize(), last.as_usize())
}

/// Offsets and bytes.
fn texts<O: OffsetSizeTrait + Pod>(data: &ArrayData) -> Vec<Blob> {
    let (offsets, first, last) = offsets::<O>(data);
    let bytes = data
        .buffers()
        .get(1)
        .map_or_else(Buffer::default, |bytes| bytes.slice_with_length(first, last.saturating_sub(first)));
    vec![offsets, from_buffer(bytes)]
}

fn lists<O: OffsetSizeTrait + Pod>(data: &ArrayData, node: &mut Node) {
    let (offsets, first, last) = offsets::<O>(data);
    node.buffers = vec![offsets];
    node.children = data.child_data().iter().map(|values| part(values, first, last.saturating_sub(first))).collect();
}
