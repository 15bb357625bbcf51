//! Single values.

use std::fmt;

use vineyard_core::{Member, Object, TypeName, Typename};

use crate::integer::Integer;

mod sealed {
    pub trait Sealed {}
}

/// What a [`Scalar`] holds: [`Int`], [`Float`], [`Text`] or [`Bool`], or the number types under whose names C++ has them.
pub trait ScalarKind: Typename + Send + Sync + 'static + sealed::Sealed {
    /// The Rust type of the value.
    type Value: Member + Clone + PartialEq + fmt::Debug + Send + Sync;
    /// What writers call the type: Python those of [`Int`], [`Float`], [`Text`] and [`Bool`], C++ the others.
    const TYPE: &'static str;
    /// Whether others than those with just this type's name are refused.
    #[doc(hidden)]
    const STRICT: bool = false;
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $value:ty, $typename:literal, $type:literal $(, $strict:ident)?;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $kind {}

        impl Typename for $kind {
            fn typename() -> TypeName {
                TypeName::new($typename)
            }
        }

        impl sealed::Sealed for $kind {}

        impl ScalarKind for $kind {
            type Value = $value;
            const TYPE: &'static str = $type;
            $(const STRICT: bool = stringify!($strict).len() > 0;)?
        }

        impl From<$value> for Scalar<$kind> {
            fn from(value: $value) -> Self {
                Self { value, type_: $type.to_owned() }
            }
        }
    )*};
}

kinds! {
    /// Integers up to 64 bits, with or without a sign. The typename says `int`, whatever the width, as Python writes and
    /// reads it.
    Int = Integer, "int", "int";
    /// Floats of 64 bits. Each NaN keeps its bits; Python reads the usual one and refuses the others.
    Float = f64, "double", "float";
    /// Text.
    Text = String, "std::string", "str";
    /// Booleans as Python stores them: integers that are called `bool`. Python reads 1 and 0. `get_any` gives them as
    /// [`Int`], for they have its typename.
    Bool = bool, "int", "bool", strict;
}

macro_rules! cpp_kinds {
    ($($number:ty = $type:literal;)*) => {$(
        impl sealed::Sealed for $number {}

        impl ScalarKind for $number {
            type Value = Self;
            const TYPE: &'static str = $type;
        }

        impl From<$number> for Scalar<$number> {
            fn from(value: $number) -> Self {
                Self { value, type_: $type.to_owned() }
            }
        }
    )*};
}

// `int` and `double` are those of `Int` and `Float`.
cpp_kinds! {
    i8 = "int8"; i16 = "int16"; i64 = "int64";
    u8 = "uint8"; u16 = "uint16"; u32 = "uint32"; u64 = "uint64";
    f32 = "float"; bool = "bool";
}

/// A single value in the metadata: no payload at all.
///
/// Python's `int`, `float`, `str` and `bool` are stored so, and are got as a `Scalar<Int>`, `Scalar<Float>`,
/// `Scalar<Text>`, `Scalar<Bool>`. These are the kinds to put. `Scalar<i64>` and the like, with the names of Rust's own
/// types, are what C++ stores as `Scalar<int64>`, `Scalar<uint>` and so on: the published Python client reads
/// `Scalar<float>` of them, and gets `None` for the others.
///
/// Bytes need no scalar: Python's `bytes` are a [`Blob`](vineyard_core::Blob).
///
/// ```
/// use vineyard_core::Object;
/// use vineyard_types::{Int, Scalar, Text};
/// let answer = Scalar::<Int>::from(42);
/// assert_eq!(answer.get().get(), 42);
/// assert_eq!(Scalar::<Text>::typename().as_str(), "vineyard::Scalar<std::string>");
/// ```
#[derive(Debug, Clone, PartialEq, Object)]
#[object(
    typename = "vineyard::Scalar",
    validate = Self::check,
    register(<Int>, <Float>, <Text>, <i8>, <i16>, <i64>, <u8>, <u16>, <u32>, <u64>, <f32>, <bool>)
)]
pub struct Scalar<K: ScalarKind> {
    #[object(rename = "value_")]
    value: K::Value,
    #[object(rename = "type_", default = type_name::<K>)]
    type_: String,
}

fn type_name<K: ScalarKind>() -> String {
    K::TYPE.to_owned()
}

impl<K: ScalarKind> Scalar<K> {
    /// The value.
    pub fn get(&self) -> &K::Value {
        &self.value
    }

    /// What its writer calls the type: `int`, `bool`.
    pub fn writers_type(&self) -> &str {
        &self.type_
    }

    fn check(&self) -> Result<(), String> {
        if !K::STRICT || self.type_ == K::TYPE {
            return Ok(());
        }
        Err(format!("its writer calls it `{}`, not `{}`", self.type_, K::TYPE))
    }
}

impl From<i64> for Scalar<Int> {
    /// The only width, so that a number without a suffix has a type; others go through [`Integer`].
    fn from(value: i64) -> Self {
        Integer::from(value).into()
    }
}

impl From<&str> for Scalar<Text> {
    fn from(value: &str) -> Self {
        value.to_owned().into()
    }
}

#[cfg(test)]
#[path = "scalar_tests.rs"]
mod tests;
