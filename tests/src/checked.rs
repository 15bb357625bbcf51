//! An object whose bytes follow from a number that it tells.

use vineyard_core::{Array, Object};

use crate::random::Random;

/// A member of [`Checked`].
#[derive(Debug, Object)]
#[object(typename = "test::CheckedPart")]
pub struct CheckedPart {
    /// Follow from the seed of the whole.
    pub words: Array<u64>,
}

/// Two payloads, one of them in a member. What they hold follows from the seed, and its hash is in the metadata.
#[derive(Debug, Object)]
#[object(typename = "test::Checked")]
pub struct Checked {
    /// What the words follow from.
    pub seed: u64,
    /// The hash of all words.
    pub hash: u64,
    /// The first words.
    pub head: Array<u64>,
    /// The others.
    pub tail: CheckedPart,
}

impl Checked {
    /// The object of a seed with so many words in all.
    pub fn new(seed: u64, len: usize) -> Self {
        let mut random = Random::new(seed);
        let head: Vec<u64> = (0..len / 3).map(|_| random.number()).collect();
        let tail: Vec<u64> = (len / 3..len).map(|_| random.number()).collect();
        let hash = hash(head.iter().chain(&tail));
        Self { seed, hash, head: head.into(), tail: CheckedPart { words: tail.into() } }
    }

    /// Whether every word is what it was, and the hash as well.
    pub fn is_right(&self) -> bool {
        let mut random = Random::new(self.seed);
        let mut words = self.head.iter().chain(self.tail.words.iter());
        hash(self.head.iter().chain(self.tail.words.iter())) == self.hash && words.all(|word| *word == random.number())
    }

    /// Bytes of its payloads.
    pub fn nbytes(&self) -> u64 {
        (self.head.nbytes() as u64).saturating_add(self.tail.words.nbytes() as u64)
    }
}

/// FNV-1a, a word at a time.
fn hash<'a>(words: impl Iterator<Item = &'a u64>) -> u64 {
    words.fold(0xCBF2_9CE4_8422_2325, |hash, word| (hash ^ word).wrapping_mul(0x0000_0100_0000_01B3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_wrong_bit_is_found() {
        let right = Checked::new(5, 100);
        assert!(right.is_right() && right.nbytes() == 800);
        for place in 0..right.tail.words.len() {
            let mut words = right.tail.words.to_vec();
            words[place] ^= 1 << (place % 64);
            let wrong = Checked { head: right.head.clone(), tail: CheckedPart { words: words.into() }, ..right };
            assert!(!wrong.is_right());
        }
        let of_another = Checked { head: right.head.clone(), tail: CheckedPart { words: vec![].into() }, ..right };
        assert!(!of_another.is_right(), "words are missing");
    }
}
