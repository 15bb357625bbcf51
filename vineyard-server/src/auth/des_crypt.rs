//! The traditional `crypt` of Unix: DES with a salt, 25 times over a block of zeros.
//!
//! The cipher is that of FIPS PUB 46-3, whose tables are here under its names. What `crypt` makes of it is described in
//! R. Morris and K. Thompson, "Password Security: A Case History" (1979): the first eight bytes of the password, seven
//! bits of each, are the key; each of the salt's twelve bits swaps two outputs of the expansion `E`.
//!
//! Words hold a block's bits with the standard's bit 1 on top.

/// The characters of salts and digests in the order of their values.
const ALPHABET: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Times that the block is encrypted.
const ENCRYPTIONS: u32 = 25;

/// The salt, as a mask of 24 bits: where it is set, the two halves of an expansion are swapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DesSalt(u64);

impl DesSalt {
    /// The salt of two characters; `None` if one of them is not of the alphabet.
    pub(super) fn new(first: u8, second: u8) -> Option<Self> {
        let bits = value(first)? | (value(second)? << 6);
        // The salt's lowest bit belongs to the expansion's first output.
        Some(Self(u64::from(bits.reverse_bits() >> 8)))
    }
}

/// The six bits that a character stands for.
pub(super) fn value(character: u8) -> Option<u32> {
    ALPHABET.iter().zip(0..).find_map(|(&known, value)| (known == character).then_some(value))
}

/// The digest as it is written: 11 characters. Of the password only the first eight bytes count.
pub(super) fn hash(salt: DesSalt, password: &[u8]) -> [u8; 11] {
    let keys = key_schedule(key(password));
    let (mut left, mut right) = (0_u64, 0_u64);
    // The initial permutation of zeros is zeros, and between two encryptions it undoes the final one.
    for _ in 0..ENCRYPTIONS {
        for &key in &keys {
            (left, right) = (right, left ^ round(right, key, salt));
        }
        (left, right) = (right, left);
    }
    encode(permute((left << 32) | right, 64, &FP))
}

/// Writes a block from its top, six bits to a character; below the last four bits are two zeros.
fn encode(mut block: u64) -> [u8; 11] {
    [(); 11].map(|()| {
        let character = look_up(ALPHABET, block >> 58);
        block <<= 6;
        character
    })
}

/// The key of 64 bits: each byte's lower seven bits, above a bit of parity that nobody looks at.
fn key(password: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    for (byte, &character) in bytes.iter_mut().zip(password) {
        *byte = character << 1;
    }
    u64::from_be_bytes(bytes)
}

/// The keys of the sixteen rounds, 48 bits each.
fn key_schedule(key: u64) -> [u64; 16] {
    let chosen = permute(key, 64, &PC1);
    let (mut upper, mut lower) = (chosen >> 28, chosen & MASK_28);
    SHIFTS.map(|shift| {
        upper = rotate_28(upper, shift);
        lower = rotate_28(lower, shift);
        permute((upper << 28) | lower, 56, &PC2)
    })
}

/// The cipher's function `f` of half a block, with the salt between the expansion and the key.
fn round(half: u64, key: u64, DesSalt(salt): DesSalt) -> u64 {
    let expanded = permute(half, 32, &E);
    let swapped = (expanded ^ (expanded >> 24)) & salt;
    let mut rest = expanded ^ swapped ^ (swapped << 24) ^ key;
    let mut substituted = 0;
    // From the last box, which takes the lowest six bits, to the first.
    for (table, shift) in S.iter().rev().zip((0..32).step_by(4)) {
        substituted |= substitute(table, rest & 0x3f) << shift;
        rest >>= 6;
    }
    permute(substituted, 32, &P)
}

/// Looks six bits up: the outer two are the row, the inner four the column.
fn substitute(table: &[[u8; 16]; 4], bits: u64) -> u64 {
    let cell = bits & 0x20 | (bits & 1) << 4 | (bits >> 1) & 0xf;
    u64::from(look_up(table.as_flattened(), cell))
}

