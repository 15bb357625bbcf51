//! The file: bounded reading, and the lines that are entries.

use std::fs::OpenOptions;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::fcntl::OFlag;

use super::error::AuthError;

/// Largest file that is read: room for more than ten thousand users.
pub(super) const MAX_FILE_BYTES: u64 = 1 << 20;

/// One line `user:hash`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry<'a> {
    /// Its number, from 1.
    pub(super) line: usize,
    /// What is before the first colon.
    pub(super) user: &'a [u8],
    /// What is after it.
    pub(super) hash: &'a [u8],
}

/// Reads the whole file. Does not wait for a writer if there is a pipe in its place.
///
/// # Errors
///
/// All of [`AuthError`] but [`AuthError::Denied`].
pub(super) fn read(path: &Path) -> Result<Vec<u8>, AuthError> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(OFlag::O_NONBLOCK.bits())
        .open(path)
        .map_err(AuthError::Unreadable)?;
    if !file.metadata().map_err(AuthError::Unreadable)?.is_file() {
        return Err(AuthError::NotAFile);
    }
    let mut text = Vec::new();
    file.take(MAX_FILE_BYTES.saturating_add(1)).read_to_end(&mut text).map_err(AuthError::Unreadable)?;
    match u64::try_from(text.len()) {
        Ok(length) if length <= MAX_FILE_BYTES => Ok(text),
        _ => Err(AuthError::TooLarge),
    }
}

/// The entries in their order, without comments, blank lines and lines without a colon.
pub(super) fn entries(text: &[u8]) -> impl Iterator<Item = Entry<'_>> {
    text.split(|&byte| byte == b'\n').zip(1..).filter_map(|(text, line)| {
        if text.trim_ascii_start().starts_with(b"#") {
            return None;
        }
        let (user, rest) = split_once(text, b':')?;
        let hash = split_once(rest, b'\r').map_or(rest, |(hash, _)| hash);
        Some(Entry { line, user, hash })
    })
}

/// What is before and after the first `separator`.
pub(super) fn split_once(text: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let at = text.iter().position(|&byte| byte == separator)?;
    let (before, rest) = text.split_at_checked(at)?;
    Some((before, rest.get(1..)?))
}
