//! Sizes as people write them: `1024M`, `1G`, `1.5Gi`, plain bytes. All units are powers of 1024.

use std::fmt;

/// A size that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SizeError {
    /// Not digits with an optional unit.
    #[error(
        "`{text}` is not a size: expected bytes or a number with one of the units K, M, G, T, P, E, as in 512M or 1.5Gi"
    )]
    Malformed {
        /// What was given.
        text: String,
    },
    /// More bytes than an arena can have.
    #[error("the size `{text}` is more than any machine can address")]
    TooLarge {
        /// What was given.
        text: String,
    },
    /// No bytes at all.
    #[error("the size is 0, but a store needs room for at least one byte")]
    Zero,
}

/// What all lengths on the wire stay below: they are signed there.
const MAX_BYTES: u64 = 1 << 62;

/// Reads a size in bytes.
///
/// A number, also with decimals, then an optional unit `K`, `M`, `G`, `T`, `P` or `E` in either case, each a power of
/// 1024. An `i` and a `B` after it are ignored, so `1G`, `1Gi`, `1GB` and `1GiB` all mean 2^30 bytes. Fractions of a byte
/// are dropped.
///
/// # Errors
///
/// [`SizeError`] says what is wrong; zero is refused as well.
pub fn parse_size(text: &str) -> Result<u64, SizeError> {
    let malformed = || SizeError::Malformed { text: text.chars().take(60).collect() };
    let too_large = || SizeError::TooLarge { text: text.chars().take(60).collect() };
    let (whole, rest) = split_digits(text.trim());
    let (decimals, unit) = match rest.strip_prefix('.') {
        None => ("0", rest),
        Some(rest) => split_digits(rest),
    };
    if whole.is_empty() || decimals.is_empty() {
        return Err(malformed());
    }
    let unit = unit.trim_start().to_ascii_lowercase();
    let unit = unit.strip_suffix('b').unwrap_or(&unit);
    let factor: u64 = match unit {
        "" => 1,
        "k" | "ki" => 1 << 10,
        "m" | "mi" => 1 << 20,
        "g" | "gi" => 1 << 30,
        "t" | "ti" => 1 << 40,
        "p" | "pi" => 1 << 50,
        "e" | "ei" => 1 << 60,
        _ => return Err(malformed()),
    };
    let whole: u64 = whole.parse().map_err(|_| too_large())?;
    let bytes = whole
        .checked_mul(factor)
        .and_then(|bytes| bytes.checked_add(fraction(decimals, factor)))
        .filter(|bytes| *bytes <= MAX_BYTES)
        .ok_or_else(too_large)?;
    if bytes == 0 { Err(SizeError::Zero) } else { Ok(bytes) }
}

/// The digits that a text starts with, and the rest.
fn split_digits(text: &str) -> (&str, &str) {
    text.split_at(text.bytes().take_while(u8::is_ascii_digit).count())
}

/// So many units as the digits after a decimal point say, rounded down. More than 18 of them change nothing: 10^-18 of
/// the largest unit is about a byte.
fn fraction(decimals: &str, factor: u64) -> u64 {
    let (mut numerator, mut denominator) = (0u128, 1u128);
    for digit in decimals.bytes().take(18) {
        numerator = numerator * 10 + u128::from(digit.saturating_sub(b'0'));
        denominator *= 10;
    }
    // Less than the factor, because the numerator is less than the denominator.
    u64::try_from(numerator * u128::from(factor) / denominator).unwrap_or(factor)
}

/// Shows a number of bytes with the largest unit that keeps it exact, or with one decimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bytes(pub u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(&str, u32); 5] = [("Pi", 50), ("Ti", 40), ("Gi", 30), ("Mi", 20), ("Ki", 10)];
        let largest = UNITS.iter().find(|(_, shift)| self.0 >> shift > 0);
        match largest {
            None => write!(f, "{} bytes", self.0),
            Some((unit, shift)) if self.0.trailing_zeros() >= *shift => write!(f, "{}{unit}", self.0 >> shift),
            Some((unit, shift)) => {
                let tenths = u128::from(self.0) * 10 / (1u128 << shift);
                write!(f, "{}.{}{unit}", tenths / 10, tenths % 10)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_spellings_of_a_unit_mean_the_same() {
        for text in ["1G", "1g", "1Gi", "1GiB", "1GB", "1gb", " 1 G ", "1024M", "1048576K", "1073741824", "1073741824B"]
        {
            assert_eq!(parse_size(text), Ok(1 << 30), "{text}");
        }
        assert_eq!(parse_size("3T"), Ok(3 << 40));
        assert_eq!(parse_size("2E"), Ok(2 << 60));
    }

    #[test]
    fn decimals_are_parts_of_the_unit() {
        assert_eq!(parse_size("1.5G"), Ok(3 << 29));
        assert_eq!(parse_size("0.25 KiB"), Ok(256));
        assert_eq!(parse_size("1.0"), Ok(1));
        assert_eq!(parse_size("1.9999"), Ok(1));
        assert_eq!(parse_size("0.1M"), Ok(104_857));
        assert_eq!(parse_size(&format!("0.{}P", "9".repeat(400))), Ok((1 << 50) - 1));
    }

    #[test]
    fn nonsense_is_refused() {
        for text in
            ["", "G", "1X", "-1", "1.G", ".5G", "1.5.5", "1,5G", "1GG", "1iG", "0x10", "1e3", "ten", "1 G i", "１G"]
        {
            assert!(matches!(parse_size(text), Err(SizeError::Malformed { .. })), "{text:?} was read");
        }
        for text in ["99999999999999999999", "5000000P", "4097P", "4.1E"] {
            assert!(matches!(parse_size(text), Err(SizeError::TooLarge { .. })), "{text:?} was read");
        }
        assert_eq!(parse_size("0"), Err(SizeError::Zero));
        assert_eq!(parse_size("0G"), Err(SizeError::Zero));
        assert_eq!(parse_size("0.9"), Err(SizeError::Zero));
    }

    #[test]
    fn sizes_are_shown_with_a_fitting_unit() {
        assert_eq!(Bytes(5).to_string(), "5 bytes");
        assert_eq!(Bytes(1 << 30).to_string(), "1Gi");
        assert_eq!(Bytes(3 << 29).to_string(), "1.5Gi");
        assert_eq!(Bytes(u64::MAX).to_string(), "16383.9Pi");
    }
}
