//! Blocks of elements copied to their places in a larger array.

/// A shape in this program's numbers, if they fit.
pub(super) fn counted(shape: &[u64]) -> Option<Vec<usize>> {
    shape.iter().map(|length| usize::try_from(*length).ok()).collect()
}

/// The number of places in a shape, if it can be counted.
pub(super) fn places(shape: &[usize]) -> Option<usize> {
    if shape.contains(&0) {
        return Some(0);
    }
    shape.iter().try_fold(1usize, |product, length| product.checked_mul(*length))
}

/// Copies a block to where it starts in the whole, both with the last dimension fastest, in runs as long as there are.
/// `None` if it does not lie inside.
pub(super) fn copy_block<T: Copy>(
    whole: &mut [T],
    whole_shape: &[usize],
    block: &[T],
    block_shape: &[usize],
    start: &[usize],
) -> Option<()> {
    if block.is_empty() {
        return Some(());
    }
    // Dimensions that the block fills from end to end are one run together with the one before them.
    let same = std::iter::zip(whole_shape.iter().rev(), block_shape.iter().rev()).take_while(|(a, b)| a == b).count();
    let split = block_shape.len().checked_sub(same)?.saturating_sub(1);
    let run = places(block_shape.get(split..)?)?;
    // For each dimension before the run: how many rows the block has, where they start, how far they are apart.
    let mut axes = Vec::with_capacity(split);
    for dimension in 0..split {
        let stride = places(whole_shape.get(dimension.checked_add(1)?..)?)?;
        axes.push((*block_shape.get(dimension)?, *start.get(dimension)?, stride, 0usize));
    }
    let within = places(whole_shape.get(split.checked_add(1)?..).unwrap_or_default())?;
    let first = start.get(split).map_or(Some(0), |start| start.checked_mul(within))?;
    for elements in block.chunks_exact(run) {
        let place = axes.iter().try_fold(first, |place, (_, start, stride, index)| {
            place.checked_add(start.checked_add(*index)?.checked_mul(*stride)?)
        })?;
        whole.get_mut(place..place.checked_add(run)?)?.copy_from_slice(elements);
        for (length, _, _, index) in axes.iter_mut().rev() {
            *index = index.checked_add(1)?;
            if *index < *length {
                break;
            }
            *index = 0;
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The place of an index in a shape.
    fn place(shape: &[usize], index: &[usize]) -> usize {
        shape.iter().zip(index).fold(0, |place, (length, index)| place * length + index)
    }

    /// All indices of a shape in order.
    fn indices(shape: &[usize]) -> Vec<Vec<usize>> {
        shape.iter().fold(vec![vec![]], |all, length| {
            all.iter().flat_map(|index| (0..*length).map(|next| [&index[..], &[next]].concat())).collect()
        })
    }

    proptest! {
        #[test]
        fn a_block_is_where_it_belongs_and_nowhere_else(
            axes in prop::collection::vec((0usize..4, 0usize..4, 0usize..3), 0..4),
        ) {
            let start: Vec<usize> = axes.iter().map(|(start, _, _)| *start).collect();
            let shape: Vec<usize> = axes.iter().map(|(_, length, _)| *length).collect();
            let whole_shape: Vec<usize> = axes.iter().map(|(start, length, rest)| start + length + rest).collect();
            let block: Vec<usize> = (1..=shape.iter().product()).collect();
            let mut whole = vec![0; whole_shape.iter().product()];
            prop_assert_eq!(copy_block(&mut whole, &whole_shape, &block, &shape, &start), Some(()));
            let mut expected = vec![0; whole.len()];
            for (element, index) in block.iter().zip(indices(&shape)) {
                let index: Vec<usize> = index.iter().zip(&start).map(|(index, start)| index + start).collect();
                expected[place(&whole_shape, &index)] = *element;
            }
            prop_assert_eq!(whole, expected);
        }
    }

    #[test]
    fn a_block_that_does_not_lie_inside_is_refused() {
        let mut whole = [0; 4];
        assert_eq!(copy_block(&mut whole, &[2, 2], &[1, 2], &[1, 2], &[2, 0]), None);
        assert_eq!(copy_block(&mut whole, &[4], &[1], &[1], &[usize::MAX]), None);
    }
}
