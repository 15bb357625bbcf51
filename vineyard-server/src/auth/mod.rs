//! Who may register, and what they may do then: user names and passwords against a file of Apache's `htpasswd`, roles by
//! a file of rules.
//!
//! ```text
//! Door ── Htpasswd   below
//!      └─ Rules      which peer has which role
//! needs              which request needs which role
//!
//! Htpasswd ── file   reads the file, splits it into entries
//!          └─ hash   one entry's hash: which kind, is it affordable, does the password fit
//!               ├─ md5_crypt, des_crypt   written here, no crate that is kept up has them
//!               └─ sha_crypt              the crate's function, in the form of an entry
//! ```
//!
//! An answer tells a peer nothing about which users there are: for an unknown user the password is tried on the file's
//! first usable entry and refused whatever comes out, so it takes as long, if the entries are of one kind and cost.
//! Digests are compared in constant time.
//!
//! The rules are those of `htpasswd -v`: the first entry of a user counts, lines of a comment are skipped, `CR LF` ends
//! a line as `LF` does, passwords have at most 255 bytes, of which bcrypt uses 72 and DES 8, and plain text is never
//! accepted. Where it gives up on the whole file because of a line without a colon, that line is skipped.

#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::panic
)]

mod des_crypt;
mod door;
mod error;
mod file;
mod hash;
mod md5_crypt;
mod needs;
mod role;
mod rules;
mod sha_crypt;
#[cfg(test)]
mod tests;

use std::hint::black_box;
use std::path::PathBuf;

pub(crate) use door::Door;
pub(crate) use error::AuthError;
use file::Entry;
use hash::Hash;
pub(crate) use needs::needed;
pub(crate) use role::Role;
pub use rules::RulesError;
pub(crate) use rules::{Proofs, Rules, Who};

/// Longest password, in bytes, as in `htpasswd`. It also bounds what a peer can make a verification cost.
const MAX_PASSWORD_BYTES: usize = 255;

/// A file of users and hashes, as Apache's `htpasswd` writes it.
#[derive(Debug, Clone)]
pub(crate) struct Htpasswd {
    path: PathBuf,
}

impl Htpasswd {
    /// The file at `path`, which is not touched yet and need not be there.
    pub(crate) fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Logs a warning if the file cannot be read now. Nobody can register then, until it can.
    pub(crate) fn warn_if_unreadable(&self) {
        if let Err(error) = file::read(&self.path) {
            tracing::warn!(path = %self.path.display(), %error, "nobody can register");
        }
    }

    /// Whether the user's first entry is of this password.
    ///
    /// The file is read anew, so changes count at once. Blocks: it reads at most 1 MiB, and then computes one hash,
    /// which takes from microseconds (SHA1) to several seconds (bcrypt of cost 17, SHA-512 with five million rounds);
    /// call it where that is fine, such as in `spawn_blocking`.
    ///
    /// # Errors
    ///
    /// - [`AuthError::Denied`] if there is no such user, if the password is another one, is longer than 255 bytes or
    ///   has a NUL byte, and if the user's entry cannot be used, about which the log says more.
    /// - The others if the file is not there, cannot be read, or is no such file.
    pub(crate) fn check(&self, user: &str, password: &str) -> Result<(), AuthError> {
        let text = file::read(&self.path)
            .inspect_err(|error| tracing::warn!(path = %self.path.display(), %error, "nobody can register"))?;
        let password = password.as_bytes();
        if password.len() > MAX_PASSWORD_BYTES || password.contains(&0) {
            return Err(AuthError::Denied);
        }
        let (own, stand_in) = self.select(&text, user.as_bytes());
        let known = own.is_some();
        let fits = own.or(stand_in).is_some_and(|hash| hash.verify(password));
        // The barrier keeps the work from being skipped when its outcome does not matter.
        if black_box(fits) && known { Ok(()) } else { Err(AuthError::Denied) }
    }

    /// The user's own hash, if it can be used, and the file's first that can be. Takes the same way whoever is asked
    /// for.
    fn select<'a>(&self, text: &'a [u8], user: &[u8]) -> (Option<Hash<'a>>, Option<Hash<'a>>) {
        let mut own: Option<Entry<'a>> = None;
        let mut stand_in = None;
        for entry in file::entries(text) {
            stand_in = stand_in.or_else(|| Hash::parse(entry.hash).ok());
            if own.is_none() && entry.user == user {
                own = Some(entry);
            }
        }
        let own = own.and_then(|entry| {
            Hash::parse(entry.hash)
                .inspect_err(|error| {
                    tracing::warn!(path = %self.path.display(), line = entry.line, %error, "an entry cannot be used");
                })
                .ok()
        });
        (own, stand_in)
    }
}
