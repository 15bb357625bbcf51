//! A bucket that is larger than others by far, because vertices of it have many edges: one array after the other, so that
//! less memory is taken than for buckets that fit a cache.

use bytemuck::Pod;
use rayon::prelude::*;

use super::rows::Bucket;
use crate::graph::VertexId;

/// A row of so many edges is sorted by several threads.
const LONG_ROW: usize = 1 << 16;

/// Sorts a bucket, unless its rows are in order already, and finds the ends of its rows, within it.
///
/// Beside the bucket there is a copy of one of its arrays at a time, and 4 bytes for each edge of the row in hand, if an edge
/// has more than a target.
pub(super) fn sort<V, A, B>(bucket: &mut Bucket<'_, V, A, B>, sorted: bool)
where
    V: VertexId,
    A: Pod + Send + Sync,
    B: Pod + Send + Sync,
{
    let mut starts = vec![0usize; bucket.ends.len()];
    for low in bucket.low {
        if let Some(count) = starts.get_mut(usize::from(*low)) {
            *count += 1;
        }
    }
    let mut end = 0;
    for (start, row_end) in starts.iter_mut().zip(bucket.ends.iter_mut()) {
        let len = std::mem::replace(start, end);
        end += len;
        *row_end = end as u64;
    }
    distribute(bucket.low, &starts, bucket.targets);
    distribute(bucket.low, &starts, bucket.weights);
    distribute(bucket.low, &starts, bucket.rows);
    if sorted {
        return;
    }
    for (start, end) in starts.into_iter().zip(bucket.ends.iter()) {
        let row = start..*end as usize;
        let targets = bucket.targets.get_mut(row.clone()).unwrap_or_default();
        let weights = bucket.weights.get_mut(row.clone()).unwrap_or_default();
        sort_row(targets, weights, bucket.rows.get_mut(row).unwrap_or_default());
    }
}

/// Moves each item to the row that `low` names; items of a row keep their order.
fn distribute<T: Pod>(low: &[u16], starts: &[usize], items: &mut [T]) {
    if size_of::<T>() == 0 {
        return;
    }
    let (copy, mut starts) = (items.to_vec(), starts.to_vec());
    for (low, item) in low.iter().zip(copy) {
        let Some(place) = starts.get_mut(usize::from(*low)) else { continue };
        if let Some(to) = items.get_mut(*place) {
            *to = item;
        }
        *place += 1;
    }
}

/// Sorts one row by target; edges with the same target keep their order.
fn sort_row<V, A, B>(targets: &mut [V], weights: &mut [A], rows: &mut [B])
where
    V: VertexId,
    A: Pod + Send + Sync,
    B: Pod + Send + Sync,
{
    // Edges without anything more are the same whatever their order.
    if size_of::<(A, B)>() == 0 {
        match targets.len() < LONG_ROW {
            true => targets.sort_unstable(),
            false => targets.par_sort_unstable(),
        }
    } else if let Ok(len) = u32::try_from(targets.len()) {
        arrange((0..len).collect(), |place| *place as usize, targets, weights, rows);
    } else {
        arrange((0..targets.len()).collect(), |place| *place, targets, weights, rows);
    }
}

/// Sorts one row by target, then by the place where an edge was; `places` has all of them.
fn arrange<P, V, A, B>(
    mut places: Vec<P>,
    index: impl Fn(&P) -> usize + Sync,
    targets: &mut [V],
    weights: &mut [A],
    rows: &mut [B],
) where
    P: Send + Sync,
    V: VertexId,
    A: Pod + Send + Sync,
    B: Pod + Send + Sync,
{
    let key = |place: &P| (targets.get(index(place)).copied(), index(place));
    match places.len() < LONG_ROW {
        true => places.sort_unstable_by_key(key),
        false => places.par_sort_unstable_by_key(key),
    }
    gather(&places, &index, targets);
    gather(&places, &index, weights);
    gather(&places, &index, rows);
}

/// Moves the items of these places to the beginning, in this order.
fn gather<P, T: Pod>(places: &[P], index: impl Fn(&P) -> usize, items: &mut [T]) {
    if size_of::<T>() == 0 {
        return;
    }
    let copy = items.to_vec();
    for (to, place) in items.iter_mut().zip(places) {
        if let Some(item) = copy.get(index(place)) {
            *to = *item;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_arranged_alike_whatever_counts_their_places() {
        let targets = [3u32, 1, 2, 1, 3, 0];
        let (mut narrow, mut wide) = (targets, targets);
        let (mut narrow_weights, mut wide_weights) = ([0u64, 1, 2, 3, 4, 5], [0u64, 1, 2, 3, 4, 5]);
        arrange((0..6u32).collect(), |place| *place as usize, &mut narrow, &mut narrow_weights, &mut [(); 6]);
        arrange((0..6usize).collect(), |place| *place, &mut wide, &mut wide_weights, &mut [(); 6]);
        assert_eq!((narrow, narrow_weights), ([0, 1, 1, 2, 3, 3], [5, 1, 3, 2, 0, 4]));
        assert_eq!((wide, wide_weights), (narrow, narrow_weights));
    }
}
