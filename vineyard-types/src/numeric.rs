//! Numbers that tensors consist of, and what numpy calls them.

use std::fmt;

use bytemuck::{Pod, Zeroable};
use half::f16;
use num_complex::Complex;
use vineyard_core::{Element, TypeName, Typename};

pub(crate) mod sealed {
    pub trait Sealed {}
}

/// An element of a tensor: an integer, a float, a complex number, a [`Bool8`], or one of [`time`](crate::time).
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an element of a tensor",
    note = "use integers of fixed width, `f16`, `f32`, `f64`, `Complex`, `Bool8`, `DateTime64` or `TimeDelta64`"
)]
pub trait Numeric: Element + PartialEq + fmt::Display + fmt::Debug + sealed::Sealed {
    /// The name of numpy's dtype.
    const NUMPY: &'static str;
    /// numpy's array-protocol text: byte order, kind, bytes.
    const NUMPY_META: &'static str;
}

macro_rules! numbers {
    ($($number:ty = $name:literal, $meta:literal;)*) => {$(
        impl sealed::Sealed for $number {}

        impl Numeric for $number {
            const NUMPY: &'static str = $name;
            const NUMPY_META: &'static str = $meta;
        }
    )*};
}

numbers! {
    i8 = "int8", "|i1";
    i16 = "int16", "<i2";
    i32 = "int32", "<i4";
    i64 = "int64", "<i8";
    u8 = "uint8", "|u1";
    u16 = "uint16", "<u2";
    u32 = "uint32", "<u4";
    u64 = "uint64", "<u8";
    f16 = "float16", "<f2";
    f32 = "float32", "<f4";
    f64 = "float64", "<f8";
    Complex<f32> = "complex64", "<c8";
    Complex<f64> = "complex128", "<c16";
    Bool8 = "bool", "|b1";
}

/// A boolean of one byte, as numpy and C++ store it: zero is false, everything else true.
///
/// `bool` itself cannot be an element: a byte of another process could be neither of its two values.
///
/// ```
/// use vineyard_types::Bool8;
/// assert!(Bool8::from(true).get());
/// assert_eq!(Bool8::from(false).to_string(), "false");
/// ```
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
#[repr(transparent)]
pub struct Bool8(u8);

impl Bool8 {
    /// The truth value.
    pub fn get(self) -> bool {
        self.0 != 0
    }
}

impl From<bool> for Bool8 {
    fn from(value: bool) -> Self {
        Self(value.into())
    }
}

impl PartialEq for Bool8 {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl Eq for Bool8 {}

impl fmt::Display for Bool8 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.get(), f)
    }
}

impl Typename for Bool8 {
    fn typename() -> TypeName {
        TypeName::new("bool")
    }
}

impl Element for Bool8 {}
