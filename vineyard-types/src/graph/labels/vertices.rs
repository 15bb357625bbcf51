//! What is known about vertices before the edges are.

use std::borrow::Borrow;

use super::edges::Numbering;
use super::{LabelError, VertexLabel};
use crate::dataframe::{Column, DataFrame, FrameError};
use crate::strings::StringArray;

/// What becomes of vertices that edges name and a [`VertexTable`] does not list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unlisted {
    /// There may be none: the error names the first edge and the label.
    #[default]
    Refuse,
    /// They are added behind the others, as they appear first. If there is a table, their rows have no values: columns of
    /// numbers become arrays of Arrow with nulls, which needs the feature `arrow`.
    Add,
}

/// The labels of vertices, and a table with one row for each, if there is more to tell.
#[derive(Debug, Clone)]
pub struct VertexTable<I: VertexLabel> {
    pub(super) labels: Numbering<I>,
    pub(super) table: Option<DataFrame>,
}

impl<I: VertexLabel> VertexTable<I> {
    /// Labels of vertices without more. Copies each.
    ///
    /// # Errors
    ///
    /// [`LabelError::Duplicate`] if a label is given twice.
    pub fn from_labels<Q: Borrow<I::Query>>(labels: impl IntoIterator<Item = Q>) -> Result<Self, LabelError> {
        let mut numbering = Numbering::<I>::default();
        for (second, label) in labels.into_iter().enumerate() {
            let label = label.borrow();
            if let (first, false) = numbering.insert_full(I::hold(label)) {
                return Err(LabelError::Duplicate { label: format!("{label:?}"), first, second });
            }
        }
        Ok(Self { labels: numbering, table: None })
    }

    /// A table of vertices with their labels in one of its columns, which the graph keeps as labels and not as a column.
    /// The others are shared. With the feature `arrow` the labels may be an array of Arrow, and integers of any width.
    ///
    /// # Errors
    ///
    /// - [`LabelError::Frame`] if there is no such column, or it holds something else than labels of type `I`.
    /// - [`LabelError::Unlabelled`] if a row has no label, [`LabelError::Duplicate`] if one is given twice.
    pub fn from_frame(frame: &DataFrame, labels: &str) -> Result<Self, LabelError> {
        let unlabelled = |row| LabelError::Unlabelled { row, column: labels.to_owned() };
        let numbered = match I::of_column(frame, labels) {
            Ok(found) => {
                let rows = found.enumerate().map(|(row, label)| label.ok_or_else(|| unlabelled(row)));
                Self::from_labels(rows.collect::<Result<Vec<_>, _>>()?)?
            }
            Err(error) => Self::of_array(frame.column(labels)?, error, unlabelled)?,
        };
        let table = frame.clone().without_column(labels)?;
        Ok(Self { table: (table.num_columns() > 0).then_some(table), ..numbered })
    }

    /// The labels in a column that holds no labels of type `I` itself, but perhaps as one of Arrow's arrays.
    #[cfg(feature = "arrow")]
    fn of_array(
        column: &Column,
        otherwise: FrameError,
        unlabelled: impl Fn(usize) -> LabelError,
    ) -> Result<Self, LabelError> {
        use crate::arrow::to_array;
        use crate::graph::load::Unread;

        let Some(array) = to_array(column).ok().and_then(|array| array.to_arrow().ok()) else {
            return Err(otherwise.into());
        };
        match I::of_arrow(&array) {
            Ok(found) => Self::from_labels(found),
            Err(Unread::Type) => Err(otherwise.into()),
            Err(Unread::Row { row, .. }) => Err(unlabelled(row)),
        }
    }

    #[cfg(not(feature = "arrow"))]
    fn of_array(_: &Column, otherwise: FrameError, _: impl Fn(usize) -> LabelError) -> Result<Self, LabelError> {
        Err(otherwise.into())
    }

    /// The same labels with a table, of which row i is the one of the i-th label.
    ///
    /// # Errors
    ///
    /// [`LabelError::VertexRows`] if the table has more or fewer rows than there are labels.
    pub fn with_table(self, table: DataFrame) -> Result<Self, LabelError> {
        let (found, expected) = (table.num_rows(), self.labels.len());
        if found != expected {
            return Err(LabelError::VertexRows { found, expected });
        }
        Ok(Self { table: Some(table), ..self })
    }
}

/// A table with so many more rows, which have no values.
pub(super) fn extended(table: DataFrame, rows: usize) -> Result<DataFrame, LabelError> {
    if rows == 0 {
        return Ok(table);
    }
    if let Some(index) = table.index() {
        let found = index.values().type_name().into_owned();
        return Err(LabelError::NoNulls { column: "the index".to_owned(), found });
    }
    let mut longer = DataFrame::new();
    for (name, column) in table.columns() {
        let no_nulls = || LabelError::NoNulls { column: name.to_string(), found: column.type_name().into_owned() };
        longer = longer.with_column(name, with_nulls(column, rows).ok_or_else(no_nulls)?)?;
    }
    Ok(longer)
}

/// A column with so many more rows without values; `None` if it is of a type that has no such rows.
fn with_nulls(column: &Column, rows: usize) -> Option<Column> {
    match column.texts() {
        Some(texts) => {
            let texts = texts.iter().map(Option::transpose).collect::<Result<Vec<_>, _>>().ok()?;
            let texts = texts.into_iter().chain(std::iter::repeat_n(None, rows));
            Some(StringArray::from_options(texts).into())
        }
        None => array_with_nulls(column, rows),
    }
}

#[cfg(feature = "arrow")]
fn array_with_nulls(column: &Column, rows: usize) -> Option<Column> {
    use crate::arrow::{ArrowArray, to_array};

    let array = to_array(column).ok()?.to_arrow().ok()?;
    let nulls = arrow_array::new_null_array(array.data_type(), rows);
    let longer = arrow_select::concat::concat(&[array.as_ref(), nulls.as_ref()]).ok()?;
    Some(ArrowArray::from_arrow(&longer).into())
}

#[cfg(not(feature = "arrow"))]
fn array_with_nulls(_: &Column, _: usize) -> Option<Column> {
    None
}
