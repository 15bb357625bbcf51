//! Named columns of different types.

#[cfg(feature = "arrow")]
mod arrow;
mod cell;
mod column;
mod columns;
mod concat;
mod error;
mod name;
#[cfg(feature = "polars")]
mod polars;
mod select;
mod show;

use vineyard_core::Object;

#[cfg(feature = "arrow")]
pub use arrow::ConvertError;
pub use cell::Cell;
pub use column::{Column, ColumnNumber};
pub use error::FrameError;
pub use name::ColumnName;
pub use show::Head;

use crate::index::Index;
use crate::strings::StringArray;
use crate::tensor::Tensor;
use columns::Columns;

fn unset() -> i64 {
    -1
}

/// A table of named columns, of numbers, text or any of Arrow's types, with labels for its rows if it has an index.
///
/// Python gets it as a `pandas.DataFrame`, the numbers without a copy, and what Python puts as a frame is got as a
/// `DataFrame`. Cloning shares all payloads; a frame that was got and gets one more column is put for the price of that
/// column. A frame that has fewer columns, other names or [some of the rows](Self::slice) shares the rest as well.
///
/// ```
/// use vineyard_types::DataFrame;
/// let frame = DataFrame::new()
///     .with_column("city", vec!["Oslo", "Rome"])?
///     .with_column("degrees", vec![-3.5, 14.0])?;
/// assert_eq!(frame.num_rows(), 2);
/// assert_eq!(frame.numbers::<f64>("degrees")?.as_slice(), &[-3.5, 14.0]);
/// assert_eq!(frame.texts("city")?.get(0).transpose()?, Some("Oslo"));
/// println!("{}", frame.head(5));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Object)]
#[object(typename = "vineyard::DataFrame", rename_all = "{}_", validate = Self::check)]
pub struct DataFrame {
    values: Columns,
    index: Option<Index>,
    #[object(default = unset)]
    partition_index_row: i64,
    #[object(default = unset)]
    partition_index_column: i64,
    #[object(default)]
    row_batch_index: i64,
}

impl Default for DataFrame {
    fn default() -> Self {
        Self::new()
    }
}

impl DataFrame {
    /// A frame without columns.
    pub fn new() -> Self {
        Self {
            values: Columns::default(),
            index: None,
            partition_index_row: unset(),
            partition_index_column: unset(),
            row_batch_index: 0,
        }
    }

    /// The frame with one more column, or with another one under a name it has. The others are shared.
    ///
    /// # Errors
    ///
    /// [`FrameError::Rows`] if the column has another number of rows than the frame, [`FrameError::Dimensions`] if it is a
    /// tensor without rows.
    pub fn with_column(mut self, name: impl Into<ColumnName>, column: impl Into<Column>) -> Result<Self, FrameError> {
        let (name, column) = (name.into(), column.into());
        let others = self.values.iter().filter(|(other, _)| **other != name).find_map(|(_, column)| column.num_rows());
        let expected = others.or(self.index.as_ref().and_then(Index::num_labels));
        if let (Some(found), Some(expected)) = (column.num_rows(), expected)
            && found != expected
        {
            return Err(FrameError::Rows { name: name.to_string(), found, expected });
        }
        if column.has_no_dimensions() {
            return Err(FrameError::Dimensions { name: name.to_string() });
        }
        self.values.insert(name, column);
        Ok(self)
    }

    /// The frame with labels for its rows.
    ///
    /// # Errors
    ///
    /// [`FrameError::Labels`] if there are more or fewer labels than rows.
    pub fn with_index(mut self, index: Index) -> Result<Self, FrameError> {
        if let (Some(found), Some(expected)) = (index.num_labels(), self.column_rows())
            && found != expected
        {
            return Err(FrameError::Labels { found, expected });
        }
        self.index = Some(index);
        Ok(self)
    }

    /// The same frame as a part of a [`GlobalDataFrame`](crate::GlobalDataFrame): which of the parts it is from above, and
    /// which from the left.
    #[must_use]
    pub fn with_partition_index(self, row: i64, column: i64) -> Self {
        Self { partition_index_row: row, partition_index_column: column, row_batch_index: row, ..self }
    }

