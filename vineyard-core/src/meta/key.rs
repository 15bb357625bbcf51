//! Keys of metadata fields, and of the elements of lists and maps.

use std::borrow::Cow;
use std::fmt;

/// Decimal digits of an index.
const MOST_DIGITS: usize = 20;

/// Where a field, or one element of it, is stored.
///
/// Lists and maps spread over several keys: `__k-size`, `__k-0`, `__k-key-0`, `__k-value-0`; lists of lists nest as
/// `__k-0-size`, `__k-0-0`. The layout is that of the original's code generator, so other languages read it.
///
/// ```
/// use vineyard_core::meta::Key;
/// let key = Key::new("parts_");
/// assert_eq!(key.as_str(), "parts_");
/// assert_eq!(key.size().as_str(), "__parts_-size");
/// assert_eq!(key.element(2).element(0).as_str(), "__parts_-2-0");
/// assert_eq!(key.element(2).size().as_str(), "__parts_-2-size");
/// assert_eq!(key.map_value(10).as_str(), "__parts_-value-10");
/// assert_eq!(key.map_key(usize::MAX).as_str(), "__parts_-key-18446744073709551615");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    text: Cow<'static, str>,
    nested: bool,
}

impl Key {
    /// The key of a field.
    pub fn new(text: impl Into<Cow<'static, str>>) -> Self {
        Self { text: text.into(), nested: false }
    }

    /// The key of a list that is stored as the original's collections are: `k-size`, `k-0`, without underscores.
    pub fn collection(text: impl Into<Cow<'static, str>>) -> Self {
        Self { text: text.into(), nested: true }
    }

    /// The text of the key itself.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Where the number of elements is stored.
    pub fn size(&self) -> Self {
        self.below("size", None)
    }

    /// Where an element of a list is stored.
    pub fn element(&self, index: usize) -> Self {
        self.below("", Some(index))
    }

    /// Where the key of a map's entry is stored.
    pub fn map_key(&self, index: usize) -> Self {
        self.below("key-", Some(index))
    }

    /// Where the value of a map's entry is stored.
    pub fn map_value(&self, index: usize) -> Self {
        self.below("value-", Some(index))
    }

    /// Made for each element of each list, so without the detours of formatting.
    fn below(&self, what: &str, index: Option<usize>) -> Self {
        let mut digits = [0u8; MOST_DIGITS];
        let mut first = MOST_DIGITS;
        let mut rest = index;
        while let Some(number) = rest {
            first = first.saturating_sub(1);
            if let Some(digit) = digits.get_mut(first) {
                *digit = b'0' | (number % 10) as u8;
            }
            rest = Some(number / 10).filter(|rest| *rest > 0);
        }
        let digits = digits.get(first..).and_then(|digits| std::str::from_utf8(digits).ok()).unwrap_or_default();
        let prefix = if self.nested { "" } else { "__" };
        let parts = [prefix, &self.text, "-", what, digits];
        Self { text: Cow::Owned(parts.concat()), nested: true }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
