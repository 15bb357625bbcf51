//! How much memory an object takes, with its places in all indexes: an estimate on the safe side.

use serde_json::Value;

use super::record::Field;

/// A record without its fields, and its places in the indexes.
const RECORD_BYTES: u64 = 256;

/// A field of a record.
const FIELD_BYTES: u64 = 24;

/// What a link takes besides: the edge by which the member knows its parent.
const EDGE_BYTES: u64 = 32;

/// What an allocation costs besides its bytes.
const ALLOCATION_BYTES: u64 = 24;

/// A plain value.
const VALUE_BYTES: u64 = 32;

/// Place for the entries of a JSON object: one node, which is half full at least unless it is alone.
const NODE_BYTES: u64 = 640;
const NODE_ENTRIES: u64 = 5;

/// What a key or a typename that nobody else uses costs besides its bytes.
const KEY_BYTES: u64 = 40;

/// What a name costs besides its bytes.
const NAME_BYTES: u64 = 88;

/// An object that has these fields; keys and the typename are shared with others.
pub(super) fn of_fields<'a>(fields: impl Iterator<Item = &'a Field>) -> u64 {
    fields.fold(RECORD_BYTES, |sum, field| sum.saturating_add(of_field(field)))
}

fn of_field(field: &Field) -> u64 {
    let beside = match field {
        Field::Null | Field::Bool(_) | Field::Number(_) => 0,
        Field::Text(text) => of_text(text.as_str()),
        Field::Json(json) => json.weight,
        Field::Object(_) | Field::Signature(_) | Field::Blob(..) | Field::RemoteBlob(..) => EDGE_BYTES,
    };
    beside.saturating_add(FIELD_BYTES)
}

/// A text of a field, besides the field itself.
pub(super) fn of_text(text: &str) -> u64 {
    // Short ones lie in the field.
    if text.len() <= super::text::SHORT_BYTES { 0 } else { length(text.len()).saturating_add(ALLOCATION_BYTES) }
}

/// A key or a typename.
pub(super) fn of_key(key: &str) -> u64 {
    length(key.len()).saturating_add(KEY_BYTES)
}

/// A list of keys.
pub(super) fn of_keys<'a>(keys: impl Iterator<Item = &'a str>) -> u64 {
    keys.map(of_key).fold(KEY_BYTES, u64::saturating_add)
}

/// A name.
pub(super) fn of_name(name: &str) -> u64 {
    length(name.len()).saturating_add(NAME_BYTES)
}

/// A plain value. Its nesting is bounded by that of messages.
pub(super) fn of_value(value: &Value) -> u64 {
    let beside = match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => length(text.len()).saturating_add(ALLOCATION_BYTES),
        Value::Array(items) => items.iter().map(of_value).fold(ALLOCATION_BYTES, u64::saturating_add),
        Value::Object(items) => {
            let nodes = length(items.len()).div_ceil(NODE_ENTRIES).saturating_mul(NODE_BYTES);
            items.iter().fold(nodes, |sum, (key, value)| {
                let key = length(key.len()).saturating_add(ALLOCATION_BYTES);
                sum.saturating_add(key).saturating_add(of_value(value))
            })
        }
    };
    beside.saturating_add(VALUE_BYTES)
}

fn length(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
