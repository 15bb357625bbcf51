//! Each entry to the part of the map where its key belongs.

use std::ops::Range;
use std::slice::IterMut;

use bytemuck::{Pod, Zeroable};
use rayon::prelude::*;

use super::room::zeros;
use crate::hashmap::MapError;

/// Fewer entries than this are not worth another thread.
const CHUNK: usize = 1 << 14;

/// The hash of a key, and which entry it is of.
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub(in crate::hashmap) struct Hashed {
    pub(in crate::hashmap) hash: u64,
    pub(in crate::hashmap) entry: u64,
}

/// The entries by part, in the order given within each.
pub(in crate::hashmap) struct Parts {
    hashed: Vec<Hashed>,
    counts: Vec<usize>,
}

impl Parts {
    /// The entries of each part.
    pub(in crate::hashmap) fn split(&mut self) -> Vec<&mut [Hashed]> {
        let mut rest = self.hashed.as_mut_slice();
        self.counts.iter().map(|count| take(&mut rest, *count)).collect()
    }
}

/// Takes the first `len` items off a slice; fewer if there are not so many.
pub(in crate::hashmap) fn take<'a, T>(slice: &mut &'a mut [T], len: usize) -> &'a mut [T] {
    let all = std::mem::take(slice);
    let (first, rest) = all.split_at_mut(len.min(all.len()));
    *slice = rest;
    first
}

/// Hashes so many keys with all threads, and moves each to its part.
pub(in crate::hashmap) fn partition(
    len: usize,
    num_parts: usize,
    hash: impl Fn(usize) -> u64 + Sync,
    part: impl Fn(u64) -> usize + Sync,
) -> Result<Parts, MapError> {
    // More chunks than threads, so that one that is late holds up little.
    let chunk = len.div_ceil(rayon::current_num_threads().saturating_mul(4)).max(CHUNK);
    let ranges: Vec<Range<usize>> = (0..len).step_by(chunk).map(|start| start..len.min(start + chunk)).collect();
    let mut hashes = zeros::<u64>(len, len)?;
    let by_chunk = each(hashes.chunks_mut(chunk).zip(&ranges).collect(), |(hashes, range)| {
        let mut counts = vec![0usize; num_parts];
        for (place, key) in hashes.iter_mut().zip(range.clone()) {
            *place = hash(key);
            if let Some(count) = counts.get_mut(part(*place)) {
                *count += 1;
            }
        }
        counts
    });
    let mut hashed = zeros::<Hashed>(len, len)?;
    let mut rest = hashed.as_mut_slice();
    let mut cursors: Vec<Vec<IterMut<'_, Hashed>>> = ranges.iter().map(|_| Vec::with_capacity(num_parts)).collect();
    let mut counts = Vec::with_capacity(num_parts);
    for number in 0..num_parts {
        let mut total = 0;
        for (cursors, counts) in cursors.iter_mut().zip(&by_chunk) {
            let count = counts.get(number).copied().unwrap_or_default();
            cursors.push(take(&mut rest, count).iter_mut());
            total += count;
        }
        counts.push(total);
    }
    each(cursors.into_iter().zip(hashes.chunks(chunk)).zip(ranges).collect(), |((mut cursors, hashes), range)| {
        for (hash, entry) in hashes.iter().zip(range) {
            if let Some(place) = cursors.get_mut(part(*hash)).and_then(Iterator::next) {
                *place = Hashed { hash: *hash, entry: entry as u64 };
            }
        }
    });
    Ok(Parts { hashed, counts })
}

/// Does something with each item, with all threads; with this one if there is a single item, which costs no start of others.
pub(in crate::hashmap) fn each<T: Send, X: Send>(items: Vec<T>, act: impl Fn(T) -> X + Sync + Send) -> Vec<X> {
    if items.len() <= 1 {
        return items.into_iter().map(act).collect();
    }
    items.into_par_iter().map(act).collect()
}