    /// Which of the parts of a [`GlobalDataFrame`](crate::GlobalDataFrame) it is from above, and which from the left; -1 if
    /// it was put as none.
    pub fn partition_index(&self) -> (i64, i64) {
        (self.partition_index_row, self.partition_index_column)
    }

    /// Number of rows; 0 if neither a column nor the index tells.
    pub fn num_rows(&self) -> usize {
        self.column_rows().or(self.index.as_ref().and_then(Index::num_labels)).unwrap_or(0)
    }

    fn column_rows(&self) -> Option<usize> {
        self.values.values().find_map(Column::num_rows)
    }

    /// Number of columns.
    pub fn num_columns(&self) -> usize {
        self.values.len()
    }

    /// The names in order.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &ColumnName> {
        self.values.keys()
    }

    /// The columns in order.
    pub fn columns(&self) -> impl ExactSizeIterator<Item = (&ColumnName, &Column)> {
        self.values.iter()
    }

    /// The labels of the rows, if they have any.
    pub fn index(&self) -> Option<&Index> {
        self.index.as_ref()
    }

    /// One column.
    ///
    /// # Errors
    ///
    /// [`FrameError::NoColumn`].
    pub fn column(&self, name: impl Into<ColumnName>) -> Result<&Column, FrameError> {
        let name = name.into();
        self.values.get(&name).ok_or_else(|| FrameError::NoColumn { name: name.to_string() })
    }

    /// One column of numbers.
    ///
    /// # Errors
    ///
    /// [`FrameError::NoColumn`], [`FrameError::Type`] if they are of another type.
    pub fn numbers<T: ColumnNumber>(&self, name: impl Into<ColumnName>) -> Result<&Tensor<T>, FrameError> {
        let name = name.into();
        let column = self.column(&name)?;
        column.numbers().ok_or_else(|| wrong_type(&name, column, T::NUMPY))
    }

    /// One column of text.
    ///
    /// # Errors
    ///
    /// [`FrameError::NoColumn`], [`FrameError::Type`] if it holds something else.
    pub fn texts(&self, name: impl Into<ColumnName>) -> Result<&StringArray, FrameError> {
        let name = name.into();
        let column = self.column(&name)?;
        column.texts().ok_or_else(|| wrong_type(&name, column, "text"))
    }

    /// One column that is an array of Arrow's.
    ///
    /// # Errors
    ///
    /// [`FrameError::NoColumn`], [`FrameError::Type`] if it is stored as numbers or text, or holds something else.
    #[cfg(feature = "arrow")]
    pub fn arrow(&self, name: impl Into<ColumnName>) -> Result<&crate::arrow::ArrowArray, FrameError> {
        let name = name.into();
        let column = self.column(&name)?;
        column.arrow().ok_or_else(|| wrong_type(&name, column, "an array of Arrow's"))
    }

    /// The first rows, to be shown as an aligned table.
    pub fn head(&self, rows: usize) -> Head<'_> {
        Head::new(self, rows)
    }

    fn check(&self) -> Result<(), FrameError> {
        let expected = self.num_rows();
        for (name, column) in self.values.iter() {
            if column.has_no_dimensions() {
                return Err(FrameError::Dimensions { name: name.to_string() });
            }
            if let Some(found) = column.num_rows().filter(|rows| *rows != expected) {
                return Err(FrameError::Rows { name: name.to_string(), found, expected });
            }
        }
        match self.index.as_ref().and_then(Index::num_labels) {
            Some(found) if found != expected => Err(FrameError::Labels { found, expected }),
            _ => Ok(()),
        }
    }
}

fn wrong_type(name: &ColumnName, column: &Column, expected: &'static str) -> FrameError {
    let found = column.type_name().into_owned();
    FrameError::Type { name: name.to_string(), found, expected }
}

#[cfg(test)]
mod tests;
