//! The compact form in which an object is kept.
//!
//! Objects of one type have the same keys, so the list of keys is shared, and a field takes 24 bytes; only long texts
//! and lists are kept beside it.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use serde_json::{Number, Value};
use vineyard_core::{InstanceId, ObjectId, Signature};

use super::extent::Extent;
use super::text::Text;
use super::weight;

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
    Text(Text),
    /// An array.
    Json(Box<Weighed>),
    Object(ObjectId),
    /// A member of a global object: whichever object carries the signature.
    Signature(Signature),
    /// A blob of this instance, and its bytes.
    Blob(ObjectId, BlobLength),
    /// A blob of another instance. Its id may repeat one of ours.
    RemoteBlob(ObjectId, InstanceId),
}

/// A plain value, and about how much memory it takes. To find that out takes time with its length, so it is not done
/// under the lock of the metadata.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Weighed {
    pub value: Value,
    pub weight: u64,
}

/// Bytes of a blob, if they were known when it became a member. A blob has no record, so they are kept with the link.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct BlobLength(u64);

/// Where a link of a record leads.
#[derive(Debug, Clone, Copy)]
pub(super) enum Link {
    Object(ObjectId),
    Signature(Signature),
    /// Of this instance.
    Blob(ObjectId),
    RemoteBlob,
}

/// An object that is checked but not stored yet.
#[derive(Debug)]
pub(super) struct Draft {
    pub typename: String,
    pub instance: InstanceId,
    pub signature: Option<Signature>,
    pub timestamp: Option<u64>,
    pub transient: bool,
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
    /// About how much memory they take.
    weight: u64,
}

impl KeyLists {
    fn intern(&mut self, keys: Vec<Box<str>>) -> Arc<Keys> {
        if let Some(known) = self.known.get(keys.as_slice()) {
            return Arc::clone(known);
        }
        let keys: Arc<Keys> = keys.into();
        self.weight = self.weight.saturating_add(weight::of_keys(keys.iter().map(|key| &**key)));
        self.known.insert(Arc::clone(&keys));
        keys
    }

    /// Takes a list back that a record no longer uses.
    fn release(&mut self, keys: Arc<Keys>) {
        // Two are left: the one given and ours.
        if Arc::strong_count(&keys) == 2 && self.known.remove(&keys) {
            self.weight = self.weight.saturating_sub(weight::of_keys(keys.iter().map(|key| &**key)));
        }
    }

    /// About how much memory they take.
    pub fn weight(&self) -> u64 {
        self.weight
    }

    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.known.len()
    }
}

impl BlobLength {
    const UNKNOWN: u64 = u64::MAX;

    /// Keeps a length, if there is one.
    pub fn new(length: Option<u64>) -> Self {
        Self(length.unwrap_or(Self::UNKNOWN))
    }

    /// The length, if it is known.
    pub fn get(self) -> Option<u64> {
        (self.0 != Self::UNKNOWN).then_some(self.0)
    }
}

impl fmt::Debug for BlobLength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

impl Field {
    /// Keeps a plain value.
    pub fn from_value(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(flag) => Self::Bool(*flag),
            Value::Number(number) => Self::Number(number.clone()),
            Value::String(text) => Self::Text(Text::from(text.as_str())),
            Value::Array(_) | Value::Object(_) => {
                Self::Json(Box::new(Weighed { value: value.clone(), weight: weight::of_value(value) }))
            }
        }
    }

    pub fn link(&self) -> Option<Link> {
        match self {
            Self::Object(id) => Some(Link::Object(*id)),
            Self::Signature(signature) => Some(Link::Signature(*signature)),
            Self::Blob(id, _) => Some(Link::Blob(*id)),
            Self::RemoteBlob(..) => Some(Link::RemoteBlob),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) | Self::Json(_) => None,
        }
    }

    /// Whether it is a blob, here or elsewhere.
    pub fn is_blob(&self) -> bool {
        matches!(self, Self::Blob(..) | Self::RemoteBlob(..))
    }

    /// Adds the field to the extent of its object; member objects are not part of that. `None` if it is nested too
    /// deeply.
    pub fn include_in(&self, own: &mut Extent) -> Option<()> {
        match self {
            Self::Null | Self::Bool(_) | Self::Number(_) => own.include_text(""),
            Self::Text(text) => own.include_text(text.as_str()),
            Self::Json(json) => own.include_value(&json.value)?,
            Self::Blob(..) | Self::RemoteBlob(..) => own.include(Extent::BLOB),
            Self::Object(_) | Self::Signature(_) => {}
        }
        Some(())
    }
}

