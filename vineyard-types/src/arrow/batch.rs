//! Columns of the same length under a schema.

use std::sync::Arc;

use arrow_array::RecordBatchOptions;
use arrow_schema::{Field, Schema, SchemaRef};
use vineyard_core::Object;

use super::array::ArrowArray;
use super::error::ArrayError;
use super::schema::ArrowSchema;

/// A record batch in the store: `vineyard::RecordBatch`, Python's `pyarrow.RecordBatch`.
///
/// Cloning shares all columns; a batch that was got and gets one more column is put for the price of that column.
///
/// ```
/// use arrow_array::record_batch;
/// use vineyard_types::arrow::RecordBatch;
/// let batch = record_batch!(("n", Int64, [1, 2, 3]), ("s", LargeUtf8, ["a", "b", "c"]))?;
/// let stored = RecordBatch::from_arrow(&batch)?;
/// assert_eq!((stored.num_rows(), stored.num_columns()), (3, 2));
/// assert_eq!(stored.to_arrow()?, batch);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Object)]
#[object(typename = "vineyard::RecordBatch", rename_all = "{}_", validate = Self::check)]
pub struct RecordBatch {
    row_num: u64,
    column_num: u64,
    schema: ArrowSchema,
    columns: Vec<ArrowArray>,
}

impl RecordBatch {
    /// The batch, to be put. Copies nothing that [`ArrowArray::from_arrow`] does not.
    ///
    /// # Errors
    ///
    /// [`ArrayError::Schema`] if Arrow's IPC format does not keep the schema.
    pub fn from_arrow(batch: &arrow_array::RecordBatch) -> Result<Self, ArrayError> {
        let columns = batch.columns().iter().map(|column| ArrowArray::from_arrow(column)).collect();
        Self::of(batch.schema_ref(), columns, batch.num_rows())
    }

    /// The batch, whose columns are views of this object's buffers. Copies nothing; checks as [`ArrowArray::to_arrow`] does.
    ///
    /// # Errors
    ///
    /// [`ArrayError`] naming the column that is not valid, or not of the type that the schema says.
    pub fn to_arrow(&self) -> Result<arrow_array::RecordBatch, ArrayError> {
        self.to_arrow_as(self.schema()?)
    }

    /// Some of its columns, by their places and in that order, under the batch's schema. The others are not looked at;
    /// else as [`to_arrow`](Self::to_arrow).
    ///
    /// # Errors
    ///
    /// As [`to_arrow`](Self::to_arrow), and [`ArrayError::Arrow`] if there is no column at one of the places.
    pub fn to_arrow_columns(&self, places: &[usize]) -> Result<arrow_array::RecordBatch, ArrayError> {
        let schema = Arc::new(self.schema()?.project(places)?);
        self.view(schema, places.iter().copied())
    }

    pub(super) fn to_arrow_as(&self, schema: SchemaRef) -> Result<arrow_array::RecordBatch, ArrayError> {
        self.view(schema, 0..self.columns.len())
    }

    /// Columns by their places, under the fields of a schema.
    fn view(
        &self,
        schema: SchemaRef,
        places: impl Iterator<Item = usize>,
    ) -> Result<arrow_array::RecordBatch, ArrayError> {
        let column = |field: &Field, column: &ArrowArray| column.retyped(field.data_type())?.to_arrow();
        let found = places.filter_map(|place| Some((place, self.columns.get(place)?)));
        let columns =
            schema.fields().iter().zip(found).map(|(field, (place, array))| {
                column(field, array).map_err(|error| error.in_column(place, field.name()))
            });
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        let rows = usize::try_from(self.row_num).ok();
        let options = RecordBatchOptions::new().with_row_count(rows);
        Ok(arrow_array::RecordBatch::try_new_with_options(schema, columns, &options)?)
    }

    /// Columns of so many rows under the schema that they have.
    pub(crate) fn of(schema: &Schema, columns: Vec<ArrowArray>, rows: usize) -> Result<Self, ArrayError> {
        let (row_num, column_num) = (rows as u64, columns.len() as u64);
        Ok(Self { row_num, column_num, schema: ArrowSchema::from_arrow(schema)?, columns })
    }

    /// The batch with one more column at its end. The others are shared.
    ///
    /// # Errors
    ///
    /// [`ArrayError::Column`] if the column has another type than the field or another number of rows than the batch, and
    /// [`ArrayError::Schema`] if the schema cannot be read or not be kept.
    pub fn with_column(mut self, field: Field, column: ArrowArray) -> Result<Self, ArrayError> {
        let index = self.columns.len();
        if field.data_type() != column.data_type() {
            let (found, expected) = (column.data_type().clone(), field.data_type().clone());
            return Err(ArrayError::ColumnType { found, expected }.in_column(index, field.name()));
        }
        if !self.columns.is_empty() && column.len() as u64 != self.row_num {
            let error = ArrayError::ColumnRows { found: column.len(), expected: self.row_num };
            return Err(error.in_column(index, field.name()));
        }
        self.row_num = column.len() as u64;
        let schema = self.schema()?;
        let fields = schema.fields().iter().cloned().chain([field.into()]).collect::<Vec<_>>();
        self.schema = ArrowSchema::from_arrow(&Schema::new_with_metadata(fields, schema.metadata().clone()))?;
        self.columns.push(column);
        self.column_num = self.columns.len() as u64;
        Ok(self)
    }

    /// The names, types and metadata of the columns. Reads the message that is stored.
    ///
    /// # Errors
    ///
    /// [`ArrayError::Schema`] if the message cannot be read.
    pub fn schema(&self) -> Result<SchemaRef, ArrayError> {
        self.schema.to_arrow()
    }

    /// The columns in order.
    pub fn columns(&self) -> &[ArrowArray] {
        &self.columns
    }

    /// Number of rows.
    pub fn num_rows(&self) -> u64 {
        self.row_num
    }

    /// Number of columns.
    pub fn num_columns(&self) -> usize {
        self.columns.len()
    }

    fn check(&self) -> Result<(), ArrayError> {
        let schema = self.schema()?;
        let found = self.columns.len() as u64;
        for (by, expected) in [("`column_num_`", self.column_num), ("the schema", schema.fields().len() as u64)] {
            if found != expected {
                return Err(ArrayError::Count { what: "columns", by, found, expected });
            }
        }
        for (index, (column, field)) in self.columns.iter().zip(schema.fields()).enumerate() {
            if column.len() as u64 != self.row_num {
                let error = ArrayError::ColumnRows { found: column.len(), expected: self.row_num };
                return Err(error.in_column(index, field.name()));
            }
        }
        Ok(())
    }
}
