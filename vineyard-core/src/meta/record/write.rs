//! Writing a record.

use super::plain::Plain;
use super::read::{Bytes, halves};
use super::{SLOT_BYTES, tag};
use crate::id::{InstanceId, ObjectId};

/// Shapes that a new node is compared with: the last ones. Objects of one type mostly follow each other.
const RECENT_SHAPES: usize = 8;

/// There is no room for the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a metadata record takes more than the {limit} bytes there are")]
pub struct Full {
    /// How many bytes were allowed.
    pub limit: usize,
}

/// Appends one record to a buffer.
///
/// Nodes are filled in the order of their keys, each member wholly before what comes behind it.
///
/// ```
/// use vineyard_core::meta::{Plain, Record, RecordWriter};
/// let mut bytes = Vec::new();
/// let mut writer = RecordWriter::new(&mut bytes, 1000)?;
/// let mut root = writer.root();
/// let mut node = writer.node(&mut root, ["name", "size"].into_iter())?;
/// writer.plain(&mut node, Plain::Text("x"))?;
/// writer.plain(&mut node, Plain::Uint(3))?;
/// let record = Record::new(bytes)?;
/// assert_eq!(format!("{record:?}"), r#"{"name": Value(String("x")), "size": Value(Number(3))}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct RecordWriter<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
    limit: usize,
    /// Where the last shapes are.
    shapes: Vec<u32>,
}

/// Keys of nodes, which are in the record already.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    at: u32,
    count: u32,
}

/// A node whose slots are being filled.
#[derive(Debug)]
pub struct OpenNode {
    next: u32,
    left: u32,
}

impl<'a> RecordWriter<'a> {
    /// Begins a record behind what is in `out`, of `limit` bytes at most.
    ///
    /// # Errors
    ///
    /// [`Full`] if that is less than any record takes.
    pub fn new(out: &'a mut Vec<u8>, limit: usize) -> Result<Self, Full> {
        let (start, limit) = (out.len(), limit.min(u32::MAX as usize));
        let mut writer = Self { out, start, limit, shapes: Vec::new() };
        writer.reserve(SLOT_BYTES)?;
        Ok(writer)
    }

    /// What the root is put into, by [`node`](Self::node) or [`blob`](Self::blob).
    pub fn root(&self) -> OpenNode {
        OpenNode { next: 0, left: 1 }
    }