impl Draft {
    /// Measures the object without its member objects.
    ///
    /// # Errors
    ///
    /// The key of a value that is nested too deeply.
    pub fn measure(&self) -> Result<Extent, &str> {
        let mut own = Extent::NODE;
        own.include_text(&self.typename);
        for (key, field) in &self.fields {
            own.include_text(key);
            field.include_in(&mut own).ok_or(&**key)?;
        }
        Ok(own)
    }

    /// About how much memory the object takes if nobody else has its keys and its typename.
    pub fn weight(&self) -> u64 {
        let keys = weight::of_keys(self.fields.iter().map(|(key, _)| &**key));
        let shared = weight::of_key(&self.typename).saturating_add(keys);
        weight::of_fields(self.fields.iter().map(|(_, field)| field)).saturating_add(shared)
    }

    /// Sets fields, whatever their keys held.
    pub fn lay_over(&mut self, fields: Vec<(Box<str>, Field)>) {
        self.fields.extend(fields);
        // Stable: of two fields with one key, the second is the new one.
        self.fields.sort_by(|(one, _), (other, _)| one.cmp(other));
        self.fields.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                std::mem::swap(next, kept);
            }
            same
        });
    }
}

impl Record {
    /// Makes a record of a draft; the typename is shared with others of the type.
    pub fn new(draft: Draft, typename: Arc<str>, lists: &mut KeyLists) -> Self {
        let Draft { typename: _, instance, signature, timestamp, transient, global, own, whole, fields } = draft;
        let (keys, values): (Vec<_>, Vec<_>) = fields.into_iter().unzip();
        let fields = Fields { keys: lists.intern(keys), values: values.into() };
        Self { typename, instance, signature, timestamp, transient, global, own, whole, fields }
    }

    /// A draft of an equal object.
    pub fn to_draft(&self) -> Draft {
        let Self { typename, instance, signature, timestamp, transient, global, own, whole, fields } = self;
        Draft {
            typename: typename.as_ref().to_owned(),
            instance: *instance,
            signature: *signature,
            timestamp: *timestamp,
            transient: *transient,
            global: *global,
            own: *own,
            whole: *whole,
            fields: fields.keys.iter().cloned().zip(fields.values.iter().cloned()).collect(),
        }
    }

    /// Gives back what is shared.
    pub fn release(self, lists: &mut KeyLists) {
        lists.release(self.fields.keys);
    }

    /// The fields that have no place of their own in the record, in byte order of their keys.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &Field)> {
        self.fields.keys.iter().map(|key| &**key).zip(&self.fields.values)
    }

    /// The keys of those fields, in byte order. Records with the same keys have the same list of them.
    pub fn keys(&self) -> &[Box<str>] {
        &self.fields.keys
    }

    /// About how much memory it takes, without what it shares with others.
    pub fn weight(&self) -> u64 {
        weight::of_fields(self.fields.values.iter())
    }

    /// Every link, in the order of the keys; the same one may come up several times.
    pub fn links(&self) -> impl Iterator<Item = Link> {
        self.fields.values.iter().filter_map(Field::link)
    }

    /// What a key holds, if it has no place of its own in the record.
    pub fn field(&self, key: &str) -> Option<&Field> {
        self.fields.values.get(self.position(key).ok()?)
    }

    /// Sets a text; whatever the key held must not be a link. `None` if the object would be too large to be read then.
    #[must_use]
    pub fn set_text(&mut self, key: &str, text: &str, lists: &mut KeyLists) -> Option<()> {
        let mut own = self.own;
        if let Some(Field::Text(before)) = self.field(key) {
            own.exclude_text(before.as_str());
        }
        own.include_text(text);
        if !own.fits() {
            return None;
        }
        self.own = own;
        let field = Field::Text(Text::from(text));
        match self.position(key) {
            Ok(at) => {
                if let Some(held) = self.fields.values.get_mut(at) {
                    *held = field;
                }
            }
            Err(at) => self.rearrange(lists, |fields| fields.insert(at, (key.into(), field))),
        }
        Some(())
    }

    /// Removes a field; it must not be a link. `None` if it is not there.
    pub fn remove(&mut self, key: &str, lists: &mut KeyLists) -> Option<()> {
        let at = self.position(key).ok()?;
        if let Some(Field::Text(text)) = self.fields.values.get(at) {
            self.own.exclude_text(text.as_str());
        }
        self.rearrange(lists, |fields| drop(fields.remove(at)));
        Some(())
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
