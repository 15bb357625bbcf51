//! The labels of rows.

use std::ops::RangeBounds;

use serde_json::Value;
use vineyard_core::Object;

use crate::dataframe::{Column, FrameError};

/// Labels of rows: a column with a name of its own. Python gets it as a `pandas.Index`.
///
/// What pandas has as a range is stored as its numbers, as the published Python package does it: [`Index::range`].
#[derive(Debug, Clone, Object)]
#[object(typename = "vineyard::Index")]
pub struct Index {
    /// The name; null for most.
    #[object(json)]
    name: Value,
    #[object(rename = "value_type_", default)]
    value_type: String,
    #[object(rename = "value_")]
    values: Column,
}

impl Index {
    /// Labels without a name.
    pub fn new(values: impl Into<Column>) -> Self {
        let values = values.into();
        Self { name: Value::Null, value_type: values.numpy_name().to_owned(), values }
    }

    /// So many numbers from `start` on, `step` apart: eight bytes each. Beyond 64 bits they wrap around.
    ///
    /// ```
    /// use vineyard_types::Index;
    /// let index = Index::range(10, 5, 3);
    /// assert_eq!(index.values().numbers::<i64>().map(|labels| labels.as_slice()), Some(&[10, 15, 20][..]));
    /// ```
    pub fn range(start: i64, step: i64, count: usize) -> Self {
        let labels = (0..count).scan(start, |next, _| {
            let label = *next;
            *next = next.wrapping_add(step);
            Some(label)
        });
        Self::new(labels.collect::<Vec<i64>>())
    }

    /// The same labels under a name.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Value::String(name.into());
        self
    }

    /// The name, if it is text.
    pub fn name(&self) -> Option<&str> {
        self.name.as_str()
    }

    /// The name as JSON; null for most.
    pub(crate) fn name_as_json(&self) -> &Value {
        &self.name
    }

    /// The labels of several indexes, in order, under the name of the first. `None` of them make no labels.
    pub(crate) fn concat(parts: &[&Self]) -> Result<Self, FrameError> {
        let values: Vec<&Column> = parts.iter().map(|part| &part.values).collect();
        let values = Column::concat(&values)?;
        let first =
            parts.first().map_or((Value::Null, String::new()), |first| (first.name.clone(), first.value_type.clone()));
        Ok(Self { name: first.0, value_type: first.1, values })
    }

    /// The labels.
    pub fn values(&self) -> &Column {
        &self.values
    }

    /// Number of labels; `None` as for [`Column::num_rows`].
    pub fn num_labels(&self) -> Option<usize> {
        self.values.num_rows()
    }

    /// Some of the labels, without a copy, under the same name.
    ///
    /// # Errors
    ///
    /// As [`Column::slice`].
    pub fn slice(&self, range: impl RangeBounds<usize>) -> Result<Self, FrameError> {
        let values = self.values.slice(range)?;
        Ok(Self { name: self.name.clone(), value_type: self.value_type.clone(), values })
    }
}
