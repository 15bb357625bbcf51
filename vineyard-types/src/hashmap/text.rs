//! Keys and values of any length.

use bytemuck::{Pod, Zeroable};
use vineyard_core::{Element, TypeName, Typename};

/// Keys or values that are bytes of any length; look-ups take and give `[u8]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bytes {}

impl Typename for Bytes {
    fn typename() -> TypeName {
        TypeName::new("vineyard::Bytes")
    }
}

/// Where a text lies among the bytes of all texts of a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable, Element)]
#[repr(C)]
#[object(typename = "vineyard::TextSpan")]
pub struct TextSpan {
    /// Its first byte.
    pub start: u64,
    /// How many bytes it has.
    pub nbytes: u64,
}

impl TextSpan {
    /// Its bytes; `None` if they do not lie inside.
    #[inline]
    pub(super) fn bytes(self, texts: &[u8]) -> Option<&[u8]> {
        let start = usize::try_from(self.start).ok()?;
        texts.get(start..)?.get(..usize::try_from(self.nbytes).ok()?)
    }
}

/// What bytes are, where texts are checked.
#[inline]
pub(super) fn any(bytes: &[u8]) -> Option<&[u8]> {
    Some(bytes)
}

#[inline]
pub(super) fn utf8(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}
