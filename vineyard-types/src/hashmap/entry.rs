//! Entries of maps: a key and a value side by side, as C lays them out in a struct.

use std::fmt;
use std::marker::PhantomData;

use bytemuck::{AnyBitPattern, Pod, Zeroable};
use vineyard_core::{
    Array, BuildError, DraftNode, Element, ElementLayout, FieldKind, FieldSchema, Key, Member, NodeKind, ObjectMeta,
    ResolveError, TypeName,
};

use super::{MapKey, MapValue};

/// The number of entries is a multiple of this, so that their bytes are whole [`Line`]s.
pub(super) const ROUND: usize = 16;

/// Sixteen bytes of entries, which start at a multiple of sixteen.
#[derive(Debug, Clone, Copy, Pod, Zeroable, Element)]
#[repr(C, align(16))]
#[object(typename = "vineyard::EntryLine")]
pub(super) struct Line([u8; 16]);

/// A key and its value, as they lie in memory.
#[derive(Debug, Clone, Copy, AnyBitPattern)]
#[repr(C)]
pub(super) struct Entry<K, V> {
    pub(super) key: K,
    pub(super) value: V,
}

/// The entry of a map from `K` to `V`.
pub(super) type EntryOf<K, V> = Entry<<K as MapKey>::Cell, <V as MapValue>::Cell>;

/// The entries of a map, in one blob.
pub struct Entries<K, V> {
    lines: Array<Line>,
    _types: PhantomData<(K, V)>,
}

impl<K: MapKey, V: MapValue> Entries<K, V> {
    /// Bytes of an entry, those included that only align the next.
    pub(super) const STRIDE: usize = {
        assert!(align_of::<EntryOf<K, V>>() <= align_of::<Line>(), "values are aligned to 16 bytes at most");
        size_of::<EntryOf<K, V>>()
    };

    /// Where the value is in an entry.
    pub(super) const VALUE: usize = std::mem::offset_of!(EntryOf<K, V>, value);

    pub(super) fn new(lines: Array<Line>) -> Self {
        Self { lines, _types: PhantomData }
    }

    /// The entries; none if the bytes are cut within one.
    #[inline]
    pub(super) fn as_slice(&self) -> &[EntryOf<K, V>] {
        bytemuck::try_cast_slice(self.lines.as_slice()).unwrap_or_default()
    }

    /// How many entries there are: a multiple of 16, unless the bytes are cut.
    pub(super) fn len(&self) -> usize {
        self.as_slice().len()
    }

    /// Bytes of all entries.
    pub(super) fn nbytes(&self) -> usize {
        self.lines.nbytes()
    }

    /// The bytes of all entries.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> &[u8] {
        bytemuck::cast_slice(self.lines.as_slice())
    }

    /// Lines of so many entries, a multiple of [`ROUND`].
    pub(super) fn lines_of(entries: usize) -> usize {
        entries.saturating_mul(Self::STRIDE) / size_of::<Line>()
    }

    /// Writes an entry to its bytes, which are zeros, and moves its texts to the front of `texts`, which start at `start`.
    pub(super) fn write<'a>(
        bytes: &mut [u8],
        (key, value): (&K::Query, &V::View),
        start: &mut u64,
        mut texts: &'a mut [u8],
    ) -> &'a mut [u8] {
        let mut at = [0; 2];
        for (at, text) in at.iter_mut().zip([K::text(key), V::text(value)]) {
            *at = *start;
            let (to, rest) = texts.split_at_mut(text.len());
            to.copy_from_slice(text);
            *start += text.len() as u64;
            texts = rest;
        }
        bytes[..size_of::<K::Cell>()].copy_from_slice(bytemuck::bytes_of(&K::cell(key, at[0])));
        let value = V::cell(value, at[1]);
        bytes[Self::VALUE..][..size_of::<V::Cell>()].copy_from_slice(bytemuck::bytes_of(&value));
        texts
    }
}

impl<K: MapKey, V: MapValue> Member for Entries<K, V> {
    type Kind = NodeKind;
    type Input = Self;

    fn stage_at(&self, key: &Key, draft: &mut DraftNode) -> Result<(), BuildError> {
        self.lines.stage_at(key, draft)
    }

    fn stage_input(input: Self, key: &Key, draft: &mut DraftNode) -> Result<(), BuildError> {
        input.stage_at(key, draft)
    }

    fn resolve_at(meta: &ObjectMeta, key: &Key) -> Result<Self, ResolveError> {
        Array::resolve_at(meta, key).map(Self::new)
    }

    fn describe(key: &Key) -> FieldSchema {
        let entry = TypeName::generic("Entry", &[K::typename(), V::typename()]);
        let mut schema = FieldSchema::new(key.as_str(), FieldKind::Payload, TypeName::generic("Array", &[entry]));
        let (size, align) = (Self::STRIDE, align_of::<EntryOf<K, V>>());
        schema.element = Some(ElementLayout { size, align, user_defined: V::Cell::USER_DEFINED });
        schema
    }
}

/// Shares the bytes.
impl<K, V> Clone for Entries<K, V> {
    fn clone(&self) -> Self {
        Self { lines: self.lines.clone(), _types: PhantomData }
    }
}

/// Shows the number, not the entries.
impl<K: MapKey, V: MapValue> fmt::Debug for Entries<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entries").field("len", &self.len()).finish_non_exhaustive()
    }
}
