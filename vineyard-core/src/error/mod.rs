//! Errors, one for each operation: they name the object, the field, what was found and what was expected.
//!
//! The text of each error tells the whole story, with what caused it; causes are fields to match on.

mod call;
mod fault;
mod object;
#[cfg(feature = "tls")]
mod tls;

pub use call::{CallError, CallReason, ConnectError};
pub use fault::{BuildError, BuildReason, Fault, ResolveError, ResolveReason};
pub use object::{GetError, PutError};
#[cfg(feature = "tls")]
pub use tls::TlsError;

use crate::shm::ViewError;

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
