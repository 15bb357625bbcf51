//! Frames with other columns, other names, other rows. Each shares all payloads with the frame it is made of.

use std::collections::HashSet;
use std::ops::RangeBounds;

use super::columns::Columns;
use super::{Column, ColumnName, DataFrame, FrameError};
use crate::index::Index;
use crate::rows::within;

impl DataFrame {
    /// The frame without one of its columns. A frame whose last column is taken away keeps its index.
    ///
    /// # Errors
    ///
    /// [`FrameError::NoColumn`].
    pub fn without_column(self, name: impl Into<ColumnName>) -> Result<Self, FrameError> {
        self.without_columns([name])
    }

    /// The frame without some of its columns; one that is named twice is taken away once.
    ///
    /// ```
    /// use vineyard_types::DataFrame;
    /// let frame = DataFrame::new().with_column("a", vec![1u8])?.with_column("b", vec![2u8])?;
    /// let frame = frame.with_column("c", vec!["x"])?.without_columns(["a", "c"])?;
    /// assert_eq!(frame.names().map(ToString::to_string).collect::<Vec<_>>(), ["b"]);
    /// # Ok::<(), vineyard_types::FrameError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`FrameError::NoColumn`] with the first that there is not.
    pub fn without_columns<N: Into<ColumnName>>(
        mut self,
        names: impl IntoIterator<Item = N>,
    ) -> Result<Self, FrameError> {
        let names: HashSet<ColumnName> = names
            .into_iter()
            .map(|name| {
                let name = name.into();
                self.column(&name).map(|_| name)
            })
            .collect::<Result<_, _>>()?;
        self.values.retain(|name, _| !names.contains(name));
        Ok(self)
    }

    /// The frame with one column under another name, at the same place.
    ///
    /// # Errors
    ///
    /// [`FrameError::NoColumn`], [`FrameError::Taken`] if another column has the new name.
    pub fn renamed(mut self, from: impl Into<ColumnName>, to: impl Into<ColumnName>) -> Result<Self, FrameError> {
        let (from, to) = (from.into(), to.into());
        self.column(&from)?;
        if from != to && self.values.contains_key(&to) {
            return Err(FrameError::Taken { name: to.to_string() });
        }
        let rename = |(name, column)| if name == from { (to.clone(), column) } else { (name, column) };
        self.values = std::mem::take(&mut *self.values).into_iter().map(rename).collect();
        Ok(self)
    }

    /// The frame with these columns only, in this order.
    ///
    /// ```
    /// use vineyard_types::DataFrame;
    /// let frame = DataFrame::new().with_column("a", vec![1u8])?.with_column("b", vec![2u8])?;
    /// let turned = frame.select(["b", "a"])?.renamed("b", "first")?;
    /// assert_eq!(turned.names().map(ToString::to_string).collect::<Vec<_>>(), ["first", "a"]);
    /// # Ok::<(), vineyard_types::FrameError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`FrameError::NoColumn`], [`FrameError::Taken`] if one is named twice.
    pub fn select<N: Into<ColumnName>>(&self, names: impl IntoIterator<Item = N>) -> Result<Self, FrameError> {
        let mut selected = self.without_all();
        for name in names {
            let name = name.into();
            let column = self.column(&name)?.clone();
            if selected.values.contains_key(&name) {
                return Err(FrameError::Taken { name: name.to_string() });
            }
            selected.values.insert(name, column);
        }
        Ok(selected)
    }

    /// The frame without labels for its rows.
    #[must_use]
    pub fn without_index(mut self) -> Self {
        self.index = None;
        self
    }

    /// Some of the rows and their labels, without a copy.
    ///
    /// What is put of it takes no memory of our server but for metadata: a part of a blob there is a blob on the same
    /// memory. The published daemon does not have that, so parts of columns of numbers are copied there, once.
    ///
    /// ```
    /// use vineyard_types::DataFrame;
    /// let frame = DataFrame::new().with_column("n", vec![1i64, 2, 3])?.with_column("t", vec!["a", "b", "c"])?;
    /// let rows = frame.slice(1..)?;
    /// assert_eq!(rows.numbers::<i64>("n")?.as_slice(), [2, 3]);
    /// assert_eq!(rows.texts("t")?.get(1).transpose()?, Some("c"));
    /// assert_eq!(frame.slice(2..4).unwrap_err().to_string(), "rows 2 to 4 do not lie inside of 3 rows");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`FrameError::Range`] if they are not there, and [`FrameError::Column`] naming the column that cannot be cut:
    /// objects of types that are not known here, as what Python pickled, can not.
    pub fn slice(&self, range: impl RangeBounds<usize>) -> Result<Self, FrameError> {
        let rows = within(range, self.num_rows())?;
        let cut = |(name, column): (&ColumnName, &Column)| {
            let cut = column.slice(rows.clone()).map_err(|error| error.in_column(&name.to_string()))?;
            Ok::<_, FrameError>((name.clone(), cut))
        };
        let values = self.values.iter().map(cut).collect::<Result<_, _>>()?;
        let cut = |index: &Index| index.slice(rows.clone()).map_err(FrameError::in_index);
        let index = self.index.as_ref().map(cut).transpose()?;
        // Whatever partition the frame is, a part of its rows is not.
        Ok(Self { values, index, ..Self::new() })
    }

    /// A frame of the same rows without columns.
    fn without_all(&self) -> Self {
        Self {
            values: Columns::default(),
            index: self.index.clone(),
            partition_index_row: self.partition_index_row,
            partition_index_column: self.partition_index_column,
            row_batch_index: self.row_batch_index,
        }
    }
}
