//! One array as a tree of blobs: what the stored forms have in common.

use arrow_data::{ArrayData, ArrayDataBuilder};
use arrow_schema::{ArrowError, DataType, Field};
use vineyard_core::Blob;

use super::bytes::to_buffer;
use super::error::ArrayError;

/// Elements beyond which sizes could not be computed without overflow; far more than memory has.
const MAX_LENGTH: usize = 1 << 48;

/// An array of any type, with its buffers as blobs. The same parts as Arrow's `ArrayData`.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) data_type: DataType,
    pub(super) length: usize,
    /// Where the elements start in each buffer, in elements.
    pub(super) offset: usize,
    /// As its writer counted; `None` if the writer did not.
    pub(super) null_count: Option<usize>,
    pub(super) nulls: Option<Blob>,
    pub(super) buffers: Vec<Blob>,
    pub(super) children: Vec<Self>,
}

impl Node {
    /// Views the blobs as Arrow data, and checks all of it: sizes, offsets, UTF-8, keys of dictionaries, type ids.
    pub(super) fn to_data(&self) -> Result<ArrayData, ArrayError> {
        self.check_sizes()?;
        let children = self.children.iter().map(Self::to_data).collect::<Result<Vec<_>, _>>()?;
        let data = ArrayDataBuilder::new(self.data_type.clone())
            .len(self.length)
            .offset(self.offset)
            .null_bit_buffer(self.nulls.as_ref().map(to_buffer))
            .buffers(self.buffers.iter().map(to_buffer).collect())
            .child_data(children)
            // Copies only what a transport did not align; shared memory is.
            .align_buffers(true)
            .build()
            .map_err(|cause| ArrayError::Data { data_type: self.data_type.clone(), cause })?;
        match self.null_count {
            Some(expected) if expected != data.null_count() => {
                let (data_type, found) = (self.data_type.clone(), data.null_count());
                Err(ArrayError::NullCount { data_type, expected, found })
            }
            _ => Ok(data),
        }
    }

    /// What Arrow's own validation takes for granted.
    fn check_sizes(&self) -> Result<(), ArrayError> {
        check_type(&self.data_type)?;
        let (length, offset) = (self.length, self.offset);
        let end = length.checked_add(offset).filter(|end| *end <= MAX_LENGTH);
        let places = match (end, &self.data_type) {
            (Some(end), DataType::FixedSizeList(_, size)) => {
                usize::try_from(*size).ok().and_then(|size| end.checked_mul(size)).filter(|all| *all <= MAX_LENGTH)
            }
            (end, _) => end,
        };
        if places.is_none() {
            return Err(ArrayError::Length { data_type: self.data_type.clone(), length, offset });
        }
        // Arrow 59 panics on these, where 60 has an error.
        let (found, needed) = (self.nulls.as_ref().map(Blob::nbytes), end.unwrap_or(MAX_LENGTH).div_ceil(8));
        match found {
            Some(found) if found < needed => {
                let problem = format!("null_bit_buffer size too small. got {found} needed {needed}");
                let cause = ArrowError::InvalidArgumentError(problem);
                Err(ArrayError::Data { data_type: self.data_type.clone(), cause })
            }
            _ => Ok(()),
        }
    }
}

/// Refuses types that Arrow's code does not expect to meet.
fn check_type(data_type: &DataType) -> Result<(), ArrayError> {
    let problem = match data_type {
        DataType::FixedSizeBinary(width) if *width < 0 => "its width is negative",
        DataType::FixedSizeList(_, size) if *size < 0 => "its size is negative",
        DataType::Dictionary(keys, _) if !keys.is_integer() => "the keys of a dictionary are integers",
        DataType::Union(fields, _) if fields.iter().any(|(id, _)| id < 0) => "a type id is negative",
        DataType::RunEndEncoded(ends, _)
            if !matches!(ends.data_type(), DataType::Int16 | DataType::Int32 | DataType::Int64) =>
        {
            "run ends are signed integers of 16 bits or more"
        }
        _ => return Ok(()),
    };
    Err(ArrayError::Type { data_type: data_type.clone(), problem })
}

impl Node {
    /// The same array under a type that differs in the names, nullability and metadata of the elements of lists only,
    /// which the original's layouts do not keep.
    pub(super) fn retyped(&self, to: &DataType) -> Result<Self, ArrayError> {
        if self.data_type == *to {
            return Ok(self.clone());
        }
        let element: &Field = match (&self.data_type, to) {
            (DataType::List(_), DataType::List(element)) | (DataType::LargeList(_), DataType::LargeList(element)) => {
                element
            }
            (DataType::FixedSizeList(_, found), DataType::FixedSizeList(element, size)) if found == size => element,
            (found, expected) => {
                return Err(ArrayError::ColumnType { found: found.clone(), expected: expected.clone() });
            }
        };
        let children = self.children.iter().map(|child| child.retyped(element.data_type()));
        Ok(Self { data_type: to.clone(), children: children.collect::<Result<_, _>>()?, ..self.clone() })
    }
}
