//! Frames of polars, and back.

use polars_core::frame::DataFrame as Polars;

use super::arrow::ConvertError;
use super::{ColumnName, DataFrame};
use crate::arrow::{RecordBatch, Table, polars, to_column};

impl DataFrame {
    /// The frame of polars as a frame over the same buffers. A put copies each once, straight into shared memory; what
    /// [`to_polars`](Self::to_polars) gave out is linked. Copied here are columns in several pieces or of one repeated value,
    /// and bits of booleans and nulls that do not start with a byte.
    ///
    /// | polars | in the frame |
    /// |---|---|
    /// | integers and floats up to 64 bits, without nulls | tensors |
    /// | `Datetime` without a zone and `Duration`, without nulls and numpy's `NaT` (the lowest number) | tensors of `DateTime64`, `TimeDelta64` |
    /// | the same with nulls or a zone, `Boolean`, `Date`, `Time`, `Decimal`, `String`, `Binary`, `List`, `Array`, `Struct`, `Null` | [`Column::Arrow`](super::Column::Arrow) of that type; texts and bytes with their views |
    /// | `Enum` | [`Column::Arrow`](super::Column::Arrow), a dictionary with all words in their order |
    ///
    /// ```
    /// use polars_core::df;
    /// use vineyard_types::DataFrame;
    /// let polars = df!("city" => ["Oslo", "Rome"], "degrees" => [Some(-3.5), None])?;
    /// let frame = DataFrame::from_polars(&polars)?;
    /// assert_eq!(frame.arrow("degrees")?.null_count(), Some(1));
    /// assert!(frame.to_polars()?.equals_missing(&polars));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ConvertError::FromPolars`] for types that would not come back the same, as integers of 128 bits, objects and
    /// categories that are the process's own; [`ConvertError::NoColumns`] for rows without columns.
    pub fn from_polars(frame: &Polars) -> Result<Self, ConvertError> {
        if frame.width() == 0 && frame.height() > 0 {
            return Err(ConvertError::NoColumns { rows: frame.height() as u64 });
        }
        let values = frame.columns().iter().map(|column| {
            let name = column.name().as_str();
            let array = polars::from_series(column.as_materialized_series()).map_err(|foreign| {
                ConvertError::FromPolars { name: name.to_owned(), found: foreign.found, problem: foreign.problem }
            })?;
            Ok((ColumnName::from(name), to_column(array)))
        });
        Ok(Self { values: values.collect::<Result<_, ConvertError>>()?, ..Self::new() })
    }

    /// The frame as one of polars, over the same buffers: views of shared memory if it was got. Text, offsets, views and
    /// keys are checked, which reads them.
    ///
    /// Copied are bitmaps of nulls and booleans, for polars has no safe way to share these; the words of dictionaries, and
    /// their keys if they are not as wide as polars has them; the offsets of lists of 32 bits. Text and bytes that are stored in a row (all that
    /// Python puts) get views, 16 bytes for each. A struct's null rows become null in its fields as well.
    ///
    /// Types of lists and texts come back as the ones that polars has: `LargeList`, `Utf8View`, `BinaryView`. It does not
    /// know what the elements of lists are called.
    ///
    /// # Errors
    ///
    /// [`ConvertError::ToPolars`] for types that polars does not have, or has in another unit, width or time zone; and as
    /// [`to_arrow`](Self::to_arrow).
    pub fn to_polars(&self) -> Result<Polars, ConvertError> {
        columns(&self.to_arrow()?)
    }
}

impl RecordBatch {
    /// The batch as a frame of polars, over the same buffers, as [`DataFrame::to_polars`] makes it. Metadata of the schema
    /// and its fields, for which polars has no place, is left out.
    ///
    /// # Errors
    ///
    /// [`ConvertError::ToPolars`] for types that polars does not have, those of extensions among them;
    /// [`ConvertError::Polars`] if two columns have one name; [`ConvertError::Array`] if the batch is not valid.
    pub fn to_polars(&self) -> Result<Polars, ConvertError> {
        columns(&self.to_arrow()?)
    }
}

impl Table {
    /// The table as a frame of polars whose columns are in as many pieces as the table, each over the buffers of its batch:
    /// what Python puts as a frame of polars is such a table. Else as [`RecordBatch::to_polars`].
    ///
    /// # Errors
    ///
    /// As [`RecordBatch::to_polars`].
    pub fn to_polars(&self) -> Result<Polars, ConvertError> {
        let schema = self.schema()?;
        let mut all = columns(&arrow_array::RecordBatch::new_empty(schema))?;
        for batch in self.to_arrow()?.iter().filter(|batch| batch.num_rows() > 0) {
            let more = columns(batch)?;
            if all.height() == 0 {
                all = more;
            } else {
                all.vstack_mut(&more).map_err(refused)?;
            }
        }
        Ok(all)
    }
}

/// The columns of a batch.
fn columns(batch: &arrow_array::RecordBatch) -> Result<Polars, ConvertError> {
    let columns = batch.schema_ref().fields().iter().zip(batch.columns()).map(|(field, array)| {
        let name = field.name();
        let foreign = |foreign: polars::Foreign| ConvertError::ToPolars {
            name: name.clone(),
            found: foreign.found,
            problem: foreign.problem,
        };
        if let Some(extension) = field.metadata().get("ARROW:extension:name") {
            return Err(foreign(polars::Foreign::new(extension, "it is a type of an extension")));
        }
        polars::to_series(name, array).map(Into::into).map_err(foreign)
    });
    Polars::new(batch.num_rows(), columns.collect::<Result<Vec<_>, _>>()?).map_err(refused)
}

fn refused(error: polars_core::error::PolarsError) -> ConvertError {
    ConvertError::Polars(error.to_string())
}
