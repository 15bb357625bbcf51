//! Frames as record batches of Arrow, and back.

use std::collections::HashSet;

use arrow_schema::{Field, Schema};

use super::{Column, ColumnName, DataFrame};
use crate::arrow::{ArrayError, ArrowArray, RecordBatch, Table, Unfit, to_array, to_column};

/// What a frame has and a record batch, or a frame of polars, cannot keep, or the reverse.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConvertError {
    /// A frame has no place for metadata.
    #[error("{of} has metadata under `{key}`, which a frame cannot keep: take it off first")]
    Metadata {
        /// The schema, or one of its fields.
        of: String,
        /// A key of the metadata.
        key: String,
    },
    /// The columns of a frame have different names.
    #[error("two columns are named `{name}`, which a frame cannot have")]
    Twice {
        /// The name.
        name: String,
    },
    /// Without columns and labels a frame has no rows.
    #[error("a batch of {rows} rows without columns cannot be a frame: it would have no rows")]
    NoColumns {
        /// The rows.
        rows: u64,
    },
    /// A record batch has no place for labels.
    #[error("the frame has an index, for which a record batch has no place: make it a column or take it off first")]
    Index,
    /// The names in a schema are texts.
    #[error("column `{name}` is named by {json}, the columns of a record batch are named by text")]
    Name {
        /// The name as text.
        name: String,
        /// The name as JSON.
        json: String,
    },
    /// Arrow has no type for a column.
    #[error("column `{name}` is of type {found}, for which Arrow has none")]
    Type {
        /// The column.
        name: String,
        /// What it holds.
        found: String,
    },
    /// A column whose rows are not single values.
    #[error("column `{name}` is a tensor of shape {shape:?}, a column of a record batch has one dimension")]
    Shape {
        /// The column.
        name: String,
        /// The shape.
        shape: Vec<u64>,
    },
    /// A column of polars of a type that is not the same in a store.
    #[cfg(feature = "polars")]
    #[error("column `{name}` is of the type {found} of polars: {problem}")]
    FromPolars {
        /// The column.
        name: String,
        /// The type, or that of a part.
        found: String,
        /// Why it is refused.
        problem: String,
    },
    /// A column of a type that is not the same in polars.
    #[cfg(feature = "polars")]
    #[error("column `{name}` is of type {found}: {problem}")]
    ToPolars {
        /// The column.
        name: String,
        /// The type, or that of a part.
        found: String,
        /// Why it is refused.
        problem: String,
    },
    /// Polars refuses the columns.
    #[cfg(feature = "polars")]
    #[error("polars refuses the frame: {0}")]
    Polars(String),
    /// The columns or the schema are no valid data of Arrow's, or not valid together.
    #[error(transparent)]
    Array(#[from] ArrayError),
}

impl DataFrame {
    /// The batch as a frame over the same buffers; copies what [`ArrowArray::from_arrow`] copies.
    ///
    /// | column | in the frame |
    /// |---|---|
    /// | integers and floats without nulls | tensors |
    /// | `Timestamp` without a zone and `Duration`, without nulls and numpy's `NaT` (the lowest number) | tensors of `DateTime64`, `TimeDelta64` |
    /// | `LargeUtf8` | text |
    /// | everything else | [`Column::Arrow`] |
    ///
    /// The published Python package reads frames whose columns are all of the upper kinds. [`to_arrow`](Self::to_arrow)
    /// gives the same columns back under the same types.
    ///
    /// What a frame cannot keep is refused: metadata of the schema and of its fields, two columns of one name, rows without
    /// columns. Whether a field says that it may be null is not kept, for a frame says nothing of it: all fields come back
    /// as nullable, those of structs and lists inside of a column as they were.
    ///
    /// ```
    /// use arrow_array::record_batch;
    /// use vineyard_types::DataFrame;
    /// let batch = record_batch!(("n", Int64, [1, 2]), ("t", LargeUtf8, ["a", "b"]), ("u", UInt8, [Some(1), None]))?;
    /// let frame = DataFrame::from_arrow(&batch)?;
    /// assert_eq!(frame.numbers::<i64>("n")?.as_slice(), [1, 2]);
    /// assert_eq!(frame.arrow("u")?.null_count(), Some(1));
    /// assert_eq!(frame.to_arrow()?, batch);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ConvertError`] saying what would be lost.
    pub fn from_arrow(batch: &arrow_array::RecordBatch) -> Result<Self, ConvertError> {
        let columns = batch.columns().iter().map(|column| ArrowArray::from_arrow(column));
        of_columns(batch.schema_ref(), columns, batch.num_rows() as u64)
    }

