//! Schemas, as Arrow's IPC messages.

use std::sync::Arc;

use arrow_ipc::convert::try_schema_from_ipc_buffer;
use arrow_ipc::writer::{DictionaryTracker, IpcDataGenerator, IpcWriteOptions, write_message};
use arrow_schema::{Schema, SchemaRef};
use serde_json::{Value, json};
use vineyard_core::{Blob, Object};

use super::error::ArrayError;

/// The encapsulated message of a schema, in the way of Arrow's IPC format
/// (<https://arrow.apache.org/docs/format/Columnar.html#encapsulated-message-format>).
pub(super) fn write_schema(schema: &Schema) -> Result<Vec<u8>, ArrayError> {
    let options = IpcWriteOptions::default();
    let mut tracker = DictionaryTracker::new(true);
    let encoded = IpcDataGenerator::default().schema_to_bytes_with_dictionary_tracker(schema, &mut tracker, &options);
    let mut bytes = Vec::new();
    write_message(&mut bytes, encoded, &options)?;
    // Never write what would read as something else.
    let read = read_schema(&bytes)?;
    if read != *schema {
        return Err(ArrayError::Schema(format!("{schema} would be read as {read}")));
    }
    Ok(bytes)
}

/// Reads an encapsulated message.
pub(super) fn read_schema(bytes: &[u8]) -> Result<Schema, ArrayError> {
    try_schema_from_ipc_buffer(bytes).map_err(|error| ArrayError::Schema(error.to_string()))
}

/// The names, types and metadata of columns: `vineyard::SchemaProxy`, Python's `pyarrow.Schema`.
///
/// ```
/// use arrow_schema::{DataType, Field, Schema};
/// use vineyard_types::arrow::ArrowSchema;
/// let schema = Schema::new(vec![Field::new("city", DataType::LargeUtf8, false)]);
/// assert_eq!(*ArrowSchema::from_arrow(&schema)?.to_arrow()?, schema);
/// # Ok::<(), vineyard_types::arrow::ArrayError>(())
/// ```
#[derive(Debug, Clone, Object)]
#[object(typename = "vineyard::SchemaProxy", rename_all = "{}_")]
pub struct ArrowSchema {
    /// `{"bytes": […]}`, as Python and C++ write it.
    #[object(json, default)]
    schema_binary: Value,
    /// The message as a blob, which Python reads as well.
    buffer: Option<Blob>,
}

impl ArrowSchema {
    /// The schema, to be put. Metadata of the schema and of its fields is kept.
    ///
    /// # Errors
    ///
    /// [`ArrayError::Schema`] if Arrow's IPC format does not keep it.
    pub fn from_arrow(schema: &Schema) -> Result<Self, ArrayError> {
        Ok(Self { schema_binary: json!({ "bytes": write_schema(schema)? }), buffer: None })
    }

    /// The schema.
    ///
    /// # Errors
    ///
    /// [`ArrayError::Schema`] if the message cannot be read.
    pub fn to_arrow(&self) -> Result<SchemaRef, ArrayError> {
        let read = match &self.buffer {
            Some(buffer) => read_schema(buffer.as_bytes()),
            None => read_schema(&self.bytes()?),
        };
        read.map(Arc::new)
    }

    fn bytes(&self) -> Result<Vec<u8>, ArrayError> {
        let numbers = self.schema_binary.get("bytes").and_then(Value::as_array);
        let byte = |number: &Value| number.as_u64().and_then(|number| u8::try_from(number).ok());
        let bytes = numbers.and_then(|numbers| numbers.iter().map(byte).collect());
        bytes.ok_or_else(|| ArrayError::Schema("`schema_binary_` is not of the form {\"bytes\": […]}".to_owned()))
    }
}
