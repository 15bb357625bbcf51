//! The text of published state, as the reference writes it into stores of keys and values.
//!
//! | key | value |
//! |---|---|
//! | `/data/<object>` | a JSON object with all fields |
//! | `/data/<object>/<field>` | the value of one field |
//! | `/signatures/<instance>/<signature>` | the object, as JSON text |
//! | `/names/<name>` | the object, as a number |
//!
//! Texts among the values of fields begin with `v`, links with `l`: `lo6880a51710000005.vineyard::Tensor`,
//! `ls6880a5174800000a.vineyard::Scalar`, `loe880a51683000000.vineyard::Blob@0`. Keys are steps of a JSON pointer, so
//! that `/` in a field or a name does not make another path.

use std::fmt;
use std::str::FromStr;

use serde_json::{Map, Value};
use vineyard_core::{InstanceId, ObjectId};

use super::entry::{Entry, FieldValue, Key, Link, Target};
use crate::meta::BLOB_TYPENAME;
use crate::meta::pointer::{escape, unescape};

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Object(id) => write!(f, "/data/{id}"),
            Self::Field(id, key) => write!(f, "/data/{id}/{}", escape(key)),
            Self::Signature(signature, instance) => write!(f, "/signatures/{instance}/{signature}"),
            Self::Name(name) => write!(f, "/names/{}", escape(name)),
        }
    }
}

impl Key {
    /// Reads a key. `None` for keys that are not about metadata, and for those that nobody writes.
    pub fn parse(text: &str) -> Option<Self> {
        let (branch, rest) = text.strip_prefix('/')?.split_once('/')?;
        match branch {
            "data" => match rest.split_once('/') {
                Some((id, field)) => Some(Self::Field(object_id(id)?, unescape(field)?)),
                None => Some(Self::Object(object_id(rest)?)),
            },
            "signatures" => {
                let (instance, signature) = rest.split_once('/')?;
                let instance = InstanceId::from_raw(instance.strip_prefix('i')?.parse().ok()?);
                Some(Self::Signature(canonical(signature)?, instance))
            }
            "names" => Some(Self::Name(unescape(rest)?)),
            _ => None,
        }
    }
}

impl Entry {
    /// The text of what the key holds.
    pub fn value(&self) -> String {
        match self {
            Self::Object { fields, .. } => {
                let fields: Map<String, Value> =
                    fields.iter().map(|(key, value)| (key.clone(), value.to_json())).collect();
                Value::Object(fields).to_string()
            }
            Self::Field { value, .. } => value.to_json().to_string(),
            Self::Signature { id, .. } => Value::String(id.to_string()).to_string(),
            Self::Name { id, .. } => id.as_raw().to_string(),
        }
    }

    /// Reads a key and what it holds. `None` for what is not metadata and what cannot be kept.
    pub fn parse(key: &str, value: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(value).ok()?;
        let entry = match Key::parse(key)? {
            Key::Object(id) => {
                let Value::Object(fields) = value else { return None };
                let fields = fields.into_iter().map(|(key, value)| Some((key, FieldValue::from_json(value)?)));
                Self::Object { id, fields: fields.collect::<Option<_>>()? }
            }
            Key::Field(id, key) => Self::Field { id, key, value: FieldValue::from_json(value)? },
            Key::Signature(signature, instance) => {
                Self::Signature { signature, instance, id: object_id(value.as_str()?)? }
            }
            Key::Name(name) => Self::Name { name, id: ObjectId::from_raw(value.as_u64()?) },
        };
        entry.check().ok()?;
        Some(entry)
    }
}

impl FieldValue {
    fn to_json(&self) -> Value {
        match self {
            Self::Plain(Value::String(text)) => Value::String(format!("v{text}")),
            Self::Plain(value) => value.clone(),
            Self::Link(link) => Value::String(format!("l{link}")),
        }
    }

    fn from_json(value: Value) -> Option<Self> {
        let Value::String(text) = value else { return Some(Self::Plain(value)) };
        if let Some(link) = text.strip_prefix('l') {
            return Link::parse(link).map(Self::Link);
        }
        Some(Self::Plain(text.strip_prefix('v')?.into()))
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.target {
            Target::Object(id) => write!(f, "{id}.{}", self.typename),
            Target::Signature(signature) => write!(f, "{signature}.{}", self.typename),
            Target::Blob(id, instance) => write!(f, "{id}.{BLOB_TYPENAME}@{}", instance.as_raw()),
        }
    }
}

impl Link {
    /// A link to a target of a type, whose parameters are left out.
    pub fn new(target: Target, typename: &str) -> Self {
        let name = typename.split_once('<').map_or(typename, |(name, _)| name);
        Self { target, typename: name.to_owned() }
    }

    /// Reads a link. The target ends at the first `.`: typenames may have others.
    fn parse(text: &str) -> Option<Self> {
        let (target, typename) = text.split_once('.')?;
        if target.starts_with('s') {
            return Some(Self { target: Target::Signature(canonical(target)?), typename: typename.to_owned() });
        }
        let id: ObjectId = canonical(target)?;
        if !id.is_blob() {
            return Some(Self { target: Target::Object(id), typename: typename.to_owned() });
        }
        let (typename, instance) = typename.rsplit_once('@')?;
        let instance = InstanceId::from_raw(instance.parse().ok()?);
        (typename == BLOB_TYPENAME).then(|| Self { target: Target::Blob(id, instance), typename: typename.to_owned() })
    }
}

/// Reads the id of an object.
fn object_id(text: &str) -> Option<ObjectId> {
    canonical(text).filter(|id: &ObjectId| !id.is_blob())
}

/// Reads an id that is written the one way we write it.
fn canonical<T: FromStr + fmt::Display>(text: &str) -> Option<T> {
    let id: T = text.parse().ok()?;
    (id.to_string() == text).then_some(id)
}
