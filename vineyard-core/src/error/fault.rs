//! What does not fit between metadata and a type, and where.

use std::error::Error as StdError;
use std::fmt;

use crate::id::{InstanceId, ObjectId};
use crate::meta::RecordError;
use crate::schema::Fingerprint;
use crate::shm::ViewError;

/// Something does not fit, and where in the object it is.
#[derive(Debug)]
pub struct Fault<R> {
    path: String,
    reason: Box<R>,
}

/// Metadata does not fit the type it is resolved as.
pub type ResolveError = Fault<ResolveReason>;

/// A draft is not complete or not valid.
pub type BuildError = Fault<BuildReason>;

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
    #[error("the server does not have the payload of blob {id}: it was deleted")]
    MissingPayload {
        /// The blob.
        id: ObjectId,
    },
    /// The metadata came without payloads, as from a listing.
    #[error("the payload of blob {id} was not fetched: listings bring metadata only, get the object")]
    NotFetched {
        /// The blob.
        id: ObjectId,
    },
    /// The payload is on another instance.
    #[error("the payload lives on instance {instance}")]
    NotLocal {
        /// The instance.
        instance: InstanceId,
    },
    /// An object that is nested too deeply, or too large, to be described.
    #[error(transparent)]
    Record(RecordError),
    /// The type's own check failed.
    #[error("not valid: {0}")]
    Invalid(Box<dyn StdError + Send + Sync>),
    /// Written with a version of the type that this program does not read.
    #[error("written with version {found} of the type, this program reads {}", versions(*expected, accepts))]
    Version {
        /// The version in this program.
        expected: u32,
        /// Older versions that it reads as well.
        accepts: &'static [u32],
        /// The version that the object was written with.
        found: u32,
    },
    /// Something else, in an object that was written with another schema of the same version.
    #[error("{cause} (written with schema {found}, this program has {expected})")]
    Schema {
        /// What does not fit.
        cause: Box<ResolveReason>,
        /// The schema in this program.
        expected: Fingerprint,
        /// The schema that the object was written with.
        found: Fingerprint,
    },
    /// No resolver makes what was asked for.
    #[error("there is no resolver that makes a {wanted} of objects of type `{typename}`")]
    NoResolver {
        /// The object's typename.
        typename: String,
        /// What was asked for.
        wanted: &'static str,
    },
    /// Two linked crates define the typename.
    #[error("typename `{typename}` is defined twice, at {first} and at {second}")]
    Ambiguous {
        /// The typename.
        typename: String,
        /// Where one definition is.
        first: String,
        /// Where the other is.
        second: String,
    },
    /// Members nest too deeply.
    #[error("members nest more than {limit} levels deep")]
    TooDeep {
        /// How many levels are followed.
        limit: u32,
    },
}

fn versions(expected: u32, accepts: &[u32]) -> String {
    accepts.iter().fold(expected.to_string(), |text, version| format!("{text}, {version}"))
}

impl ResolveReason {
    pub(crate) fn missing_key(key: &str) -> Self {
        Self::MissingKey { key: key.to_owned() }
    }

    pub(crate) fn wrong_kind(key: &str, expected: &'static str, found: impl Into<String>) -> Self {
        Self::WrongKind { key: key.to_owned(), expected, found: found.into() }
    }

    /// A value that does not fit; long ones are cut.
    pub fn value(key: &str, expected: impl Into<String>, found: impl fmt::Display) -> Self {
        let mut text = found.to_string();
        if let Some((end, _)) = text.char_indices().nth(80) {
            text.truncate(end);
            text.push('…');
        }
        Self::Value { key: key.to_owned(), expected: expected.into(), found: text }
    }
}

impl<R> Fault<R> {
    /// Where in the object the fault is: `partitions[3].offsets`, with the typename in front once it is known.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What does not fit.
    pub fn reason(&self) -> &R {
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

impl ResolveError {
    /// The same fault, with the schemas that disagree.
    pub(crate) fn between(mut self, expected: Fingerprint, found: Fingerprint) -> Self {
        if expected != found && !matches!(*self.reason, ResolveReason::Schema { .. } | ResolveReason::Version { .. }) {
            self.reason = Box::new(ResolveReason::Schema { cause: self.reason, expected, found });
        }
        self
    }
}

impl<R: fmt::Display> fmt::Display for Fault<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() { self.reason.fmt(f) } else { write!(f, "{}: {}", self.path, self.reason) }
    }
}

impl<R: StdError> StdError for Fault<R> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.reason.source()
    }
}

impl<R> From<R> for Fault<R> {
    fn from(reason: R) -> Self {
        Self { path: String::new(), reason: Box::new(reason) }
    }
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
    /// An array whose length is not what another field says.
    #[error("the array has {found} elements, `{key}` says {expected}")]
    Length {
        /// Elements of the array.
        found: usize,
        /// The key of the number.
        key: &'static str,
        /// The number.
        expected: String,
    },
    /// A value that JSON cannot carry.
    #[error("the value cannot be written as JSON: {0}")]
    Json(serde_json::Error),
    /// An object that is nested too deeply, or too large, to be described.
    #[error(transparent)]
    Record(RecordError),
    /// A reference to an object that cannot be linked, for it is not in the store, and cannot be copied, for nobody has
    /// fetched it.
    #[error("object {id} of type `{typename}` is not in this store (any more), and its payloads were not fetched")]
    NotHere {
        /// The object.
        id: ObjectId,
        /// Its type.
        typename: String,
    },
    /// The type's own check failed.
    #[error("not valid: {0}")]
    Invalid(Box<dyn StdError + Send + Sync>),
    /// The draft does not resolve as its own type, or holds an object that cannot be read.
    #[error(transparent)]
    Resolve(ResolveError),
}

impl BuildReason {
    pub(crate) fn unreadable(error: ResolveError) -> Self {
        Self::Resolve(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

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
        let reason = ResolveReason::value("shape_", "a list", Value::from("é".repeat(1000)));
        assert!(reason.to_string().len() < 300);
    }
}
