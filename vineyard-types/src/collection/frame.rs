//! Frames in parts.

use std::collections::HashMap;
use std::sync::OnceLock;

use vineyard_core::{Fetch, Object, ObjectId, ObjectRef, Opaque, Stored};

use super::error::CollectionError;
use super::follow;
use super::layout::{Layout, Piece};
use super::part::{Numbered, Part};
use super::summary::Summary;
use crate::dataframe::DataFrame;

/// A frame whose parts are frames of their own, perhaps on several instances: `vineyard::GlobalDataFrame`.
///
/// It holds references. Putting one links the parts and copies nothing; getting one costs its metadata, whatever the parts
/// hold and wherever they are. Parts below each other have the same columns of the same types, parts side by side as many
/// rows and columns of different names, which is checked when a frame is made and when it is got.
///
/// Parts that were put with a place ([`DataFrame::with_partition_index`]) lie there. If any tells none, they all lie in the
/// order in which they are given. Parts are [`DataFrame`]s; where Python put tables of Arrow, which it does for frames of
/// types that numpy does not have, they are [`Table`](crate::arrow::Table)s, and [`get_part`](Self::get_part) gets these.
///
/// ```no_run
/// use vineyard_core::Client;
/// use vineyard_types::{DataFrame, GlobalDataFrame};
///
/// let client = Client::from_env()?;
/// let part = |days: Vec<i64>| client.put(&DataFrame::new().with_column("day", days)?).map_err(Box::<dyn std::error::Error>::from);
/// let ids = [part(vec![1, 2])?, part(vec![3])?];
/// let id = client.put(&GlobalDataFrame::new(client.get_refs::<DataFrame>(&ids)?)?)?;
///
/// let whole = client.get::<GlobalDataFrame>(id)?; // no part is looked at
/// assert_eq!((whole.num_rows(), whole.num_parts()), (3, 2));
/// for (number, part) in whole.local_parts::<DataFrame>(&client)? {
///     println!("{number}: {}", part.head(3)); // no copy
/// }
/// assert_eq!(whole.concat(&client)?.numbers::<i64>("day")?.as_slice(), [1, 2, 3]); // one copy
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Object)]
#[object(typename = "vineyard::GlobalDataFrame", rename_all = "{}_", global, validate = Self::check)]
pub struct GlobalDataFrame {
    #[object(default)]
    partition_shape_row: u64,
    #[object(default)]
    partition_shape_column: u64,
    #[object(collection)]
    partitions: Vec<ObjectRef<Opaque>>,
    /// Filled by the check.
    #[object(skip)]
    layout: OnceLock<Layout>,
}

impl GlobalDataFrame {
    /// A frame of these parts: `Stored` frames or references. They lie where they say, or one below the other.
    ///
    /// # Errors
    ///
    /// [`CollectionError`] naming the part that does not fit the others.
    pub fn new<T: Object>(parts: impl IntoIterator<Item = impl Into<ObjectRef<T>>>) -> Result<Self, CollectionError> {
        Self::on(parts, &[])
    }

    /// A frame of parts of which so many lie below each other, and so many side by side.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new), and [`CollectionError::Grid`] if the grid has not one place for each part.
    pub fn on_grid<T: Object>(
        parts: impl IntoIterator<Item = impl Into<ObjectRef<T>>>,
        rows: u64,
        columns: u64,
    ) -> Result<Self, CollectionError> {
        Self::on(parts, &[rows, columns])
    }

    fn on<T: Object>(
        parts: impl IntoIterator<Item = impl Into<ObjectRef<T>>>,
        grid: &[u64],
    ) -> Result<Self, CollectionError> {
        let partitions: Vec<_> = parts.into_iter().map(|part| part.into().untyped()).collect();
        let layout = lay_out(&partitions, grid)?;
        let length = |dimension: usize, of_nothing| layout.grid.get(dimension).copied().unwrap_or(of_nothing);
        let (partition_shape_row, partition_shape_column) = (length(0, 0), length(1, 1));
        Ok(Self { partition_shape_row, partition_shape_column, partitions, layout: layout.into() })
    }

    /// Rows of the whole.
    pub fn num_rows(&self) -> u64 {
        self.layout().shape.first().copied().unwrap_or(0)
    }

