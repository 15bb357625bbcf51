//! The edges, in a file that all processes of a run read: pairs of 32-bit numbers.

use std::fs;
use std::path::Path;

use bytemuck::cast_slice;
use vineyard_benches::Done;
use vineyard_examples::rmat::rmat;

/// Edges for each vertex, as Graph500 has them.
pub(crate) const PER_VERTEX: usize = 16;

const SEED: u64 = 2;

/// One weight in this many differs from those around it, and all are whole, so that sums are exact in any order; as the
/// program in Python makes them.
const WEIGHTS: usize = 1024;

/// Writes the edges of an R-MAT graph.
pub(crate) fn write(path: &Path, scale: u32) -> Done {
    let ends: Vec<u32> =
        rmat(scale, PER_VERTEX, SEED).into_iter().flat_map(|(source, target)| [source, target]).collect();
    Ok(fs::write(path, cast_slice::<u32, u8>(&ends))?)
}

/// The edges of a file.
pub(crate) fn read(path: &Path) -> Done<Vec<(u32, u32)>> {
    let bytes = fs::read(path)?;
    let ends = bytes.as_chunks::<4>().0.iter().map(|end| u32::from_ne_bytes(*end)).collect::<Vec<u32>>();
    Ok(ends.as_chunks::<2>().0.iter().map(|[source, target]| (*source, *target)).collect())
}

/// A weight for each of so many edges.
pub(crate) fn weights(count: usize) -> Vec<f64> {
    (0..count).map(|edge| (edge % WEIGHTS) as f64).collect()
}

/// A number that tells whether rows have the right edges, whatever their order within a row: the sum of the product of both
/// ends, from 1, and the weight.
#[derive(Debug, Default)]
pub(crate) struct Checksum(pub(crate) u64);

impl Checksum {
    pub(crate) fn add(&mut self, vertex: usize, target: u64, weight: u64) {
        let ends = (vertex as u64 + 1).wrapping_mul(target.wrapping_add(1));
        self.0 = self.0.wrapping_add(ends.wrapping_mul(weight));
    }
}
