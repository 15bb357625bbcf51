//! Where the parts of a whole lie in it: arithmetic on shapes and grids, without I/O.

use std::collections::HashMap;

use super::error::CollectionError;

/// What a part tells of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    /// The length of each dimension.
    pub(super) shape: Vec<u64>,
    /// Its place in the grid of parts, if it tells.
    pub(super) place: Option<Vec<i64>>,
}

/// The whole, and where each part lies in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Layout {
    /// The length of each dimension of the whole.
    pub(super) shape: Vec<u64>,
    /// How many parts lie along each dimension.
    pub(super) grid: Vec<u64>,
    /// The parts, in the order in which they are stored.
    pub(super) cells: Vec<Cell>,
}

/// One part in the whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cell {
    /// Its place in the grid.
    pub(super) place: Vec<u64>,
    /// Where its first element is in the whole.
    pub(super) start: Vec<u64>,
    /// The length of each dimension.
    pub(super) shape: Vec<u64>,
}

impl Layout {
    /// Lays the pieces out on a grid, and compares the whole with what is said of it. An empty `shape` or `grid` says
    /// nothing: the grid follows from the places that the pieces tell, and without these they are stacked along the first
    /// dimension. If some tell their place and others do not, they lie in the order of the list, the last dimension fastest.
    pub(super) fn new(pieces: Vec<Piece>, shape: &[u64], grid: &[u64]) -> Result<Self, CollectionError> {
        let Some(first) = pieces.first() else { return Self::of_nothing(shape, grid) };
        let (parts, dimensions) = (pieces.len(), first.shape.len());
        for (part, piece) in pieces.iter().enumerate() {
            let found = piece.shape.len();
            if found != dimensions {
                return Err(CollectionError::Dimensions { part, found, expected: dimensions });
            }
        }
        if dimensions == 0 && parts > 1 {
            return Err(CollectionError::Scalars { parts });
        }
        let told: Option<Vec<&[i64]>> = pieces.iter().map(|piece| piece.place.as_deref()).collect();
        let grid = if grid.is_empty() { implied_grid(told.as_deref(), parts, dimensions) } else { grid.to_vec() };
        let places = grid.iter().try_fold(1u64, |product, length| product.checked_mul(*length));
        if grid.len() != dimensions || places != Some(parts as u64) {
            return Err(CollectionError::Grid { grid, parts, dimensions });
        }
        let places = match told {
            Some(told) => told_places(&told, &grid)?,
            None => (0..parts as u64).map(|part| in_order(part, &grid)).collect(),
        };
        let starts = starts(&pieces, &places, &grid)?;
        let found: Vec<u64> = starts.iter().map(|starts| starts.last().copied().unwrap_or(0)).collect();
        if !shape.is_empty() && shape != found {
            return Err(CollectionError::Whole { found, expected: shape.to_vec() });
        }
        let cell = |(piece, place): (Piece, Vec<u64>)| {
            let start = place.iter().zip(&starts).map(|(place, starts)| at(starts, *place)).collect();
            Cell { place, start, shape: piece.shape }
        };
        Ok(Self { shape: found, grid, cells: pieces.into_iter().zip(places).map(cell).collect() })
    }

    /// No pieces make up something without places.
    fn of_nothing(shape: &[u64], grid: &[u64]) -> Result<Self, CollectionError> {
        if !grid.is_empty() && !grid.contains(&0) {
            return Err(CollectionError::Grid { grid: grid.to_vec(), parts: 0, dimensions: shape.len() });
        }
        if !shape.is_empty() && !shape.contains(&0) {
            return Err(CollectionError::Whole { found: Vec::new(), expected: shape.to_vec() });
        }
        Ok(Self { shape: shape.to_vec(), grid: grid.to_vec(), cells: Vec::new() })
    }
}

/// The grid of pieces of which nobody said how they lie.
fn implied_grid(told: Option<&[&[i64]]>, parts: usize, dimensions: usize) -> Vec<u64> {
    let longest = |dimension: usize, places: &[&[i64]]| {
        let places = places.iter().filter_map(|place| place.get(dimension));
        places.map(|place| u64::try_from(*place).unwrap_or(0).saturating_add(1)).max().unwrap_or(1)
    };
    match told {
        Some(places) => (0..dimensions).map(|dimension| longest(dimension, places)).collect(),
        None => (0..dimensions).map(|dimension| if dimension == 0 { parts as u64 } else { 1 }).collect(),
    }
}

/// The places that the pieces tell, each inside of the grid and each once.
fn told_places(told: &[&[i64]], grid: &[u64]) -> Result<Vec<Vec<u64>>, CollectionError> {
    let mut taken: HashMap<Vec<u64>, usize> = HashMap::with_capacity(told.len());
    let mut places = Vec::with_capacity(told.len());
    for (part, place) in told.iter().enumerate() {
        let inside = |(place, length): (&i64, &u64)| u64::try_from(*place).ok().filter(|place| place < length);
        let found: Option<Vec<u64>> = place.iter().zip(grid).map(inside).collect();
        let Some(found) = found.filter(|found| found.len() == grid.len() && place.len() == grid.len()) else {
            return Err(CollectionError::Outside { part, place: place.to_vec(), grid: grid.to_vec() });
        };
        if let Some(first) = taken.insert(found.clone(), part) {
            return Err(CollectionError::Taken { first, part, place: found });
        }
        places.push(found);
    }
    Ok(places)
}

/// The place of a piece of which only its number is known: the last dimension is the fastest.
fn in_order(part: u64, grid: &[u64]) -> Vec<u64> {
    let mut rest = part;
    let digit = |length: &u64| {
        // The grid has as many places as there are pieces, at least one, so no length is zero.
        let place = rest.checked_rem(*length).unwrap_or(0);
        rest = rest.checked_div(*length).unwrap_or(0);
        place
    };
    let mut place: Vec<u64> = grid.iter().rev().map(digit).collect();
    place.reverse();
    place
}

/// For each dimension, where the pieces at each place of it start, and where the last ones end.
fn starts(pieces: &[Piece], places: &[Vec<u64>], grid: &[u64]) -> Result<Vec<Vec<u64>>, CollectionError> {
    let mut all = Vec::with_capacity(grid.len());
    for dimension in 0..grid.len() {
        // By place, the first piece there and its length. There are no more places than pieces.
        let mut lengths: HashMap<u64, (usize, u64)> = HashMap::new();
        for (part, (piece, place)) in pieces.iter().zip(places).enumerate() {
            let (Some(place), Some(found)) = (place.get(dimension), piece.shape.get(dimension)) else { continue };
            let (beside, expected) = *lengths.entry(*place).or_insert((part, *found));
            if *found != expected {
                return Err(CollectionError::Length { part, dimension, found: *found, beside, expected });
            }
        }
        let (mut sum, mut starts) = (0u64, vec![0]);
        for place in 0..grid.get(dimension).copied().unwrap_or(0) {
            let length = lengths.get(&place).map_or(0, |(_, length)| *length);
            sum = sum.checked_add(length).ok_or(CollectionError::Overflow { dimension })?;
            starts.push(sum);
        }
        all.push(starts);
    }
    Ok(all)
}

fn at(starts: &[u64], place: u64) -> u64 {
    usize::try_from(place).ok().and_then(|place| starts.get(place)).copied().unwrap_or(0)
}

#[cfg(test)]
#[path = "layout_tests.rs"]
mod tests;
