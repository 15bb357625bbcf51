//! Some of the elements of an array, over the same buffers.

use std::ops::Range;

use arrow_buffer::BooleanBuffer;
use arrow_schema::{DataType, UnionMode};
use vineyard_core::Blob;

use super::bytes::to_buffer;
use super::error::ArrayError;
use super::node::Node;

impl Node {
    /// The elements from one to another, of which there are so many. Buffers are cut where that costs nothing; what bytes
    /// they hold is not looked at, but for the bits of nulls, which are counted.
    pub(super) fn slice(&self, rows: Range<usize>) -> Result<Self, ArrayError> {
        if rows == (0..self.length) {
            return Ok(self.clone());
        }
        let too_long = || ArrayError::Length {
            data_type: self.data_type.clone(),
            length: rows.len(),
            offset: self.offset.saturating_add(rows.start),
        };
        let start = self.offset.checked_add(rows.start).ok_or_else(too_long)?;
        let end = self.offset.checked_add(rows.end).ok_or_else(too_long)?;
        // Bitmaps are cut at bytes, and everything else with them.
        let has_bits = self.nulls.is_some() || self.data_type == DataType::Boolean;
        let first = if has_bits { start & !7 } else { start };
        let nulls = self.nulls.as_ref().map(|bits| self.cut_bits(bits, first, end)).transpose()?;
        let offset = start.saturating_sub(first);
        let mut slice = Self {
            data_type: self.data_type.clone(),
            length: rows.len(),
            offset,
            null_count: self.null_count.filter(|count| *count == 0),
            nulls,
            buffers: self.cut_buffers(first, end)?,
            children: self.cut_children(first, end)?,
        };
        match self.data_type {
            // Neither has buffers of its own: the one has no rows but in its children, the other counts along its runs.
            DataType::Null => slice.offset = 0,
            DataType::RunEndEncoded(_, _) => slice.offset = start,
            _ => {}
        }
        slice.count_nulls();
        Ok(slice)
    }

    fn cut_bits(&self, bits: &Blob, first: usize, end: usize) -> Result<Blob, ArrayError> {
        self.cut(bits, first / 8..end.div_ceil(8))
    }

    fn cut(&self, buffer: &Blob, bytes: Range<usize>) -> Result<Blob, ArrayError> {
        buffer.slice(bytes).map_err(|cause| ArrayError::Cut { data_type: self.data_type.clone(), cause })
    }

    /// Elements from `first` to `end` of a buffer with so many bytes for each, and `more` elements behind them.
    fn cut_elements(
        &self,
        buffer: &Blob,
        width: usize,
        first: usize,
        end: usize,
        more: usize,
    ) -> Result<Blob, ArrayError> {
        let end = end.saturating_add(more).saturating_mul(width);
        self.cut(buffer, first.saturating_mul(width)..end)
    }

    fn cut_buffers(&self, first: usize, end: usize) -> Result<Vec<Blob>, ArrayError> {
        use DataType::{
            Binary, BinaryView, Boolean, Dictionary, FixedSizeBinary, LargeBinary, LargeList, LargeListView, LargeUtf8,
            List, ListView, Map, Union, Utf8, Utf8View,
        };
        // Bytes for each element of the buffers that are cut, and elements more than rows; all others are kept.
        let (widths, more): (&[usize], usize) = match &self.data_type {
            Boolean => return self.buffers.iter().map(|bits| self.cut_bits(bits, first, end)).collect(),
            FixedSizeBinary(width) => (&[usize::try_from(*width).unwrap_or(0)], 0),
            Utf8 | Binary | List(_) | Map(_, _) => (&[4], 1),
            LargeUtf8 | LargeBinary | LargeList(_) => (&[8], 1),
            Utf8View | BinaryView => (&[16], 0),
            ListView(_) => (&[4, 4], 0),
            LargeListView(_) => (&[8, 8], 0),
            Union(_, _) => (&[1, 4], 0),
            Dictionary(keys, _) => (&[keys.primitive_width().unwrap_or(0)], 0),
            numbers => (&[numbers.primitive_width().unwrap_or(0)], 0),
        };
        let cut = |(place, buffer): (usize, &Blob)| match widths.get(place) {
            Some(width) => self.cut_elements(buffer, *width, first, end, more),
            None => Ok(buffer.clone()),
        };
        self.buffers.iter().enumerate().map(cut).collect()
    }

    fn cut_children(&self, first: usize, end: usize) -> Result<Vec<Self>, ArrayError> {
        let part = |size: usize| {
            let rows = first.saturating_mul(size)..end.saturating_mul(size);
            self.children.iter().map(|child| child.checked_slice(rows.clone())).collect()
        };
        match &self.data_type {
            DataType::Struct(_) | DataType::Union(_, UnionMode::Sparse) => part(1),
            DataType::FixedSizeList(_, size) => part(usize::try_from(*size).unwrap_or(0)),
            _ => Ok(self.children.clone()),
        }
    }

    /// As [`slice`](Self::slice), of rows that may not be there.
    fn checked_slice(&self, rows: Range<usize>) -> Result<Self, ArrayError> {
        if rows.end > self.length {
            let data_type = self.data_type.clone();
            return Err(ArrayError::Length { data_type, length: rows.len(), offset: rows.start });
        }
        self.slice(rows)
    }

    /// The array without the bytes behind its last text, if it is an array of texts or bytes: a reader checks all that are
    /// there.
    pub(super) fn cut_text(mut self) -> Self {
        let last = self.offset.saturating_add(self.length);
        let end = match (&self.data_type, self.buffers.first()) {
            (DataType::Utf8 | DataType::Binary, Some(offsets)) => {
                offsets.elements::<i32>().ok().and_then(|offsets| usize::try_from(*offsets.get(last)?).ok())
            }
            (DataType::LargeUtf8 | DataType::LargeBinary, Some(offsets)) => {
                offsets.elements::<i64>().ok().and_then(|offsets| usize::try_from(*offsets.get(last)?).ok())
            }
            _ => None,
        };
        if let (Some(end), Some(data)) = (end, self.buffers.get_mut(1))
            && let Ok(cut) = data.slice(..end)
        {
            *data = cut;
        }
        self
    }

    /// Counts what is null, if there are the bits to count.
    fn count_nulls(&mut self) {
        let end = self.offset.saturating_add(self.length);
        match &self.nulls {
            Some(bits) if bits.nbytes().saturating_mul(8) >= end => {
                let there = BooleanBuffer::new(to_buffer(bits), self.offset, self.length).count_set_bits();
                self.null_count = Some(self.length.saturating_sub(there));
            }
            Some(_) => {}
            None => self.null_count = Some(0),
        }
        if self.null_count == Some(0) {
            self.nulls = None;
        }
    }
}
