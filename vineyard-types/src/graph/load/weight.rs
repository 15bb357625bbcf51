//! Weights that can be read.

use std::ops::AddAssign;
use std::str::FromStr;

use vineyard_core::Element;

use crate::dataframe::Column;

mod sealed {
    pub trait Sealed {}
}

/// Weight of an edge that can be read from a file: an integer or a float of 8 to 64 bits.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read as the weight of an edge",
    note = "use an integer of a fixed width, `f32` or `f64`"
)]
pub trait EdgeWeight: Element + AddAssign + FromStr + sealed::Sealed {
    /// What is expected where a weight is read.
    #[doc(hidden)]
    const EXPECTED: &'static str;

    /// The weight that an integer is, if it is one exactly.
    #[doc(hidden)]
    fn of_integer(number: i128) -> Option<Self>;

    /// The weight that a float is, if it is one exactly.
    #[doc(hidden)]
    fn of_float(number: f64) -> Option<Self>;

    /// Weights as a column.
    #[doc(hidden)]
    fn to_column(weights: Vec<Self>) -> Column;
}

macro_rules! integers {
    ($($weight:ty = $expected:literal;)*) => {$(
        impl sealed::Sealed for $weight {}

        impl EdgeWeight for $weight {
            const EXPECTED: &'static str = $expected;

            fn of_integer(number: i128) -> Option<Self> {
                number.try_into().ok()
            }

            fn of_float(_: f64) -> Option<Self> {
                None
            }

            fn to_column(weights: Vec<Self>) -> Column {
                weights.into()
            }
        }
    )*};
}

integers! {
    i8 = "a weight of type i8";
    i16 = "a weight of type i16";
    i32 = "a weight of type i32";
    i64 = "a weight of type i64";
    u8 = "a weight of type u8";
    u16 = "a weight of type u16";
    u32 = "a weight of type u32";
    u64 = "a weight of type u64";
}

macro_rules! floats {
    ($($weight:ty = $expected:literal;)*) => {$(
        impl sealed::Sealed for $weight {}

        impl EdgeWeight for $weight {
            const EXPECTED: &'static str = $expected;

            fn of_integer(number: i128) -> Option<Self> {
                let weight = number as Self;
                (weight as i128 == number).then_some(weight)
            }

            fn of_float(number: f64) -> Option<Self> {
                let weight = number as Self;
                (f64::from(weight) == number || number.is_nan()).then_some(weight)
            }

            fn to_column(weights: Vec<Self>) -> Column {
                weights.into()
            }
        }
    )*};
}

floats! {
    f32 = "a weight of type f32";
    f64 = "a weight of type f64";
}
