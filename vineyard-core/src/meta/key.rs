//! Keys of metadata fields, and of the elements of lists and maps.

use std::borrow::Cow;
use std::fmt;

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
/// assert_eq!(key.map_value(1).as_str(), "__parts_-value-1");
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
        self.below(format_args!("size"))
    }

    /// Where an element of a list is stored.
    pub fn element(&self, index: usize) -> Self {
        self.below(format_args!("{index}"))
    }

    /// Where the key of a map's entry is stored.
    pub fn map_key(&self, index: usize) -> Self {
        self.below(format_args!("key-{index}"))
    }

    /// Where the value of a map's entry is stored.
    pub fn map_value(&self, index: usize) -> Self {
        self.below(format_args!("value-{index}"))
    }

    fn below(&self, what: fmt::Arguments<'_>) -> Self {
        let prefix = if self.nested { "" } else { "__" };
        Self { text: Cow::Owned(format!("{prefix}{}-{what}", self.text)), nested: true }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
