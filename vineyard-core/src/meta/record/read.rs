//! Looking into a record.

use std::fmt;

use super::plain::Plain;
use super::{BLOB_KEYS, SLOT_BYTES, check, tag};
use crate::id::{InstanceId, ObjectId};
use crate::meta::BLOB_TYPENAME;

/// The metadata tree of one object in a compact form: one allocation, looked into without decoding.
///
/// What a `Record` holds was checked, so looking into it does not fail.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    bytes: Box<[u8]>,
    root: Place,
}

/// A record that does not hold what its bytes promise.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a metadata record of {len} bytes is malformed: {what} at {at}")]
pub struct RecordError {
    /// Bytes of the record.
    pub(super) len: usize,
    /// What is wrong.
    pub(super) what: &'static str,
    /// Where.
    pub(super) at: u64,
}

/// Up to so many keys, a row of lengths is looked through faster than keys are compared by halving.
const FEW_KEYS: u32 = 24;

/// Where a node of a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// A node with slots.
    Node(u32),
    /// A blob.
    Blob(u32),
}

/// What a key of a node holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Field<'a> {
    /// A plain value.
    Plain(Plain<'a>),
    /// A nested node.
    Member(Place),
}

/// Little-endian numbers and texts anywhere in some bytes.
#[derive(Clone, Copy)]
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

impl<'a> Bytes<'a> {
    pub(super) fn get(self, at: u32, len: u32) -> Option<&'a [u8]> {
        let at = at as usize;
        self.0.get(at..at.checked_add(len as usize)?)
    }

    pub(super) fn u32(self, at: u32) -> Option<u32> {
        self.0.get(at as usize..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
    }

    pub(super) fn u64(self, at: u32) -> Option<u64> {
        self.0.get(at as usize..)?.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
    }

    fn text(self, value: u64) -> Option<&'a str> {
        let (at, len) = halves(value);
        std::str::from_utf8(self.get(at, len)?).ok()
    }

    /// The keys of a shape: how many, and where their table begins.
    fn shape(self, node: u32) -> Option<(u32, u32)> {
        let shape = self.u32(node)?;
        Some((self.u32(shape)?, shape.checked_add(4)?))
    }

    /// A key of a shape whose table begins at `table`.
    fn key(self, table: u32, index: u32) -> Option<&'a [u8]> {
        let (at, len) = halves(self.u64(table.checked_add(index.checked_mul(8)?)?)?);
        self.get(at, len)
    }

    /// Which of a few keys one is.
    fn position(self, count: u32, table: u32, key: &str) -> Option<u32> {
        let (entries, _) = self.get(table, count.checked_mul(8)?)?.as_chunks::<8>();
        let same = entries.iter().position(|entry| {
            let (at, len) = halves(u64::from_le_bytes(*entry));
            len as usize == key.len() && self.get(at, len) == Some(key.as_bytes())
        });
        u32::try_from(same?).ok()
    }

    fn slot(self, node: u32, index: u32) -> Option<Field<'a>> {
        let at = slots(node)?.checked_add(index.checked_mul(SLOT_BYTES)?)?;
        self.field(at)
    }

    /// What the slot at an offset holds.
    fn field(self, at: u32) -> Option<Field<'a>> {
        let value = self.u64(at.checked_add(4)?)?;
        Some(Field::Plain(match self.u32(at)? {
            tag::NULL => Plain::Null,
            tag::FALSE => Plain::Bool(false),
            tag::TRUE => Plain::Bool(true),
            tag::UINT => Plain::Uint(value),
            tag::INT => Plain::Int(value.cast_signed()),
            tag::FLOAT => Plain::Float(f64::from_bits(value)),
            tag::TEXT => Plain::Text(self.text(value)?),
            tag::LIST => Plain::List(self.text(value)?),
            tag::ID => Plain::Id(ObjectId::from_raw(value)),
            tag::NODE => return Some(Field::Member(Place::Node(halves(value).0))),
            tag::BLOB => return Some(Field::Member(Place::Blob(halves(value).0))),
            _ => return None,
        }))
    }
}

