//! What a peer may do.

use std::fmt;

use serde::Deserialize;

/// What a peer may do. Each role includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    /// Nothing: it is not let in.
    None,
    /// Look at what is there, and map it read-only.
    Read,
    /// Put, name and delete objects.
    Write,
    /// What concerns everybody: clear, evict, trim, open and close sessions.
    Admin,
}

impl Role {
    /// Its name in a file of rules.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
