//! Frames of numbers and text as Arrow's arrays over the same memory.

use std::sync::Arc;

use bytes::Bytes;
use datafusion::arrow::array::{ArrayData, ArrayRef, make_array};
use datafusion::arrow::buffer::Buffer;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use vineyard_core::Blob;
use vineyard_types::dataframe::Column;
use vineyard_types::{DataFrame, StringArray};

use crate::error::SqlError;

/// The columns of a frame as a schema. The labels of rows are no column.
pub(crate) fn schema(name: &str, frame: &DataFrame) -> Result<SchemaRef, SqlError> {
    let field = |(column, values): (_, &Column)| {
        let data_type = data_type(values).map_err(|problem| refused(name, &column, problem))?;
        Ok(Field::new(ToString::to_string(&column), data_type, true))
    };
    Ok(Arc::new(Schema::new(frame.columns().map(field).collect::<Result<Vec<_>, _>>()?)))
}

/// Columns by their places, as views of the same memory. Text is checked, which reads it once.
pub(crate) fn view(name: &str, frame: &DataFrame, places: &[usize]) -> Result<Vec<ArrayRef>, SqlError> {
    let column = |place: &usize| frame.columns().nth(*place);
    let view = |(column, values): (_, &Column)| array(values).map_err(|problem| refused(name, &column, problem));
    places.iter().filter_map(column).map(view).collect()
}

fn refused(name: &str, column: &dyn ToString, problem: String) -> SqlError {
    SqlError::Column { name: name.to_owned(), column: column.to_string(), problem }
}

fn buffer(blob: &Blob) -> Buffer {
    if blob.nbytes() == 0 { Buffer::default() } else { Buffer::from(Bytes::from_owner(blob.clone())) }
}

macro_rules! numbers {
    ($($variant:ident),*) => {
        /// The type of a column's array.
        fn data_type(column: &Column) -> Result<DataType, String> {
            match column {
                $(Column::$variant(tensor) if tensor.shape().len() == 1 => Ok(DataType::$variant),)*
                Column::Text(_) => Ok(DataType::LargeUtf8),
                other => Err(format!("holds {}, expected one dimension of numbers, or text", other.numpy_name())),
            }
        }

        /// A column's array.
        fn array(column: &Column) -> Result<ArrayRef, String> {
            let data_type = data_type(column)?;
            let data = match column {
                $(Column::$variant(tensor) => ArrayData::builder(data_type)
                    .len(tensor.array().len())
                    .add_buffer(buffer(tensor.array().blob())),)*
                Column::Text(texts) => text(data_type, texts.texts())?,
                other => return Err(format!("holds {}", other.numpy_name())),
            };
            Ok(make_array(data.build().map_err(|error| error.to_string())?))
        }
    };
}

numbers!(Int8, Int16, Int32, Int64, UInt8, UInt16, UInt32, UInt64, Float32, Float64);

fn text(data_type: DataType, texts: &StringArray) -> Result<datafusion::arrow::array::ArrayDataBuilder, String> {
    if texts.null_count() > 0 || texts.offsets().len() != texts.len().saturating_add(1) {
        return Err("is text of which some is missing or left out, which frames do not share with Arrow".to_owned());
    }
    let data = ArrayData::builder(data_type).len(texts.len());
    Ok(data.add_buffer(buffer(texts.offsets().blob())).add_buffer(buffer(texts.data().blob())))
}
