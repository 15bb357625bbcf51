//! Some rows of a table in any order, and rows of several tables one after the other.

use half::f16;
use num_complex::Complex;
use rayon::prelude::*;

use crate::dataframe::{Column, ColumnNumber, DataFrame, FrameError};
use crate::numeric::Bool8;
use crate::strings::StringArray;
use crate::tensor::Tensor;
use crate::time::{
    Attosecond, DateTime64, Day, Femtosecond, Hour, Microsecond, Millisecond, Minute, Month, Nanosecond, Picosecond,
    Second, TimeDelta64, Week, Year,
};

/// Gives what the first type of number answers that the columns are of.
macro_rules! of_numbers {
    ($gather:ident, $($argument:expr),*) => {
        of_numbers!(@each $gather, ($($argument),*);
            i8 i16 i32 i64 u8 u16 u32 u64 f16 f32 f64 Bool8 (Complex<f32>) (Complex<f64>)
            (DateTime64<Year>) (DateTime64<Month>) (DateTime64<Week>) (DateTime64<Day>) (DateTime64<Hour>)
            (DateTime64<Minute>) (DateTime64<Second>) (DateTime64<Millisecond>) (DateTime64<Microsecond>)
            (DateTime64<Nanosecond>) (DateTime64<Picosecond>) (DateTime64<Femtosecond>) (DateTime64<Attosecond>)
            (TimeDelta64<Year>) (TimeDelta64<Month>) (TimeDelta64<Week>) (TimeDelta64<Day>) (TimeDelta64<Hour>)
            (TimeDelta64<Minute>) (TimeDelta64<Second>) (TimeDelta64<Millisecond>) (TimeDelta64<Microsecond>)
            (TimeDelta64<Nanosecond>) (TimeDelta64<Picosecond>) (TimeDelta64<Femtosecond>) (TimeDelta64<Attosecond>)
        )
    };
    (@each $gather:ident, $arguments:tt; $($number:tt)*) => {
        None $(.or_else(|| of_numbers!(@one $gather, $number, $arguments)))*
    };
    (@one $gather:ident, ($number:ty), ($($argument:expr),*)) => { $gather::<$number>($($argument),*) };
    (@one $gather:ident, $number:ty, ($($argument:expr),*)) => { $gather::<$number>($($argument),*) };
}

/// Some rows of a table, without its index. All of them, in order, are shared; others are copied.
///
/// # Errors
///
/// [`FrameError::Column`] with the first column that cannot be cut.
pub(super) fn take(table: &DataFrame, rows: &[usize]) -> Result<DataFrame, FrameError> {
    let in_order = rows.len() == table.num_rows() && rows.iter().enumerate().all(|(at, row)| at == *row);
    if in_order {
        return Ok(table.clone().without_index());
    }
    let columns: Vec<_> = table.columns().collect();
    let taken: Vec<_> = columns.into_par_iter().map(|(name, column)| (name, take_column(column, rows))).collect();
    taken.into_iter().try_fold(DataFrame::new(), |taken, (name, column)| {
        let column = column.map_err(|cause| FrameError::Column { name: name.to_string(), cause: Box::new(cause) })?;
        taken.with_column(name.clone(), column)
    })
}

/// Rows of two tables with the same columns, those of the first first, without their indexes. Copies both, unless one has no rows.
///
/// # Errors
///
/// [`FrameError::Column`] with the first column whose parts cannot be put together; [`FrameError::NoColumn`].
pub(super) fn concat(first: &DataFrame, second: &DataFrame) -> Result<DataFrame, FrameError> {
    match (first.num_rows(), second.num_rows()) {
        (_, 0) => return Ok(first.clone().without_index()),
        (0, _) => return Ok(second.clone().without_index()),
        _ => {}
    }
    first.columns().try_fold(DataFrame::new(), |joined, (name, column)| {
        let other = second.column(name)?;
        let column = concat_columns(column, other)
            .map_err(|cause| FrameError::Column { name: name.to_string(), cause: Box::new(cause) })?;
        joined.with_column(name.clone(), column)
    })
}

fn take_column(column: &Column, rows: &[usize]) -> Result<Column, FrameError> {
    if let Some(taken) = of_numbers!(take_numbers, column, rows) {
        return Ok(taken);
    }
    match column {
        Column::Text(texts) => join_texts(&[(texts.texts(), rows)]).map(Column::from),
        #[cfg(feature = "arrow")]
        Column::Arrow(array) => arrow::take(array, rows).map(Column::from),
        other => Err(FrameError::Whole { found: other.type_name().into_owned() }),
    }
}

fn concat_columns(first: &Column, second: &Column) -> Result<Column, FrameError> {
    if let Some(joined) = of_numbers!(concat_numbers, first, second) {
        return Ok(joined);
    }
    match (first, second) {
        (Column::Text(first), Column::Text(second)) => {
            let all = |texts: &StringArray| (0..texts.len()).collect::<Vec<_>>();
            let (first, second) = (first.texts(), second.texts());
            join_texts(&[(first, &all(first)), (second, &all(second))]).map(Column::from)
        }
        #[cfg(feature = "arrow")]
        (Column::Arrow(first), Column::Arrow(second)) => arrow::concat(first, second).map(Column::from),
        (other, _) => Err(FrameError::Whole { found: other.type_name().into_owned() }),
    }
}

