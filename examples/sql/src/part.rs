//! The batches of an object, of which columns are looked at when they are asked for.

use std::sync::Arc;

use datafusion::arrow::array::RecordBatchOptions;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::record_batch::RecordBatch;
use vineyard_core::{Object, Stored};
use vineyard_types::{DataFrame, arrow};

use crate::error::SqlError;
use crate::frame;

/// The typenames of what can be queried.
pub(crate) const TYPENAMES: [&str; 3] = ["vineyard::RecordBatch", "vineyard::Table", "vineyard::DataFrame"];

/// Rows that lie together: a batch, or a frame. Cloning shares them.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    /// The name in the query, for errors.
    name: Arc<str>,
    rows: usize,
    columns: Columns,
}

#[derive(Debug, Clone)]
enum Columns {
    Batch(arrow::RecordBatch),
    Frame(Arc<DataFrame>),
}

impl Part {
    /// Number of rows, as the metadata says.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Some of its columns, by their places, as views of shared memory under `schema`, which has as many fields. Checks
    /// these columns and looks at no others.
    pub(crate) fn view(&self, places: &[usize], schema: &SchemaRef) -> Result<RecordBatch, SqlError> {
        let invalid = |cause| SqlError::Array { name: self.name.to_string(), cause };
        let columns = match &self.columns {
            Columns::Batch(batch) => batch.to_arrow_columns(places).map_err(invalid)?.columns().to_vec(),
            Columns::Frame(frame) => frame::view(&self.name, frame, places)?,
        };
        // Batches of a table are under the schema of the table, which may say more about it.
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows));
        RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options).map_err(|cause| invalid(cause.into()))
    }
}

/// What an object is as a table.
///
/// # Errors
///
/// [`SqlError::NoTable`] and what is wrong with its schema.
pub(crate) fn parts_of(name: &str, object: Stored<dyn Object>) -> Result<(SchemaRef, Vec<Part>), SqlError> {
    let invalid = |cause| SqlError::Array { name: name.to_owned(), cause };
    let shared: Arc<str> = name.into();
    let part = |rows: u64, columns| {
        // Columns of so many rows would not fit in memory, and are refused when they are viewed.
        Part { name: Arc::clone(&shared), rows: usize::try_from(rows).unwrap_or(usize::MAX), columns }
    };
    let batch = |batch: &arrow::RecordBatch| part(batch.num_rows(), Columns::Batch(batch.clone()));
    let object = match object.downcast::<arrow::RecordBatch>() {
        Ok(found) => return Ok((found.schema().map_err(invalid)?, vec![batch(&found)])),
        Err(object) => object,
    };
    let object = match object.downcast::<arrow::Table>() {
        Ok(found) => return Ok((found.schema().map_err(invalid)?, found.batches().iter().map(batch).collect())),
        Err(object) => object,
    };
    match object.downcast::<DataFrame>() {
        Ok(found) => {
            let table = frame::as_table(name, &found)?;
            let schema = frame::schema(name, &table)?;
            Ok((schema, vec![part(found.num_rows() as u64, Columns::Frame(Arc::new(table)))]))
        }
        Err(object) => {
            let typename = object.meta().typename().to_owned();
            Err(SqlError::NoTable { name: name.to_owned(), id: object.id(), typename })
        }
    }
}
