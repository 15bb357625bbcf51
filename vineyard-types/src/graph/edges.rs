//! Edges that somebody holds, as input of a build: nothing is copied.

use std::ops::Range;

use vineyard_core::Element;

use super::GraphError;
use crate::dataframe::DataFrame;

mod sealed {
    pub trait Sealed {}
}

/// Integer that names an end of an edge: any of 8 to 64 bits, with or without a sign.
///
/// Vertices are called `0..num_vertices`; other numbers are refused when the graph is built, with the edge.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot name an end of an edge",
    note = "use an integer of a fixed width"
)]
pub trait EdgeEnd: Copy + Send + Sync + sealed::Sealed {
    /// The index of the vertex, if it is one.
    #[doc(hidden)]
    fn to_index(self) -> Option<usize>;

    /// What an edge is refused with for this end.
    #[doc(hidden)]
    fn refused(self, edge: usize, num_vertices: usize) -> GraphError;
}

macro_rules! ends {
    ($($end:ty),*) => {$(
        impl sealed::Sealed for $end {}

        impl EdgeEnd for $end {
            #[inline]
            fn to_index(self) -> Option<usize> {
                self.try_into().ok()
            }

            fn refused(self, edge: usize, num_vertices: usize) -> GraphError {
                match u64::try_from(self) {
                    Ok(endpoint) => GraphError::Endpoint { edge, endpoint, num_vertices },
                    // What is no u64 is below 0, and so an integer with a sign of at most 64 bits.
                    Err(_) => GraphError::NegativeEndpoint { edge, endpoint: self as i64, num_vertices },
                }
            }
        }
    )*};
}

ends!(u8, u16, u32, u64, i8, i16, i32, i64);

/// The ends, in one of two layouts.
#[derive(Debug)]
pub(super) enum Ends<'a, I> {
    Pairs(&'a [(I, I)]),
    Columns(&'a [I], &'a [I]),
}

impl<I> Clone for Ends<'_, I> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<I> Copy for Ends<'_, I> {}

/// Edges in any order that somebody holds, with weights of type `W` and a table of what is known about them, if there are.
///
/// ```
/// use vineyard_types::graph::{CsrGraph, EdgeOptions, Edges};
/// let (sources, targets) = ([2i64, 0, 0], [0i64, 2, 1]);
/// let edges = Edges::columns(&sources, &targets)?.with_weights(&[0.5, 1.5, 2.5])?;
/// let graph = CsrGraph::<u32, f64>::build(3, edges, EdgeOptions::default())?;
/// assert_eq!(graph.neighbors(0), Some(&[1, 2][..]));
/// assert_eq!(graph.weights_of(0), Some(&[2.5, 1.5][..]));
/// # Ok::<(), vineyard_types::graph::GraphError>(())
/// ```
#[derive(Debug)]
pub struct Edges<'a, I, W> {
    pub(super) ends: Ends<'a, I>,
    pub(super) weights: Option<&'a [W]>,
    pub(super) table: Option<&'a DataFrame>,
}

impl<I, W> Clone for Edges<'_, I, W> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<I, W> Copy for Edges<'_, I, W> {}

impl<'a, I: EdgeEnd, W: Element> Edges<'a, I, W> {
    /// Edges as pairs of source and target.
    pub fn pairs(pairs: &'a [(I, I)]) -> Self {
        Self { ends: Ends::Pairs(pairs), weights: None, table: None }
    }

    /// Edges as sources and, in the same order, targets.
    ///
    /// # Errors
    ///
    /// [`GraphError::EdgeColumn`] if there are more targets than sources, or fewer.
    pub fn columns(sources: &'a [I], targets: &'a [I]) -> Result<Self, GraphError> {
        fits("targets", targets.len(), sources.len())?;
        Ok(Self { ends: Ends::Columns(sources, targets), weights: None, table: None })
    }

    /// The edges with a weight each, in their order.
    ///
    /// # Errors
    ///
    /// [`GraphError::EdgeColumn`] if there are more or fewer weights than edges.
    pub fn with_weights(self, weights: &'a [W]) -> Result<Self, GraphError> {
        fits("weights", weights.len(), self.len())?;
        Ok(Self { weights: Some(weights), ..self })
    }

