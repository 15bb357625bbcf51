//! One value of a column, to be shown.

use std::fmt;

/// One value of a column, to be shown.
#[derive(Clone)]
#[non_exhaustive]
pub enum Cell<'a> {
    /// A number or a boolean.
    Number(&'a dyn fmt::Display),
    /// A text.
    Text(&'a str),
    /// A value of one of Arrow's types, as text.
    Value(String),
    /// A value that is not there.
    Missing,
    /// A value that cannot be shown.
    Unreadable,
}

impl fmt::Display for Cell<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => f.pad(text),
            Self::Value(value) => f.pad(value),
            Self::Missing => f.pad("-"),
            Self::Unreadable => f.pad("?"),
        }
    }
}

impl fmt::Debug for Cell<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cell({self})")
    }
}
