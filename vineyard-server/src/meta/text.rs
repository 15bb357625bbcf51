//! Texts as records keep them: short ones in place.
//!
//! Most texts of an object are a few characters - a shape, an element type -, and an allocation takes 32 bytes at least.

use std::fmt;

/// Bytes that fit in place.
pub(super) const SHORT_BYTES: usize = 22;

/// A text that does not change. 24 bytes, and an allocation if it is longer than 22.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Text {
    Short(Short),
    Long(Box<str>),
}

/// The first `len` bytes are a text, the rest is zero.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Short {
    len: u8,
    bytes: [u8; SHORT_BYTES],
}

impl Text {
    /// The text.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Short(Short { len, bytes }) => {
                let text = bytes.get(..usize::from(*len)).unwrap_or_default();
                // Made of a text below, and never changed.
                std::str::from_utf8(text).unwrap_or_default()
            }
            Self::Long(text) => text,
        }
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        let mut bytes = [0; SHORT_BYTES];
        match (bytes.get_mut(..text.len()), u8::try_from(text.len())) {
            (Some(head), Ok(len)) => {
                head.copy_from_slice(text.as_bytes());
                Self::Short(Short { len, bytes })
            }
            _ => Self::Long(text.into()),
        }
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn short_texts_are_kept_in_place() {
        assert!(matches!(Text::from("x".repeat(22).as_str()), Text::Short(_)));
        assert!(matches!(Text::from("x".repeat(23).as_str()), Text::Long(_)));
        assert!(size_of::<Text>() <= 24, "a text takes {} bytes", size_of::<Text>());
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_text_comes_back_as_it_was(text in ".{0,30}") {
            let kept = Text::from(text.as_str());
            prop_assert_eq!(kept.as_str(), text);
        }
    }
}
