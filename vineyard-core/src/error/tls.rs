//! Preparing for TLS.

use std::io;

/// What TLS was told to use cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// No root certificate was given, so no server could be trusted.
    #[error("no root certificates: give those that servers are trusted by")]
    NoRoots,
    /// A file cannot be read.
    #[error("the {what} in {place} cannot be read: {cause}")]
    Unreadable {
        /// What was looked for.
        what: &'static str,
        /// The file.
        place: String,
        /// Why.
        cause: io::Error,
    },
    /// There is PEM, or none, but not what was looked for.
    #[error("there is no {what} in {place}")]
    Missing {
        /// What was looked for.
        what: &'static str,
        /// The file, if it is one.
        place: String,
    },
    /// It is not what it should be.
    #[error("the {what} in {place} is malformed: {cause}")]
    Malformed {
        /// What was looked for.
        what: &'static str,
        /// The file, if it is one.
        place: String,
        /// What is wrong with it.
        cause: String,
    },
    /// The certificate and its key do not fit, or are of a kind that is not supported.
    #[error("the certificate of this client cannot be used: {cause}")]
    Certificate {
        /// Why.
        cause: String,
    },
    /// The name that the server's certificate shall be for is none.
    #[error("`{name}` is no name that a certificate could be for")]
    Name {
        /// What was given.
        name: String,
    },
}
