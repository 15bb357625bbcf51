//! Integers as lenient as the reference reads them: signed ones wrap, fractions are cut, booleans count as 0 and 1.
//! Strings and null stay errors.

use serde::de::{Deserializer, Error, Unexpected, Visitor};
use std::fmt;

struct LaxU64;

impl Visitor<'_> for LaxU64 {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an integer")
    }

    fn visit_u64<E: Error>(self, v: u64) -> Result<u64, E> {
        Ok(v)
    }

    fn visit_i64<E: Error>(self, v: i64) -> Result<u64, E> {
        Ok(v.cast_unsigned())
    }

    fn visit_bool<E: Error>(self, v: bool) -> Result<u64, E> {
        Ok(u64::from(v))
    }

    fn visit_f64<E: Error>(self, v: f64) -> Result<u64, E> {
        // The bounds keep the cast exact: below 2^64, and -2^63 at least.
        if (0.0..18_446_744_073_709_551_616.0).contains(&v) {
            Ok(v as u64)
        } else if (-9_223_372_036_854_775_808.0..0.0).contains(&v) {
            Ok((v as i64).cast_unsigned())
        } else {
            Err(E::invalid_value(Unexpected::Float(v), &"an integer of 64 bits"))
        }
    }
}

/// Reads an unsigned integer of 64 bits; -1 becomes 2^64-1.
pub fn u64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    deserializer.deserialize_any(LaxU64)
}

/// Reads a signed integer of 64 bits; 2^64-1 becomes -1.
pub fn i64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    u64(deserializer).map(u64::cast_signed)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Field {
        #[serde(deserialize_with = "super::u64")]
        x: u64,
    }

    fn read(text: &str) -> Option<u64> {
        serde_json::from_str::<Field>(&format!("{{\"x\":{text}}}")).ok().map(|f| f.x)
    }

    #[test]
    fn numbers_are_read_as_the_reference_reads_them() {
        assert_eq!(read("18446744073709551615"), Some(u64::MAX));
        assert_eq!(read("-1"), Some(u64::MAX));
        assert_eq!(read("1.5"), Some(1));
        assert_eq!(read("true"), Some(1));
        for text in ["\"1\"", "null", "[]", "{}", "1e300", "-1e300"] {
            assert_eq!(read(text), None, "{text} was accepted");
        }
    }
}
