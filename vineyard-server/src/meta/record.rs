//! The compact form in which an object is kept.
//!
//! Objects of one type have the same keys, so the list of keys is shared, and a field takes 24 bytes beside its text.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::{Number, Value};
use vineyard_core::{InstanceId, ObjectId, Signature};

use super::extent::Extent;

/// One object.
#[derive(Debug)]
pub(super) struct Record {
    pub typename: Arc<str>,
    /// Where it lives; unspecified for a global object whose members live on several instances.
    pub instance: InstanceId,
    /// Objects that came into being as a member may lack one.
    pub signature: Option<Signature>,
    /// Creation in milliseconds since 1970; objects that came into being as a member have none.
    pub timestamp: Option<u64>,
    pub transient: bool,
    pub global: bool,
    /// The view without its member objects.
    pub own: Extent,
    /// The view when the object was created.
    pub whole: Extent,
    fields: Fields,
}

/// What a key holds.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Field {
    Null,
    Bool(bool),
    Number(Number),
    Text(Box<str>),
    /// An array.
    Json(Box<Value>),
    Object(ObjectId),
    /// A member of a global object: whichever object carries the signature.
    Signature(Signature),
    Blob(Box<BlobLink>),
}

/// A blob as a member. It has no record, so what a reader wants to know of it is kept here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BlobLink {
    pub id: ObjectId,
    pub instance: InstanceId,
    /// Bytes; 0 if they were not known when the object was created.
    pub length: u64,
}

/// Where a link of a record leads.
#[derive(Debug, Clone, Copy)]
pub(super) enum Link {
    Object(ObjectId),
    Signature(Signature),
    Blob(BlobLink),
}

/// An object that is checked but not stored yet.
#[derive(Debug)]
pub(super) struct Draft {
    pub typename: String,
    pub instance: InstanceId,
    pub signature: Option<Signature>,
    pub timestamp: Option<u64>,
    pub global: bool,
    pub own: Extent,
    pub whole: Extent,
    /// In byte order of the keys.
    pub fields: Vec<(Box<str>, Field)>,
}

/// Keys in byte order, and what they hold in the same order.
#[derive(Debug)]
struct Fields {
    keys: Arc<Keys>,
    values: Box<[Field]>,
}

type Keys = [Box<str>];

/// The lists of keys in use, each kept once.
#[derive(Debug, Default)]
pub(super) struct KeyLists {
    known: HashSet<Arc<Keys>>,
}

impl KeyLists {
    fn intern(&mut self, keys: Vec<Box<str>>) -> Arc<Keys> {
        if let Some(known) = self.known.get(keys.as_slice()) {
            return Arc::clone(known);
        }
        let keys: Arc<Keys> = keys.into();
        self.known.insert(Arc::clone(&keys));
        keys
    }

    /// Takes a list back that a record no longer uses.
    fn release(&mut self, keys: Arc<Keys>) {
        // Two are left: the one given and ours.
        if Arc::strong_count(&keys) == 2 {
            self.known.remove(&keys);
        }
    }

    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.known.len()
    }
}

impl Field {
    /// Keeps a plain value.
    pub fn from_value(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(flag) => Self::Bool(*flag),
            Value::Number(number) => Self::Number(number.clone()),
            Value::String(text) => Self::Text(text.as_str().into()),
            Value::Array(_) | Value::Object(_) => Self::Json(Box::new(value.clone())),
        }
    }

    fn link(&self) -> Option<Link> {
        match self {
            Self::Object(id) => Some(Link::Object(*id)),
            Self::Signature(signature) => Some(Link::Signature(*signature)),
            Self::Blob(blob) => Some(Link::Blob(**blob)),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) | Self::Json(_) => None,
        }
    }
}

impl Record {
    /// Makes a record of a draft; the typename is shared with others of the type. New objects are transient.
    pub fn new(draft: Draft, typename: Arc<str>, lists: &mut KeyLists) -> Self {
        let Draft { typename: _, instance, signature, timestamp, global, own, whole, fields } = draft;
        let (keys, values): (Vec<_>, Vec<_>) = fields.into_iter().unzip();
        let fields = Fields { keys: lists.intern(keys), values: values.into() };
        Self { typename, instance, signature, timestamp, transient: true, global, own, whole, fields }
    }

    /// Gives back what is shared.
    pub fn release(self, lists: &mut KeyLists) {
        lists.release(self.fields.keys);
    }

    /// The fields that have no place of their own in the record, in byte order of their keys.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &Field)> {
        self.fields.keys.iter().map(|key| &**key).zip(&self.fields.values)
    }

    /// Every link, in the order of the keys; the same one may come up several times.
    pub fn links(&self) -> impl Iterator<Item = Link> {
        self.fields.values.iter().filter_map(Field::link)
    }

    /// Sets a text; whatever the key held must not be a link.
    pub fn set_text(&mut self, key: &str, text: &str, lists: &mut KeyLists) {
        self.remove(key, lists);
        let at = self.position(key).unwrap_or_else(|at| at);
        self.own.include_text(text);
        self.rearrange(lists, |fields| fields.insert(at, (key.into(), Field::Text(text.into()))));
    }

    /// Removes a field, if it is there; it must not be a link.
    pub fn remove(&mut self, key: &str, lists: &mut KeyLists) {
        if let Ok(at) = self.position(key) {
            if let Some(Field::Text(text)) = self.fields.values.get(at) {
                self.own.exclude_text(text);
            }
            self.rearrange(lists, |fields| drop(fields.remove(at)));
        }
    }

    fn position(&self, key: &str) -> Result<usize, usize> {
        self.fields.keys.binary_search_by(|probe| (**probe).cmp(key))
    }

    fn rearrange(&mut self, lists: &mut KeyLists, change: impl FnOnce(&mut Vec<(Box<str>, Field)>)) {
        let values = std::mem::take(&mut self.fields.values).into_vec();
        let mut fields: Vec<_> = self.fields.keys.iter().cloned().zip(values).collect();
        change(&mut fields);
        let (keys, values): (Vec<_>, Vec<_>) = fields.into_iter().unzip();
        let before = std::mem::replace(&mut self.fields.keys, lists.intern(keys));
        self.fields.values = values.into();
        lists.release(before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_small() {
        assert!(size_of::<Field>() <= 24, "a field takes {} bytes", size_of::<Field>());
        assert!(size_of::<Record>() <= 144, "a record takes {} bytes", size_of::<Record>());
    }
}
