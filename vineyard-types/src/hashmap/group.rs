//! Sixteen control bytes at a time, as in Abseil's Swiss tables (<https://abseil.io/about/design/swisstables>).

use wide::{CmpEq, i8x16};

/// Control bytes that are looked at together.
pub(super) const WIDTH: usize = 16;

/// The control byte of a slot that holds nothing; those that hold something have the top bit clear.
pub(super) const EMPTY: u8 = 0xFF;

/// The control bytes of sixteen slots in a row.
#[derive(Clone, Copy)]
pub(super) struct Group(i8x16);

impl Group {
    /// The bytes from `at` on; `None` if there are less than sixteen.
    #[inline]
    pub(super) fn load(control: &[u8], at: usize) -> Option<Self> {
        control.get(at..)?.first_chunk::<WIDTH>().map(|bytes| Self(bytemuck::cast(*bytes)))
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
}