    /// Puts a node with these keys, which are in byte order and differ, into the next slot of another one.
    ///
    /// # Errors
    ///
    /// [`Full`].
    pub fn node<'k>(
        &mut self,
        parent: &mut OpenNode,
        keys: impl ExactSizeIterator<Item = &'k str> + Clone,
    ) -> Result<OpenNode, Full> {
        let shape = self.shape(keys)?;
        self.node_of(parent, shape)
    }

    /// Puts a node with the keys of a shape of this record into the next slot of another one.
    ///
    /// # Errors
    ///
    /// [`Full`].
    pub fn node_of(&mut self, parent: &mut OpenNode, shape: Shape) -> Result<OpenNode, Full> {
        let node = self.append(&shape.at.to_le_bytes())?;
        let next = self.reserve(shape.count.checked_mul(SLOT_BYTES).ok_or_else(|| self.full())?)?;
        self.fill(parent, tag::NODE, u64::from(node));
        Ok(OpenNode { next, left: shape.count })
    }

    /// The shape of nodes with these keys, which are in byte order and differ. To be asked for right before its first node
    /// is put.
    ///
    /// # Errors
    ///
    /// [`Full`].
    pub fn shape<'k>(&mut self, keys: impl ExactSizeIterator<Item = &'k str> + Clone) -> Result<Shape, Full> {
        let count = u32::try_from(keys.len()).map_err(|_| self.full())?;
        let at = match self.known(keys.clone()) {
            Some(at) => at,
            None => self.write_shape(keys, count)?,
        };
        Ok(Shape { at, count })
    }

    /// Puts a plain value into the next slot of a node.
    ///
    /// # Errors
    ///
    /// [`Full`].
    pub fn plain(&mut self, node: &mut OpenNode, value: Plain<'_>) -> Result<(), Full> {
        let (tag, value) = match value {
            Plain::Null => (tag::NULL, 0),
            Plain::Bool(false) => (tag::FALSE, 0),
            Plain::Bool(true) => (tag::TRUE, 0),
            Plain::Uint(number) => (tag::UINT, number),
            Plain::Int(number) => (tag::INT, number.cast_unsigned()),
            Plain::Float(number) => (tag::FLOAT, number.to_bits()),
            Plain::Id(id) => (tag::ID, id.as_raw()),
            Plain::Text(text) => (tag::TEXT, self.text(text)?),
            Plain::List(json) => (tag::LIST, self.text(json)?),
        };
        self.fill(node, tag, value);
        Ok(())
    }

    /// Puts a blob into the next slot of a node.
    ///
    /// # Errors
    ///
    /// [`Full`].
    pub fn blob(&mut self, node: &mut OpenNode, id: ObjectId, home: InstanceId, length: u64) -> Result<(), Full> {
        let at = self.append(&id.as_raw().to_le_bytes())?;
        self.append(&home.as_raw().to_le_bytes())?;
        self.append(&length.to_le_bytes())?;
        self.fill(node, tag::BLOB, u64::from(at));
        Ok(())
    }

    /// Bytes of the record so far.
    pub fn len(&self) -> usize {
        self.out.len().saturating_sub(self.start)
    }

    /// Whether there is nothing of the record yet, which is never so.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn full(&self) -> Full {
        Full { limit: self.limit }
    }

    /// Appends bytes and says where they are.
    fn append(&mut self, bytes: &[u8]) -> Result<u32, Full> {
        let at = self.len();
        let fits = at.checked_add(bytes.len()).is_some_and(|end| end <= self.limit);
        let at = u32::try_from(at).ok().filter(|_| fits).ok_or_else(|| self.full())?;
        self.out.extend_from_slice(bytes);
        Ok(at)
    }

    /// Appends so many zeros and says where they are.
    fn reserve(&mut self, bytes: u32) -> Result<u32, Full> {
        let at = self.append(&[])?;
        let end = self.len().saturating_add(bytes as usize);
        if end > self.limit {
            return Err(self.full());
        }
        self.out.resize(self.start.saturating_add(end), 0);
        Ok(at)
    }

    fn text(&mut self, text: &str) -> Result<u64, Full> {
        let at = self.append(text.as_bytes())?;
        Ok(pair(at, text.len()))
    }

    /// Fills the next slot of a node; none if all are full.
    fn fill(&mut self, node: &mut OpenNode, tag: u32, value: u64) {
        let Some(left) = node.left.checked_sub(1) else { return };
        let at = self.start.saturating_add(node.next as usize);
        let slot = self.out.get_mut(at..).and_then(|rest| rest.first_chunk_mut::<{ SLOT_BYTES as usize }>());
        if let Some(slot) = slot {
            let (head, tail) = slot.split_at_mut(4);
            head.copy_from_slice(&tag.to_le_bytes());
            tail.copy_from_slice(&value.to_le_bytes());
        }
        (node.left, node.next) = (left, node.next.saturating_add(SLOT_BYTES));
    }

    /// A recent shape of exactly these keys.
    fn known<'k>(&self, keys: impl ExactSizeIterator<Item = &'k str> + Clone) -> Option<u32> {
        let bytes = Bytes(self.out.get(self.start..)?);
        let fits = |shape: u32| {
            let mut table = shape.checked_add(4)?;
            for key in keys.clone() {
                let (at, len) = halves(bytes.u64(table)?);
                (bytes.get(at, len)? == key.as_bytes()).then_some(())?;
                table = table.checked_add(8)?;
            }
            Some(())
        };
        let recent = self.shapes.iter().rev().take(RECENT_SHAPES).copied();
        let same_count = |shape: &u32| bytes.u32(*shape).is_some_and(|count| count as usize == keys.len());
        recent.filter(same_count).find(|shape| fits(*shape).is_some())
    }

    fn write_shape<'k>(&mut self, keys: impl Iterator<Item = &'k str> + Clone, count: u32) -> Result<u32, Full> {
        let shape = self.append(&count.to_le_bytes())?;
        let table = self.reserve(count.checked_mul(8).ok_or_else(|| self.full())?)?;
        for (index, key) in keys.enumerate() {
            let at = self.append(key.as_bytes())?;
            let entry = self.start.saturating_add(table as usize).saturating_add(index.saturating_mul(8));
            let entry = self.out.get_mut(entry..).and_then(|rest| rest.first_chunk_mut::<8>());
            if let Some(entry) = entry {
                *entry = pair(at, key.len()).to_le_bytes();
            }
        }
        self.shapes.push(shape);
        Ok(shape)
    }
}

/// An offset and a length that is known to be below 4 GiB.
fn pair(at: u32, len: usize) -> u64 {
    let [a, b, c, d] = at.to_le_bytes();
    let [e, f, g, h] = u32::try_from(len).unwrap_or(u32::MAX).to_le_bytes();
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}
