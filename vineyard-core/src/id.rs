//! Identifiers: newtypes with the text forms and the bit layout of the wire protocol.
//!
//! One counter of the server feeds object ids, signatures and session ids:
//!
//! ```text
//! bit  63      blob flag
//! bits 62..22  milliseconds since 1970, low 41 bits
//! bits 21..12  low 10 bits of the instance id (0 for blobs and sessions)
//! bits 11..0   sequence number
//! ```
//!
//! Clients treat ids as opaque, apart from the blob flag.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::protocol::lax;

const BLOB_BIT: u64 = 1 << 63;
const TIME_MASK: u64 = (1 << 41) - 1;
const INSTANCE_MASK: u64 = (1 << 10) - 1;
const SEQUENCE_MASK: u64 = (1 << 12) - 1;

/// An id in its text form that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {kind}: expected a letter and up to 16 hexadecimal digits")]
pub struct ParseIdError {
    kind: &'static str,
    text: String,
}

/// Reads the text form of an id: one character, whatever it is, then hexadecimal digits.
fn parse_hex(kind: &'static str, text: &str) -> Result<u64, ParseIdError> {
    let error = || ParseIdError { kind, text: text.chars().take(40).collect() };
    let mut chars = text.chars();
    chars.next().ok_or_else(error)?;
    let digits = chars.as_str();
    let plain = (1..=16).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_hexdigit());
    if !plain {
        return Err(error());
    }
    u64::from_str_radix(digits, 16).map_err(|_| error())
}

/// Packs time, instance and sequence number as the reference lays ids out.
fn pack(millis: u64, instance: u64, sequence: u64) -> u64 {
    ((millis & TIME_MASK) << 22) | ((instance & INSTANCE_MASK) << 12) | (sequence & SEQUENCE_MASK)
}

macro_rules! u64_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u64);

        impl $name {
            /// Wraps the number that stands for this id on the wire.
            pub const fn from_raw(raw: u64) -> Self {
                Self(raw)
            }

            /// The number that stands for this id on the wire.
            pub const fn as_raw(self) -> u64 {
                self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_u64(self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                lax::u64(deserializer).map(Self)
            }
        }
    };
}

u64_id! {
    /// Names an object or a blob. Text form `o` and 16 hexadecimal digits; a number in messages.
    ///
    /// Never reused by a server, also not by its next incarnation.
    ///
    /// ```
    /// use vineyard_core::ObjectId;
    /// let id: ObjectId = "o8000000000000000".parse()?;
    /// assert!(id.is_blob());
    /// assert_eq!(id, ObjectId::EMPTY_BLOB);
    /// assert_eq!(id.to_string(), "o8000000000000000");
    /// # Ok::<(), vineyard_core::ParseIdError>(())
    /// ```
    ObjectId
}

u64_id! {
    /// Identity of a logical object, kept when it is migrated or copied. Text form `s` and 16 hexadecimal digits.
    Signature
}

u64_id! {
    /// One server of a cluster: a small counter, not always 0. Text form `i` and the decimal number.
    InstanceId
}

impl ObjectId {
    /// Stands for "no object"; numerically the same as [`PLACEHOLDER_BLOB`](Self::PLACEHOLDER_BLOB).
    pub const INVALID: Self = Self(u64::MAX);
    /// Stands for every blob of zero bytes.
    pub const EMPTY_BLOB: Self = Self(BLOB_BIT);
    /// Clients ask for this id to force a metadata sync; it cannot be deleted.
    pub const PLACEHOLDER_BLOB: Self = Self(u64::MAX);

    /// Whether this id names a blob (bit 63).
    pub const fn is_blob(self) -> bool {
        self.0 & BLOB_BIT != 0
    }

    /// Lays out the id of an object; `millis` since 1970, of which 41 bits are kept.
    pub fn object(millis: u64, instance: InstanceId, sequence: u64) -> Self {
        Self(pack(millis, instance.0, sequence))
    }

    /// Lays out the id of a blob. Blob ids carry no instance.
    pub fn blob(millis: u64, sequence: u64) -> Self {
        Self(BLOB_BIT | pack(millis, 0, sequence))
    }
}

impl Signature {
    /// Stands for "no signature".
    pub const INVALID: Self = Self(u64::MAX);

