//! MD5-crypt: a thousand rounds of MD5, as `$apr1$` of Apache and `$1$` of `crypt`.
//!
//! The algorithm is Poul-Henning Kamp's, of FreeBSD's `crypt` (1994); Apache's differs in the magic text alone. The
//! steps are described in the manual of Passlib, "passlib.hash.md5_crypt".

use base64ct::{Base64ShaCrypt, Encoding};
use md5::{Digest, Md5};

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Magic {
    /// Apache's.
    Apr1,
    /// FreeBSD's and everybody's after it.
    Crypt,
}

impl Magic {
    /// What a hash begins with, and what is hashed along.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Apr1 => "$apr1$",
            Self::Crypt => "$1$",
        }
    }
}

/// The digest as it is written: 22 characters.
pub(super) fn hash(magic: Magic, salt: &[u8], password: &[u8]) -> [u8; 22] {
    let inner: [u8; 16] = Md5::new().chain_update(password).chain_update(salt).chain_update(password).finalize().into();
    let mut outer = Md5::new().chain_update(password).chain_update(magic.as_str()).chain_update(salt);
    for chunk in password.chunks(inner.len()) {
        outer.update(inner.get(..chunk.len()).unwrap_or(&inner));
    }
    // One byte for each binary digit of the length, the lowest first.
    let first = password.get(..1).unwrap_or_default();
    let mut length = password.len();
    while length > 0 {
        outer.update(if length & 1 == 1 { &[0] } else { first });
        length >>= 1;
    }
    let mut digest: [u8; 16] = outer.finalize().into();
    for round in 0..1000_u32 {
        digest = stretch(round, digest, salt, password);
    }
    encode(digest)
}

fn stretch(round: u32, digest: [u8; 16], salt: &[u8], password: &[u8]) -> [u8; 16] {
    let (first, last): (&[u8], &[u8]) = if round & 1 == 1 { (password, &digest) } else { (&digest, password) };
    let mut hasher = Md5::new().chain_update(first);
    if !round.is_multiple_of(3) {
        hasher.update(salt);
    }
    if !round.is_multiple_of(7) {
        hasher.update(password);
    }
    hasher.chain_update(last).finalize().into()
}

/// Writes the bytes in their peculiar order, six bits to a character.
fn encode([a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]: [u8; 16]) -> [u8; 22] {
    let mut text = [0; 22];
    // Sixteen bytes fill the text exactly, so this has no way to fail.
    let _full = Base64ShaCrypt::encode(&[m, g, a, n, h, b, o, i, c, p, j, d, f, k, e, l], &mut text);
    text
}
