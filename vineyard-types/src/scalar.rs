//! Single values.

use std::fmt;

use vineyard_core::{Member, Object, TypeName, Typename};

mod sealed {
    pub trait Sealed {}
}

/// What a [`Scalar`] holds: [`Int`], [`Float`] or [`Text`].
pub trait ScalarKind: Typename + Send + Sync + 'static + sealed::Sealed {
    /// The Rust type of the value.
    type Value: Member + Clone + PartialEq + fmt::Debug + Send + Sync;
    /// What Python calls the type.
    const PYTHON: &'static str;
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $value:ty, $typename:literal, $python:literal;)*) => {$(
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
            const PYTHON: &'static str = $python;
        }

        impl From<$value> for Scalar<$kind> {
            fn from(value: $value) -> Self {
                Self { value, type_: $python.to_owned() }
            }
        }
    )*};
}

kinds! {
    /// Integers. The typename says `int`, as Python writes and reads it, but the value has 64 bits.
    Int = i64, "int", "int";
    /// Floats of 64 bits.
    Float = f64, "double", "float";
    /// Text.
    Text = String, "std::string", "str";
}

/// A single value in the metadata: no payload at all.
///
/// Python's `int`, `float` and `str` are stored so, and are got as a `Scalar<Int>`, `Scalar<Float>`, `Scalar<Text>`.
///
/// ```
/// use vineyard_core::Object;
/// use vineyard_types::{Int, Scalar, Text};
/// let answer = Scalar::<Int>::from(42);
/// assert_eq!(answer.get(), &42);
/// assert_eq!(Scalar::<Text>::typename().as_str(), "vineyard::Scalar<std::string>");
/// ```
#[derive(Debug, Clone, PartialEq, Object)]
#[object(typename = "vineyard::Scalar", register(<Int>, <Float>, <Text>))]
pub struct Scalar<K: ScalarKind> {
    #[object(rename = "value_")]
    value: K::Value,
    #[object(rename = "type_", default = python_name::<K>)]
    type_: String,
}

fn python_name<K: ScalarKind>() -> String {
    K::PYTHON.to_owned()
}

impl<K: ScalarKind> Scalar<K> {
    /// The value.
    pub fn get(&self) -> &K::Value {
        &self.value
    }
}

impl From<&str> for Scalar<Text> {
    fn from(value: &str) -> Self {
        value.to_owned().into()
    }
}
