//! Frames as Arrow's arrays over the same memory.

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::SchemaRef;
use vineyard_types::DataFrame;
use vineyard_types::dataframe::{ColumnName, ConvertError};

use crate::error::SqlError;

/// A frame whose columns are those of a table: the labels of rows are no column, and numbers that are names are text.
pub(crate) fn as_table(name: &str, frame: &DataFrame) -> Result<DataFrame, SqlError> {
    let numbered: Vec<ColumnName> = frame.names().filter(|column| column.as_str().is_none()).cloned().collect();
    let named = numbered.iter().try_fold(frame.clone().without_index(), |frame, column| {
        let text = column.to_string();
        frame.renamed(column, text)
    });
    named.map_err(|cause| SqlError::Columns { name: name.to_owned(), cause })
}

/// The columns as a schema. Looks at none of them.
pub(crate) fn schema(name: &str, frame: &DataFrame) -> Result<SchemaRef, SqlError> {
    // Without its rows: booleans become bits, and times are looked at, when they are converted. If that cannot be, the
    // whole frame says why.
    let none = frame.slice(..0).ok().and_then(|none| none.to_arrow().ok());
    let batch = none.map_or_else(|| frame.to_arrow(), Ok);
    Ok(batch.map_err(|cause| refused(name, cause))?.schema())
}

/// Columns by their places, as views of the same memory. Text is checked, which reads it once; booleans are copied, for
/// frames have a byte for each.
pub(crate) fn view(name: &str, frame: &DataFrame, places: &[usize]) -> Result<Vec<ArrayRef>, SqlError> {
    let names = places.iter().filter_map(|place| frame.names().nth(*place));
    let columns = frame.select(names).map_err(|cause| SqlError::Columns { name: name.to_owned(), cause })?;
    Ok(columns.to_arrow().map_err(|cause| refused(name, cause))?.columns().to_vec())
}

fn refused(name: &str, cause: ConvertError) -> SqlError {
    SqlError::Frame { name: name.to_owned(), cause }
}
