//! Graphs as large networks are: few vertices have many edges, most have few.

use rayon::prelude::*;

/// How often, of 2^32, an edge is in each quarter of the matrix: 0.57, 0.19, 0.19, and else 0.05.
const QUARTERS: [u64; 3] = [2_448_131_358, 816_043_786, 816_043_786];

/// Edges of a graph with `1 << scale` vertices and `per_vertex` times as many edges, the same ones for the same `seed`; some
/// are there several times, and some lead from a vertex to itself. By all threads of rayon's pool.
///
/// R-MAT (Chakrabarti, Zhan, Faloutsos: R-MAT: A Recursive Model for Graph Mining, 2004) with the parameters of Graph500
/// (<https://graph500.org>), which also says that the labels of the vertices be permuted, so that they tell nothing.
///
/// # Panics
///
/// With a scale of more than 31.
pub fn rmat(scale: u32, per_vertex: usize, seed: u64) -> Vec<(u32, u32)> {
    assert!(scale < u32::BITS, "a scale of {scale}, expected at most 31");
    let labels = labels(scale, seed);
    let label = |vertex: usize| labels.get(vertex).copied().unwrap_or_default();
    let num_edges = per_vertex << scale;
    let edges = (0..num_edges).into_par_iter().map(|edge| {
        let (mut source, mut target) = (0, 0);
        let mut state = mixed(seed ^ mixed(edge as u64));
        for _ in 0..scale {
            state = mixed(state);
            let (down, right) = quarter(state >> 32);
            (source, target) = (source << 1 | usize::from(down), target << 1 | usize::from(right));
        }
        (label(source), label(target))
    });
    edges.collect()
}

/// Whether an edge is in the lower and in the right half.
fn quarter(mut number: u64) -> (bool, bool) {
    for (share, quarter) in QUARTERS.into_iter().zip([(false, false), (false, true), (true, false)]) {
        if number < share {
            return quarter;
        }
        number -= share;
    }
    (true, true)
}

/// The vertices in any order (Fisher and Yates, in the form of Durstenfeld).
fn labels(scale: u32, seed: u64) -> Vec<u32> {
    let mut labels: Vec<u32> = (0..1 << scale).collect();
    let mut state = seed;
    for last in (1..labels.len()).rev() {
        state = mixed(state);
        labels.swap(last, (state % (last as u64 + 1)) as usize);
    }
    labels
}

/// The next number of a sequence that looks random (SplitMix64: Steele, Lea, Flood: Fast Splittable Pseudorandom Number
/// Generators, 2014).
fn mixed(number: u64) -> u64 {
    let number = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_permuted() {
        let mut labels = labels(10, 3);
        assert!(!labels.is_sorted());
        labels.sort_unstable();
        assert!(labels.into_iter().eq(0..1024));
    }

    #[test]
    fn quarters_have_their_shares() {
        let mut counts = [0u32; 4];
        for edge in 0..100_000 {
            let (down, right) = quarter(mixed(edge) >> 32);
            counts[usize::from(down) * 2 + usize::from(right)] += 1;
        }
        // Of so many, a share is off by less than half of a hundredth, unless there is something wrong.
        for (count, expected) in counts.into_iter().zip([57_000u32, 19_000, 19_000, 5_000]) {
            assert!(count.abs_diff(expected) < 500, "{count}, expected about {expected}");
        }
    }

    #[test]
    fn few_vertices_have_many_edges() {
        let edges = rmat(12, 16, 1);
        assert_eq!(edges.len(), 16 << 12);
        assert_eq!(edges, rmat(12, 16, 1));
        assert_ne!(edges, rmat(12, 16, 2));
        let mut degrees = vec![0u32; 1 << 12];
        edges.iter().for_each(|(source, _)| degrees[*source as usize] += 1);
        degrees.sort_unstable();
        assert!(degrees.iter().rev().take(41).sum::<u32>() > edges.len() as u32 / 8);
        assert!(degrees.iter().filter(|degree| **degree == 0).count() > 500);
    }
}
