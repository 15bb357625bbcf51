//! What an object of a type consists of, field by field.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::blob::Element;
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
/// assert_eq!(schema.fields[1].element.map(|element| element.size), Some(8));
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

    /// The text that the fingerprint is taken of: JSON, with the fields in the order of their keys.
    pub fn canonical_text(&self) -> String {
        let mut sorted = self.clone();
        sorted.fields.sort_by(|a, b| a.key.cmp(&b.key));
        serde_json::to_string(&sorted).unwrap_or_else(|error| unreachable!("names and numbers are JSON: {error}"))
    }

    /// Tells this schema from every other. The hash is FNV-1a of 64 bits over the canonical text
    /// (Fowler, Noll and Vo, <http://www.isthe.com/chongo/tech/comp/fnv/>).
    pub fn fingerprint(&self) -> Fingerprint {
        let hash = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        Fingerprint(self.canonical_text().bytes().fold(0xcbf2_9ce4_8422_2325, hash))
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
    /// How elements lie in memory, if this is an array.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub element: Option<ElementLayout>,
}

impl FieldSchema {
    /// A field that is always there.
    pub fn new(key: impl Into<String>, kind: FieldKind, type_name: TypeName) -> Self {
        Self { key: key.into(), kind, type_name, optional: false, element: None }
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

/// How the elements of an array lie in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ElementLayout {
    /// Bytes of one element.
    pub size: usize,
    /// Multiple of which an element starts at.
    pub align: usize,
    /// Whether it is a struct of some program, and not a number that everybody knows.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub user_defined: bool,
}

impl ElementLayout {
    /// The layout of `T` in this program.
    pub fn of<T: Element>() -> Self {
        Self { size: size_of::<T>(), align: align_of::<T>(), user_defined: T::USER_DEFINED }
    }
}

/// Stands for a [`Schema`]; stored with every object. Text form: 16 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(u64);

impl Fingerprint {
    /// Wraps the number.
    pub const fn from_raw(raw: u64) -> Self {
        Self(raw)
    }

    /// The number.
    pub const fn as_raw(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// What an object says about the schema it was written with: `version:fingerprint` under the key `__schema`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SchemaStamp {
    /// The version of the type.
    pub version: u32,
    /// The schema.
    pub fingerprint: Fingerprint,
}

impl SchemaStamp {
    /// The key it is stored under. Other languages ignore it.
    pub const KEY: &'static str = "__schema";

    /// Reads the text form; `None` if it is something else.
    ///
    /// ```
    /// use vineyard_core::SchemaStamp;
    /// let stamp = SchemaStamp::parse("2:00000000deadbeef").expect("a stamp");
    /// assert_eq!((stamp.version, stamp.fingerprint.as_raw()), (2, 0xdead_beef));
    /// assert_eq!(stamp.to_string(), "2:00000000deadbeef");
    /// assert_eq!(SchemaStamp::parse("2"), None);
    /// ```
    pub fn parse(text: &str) -> Option<Self> {
        let (version, fingerprint) = text.split_once(':')?;
        let digits = fingerprint.len() == 16 && fingerprint.bytes().all(|byte| byte.is_ascii_hexdigit());
        let fingerprint = digits.then(|| u64::from_str_radix(fingerprint, 16).ok())??;
        Some(Self { version: version.parse().ok()?, fingerprint: Fingerprint(fingerprint) })
    }
}

impl From<&Schema> for SchemaStamp {
    fn from(schema: &Schema) -> Self {
        Self { version: schema.version, fingerprint: schema.fingerprint() }
    }
}

impl fmt::Display for SchemaStamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.version, self.fingerprint)
    }
}
