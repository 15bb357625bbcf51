//! Where a server listens.

use std::fmt;
use std::path::{Path, PathBuf};

/// Where a server listens: the path of a UNIX socket, or a host and port.
///
/// ```
/// use vineyard_core::Address;
/// assert_eq!(Address::from("/run/vineyard.sock".as_ref() as &std::path::Path).to_string(), "/run/vineyard.sock");
/// assert_eq!(Address::Tcp("localhost:9600".into()).to_string(), "localhost:9600");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Address {
    /// The path of a UNIX socket, for clients of the same host.
    Socket(PathBuf),
    /// `host:port`, for clients of any host.
    Tcp(String),
}

impl From<&Path> for Address {
    fn from(path: &Path) -> Self {
        Self::Socket(path.to_owned())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(path) => path.display().fmt(f),
            Self::Tcp(endpoint) => endpoint.fmt(f),
        }
    }
}