/// Two numbers in one.
pub(super) fn halves(value: u64) -> (u32, u32) {
    let [a, b, c, d, e, f, g, h] = value.to_le_bytes();
    (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]))
}

/// Where the slots of a node begin.
pub(super) fn slots(node: u32) -> Option<u32> {
    node.checked_add(4)
}

impl Record {
    /// Takes over the bytes of a record after a look at each of them. O(bytes).
    ///
    /// # Errors
    ///
    /// [`RecordError`] if they are not a record.
    pub fn new(bytes: impl Into<Box<[u8]>>) -> Result<Self, RecordError> {
        let bytes = bytes.into();
        let root = check::check(&bytes)?;
        Ok(Self { bytes, root })
    }

    /// The bytes, as they travel.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The node that holds all others.
    pub(crate) fn root(&self) -> Place {
        self.root
    }

    fn bytes(&self) -> Bytes<'_> {
        Bytes(&self.bytes)
    }

    /// What a key of a node holds. O(log keys).
    pub(crate) fn field(&self, place: Place, key: &str) -> Option<Field<'_>> {
        let node = match place {
            Place::Blob(at) => return self.blob_field(at, BLOB_KEYS.iter().position(|known| *known == key)?),
            Place::Node(node) => node,
        };
        let bytes = self.bytes();
        let (count, table) = bytes.shape(node)?;
        if count <= FEW_KEYS {
            return bytes.slot(node, bytes.position(count, table, key)?);
        }
        let (mut low, mut high) = (0, count);
        while low < high {
            // No overflow: below the count of keys.
            let middle = low.midpoint(high);
            match bytes.key(table, middle)?.cmp(key.as_bytes()) {
                std::cmp::Ordering::Less => low = middle.saturating_add(1),
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return bytes.slot(node, middle),
            }
        }
        None
    }

    /// The plain value under a key.
    pub(crate) fn plain(&self, place: Place, key: &str) -> Option<Plain<'_>> {
        match self.field(place, key)? {
            Field::Plain(plain) => Some(plain),
            Field::Member(_) => None,
        }
    }

    /// How many fields a node has.
    pub(crate) fn len(&self, place: Place) -> usize {
        match place {
            Place::Blob(_) => BLOB_KEYS.len(),
            Place::Node(node) => self.bytes().shape(node).map_or(0, |(count, _)| count as usize),
        }
    }

    /// All fields of a node in byte order of their keys.
    pub(crate) fn fields(&self, place: Place) -> impl Iterator<Item = (&str, Field<'_>)> {
        let count = u32::try_from(self.len(place)).unwrap_or(0);
        (0..count).filter_map(move |index| self.nth(place, index))
    }

    fn nth(&self, place: Place, index: u32) -> Option<(&str, Field<'_>)> {
        match place {
            Place::Blob(at) => {
                let index = index as usize;
                Some((BLOB_KEYS.get(index).copied()?, self.blob_field(at, index)?))
            }
            Place::Node(node) => {
                let (_, table) = self.bytes().shape(node)?;
                let key = std::str::from_utf8(self.bytes().key(table, index)?).ok()?;
                Some((key, self.bytes().slot(node, index)?))
            }
        }
    }

    /// The id, the instance and the bytes of a blob.
    pub(crate) fn blob(&self, at: u32) -> Option<(ObjectId, InstanceId, u64)> {
        let number = |place: u32| self.bytes().u64(at.checked_add(place)?);
        Some((ObjectId::from_raw(number(0)?), InstanceId::from_raw(number(8)?), number(16)?))
    }

    fn blob_field(&self, at: u32, key: usize) -> Option<Field<'_>> {
        let (id, instance, length) = self.blob(at)?;
        Some(Field::Plain(match BLOB_KEYS.get(key).copied()? {
            "id" => Plain::Id(id),
            "instance_id" => Plain::Uint(instance.as_raw()),
            "transient" => Plain::Bool(true),
            "typename" => Plain::Text(BLOB_TYPENAME),
            _ => Plain::Uint(length),
        }))
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_tree(self.root).fmt(f)
    }
}
