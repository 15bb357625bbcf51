//! Objects that are no tables, or that cannot be read.

use datafusion::error::DataFusionError;
use vineyard_core::ObjectId;
use vineyard_types::FrameError;
use vineyard_types::arrow::ArrayError;
use vineyard_types::dataframe::ConvertError;

/// An object that cannot be queried.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SqlError {
    /// The store cannot be asked, or the object cannot be read.
    #[error("`{name}`: {cause}")]
    Store {
        /// The name in the query.
        name: String,
        /// Why.
        cause: vineyard_core::Error,
    },
    /// The object is of another type.
    #[error("`{name}` is no table: object {id} is a `{typename}`, expected {EXPECTED}")]
    NoTable {
        /// The name in the query.
        name: String,
        /// The object of that name.
        id: ObjectId,
        /// Its type.
        typename: String,
    },
    /// A batch or column is not valid.
    #[error("`{name}`: {cause}")]
    Array {
        /// The name in the query.
        name: String,
        /// What was found.
        cause: ArrayError,
    },
    /// A frame that Arrow has no arrays for.
    #[error("`{name}`: {cause}")]
    Frame {
        /// The name in the query.
        name: String,
        /// What was found.
        cause: ConvertError,
    },
    /// Columns of a frame that cannot be told apart.
    #[error("`{name}`: {cause}")]
    Columns {
        /// The name in the query.
        name: String,
        /// What was found.
        cause: FrameError,
    },
    /// Looking the name up was cut short.
    #[error("`{name}`: {cause}")]
    Interrupted {
        /// The name in the query.
        name: String,
        /// Why.
        cause: tokio::task::JoinError,
    },
}

/// What can be queried.
const EXPECTED: &str = "`vineyard::RecordBatch`, `vineyard::Table` or `vineyard::DataFrame`";

impl From<SqlError> for DataFusionError {
    fn from(error: SqlError) -> Self {
        Self::External(Box::new(error))
    }
}
