//! Errors, one for each operation: they name the object, the field, what was found and what was expected.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::path::PathBuf;

use serde_json::Value;

use crate::id::{InstanceId, ObjectId};
use crate::protocol::DecodeError;
use crate::protocol::frame::FrameError;
use crate::shm::{ShmError, ViewError};
use crate::status::{ServerError, StatusCode};

/// Any error of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Connecting did not work.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// A request did not work.
    #[error(transparent)]
    Call(#[from] CallError),
    /// Getting an object did not work.
    #[error(transparent)]
    Get(#[from] GetError),
    /// Putting an object did not work.
    #[error(transparent)]
    Put(#[from] PutError),
    /// A draft is not complete or not valid.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// Metadata does not fit its type.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    /// Bytes do not fit their type.
    #[error(transparent)]
    View(#[from] ViewError),
}

/// Connecting to a server did not work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// No socket was given, and none was found.
    #[error("no socket to connect to: give a path or set VINEYARD_IPC_SOCKET (looked for {})", list(tried))]
    NoSocket {
        /// Default paths at which there was no socket.
        tried: Vec<PathBuf>,
    },
    /// Nobody listens.
    #[error("cannot connect to {}", socket.display())]
    Unreachable {
        /// The socket.
        socket: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The session keeps another kind of store.
    #[error("{} is the socket of another kind of store", socket.display())]
    StoreMismatch {
        /// The socket.
        socket: PathBuf,
    },
    /// The server refused.
    #[error("{} refused the connection", socket.display())]
    Refused {
        /// The socket.
        socket: PathBuf,
        /// Why.
        source: CallError,
    },
}

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

/// One request to a server did not work.
#[derive(Debug, thiserror::Error)]
#[error("{call}: {reason}")]
#[non_exhaustive]
pub struct CallError {
    /// The `type` of the request.
    pub call: &'static str,
    /// What happened.
    #[source]
    pub reason: CallReason,
}

/// Why a request did not work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallReason {
    /// The server answered with an error.
    #[error(transparent)]
    Server(ServerError),
    /// The connection has ended, now or earlier. Views stay valid; reconnecting is up to the caller.
    #[error("the connection to the server has ended")]
    Disconnected(#[source] Option<io::Error>),
    /// No reply came in time; the connection is given up, because a late reply could not be told from the next one.
    #[error("no reply within {seconds} s; the connection is given up")]
    Timeout {
        /// The time-out of the connection.
        seconds: u64,
    },
    /// The request is too large, or cannot be written.
    #[error(transparent)]
    Encode(FrameError),
    /// The server answered something that is not in the protocol.
    #[error("the reply breaks the protocol: {0}")]
    Protocol(String),
    /// The reply cannot be read.
    #[error("the reply breaks the protocol")]
    Decode(#[source] DecodeError),
    /// Memory that the server gave out cannot be used.
    #[error(transparent)]
    Memory(ShmError),
    /// Memory that the server gave out does not fit what was asked for.
    #[error(transparent)]
    View(ViewError),
}

impl CallError {
    pub(crate) fn new(call: &'static str, reason: CallReason) -> Self {
        Self { call, reason }
    }

    pub(crate) fn view(call: &'static str, error: ViewError) -> Self {
        Self::new(call, CallReason::View(error))
    }

    /// The status code, if the server answered with an error.
    pub fn code(&self) -> Option<StatusCode> {
        match &self.reason {
            CallReason::Server(error) => Some(error.code),
            _ => None,
        }
    }
}

/// Getting an object did not work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GetError {
    /// There is no such object.
    #[error("there is no object {id}")]
    NotFound {
        /// The id asked for.
        id: ObjectId,
    },
    /// Nobody has the name.
    #[error("no object is named `{name}`")]
    NoSuchName {
        /// The name asked for.
        name: String,
    },
    /// A blob that its writer has not sealed yet.
    #[error("blob {id} is not sealed yet")]
    NotSealed {
        /// The blob asked for.
        id: ObjectId,
    },
    /// The object is not what was asked for.
    #[error("object {id}: {source}")]
    Resolve {
        /// The object asked for.
        id: ObjectId,
        /// What does not fit.
        source: ResolveError,
    },
    /// A request did not work.
    #[error("getting {what}")]
    Call {
        /// The object or name asked for.
        what: String,
        /// The request.
        source: CallError,
    },
}

/// Putting an object did not work. Nothing of it stays in the store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PutError {
    /// The object is not complete or not valid.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The store has no room.
    #[error("{typename}: no room for {nbytes} bytes of payload: {source}")]
    NoRoom {
        /// The object's type.
        typename: String,
        /// Bytes to be copied into the store.
        nbytes: u64,
        /// What the server said: size, limit and use.
        source: ServerError,
    },
    /// A request did not work.
    #[error("putting a {typename}")]
    Call {
        /// The object's type.
        typename: String,
        /// The request.
        source: CallError,
    },
}

/// Metadata does not fit the type it is resolved as.
#[derive(Debug)]
pub struct ResolveError {
    path: String,
    reason: Box<ResolveReason>,
}

/// What does not fit.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResolveReason {
    /// Another type.
    #[error("expected an object of type `{expected}`, found `{found}`")]
    Typename {
        /// The typename asked for.
        expected: String,
        /// The typename of the object.
        found: String,
    },
    /// A key is missing.
    #[error("metadata key `{key}` is missing")]
    MissingKey {
        /// The key.
        key: String,
    },
    /// A value where a member should be, or the reverse.
    #[error("metadata key `{key}` holds {found}, expected {expected}")]
    WrongKind {
        /// The key.
        key: String,
        /// What should be there.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// A value that does not fit.
    #[error("metadata key `{key}` is {found}, expected {expected}")]
    Value {
        /// The key.
        key: String,
        /// What should be there.
        expected: String,
        /// What is there.
        found: String,
    },
    /// Bytes that do not fit.
    #[error(transparent)]
    View(#[from] ViewError),
    /// The server does not have the payload.
    #[error("the payload of blob {id} is missing: it was deleted")]
    MissingPayload {
        /// The blob.
        id: ObjectId,
    },
    /// The payload is on another instance.
    #[error("the payload lives on instance {instance}")]
    NotLocal {
        /// The instance.
        instance: InstanceId,
    },
    /// The type's own check failed.
    #[error("not valid: {0}")]
    Invalid(#[source] Box<dyn StdError + Send + Sync>),
    /// Two linked crates define the typename.
    #[error("typename `{typename}` is defined twice, at {first} and at {second}")]
    Ambiguous {
        /// The typename.
        typename: String,
        /// Where one definition is.
        first: &'static str,
        /// Where the other is.
        second: &'static str,
    },
    /// Members nest too deeply.
    #[error("members nest more than {limit} levels deep")]
    TooDeep {
        /// How many levels are followed.
        limit: u32,
    },
}

impl ResolveReason {
    pub(crate) fn missing_key(key: &str) -> Self {
        Self::MissingKey { key: key.to_owned() }
    }

    pub(crate) fn wrong_kind(key: &str, expected: &'static str, found: impl Into<String>) -> Self {
        Self::WrongKind { key: key.to_owned(), expected, found: found.into() }
    }

    /// A value that does not fit; long ones are cut.
    pub fn value(key: &str, expected: impl Into<String>, found: &Value) -> Self {
        let mut text = found.to_string();
        if let Some((end, _)) = text.char_indices().nth(80) {
            text.truncate(end);
            text.push('…');
        }
        Self::Value { key: key.to_owned(), expected: expected.into(), found: text }
    }
}

impl ResolveError {
    /// Where in the object the fault is: `partitions[3].offsets`, with the typename in front once it is known.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What does not fit.
    pub fn reason(&self) -> &ResolveReason {
        &self.reason
    }

    /// The same fault, seen from one level up.
    #[must_use]
    pub fn in_field(mut self, field: &str) -> Self {
        self.path = join(field, &self.path);
        self
    }

    /// The same fault, seen from the list that holds the element.
    #[must_use]
    pub fn in_element(self, index: usize) -> Self {
        self.in_field(&format!("[{index}]"))
    }
}

/// Puts `outer` in front of a path: `a` and `[0].b` make `a[0].b`.
fn join(outer: &str, path: &str) -> String {
    let dot = if path.is_empty() || path.starts_with('[') { "" } else { "." };
    format!("{outer}{dot}{path}")
}

fn write_fault(f: &mut fmt::Formatter<'_>, path: &str, reason: &dyn fmt::Display) -> fmt::Result {
    if path.is_empty() { reason.fmt(f) } else { write!(f, "{path}: {reason}") }
}

impl fmt::Display for ResolveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_fault(f, &self.path, &self.reason)
    }
}

impl StdError for ResolveError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.reason.source()
    }
}

