//! Plain values, borrowed from a record.

use std::fmt;

use serde_json::{Number, Value};

use crate::id::ObjectId;

/// A plain value of metadata: what JSON knows apart from objects, which are members.
///
/// Borrowed from the metadata that it is part of; copying it costs nothing. It compares with what it stands for:
///
/// ```
/// use vineyard_core::meta::Plain;
/// let value = Plain::Text("float64");
/// assert_eq!(value, "float64");
/// assert_eq!(Plain::Uint(7), 7);
/// assert_eq!(Plain::List("[1,2]").to_json(), serde_json::json!([1, 2]));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Plain<'a> {
    /// Nothing.
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Uint(u64),
    /// A negative number.
    Int(i64),
    /// A number that is not whole, or too large.
    Float(f64),
    /// Text.
    Text(&'a str),
    /// An id, which is text in JSON.
    Id(ObjectId),
    /// An array, as JSON text.
    List(&'a str),
}

impl<'a> Plain<'a> {
    /// Whether it is null.
    pub fn is_null(self) -> bool {
        matches!(self, Self::Null)
    }

    /// The truth value, if it is one.
    pub fn as_bool(self) -> Option<bool> {
        match self {
            Self::Bool(flag) => Some(flag),
            _ => None,
        }
    }

    /// The number, if it is a whole one.
    pub fn as_u64(self) -> Option<u64> {
        match self {
            Self::Uint(number) => Some(number),
            Self::Int(number) => u64::try_from(number).ok(),
            _ => None,
        }
    }

    /// The number, if it is an integer of 64 bits.
    pub fn as_i64(self) -> Option<i64> {
        match self {
            Self::Uint(number) => i64::try_from(number).ok(),
            Self::Int(number) => Some(number),
            _ => None,
        }
    }

    /// The number, if it is one; integers of more than 53 bits are rounded.
    pub fn as_f64(self) -> Option<f64> {
        match self {
            Self::Uint(number) => Some(number as f64),
            Self::Int(number) => Some(number as f64),
            Self::Float(number) => Some(number),
            _ => None,
        }
    }

    /// The text, if it is text. Ids are not.
    pub fn as_str(self) -> Option<&'a str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The id, whether it is one or the text form of one.
    pub fn as_id(self) -> Option<ObjectId> {
        match self {
            Self::Id(id) => Some(id),
            Self::Text(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// The value as JSON. Allocates for text and lists.
    pub fn to_json(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(flag) => flag.into(),
            Self::Uint(number) => number.into(),
            Self::Int(number) => number.into(),
            Self::Float(number) => Number::from_f64(number).map_or(Value::Null, Value::Number),
            Self::Text(text) => text.into(),
            Self::Id(id) => id.to_string().into(),
            // Checked when the record was.
            Self::List(json) => serde_json::from_str(json).unwrap_or(Value::Null),
        }
    }

    /// The value that JSON stands for, if it is not an object. Lists are written into `text`.
    pub(crate) fn from_json(value: &'a Value, text: &'a mut String) -> Option<Self> {
        Some(match value {
            Value::Null => Self::Null,
            Value::Bool(flag) => Self::Bool(*flag),
            Value::Number(number) => Self::from_number(number),
            Value::String(text) => Self::Text(text),
            list @ Value::Array(_) => {
                *text = list.to_string();
                Self::List(text)
            }
            Value::Object(_) => return None,
        })
    }

    /// A number of JSON.
    pub fn from_number(number: &Number) -> Self {
        match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => Self::Uint(number),
            (None, Some(number)) => Self::Int(number),
            // All that is left are floats.
            (None, None) => Self::Float(number.as_f64().unwrap_or(f64::NAN)),
        }
    }
}

impl fmt::Display for Plain<'_> {
    /// As JSON.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::List(json) => f.write_str(json),
            other => other.to_json().fmt(f),
        }
    }
}

impl PartialEq<Value> for Plain<'_> {
    fn eq(&self, other: &Value) -> bool {
        self.to_json() == *other
    }
}

impl PartialEq<&Value> for Plain<'_> {
    fn eq(&self, other: &&Value) -> bool {
        self == *other
    }
}

impl PartialEq<str> for Plain<'_> {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == Some(other)
    }
}

impl PartialEq<&str> for Plain<'_> {
    fn eq(&self, other: &&str) -> bool {
        self == *other
    }
}

impl PartialEq<String> for Plain<'_> {
    fn eq(&self, other: &String) -> bool {
        self == other.as_str()
    }
}

impl PartialEq<bool> for Plain<'_> {
    fn eq(&self, other: &bool) -> bool {
        self.as_bool() == Some(*other)
    }
}

macro_rules! compares {
    ($($number:ident as $wide:ident via $get:ident),*) => {$(
        impl PartialEq<$number> for Plain<'_> {
            fn eq(&self, other: &$number) -> bool {
                self.$get() == Some(<$wide>::from(*other))
            }
        }
    )*};
}

compares!(i32 as i64 via as_i64, i64 as i64 via as_i64, u32 as u64 via as_u64, u64 as u64 via as_u64);
