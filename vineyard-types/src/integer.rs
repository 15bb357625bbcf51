//! Integers of any width up to 64 bits.

use std::fmt;

use serde_json::Value;
use vineyard_core::{
    BuildError, DraftNode, FieldKind, FieldSchema, Key, Member, MetaKind, ObjectMeta, Plain, ResolveError,
    ResolveReason, TypeName,
};

/// An integer from `i64::MIN` to `u64::MAX`.
///
/// Metadata holds it as a number, and as the text of its digits above `i64::MAX`: the published Python client gets other
/// numbers for such numbers, without an error, but the right one for the text.
///
/// ```
/// use vineyard_types::Integer;
/// let large = Integer::from(u64::MAX);
/// assert_eq!(u64::try_from(large), Ok(u64::MAX));
/// assert!(i64::try_from(large).is_err());
/// assert!(Integer::try_from(1i128 << 64).is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Integer(i128);

/// An integer that neither 64 bits with a sign nor 64 bits without one can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "{value} has more than 64 bits: JSON readers would round it, and the published Python client would lose it; \
     store it as text"
)]
pub struct IntegerError {
    value: Wide,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wide {
    Signed(i128),
    Unsigned(u128),
}

impl fmt::Display for Wide {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signed(value) => value.fmt(f),
            Self::Unsigned(value) => value.fmt(f),
        }
    }
}

impl Integer {
    /// The value.
    pub const fn get(self) -> i128 {
        self.0
    }

    fn read(value: Plain<'_>) -> Option<Self> {
        match value {
            Plain::Text(digits) => {
                let large = digits.parse::<u64>().ok().filter(|large| *large > i64::MAX as u64);
                large.filter(|large| large.to_string() == *digits).map(Self::from)
            }
            number => number.as_i64().map(Self::from).or_else(|| number.as_u64().map(Self::from)),
        }
    }
}

macro_rules! narrow {
    ($($int:ty),*) => {$(
        impl From<$int> for Integer {
            fn from(value: $int) -> Self {
                Self(value.into())
            }
        }

        impl TryFrom<Integer> for $int {
            type Error = std::num::TryFromIntError;

            fn try_from(value: Integer) -> Result<Self, Self::Error> {
                value.0.try_into()
            }
        }
    )*};
}

narrow!(i8, i16, i32, i64, u8, u16, u32, u64);

impl TryFrom<i128> for Integer {
    type Error = IntegerError;

    fn try_from(value: i128) -> Result<Self, IntegerError> {
        let fits = (i128::from(i64::MIN)..=i128::from(u64::MAX)).contains(&value);
        if fits { Ok(Self(value)) } else { Err(IntegerError { value: Wide::Signed(value) }) }
    }
}

impl TryFrom<u128> for Integer {
    type Error = IntegerError;

    fn try_from(value: u128) -> Result<Self, IntegerError> {
        u64::try_from(value).map(Self::from).map_err(|_| IntegerError { value: Wide::Unsigned(value) })
    }
}

impl fmt::Display for Integer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Member for Integer {
    type Kind = MetaKind;
    type Input = Self;

    fn stage_at(&self, key: &Key, draft: &mut DraftNode) -> Result<(), BuildError> {
        let value = match i64::try_from(*self) {
            Ok(signed) => Value::from(signed),
            Err(_) => Value::from(self.to_string()),
        };
        draft.set_value(key, value)
    }

    fn stage_input(input: Self, key: &Key, draft: &mut DraftNode) -> Result<(), BuildError> {
        input.stage_at(key, draft)
    }

    fn resolve_at(meta: &ObjectMeta, key: &Key) -> Result<Self, ResolveError> {
        let value = meta.value(key.as_str())?;
        // The published Python client stores its `True` and `False` as booleans that it calls `bool`, and reads 1 and
        // 0. It stores `true` for integers of more than 64 bits as well, but calls them `int`.
        let expected = match value.as_bool() {
            Some(flag) if is_python_bool(meta) => return Ok(Self::from(u8::from(flag))),
            Some(_) => {
                "an integer; the published Python client writes `true` for every integer of more than 64 bits, \
                 whose value is lost"
            }
            None => "an integer of at most 64 bits",
        };
        let read = Self::read(value);
        read.ok_or_else(|| ResolveReason::value(key.as_str(), expected, value).into())
    }

    fn describe(key: &Key) -> FieldSchema {
        FieldSchema::new(key.as_str(), FieldKind::Value, TypeName::new("int64"))
    }
}

fn is_python_bool(meta: &ObjectMeta) -> bool {
    meta.value("type_").is_ok_and(|name| name.as_str() == Some("bool"))
}