/// An entry of a table of 64, by six bits.
fn look_up(table: &[u8], index: u64) -> u8 {
    usize::try_from(index).ok().and_then(|index| table.get(index)).copied().unwrap_or_default()
}

/// Takes the bits that `table` names out of a word of `width` bits, the first named on top.
fn permute(word: u64, width: u32, table: &[u8]) -> u64 {
    table.iter().fold(0, |result, &bit| (result << 1) | (word >> width.saturating_sub(u32::from(bit))) & 1)
}

const MASK_28: u64 = (1 << 28) - 1;

/// Rotates a word of 28 bits to the left by one or two.
fn rotate_28(word: u64, shift: u32) -> u64 {
    let long = word << shift;
    (long | (long >> 28)) & MASK_28
}

/// The inverse of the initial permutation, `IP^-1`.
#[rustfmt::skip]
const FP: [u8; 64] = [
    40, 8, 48, 16, 56, 24, 64, 32, 39, 7, 47, 15, 55, 23, 63, 31,
    38, 6, 46, 14, 54, 22, 62, 30, 37, 5, 45, 13, 53, 21, 61, 29,
    36, 4, 44, 12, 52, 20, 60, 28, 35, 3, 43, 11, 51, 19, 59, 27,
    34, 2, 42, 10, 50, 18, 58, 26, 33, 1, 41, 9, 49, 17, 57, 25,
];

/// The expansion.
#[rustfmt::skip]
const E: [u8; 48] = [
    32, 1, 2, 3, 4, 5, 4, 5, 6, 7, 8, 9,
    8, 9, 10, 11, 12, 13, 12, 13, 14, 15, 16, 17,
    16, 17, 18, 19, 20, 21, 20, 21, 22, 23, 24, 25,
    24, 25, 26, 27, 28, 29, 28, 29, 30, 31, 32, 1,
];

/// The permutation after the boxes.
#[rustfmt::skip]
const P: [u8; 32] = [
    16, 7, 20, 21, 29, 12, 28, 17, 1, 15, 23, 26, 5, 18, 31, 10,
    2, 8, 24, 14, 32, 27, 3, 9, 19, 13, 30, 6, 22, 11, 4, 25,
];

/// Permuted choice 1, which leaves the bits of parity out.
#[rustfmt::skip]
const PC1: [u8; 56] = [
    57, 49, 41, 33, 25, 17, 9, 1, 58, 50, 42, 34, 26, 18,
    10, 2, 59, 51, 43, 35, 27, 19, 11, 3, 60, 52, 44, 36,
    63, 55, 47, 39, 31, 23, 15, 7, 62, 54, 46, 38, 30, 22,
    14, 6, 61, 53, 45, 37, 29, 21, 13, 5, 28, 20, 12, 4,
];

/// Permuted choice 2.
#[rustfmt::skip]
const PC2: [u8; 48] = [
    14, 17, 11, 24, 1, 5, 3, 28, 15, 6, 21, 10,
    23, 19, 12, 4, 26, 8, 16, 7, 27, 20, 13, 2,
    41, 52, 31, 37, 47, 55, 30, 40, 51, 45, 33, 48,
    44, 49, 39, 56, 34, 53, 46, 42, 50, 36, 29, 32,
];

/// By how much the key's halves turn before each round.
const SHIFTS: [u32; 16] = [1, 1, 2, 2, 2, 2, 2, 2, 1, 2, 2, 2, 2, 2, 2, 1];

