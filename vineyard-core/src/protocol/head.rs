//! What a message is, read before all else of it: keys come in any order, and the rest is read once it is known as what.

use std::borrow::Cow;
use std::fmt;

use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::{DecodeError, ErrorReply};

/// The value of a `type`, if it is text. What is left is skipped, not kept.
struct Kind<'a>(Option<Cow<'a, str>>);

impl<'de: 'a, 'a> Deserialize<'de> for Kind<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KindVisitor;
        impl<'de> Visitor<'de> for KindVisitor {
            type Value = Kind<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("anything")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Kind(Some(Cow::Borrowed(text))))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Kind(Some(Cow::Owned(text.to_owned()))))
            }

            fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
                Ok(Kind(None))
            }

            fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
                Ok(Kind(None))
            }

            fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
                Ok(Kind(None))
            }

            fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
                Ok(Kind(None))
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Kind(None))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
                while items.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Kind(None))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
                while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Kind(None))
            }
        }
        deserializer.deserialize_any(KindVisitor)
    }
}

/// The `type` of a message, after everything that is not an ordinary message was sorted out.
pub(super) fn message_type(body: &[u8]) -> Result<Cow<'_, str>, DecodeError> {
    #[derive(Deserialize)]
    struct Head<'a> {
        #[serde(rename = "type", borrow, default)]
        message_type: Option<Kind<'a>>,
        #[serde(default)]
        code: Option<IgnoredAny>,
    }
    // A struct could also be read from a JSON array, which is not a message.
    if body.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        return Err(DecodeError::NotAnObject(None));
    }
    let head: Head<'_> = serde_json::from_slice(body).map_err(|error| DecodeError::NotAnObject(Some(error)))?;
    if head.code.is_some() {
        let reply: ErrorReply =
            serde_json::from_slice(body).map_err(|cause| DecodeError::Field { message_type: "error", cause })?;
        return Err(DecodeError::Peer(reply.into()));
    }
    match head.message_type {
        Some(Kind(Some(text))) => Ok(text),
        _ => Err(DecodeError::NoType),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_is_found_wherever_and_however_it_stands() {
        for body in [r#"{"type":"a\\b"}"#, r#"{"content":{"type":"x","code":1},"type":"a\u005cb"}"#] {
            assert_eq!(message_type(body.as_bytes()).ok().as_deref(), Some(r"a\b"), "{body}");
        }
    }
}
