//! Applying what others have published.

use std::collections::BTreeSet;

use serde_json::Value;
use vineyard_core::{InstanceId, ObjectId, Signature};

use super::backend::{Batch, Entry, FieldValue, Fields, Key, Op, Revision, Target};
use super::extent::Extent;
use super::record::{BlobLength, Draft, Field, Link};
use super::refusal::integer;
use super::tree::Tree;
use super::{BLOB_TYPENAME, is_everlasting};

/// What [`Tree::apply`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The revision that was made.
    pub revision: Revision,
    /// Blobs of this instance that lost their last user, in the order of their ids.
    pub blobs: Vec<ObjectId>,
}

impl Tree {
    /// Applies a batch of published changes: to the letter, unlike the operations. What is deleted goes though it may
    /// be in use, and takes nothing along; what is put becomes persistent.
    ///
    /// Fields without `typename` and `instance_id` make no object, but are kept until these come. What [cannot be
    /// kept](Entry::check) is ignored; [`Batch::check`] finds it beforehand. Cost grows with the batch, and for each
    /// field of an object with the fields of that object.
    pub fn apply(&mut self, batch: Batch) -> Applied {
        if batch.is_empty() {
            return Applied { revision: self.revision(), blobs: Vec::new() };
        }
        let mut suspects = BTreeSet::new();
        for op in batch.in_order() {
            match op {
                Op::Put(entry) if entry.check().is_err() => {}
                Op::Put(entry) => self.put(entry, &mut suspects),
                Op::Delete(key) => self.take(key, &mut suspects),
            }
        }
        self.settle();
        suspects.retain(|blob| self.edges.is_deletable(*blob, None));
        Applied { revision: self.log.advance(batch), blobs: suspects.into_iter().collect() }
    }

    fn put(&mut self, entry: &Entry, suspects: &mut BTreeSet<ObjectId>) {
        match entry {
            Entry::Object { id, fields } => {
                // Mostly our own, which comes back.
                if self.fields(*id) != *fields {
                    self.set_fields(*id, fields.clone(), suspects);
                }
            }
            Entry::Field { id, key, value } => {
                let mut fields = self.fields(*id);
                if fields.insert(key.clone(), value.clone()).as_ref() != Some(value) {
                    self.set_fields(*id, fields, suspects);
                }
            }
            Entry::Signature { signature, instance, id } => self.edges.set_published(*signature, *instance, *id),
            Entry::Name { name, id } => self.set_name(name, *id),
        }
    }

    fn take(&mut self, key: &Key, suspects: &mut BTreeSet<ObjectId>) {
        match key {
            Key::Object(id) => self.set_fields(*id, Fields::new(), suspects),
            Key::Field(id, key) => {
                let mut fields = self.fields(*id);
                if fields.remove(key).is_some() {
                    self.set_fields(*id, fields, suspects);
                }
            }
            Key::Signature(signature, instance) => self.edges.remove_published(*signature, *instance),
            Key::Name(name) => drop(self.remove_name(name)),
        }
    }

    /// The fields under the keys of an object; none of a transient one, which has no keys.
    fn fields(&self, id: ObjectId) -> Fields {
        match self.record(id) {
            Some(record) if !record.transient => self.published_fields(record),
            _ => self.strays.get(&id).cloned().unwrap_or_default(),
        }
    }

    /// Makes an object of fields, in place of the one that is there. A transient one gives way only to another object.
    fn set_fields(&mut self, id: ObjectId, fields: Fields, suspects: &mut BTreeSet<ObjectId>) {
        self.strays.remove(&id);
        let draft = self.draft(&fields);
        if draft.is_some() || self.record(id).is_some_and(|record| !record.transient) {
            self.replace(id, draft.as_ref(), suspects);
        }
        match draft {
            Some(draft) => self.insert(id, draft),
            None if fields.is_empty() => {}
            None => drop(self.strays.insert(id, fields)),
        }
    }

    /// Takes an object out, to be replaced by another one or by none.
    fn replace(&mut self, id: ObjectId, successor: Option<&Draft>, suspects: &mut BTreeSet<ObjectId>) {
        let Some(record) = self.unlink(id) else { return };
        let identity = successor.map(|draft| (draft.signature, draft.instance));
        if identity != Some((record.signature, record.instance)) {
            self.edges.withdraw(id, &record, true);
        }
        let blobs = record.links().filter_map(|link| match link {
            Link::Blob(blob) if !is_everlasting(blob) => Some(blob),
            _ => None,
        });
        suspects.extend(blobs);
        record.release(&mut self.key_lists);
    }

    /// Reads an object. `None` if it has no typename or lives nowhere, or if its values are nested too deeply.
    fn draft(&self, fields: &Fields) -> Option<Draft> {
        let placed = |key: &str| match fields.get(key) {
            Some(FieldValue::Plain(value)) => Some(value),
            _ => None,
        };
        let mut draft = Draft {
            typename: placed("typename")?.as_str().filter(|typename| *typename != BLOB_TYPENAME)?.to_owned(),
            instance: InstanceId::from_raw(integer(placed("instance_id")?)?),
            signature: placed("signature").and_then(integer).map(Signature::from_raw),
            timestamp: placed("__timestamp").and_then(Value::as_u64),
            transient: false,
            global: placed("global").and_then(Value::as_bool).unwrap_or(false),
            own: Extent::NODE,
            whole: Extent::NODE,
            fields: Vec::new(),
        };
        let others = fields.iter().filter(|(key, _)| !super::create::PLACED_KEYS.contains(&key.as_str()));
        draft.fields = others.map(|(key, value)| (key.as_str().into(), self.field(value))).collect();
        draft.own = draft.measure().ok()?;
        draft.whole = self.expand(&draft);
        Some(draft)
    }

    fn field(&self, value: &FieldValue) -> Field {
        match value {
            FieldValue::Plain(value) => Field::from_value(value),
            FieldValue::Link(link) => match link.target {
                Target::Object(id) => Field::Object(id),
                Target::Signature(signature) => Field::Signature(signature),
                Target::Blob(id, instance) if instance == self.instance => Field::Blob(id, BlobLength::new(None)),
                Target::Blob(id, instance) => Field::RemoteBlob(id, instance),
            },
        }
    }
}
