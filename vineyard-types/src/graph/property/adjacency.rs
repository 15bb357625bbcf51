//! The edges of one relation in one fragment, by one of their ends.

use std::fmt;
use std::ops::AddAssign;

use rayon::prelude::*;
use vineyard_core::{Array, Object};

use super::PropertyError;
use super::error::same;
use crate::graph::read::row;
use crate::graph::{GraphError, VertexId};

/// Integer that vertices and edges of a fragment are counted by: `u32` or `u64`.
pub trait LocalId: VertexId + AddAssign {}

impl LocalId for u32 {}
impl LocalId for u64 {}

/// Edges in compressed sparse rows, by the vertices of a fragment at one of their ends.
///
/// There is a row for each inner vertex of the label there. It names the vertices at the other ends by their local
/// numbers, ascending if the graph was built here, and for each edge its row in the table of edges.
///
/// Resolving checks lengths and both ends of the offsets. Reading never panics: a vertex whose offsets lie has no edges.
///
/// ```
/// use vineyard_types::graph::property::Adjacency;
/// use vineyard_core::Object;
/// let draft = Adjacency::<u32>::builder().offsets([0, 2, 2]).neighbors([0, 7]).edges([4, 3]).build()?;
/// let lists = draft.preview()?;
/// assert_eq!((lists.neighbors(0), lists.edges(0)), (Some(&[0, 7][..]), Some(&[4, 3][..])));
/// assert_eq!((lists.degree(1), lists.degree(2)), (Some(0), None));
/// # Ok::<(), vineyard_core::BuildError>(())
/// ```
#[derive(Clone, Object)]
#[object(
    typename = "vineyard::PropertyAdjacency",
    rename_all = "{}_",
    validate = Self::check,
    register(<u32>, <u64>)
)]
pub struct Adjacency<V: LocalId> {
    pub(super) offsets: Array<u64>,
    pub(super) neighbors: Array<V>,
    pub(super) edges: Array<V>,
}

impl<V: LocalId> Adjacency<V> {
    /// How many vertices have a row: the inner ones.
    pub fn num_vertices(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    /// How many edges are listed.
    pub fn num_edges(&self) -> usize {
        self.neighbors.len()
    }

    /// The local numbers of the vertices at the other ends of the edges of a vertex. O(1), no copy. `None` if there is no
    /// such inner vertex, or if its offsets do not lie within the list.
    #[inline]
    pub fn neighbors(&self, vertex: usize) -> Option<&[V]> {
        self.neighbors.get(row(&self.offsets, vertex)?)
    }

    /// The rows of the edges of a vertex in the table of edges, in the order of [`neighbors`](Self::neighbors). O(1), no
    /// copy.
    #[inline]
    pub fn edges(&self, vertex: usize) -> Option<&[V]> {
        self.edges.get(row(&self.offsets, vertex)?)
    }

    /// How many edges a vertex has. O(1). `None` where [`neighbors`](Self::neighbors) gives `None`.
    pub fn degree(&self, vertex: usize) -> Option<usize> {
        self.neighbors(vertex).map(<[V]>::len)
    }

    /// Each inner vertex in turn with the vertices at the other ends of its edges; with nothing where
    /// [`neighbors`](Self::neighbors) gives `None`.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (usize, &[V])> + ExactSizeIterator {
        (0..self.num_vertices()).map(|vertex| (vertex, self.neighbors(vertex).unwrap_or_default()))
    }

    /// As [`iter`](Self::iter), by the threads of rayon's pool.
    pub fn par_iter(&self) -> impl IndexedParallelIterator<Item = (usize, &[V])> {
        (0..self.num_vertices()).into_par_iter().map(|vertex| (vertex, self.neighbors(vertex).unwrap_or_default()))
    }

    /// All offsets: one more than there are rows.
    pub fn all_offsets(&self) -> &Array<u64> {
        &self.offsets
    }

    /// All rows of [`neighbors`](Self::neighbors), one after the other.
    pub fn all_neighbors(&self) -> &Array<V> {
        &self.neighbors
    }

    /// All rows of [`edges`](Self::edges), one after the other.
    pub fn all_edges(&self) -> &Array<V> {
        &self.edges
    }

    fn check(&self) -> Result<(), PropertyError> {
        let expected = self.neighbors.len();
        match (self.offsets.first(), self.offsets.last()) {
            (None, _) | (_, None) => return Err(GraphError::NoOffsets.into()),
            (Some(&found), _) if found != 0 => return Err(GraphError::FirstOffset { found }.into()),
            (_, Some(&found)) if found != expected as u64 => {
                return Err(GraphError::LastOffset { found, expected }.into());
            }
            _ => {}
        }
        same("rows of the edge table for the neighbours of an adjacency", self.edges.len(), expected)
    }
}

/// Shows the size, not the edges.
impl<V: LocalId> fmt::Debug for Adjacency<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Adjacency")
            .field("num_vertices", &self.num_vertices())
            .field("num_edges", &self.num_edges())
            .finish()
    }
}