    /// The frame as a batch of the `arrow` crates, over the same buffers: views of shared memory if it was got. Copies the
    /// bits of columns of booleans; columns of times are looked at, and their `NaT` becomes null.
    ///
    /// What comes from a store is checked as [`ArrowArray::to_arrow`] does it.
    ///
    /// # Errors
    ///
    /// [`ConvertError`] if the frame has what a batch does not: an index, names that are not text, tensors of several
    /// dimensions, complex numbers, times in units that Arrow does not have, objects of other types. And as
    /// [`ArrowArray::to_arrow`].
    pub fn to_arrow(&self) -> Result<arrow_array::RecordBatch, ConvertError> {
        Ok(self.to_record_batch()?.to_arrow()?)
    }

    /// A stored batch as a frame, which [shares](Self::from_arrow) its buffers: what is put of it links them.
    ///
    /// # Errors
    ///
    /// As [`from_arrow`](Self::from_arrow), and [`ConvertError::Array`] if the schema cannot be read or the columns are of
    /// other types.
    pub fn from_record_batch(batch: &RecordBatch) -> Result<Self, ConvertError> {
        let schema = batch.schema()?;
        let columns = schema.fields().iter().zip(batch.columns()).enumerate().map(|(index, (field, column))| {
            column.retyped(field.data_type()).map_err(|error| error.in_column(index, field.name()))
        });
        of_columns(&schema, columns.collect::<Result<Vec<_>, _>>()?, batch.num_rows())
    }

    /// The frame as a batch that shares its buffers: what is put of it links them. Python gets it as a
    /// `pyarrow.RecordBatch`.
    ///
    /// # Errors
    ///
    /// As [`to_arrow`](Self::to_arrow), but for what the buffers hold, which is not looked at.
    pub fn to_record_batch(&self) -> Result<RecordBatch, ConvertError> {
        if self.index().is_some() {
            return Err(ConvertError::Index);
        }
        let columns = self.columns().map(|(name, column)| named_array(name, column));
        let (fields, columns): (Vec<Field>, Vec<ArrowArray>) =
            columns.collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
        Ok(RecordBatch::of(&Schema::new(fields), columns, self.num_rows())?)
    }

    /// The batches of a stored table, each as a frame that [shares](Self::from_record_batch) its buffers. A frame has its
    /// rows in one piece, so putting them together is a copy, which is not made here; a table without batches has no
    /// frames.
    ///
    /// # Errors
    ///
    /// As [`from_record_batch`](Self::from_record_batch).
    pub fn from_table(table: &Table) -> Result<Vec<Self>, ConvertError> {
        table.batches().iter().map(Self::from_record_batch).collect()
    }
}

fn of_columns(
    schema: &Schema,
    columns: impl IntoIterator<Item = ArrowArray>,
    rows: u64,
) -> Result<DataFrame, ConvertError> {
    let refuse = |of: String, key: Option<&String>| match key {
        Some(key) => Err(ConvertError::Metadata { of, key: key.clone() }),
        None => Ok(()),
    };
    refuse("the schema".to_owned(), schema.metadata().keys().min())?;
    let mut names = HashSet::new();
    for field in schema.fields() {
        refuse(format!("field `{}`", field.name()), field.metadata().keys().min())?;
        if !names.insert(field.name()) {
            return Err(ConvertError::Twice { name: field.name().clone() });
        }
    }
    if names.is_empty() && rows > 0 {
        return Err(ConvertError::NoColumns { rows });
    }
    let named = schema.fields().iter().zip(columns);
    let values = named.map(|(field, column)| (ColumnName::from(field.name().as_str()), to_column(column))).collect();
    Ok(DataFrame { values, ..DataFrame::new() })
}

fn named_array(name: &ColumnName, column: &Column) -> Result<(Field, ArrowArray), ConvertError> {
    let Some(text) = name.as_str() else {
        return Err(ConvertError::Name { name: name.to_string(), json: name.as_json().to_string() });
    };
    let array = to_array(column).map_err(|unfit| match unfit {
        Unfit::Type(found) => ConvertError::Type { name: text.to_owned(), found },
        Unfit::Shape(shape) => ConvertError::Shape { name: text.to_owned(), shape },
    })?;
    Ok((Field::new(text, array.data_type().clone(), true), array))
}
