//! Plain values of metadata.

use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher;

use indexmap::IndexMap;
use serde_json::{Map, Number, Value};

use super::Plain;

/// A value that metadata holds directly: booleans, integers, floats, text, and containers of these.
///
/// Numbers and text are plain JSON in the metadata; containers are JSON text inside a string, as the readers in other
/// languages expect. Integers are exact to 64 bits. Floats are also read from text in decimal. `NaN` and infinities, which JSON does not have, are the strings
/// `"NaN"`, `"inf"` and `"-inf"`, of which Python's `float` makes the same values. A NaN of other bits than the usual
/// ones has them in hexadecimal behind a colon, as in `"NaN:7ff8000000000001"`: readers that do not know this refuse
/// it, for no float is spelt so.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a metadata value",
    note = "use a number, `bool`, `String` or a container of these, or mark the field #[object(json)]"
)]
pub trait MetaValue: Sized {
    /// Names the value's type in schemas.
    const NAME: &'static str;
    /// Whether the value is stored as JSON text inside a string.
    const AS_TEXT: bool = false;

    /// The JSON form.
    fn to_json(&self) -> Value;

    /// Reads the JSON form; `None` if it is something else.
    fn from_json(value: &Value) -> Option<Self>;

    /// As [`from_json`](Self::from_json), of a value where it lies. To be provided where that saves copying a text.
    fn from_plain(value: Plain<'_>) -> Option<Self> {
        Self::from_json(&value.to_json())
    }

    /// Reads a list of such values from JSON text; `None` if it is something else. To be provided where that saves making
    /// a JSON value first.
    fn list_from_text(text: &str) -> Option<Vec<Self>> {
        let value: Value = serde_json::from_str(text).ok()?;
        Vec::from_json(&value)
    }
}

macro_rules! integers {
    ($($int:ty = $name:literal via $get:ident),* $(,)?) => {$(
        impl MetaValue for $int {
            const NAME: &'static str = $name;

            fn to_json(&self) -> Value {
                Value::from(*self)
            }

            fn from_json(value: &Value) -> Option<Self> {
                value.$get()?.try_into().ok()
            }

            fn from_plain(value: Plain<'_>) -> Option<Self> {
                value.$get()?.try_into().ok()
            }

            fn list_from_text(text: &str) -> Option<Vec<Self>> {
                serde_json::from_str(text).ok()
            }
        }
    )*};
}

integers! {
    i8 = "int8" via as_i64, i16 = "int16" via as_i64, i32 = "int" via as_i64, i64 = "int64" via as_i64,
    isize = "int64" via as_i64,
    u8 = "uint8" via as_u64, u16 = "uint16" via as_u64, u32 = "uint" via as_u64, u64 = "uint64" via as_u64,
    usize = "uint64" via as_u64,
}

/// What stands in front of the bits of an unusual NaN.
const NAN_BITS: &str = "NaN:";

macro_rules! floats {
    ($($float:ident, $bits:ident = $name:literal, $usual_nan:literal;)*) => {$(
        impl MetaValue for $float {
            const NAME: &'static str = $name;

            fn to_json(&self) -> Value {
                match Number::from_f64(f64::from(*self)) {
                    Some(number) => Value::Number(number),
                    None if self.is_nan() && self.to_bits() == $usual_nan => Value::from("NaN"),
                    None if self.is_nan() => {
                        Value::from(format!("{NAN_BITS}{:0width$x}", self.to_bits(), width = size_of::<Self>() * 2))
                    }
                    None if *self > 0.0 => Value::from("inf"),
                    None => Value::from("-inf"),
                }
            }

            fn from_json(value: &Value) -> Option<Self> {
                match value {
                    // Cutting to the type's width is what it asks for.
                    Value::Number(number) => number.as_f64().map(|value| value as Self),
                    Value::String(text) => match text.as_str() {
                        "NaN" => Some(Self::from_bits($usual_nan)),
                        "inf" => Some(Self::INFINITY),
                        "-inf" => Some(Self::NEG_INFINITY),
                        other => match other.strip_prefix(NAN_BITS) {
                            Some(digits) => {
                                let whole = digits.len() == size_of::<Self>() * 2 && !digits.starts_with('+');
                                let bits = $bits::from_str_radix(digits, 16).ok().filter(|_| whole)?;
                                Some(Self::from_bits(bits)).filter(|value| value.is_nan())
                            }
                            // From writers whose JSON cuts numbers to 32 bits.
                            None => other.parse::<Self>().ok().filter(|value| value.is_finite()),
                        },
                    },
                    _ => None,
                }
            }
        }
    )*};
}

floats! {
    f64, u64 = "double", 0x7ff8_0000_0000_0000;
    f32, u32 = "float", 0x7fc0_0000;
}

impl MetaValue for bool {
    const NAME: &'static str = "bool";

    fn to_json(&self) -> Value {
        Value::Bool(*self)
    }

    fn from_json(value: &Value) -> Option<Self> {
        // C++ writers store booleans as 0 and 1.
        match value {
            Value::Bool(flag) => Some(*flag),
            other => match other.as_u64() {
                Some(0) => Some(false),
                Some(1) => Some(true),
                _ => None,
            },
        }
    }
}

