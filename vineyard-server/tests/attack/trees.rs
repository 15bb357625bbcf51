//! Metadata that a hostile client sends.

use serde_json::{Map, Value, json};

use super::choices::Choices;
use super::values::{self, INSTANCE, Known};

/// Deepest nesting of members.
const DEPTH: usize = 4;

fn text_id(id: u64) -> Value {
    json!(format!("o{id:016x}"))
}

/// A tree, mostly one that can be stored.
pub fn tree(choices: &mut Choices<'_>, known: &Known) -> Value {
    let mut path = Vec::new();
    object(choices, known, &mut path)
}

fn object(choices: &mut Choices<'_>, known: &Known, path: &mut Vec<u64>) -> Value {
    let mut fields = Map::new();
    let mut put = |key: &str, value: Value| drop(fields.insert(key.to_owned(), value));
    match choices.below(32) {
        15 => {}
        14 => put("typename", values::absurd(choices)),
        13 => put("typename", json!(values::text(choices))),
        other => put("typename", json!(["T", "U<a.b>", "vineyard::Tensor<int64>"][other % 3])),
    }
    match choices.below(48) {
        15 => {}
        14 => put("instance_id", values::absurd(choices)),
        13 => put("instance_id", json!(choices.below(8))),
        _ => put("instance_id", json!(INSTANCE)),
    }
    match choices.below(24) {
        11 => put("global", values::absurd(choices)),
        9 | 10 => put("global", json!(true)),
        8 => put("global", json!(false)),
        _ => {}
    }
    match choices.below(24) {
        11 => put("signature", values::absurd(choices)),
        // Few, so that several objects claim the same.
        9 | 10 => put("signature", json!(1 + choices.below(3))),
        8 => put("transient", json!(false)),
        7 => put("__timestamp", values::absurd(choices)),
        6 => put("id", values::absurd(choices)),
        _ => {}
    }
    for _ in 0..choices.below(4) {
        let key = if choices.once_in(3) { values::text(choices) } else { "field".to_owned() };
        put(&key, values::absurd(choices));
    }
    for number in 0..choices.below(4) {
        put(&format!("member{number}"), member(choices, known, path));
    }
    Value::Object(fields)
}

fn member(choices: &mut Choices<'_>, known: &Known, path: &mut Vec<u64>) -> Value {
    match choices.below(20) {
        0..=4 => {
            let instance = if choices.once_in(12) { choices.below(8) as u64 } else { INSTANCE };
            json!({"id": text_id(known.blob(choices)), "typename": "vineyard::Blob", "instance_id": instance})
        }
        10..=13 => json!({"id": text_id(known.object(choices))}),
        6 => json!({"id": text_id(known.id(choices)), "typename": "vineyard::Blob"}),
        7 => json!({"id": values::absurd(choices)}),
        8 => values::absurd(choices),
        // Of what it is a part itself.
        9 if !path.is_empty() => {
            let id = path[choices.below(path.len())];
            json!({"id": text_id(id), "typename": "T", "instance_id": INSTANCE})
        }
        _ if path.len() < DEPTH => {
            let id = known.object(choices);
            path.push(id);
            let mut inner = object(choices, known, path);
            path.pop();
            if let Value::Object(fields) = &mut inner {
                fields.insert("id".to_owned(), text_id(id));
            }
            inner
        }
        _ => json!({}),
    }
}
