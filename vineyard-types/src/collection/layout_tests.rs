use proptest::prelude::*;

use super::*;

fn piece(shape: &[u64], place: Option<&[i64]>) -> Piece {
    Piece { shape: shape.to_vec(), place: place.map(<[i64]>::to_vec) }
}

fn fault(pieces: Vec<Piece>, shape: &[u64], grid: &[u64]) -> String {
    Layout::new(pieces, shape, grid).expect_err("it does not fit").to_string()
}

#[test]
fn pieces_are_stacked_unless_something_else_is_said() -> Result<(), CollectionError> {
    let layout = Layout::new(vec![piece(&[2, 3], None), piece(&[1, 3], None)], &[], &[])?;
    assert_eq!((layout.shape, layout.grid), (vec![3, 3], vec![2, 1]));
    assert_eq!(layout.cells[1], Cell { place: vec![1, 0], start: vec![2, 0], shape: vec![1, 3] });
    Ok(())
}

#[test]
fn a_grid_is_filled_in_order_or_as_the_pieces_say() -> Result<(), CollectionError> {
    let pieces = [[2, 3], [2, 1], [4, 3], [4, 1]];
    let ordered = Layout::new(pieces.map(|shape| piece(&shape, None)).to_vec(), &[6, 4], &[2, 2])?;
    let starts: Vec<Vec<u64>> = ordered.cells.iter().map(|cell| cell.start.clone()).collect();
    assert_eq!(starts, [[0, 0], [0, 3], [2, 0], [2, 3]]);

    let places: [[i64; 2]; 4] = [[1, 1], [0, 0], [1, 0], [0, 1]];
    let shapes = [[4, 1], [2, 3], [4, 3], [2, 1]];
    let told = std::iter::zip(shapes, places).map(|(shape, place)| piece(&shape, Some(&place))).collect();
    let told = Layout::new(told, &[], &[])?;
    assert_eq!((told.shape, told.grid), (vec![6, 4], vec![2, 2]));
    assert_eq!(told.cells[0].start, [2, 3]);
    Ok(())
}

#[test]
fn one_number_is_a_whole_of_one_part() -> Result<(), CollectionError> {
    let layout = Layout::new(vec![piece(&[], None)], &[], &[])?;
    assert_eq!((layout.shape.len(), layout.cells.len()), (0, 1));
    assert_eq!(
        fault(vec![piece(&[], None), piece(&[], None)], &[], &[]),
        "2 parts without dimensions cannot be parts of one tensor"
    );
    Ok(())
}

#[test]
fn nothing_has_no_places() {
    assert!(Layout::new(vec![], &[], &[]).is_ok());
    assert!(Layout::new(vec![], &[0, 3], &[0, 1]).is_ok());
    assert!(fault(vec![], &[], &[2]).starts_with("a grid of [2] does not have one place for each of 0 parts"));
    assert_eq!(fault(vec![], &[4], &[0]), "the parts make up [], `shape_` says [4]");
}

#[test]
fn what_does_not_fit_names_the_part() {
    let two = |a: &[u64], b: &[u64]| vec![piece(a, None), piece(b, None)];
    assert_eq!(fault(two(&[2, 3], &[2]), &[], &[]), "part 1 has 1 dimensions, part 0 has 2");
    assert_eq!(fault(two(&[2, 3], &[2, 4]), &[], &[]), "part 1 has length 4 in dimension 1, part 0 beside it has 3");
    assert_eq!(fault(two(&[2], &[2]), &[5], &[]), "the parts make up [4], `shape_` says [5]");
    assert_eq!(
        fault(two(&[2], &[2]), &[], &[3]),
        "a grid of [3] does not have one place for each of 2 parts of 1 dimensions"
    );
    assert!(fault(two(&[2], &[2]), &[], &[2, 1]).starts_with("a grid of [2, 1]"));
    assert!(fault(two(&[2], &[2]), &[], &[u64::MAX, u64::MAX]).starts_with("a grid of"));
    let lengths = "the lengths in dimension 0 add up to more than can be counted";
    assert_eq!(fault(two(&[u64::MAX], &[1]), &[], &[]), lengths);
}

#[test]
fn places_that_are_none_are_refused() {
    let told = |a: &[i64], b: &[i64]| vec![piece(&[2], Some(a)), piece(&[2], Some(b))];
    assert_eq!(fault(told(&[1], &[1]), &[], &[2]), "parts 0 and 1 both say that their place is [1]");
    assert_eq!(fault(told(&[0], &[2]), &[], &[2]), "part 1 says that its place is [2], outside of the grid of [2]");
    assert!(fault(told(&[0], &[-1]), &[], &[2]).starts_with("part 1 says that its place is [-1]"));
    assert!(fault(told(&[0], &[1, 0]), &[], &[2]).starts_with("part 1 says that its place is [1, 0]"));
    // Without a grid, what is told has to make one.
    assert!(fault(told(&[0], &[2]), &[], &[]).starts_with("a grid of [3] does not have one place for each of 2 parts"));
    assert!(fault(told(&[0], &[i64::MAX]), &[], &[]).starts_with("a grid of [9223372036854775808]"));
}

#[test]
fn pieces_lie_in_order_if_only_some_tell_their_place() -> Result<(), CollectionError> {
    let layout = Layout::new(vec![piece(&[2], Some(&[5])), piece(&[3], None)], &[], &[])?;
    assert_eq!((layout.shape, layout.cells[1].start.clone()), (vec![5], vec![2]));
    Ok(())
}

proptest! {
    #[test]
    fn every_place_of_the_whole_is_in_one_part(rows in prop::collection::vec(0u64..4, 1..4), columns in prop::collection::vec(0u64..4, 1..4)) {
        let pieces = rows.iter().flat_map(|row| columns.iter().map(|column| piece(&[*row, *column], None))).collect();
        let grid = [rows.len() as u64, columns.len() as u64];
        let layout = Layout::new(pieces, &[], &grid).expect("fits");
        prop_assert_eq!(&layout.shape, &vec![rows.iter().sum::<u64>(), columns.iter().sum::<u64>()]);
        let mut seen = vec![0; (layout.shape[0] * layout.shape[1]) as usize];
        for cell in &layout.cells {
            for row in cell.start[0]..cell.start[0] + cell.shape[0] {
                for column in cell.start[1]..cell.start[1] + cell.shape[1] {
                    seen[(row * layout.shape[1] + column) as usize] += 1;
                }
            }
        }
        prop_assert!(seen.iter().all(|count| *count == 1));
    }

    #[test]
    fn whatever_is_said_nothing_panics(
        pieces in prop::collection::vec((prop::collection::vec(any::<u64>(), 0..3), prop::option::of(prop::collection::vec(any::<i64>(), 0..3))), 0..4),
        shape in prop::collection::vec(any::<u64>(), 0..3),
        grid in prop::collection::vec(any::<u64>(), 0..3),
    ) {
        let pieces = pieces.into_iter().map(|(shape, place)| Piece { shape, place }).collect();
        let _said = Layout::new(pieces, &shape, &grid);
    }
}
