//! The published state as a reader puts it together, and pieces of it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use vineyard_core::{InstanceId, ObjectId, Signature};

use crate::meta::backend::{Batch, Entry, FieldValue, Fields, Key, Op, Snapshot};

/// Everything that is published, with every key in its own place.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct State {
    pub objects: BTreeMap<ObjectId, Fields>,
    pub signatures: BTreeMap<(Signature, InstanceId), ObjectId>,
    pub names: BTreeMap<String, ObjectId>,
}

impl State {
    pub fn of(snapshot: &Snapshot) -> Self {
        let mut state = Self::default();
        snapshot.entries.iter().for_each(|entry| state.put(entry));
        state
    }

    /// Applies a batch in the order of the turns that the protocol gives.
    pub fn apply(&mut self, batch: &Batch) {
        type Turn = fn(&Op) -> bool;
        let turns: [Turn; 7] = [
            |op| matches!(op, Op::Put(Entry::Signature { .. })),
            |op| matches!(op, Op::Put(Entry::Name { .. })),
            |op| matches!(op, Op::Put(Entry::Object { .. })),
            |op| matches!(op, Op::Put(Entry::Field { .. })),
            |op| matches!(op, Op::Delete(Key::Object(_) | Key::Field(..))),
            |op| matches!(op, Op::Delete(Key::Name(_))),
            |op| matches!(op, Op::Delete(Key::Signature(..))),
        ];
        for turn in turns {
            for op in batch.ops().iter().filter(|op| turn(op)) {
                match op {
                    Op::Put(entry) => self.put(entry),
                    Op::Delete(key) => self.delete(key),
                }
            }
        }
    }

    fn put(&mut self, entry: &Entry) {
        match entry {
            Entry::Object { id, fields } => {
                self.objects.remove(id);
                fields.iter().for_each(|(key, value)| self.put_field(*id, key, value));
            }
            Entry::Field { id, key, value } => self.put_field(*id, key, value),
            Entry::Signature { signature, instance, id } => {
                self.signatures.insert((*signature, *instance), *id);
            }
            Entry::Name { name, id } => {
                self.names.insert(name.clone(), *id);
            }
        }
    }

    /// What says nothing is left out: that published objects are not transient, that there is no signature, and the
    /// type of a link, which its target tells better.
    fn put_field(&mut self, id: ObjectId, key: &str, value: &FieldValue) {
        if key == "transient" || (key, value) == ("signature", &FieldValue::Plain(Value::Null)) {
            return;
        }
        let mut value = value.clone();
        if let FieldValue::Link(link) = &mut value {
            link.typename.clear();
        }
        self.objects.entry(id).or_default().insert(key.to_owned(), value);
    }

    fn delete(&mut self, key: &Key) {
        match key {
            Key::Object(id) => drop(self.objects.remove(id)),
            Key::Field(id, key) => {
                if let Some(fields) = self.objects.get_mut(id) {
                    fields.remove(key);
                    if fields.is_empty() {
                        self.objects.remove(id);
                    }
                }
            }
            Key::Signature(signature, instance) => drop(self.signatures.remove(&(*signature, *instance))),
            Key::Name(name) => drop(self.names.remove(name)),
        }
    }
}

/// An object of instance 0 with these plain fields.
pub fn object(raw: u64, extra: &Value) -> Entry {
    let mut fields = json!({
        "typename": "T", "instance_id": 0, "signature": raw, "transient": false, "__timestamp": 5,
    });
    fields.as_object_mut().expect("is one").extend(extra.as_object().expect("is one").clone());
    let fields = fields.as_object().expect("is one").iter();
    let fields = fields.map(|(key, value)| (key.clone(), FieldValue::Plain(value.clone()))).collect();
    Entry::Object { id: ObjectId::from_raw(raw), fields }
}
