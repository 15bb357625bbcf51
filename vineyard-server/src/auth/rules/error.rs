//! Why a file of rules cannot be used.

use std::io;

/// Why a file of rules cannot be used. Rules are counted from 1, in the order of the file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RulesError {
    /// The file is not there, or cannot be read.
    #[error("they cannot be read: {0}")]
    Unreadable(io::Error),
    /// The file is not TOML, or has a key or a value that means nothing in it.
    #[error("line {line}: {message}")]
    Syntax {
        /// The line, from 1.
        line: usize,
        /// What is wrong in it.
        message: String,
    },
    /// A rule fits everybody, which is what the defaults are for.
    #[error("rule {rule} names nobody: expected uid, gid, htpasswd or certificate")]
    Empty {
        /// The rule.
        rule: usize,
    },
    /// A rule names a user or a group that this host does not have.
    #[error("rule {rule} names the {kind} `{name}`, which this host does not have")]
    Unknown {
        /// The rule.
        rule: usize,
        /// A user or a group.
        kind: &'static str,
        /// What the rule says.
        name: String,
    },
    /// The system cannot look users or groups up.
    #[error("the {kind} `{name}` of rule {rule} cannot be looked up: {cause}")]
    LookUp {
        /// The rule.
        rule: usize,
        /// A user or a group.
        kind: &'static str,
        /// What the rule says.
        name: String,
        /// What the system says.
        cause: io::Error,
    },
    /// A rule needs something that the server was not started with, so it would never fit.
    #[error("rule {rule} asks for {what}, which needs {option}")]
    Never {
        /// The rule.
        rule: usize,
        /// What it asks for.
        what: &'static str,
        /// The option that is missing.
        option: &'static str,
    },
}