    /// The edges with a row of a table each, in their order. The graph keeps the table as it is, shared, and for each
    /// stored edge which row is its own.
    ///
    /// # Errors
    ///
    /// [`GraphError::EdgeColumn`] if there are more or fewer rows than edges.
    pub fn with_table(self, table: &'a DataFrame) -> Result<Self, GraphError> {
        fits("rows of the table", table.num_rows(), self.len())?;
        Ok(Self { table: Some(table), ..self })
    }
}

impl<I, W> Edges<'_, I, W> {
    /// How many edges there are.
    pub fn len(&self) -> usize {
        match self.ends {
            Ends::Pairs(pairs) => pairs.len(),
            Ends::Columns(sources, _) => sources.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

fn fits(what: &'static str, found: usize, expected: usize) -> Result<(), GraphError> {
    if found == expected { Ok(()) } else { Err(GraphError::EdgeColumn { what, found, expected }) }
}

/// Edges that can be read several times, in parts, by several threads. Each comes with its ends and two things more.
pub(super) trait EdgeSource: Sync {
    type End: EdgeEnd;
    type Weight: Copy;
    type Row: Copy;

    fn num_edges(&self) -> usize;

    /// Some of the edges, which are there.
    fn edges(&self, range: Range<usize>) -> impl Iterator<Item = (Self::End, Self::End, Self::Weight, Self::Row)>;
}

/// One thing for each edge, which takes no room if it is nothing.
pub(super) trait PerEdge: Copy + Sync {
    type Item: Copy;

    fn items(&self, range: Range<usize>) -> impl Iterator<Item = Self::Item>;
}

/// Nothing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Nothing;

impl PerEdge for Nothing {
    type Item = ();

    fn items(&self, _: Range<usize>) -> impl Iterator<Item = ()> {
        std::iter::repeat(())
    }
}

/// What a slice holds.
impl<T: Copy + Sync> PerEdge for &[T] {
    type Item = T;

    fn items(&self, range: Range<usize>) -> impl Iterator<Item = T> {
        self.get(range).unwrap_or_default().iter().copied()
    }
}

/// The number of the edge itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Number;

impl PerEdge for Number {
    type Item = u64;

    fn items(&self, range: Range<usize>) -> impl Iterator<Item = u64> {
        range.map(|edge| edge as u64)
    }
}

/// Pairs, with things more.
pub(super) struct Pairs<'a, I, A, B>(pub(super) &'a [(I, I)], pub(super) A, pub(super) B);

impl<I: EdgeEnd, A: PerEdge, B: PerEdge> EdgeSource for Pairs<'_, I, A, B> {
    type End = I;
    type Weight = A::Item;
    type Row = B::Item;

    fn num_edges(&self) -> usize {
        self.0.len()
    }

    fn edges(&self, range: Range<usize>) -> impl Iterator<Item = (I, I, A::Item, B::Item)> {
        let more = self.1.items(range.clone()).zip(self.2.items(range.clone()));
        let pairs = self.0.get(range).unwrap_or_default();
        pairs.iter().zip(more).map(|(&(source, target), (weight, row))| (source, target, weight, row))
    }
}

/// Sources and targets of the same number, with things more.
pub(super) struct Columns<'a, I, A, B>(pub(super) &'a [I], pub(super) &'a [I], pub(super) A, pub(super) B);

impl<I: EdgeEnd, A: PerEdge, B: PerEdge> EdgeSource for Columns<'_, I, A, B> {
    type End = I;
    type Weight = A::Item;
    type Row = B::Item;

    fn num_edges(&self) -> usize {
        self.0.len()
    }

    fn edges(&self, range: Range<usize>) -> impl Iterator<Item = (I, I, A::Item, B::Item)> {
        let more = self.2.items(range.clone()).zip(self.3.items(range.clone()));
        let ends = self.0.items(range.clone()).zip(self.1.items(range));
        ends.zip(more).map(|((source, target), (weight, row))| (source, target, weight, row))
    }
}

/// Pairs with a weight in the middle of them.
pub(super) struct Triples<'a, I, W>(pub(super) &'a [(I, I, W)]);

impl<I: EdgeEnd, W: Copy + Sync> EdgeSource for Triples<'_, I, W> {
    type End = I;
    type Weight = W;
    type Row = ();

    fn num_edges(&self) -> usize {
        self.0.len()
    }

    fn edges(&self, range: Range<usize>) -> impl Iterator<Item = (I, I, W, ())> {
        self.0.get(range).unwrap_or_default().iter().map(|&(source, target, weight)| (source, target, weight, ()))
    }
}
