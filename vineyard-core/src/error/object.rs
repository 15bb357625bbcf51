//! Putting and getting.

use std::time::Duration;

use super::{BuildError, CallError, ResolveError};
use crate::id::ObjectId;
use crate::status::ServerError;

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
    /// Nobody got the name in time.
    #[error("no object was named `{name}` within {waited:?}")]
    NameTimeout {
        /// The name waited for.
        name: String,
        /// How long.
        waited: Duration,
    },
    /// A blob that its writer has not sealed yet, asked for or part of what was asked for.
    #[error("getting {id}: {cause}")]
    NotSealed {
        /// The blob or object asked for.
        id: ObjectId,
        /// What the server said: which blob.
        cause: ServerError,
    },
    /// The object is not what was asked for.
    #[error("object {id}: {cause}")]
    Resolve {
        /// The object asked for.
        id: ObjectId,
        /// What does not fit.
        cause: ResolveError,
    },
    /// A request did not work.
    #[error("getting {id}: {cause}")]
    Call {
        /// The object asked for.
        id: ObjectId,
        /// The request.
        cause: CallError,
    },
    /// Any of these, for an object that was asked for by name.
    #[error("`{name}`: {cause}")]
    Named {
        /// The name asked for.
        name: String,
        /// What did not work.
        cause: Box<GetError>,
    },
}

/// Putting an object did not work. What was made of it is taken back, as far as the server can be reached.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PutError {
    /// The object is not complete or not valid.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The store has no room.
    #[error("putting a {typename}: no room for {nbytes} bytes of payload: {cause}")]
    NoRoom {
        /// The object's type.
        typename: String,
        /// Bytes to be copied into the store.
        nbytes: u64,
        /// What the server said: size, limit and use.
        cause: ServerError,
    },
    /// A request did not work.
    #[error("putting a {typename}: {cause}")]
    Call {
        /// The object's type.
        typename: String,
        /// The request.
        cause: CallError,
    },
}
