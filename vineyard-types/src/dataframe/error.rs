//! What does not fit a frame.

use crate::rows::RowsError;

/// A column that does not fit its frame, or that the frame does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// Columns of different length.
    #[error("column `{name}` has {found} rows, the frame has {expected}")]
    Rows {
        /// The column.
        name: String,
        /// Its rows.
        found: usize,
        /// The rows of the other columns.
        expected: usize,
    },
    /// Labels of another number than rows.
    #[error("the index has {found} labels for {expected} rows")]
    Labels {
        /// The labels.
        found: usize,
        /// The rows.
        expected: usize,
    },
    /// There is no such column.
    #[error("there is no column `{name}`")]
    NoColumn {
        /// The column.
        name: String,
    },
    /// There would be two columns of one name.
    #[error("there is a column `{name}` already")]
    Taken {
        /// The name.
        name: String,
    },
    /// The column is of another type.
    #[error("column `{name}` is of type {found}, expected {expected}")]
    Type {
        /// The column.
        name: String,
        /// What it holds.
        found: String,
        /// What was asked for.
        expected: &'static str,
    },
    /// The column is a tensor of a single number, without rows.
    #[error("column `{name}` has no dimensions, so it has no rows")]
    Dimensions {
        /// The column.
        name: String,
    },
    /// The list of names is not that of the columns.
    #[error("`columns_` names {found}, the columns are {expected}")]
    Names {
        /// The list, as JSON.
        found: String,
        /// The names of the columns, as JSON.
        expected: String,
    },
    /// Frames that cannot be put below each other.
    #[error("frame {frame} has {found}, frame 0 has {expected}")]
    Concat {
        /// The frame.
        frame: usize,
        /// What it has.
        found: String,
        /// What the first has.
        expected: String,
    },
    /// Rows of different types that cannot be put below each other.
    #[error("rows of type {found} cannot follow rows of type {expected}")]
    Mixed {
        /// The type of some.
        found: String,
        /// The type of the first.
        expected: String,
    },
    /// The object does not tell how many rows it has.
    #[error("an object of type {found} does not tell how many rows it has")]
    Unknown {
        /// Its type.
        found: String,
    },
    /// The object is carried as it is, and cannot be cut into rows.
    #[error("an object of type {found} is kept whole, it cannot be cut into rows")]
    Whole {
        /// Its type.
        found: String,
    },
    /// The objects are carried as they are, and cannot be put below each other.
    #[error("objects of type {found} are kept whole, they cannot be put below each other")]
    Apart {
        /// Their type.
        found: String,
    },
    /// Rows that are not there.
    #[error(transparent)]
    Range(#[from] RowsError),
    /// A column whose rows cannot be cut out.
    #[error("column `{name}`: {cause}")]
    Column {
        /// The column.
        name: String,
        /// What is wrong with it.
        cause: Box<FrameError>,
    },
    /// An index whose labels cannot be cut out.
    #[error("index: {cause}")]
    Index {
        /// What is wrong with it.
        cause: Box<FrameError>,
    },
    /// A column of Arrow's whose buffers do not have the rows that its metadata says.
    #[error("{0}")]
    Buffers(String),
}

impl FrameError {
    pub(super) fn in_column(self, name: &str) -> Self {
        Self::Column { name: name.to_owned(), cause: Box::new(self) }
    }

    pub(super) fn in_index(self) -> Self {
        Self::Index { cause: Box::new(self) }
    }
}
