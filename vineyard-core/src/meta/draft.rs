//! Objects that are not stored yet.

use std::collections::HashMap;
use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::Value;

use super::record::Field;
use super::{BLOB_TYPENAME, Key, MetaTree, ObjectMeta, Payloads, Record};
use crate::blob::Blob;
use crate::error::{BuildError, BuildReason};
use crate::id::{InstanceId, ObjectId};
use crate::schema::SchemaStamp;
use crate::typename::TypeName;

/// Keys that the store itself uses.
const RESERVED: &[&str] = &["id", "signature", "typename", "instance_id", "transient", "global", "nbytes"];

/// An object in memory: its typename, values, payloads and members. No I/O happens before it is put.
#[derive(Debug, Clone)]
pub struct DraftNode {
    typename: TypeName,
    global: bool,
    fields: IndexMap<String, DraftField>,
}

/// What a field of a [`DraftNode`] holds.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum DraftField {
    /// A plain value.
    Value(Value),
    /// Bytes that are copied into the store, or linked if they are a blob of it.
    Payload(Blob),
    /// An object that is stored with this one.
    Node(DraftNode),
    /// An object that is stored already.
    Link(ObjectMeta),
}

impl DraftNode {
    /// An object without fields.
    pub fn new(typename: TypeName) -> Self {
        Self { typename, global: false, fields: IndexMap::new() }
    }

    /// The object's typename.
    pub fn typename(&self) -> &TypeName {
        &self.typename
    }

    /// The fields in the order they were set.
    pub fn fields(&self) -> impl ExactSizeIterator<Item = (&str, &DraftField)> {
        self.fields.iter().map(|(key, field)| (key.as_str(), field))
    }

    /// Sets a field.
    ///
    /// # Errors
    ///
    /// [`BuildReason::Key`] if the key is used twice, reserved, or one that stores lose.
    pub fn set(&mut self, key: &Key, field: DraftField) -> Result<(), BuildError> {
        let text = key.as_str();
        let problem = if text.is_empty() {
            Some("is empty")
        } else if text.contains(['/', '~']) {
            Some("contains `/` or `~`, which the original's store loses")
        } else if RESERVED.contains(&text) {
            Some("is reserved for the store")
        } else if self.fields.contains_key(text) {
            Some("is used twice")
        } else {
            None
        };
        if let Some(problem) = problem {
            return Err(BuildReason::Key { key: text.to_owned(), problem }.into());
        }
        self.fields.insert(text.to_owned(), field);
        Ok(())
    }

    /// The field under a key.
    pub(crate) fn field(&self, key: &str) -> Option<&DraftField> {
        self.fields.get(key)
    }

    /// Whether members may live on several instances.
    pub fn is_global(&self) -> bool {
        self.global
    }

    pub(crate) fn make_global(&mut self) {
        self.global = true;
    }

    /// Takes over the fields of another object, but not what it is.
    pub(crate) fn absorb(&mut self, other: Self) -> Result<(), BuildError> {
        let fields = other.fields.into_iter().filter(|(key, _)| key != SchemaStamp::KEY);
        fields.into_iter().try_for_each(|(key, field)| self.set(&Key::new(key), field))
    }

    /// Says which schema the object is written with.
    pub(crate) fn stamp(&mut self, stamp: SchemaStamp) {
        self.fields.insert(SchemaStamp::KEY.to_owned(), DraftField::Value(stamp.to_string().into()));
    }

    /// Sets a plain value.
    ///
    /// # Errors
    ///
    /// As [`set`](Self::set).
    pub fn set_value(&mut self, key: &Key, value: Value) -> Result<(), BuildError> {
        self.set(key, DraftField::Value(value))
    }

    /// Bytes of payload below the object, shared ones counted where they are used.
    pub fn nbytes(&self) -> u64 {
        let sizes = self.fields.iter().map(|(_, field)| match field {
            DraftField::Value(_) => 0,
            DraftField::Payload(blob) => blob.nbytes() as u64,
            DraftField::Node(node) => node.nbytes(),
            DraftField::Link(meta) => meta.nbytes(),
        });
        sizes.fold(0, u64::saturating_add)
    }