impl From<ResolveReason> for ResolveError {
    fn from(reason: ResolveReason) -> Self {
        Self { path: String::new(), reason: Box::new(reason) }
    }
}

/// A draft is not complete or not valid.
#[derive(Debug)]
pub struct BuildError {
    path: String,
    reason: Box<BuildReason>,
}

/// What is wrong with a draft.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildReason {
    /// A field was not given.
    #[error("the field was not given, and has no default")]
    MissingField,
    /// A key that cannot be stored.
    #[error("metadata key `{key}` {problem}")]
    Key {
        /// The key.
        key: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A value that JSON cannot carry.
    #[error("the value cannot be written as JSON")]
    Json(#[source] serde_json::Error),
    /// The type's own check failed.
    #[error("not valid: {0}")]
    Invalid(#[source] Box<dyn StdError + Send + Sync>),
    /// The draft does not resolve as its own type, or holds an object that cannot be read.
    #[error(transparent)]
    Resolve(ResolveError),
}

impl BuildReason {
    pub(crate) fn unreadable(error: ResolveError) -> Self {
        Self::Resolve(error)
    }
}

impl BuildError {
    /// Where in the object the fault is.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What is wrong.
    pub fn reason(&self) -> &BuildReason {
        &self.reason
    }

    /// The same fault, seen from one level up.
    #[must_use]
    pub fn in_field(mut self, field: &str) -> Self {
        self.path = join(field, &self.path);
        self
    }

    /// The same fault, seen from the list that holds the element.
    #[must_use]
    pub fn in_element(self, index: usize) -> Self {
        self.in_field(&format!("[{index}]"))
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_fault(f, &self.path, &self.reason)
    }
}

impl StdError for BuildError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.reason.source()
    }
}

impl From<BuildReason> for BuildError {
    fn from(reason: BuildReason) -> Self {
        Self { path: String::new(), reason: Box::new(reason) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_names_its_place() {
        let error = ResolveError::from(ResolveReason::View(ViewError::NotAMultiple { found: 20, size: 8 }))
            .in_field("offsets")
            .in_element(3)
            .in_field("partitions")
            .in_field("graph::CsrGraph<uint64,double>");
        assert_eq!(
            error.to_string(),
            "graph::CsrGraph<uint64,double>.partitions[3].offsets: blob holds 20 bytes, not a multiple of 8"
        );
    }

    #[test]
    fn long_values_are_cut() {
        let reason = ResolveReason::value("shape_", "a list", &Value::from("é".repeat(1000)));
        assert!(reason.to_string().len() < 300);
    }
}
