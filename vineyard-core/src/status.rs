//! Status codes of the wire, in one place.

use std::fmt;

macro_rules! status_codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal,)*) => {
        /// What went wrong, as the protocol numbers it. Unknown numbers are kept.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum StatusCode {
            $($(#[$doc])* $name,)*
            /// A number that this version has no name for.
            Unknown(i64),
        }

        impl StatusCode {
            /// The number on the wire.
            pub const fn as_raw(self) -> i64 {
                match self {
                    $(Self::$name => $code,)*
                    Self::Unknown(code) => code,
                }
            }

            /// Reads the number on the wire.
            pub const fn from_raw(code: i64) -> Self {
                match code {
                    $($code => Self::$name,)*
                    other => Self::Unknown(other),
                }
            }

            /// The name of the code in the protocol.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)*
                    Self::Unknown(_) => "Unknown",
                }
            }
        }
    };
}

status_codes! {
    /// Success; never sent.
    Ok = 0,
    /// The request is malformed or not allowed now.
    Invalid = 1,
    /// A key is missing.
    KeyError = 2,
    /// A value has another type.
    TypeError = 3,
    /// The operating system refused.
    IoError = 4,
    /// The peer or file ended.
    EndOfFile = 5,
    /// The server does not offer this request.
    NotImplemented = 6,
    /// A condition of the request does not hold.
    AssertionFailed = 7,
    /// The user gave something unusable.
    UserInputError = 8,
    /// The object is there already.
    ObjectExists = 11,
    /// There is no such object.
    ObjectNotExists = 12,
    /// The blob is sealed.
    ObjectSealed = 13,
    /// The blob is not sealed.
    ObjectNotSealed = 14,
    /// The object is a blob.
    ObjectIsBlob = 15,
    /// The object has another type.
    ObjectTypeError = 16,
    /// The blob is spilled.
    ObjectSpilled = 17,
    /// The blob is not spilled.
    ObjectNotSpilled = 18,
    /// The metadata tree is malformed.
    MetaTreeInvalid = 21,
    /// The type in the metadata is malformed.
    MetaTreeTypeInvalid = 22,
    /// The metadata has no type.
    MetaTreeTypeNotExists = 23,
    /// The name in the metadata is malformed.
    MetaTreeNameInvalid = 24,
    /// The metadata has no id.
    MetaTreeNameNotExists = 25,
    /// A link in the metadata is malformed.
    MetaTreeLinkInvalid = 26,
    /// A member of the metadata does not exist.
    MetaTreeSubtreeNotExists = 27,
    /// The server is still starting.
    ServerNotReady = 31,
    /// Arrow refused.
    ArrowError = 32,
    /// No connection could be made.
    ConnectionFailed = 33,
    /// The connection is not allowed or broken.
    ConnectionError = 34,
    /// etcd refused or is away.
    EtcdError = 35,
    /// Already stopped.
    AlreadyStopped = 36,
    /// Redis refused or is away.
    RedisError = 37,
    /// The store has no room.
    NotEnoughMemory = 41,
    /// The stream has ended.
    StreamDrained = 42,
    /// The stream has failed.
    StreamFailed = 43,
    /// The stream is in another state.
    InvalidStreamState = 44,
    /// The stream is open already.
    StreamOpened = 45,
    /// The global object breaks a rule of global objects.
    GlobalObjectInvalid = 51,
    /// Anything else.
    UnknownError = 255,
}

impl fmt::Display for StatusCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (code {})", self.name(), self.as_raw())
    }
}

/// An error reply: what a server answers instead of the reply that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} [{code}]")]
pub struct ServerError {
    /// The protocol's number for it.
    pub code: StatusCode,
    /// What the server said.
    pub message: String,
}

impl ServerError {
    /// Pairs a code with a message: lower-case, no full stop, naming what was found and what was expected.
    pub fn new(code: StatusCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_survives() {
        for raw in -3..300 {
            assert_eq!(StatusCode::from_raw(raw).as_raw(), raw);
        }
        assert_eq!(StatusCode::from_raw(41), StatusCode::NotEnoughMemory);
        assert_eq!(StatusCode::from_raw(99), StatusCode::Unknown(99));
    }
}
