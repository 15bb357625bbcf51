//! SHA-crypt: `$5$` and `$6$` of `crypt`, as described in Ulrich Drepper's "Unix crypt using SHA-256 and SHA-512".
//!
//! The crate computes; what is here is the order in which the digest's bytes are written.

use base64ct::{Base64ShaCrypt, Encoding};
use sha_crypt::{Params, sha256_crypt, sha512_crypt};

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// `$5$`.
    Sha256,
    /// `$6$`.
    Sha512,
}

impl Family {
    /// Characters of a digest.
    pub(super) fn text_len(self) -> usize {
        match self {
            Self::Sha256 => 43,
            Self::Sha512 => 86,
        }
    }
}

/// The digest as it is written; `None` for a number of rounds that the algorithm does not have.
pub(super) fn hash(family: Family, rounds: u32, salt: &[u8], password: &[u8]) -> Option<Vec<u8>> {
    let params = Params::new(rounds).ok()?;
    let ordered = match family {
        Family::Sha256 => in_order(&sha256_crypt(password, salt, params), 10, 1),
        Family::Sha512 => in_order(&sha512_crypt(password, salt, params), 21, 2),
    };
    let mut text = vec![0; family.text_len()];
    Base64ShaCrypt::encode(&ordered, &mut text).ok()?;
    Some(text)
}

/// The digest's bytes in the order in which they are written.
///
/// The digest is three columns of `third` bytes, and a tail. A row of the columns is three bytes, written backwards and
/// turned by `turn` places more than the row before.
fn in_order(digest: &[u8], third: usize, turn: usize) -> Vec<u8> {
    let mut columns = digest.chunks(third);
    let mut column = || columns.next().unwrap_or_default();
    let (first, second, third, tail) = (column(), column(), column(), column());
    let mut ordered = Vec::with_capacity(digest.len());
    for (index, ((&a, &b), &c)) in first.iter().zip(second).zip(third).enumerate() {
        let mut row = [c, b, a];
        row.rotate_left(index.wrapping_mul(turn) % 3);
        ordered.extend(row);
    }
    ordered.extend(tail);
    ordered
}
