//! The hash function of a perfect map: PtrHash (R. Groot Koerkamp, "PtrHash: Minimal Perfect Hashing at RAM Throughput",
//! SEA 2025, <https://arxiv.org/abs/2502.15539>), whose forerunners are FCH (Fox, Chen and Heath, 1992) and PTHash
//! (Pibiri and Trani, 2021).
//!
//! The hash of a key, mixed once more, says to which part it belongs, and to which bucket of the part. The bucket has a
//! pilot, a byte, and key and pilot together say which slot of the part is the key's. Pilots are chosen so that no two keys
//! have one slot. There are slightly more slots than keys; those from the number of keys on are moved into the gaps before.

use crate::hashmap::MapError;
use crate::hashmap::wyhash::{fold, product, scale};

/// What pilots are multiplied by, and what slots are drawn with: odd, of random bits.
const PILOT: u64 = 0xd6e8_feb8_6659_fd93;
const SLOT: u64 = 0xa076_1d64_78bd_642f;

/// The hash that the function is of. Buckets of a few keys and buckets of many are needed, as random hashes make them; those
/// of numbers in a row are too even.
#[inline]
pub(super) fn mixed(hash: u64) -> u64 {
    fold(hash, SLOT)
}

/// The sizes of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) parts: u64,
    /// Slots of each part.
    pub(super) slots: u64,
    /// Buckets of each part.
    pub(super) buckets: u64,
}

impl Shape {
    /// The part of a key with this mixed hash, and what is left of the hash.
    #[inline]
    pub(super) fn part(&self, hash: u64) -> (u64, u64) {
        let (rest, part) = product(hash, self.parts);
        (part, rest)
    }

    /// The bucket within its part, of what is left of the hash.
    #[inline]
    pub(super) fn bucket(&self, rest: u64) -> u64 {
        scale(rest, self.buckets)
    }

    /// The slot within its part.
    #[inline]
    pub(super) fn slot(&self, hash: u64, pilot: u8) -> u64 {
        scale(fold(hash ^ u64::from(pilot).wrapping_mul(PILOT), SLOT), self.slots)
    }

    /// The number of a key with this mixed hash, if these are the pilots of all buckets and the numbers of the slots from `length` on.
    #[inline]
    pub(super) fn number(&self, hash: u64, pilots: &[u8], moved: &[u64], length: u64) -> Option<u64> {
        let (part, rest) = self.part(hash);
        let bucket = part.wrapping_mul(self.buckets).wrapping_add(self.bucket(rest));
        let pilot = pilots.get(usize::try_from(bucket).ok()?)?;
        let slot = part.wrapping_mul(self.slots).wrapping_add(self.slot(hash, *pilot));
        if slot < length {
            return Some(slot);
        }
        let number = moved.get(usize::try_from(slot.wrapping_sub(length)).ok()?)?;
        (*number < length).then_some(*number)
    }

    /// How many buckets and how many slots there are, if they can be counted and there are any.
    pub(super) fn totals(&self) -> Result<(u64, u64), MapError> {
        let Self { parts, slots, buckets } = *self;
        let total = |each: u64| parts.checked_mul(each).filter(|total| (1..1 << 63).contains(total));
        total(buckets).zip(total(slots)).ok_or(MapError::Function { parts, slots, buckets })
    }
}