    /// Columns of the whole.
    pub fn num_columns(&self) -> u64 {
        self.layout().shape.get(1).copied().unwrap_or(0)
    }

    /// How many parts lie below each other, and how many side by side.
    pub fn partition_shape(&self) -> (u64, u64) {
        (self.partition_shape_row, self.partition_shape_column)
    }

    /// Number of parts.
    pub fn num_parts(&self) -> usize {
        self.partitions.len()
    }

    /// All parts in the order in which they are stored, by their metadata. No request.
    pub fn parts(&self) -> impl ExactSizeIterator<Item = Part<'_>> {
        let layout = self.layout();
        self.partitions.iter().enumerate().map(|(index, part)| Part::new(index, part.meta(), layout.cells.get(index)))
    }

    /// The part at a place of the grid; `None` outside of it.
    pub fn part_at(&self, row: u64, column: u64) -> Option<Part<'_>> {
        self.parts().find(|part| part.place() == [row, column])
    }

    /// The objects of the parts, in their order.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = ObjectId> {
        self.partitions.iter().map(ObjectRef::id)
    }

    /// The part of a number as a `T`, a [`DataFrame`] mostly, without a copy. One request.
    ///
    /// # Errors
    ///
    /// [`CollectionError::Part`] naming it if it is on another instance, was deleted, or is not valid;
    /// [`CollectionError::Unreadable`] if it is no `T`; [`CollectionError::NoPart`].
    pub fn get_part<T: Object>(&self, client: &impl Fetch, index: usize) -> Result<Stored<T>, CollectionError> {
        follow::one(client, index, &follow::typed(&self.partitions, index)?)
    }

    /// The parts that live on the instance that answered, with their numbers, without a copy. One request.
    ///
    /// # Errors
    ///
    /// As [`get_part`](Self::get_part).
    pub fn local_parts<T: Object>(&self, client: &impl Fetch) -> Result<Numbered<T>, CollectionError> {
        let references = (0..self.partitions.len()).map(|index| follow::typed(&self.partitions, index));
        follow::local(client, &references.collect::<Result<Vec<_>, _>>()?)
    }

    /// Every part in turn, one request each; nothing is held of those that were dropped.
    ///
    /// # Errors
    ///
    /// Each as [`get_part`](Self::get_part).
    pub fn iter<'a, T: Object>(
        &'a self,
        client: &'a impl Fetch,
    ) -> impl Iterator<Item = Result<Stored<T>, CollectionError>> + 'a {
        let typed = |index| follow::typed(&self.partitions, index);
        follow::each(client, (0..self.partitions.len()).map(typed))
    }

    /// A copy of all rows in one frame on the heap, each column copied once, with the labels of the parts on the left. One
    /// request for each part; all are held until the copy is made. Of a single part nothing is copied.
    ///
    /// # Errors
    ///
    /// As [`get_part`](Self::get_part) for the first part that cannot be had; [`CollectionError::Frame`] if columns cannot be
    /// put together, as [`DataFrame::concat`] says it; [`CollectionError::NoParts`].
    pub fn concat(&self, client: &impl Fetch) -> Result<DataFrame, CollectionError> {
        if self.partitions.is_empty() {
            return Err(CollectionError::NoParts);
        }
        let parts = self.iter::<DataFrame>(client).collect::<Result<Vec<_>, _>>()?;
        // By their place from the left, then from above.
        let mut placed: Vec<(&[u64], &DataFrame)> =
            self.parts().map(|part| part.place()).zip(parts.iter().map(|part| &**part)).collect();
        placed.sort_by_key(|(place, _)| (place.get(1).copied(), place.first().copied()));
        let stacks = placed.chunk_by(|(a, _), (b, _)| a.get(1) == b.get(1));
        let mut stacks = stacks.map(|stack| {
            let frames: Vec<&DataFrame> = stack.iter().map(|(_, frame)| *frame).collect();
            DataFrame::concat(&frames)
        });
        let first = stacks.next().ok_or(CollectionError::NoParts)??;
        stacks.try_fold(first, |whole, beside| {
            beside?.columns().try_fold(whole, |whole, (name, column)| Ok(whole.with_column(name, column.clone())?))
        })
    }

    /// Whatever was made or got has been checked, and has a layout.
    fn layout(&self) -> &Layout {
        self.layout.get_or_init(|| self.lay_out().unwrap_or_default())
    }

    fn lay_out(&self) -> Result<Layout, CollectionError> {
        let grid = [self.partition_shape_row, self.partition_shape_column];
        // Writers that do not know leave both out.
        lay_out(&self.partitions, if grid == [0, 0] { &[] } else { &grid })
    }

    fn check(&self) -> Result<(), CollectionError> {
        if self.layout.get().is_none() {
            let _first = self.layout.set(self.lay_out()?);
        }
        Ok(())
    }
}

