//! Objects as our own clients read them: records of metadata, written straight from those of the tree.

use std::iter::Peekable;

use vineyard_core::ObjectId;
use vineyard_core::meta::{Full, OpenNode, Plain, RecordWriter};

use super::is_everlasting;
use super::record::{Field, Link};
use super::view::{BlobView, Node, View};

/// The keys that have a place of their own in a record, in byte order, but for the timestamp.
const OWN_KEYS: [&str; 5] = ["id", "instance_id", "signature", "transient", "typename"];

/// The key of the timestamp, which comes before the others.
const TIMESTAMP: &str = "__timestamp";

/// Writes trees as records, and notes which blobs lie below them.
pub struct Encoder<'a, 'b> {
    writer: RecordWriter<'a>,
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
        Ok(Self { writer: RecordWriter::new(out, limit)?, blobs })
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
        let own = record.timestamp.map(|_| TIMESTAMP).into_iter().chain(OWN_KEYS);
        let keys = Merged { own: own.peekable(), other: record.keys().peekable(), left: record.num_fields() };
        let keys = Merged { left: keys.left.saturating_add(keys.own.clone().count()), ..keys };
        let mut open = self.writer.node(parent, keys.clone())?;
        let mut fields = record.fields();
        for key in keys {
            let own = match key {
                TIMESTAMP => record.timestamp.map_or(Plain::Null, Plain::Uint),
                "id" => Plain::Id(node.id),
                "instance_id" => Plain::Uint(record.instance.as_raw()),
                "signature" => record.signature.map_or(Plain::Null, |signature| Plain::Uint(signature.as_raw())),
                "transient" => Plain::Bool(record.transient),
                "typename" => Plain::Text(&record.typename),
                _ => {
                    let Some((_, field)) = fields.next() else { break };
                    self.field(&mut open, node, field)?;
                    continue;
                }
            };
            self.writer.plain(&mut open, own)?;
        }
        Ok(())
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

/// Two rows of keys, each in byte order, as one.
#[derive(Clone)]
struct Merged<'a, A: Iterator<Item = &'a str>, B: Iterator<Item = &'a str>> {
    own: Peekable<A>,
    other: Peekable<B>,
    left: usize,
}

impl<'a, A: Iterator<Item = &'a str>, B: Iterator<Item = &'a str>> Iterator for Merged<'a, A, B> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        self.left = self.left.saturating_sub(1);
        match (self.own.peek(), self.other.peek()) {
            (Some(own), Some(other)) if own < other => self.own.next(),
            (Some(_), None) => self.own.next(),
            _ => self.other.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<'a, A: Iterator<Item = &'a str>, B: Iterator<Item = &'a str>> ExactSizeIterator for Merged<'a, A, B> {}
