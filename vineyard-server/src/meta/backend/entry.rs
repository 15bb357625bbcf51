//! The keys of published state and what they hold, as values. Their text is in `form`.

use std::collections::BTreeMap;

use serde_json::Value;
use vineyard_core::{InstanceId, ObjectId, Signature};

use crate::meta::extent::Extent;
use crate::meta::refusal::integer;

/// Names a piece of published state. Displayed as the path that it has in stores of keys and values.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// An object, with all its fields.
    Object(ObjectId),
    /// One field of an object.
    Field(ObjectId, String),
    /// Who carries a signature on an instance.
    Signature(Signature, InstanceId),
    /// A name.
    Name(String),
}

/// A key with what it holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Entry {
    /// An object. Replaces whatever fields it had.
    Object {
        /// The object.
        id: ObjectId,
        /// All its fields but `id`.
        fields: Fields,
    },
    /// One field of an object, beside those that it has.
    Field {
        /// The object. It need not be there: fields without `typename` and `instance_id` wait for these.
        id: ObjectId,
        /// The key of the field.
        key: String,
        /// What it holds.
        value: FieldValue,
    },
    /// An object carries a signature on an instance; links of global objects go by it.
    Signature {
        /// The signature.
        signature: Signature,
        /// The instance.
        instance: InstanceId,
        /// The object.
        id: ObjectId,
    },
    /// An object has a name.
    Name {
        /// The name.
        name: String,
        /// The object.
        id: ObjectId,
    },
}

/// The fields of an object by key.
pub type Fields = BTreeMap<String, FieldValue>;

/// What a field holds.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldValue {
    /// Text, a number, a boolean, an array or null; never an object.
    Plain(Value),
    /// A member.
    Link(Link),
}

/// A member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// What it leads to.
    pub target: Target,
    /// The typename of the target without its parameters; empty if that is not known. For people and other
    /// implementations: we go by the target's own.
    pub typename: String,
}

/// What a link leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// An object.
    Object(ObjectId),
    /// Whichever object carries the signature.
    Signature(Signature),
    /// A blob of an instance.
    Blob(ObjectId, InstanceId),
}

impl Entry {
    /// The key.
    pub fn key(&self) -> Key {
        match self {
            Self::Object { id, .. } => Key::Object(*id),
            Self::Field { id, key, .. } => Key::Field(*id, key.clone()),
            Self::Signature { signature, instance, .. } => Key::Signature(*signature, *instance),
            Self::Name { name, .. } => Key::Name(name.clone()),
        }
    }

    /// Whether this can be kept: what is said of an object must not contradict its being one.
    ///
    /// # Errors
    ///
    /// What is wrong, to follow the key in a sentence.
    pub fn check(&self) -> Result<(), &'static str> {
        match self {
            Self::Object { id, fields } => {
                check_object(*id)?;
                fields.iter().try_for_each(|(key, value)| value.check(key))
            }
            Self::Field { id, key, value } => {
                check_object(*id)?;
                value.check(key)
            }
            Self::Signature { id, .. } | Self::Name { id, .. } => check_object(*id),
        }
    }

    /// About how many bytes this takes in memory.
    pub(super) fn weight(&self) -> u64 {
        match self {
            Self::Object { fields, .. } => {
                fields.iter().fold(ENTRY_BYTES, |sum, (key, value)| sum.saturating_add(value.weight(key)))
            }
            Self::Field { key, value, .. } => value.weight(key).saturating_add(ENTRY_BYTES),
            Self::Signature { .. } => ENTRY_BYTES,
            Self::Name { name, .. } => text_weight(name).saturating_add(ENTRY_BYTES),
        }
    }
}

impl Key {
    /// About how many bytes this takes in memory.
    pub(super) fn weight(&self) -> u64 {
        match self {
            Self::Object(_) | Self::Signature(..) => ENTRY_BYTES,
            Self::Field(_, text) | Self::Name(text) => text_weight(text).saturating_add(ENTRY_BYTES),
        }
    }

    /// The object that this belongs to.
    pub fn object(&self) -> Option<ObjectId> {
        match self {
            Self::Object(id) | Self::Field(id, _) => Some(*id),
            Self::Signature(..) | Self::Name(_) => None,
        }
    }
}

impl FieldValue {
    fn check(&self, key: &str) -> Result<(), &'static str> {
        let plain = match self {
            Self::Plain(value) => Some(value),
            Self::Link(_) => None,
        };
        let fits = match key {
            "id" => return Err("has a field `id`, which is not stored"),
            "typename" => plain.is_some_and(Value::is_string),
            "instance_id" => plain.and_then(integer).is_some(),
            "signature" => plain.is_some_and(|value| value.is_null() || integer(value).is_some()),
            "__timestamp" => plain.and_then(Value::as_u64).is_some(),
            "global" | "transient" => plain.is_some_and(Value::is_boolean),
            "__name" | "__labels" => plain.is_some(),
            _ => true,
        };
        if !fits {
            return Err("has a value of the wrong kind under a key of the protocol");
        }
        match plain {
            Some(Value::Object(_)) => Err("has a JSON object as a plain value"),
            Some(value) => {
                let mut extent = Extent::NODE;
                extent.include_value(value).ok_or("has a value that is nested too deeply")
            }
            None => Ok(()),
        }
    }

    fn weight(&self, key: &str) -> u64 {
        let mut extent = Extent { depth: 1, nodes: 1, bytes: text_weight(key) };
        match self {
            // What is nested too deeply is refused before it is kept.
            Self::Plain(value) => extent.include_value(value).unwrap_or_default(),
            Self::Link(link) => extent.include_text(&link.typename),
        }
        extent.bytes
    }
}

/// Bytes of an entry beside its texts.
const ENTRY_BYTES: u64 = 64;

fn text_weight(text: &str) -> u64 {
    u64::try_from(text.len()).unwrap_or(u64::MAX).saturating_add(ENTRY_BYTES)
}

fn check_object(id: ObjectId) -> Result<(), &'static str> {
    if id.is_blob() { Err("is about a blob, expected an object") } else { Ok(()) }
}
