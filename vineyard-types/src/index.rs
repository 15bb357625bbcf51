//! The labels of rows.

use serde_json::Value;
use vineyard_core::Object;

use crate::dataframe::Column;

/// Labels of rows: a column with a name of its own. Python gets it as a `pandas.Index`.
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

    /// The labels.
    pub fn values(&self) -> &Column {
        &self.values
    }

    /// Number of labels; `None` as for [`Column::num_rows`].
    pub fn num_labels(&self) -> Option<usize> {
        self.values.num_rows()
    }
}
