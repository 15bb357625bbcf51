//! The hash functions of maps.

/// wyhash's secret, as its author publishes it.
const SECRET: [u64; 4] = [0x2d35_8dcc_aa6c_78a5, 0x8bb8_4b93_962e_acc9, 0x4b33_a62e_d433_d4a3, 0x4d5a_2da5_1de1_aa47];

/// Both halves of the product of 128 bits, xored: the step that wyhash is made of.
#[inline]
pub(super) fn fold(a: u64, b: u64) -> u64 {
    let (low, high) = product(a, b);
    low ^ high
}

/// The upper half of the product of 128 bits: for a hash, a number below `below`, in the order of hashes (Lemire, "Fast
/// random integer generation in an interval", 2019).
#[inline]
pub(super) fn scale(hash: u64, below: u64) -> u64 {
    product(hash, below).1
}

#[inline]
pub(super) fn product(a: u64, b: u64) -> (u64, u64) {
    let product = u128::from(a) * u128::from(b);
    (product as u64, (product >> 64) as u64)
}

/// wyhash of its final version 4.2 (<https://github.com/wangyi-fudan/wyhash>), with its own secret.
#[inline]
pub(super) fn wyhash(bytes: &[u8], seed: u64) -> u64 {
    let seed = seed ^ fold(seed ^ SECRET[0], SECRET[1]);
    let (a, b, seed) = match bytes {
        [] => (0, 0, seed),
        &[one] => (u64::from(one) << 16 | u64::from(one) << 8 | u64::from(one), 0, seed),
        &[one, two] => (u64::from(one) << 16 | u64::from(two) << 8 | u64::from(two), 0, seed),
        &[one, two, three] => (u64::from(one) << 16 | u64::from(two) << 8 | u64::from(three), 0, seed),
        _ if bytes.len() <= 16 => {
            // Four or eight bytes from either end; they overlap.
            let step = bytes.len() >> 3 << 2;
            let end = bytes.len() - 4;
            (four(bytes, 0) << 32 | four(bytes, step), four(bytes, end) << 32 | four(bytes, end - step), seed)
        }
        _ => (eight(bytes, bytes.len() - 16), eight(bytes, bytes.len() - 8), long(bytes, seed)),
    };
    let (low, high) = product(a ^ SECRET[1], b ^ seed);
    fold(low ^ SECRET[0] ^ bytes.len() as u64, high ^ SECRET[1])
}

/// What all but the last 1 to 16 of more than 16 bytes do to the seed.
#[inline]
fn long(mut bytes: &[u8], mut seed: u64) -> u64 {
    if bytes.len() > 48 {
        let (mut second, mut third) = (seed, seed);
        while bytes.len() > 48 {
            seed = fold(eight(bytes, 0) ^ SECRET[1], eight(bytes, 8) ^ seed);
            second = fold(eight(bytes, 16) ^ SECRET[2], eight(bytes, 24) ^ second);
            third = fold(eight(bytes, 32) ^ SECRET[3], eight(bytes, 40) ^ third);
            bytes = &bytes[48..];
        }
        seed ^= second ^ third;
    }
    while bytes.len() > 16 {
        seed = fold(eight(bytes, 0) ^ SECRET[1], eight(bytes, 8) ^ seed);
        bytes = &bytes[16..];
    }
    seed
}

/// The number of eight bytes; 0 beyond the end.
#[inline]
fn eight(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// The number of four bytes; 0 beyond the end.
#[inline]
fn four(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |bytes| u64::from(u32::from_le_bytes(*bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `test_vector.cpp` of wyhash: the seeds count up from 0.
    #[test]
    fn wyhash_is_that_of_its_author() {
        let vectors: [(&str, u64); 7] = [
            ("", 0x9322_8a4d_e0ee_c5a2),
            ("a", 0xc5ba_c3db_1787_13c4),
            ("abc", 0xa97f_2f7b_1d9b_3314),
            ("message digest", 0x786d_1f1d_f380_1df4),
            ("abcdefghijklmnopqrstuvwxyz", 0xdca5_a813_8ad3_7c87),
            ("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", 0xb9e7_34f1_17cf_af70),
            ("12345678901234567890123456789012345678901234567890123456789012345678901234567890", 0x6cc5_eab4_9a92_d617),
        ];
        for (seed, (text, expected)) in vectors.into_iter().enumerate() {
            assert_eq!(wyhash(text.as_bytes(), seed as u64), expected, "{text}");
        }
    }

    #[test]
    fn hashes_are_scaled_in_their_order() {
        assert_eq!([0, 1 << 62, 1 << 63, u64::MAX].map(|hash| scale(hash, 10)), [0, 2, 5, 9]);
    }
}
