//! Sixteen control bytes at a time, as in Abseil's Swiss tables (<https://abseil.io/about/design/swisstables>).

use wide::{CmpEq, i8x16};

/// Slots of a group.
pub(super) const WIDTH: usize = 16;

/// The control byte of a slot that holds nothing; those that hold something have the top bit clear.
pub(super) const EMPTY: u8 = 0xFF;

/// The control bytes of a group.
#[derive(Clone, Copy)]
pub(super) struct Group(i8x16);

impl Group {
    #[inline]
    pub(super) fn load(bytes: &[u8; WIDTH]) -> Self {
        Self(bytemuck::cast(*bytes))
    }

    /// A bit for each slot with this control byte, the first slot's lowest.
    #[inline]
    pub(super) fn matching(self, tag: u8) -> u32 {
        self.0.cmp_eq(i8x16::splat(tag.cast_signed())).move_mask().cast_unsigned()
    }

    /// Whether a slot holds nothing.
    #[inline]
    pub(super) fn has_empty(self) -> bool {
        self.0.move_mask() != 0
    }

    /// The first slot that holds nothing.
    pub(super) fn first_empty(self) -> Option<usize> {
        let bits = self.0.move_mask().cast_unsigned();
        (bits != 0).then(|| bits.trailing_zeros() as usize)
    }
}