/// Reads what the parts tell, lays them out, and compares the columns of those that belong together.
fn lay_out(parts: &[ObjectRef<Opaque>], grid: &[u64]) -> Result<Layout, CollectionError> {
    let mut summaries = Vec::with_capacity(parts.len());
    let first = parts.first().map(|part| part.meta().typename());
    for (part, reference) in parts.iter().enumerate() {
        let found = reference.meta().typename();
        if !Summary::is_frame(found) {
            return Err(CollectionError::Kind { part, found: found.to_owned(), expected: "a frame" });
        }
        if let Some(expected) = first.filter(|expected| *expected != found) {
            return Err(CollectionError::Type { part, found: found.to_owned(), expected: expected.to_owned() });
        }
        let summary = Summary::of(reference.meta()).map_err(|cause| CollectionError::Unreadable { part, cause })?;
        summaries.push(summary);
    }
    let piece = |(part, summary): (usize, &Summary)| {
        let rows = summary.rows.ok_or(CollectionError::NoRows { part })?;
        Ok(Piece { shape: vec![rows, summary.num_columns], place: summary.place.clone() })
    };
    let pieces = summaries.iter().enumerate().map(piece).collect::<Result<Vec<_>, CollectionError>>()?;
    check_columns(&summaries, &pieces, grid)?;
    let layout = Layout::new(pieces, &[], grid)?;
    if summaries.iter().any(|summary| summary.place.is_none()) {
        check_order(&summaries)?;
    }
    check_names(&summaries, &layout)?;
    Ok(layout)
}

/// Frames below each other have the same columns. Told before their numbers are compared, because it tells more.
fn check_columns(summaries: &[Summary], pieces: &[Piece], grid: &[u64]) -> Result<(), CollectionError> {
    // The place from the left: what a part says if all say one, else what follows from the order.
    let told = pieces.iter().all(|piece| piece.place.is_some());
    let width = grid.get(1).copied().unwrap_or(1);
    let mut stacks: HashMap<i64, usize> = HashMap::new();
    for (part, (summary, piece)) in summaries.iter().zip(pieces).enumerate() {
        let place = piece.place.as_ref().filter(|_| told).and_then(|place| place.get(1).copied());
        let in_order = || (part as u64).checked_rem(width).and_then(|place| i64::try_from(place).ok()).unwrap_or(0);
        let first = *stacks.entry(place.unwrap_or_else(in_order)).or_insert(part);
        let Some(expected) = summaries.get(first) else { continue };
        if !expected.continues(summary) {
            let (found, expected) = (summary.in_words(), expected.in_words());
            return Err(CollectionError::Columns { part, found, first, expected });
        }
    }
    Ok(())
}

/// Frames that lie in the order of the list do not say that they are in another one.
fn check_order(summaries: &[Summary]) -> Result<(), CollectionError> {
    for (part, (before, summary)) in (1..).zip(summaries.iter().zip(summaries.iter().skip(1))) {
        if summary.batch < before.batch {
            return Err(CollectionError::Order { part, found: summary.batch, before: before.batch });
        }
    }
    Ok(())
}

/// Frames side by side have different columns.
fn check_names(summaries: &[Summary], layout: &Layout) -> Result<(), CollectionError> {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    let top = layout.cells.iter().enumerate().filter(|(_, cell)| cell.place.first() == Some(&0));
    for (part, summary) in top.filter_map(|(part, _)| Some((part, summaries.get(part)?))) {
        for (name, _) in &summary.columns {
            if let Some(first) = seen.insert(name, part).filter(|first| *first != part) {
                return Err(CollectionError::ColumnTwice { name: name.clone(), first, part });
            }
        }
    }
    Ok(())
}
