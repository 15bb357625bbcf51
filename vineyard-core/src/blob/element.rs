//! What shared arrays may consist of.

use bytemuck::Pod;

use crate::typename::{TypeName, Typename};

#[cfg(not(target_endian = "little"))]
compile_error!("shared arrays are little-endian; this target is not");

/// Element of a shared array.
///
/// `Pod` says that every bit pattern is valid and that there is neither padding nor a pointer. That is why `bool`,
/// `char` and `usize` are out: use `u8` and fixed widths instead.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an element of a shared-memory array",
    note = "use `u8` for booleans, and a fixed width such as `u64` instead of `usize`"
)]
pub trait Element: Pod + Typename + Send + Sync {
    /// Whether a program defines it: its name in a schema is told apart from the names of numbers.
    #[doc(hidden)]
    const USER_DEFINED: bool = true;
}

macro_rules! elements {
    ($($element:ty = $name:literal),* $(,)?) => {$(
        impl Typename for $element {
            fn typename() -> TypeName {
                TypeName::new($name)
            }
        }

        impl Element for $element {
            const USER_DEFINED: bool = false;
        }
    )*};
}

// The names are those of the original's C++ library.
elements! {
    i8 = "int8", i16 = "int16", i32 = "int", i64 = "int64",
    u8 = "uint8", u16 = "uint16", u32 = "uint", u64 = "uint64",
    f32 = "float", f64 = "double",
}

// These have no name in C++; the names are numpy's.
#[cfg(feature = "half")]
elements! { half::f16 = "float16" }

#[cfg(feature = "num-complex")]
elements! { num_complex::Complex<f32> = "complex64", num_complex::Complex<f64> = "complex128" }

impl Typename for bool {
    fn typename() -> TypeName {
        TypeName::new("bool")
    }
}

impl Typename for String {
    fn typename() -> TypeName {
        TypeName::new("std::string")
    }
}