    /// Turns stored metadata back into a draft whose payloads and members are those of the stored object.
    pub(crate) fn from_meta(meta: &ObjectMeta) -> Result<Self, BuildError> {
        let unreadable = |key: &str, error| BuildError::from(BuildReason::unreadable(error)).in_field(key);
        let mut draft = Self::new(TypeName::new(meta.typename().to_owned()));
        draft.global = meta.is_global();
        for (key, field) in meta.fields() {
            if RESERVED.contains(&key) || matches!(key, "__timestamp" | "__name" | "__labels") {
                continue;
            }
            let field = match field {
                Field::Plain(value) => DraftField::Value(value.to_json()),
                Field::Member(_) => {
                    let member = meta.member(key).map_err(|error| unreadable(key, error))?;
                    if member.typename() == BLOB_TYPENAME {
                        DraftField::Payload(meta.blob(key).map_err(|error| unreadable(key, error))?)
                    } else {
                        DraftField::Link(member)
                    }
                }
            };
            draft.set(&Key::new(key.to_owned()), field)?;
        }
        Ok(draft)
    }

    /// The metadata that the stored object will have, over the payloads as they are now. No I/O.
    pub(crate) fn to_meta(&self) -> Result<ObjectMeta, BuildError> {
        let mut local = Local { blobs: HashMap::new(), made: 0 };
        let tree = local.tree(self)?;
        let blobs = Some(local.blobs.into_iter().collect());
        let payloads = Payloads { instance: InstanceId::UNSPECIFIED, store: None, blobs, keeper: None };
        let record = Record::of_tree(&tree).map_err(BuildReason::Record)?;
        Ok(ObjectMeta::new(record, Arc::new(payloads)))
    }
}

/// Gives the payloads of a draft ids, so that the draft can be resolved before it is stored.
struct Local {
    blobs: HashMap<ObjectId, Blob>,
    made: u64,
}

impl Local {
    fn tree(&mut self, node: &DraftNode) -> Result<MetaTree, BuildError> {
        let mut tree = MetaTree::new();
        tree.set("typename", node.typename.as_str());
        tree.set("nbytes", node.nbytes());
        tree.set("global", node.global);
        tree.set("instance_id", InstanceId::UNSPECIFIED.as_raw());
        for (key, field) in node.fields() {
            match field {
                DraftField::Value(value) => tree.set(key, value.clone()),
                DraftField::Payload(blob) => tree.set_member(key, self.blob(blob)),
                DraftField::Node(node) => tree.set_member(key, self.tree(node)?),
                DraftField::Link(meta) if self.adopt(meta) => tree.set_member(key, meta.tree()),
                DraftField::Link(meta) => tree.set_member(key, self.tree(&DraftNode::from_meta(meta)?)?),
            }
        }
        Ok(tree)
    }

    fn blob(&mut self, blob: &Blob) -> MetaTree {
        let mut id = ObjectId::EMPTY_BLOB;
        if blob.nbytes() > 0 {
            // Ids of the year 1970 cannot be those of stored blobs.
            self.made = self.made.saturating_add(1);
            id = ObjectId::from_raw(ObjectId::EMPTY_BLOB.as_raw() | self.made);
            self.blobs.insert(id, blob.clone());
        }
        let mut tree = MetaTree::new();
        tree.set("typename", BLOB_TYPENAME);
        tree.set("id", id.to_string());
        tree.set("instance_id", InstanceId::UNSPECIFIED.as_raw());
        tree.set("length", blob.nbytes());
        tree
    }

    /// Takes over the blobs of a stored object, if they are here; false if another instance's blob has one of their ids.
    fn adopt(&mut self, meta: &ObjectMeta) -> bool {
        let Some(theirs) = &meta.payloads().blobs else { return true };
        let same = |a: &Blob, b: &Blob| a.as_bytes().as_ptr_range() == b.as_bytes().as_ptr_range();
        let free = theirs.iter().all(|(id, blob)| self.blobs.get(&id).is_none_or(|ours| same(ours, blob)));
        if free {
            self.blobs.extend(theirs.iter().map(|(id, blob)| (id, blob.clone())));
        }
        free
    }
}
