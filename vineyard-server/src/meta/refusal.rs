//! What the refusals of this module have in common.

use serde_json::Value;
use vineyard_core::{ObjectId, ServerError, StatusCode};

/// A refusal with a code of the protocol.
pub(super) fn error(code: StatusCode, message: impl Into<String>) -> ServerError {
    ServerError::new(code, message)
}

/// Code 21: metadata that cannot be stored.
pub(super) fn invalid(message: impl Into<String>) -> ServerError {
    error(StatusCode::MetaTreeInvalid, message)
}

/// Code 27: there is no such object.
pub(super) fn absent(id: ObjectId) -> ServerError {
    error(StatusCode::MetaTreeSubtreeNotExists, format!("there is no object {id}"))
}

/// The beginning of a text from a peer, for messages.
pub(super) fn short(text: &str) -> String {
    text.chars().take(80).collect()
}

/// An integer of 64 bits; -1 stands for 2^64-1, as everywhere in the protocol.
pub(super) fn integer(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64().or_else(|| number.as_i64().map(i64::cast_unsigned)),
        _ => None,
    }
}
