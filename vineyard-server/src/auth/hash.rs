//! One hash: which of the kinds it is, whether it can be afforded, whether a password is its own.

use std::fmt;

use base64ct::{Base64, Encoding};
use bcrypt::HashParts;
use sha1::{Digest, Sha1};
use subtle::ConstantTimeEq;

use super::des_crypt::{self, DesSalt};
use super::file::split_once;
use super::md5_crypt::{self, Magic};
use super::sha_crypt::{self, Family};

/// Costs of bcrypt that are computed; `htpasswd` writes no others, and 17 takes some ten seconds.
const BCRYPT_COSTS: std::ops::RangeInclusive<u32> = 4..=17;

/// Rounds of SHA-256 and SHA-512 that are computed. Below, `crypt` does not write them; above, a check takes too long.
const SHA_ROUNDS: std::ops::RangeInclusive<u32> = 1000..=5_000_000;

/// Rounds of SHA-256 and SHA-512 where a hash does not say.
const DEFAULT_SHA_ROUNDS: u32 = 5000;

/// A hash of a password, taken apart and known to be affordable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hash<'a> {
    /// `$apr1$salt$digest`, and `$1$salt$digest` of `crypt`.
    Md5 {
        /// Which of the two.
        magic: Magic,
        /// At most 8 bytes.
        salt: &'a [u8],
        /// As 22 characters.
        digest: &'a [u8],
    },
    /// `$2y$cost$salt-and-digest`, as well as `$2a$` and `$2b$`, which today's implementations compute alike for every
    /// password in UTF-8.
    Bcrypt(&'a str),
    /// `{SHA}digest`.
    Sha1 {
        /// As 28 characters.
        digest: &'a [u8],
    },
    /// `$5$salt$digest`, `$6$salt$digest`, both with an optional `rounds=N$` before the salt.
    Sha2 {
        /// Which of the two.
        family: Family,
        /// How often the digest is digested.
        rounds: u32,
        /// At most 16 bytes.
        salt: &'a [u8],
        /// As 43 or 86 characters.
        digest: &'a [u8],
    },
    /// Two characters of salt, eleven of digest.
    Des {
        /// The salt's meaning.
        salt: DesSalt,
        /// As 11 characters.
        digest: &'a [u8],
    },
}

/// A kind of hash, for messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Md5,
    Bcrypt,
    Sha1,
    Sha2,
}

/// Why a hash cannot be used. Does not repeat it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum HashError {
    /// Plain text, or a kind that `htpasswd` does not write.
    #[error("the hash is of no known kind (plain text is not accepted)")]
    Unknown,
    /// It begins like one of the kinds and goes on differently.
    #[error("the {0} hash is malformed")]
    Malformed(Kind),
    /// It would take too long, or nobody writes it.
    #[error("the {kind} hash has a cost of {found}, expected {min} to {max}")]
    Cost {
        /// Of which kind it is.
        kind: Kind,
        /// Its cost or rounds.
        found: u32,
        /// The least.
        min: u32,
        /// The most.
        max: u32,
    },
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Md5 => "MD5",
            Self::Bcrypt => "bcrypt",
            Self::Sha1 => "SHA1",
            Self::Sha2 => "SHA-2",
        })
    }
}

impl<'a> Hash<'a> {
    /// Takes the text after a user's colon apart. Costs next to nothing.
    ///
    /// # Errors
    ///
    /// [`HashError`] with the reason.
    pub(super) fn parse(text: &'a [u8]) -> Result<Self, HashError> {
        let after = |prefix: &str| text.strip_prefix(prefix.as_bytes());
        if let Some(rest) = after(Magic::Apr1.as_str()) {
            md5(Magic::Apr1, rest)
        } else if let Some(rest) = after(Magic::Crypt.as_str()) {
            md5(Magic::Crypt, rest)
        } else if let Some(rest) = after("$2y$").or_else(|| after("$2b$")).or_else(|| after("$2a$")) {
            bcrypt(text, rest)
        } else if let Some(digest) = after("{SHA}") {
            if digest.len() == 28 { Ok(Self::Sha1 { digest }) } else { Err(HashError::Malformed(Kind::Sha1)) }
        } else if let Some(rest) = after("$5$") {
            sha2(Family::Sha256, rest)
        } else if let Some(rest) = after("$6$") {
            sha2(Family::Sha512, rest)
        } else {
            des(text).ok_or(HashError::Unknown)
        }
    }

