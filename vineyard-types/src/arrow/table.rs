//! Record batches of one schema.

use std::sync::Arc;

use arrow_schema::{Schema, SchemaRef};
use vineyard_core::Object;

use super::batch::RecordBatch;
use super::error::ArrayError;
use super::schema::ArrowSchema;

/// A table in the store: `vineyard::Table`, Python's `pyarrow.Table`.
///
/// Tables without batches keep their schema here, but Python cannot read them; give it one batch without rows.
///
/// ```
/// use arrow_array::record_batch;
/// use vineyard_types::arrow::Table;
/// let batches = [record_batch!(("n", Int64, [1, 2]))?, record_batch!(("n", Int64, [3]))?];
/// let table = Table::from_arrow(batches[0].schema_ref(), &batches)?;
/// assert_eq!((table.num_rows(), table.batches().len()), (3, 2));
/// assert_eq!(table.to_arrow()?, batches);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Object)]
#[object(typename = "vineyard::Table", rename_all = "{}_", validate = Self::check)]
pub struct Table {
    num_rows: u64,
    num_columns: u64,
    batch_num: u64,
    schema: ArrowSchema,
    #[object(collection)]
    partitions: Vec<RecordBatch>,
}

impl Table {
    /// The table, to be put. Copies nothing that [`ArrowArray::from_arrow`](super::ArrowArray::from_arrow) does not.
    ///
    /// # Errors
    ///
    /// [`ArrayError::Batch`] if a batch has another schema, [`ArrayError::Schema`] if Arrow's IPC format does not keep it.
    pub fn from_arrow(schema: &SchemaRef, batches: &[arrow_array::RecordBatch]) -> Result<Self, ArrayError> {
        let partition = |(index, batch): (usize, &arrow_array::RecordBatch)| {
            let same = same_schema(schema, batch.schema_ref());
            same.and_then(|()| RecordBatch::from_arrow(batch)).map_err(|error| error.in_batch(index))
        };
        let partitions = batches.iter().enumerate().map(partition).collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            num_rows: partitions.iter().map(RecordBatch::num_rows).fold(0, u64::saturating_add),
            num_columns: schema.fields().len() as u64,
            batch_num: partitions.len() as u64,
            schema: ArrowSchema::from_arrow(schema)?,
            partitions,
        })
    }

    /// The batches, whose columns are views of this object's buffers, under the table's schema. Copies nothing; checks as
    /// [`ArrowArray::to_arrow`](super::ArrowArray::to_arrow) does.
    ///
    /// # Errors
    ///
    /// [`ArrayError`] naming the batch and the column that is not valid.
    pub fn to_arrow(&self) -> Result<Vec<arrow_array::RecordBatch>, ArrayError> {
        let schema = self.schema()?;
        let batch = |(index, batch): (usize, &RecordBatch)| {
            batch.to_arrow_as(Arc::clone(&schema)).map_err(|error| error.in_batch(index))
        };
        self.partitions.iter().enumerate().map(batch).collect()
    }

    /// The names, types and metadata of the columns. Reads the message that is stored.
    ///
    /// # Errors
    ///
    /// [`ArrayError::Schema`] if the message cannot be read.
    pub fn schema(&self) -> Result<SchemaRef, ArrayError> {
        self.schema.to_arrow()
    }

    /// The batches in order.
    pub fn batches(&self) -> &[RecordBatch] {
        &self.partitions
    }

    /// Number of rows of all batches.
    pub fn num_rows(&self) -> u64 {
        self.num_rows
    }

    /// Number of columns.
    pub fn num_columns(&self) -> u64 {
        self.num_columns
    }

    fn check(&self) -> Result<(), ArrayError> {
        let schema = self.schema()?;
        let rows = self.partitions.iter().map(RecordBatch::num_rows).fold(0, u64::saturating_add);
        let counts = [
            ("columns", "`num_columns_`", schema.fields().len() as u64, self.num_columns),
            ("batches", "`batch_num_`", self.partitions.len() as u64, self.batch_num),
            ("rows", "`num_rows_`", rows, self.num_rows),
        ];
        for (what, by, found, expected) in counts {
            if found != expected {
                return Err(ArrayError::Count { what, by, found, expected });
            }
        }
        for (index, batch) in self.partitions.iter().enumerate() {
            // Metadata may differ: Python's batches keep what pandas said about the table or do not.
            let found = batch.schema().map_err(|error| error.in_batch(index))?;
            if found.fields() != schema.fields() {
                return Err(other_fields(&schema, &found).in_batch(index));
            }
        }
        Ok(())
    }
}

fn same_schema(expected: &Schema, found: &Schema) -> Result<(), ArrayError> {
    if expected == found { Ok(()) } else { Err(other_fields(expected, found)) }
}

fn other_fields(expected: &Schema, found: &Schema) -> ArrayError {
    ArrayError::BatchFields { found: found.to_string(), expected: expected.to_string() }
}
