//! Frames one below the other, in one piece: a copy.

use super::columns::Columns;
use super::{Column, ColumnName, ColumnNumber, DataFrame, FrameError};
use crate::index::Index;
use crate::strings::StringArray;
use crate::tensor::Tensor;

impl DataFrame {
    /// A frame of the rows of several, in order. They have the same columns of the same types, in the same order, and all of
    /// them labels under one name, or none.
    ///
    /// Copies every column once, onto the heap. A single frame is shared instead, and no frames make one without columns.
    ///
    /// ```
    /// use vineyard_types::DataFrame;
    /// let frame = |rows: Vec<i64>| DataFrame::new().with_column("n", rows);
    /// let whole = DataFrame::concat(&[&frame(vec![1, 2])?, &frame(vec![3])?])?;
    /// assert_eq!(whole.numbers::<i64>("n")?.as_slice(), [1, 2, 3]);
    /// # Ok::<(), vineyard_types::FrameError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`FrameError::Concat`] with the number of the frame that cannot follow the first, and [`FrameError::Column`] naming
    /// the column whose values cannot be put together: objects of types that are not known here, as what Python pickled,
    /// can not.
    pub fn concat(frames: &[&Self]) -> Result<Self, FrameError> {
        let Some(first) = frames.first() else { return Ok(Self::new()) };
        for (number, frame) in frames.iter().enumerate() {
            if !frame.names().eq(first.names()) {
                let [found, expected] = [frame, first].map(|frame| format!("the columns {}", names(frame)));
                return Err(FrameError::Concat { frame: number, found, expected });
            }
            if frame.index.is_some() != first.index.is_some()
                || frame.index.as_ref().map(Index::name_as_json) != first.index.as_ref().map(Index::name_as_json)
            {
                let [found, expected] = [frame, first].map(|frame| labels(frame));
                return Err(FrameError::Concat { frame: number, found, expected });
            }
        }
        let joined = |name: &ColumnName| {
            let parts: Vec<&Column> = frames.iter().filter_map(|frame| frame.values.get(name)).collect();
            let column = Column::concat(&parts).map_err(|error| error.in_column(&name.to_string()))?;
            Ok::<_, FrameError>((name.clone(), column))
        };
        let values = first.names().map(joined).collect::<Result<Columns, _>>()?;
        let indexes: Vec<&Index> = frames.iter().filter_map(|frame| frame.index.as_ref()).collect();
        let index = indexes.first().map(|_| Index::concat(&indexes).map_err(FrameError::in_index)).transpose()?;
        Ok(Self { values, index, ..Self::new() })
    }
}

impl Column {
    /// A column of the values of several, in order, all of one type. Copies them once, onto the heap; a single column is
    /// shared instead.
    ///
    /// # Errors
    ///
    /// [`FrameError::Mixed`] if they are of different types, [`FrameError::Apart`] for several objects of types that are not
    /// known here, [`FrameError::Buffers`] for texts and arrays of Arrow's that are not valid.
    pub(crate) fn concat(parts: &[&Self]) -> Result<Self, FrameError> {
        let Some(first) = parts.first() else { return Ok(Self::from(Vec::<f64>::new())) };
        if parts.len() == 1 {
            return Ok((*first).clone());
        }
        let expected = first.type_name();
        if let Some(other) = parts.iter().find(|part| part.type_name() != expected) {
            return Err(FrameError::Mixed { found: other.type_name().into_owned(), expected: expected.into_owned() });
        }
        if let Some(numbers) = Self::concat_numbers(parts) {
            return numbers;
        }
        match first {
            Self::Text(_) => concat_texts(parts),
            #[cfg(feature = "arrow")]
            Self::Arrow(_) => concat_arrays(parts),
            _ => Err(FrameError::Apart { found: expected.into_owned() }),
        }
    }
}

/// The rows of several tensors of one type, which are alike but for their number.
pub(super) fn concat_tensors<T: ColumnNumber>(parts: &[&Column]) -> Result<Tensor<T>, FrameError> {
    let tensors: Vec<&Tensor<T>> = parts.iter().filter_map(|part| part.numbers()).collect();
    let row = |tensor: &Tensor<T>| tensor.shape().get(1..).unwrap_or_default().to_vec();
    let expected = tensors.first().map(|first| row(first)).unwrap_or_default();
    if let Some(found) = tensors.iter().map(|tensor| row(tensor)).find(|found| *found != expected) {
        let [found, expected] = [found, expected].map(|shape| format!("{} of shape {shape:?}", T::NUMPY));
        return Err(FrameError::Mixed { found, expected });
    }
    let rows =
        tensors.iter().filter_map(|tensor| tensor.shape().first()).fold(0, |sum: u64, rows| sum.saturating_add(*rows));
    let mut elements = Vec::with_capacity(tensors.iter().map(|tensor| tensor.len()).sum());
    tensors.iter().for_each(|tensor| elements.extend_from_slice(tensor.as_slice()));
    let shape = std::iter::once(rows).chain(expected).collect();
    Ok(Tensor::over(shape, elements.into()))
}

fn concat_texts(parts: &[&Column]) -> Result<Column, FrameError> {
    let texts = parts.iter().filter_map(|part| part.texts()).flat_map(StringArray::iter).map(Option::transpose);
    let texts =
        texts.collect::<Result<Vec<Option<&str>>, _>>().map_err(|error| FrameError::Buffers(error.to_string()))?;
    Ok(StringArray::from_options(texts).into())
}

#[cfg(feature = "arrow")]
fn concat_arrays(parts: &[&Column]) -> Result<Column, FrameError> {
    let invalid = |error: &dyn std::error::Error| FrameError::Buffers(error.to_string());
    let arrays = parts.iter().filter_map(|part| part.arrow()).map(|array| array.to_arrow());
    let arrays = arrays.collect::<Result<Vec<_>, _>>().map_err(|error| invalid(&error))?;
    let arrays: Vec<&dyn arrow_array::Array> = arrays.iter().map(AsRef::as_ref).collect();
    let whole = arrow_select::concat::concat(&arrays).map_err(|error| invalid(&error))?;
    Ok(crate::arrow::ArrowArray::from_arrow(&whole).into())
}

fn names(frame: &DataFrame) -> String {
    let names: Vec<String> = frame.names().map(|name| name.as_json().to_string()).collect();
    format!("[{}]", names.join(","))
}

fn labels(frame: &DataFrame) -> String {
    match &frame.index {
        Some(index) => format!("labels named {}", index.name_as_json()),
        None => "no labels".to_owned(),
    }
}
