//! Why somebody may not register.

use std::io;

use vineyard_core::{ServerError, StatusCode};

use super::file::MAX_FILE_BYTES;

/// Why somebody may not register. The messages are for the peer: they name no password, hash or path, and no user but
/// the one it has shown to be.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AuthError {
    /// The user, the password or the user's entry is not right; which of them stays with the server.
    #[error("the user name or the password is wrong")]
    Denied,
    /// The file is not there or cannot be read.
    #[error("the server's file of passwords cannot be read: {0}")]
    Unreadable(io::Error),
    /// There is something else at its path.
    #[error("the server's file of passwords is not a regular file")]
    NotAFile,
    /// The file is larger than any file of passwords.
    #[error("the server's file of passwords is larger than {MAX_FILE_BYTES} bytes")]
    TooLarge,
    /// No rule has a role for the peer.
    #[error("the server's rules do not let {who} in")]
    NotLetIn {
        /// What is known of the peer.
        who: String,
    },
}

impl From<AuthError> for ServerError {
    /// The answer to the peer, with the code that makes a client give up.
    fn from(error: AuthError) -> Self {
        Self::new(StatusCode::ConnectionError, error.to_string())
    }
}
