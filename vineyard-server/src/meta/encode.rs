//! Objects as our own clients read them: records of metadata, written straight from those of the tree.

use std::rc::Rc;

use vineyard_core::ObjectId;
use vineyard_core::meta::{Full, OpenNode, Plain, RecordWriter, Shape};

use super::is_everlasting;
use super::record::{Field, Link, Record};
use super::view::{BlobView, Node, View};

/// The fields that have a place of their own in a record, in byte order of their keys; the first one may be absent.
const OWN: [(&str, Own); 6] = [
    ("__timestamp", Own::Timestamp),
    ("id", Own::Id),
    ("instance_id", Own::Instance),
    ("signature", Own::Signature),
    ("transient", Own::Transient),
    ("typename", Own::Typename),
];

/// A field that has a place of its own in a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Own {
    Timestamp,
    Id,
    Instance,
    Signature,
    Transient,
    Typename,
}

/// Layouts that are looked through for a node: the last ones. Objects of one type mostly follow each other.
const RECENT_LAYOUTS: usize = 8;

/// Where the fields of a node come from, in byte order of their keys: one of its own, or the next of the others.
type Order = Rc<[Option<Own>]>;

/// How nodes with one list of keys are written.
struct Layout {
    /// Which list that is: where it lies.
    keys: *const Box<str>,
    has_timestamp: bool,
    shape: Shape,
    order: Order,
}

/// Writes trees as records, and notes which blobs lie below them.
pub struct Encoder<'a, 'b> {
    writer: RecordWriter<'a>,
    /// The tree is borrowed for longer, so that a list stays where it is.
    layouts: Vec<Layout>,
    /// Blobs of this instance, as they come.
    blobs: &'b mut Vec<ObjectId>,
}

impl<'a, 'b> Encoder<'a, 'b> {
    /// Begins a record of `limit` bytes at most behind what is in `out`.
    ///
    /// # Errors
    ///
    /// [`Full`].
    pub fn new(out: &'a mut Vec<u8>, limit: usize, blobs: &'b mut Vec<ObjectId>) -> Result<Self, Full> {
        Ok(Self { writer: RecordWriter::new(out, limit)?, layouts: Vec::new(), blobs })
    }

    /// Writes the tree of an object.
    ///
    /// # Errors
    ///
    /// [`Full`].
    pub fn object(mut self, view: View<'_>) -> Result<(), Full> {
        let mut root = self.writer.root();
        self.node(&mut root, view.node())
    }

    /// Writes a blob.
    ///
    /// # Errors
    ///
    /// [`Full`].
    pub fn blob(mut self, view: BlobView) -> Result<(), Full> {
        let mut root = self.writer.root();
        self.note(view.id);
        self.writer.blob(&mut root, view.id, view.instance, view.length)
    }

    fn node(&mut self, parent: &mut OpenNode, node: Node<'_>) -> Result<(), Full> {
        let record = node.record;
        let (shape, order) = self.layout(record)?;
        let mut open = self.writer.node_of(parent, shape)?;
        let mut fields = record.fields();
        for source in order.iter() {
            let own = match source {
                Some(Own::Timestamp) => record.timestamp.map_or(Plain::Null, Plain::Uint),
                Some(Own::Id) => Plain::Id(node.id),
                Some(Own::Instance) => Plain::Uint(record.instance.as_raw()),
                Some(Own::Signature) => {
                    record.signature.map_or(Plain::Null, |signature| Plain::Uint(signature.as_raw()))
                }
                Some(Own::Transient) => Plain::Bool(record.transient),
                Some(Own::Typename) => Plain::Text(&record.typename),
                None => {
                    let Some((_, field)) = fields.next() else { break };
                    self.field(&mut open, node, field)?;
                    continue;
                }
            };
            self.writer.plain(&mut open, own)?;
        }
        Ok(())
    }

    /// The shape of an object, and where its fields come from. Worked out once for each list of keys.
    fn layout(&mut self, record: &Record) -> Result<(Shape, Order), Full> {
        let (keys, has_timestamp) = (record.keys().as_ptr(), record.timestamp.is_some());
        let is_same = |layout: &&Layout| layout.keys == keys && layout.has_timestamp == has_timestamp;
        if let Some(known) = self.layouts.iter().rev().take(RECENT_LAYOUTS).find(is_same) {
            return Ok((known.shape, Rc::clone(&known.order)));
        }
        let own = OWN.iter().skip(usize::from(!has_timestamp)).map(|(key, own)| (*key, Some(*own)));
        let mut merged: Vec<(&str, Option<Own>)> = own.chain(record.keys().iter().map(|key| (&**key, None))).collect();
        merged.sort_unstable_by_key(|(key, _)| *key);
        let shape = self.writer.shape(merged.iter().map(|(key, _)| *key))?;
        let order: Order = merged.iter().map(|(_, own)| *own).collect();
        self.layouts.push(Layout { keys, has_timestamp, shape, order: Rc::clone(&order) });
        Ok((shape, order))
    }

    fn field(&mut self, open: &mut OpenNode, node: Node<'_>, field: &Field) -> Result<(), Full> {
        let plain = match field {
            Field::Null => Plain::Null,
            Field::Bool(flag) => Plain::Bool(*flag),
            Field::Number(number) => Plain::from_number(number),
            Field::Text(text) => Plain::Text(text.as_str()),
            Field::Json(json) => return self.writer.plain(open, Plain::List(&json.value.to_string())),
            Field::Blob(id, length) => {
                let length = length.get().or_else(|| node.blobs.length(*id)).unwrap_or(0);
                self.note(*id);
                return self.writer.blob(open, *id, node.tree.instance, length);
            }
            Field::RemoteBlob(id, instance) => return self.writer.blob(open, *id, *instance, 0),
            Field::Object(id) => return self.member(open, node, Link::Object(*id)),
            Field::Signature(signature) => return self.member(open, node, Link::Signature(*signature)),
        };
        self.writer.plain(open, plain)
    }

    fn member(&mut self, open: &mut OpenNode, node: Node<'_>, link: Link) -> Result<(), Full> {
        match node.member(link) {
            Some(member) => self.node(open, member),
            // Measuring went along the same links, and the tree is borrowed since.
            None => self.writer.plain(open, Plain::Null),
        }
    }

    fn note(&mut self, id: ObjectId) {
        if !is_everlasting(id) {
            self.blobs.push(id);
        }
    }
}
