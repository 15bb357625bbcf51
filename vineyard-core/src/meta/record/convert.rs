//! Records of trees, and trees of records.

use serde_json::Value;

use super::read::{Field, Place, Record, RecordError};
use super::write::{Full, OpenNode, RecordWriter};
use super::{BLOB_KEYS, Plain};
use crate::id::{InstanceId, ObjectId};
use crate::meta::{BLOB_TYPENAME, MetaField, MetaTree};

impl Record {
    /// The record of a tree. O(tree).
    ///
    /// # Errors
    ///
    /// [`RecordError`] if the tree is nested more deeply than 128 levels, or takes more than 4 GiB.
    pub fn of_tree(tree: &MetaTree) -> Result<Self, RecordError> {
        let mut bytes = Vec::new();
        match write(tree, &mut bytes) {
            Ok(()) => Self::new(bytes),
            Err(Full { limit }) => Err(RecordError { len: limit, what: "more than 4 GiB", at: 0 }),
        }
    }

    /// The tree that the record holds. O(record).
    pub fn tree(&self) -> MetaTree {
        self.to_tree(self.root())
    }

    /// A node with all that is below it as a tree.
    pub(crate) fn to_tree(&self, place: Place) -> MetaTree {
        let mut tree = MetaTree::new();
        for (key, field) in self.fields(place) {
            match field {
                Field::Plain(plain) => tree.set(key, plain.to_json()),
                Field::Member(place) => tree.set_member(key, self.to_tree(place)),
            }
        }
        tree
    }
}

fn write(tree: &MetaTree, bytes: &mut Vec<u8>) -> Result<(), Full> {
    let mut writer = RecordWriter::new(bytes, u32::MAX as usize)?;
    let mut root = writer.root();
    write_node(&mut writer, &mut root, tree)
}

fn write_node(writer: &mut RecordWriter<'_>, parent: &mut OpenNode, tree: &MetaTree) -> Result<(), Full> {
    if let Some((id, instance, length)) = as_blob(tree) {
        return writer.blob(parent, id, instance, length);
    }
    let mut node = writer.node(parent, Keys(tree.fields(), tree.len()))?;
    for (_, field) in tree.fields() {
        match field {
            MetaField::Member(member) => write_node(writer, &mut node, member)?,
            MetaField::Value(value) => {
                let mut text = String::new();
                // A value is never an object: those are members.
                let plain = Plain::from_json(value, &mut text).unwrap_or(Plain::Null);
                writer.plain(&mut node, plain)?;
            }
        }
    }
    Ok(())
}

/// The keys of a tree, whose number is known.
#[derive(Clone)]
struct Keys<I>(I, usize);

impl<'a, I: Iterator<Item = (&'a str, &'a MetaField)>> Iterator for Keys<I> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let (key, _) = self.0.next()?;
        self.1 = self.1.saturating_sub(1);
        Some(key)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.1, Some(self.1))
    }
}

impl<'a, I: Iterator<Item = (&'a str, &'a MetaField)>> ExactSizeIterator for Keys<I> {}

/// What a node says of a blob, if it says nothing else.
fn as_blob(tree: &MetaTree) -> Option<(ObjectId, InstanceId, u64)> {
    let keys = tree.fields().map(|(key, _)| key);
    if tree.typename() != Some(BLOB_TYPENAME) || !keys.eq(BLOB_KEYS) {
        return None;
    }
    let number = |key| tree.value(key).and_then(Value::as_u64);
    let length = number("length").filter(|length| number("nbytes") == Some(*length))?;
    let id = tree.value("id").and_then(Value::as_str).and_then(|text| text.parse::<ObjectId>().ok())?;
    // Other spellings of an id are kept as they are.
    let is_plain = tree.value("id").and_then(Value::as_str) == Some(id.to_string().as_str());
    let is_transient = tree.value("transient").and_then(Value::as_bool) == Some(true);
    (is_plain && is_transient).then_some((id, InstanceId::from_raw(number("instance_id")?), length))
}
