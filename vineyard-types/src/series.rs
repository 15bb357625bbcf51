//! One column with labels.

use std::ops::RangeBounds;

use serde_json::Value;
use vineyard_core::Object;

use crate::dataframe::{Column, FrameError};
use crate::index::Index;

/// A column with a name of its own and labels for its rows. Python gets it as a `pandas.Series`, numbers without a copy.
///
/// Cloning shares all payloads.
///
/// ```
/// use vineyard_types::{Index, Series};
/// let degrees = Series::new(vec![-3.5, 14.0])?.with_index(Index::new(vec!["Oslo", "Rome"]))?.named("degrees");
/// assert_eq!((degrees.name(), degrees.len()), (Some("degrees"), 2));
/// let rome = degrees.slice(1..)?;
/// assert_eq!(rome.values().numbers::<f64>().map(|values| values.as_slice()), Some(&[14.0][..]));
/// assert_eq!(rome.index().values().texts().and_then(|labels| labels.get(0)).transpose()?, Some("Rome"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Object)]
#[object(typename = "vineyard::Series", validate = Self::check)]
pub struct Series {
    /// The name; null if it has none. pandas allows any value.
    #[object(json)]
    name: Value,
    #[object(rename = "index_")]
    index: Index,
    #[object(rename = "value_")]
    values: Column,
}

impl Series {
    /// Values without a name, labelled from 0 on: Python cannot read a series without labels, so there are eight bytes for
    /// each.
    ///
    /// # Errors
    ///
    /// [`FrameError::Unknown`] if the column does not tell how many values it has.
    pub fn new(values: impl Into<Column>) -> Result<Self, FrameError> {
        let values = values.into();
        let rows = values.num_rows().ok_or_else(|| unknown(&values))?;
        Ok(Self { name: Value::Null, index: Index::range(0, 1, rows), values })
    }

    /// The same values under other labels.
    ///
    /// # Errors
    ///
    /// [`FrameError::Labels`] if there are more or fewer labels than values.
    pub fn with_index(self, index: Index) -> Result<Self, FrameError> {
        let labelled = Self { index, ..self };
        labelled.check()?;
        Ok(labelled)
    }

    /// The same values under a name.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Value::String(name.into());
        self
    }

    /// The name, if it is text.
    pub fn name(&self) -> Option<&str> {
        self.name.as_str()
    }

    /// The labels.
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// The values.
    pub fn values(&self) -> &Column {
        &self.values
    }

    /// Number of values; that of the labels if the values do not tell.
    pub fn len(&self) -> usize {
        self.values.num_rows().or(self.index.num_labels()).unwrap_or(0)
    }

    /// Whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Some of the values and their labels, without a copy, under the same name.
    ///
    /// # Errors
    ///
    /// As [`Column::slice`].
    pub fn slice(&self, range: impl RangeBounds<usize> + Clone) -> Result<Self, FrameError> {
        let (index, values) = (self.index.slice(range.clone())?, self.values.slice(range)?);
        Ok(Self { name: self.name.clone(), index, values })
    }

    fn check(&self) -> Result<(), FrameError> {
        if self.values.has_no_dimensions() {
            return Err(FrameError::Dimensions { name: "value_".to_owned() });
        }
        match (self.index.num_labels(), self.values.num_rows()) {
            (Some(found), Some(expected)) if found != expected => Err(FrameError::Labels { found, expected }),
            _ => Ok(()),
        }
    }
}

fn unknown(values: &Column) -> FrameError {
    FrameError::Unknown { found: values.type_name().into_owned() }
}
