//! What does not fit between Arrow and the store.

use arrow_schema::{ArrowError, DataType};
use vineyard_core::ViewError;

use crate::rows::RowsError;

/// Arrow data that cannot be stored as it is, or stored data that is no valid Arrow data.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArrayError {
    /// The buffers do not hold what the type asks for: too few bytes, offsets out of range, text that is not UTF-8.
    #[error("array of type {data_type}: {cause}")]
    Data {
        /// The type.
        data_type: DataType,
        /// What Arrow's validation found.
        cause: ArrowError,
    },
    /// Another number of nulls than the writer counted.
    #[error("array of type {data_type} has {found} nulls, its metadata says {expected}")]
    NullCount {
        /// The type.
        data_type: DataType,
        /// The number in the metadata.
        expected: usize,
        /// The nulls in the bitmap.
        found: usize,
    },
    /// More elements than an array can have.
    #[error("array of type {data_type} has {length} elements from {offset} on, more than memory could hold")]
    Length {
        /// The type.
        data_type: DataType,
        /// Its length.
        length: usize,
        /// Where it starts.
        offset: usize,
    },
    /// A type that no array can have.
    #[error("{data_type} is not a type of arrays: {problem}")]
    Type {
        /// The type.
        data_type: DataType,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The flattened form of an array does not have the parts that its type asks for.
    #[error("the stored array has {found} {parts}, its type {data_type} needs {needed}")]
    Parts {
        /// The type of the whole array.
        data_type: DataType,
        /// What is missing or left over: `nodes` or `buffers`.
        parts: &'static str,
        /// How many there are.
        found: usize,
        /// How many there should be, as far as was read.
        needed: usize,
    },
    /// A schema that cannot be read, or not be written so that it reads the same.
    #[error("schema: {0}")]
    Schema(String),
    /// A column that cannot be read.
    #[error("column {index} (`{name}`): {cause}")]
    Column {
        /// Which column.
        index: usize,
        /// Its name.
        name: String,
        /// What is wrong with it.
        cause: Box<ArrayError>,
    },
    /// A column of another type than the schema says.
    #[error("it holds {found}, the schema says {expected}")]
    ColumnType {
        /// What it holds.
        found: DataType,
        /// What the schema says.
        expected: DataType,
    },
    /// A column of another length than its batch.
    #[error("it has {found} rows, the batch has {expected}")]
    ColumnRows {
        /// Its rows.
        found: usize,
        /// The rows of the batch.
        expected: u64,
    },
    /// Another number of columns, rows or batches than the metadata says.
    #[error("there are {found} {what}, {by} says {expected}")]
    Count {
        /// What was counted.
        what: &'static str,
        /// Who says otherwise.
        by: &'static str,
        /// How many there are.
        found: u64,
        /// How many there should be.
        expected: u64,
    },
    /// A batch that does not fit its table.
    #[error("batch {index}: {cause}")]
    Batch {
        /// Which batch.
        index: usize,
        /// What is wrong with it.
        cause: Box<ArrayError>,
    },
    /// A batch with other fields than its table.
    #[error("its fields differ from those of the table: {found} instead of {expected}")]
    BatchFields {
        /// The batch's fields.
        found: String,
        /// The table's fields.
        expected: String,
    },
    /// Elements that are not there.
    #[error(transparent)]
    Range(#[from] RowsError),
    /// A buffer that is too short for its elements to be cut out.
    #[error("array of type {data_type}: {cause}")]
    Cut {
        /// The type.
        data_type: DataType,
        /// The bytes that were asked for, and those that there are.
        cause: ViewError,
    },
    /// Arrow refuses it.
    #[error(transparent)]
    Arrow(#[from] ArrowError),
}

impl ArrayError {
    pub(crate) fn in_column(self, index: usize, name: &str) -> Self {
        Self::Column { index, name: name.to_owned(), cause: Box::new(self) }
    }

    pub(super) fn in_batch(self, index: usize) -> Self {
        Self::Batch { index, cause: Box::new(self) }
    }
}
