//! What is published: which keys the persistent objects, signatures and names amount to, and which of them an operation
//! changes.

use serde_json::Value;
use vineyard_core::ObjectId;

use super::backend::{
    BackendError, Batch, Entry, FieldValue, Fields, Key, Link, LocalWatch, Op, Revision, Snapshot, Target,
};
use super::record::{Field, Record};
use super::tree::Tree;
use super::{LABELS_KEY, NAME_KEY};

/// Fields that change after an object was published. They have keys of their own, so that a deletion of the key is the
/// deletion of the field.
const MUTABLE_KEYS: [&str; 2] = [LABELS_KEY, NAME_KEY];

/// What one operation changes in the published state; a revision, if that is anything.
#[derive(Debug)]
pub(super) struct Changes {
    any: bool,
    /// Collected only if somebody watches.
    ops: Option<Vec<Op>>,
}

impl Changes {
    /// Adds changes, which are made only if somebody watches.
    fn add<I: IntoIterator<Item = Op>>(&mut self, make: impl FnOnce() -> I) {
        self.any = true;
        if let Some(ops) = &mut self.ops {
            ops.extend(make());
        }
    }

    /// Whether somebody is told what changes.
    pub fn are_watched(&self) -> bool {
        self.ops.is_some()
    }

    /// Counts as a change of nothing in particular.
    pub fn touch(&mut self) {
        self.any = true;
    }

    /// Sets a key.
    pub fn put(&mut self, make: impl FnOnce() -> Entry) {
        self.add(|| [Op::Put(make())]);
    }

    /// Removes a key.
    pub fn delete(&mut self, key: Key) {
        self.add(|| [Op::Delete(key)]);
    }

    /// Publishes an object.
    pub fn put_object(&mut self, tree: &Tree, id: ObjectId, record: &Record) {
        self.add(|| tree.entries(id, record).into_iter().map(Op::Put));
    }

    /// Publishes the text under a key of an object.
    pub fn put_text(&mut self, id: ObjectId, key: &str, text: &str) {
        self.put(|| Entry::Field { id, key: key.to_owned(), value: FieldValue::Plain(text.into()) });
    }
}

impl Tree {
    /// The newest revision of the published state. Each operation that changes it makes one.
    pub fn revision(&self) -> Revision {
        self.log.head()
    }

    /// Follows the batches of published changes after a revision. Nothing is kept for those who may come later: while
    /// nobody watches, only the head can be followed.
    ///
    /// # Errors
    ///
    /// [`BackendError::Lagged`] if the batches after that revision are not remembered.
    pub fn watch(&mut self, after: Revision) -> Result<LocalWatch, BackendError> {
        self.log.watch(after)
    }

    /// Everything that is published. Cost grows with the number of objects.
    pub fn snapshot(&self) -> Snapshot {
        let signatures = self.edges.published();
        let signatures = signatures.map(|(signature, instance, id)| Entry::Signature { signature, instance, id });
        let names = self.names.iter().map(|(name, id)| Entry::Name { name: name.clone(), id: *id });
        let persistent = self.records.iter().filter(|(_, record)| !record.transient);
        let objects = persistent.flat_map(|(id, record)| self.entries(*id, record));
        let strays = self.strays.iter().flat_map(|(id, fields)| {
            let field =
                |(key, value): (&String, &FieldValue)| Entry::Field { id: *id, key: key.clone(), value: value.clone() };
            fields.iter().map(field).collect::<Vec<_>>()
        });
        Snapshot { revision: self.revision(), entries: signatures.chain(names).chain(objects).chain(strays).collect() }
    }

    /// Collects what an operation changes.
    pub(super) fn changes(&self) -> Changes {
        Changes { any: false, ops: self.log.is_watched().then(Vec::new) }
    }

    /// Makes a revision of what an operation changed.
    pub(super) fn publish(&mut self, changes: Changes) {
        if changes.any {
            self.log.advance(Batch::new(changes.ops.unwrap_or_default()));
        }
    }

    /// Lets everybody know that an object carries its signature, unless another does.
    pub(super) fn publish_signature(&mut self, id: ObjectId, changes: &mut Changes) {
        let Some(record) = self.records.get(&id) else { return };
        if let Some(signature) = self.edges.publish(id, record) {
            let instance = record.instance;
            changes.put(|| Entry::Signature { signature, instance, id });
        }
    }

    /// The keys of an object.
    fn entries(&self, id: ObjectId, record: &Record) -> Vec<Entry> {
        let mut fields = self.published_fields(record);
        let mutable = MUTABLE_KEYS.map(|key| fields.remove_entry(key));
        let object = Entry::Object { id, fields };
        let mutable = mutable.into_iter().flatten().map(|(key, value)| Entry::Field { id, key, value });
        [object].into_iter().chain(mutable).collect()
    }

    /// All fields of an object, as they are published.
    pub(super) fn published_fields(&self, record: &Record) -> Fields {
        let plain = |key: &str, value: Value| (key.to_owned(), FieldValue::Plain(value));
        let timestamp = record.timestamp.map(|timestamp| plain("__timestamp", timestamp.into()));
        let signature = record.signature.map_or(Value::Null, |signature| signature.as_raw().into());
        let placed = [
            plain("instance_id", record.instance.as_raw().into()),
            plain("signature", signature),
            plain("transient", false.into()),
            plain("typename", (&*record.typename).into()),
        ];
        let others = record.fields().map(|(key, field)| (key.to_owned(), self.published_value(field)));
        timestamp.into_iter().chain(placed).chain(others).collect()
    }

    fn published_value(&self, field: &Field) -> FieldValue {
        FieldValue::Plain(match field {
            Field::Null => Value::Null,
            Field::Bool(flag) => Value::Bool(*flag),
            Field::Number(number) => Value::Number(number.clone()),
            Field::Text(text) => Value::String(text.as_str().to_owned()),
            Field::Json(json) => json.value.clone(),
            Field::Object(id) => return self.published_link(Target::Object(*id), Some(*id)),
            Field::Signature(signature) => {
                return self.published_link(Target::Signature(*signature), self.edges.resolve(*signature));
            }
            Field::Blob(id, _) => return self.published_link(Target::Blob(*id, self.instance), None),
            Field::RemoteBlob(id, instance) => return self.published_link(Target::Blob(*id, *instance), None),
        })
    }

    fn published_link(&self, target: Target, member: Option<ObjectId>) -> FieldValue {
        let typename = match target {
            Target::Blob(..) => super::BLOB_TYPENAME,
            Target::Object(_) | Target::Signature(_) => {
                member.and_then(|id| self.record(id)).map_or("", |record| &*record.typename)
            }
        };
        FieldValue::Link(Link::new(target, typename))
    }
}
