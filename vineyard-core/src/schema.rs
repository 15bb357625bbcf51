//! What an object of a type consists of, field by field.

use serde::Serialize;

use crate::object::Object;
use crate::typename::TypeName;

/// The metadata schema of a type: its name, and each stored field in the order of the struct.
///
/// ```
/// use vineyard_core::{Array, FieldKind, Object};
/// #[derive(Object)]
/// #[object(typename = "example::Points")]
/// struct Points {
///     scale: f64,
///     xs: Array<f64>,
/// }
/// let schema = Points::schema();
/// assert_eq!(schema.typename.as_str(), "example::Points");
/// assert_eq!(schema.fields[1].kind, FieldKind::Payload);
/// assert_eq!(schema.fields[1].type_name.as_str(), "Array<double>");
/// println!("{}", serde_json::to_string_pretty(&schema)?);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Schema {
    /// The type's stable name.
    pub typename: TypeName,
    /// Counts changes that older readers cannot read.
    pub version: u32,
    /// The stored fields.
    pub fields: Vec<FieldSchema>,
}

impl Schema {
    /// The schema of `T` with these fields.
    pub fn new<T: Object>(version: u32, fields: Vec<FieldSchema>) -> Self {
        Self { typename: T::typename(), version, fields }
    }
}

/// One stored field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FieldSchema {
    /// The metadata key.
    pub key: String,
    /// How the field is stored.
    pub kind: FieldKind,
    /// What the field holds.
    #[serde(rename = "type")]
    pub type_name: TypeName,
    /// Whether the key may be missing.
    pub optional: bool,
}

impl FieldSchema {
    /// A field that is always there.
    pub fn new(key: impl Into<String>, kind: FieldKind, type_name: TypeName) -> Self {
        Self { key: key.into(), kind, type_name, optional: false }
    }
}

/// How a field is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FieldKind {
    /// A plain JSON value in the metadata.
    Value,
    /// JSON text inside a string of the metadata.
    Json,
    /// Bytes in shared memory.
    Payload,
    /// Another object.
    Member,
    /// Several payloads or members under numbered keys.
    List,
    /// Several payloads or members under numbered keys, each with a key of its own.
    Map,
    /// Nothing is stored.
    Nothing,
}
