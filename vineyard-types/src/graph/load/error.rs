//! What keeps edges from being read.

use std::io;

use crate::dataframe::FrameError;
use crate::graph::GraphError;

/// How much of a field an error shows.
const SHOWN: usize = 80;

/// Edges cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The file cannot be opened or read.
    #[error("cannot read `{file}`")]
    Io {
        /// The file.
        file: String,
        /// What the system says.
        source: io::Error,
    },
    /// A line has too few fields, or too many.
    #[error("`{file}`, line {line}: found {found} fields, expected {expected}")]
    Fields {
        /// The file.
        file: String,
        /// The line, counted from 1.
        line: u64,
        /// How many fields it has.
        found: usize,
        /// How many it should have.
        expected: &'static str,
    },
    /// A line has not as many fields as the first.
    #[error("`{file}`, line {line}: found {found} fields, expected {expected}, as in the first")]
    Width {
        /// The file.
        file: String,
        /// The line, counted from 1.
        line: u64,
        /// How many fields it has.
        found: u64,
        /// How many the first one has.
        expected: u64,
    },
    /// A field of a line is something else than it should be.
    #[error("`{file}`, line {line}, column {column}: found {found:?}, expected {expected}")]
    Field {
        /// The file.
        file: String,
        /// The line, counted from 1.
        line: u64,
        /// The column: its name, or its number counted from 1.
        column: String,
        /// What it holds.
        found: String,
        /// What it should hold.
        expected: &'static str,
    },
    /// A line is longer than any that makes sense.
    #[error("`{file}`, line {line}: longer than {limit} bytes")]
    Long {
        /// The file.
        file: String,
        /// The line, counted from 1.
        line: u64,
        /// How long a line may be.
        limit: u64,
    },
    /// A row of a column holds something else than it should.
    #[error("`{file}`, row {row}, column {column}: found {found}, expected {expected}")]
    Row {
        /// The file or the table.
        file: String,
        /// The row, counted from 0.
        row: u64,
        /// The column.
        column: String,
        /// What it holds.
        found: String,
        /// What it should hold.
        expected: &'static str,
    },
    /// There is no such column.
    #[error("`{file}` has no column `{column}`, found {found:?}")]
    NoColumn {
        /// The file or the table.
        file: String,
        /// The column.
        column: String,
        /// The columns that there are.
        found: Vec<String>,
    },
    /// Two columns have one name, so that it does not tell which is meant.
    #[error("`{file}` has two columns `{column}`")]
    Twice {
        /// The file or the table.
        file: String,
        /// The column.
        column: String,
    },
    /// A column is of another type.
    #[error("`{file}`, column {column}: found type {found}, expected {expected}")]
    Type {
        /// The file or the table.
        file: String,
        /// The column.
        column: String,
        /// Its type.
        found: String,
        /// What it should hold.
        expected: &'static str,
    },
    /// The file is not what its format says.
    #[error("`{file}` is no valid {format}")]
    Format {
        /// The file.
        file: String,
        /// The format.
        format: &'static str,
        /// What is wrong with it.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Whoever is told the progress has stopped it.
    #[error("stopped after {edges} edges")]
    Cancelled {
        /// How many edges had been read.
        edges: u64,
    },
    /// The columns that are kept make no table.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// The edges that were read do not fit each other.
    #[error(transparent)]
    Graph(#[from] GraphError),
}

/// What an error shows of a field.
pub(super) fn shown(field: &[u8]) -> String {
    let text = String::from_utf8_lossy(field);
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.into_owned(),
    }
}
