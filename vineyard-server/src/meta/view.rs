//! Objects as clients read them, written straight from the records.

use std::collections::HashMap;

use serde::ser::{Error as _, Serialize, SerializeMap, Serializer};
use vineyard_core::{InstanceId, ObjectId};

use super::extent::Extent;
use super::record::{Field, Link, Record};
use super::tree::Tree;
use super::{BLOB_TYPENAME, Blobs};

/// The tree of one object with all its members, as get_data gives it.
#[derive(Clone, Copy)]
pub struct View<'a> {
    node: Node<'a>,
    json_bytes: u64,
}

/// An object of a tree that was measured.
#[derive(Clone, Copy)]
pub(super) struct Node<'a> {
    pub tree: &'a Tree,
    pub blobs: &'a dyn Blobs,
    pub id: ObjectId,
    pub record: &'a Record,
}

/// A blob, as get_data describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlobView {
    /// The blob.
    pub id: ObjectId,
    /// Where it lives.
    pub instance: InstanceId,
    /// Its bytes.
    pub length: u64,
}

impl Tree {
    /// The tree of an object; `None` if it or one of its members is gone.
    ///
    /// Blobs of this instance have the length they had when they became members. Where that was not known yet, `blobs`
    /// is asked when the view is written; what it does not know, and blobs of other instances, have length 0.
    ///
    /// Cost grows with the number of different objects in the tree.
    pub fn view<'a>(&'a self, id: ObjectId, blobs: &'a dyn Blobs) -> Option<View<'a>> {
        let extent = self.measure(id, Extent::MAX_DEPTH, &mut HashMap::new())?;
        let node = Node { tree: self, blobs, id, record: self.record(id)? };
        Some(View { node, json_bytes: extent.bytes })
    }

    /// About how many bytes of JSON the tree of an object took when it was created.
    pub fn json_bytes(&self, id: ObjectId) -> Option<u64> {
        self.record(id).map(|record| record.whole.bytes)
    }

    /// Measures what a view would hold now. `None` if a member is gone or the view is too large, which a cycle also
    /// is: signatures that were taken over by other objects can lead to both.
    fn measure(&self, id: ObjectId, room: u32, known: &mut HashMap<ObjectId, Extent>) -> Option<Extent> {
        let room = room.checked_sub(1)?;
        if let Some(extent) = known.get(&id) {
            return Some(*extent);
        }
        let record = self.record(id)?;
        let mut extent = record.own;
        let mut has_members = false;
        for link in record.links().filter(|link| !matches!(link, Link::Blob(_) | Link::RemoteBlob)) {
            let member = self.edges.member(link)?;
            extent.include(self.measure(member, room, known)?);
            has_members = true;
        }
        if !extent.fits() {
            return None;
        }
        if has_members {
            // Objects without members are measured faster than looked up.
            known.insert(id, extent);
        }
        Some(extent)
    }
}

impl Node<'_> {
    /// The object that a link leads to.
    pub fn member(&self, link: Link) -> Option<Self> {
        let id = self.tree.edges.member(link)?;
        Some(Self { id, record: self.tree.record(id)?, ..*self })
    }
}

impl<'a> View<'a> {
    pub(super) fn node(self) -> Node<'a> {
        self.node
    }

    /// The object.
    pub fn id(&self) -> ObjectId {
        self.node.id
    }

    /// About how many bytes of JSON the tree takes, so that a reply can be kept within bounds before it is written.
    pub fn json_bytes(&self) -> u64 {
        self.json_bytes
    }
}

impl Serialize for View<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.node.serialize(serializer)
    }
}

impl Serialize for Node<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Record { typename, instance, signature, timestamp, transient, .. } = self.record;
        let mut map = serializer.serialize_map(None)?;
        if let Some(timestamp) = timestamp {
            map.serialize_entry("__timestamp", timestamp)?;
        }
        map.serialize_entry("id", &TextId(self.id))?;
        map.serialize_entry("instance_id", instance)?;
        map.serialize_entry("signature", signature)?;
        map.serialize_entry("transient", transient)?;
        map.serialize_entry("typename", &**typename)?;
        for (key, field) in self.record.fields() {
            map.serialize_entry(key, &FieldView { parent: *self, field })?;
        }
        map.end()
    }
}

impl Serialize for BlobView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(6))?;
        map.serialize_entry("id", &TextId(self.id))?;
        map.serialize_entry("instance_id", &self.instance)?;
        map.serialize_entry("length", &self.length)?;
        map.serialize_entry("nbytes", &self.length)?;
        map.serialize_entry("transient", &true)?;
        map.serialize_entry("typename", BLOB_TYPENAME)?;
        map.end()
    }
}

struct FieldView<'a> {
    parent: Node<'a>,
    field: &'a Field,
}

impl Serialize for FieldView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Node { tree, blobs, .. } = self.parent;
        let member = |link| {
            // Measuring went along the same links, and the tree is borrowed since.
            self.parent.member(link).ok_or_else(|| S::Error::custom(format!("the member {link:?} is gone")))
        };
        match *self.field {
            Field::Null => serializer.serialize_unit(),
            Field::Bool(flag) => serializer.serialize_bool(flag),
            Field::Number(ref number) => number.serialize(serializer),
            Field::Text(ref text) => serializer.serialize_str(text.as_str()),
            Field::Json(ref json) => json.value.serialize(serializer),
            Field::Object(id) => member(Link::Object(id))?.serialize(serializer),
            Field::Signature(signature) => member(Link::Signature(signature))?.serialize(serializer),
            Field::Blob(id, length) => {
                let length = length.get().or_else(|| blobs.length(id)).unwrap_or(0);
                BlobView { id, instance: tree.instance, length }.serialize(serializer)
            }
            Field::RemoteBlob(id, instance) => BlobView { id, instance, length: 0 }.serialize(serializer),
        }
    }
}

/// An id in its text form.
struct TextId(ObjectId);

impl Serialize for TextId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        vineyard_core::id::text::serialize(&self.0, serializer)
    }
}