impl MetaValue for String {
    const NAME: &'static str = "std::string";

    fn to_json(&self) -> Value {
        Value::from(self.as_str())
    }

    fn from_json(value: &Value) -> Option<Self> {
        value.as_str().map(str::to_owned)
    }

    fn from_plain(value: Plain<'_>) -> Option<Self> {
        match value {
            Plain::Id(id) => Some(id.to_string()),
            other => other.as_str().map(str::to_owned),
        }
    }
}

impl<M: MetaValue> MetaValue for Vec<M> {
    const NAME: &'static str = "list";
    const AS_TEXT: bool = true;

    fn to_json(&self) -> Value {
        self.iter().map(M::to_json).collect()
    }

    fn from_json(value: &Value) -> Option<Self> {
        value.as_array()?.iter().map(M::from_json).collect()
    }
}

impl<M: MetaValue, const N: usize> MetaValue for [M; N] {
    const NAME: &'static str = "list";
    const AS_TEXT: bool = true;

    fn to_json(&self) -> Value {
        self.iter().map(M::to_json).collect()
    }

    fn from_json(value: &Value) -> Option<Self> {
        Vec::<M>::from_json(value)?.try_into().ok()
    }
}

fn map_from_json<M: MetaValue, C: FromIterator<(String, M)>>(value: &Value) -> Option<C> {
    value.as_object()?.iter().map(|(key, value)| Some((key.clone(), M::from_json(value)?))).collect()
}

fn map_to_json<'a, M: MetaValue + 'a>(entries: impl Iterator<Item = (&'a String, &'a M)>) -> Value {
    Value::Object(entries.map(|(key, value)| (key.clone(), value.to_json())).collect::<Map<_, _>>())
}

macro_rules! maps {
    ($($map:ident<String, M $(, $state:ident)?>),* $(,)?) => {$(
        impl<M: MetaValue $(, $state: BuildHasher + Default)?> MetaValue for $map<String, M $(, $state)?> {
            const NAME: &'static str = "map";
            const AS_TEXT: bool = true;

            fn to_json(&self) -> Value {
                map_to_json(self.iter())
            }

            fn from_json(value: &Value) -> Option<Self> {
                map_from_json(value)
            }
        }
    )*};
}

maps!(BTreeMap<String, M>, HashMap<String, M, S>, IndexMap<String, M, S>);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn back<M: MetaValue>(value: &M) -> Option<M> {
        let text = value.to_json().to_string();
        M::from_json(&serde_json::from_str(&text).expect("is JSON"))
    }

    #[test]
    fn numbers_that_json_lacks_are_words() {
        assert_eq!(f64::NAN.to_json(), "NaN");
        assert_eq!(f64::INFINITY.to_json(), "inf");
        assert_eq!(f32::NEG_INFINITY.to_json(), "-inf");
        assert!(back(&f64::NAN).is_some_and(f64::is_nan));
        assert_eq!(f64::from_json(&Value::from("infinite")), None);
    }

    #[test]
    fn every_nan_keeps_its_bits() {
        for bits in [0x7ff8_0000_0000_0000u64, 0xfff8_0000_0000_0000, 0x7ff0_0000_0000_0001, u64::MAX] {
            assert_eq!(back(&f64::from_bits(bits)).map(f64::to_bits), Some(bits));
        }
        for bits in [0x7fc0_0000u32, 0xffc0_0000, 0x7f80_0001, u32::MAX] {
            assert_eq!(back(&f32::from_bits(bits)).map(f32::to_bits), Some(bits));
        }
        assert_eq!(f64::from_bits(0x7ff8_0000_0000_0001).to_json(), "NaN:7ff8000000000001");
        for text in ["NaN:", "NaN:7fc00001", "NaN:3ff0000000000000", "NaN:+ff8000000000001", "NaN:7ff800000000000g"] {
            assert_eq!(f64::from_json(&Value::from(text)), None, "{text}");
        }
    }

    #[test]
    fn integers_that_do_not_fit_are_refused() {
        assert_eq!(u8::from_json(&Value::from(256)), None);
        assert_eq!(u64::from_json(&Value::from(-1)), None);
        assert_eq!(i64::from_json(&Value::from(u64::MAX)), None);
        assert_eq!(bool::from_json(&Value::from(2)), None);
        assert_eq!(i64::from_json(&Value::from(1.0)), None);
    }

    proptest! {
        #[test]
        fn values_survive_json(a: i64, b: u64, c: f64, d: f32, e: String, f: Vec<Vec<u32>>, g: BTreeMap<String, bool>) {
            prop_assert_eq!(back(&a), Some(a));
            prop_assert_eq!(back(&b), Some(b));
            prop_assert_eq!(back(&c).map(f64::to_bits), Some(c.to_bits()));
            prop_assert_eq!(back(&d).map(f32::to_bits), Some(d.to_bits()));
            prop_assert_eq!(back(&e), Some(e));
            prop_assert_eq!(back(&f), Some(f));
            prop_assert_eq!(back(&g), Some(g));
        }
    }
}
