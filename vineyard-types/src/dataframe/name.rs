//! Names of columns.

use std::fmt;

use serde_json::Value;
use vineyard_core::{MetaValue, Plain};

/// The name of a column: text in most frames, but pandas allows any value.
///
/// Stored as JSON text, so that the column `1` and the column `"1"` differ.
///
/// ```
/// use vineyard_types::ColumnName;
/// assert_eq!(ColumnName::from("speed").as_str(), Some("speed"));
/// assert_eq!(ColumnName::from("speed").to_string(), "speed");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ColumnName(Value);

impl ColumnName {
    /// The name, if it is text.
    pub fn as_str(&self) -> Option<&str> {
        self.0.as_str()
    }

    /// The name that a JSON value is.
    pub(super) fn from_json_value(value: Value) -> Self {
        Self(value)
    }

    /// The name as JSON.
    pub fn as_json(&self) -> &Value {
        &self.0
    }
}

impl From<&str> for ColumnName {
    fn from(name: &str) -> Self {
        Self(Value::from(name))
    }
}

impl From<String> for ColumnName {
    fn from(name: String) -> Self {
        Self(Value::from(name))
    }
}

impl From<i64> for ColumnName {
    fn from(name: i64) -> Self {
        Self(Value::from(name))
    }
}

impl From<&ColumnName> for ColumnName {
    fn from(name: &ColumnName) -> Self {
        name.clone()
    }
}

impl fmt::Display for ColumnName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Value::String(text) => f.write_str(text),
            other => other.fmt(f),
        }
    }
}

impl MetaValue for ColumnName {
    const NAME: &'static str = "json";

    fn to_json(&self) -> Value {
        Value::String(self.0.to_string())
    }

    fn from_json(value: &Value) -> Option<Self> {
        serde_json::from_str(value.as_str()?).ok().map(Self)
    }

    fn from_plain(value: Plain<'_>) -> Option<Self> {
        serde_json::from_str(value.as_str()?).ok().map(Self)
    }
}
