//! The metadata tree as it travels: one JSON object per node, every JSON object inside it is a member.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use serde_json::Value;

use crate::id::ObjectId;

/// One node of metadata: plain values and members by key.
///
/// Immutable once shared; cloning a member is one reference count.
///
/// ```
/// use vineyard_core::meta::MetaTree;
/// let tree: MetaTree = serde_json::from_str(r#"{"typename":"T","m":{"id":"o0000000000000001"}}"#)?;
/// assert_eq!(tree.typename(), Some("T"));
/// assert_eq!(tree.member("m").and_then(|m| m.id()), Some("o0000000000000001".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default, PartialEq)]
pub struct MetaTree {
    fields: BTreeMap<String, MetaField>,
}

/// What a key of a [`MetaTree`] holds.
#[derive(Debug, Clone, PartialEq)]
pub enum MetaField {
    /// A plain value: text, number, boolean, array or null.
    Value(Value),
    /// A nested node.
    Member(Arc<MetaTree>),
}

impl MetaTree {
    /// A node without fields.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a plain value; a JSON object becomes a member.
    pub fn set(&mut self, key: impl Into<String>, value: impl Into<Value>) {
        self.fields.insert(key.into(), MetaField::from_value(value.into()));
    }

    /// Sets a member.
    pub fn set_member(&mut self, key: impl Into<String>, member: impl Into<Arc<Self>>) {
        self.fields.insert(key.into(), MetaField::Member(member.into()));
    }

    /// Removes a key.
    pub fn remove(&mut self, key: &str) -> Option<MetaField> {
        self.fields.remove(key)
    }

    /// What a key holds.
    pub fn field(&self, key: &str) -> Option<&MetaField> {
        self.fields.get(key)
    }

    /// The plain value under a key.
    pub fn value(&self, key: &str) -> Option<&Value> {
        match self.fields.get(key) {
            Some(MetaField::Value(value)) => Some(value),
            _ => None,
        }
    }

    /// The member under a key.
    pub fn member(&self, key: &str) -> Option<&Arc<Self>> {
        match self.fields.get(key) {
            Some(MetaField::Member(member)) => Some(member),
            _ => None,
        }
    }

    /// All fields in byte order of their keys.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &MetaField)> + Clone {
        self.fields.iter().map(|(key, field)| (key.as_str(), field))
    }

    /// All members in byte order of their keys.
    pub fn members(&self) -> impl Iterator<Item = (&str, &Arc<Self>)> {
        self.fields().filter_map(|(key, field)| match field {
            MetaField::Member(member) => Some((key, member)),
            MetaField::Value(_) => None,
        })
    }

    /// The `typename` field.
    pub fn typename(&self) -> Option<&str> {
        self.value("typename")?.as_str()
    }

    /// The `id` field, if it is a readable id.
    pub fn id(&self) -> Option<ObjectId> {
        self.value("id")?.as_str()?.parse().ok()
    }

    /// Number of fields.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether there is no field at all.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }
}

impl MetaField {
    fn from_value(value: Value) -> Self {
        match value {
            Value::Object(map) => {
                let fields = map.into_iter().map(|(key, value)| (key, Self::from_value(value))).collect();
                Self::Member(Arc::new(MetaTree { fields }))
            }
            plain => Self::Value(plain),
        }
    }
}

impl fmt::Debug for MetaTree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.fields.iter()).finish()
    }
}

impl Serialize for MetaTree {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(&self.fields)
    }
}

impl Serialize for MetaField {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Value(value) => value.serialize(serializer),
            Self::Member(member) => member.serialize(serializer),
        }
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = MetaTree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a metadata tree (a JSON object)")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<MetaTree, A::Error> {
        let mut fields = BTreeMap::new();
        while let Some((key, field)) = map.next_entry()? {
            fields.insert(key, field);
        }
        Ok(MetaTree { fields })
    }
}

impl<'de> Deserialize<'de> for MetaTree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(TreeVisitor)
    }
}

struct FieldVisitor;

impl<'de> Visitor<'de> for FieldVisitor {
    type Value = MetaField;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, v: bool) -> Result<MetaField, E> {
        Ok(MetaField::Value(v.into()))
    }

    fn visit_i64<E>(self, v: i64) -> Result<MetaField, E> {
        Ok(MetaField::Value(v.into()))
    }

    fn visit_u64<E>(self, v: u64) -> Result<MetaField, E> {
        Ok(MetaField::Value(v.into()))
    }

    fn visit_f64<E>(self, v: f64) -> Result<MetaField, E> {
        Ok(MetaField::Value(v.into()))
    }

    fn visit_str<E>(self, v: &str) -> Result<MetaField, E> {
        Ok(MetaField::Value(v.into()))
    }

    fn visit_string<E>(self, v: String) -> Result<MetaField, E> {
        Ok(MetaField::Value(v.into()))
    }

    fn visit_unit<E>(self) -> Result<MetaField, E> {
        Ok(MetaField::Value(Value::Null))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<MetaField, A::Error> {
        let mut items: Vec<Value> = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(MetaField::Value(items.into()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<MetaField, A::Error> {
        TreeVisitor.visit_map(map).map(|tree| MetaField::Member(Arc::new(tree)))
    }
}

impl<'de> Deserialize<'de> for MetaField {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FieldVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn any_json_object_round_trips() {
        let text = json!({
            "typename": "T", "n": 18446744073709551615u64, "f": 0.1, "neg": -7, "flag": true, "none": null,
            "list": [1, {"a": "b"}, []], "a/b": 1, "": {"id": "o0000000000000001", "deep": {"er": {}}},
        });
        let tree: MetaTree = serde_json::from_value(text.clone()).expect("is an object");
        assert_eq!(serde_json::to_value(&tree).expect("writes"), text);
        assert_eq!(tree.members().map(|(key, _)| key).collect::<Vec<_>>(), [""]);
    }

    #[test]
    fn other_json_is_refused() {
        for text in ["[]", "null", "5", "\"x\"", "true"] {
            assert!(serde_json::from_str::<MetaTree>(text).is_err(), "{text} was accepted");
        }
    }

    #[test]
    fn depth_is_bounded_by_the_parser() {
        let deep = "{\"m\":".repeat(100_000);
        assert!(serde_json::from_str::<MetaTree>(&deep).is_err());
    }

    #[test]
    fn setting_a_json_object_makes_a_member() {
        let mut tree = MetaTree::new();
        tree.set("m", json!({"id": "o0000000000000002"}));
        assert_eq!(tree.member("m").and_then(|m| m.id()), Some(ObjectId::from_raw(2)));
    }
}