    /// Lays out a signature like an object id.
    pub fn new(millis: u64, instance: InstanceId, sequence: u64) -> Self {
        Self(pack(millis, instance.0, sequence))
    }
}

impl InstanceId {
    /// The instance of an object whose members live on several instances.
    pub const UNSPECIFIED: Self = Self(u64::MAX);
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "o{:016x}", self.0)
    }
}

impl FromStr for ObjectId {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        parse_hex("an object id", text).map(Self)
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s{:016x}", self.0)
    }
}

impl FromStr for Signature {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        parse_hex("a signature", text).map(Self)
    }
}

impl fmt::Display for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "i{}", self.0)
    }
}

/// Names a session: an isolated context of one server. 0 is the root session. Text form `S` and 16 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(i64);

impl SessionId {
    /// The session that exists from the start.
    pub const ROOT: Self = Self(0);

    /// Wraps the number that stands for this session on the wire.
    pub const fn from_raw(raw: i64) -> Self {
        Self(raw)
    }

    /// The number that stands for this session on the wire.
    pub const fn as_raw(self) -> i64 {
        self.0
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "S{:016x}", self.0)
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for SessionId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0)
    }
}

impl<'de> Deserialize<'de> for SessionId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        lax::i64(deserializer).map(Self)
    }
}

/// Serialises an [`ObjectId`] in its text form, as metadata trees carry it.
pub mod text {
    use super::ObjectId;
    use serde::{Deserialize, Deserializer, Serializer, de::Error as _, ser::Error as _};
    use std::borrow::Cow;

    /// Writes `o` and 16 hexadecimal digits. A listing writes several for each object, so they are not formatted one by
    /// one.
    pub fn serialize<S: Serializer>(id: &ObjectId, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = *b"o0000000000000000";
        let nibbles = (0..16).rev().map(|place| id.as_raw() >> (4 * place) & 0xf);
        for (digit, nibble) in text.iter_mut().skip(1).zip(nibbles) {
            *digit = char::from_digit(nibble as u32, 16).map_or(b'0', |digit| digit as u8);
        }
        serializer.serialize_str(std::str::from_utf8(&text).map_err(S::Error::custom)?)
    }

    /// Reads the text form; anything else is an error naming what was found.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ObjectId, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_forms_are_those_of_the_protocol() {
        assert_eq!(ObjectId::from_raw(7530197251503685634).to_string(), "o6880a280e8800002");
        assert_eq!(Signature::from_raw(1).to_string(), "s0000000000000001");
        assert_eq!(InstanceId::from_raw(7).to_string(), "i7");
        assert_eq!(SessionId::from_raw(77).to_string(), "S000000000000004d");
    }

    proptest! {
        #[test]
        fn ids_are_written_as_they_are_shown(raw: u64) {
            let id = ObjectId::from_raw(raw);
            let written = text::serialize(&id, serde_json::value::Serializer).expect("text");
            prop_assert_eq!(written, id.to_string());
        }
    }

    #[test]
    fn recorded_ids_carry_time_instance_and_sequence() {
        // A recorded blob and object of instance 0, made in the same two milliseconds.
        let blob: ObjectId = "oe880a280e8000000".parse().expect("recorded id");
        let object: ObjectId = "o6880a280e8800002".parse().expect("recorded id");
        let millis = (object.as_raw() >> 22) & TIME_MASK;
        assert_eq!(object, ObjectId::object(millis, InstanceId::from_raw(0), 2));
        assert_eq!(blob, ObjectId::blob(millis - 2, 0));
        assert!(blob.is_blob() && !object.is_blob());
    }

    #[test]
    fn broken_text_is_refused() {
        for text in ["", "o", "o+1", "oxyz", "o00000000000000001", "o 1"] {
            assert!(text.parse::<ObjectId>().is_err(), "{text:?} was accepted");
        }
    }

    proptest! {
        #[test]
        fn text_round_trips(raw: u64) {
            let id = ObjectId::from_raw(raw);
            prop_assert_eq!(id.to_string().parse::<ObjectId>(), Ok(id));
        }

        #[test]
        fn layout_keeps_kinds_apart(millis: u64, instance: u64, sequence: u64) {
            let instance = InstanceId::from_raw(instance);
            prop_assert!(ObjectId::blob(millis, sequence).is_blob());
            prop_assert!(!ObjectId::object(millis, instance, sequence).is_blob());
        }
    }
}