/// `None` if the column holds something else, or rows are asked for that are not there.
fn take_numbers<T: ColumnNumber>(column: &Column, rows: &[usize]) -> Option<Column>
where
    Tensor<T>: Into<Column>,
{
    let tensor = column.numbers::<T>()?;
    let items = tensor.as_slice();
    let (_, inner) = tensor.shape().split_first()?;
    let shape = std::iter::once(rows.len() as u64).chain(inner.iter().copied()).collect::<Vec<_>>();
    let taken: Vec<T> = if inner.is_empty() {
        rows.par_iter().map(|row| items.get(*row).copied()).collect::<Option<_>>()?
    } else {
        rows.iter().map(|row| tensor.row(*row)).collect::<Option<Vec<_>>>()?.concat()
    };
    Tensor::new(shape, taken).ok().map(Into::into)
}

/// `None` if the columns hold something else, or numbers of another shape each.
fn concat_numbers<T: ColumnNumber>(first: &Column, second: &Column) -> Option<Column>
where
    Tensor<T>: Into<Column>,
{
    let (first, second) = (first.numbers::<T>()?, second.numbers::<T>()?);
    let ((rows, inner), (more, other)) = (first.shape().split_first()?, second.shape().split_first()?);
    if inner != other {
        return None;
    }
    let shape = std::iter::once(rows.checked_add(*more)?).chain(inner.iter().copied()).collect::<Vec<_>>();
    Tensor::new(shape, [first.as_slice(), second.as_slice()].concat()).ok().map(Into::into)
}

fn join_texts(parts: &[(&StringArray, &[usize])]) -> Result<StringArray, FrameError> {
    let texts = parts.iter().flat_map(|(texts, rows)| rows.iter().map(|row| texts.get(*row).transpose()));
    let texts = texts.collect::<Result<Vec<_>, _>>().map_err(|error| FrameError::Buffers(error.to_string()))?;
    Ok(StringArray::from_options(texts))
}

#[cfg(feature = "arrow")]
mod arrow {
    use arrow_array::make_array;
    use arrow_data::ArrayData;
    use arrow_data::transform::MutableArrayData;
    use arrow_schema::DataType;

    use crate::arrow::ArrowArray;
    use crate::dataframe::FrameError;

    pub(super) fn take(array: &ArrowArray, rows: &[usize]) -> Result<ArrowArray, FrameError> {
        if has(array.data_type(), &|each| matches!(each, DataType::RunEndEncoded(..))) {
            return Err(whole(array));
        }
        let data = data(array)?;
        let mut taken = MutableArrayData::new(vec![&data], false, rows.len());
        let mut rows = rows.iter().copied().peekable();
        while let Some(start) = rows.next() {
            let mut end = start.saturating_add(1);
            while rows.next_if_eq(&end).is_some() {
                end = end.saturating_add(1);
            }
            if end > data.len() {
                return Err(FrameError::Range(crate::rows::RowsError { start, end, found: data.len() }));
            }
            extend(&mut taken, 0, start, end);
        }
        Ok(ArrowArray::from_arrow(&make_array(taken.freeze())))
    }

    /// Dictionaries are not merged, and offsets of 32 bits may not count all bytes of both.
    pub(super) fn concat(first: &ArrowArray, second: &ArrowArray) -> Result<ArrowArray, FrameError> {
        let is_kept_whole = |each: &DataType| matches!(each, DataType::RunEndEncoded(..) | DataType::Dictionary(..));
        let nbytes = first.nbytes().saturating_add(second.nbytes());
        let is_long = first.data_type().primitive_width().is_none() && i32::try_from(nbytes).is_err();
        if first.data_type() != second.data_type() || has(first.data_type(), &is_kept_whole) || is_long {
            return Err(whole(first));
        }
        let (first, second) = (data(first)?, data(second)?);
        let mut joined = MutableArrayData::new(vec![&first, &second], false, first.len().saturating_add(second.len()));
        extend(&mut joined, 0, 0, first.len());
        extend(&mut joined, 1, 0, second.len());
        Ok(ArrowArray::from_arrow(&make_array(joined.freeze())))
    }

    #[allow(deprecated, reason = "what replaces it is not in all versions of Arrow that there may be")]
    fn extend(to: &mut MutableArrayData<'_>, index: usize, start: usize, end: usize) {
        to.extend(index, start, end);
    }

    fn data(array: &ArrowArray) -> Result<ArrayData, FrameError> {
        array.to_data().map_err(|error| FrameError::Buffers(error.to_string()))
    }

    fn whole(array: &ArrowArray) -> FrameError {
        FrameError::Whole { found: array.data_type().to_string() }
    }

    /// Whether a type, or one inside of it, is such a one.
    fn has(data_type: &DataType, is_one: &dyn Fn(&DataType) -> bool) -> bool {
        let inside = |field: &arrow_schema::FieldRef| has(field.data_type(), is_one);
        is_one(data_type)
            || match data_type {
                DataType::List(field)
                | DataType::LargeList(field)
                | DataType::ListView(field)
                | DataType::LargeListView(field)
                | DataType::FixedSizeList(field, _)
                | DataType::Map(field, _) => inside(field),
                DataType::Struct(fields) => fields.iter().any(inside),
                DataType::Union(fields, _) => fields.iter().any(|(_, field)| inside(field)),
                DataType::Dictionary(_, values) => has(values, is_one),
                DataType::RunEndEncoded(_, values) => inside(values),
                _ => false,
            }
    }
}