/// The boxes `S1` to `S8`.
#[rustfmt::skip]
const S: [[[u8; 16]; 4]; 8] = [
    [
        [14, 4, 13, 1, 2, 15, 11, 8, 3, 10, 6, 12, 5, 9, 0, 7],
        [0, 15, 7, 4, 14, 2, 13, 1, 10, 6, 12, 11, 9, 5, 3, 8],
        [4, 1, 14, 8, 13, 6, 2, 11, 15, 12, 9, 7, 3, 10, 5, 0],
        [15, 12, 8, 2, 4, 9, 1, 7, 5, 11, 3, 14, 10, 0, 6, 13],
    ],
    [
        [15, 1, 8, 14, 6, 11, 3, 4, 9, 7, 2, 13, 12, 0, 5, 10],
        [3, 13, 4, 7, 15, 2, 8, 14, 12, 0, 1, 10, 6, 9, 11, 5],
        [0, 14, 7, 11, 10, 4, 13, 1, 5, 8, 12, 6, 9, 3, 2, 15],
        [13, 8, 10, 1, 3, 15, 4, 2, 11, 6, 7, 12, 0, 5, 14, 9],
    ],
    [
        [10, 0, 9, 14, 6, 3, 15, 5, 1, 13, 12, 7, 11, 4, 2, 8],
        [13, 7, 0, 9, 3, 4, 6, 10, 2, 8, 5, 14, 12, 11, 15, 1],
        [13, 6, 4, 9, 8, 15, 3, 0, 11, 1, 2, 12, 5, 10, 14, 7],
        [1, 10, 13, 0, 6, 9, 8, 7, 4, 15, 14, 3, 11, 5, 2, 12],
    ],
    [
        [7, 13, 14, 3, 0, 6, 9, 10, 1, 2, 8, 5, 11, 12, 4, 15],
        [13, 8, 11, 5, 6, 15, 0, 3, 4, 7, 2, 12, 1, 10, 14, 9],
        [10, 6, 9, 0, 12, 11, 7, 13, 15, 1, 3, 14, 5, 2, 8, 4],
        [3, 15, 0, 6, 10, 1, 13, 8, 9, 4, 5, 11, 12, 7, 2, 14],
    ],
    [
        [2, 12, 4, 1, 7, 10, 11, 6, 8, 5, 3, 15, 13, 0, 14, 9],
        [14, 11, 2, 12, 4, 7, 13, 1, 5, 0, 15, 10, 3, 9, 8, 6],
        [4, 2, 1, 11, 10, 13, 7, 8, 15, 9, 12, 5, 6, 3, 0, 14],
        [11, 8, 12, 7, 1, 14, 2, 13, 6, 15, 0, 9, 10, 4, 5, 3],
    ],
    [
        [12, 1, 10, 15, 9, 2, 6, 8, 0, 13, 3, 4, 14, 7, 5, 11],
        [10, 15, 4, 2, 7, 12, 9, 5, 6, 1, 13, 14, 0, 11, 3, 8],
        [9, 14, 15, 5, 2, 8, 12, 3, 7, 0, 4, 10, 1, 13, 11, 6],
        [4, 3, 2, 12, 9, 5, 15, 10, 11, 14, 1, 7, 6, 0, 8, 13],
    ],
    [
        [4, 11, 2, 14, 15, 0, 8, 13, 3, 12, 9, 7, 5, 10, 6, 1],
        [13, 0, 11, 7, 4, 9, 1, 10, 14, 3, 5, 12, 2, 15, 8, 6],
        [1, 4, 11, 13, 12, 3, 7, 14, 10, 15, 6, 8, 0, 5, 9, 2],
        [6, 11, 13, 8, 1, 4, 10, 7, 9, 5, 0, 15, 14, 2, 3, 12],
    ],
    [
        [13, 2, 8, 4, 6, 15, 11, 1, 10, 9, 3, 14, 5, 0, 12, 7],
        [1, 15, 13, 8, 10, 3, 7, 4, 12, 5, 6, 11, 0, 14, 9, 2],
        [7, 11, 4, 1, 9, 12, 14, 2, 0, 6, 10, 13, 15, 3, 5, 8],
        [2, 1, 14, 7, 4, 10, 8, 13, 15, 12, 9, 0, 3, 5, 6, 11],
    ],
];
