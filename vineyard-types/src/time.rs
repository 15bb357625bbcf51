//! Points in time and spans of time as numpy counts them.

use std::fmt;
use std::marker::PhantomData;

use bytemuck::{Pod, Zeroable};
use vineyard_core::{Element, TypeName, Typename};

use crate::numeric::{Numeric, sealed};

/// A unit that [`DateTime64`] and [`TimeDelta64`] count.
///
/// Units of more than one (`datetime64[10s]`) have no type here; arrays of them are got as opaque objects.
pub trait TimeUnit: Pod + fmt::Debug + PartialEq + Send + Sync + sealed::Sealed {
    /// numpy's name of the unit.
    const SYMBOL: &'static str;
    #[doc(hidden)]
    const DATETIME: [&'static str; 2];
    #[doc(hidden)]
    const TIMEDELTA: [&'static str; 2];
}

macro_rules! units {
    ($($(#[$doc:meta])* $unit:ident = $symbol:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
        #[repr(C)]
        pub struct $unit;

        impl sealed::Sealed for $unit {}

        impl TimeUnit for $unit {
            const SYMBOL: &'static str = $symbol;
            const DATETIME: [&'static str; 2] =
                [concat!("datetime64[", $symbol, "]"), concat!("<M8[", $symbol, "]")];
            const TIMEDELTA: [&'static str; 2] =
                [concat!("timedelta64[", $symbol, "]"), concat!("<m8[", $symbol, "]")];
        }
    )*};
}

units! {
    /// Years.
    Year = "Y";
    /// Months.
    Month = "M";
    /// Weeks.
    Week = "W";
    /// Days.
    Day = "D";
    /// Hours.
    Hour = "h";
    /// Minutes.
    Minute = "m";
    /// Seconds.
    Second = "s";
    /// Thousandths of a second.
    Millisecond = "ms";
    /// Millionths of a second.
    Microsecond = "us";
    /// 10⁻⁹ seconds.
    Nanosecond = "ns";
    /// 10⁻¹² seconds.
    Picosecond = "ps";
    /// 10⁻¹⁵ seconds.
    Femtosecond = "fs";
    /// 10⁻¹⁸ seconds.
    Attosecond = "as";
}

/// The number that stands for no time at all (numpy's `NaT`).
const NOT_A_TIME: i64 = i64::MIN;

macro_rules! times {
    ($($(#[$doc:meta])* $time:ident, $names:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
        #[repr(transparent)]
        pub struct $time<U>(i64, PhantomData<U>)
        where
            U: TimeUnit;

        impl<U: TimeUnit> $time<U> {
            /// No time at all, numpy's `NaT`. Unlike numpy's it equals itself.
            pub const NAT: Self = Self(NOT_A_TIME, PhantomData);

            /// So many units; `i64::MIN` is [`NAT`](Self::NAT).
            pub const fn new(count: i64) -> Self {
                Self(count, PhantomData)
            }

            /// How many units; `None` for [`NAT`](Self::NAT).
            pub const fn count(self) -> Option<i64> {
                if self.0 == NOT_A_TIME { None } else { Some(self.0) }
            }
        }

        impl<U: TimeUnit> fmt::Display for $time<U> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self.count() {
                    Some(count) => f.pad(&format!("{count}{}", U::SYMBOL)),
                    None => f.pad("NaT"),
                }
            }
        }

        impl<U: TimeUnit> Typename for $time<U> {
            fn typename() -> TypeName {
                let [name, _] = U::$names;
                TypeName::new(name)
            }
        }

        impl<U: TimeUnit> Element for $time<U> {}

        impl<U: TimeUnit> sealed::Sealed for $time<U> {}

        impl<U: TimeUnit> Numeric for $time<U> {
            const NUMPY: &'static str = {
                let [name, _] = U::$names;
                name
            };
            const NUMPY_META: &'static str = {
                let [_, text] = U::$names;
                text
            };
        }
    )*};
}

times! {
    /// A point in time: units since the start of 1970, without a time zone. numpy's `datetime64`.
    ///
    /// ```
    /// use vineyard_types::Tensor;
    /// use vineyard_types::time::{DateTime64, Day};
    /// let days = Tensor::from([DateTime64::<Day>::new(0), DateTime64::NAT]);
    /// assert_eq!(days.get(&[0]).and_then(|day| day.count()), Some(0));
    /// assert_eq!(days.as_slice()[1].to_string(), "NaT");
    /// ```
    DateTime64, DATETIME;
    /// A span of time in units. numpy's `timedelta64`.
    TimeDelta64, TIMEDELTA;
}
