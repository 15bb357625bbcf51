//! Locks that clients of a cluster share.

use vineyard_core::{ServerError, StatusCode};

/// What is said to who wants a lock: they are kept by the service that the instances of a cluster share.
pub(super) fn no_locks() -> ServerError {
    ServerError::new(StatusCode::NotImplemented, "locks need a metadata backend that several instances share")
}
