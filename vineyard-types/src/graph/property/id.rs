//! What vertices are called throughout a graph.

use std::fmt;

use super::PropertyError;

/// The largest number of vertex labels, and of edge labels.
pub const MAX_LABELS: usize = 1 << LABEL_BITS;

/// The largest number of fragments.
pub const MAX_FRAGMENTS: usize = 1 << 16;

/// As many bits for a label as GraphScope has: a label that is added later must not change the ids of the others.
const LABEL_BITS: u32 = 7;

/// A vertex of a whole graph: the fragment that it is an inner vertex of, its label, and its place among the inner vertices
/// of that label there, packed into 64 bits. [`IdLayout`] takes it apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GlobalId(u64);

impl GlobalId {
    /// The id with these bits.
    pub const fn from_raw(raw: u64) -> Self {
        Self(raw)
    }

    /// The bits of the id.
    pub const fn as_raw(self) -> u64 {
        self.0
    }
}

impl fmt::Display for GlobalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#018x}", self.0)
    }
}

/// What a [`GlobalId`] consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place {
    /// The fragment.
    pub fragment: usize,
    /// The vertex label.
    pub label: usize,
    /// The place among the inner vertices of that label in that fragment, from 0.
    pub offset: usize,
}

/// How the bits of a [`GlobalId`] are divided: fragment in the highest, then 7 bits of label, then the place.
///
/// The division follows from the number of fragments, which is that of a graph for good. It is the one that GraphScope's
/// `IdParser` makes.
///
/// ```
/// use vineyard_types::graph::property::{IdLayout, Place};
/// let layout = IdLayout::new(4)?;
/// let id = layout.pack(Place { fragment: 3, label: 1, offset: 5 })?;
/// assert_eq!(id.as_raw(), 3 << 62 | 1 << 55 | 5);
/// assert_eq!(layout.unpack(id), Place { fragment: 3, label: 1, offset: 5 });
/// assert!(layout.pack(Place { fragment: 0, label: 0, offset: 1 << 55 }).is_err());
/// # Ok::<(), vineyard_types::graph::property::PropertyError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdLayout {
    fragments: usize,
    /// Bits of a fragment: 1 to 16.
    fragment_bits: u32,
}

impl IdLayout {
    /// The layout for a number of fragments.
    ///
    /// # Errors
    ///
    /// [`PropertyError::Limit`] for none, and for more than [`MAX_FRAGMENTS`].
    pub fn new(fragments: usize) -> Result<Self, PropertyError> {
        if !(1..=MAX_FRAGMENTS).contains(&fragments) {
            return Err(PropertyError::limit("fragments", fragments, "1 to 65536"));
        }
        Ok(Self::of(fragments))
    }

    /// The layout for a number of fragments that there may be.
    pub(super) fn of(fragments: usize) -> Self {
        let last = fragments.saturating_sub(1);
        Self { fragments, fragment_bits: last.checked_ilog2().unwrap_or(0).saturating_add(1) }
    }

    /// How many fragments there are.
    pub fn num_fragments(self) -> usize {
        self.fragments
    }

    /// Bits of a place.
    pub fn offset_bits(self) -> u32 {
        u64::BITS.saturating_sub(LABEL_BITS).saturating_sub(self.fragment_bits)
    }

    /// The id of a vertex.
    ///
    /// # Errors
    ///
    /// [`PropertyError::Limit`] if a part does not fit its bits.
    pub fn pack(self, place: Place) -> Result<GlobalId, PropertyError> {
        let Place { fragment, label, offset } = place;
        if fragment >= self.fragments {
            return Err(PropertyError::limit(
                "the fragment of an id",
                fragment,
                format!("less than {}", self.fragments),
            ));
        }
        if label >= MAX_LABELS {
            return Err(PropertyError::limit("the label of an id", label, format!("less than {MAX_LABELS}")));
        }
        let bits = self.offset_bits();
        // The last place is nobody's, so that no id has all bits set.
        if offset as u64 >= (1 << bits) - 1 {
            return Err(PropertyError::limit("the place of an id", offset, format!("less than 2^{bits} - 1")));
        }
        Ok(GlobalId(self.base(fragment, label) | offset as u64))
    }

    /// What an id consists of. There need not be such a vertex, nor such a fragment.
    pub fn unpack(self, id: GlobalId) -> Place {
        let bits = self.offset_bits();
        let part = |bits: u64| usize::try_from(bits).unwrap_or(usize::MAX);
        let label = id.0 >> bits & (MAX_LABELS as u64 - 1);
        Place { fragment: part(id.0 >> bits >> LABEL_BITS), label: part(label), offset: part(id.0 & ((1 << bits) - 1)) }
    }

    /// The id of the first vertex of a label in a fragment, both of which there are.
    pub(super) fn base(self, fragment: usize, label: usize) -> u64 {
        (fragment as u64) << LABEL_BITS << self.offset_bits() | (label as u64) << self.offset_bits()
    }
}