    /// Whether it is the password's. What this costs depends on the hash, not on whether it is.
    pub(super) fn verify(&self, password: &[u8]) -> bool {
        match *self {
            Self::Md5 { magic, salt, digest } => same(&md5_crypt::hash(magic, salt, password), digest),
            Self::Bcrypt(hash) => bcrypt::verify(password, hash).is_ok_and(|same| same),
            Self::Sha1 { digest } => {
                let mut text = [0; 28];
                Base64::encode(&Sha1::digest(password), &mut text).is_ok_and(|found| same(found.as_bytes(), digest))
            }
            Self::Sha2 { family, rounds, salt, digest } => {
                sha_crypt::hash(family, rounds, salt, password).is_some_and(|found| same(&found, digest))
            }
            Self::Des { salt, digest } => same(&des_crypt::hash(salt, password), digest),
        }
    }
}

/// Compares in constant time.
fn same(found: &[u8], expected: &[u8]) -> bool {
    found.ct_eq(expected).into()
}

fn md5(magic: Magic, rest: &[u8]) -> Result<Hash<'_>, HashError> {
    match split_once(rest, b'$') {
        Some((salt, digest)) if salt.len() <= 8 && digest.len() == 22 => Ok(Hash::Md5 { magic, salt, digest }),
        _ => Err(HashError::Malformed(Kind::Md5)),
    }
}

fn bcrypt<'a>(text: &'a [u8], rest: &[u8]) -> Result<Hash<'a>, HashError> {
    let kind = Kind::Bcrypt;
    let malformed = HashError::Malformed(kind);
    let (cost, _) = split_once(rest, b'$').ok_or(malformed)?;
    let cost = number(cost).ok_or(malformed)?;
    let text = str::from_utf8(text).map_err(|_| malformed)?;
    text.parse::<HashParts>().map_err(|_| malformed)?;
    affordable(kind, cost, BCRYPT_COSTS)?;
    Ok(Hash::Bcrypt(text))
}

fn sha2(family: Family, rest: &[u8]) -> Result<Hash<'_>, HashError> {
    let kind = Kind::Sha2;
    let malformed = HashError::Malformed(kind);
    let (rounds, rest) = match rest.strip_prefix(b"rounds=") {
        Some(rest) => {
            let (rounds, rest) = split_once(rest, b'$').ok_or(malformed)?;
            (number(rounds).ok_or(malformed)?, rest)
        }
        None => (DEFAULT_SHA_ROUNDS, rest),
    };
    let (salt, digest) = split_once(rest, b'$').ok_or(malformed)?;
    if salt.len() > 16 || digest.len() != family.text_len() {
        return Err(malformed);
    }
    affordable(kind, rounds, SHA_ROUNDS)?;
    Ok(Hash::Sha2 { family, rounds, salt, digest })
}

fn des(text: &[u8]) -> Option<Hash<'_>> {
    let (&[first, second], digest) = text.split_first_chunk::<2>()?;
    if digest.len() != 11 || !digest.iter().all(|&byte| des_crypt::value(byte).is_some()) {
        return None;
    }
    Some(Hash::Des { salt: DesSalt::new(first, second)?, digest })
}

/// A number of decimal digits only.
fn number(digits: &[u8]) -> Option<u32> {
    let digits = str::from_utf8(digits).ok()?;
    if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
}

fn affordable(kind: Kind, found: u32, costs: std::ops::RangeInclusive<u32>) -> Result<(), HashError> {
    let (min, max) = costs.into_inner();
    if (min..=max).contains(&found) { Ok(()) } else { Err(HashError::Cost { kind, found, min, max }) }
}
