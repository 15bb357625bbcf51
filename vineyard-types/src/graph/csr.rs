//! The stored graph and how it is read.

use std::fmt;
use std::ops::{AddAssign, Range};

use vineyard_core::{Array, Element, Object};

use super::{EdgeOptions, GraphError, VertexId, build};
use crate::dataframe::DataFrame;

/// Graph in compressed sparse rows: for each vertex, where its edges lead.
///
/// Vertices are `0..num_vertices`. A graph built here has the targets of each vertex in ascending order. An undirected
/// edge is stored in both directions, a self loop once; counts are counts of what is stored.
///
/// Resolving checks lengths and both ends of the offsets, in O(1). Reading never panics, whatever a peer has written:
/// a vertex whose offsets lie has no neighbours. Call [`verify`](Self::verify) before using targets as indices.
///
/// `W` is the type of the weights; it is part of the typename also if there are none.
///
/// ```
/// use vineyard_types::graph::{CsrGraph, EdgeOptions};
///
/// let edges = [(2, 0, 0.5), (0, 2, 1.5), (0, 1, 2.5)];
/// let graph = CsrGraph::<u32, f64>::from_weighted_edges(3, edges, EdgeOptions::default())?;
/// assert_eq!(graph.neighbors(0), Some(&[1, 2][..]));
/// assert_eq!(graph.weights_of(0), Some(&[2.5, 1.5][..]));
/// assert_eq!(graph.edges().last(), Some((2, 0, Some(0.5))));
/// # Ok::<(), vineyard_types::graph::GraphError>(())
/// ```
#[derive(Object)]
#[object(
    typename = "vineyard::CsrGraph",
    rename_all = "{}_",
    validate = Self::check,
    register(<u32, f64>, <u64, f64>, <u32, f32>, <u64, f32>, <u32, u32>, <u64, u64>)
)]
pub struct CsrGraph<V: VertexId, W: Element> {
    /// Whether an edge leads one way only; if not, each is stored in both directions.
    pub directed: bool,
    /// `num_vertices + 1` positions in `targets`; those of vertex `v` are `offsets[v]..offsets[v + 1]`.
    pub offsets: Array<u64>,
    /// The vertex that each stored edge leads to, by source.
    pub targets: Array<V>,
    /// The weight of each stored edge, in the order of `targets`.
    pub weights: Option<Array<W>>,
    /// A table with one row for each vertex.
    pub vertices: Option<DataFrame>,
    /// A table with one row for each stored edge, in the order of `targets`.
    pub edges: Option<DataFrame>,
}

impl<V: VertexId, W: Element> CsrGraph<V, W> {
    /// Builds a graph without weights from edges in any order.
    ///
    /// O(V + E), and sorting the targets within each vertex. Memory at the peak: the edges about three times, in both
    /// directions if undirected.
    ///
    /// # Errors
    ///
    /// - [`GraphError::Endpoint`] if an edge names a vertex that is not in `0..num_vertices`.
    /// - [`GraphError::TooManyVertices`] if `V` has no id for the last vertex.
    /// - [`GraphError::Memory`] if there is no room for the offsets.
    ///
    /// ```
    /// use vineyard_types::graph::{CsrGraph, EdgeOptions, Parallel};
    /// let options = EdgeOptions { directed: false, parallel: Parallel::Merge, ..EdgeOptions::default() };
    /// let graph = CsrGraph::<u32, f64>::from_edges(3, [(0, 1), (1, 0), (2, 2)], options)?;
    /// assert_eq!(graph.neighbors(1), Some(&[0][..]));
    /// assert_eq!(graph.num_edges(), 3);
    /// # Ok::<(), vineyard_types::graph::GraphError>(())
    /// ```
    pub fn from_edges(
        num_vertices: usize,
        edges: impl IntoIterator<Item = (V, V)>,
        options: EdgeOptions,
    ) -> Result<Self, GraphError> {
        let edges = edges.into_iter().map(|(source, target)| (source, target, ()));
        let rows = build::rows(num_vertices, edges, options, |(), ()| ())?;
        Ok(Self::bare(options.directed, rows.offsets, rows.targets, None))
    }

    /// Builds a graph with weights from edges in any order; merged edges add their weights up.
    ///
    /// Costs what [`from_edges`](Self::from_edges) does.
    ///
    /// # Errors
    ///
    /// Those of [`from_edges`](Self::from_edges).
    ///
    /// # Panics
    ///
    /// Where `+=` on `W` does: if merged integer weights overflow, and overflow is checked.
    pub fn from_weighted_edges(
        num_vertices: usize,
        edges: impl IntoIterator<Item = (V, V, W)>,
        options: EdgeOptions,
    ) -> Result<Self, GraphError>
    where
        W: AddAssign,
    {
        let rows = build::rows(num_vertices, edges, options, |sum, weight| *sum += weight)?;
        Ok(Self::bare(options.directed, rows.offsets, rows.targets, Some(rows.payloads)))
    }

    fn bare(directed: bool, offsets: Vec<u64>, targets: Vec<V>, weights: Option<Vec<W>>) -> Self {
        let weights = weights.map(Array::from);
        Self { directed, offsets: offsets.into(), targets: targets.into(), weights, vertices: None, edges: None }
    }

    /// Attaches a table with one row for each vertex, in place of an earlier one. O(1).
    ///
    /// # Errors
    ///
    /// [`GraphError::VertexRows`] if the table has another number of rows than there are vertices.
    ///
    /// ```
    /// use vineyard_types::dataframe::DataFrame;
    /// use vineyard_types::graph::{CsrGraph, GraphError};
    ///
    /// type Graph = CsrGraph<u32, f64>;
    /// fn attach(graph: Graph, people: DataFrame, calls: DataFrame) -> Result<Graph, GraphError> {
    ///     graph.with_vertices(people)?.with_edges(calls)
    /// }
    /// ```
    pub fn with_vertices(mut self, table: DataFrame) -> Result<Self, GraphError> {
        self.check_vertices(&table)?;
        self.vertices = Some(table);
        Ok(self)
    }

    /// Attaches a table with one row for each stored edge, in the order of [`edges`](Self::edges), in place of an
    /// earlier one. O(1).
    ///
    /// In an undirected graph each edge that is no self loop has two rows.
    ///
    /// # Errors
    ///
    /// [`GraphError::EdgeRows`] if the table has another number of rows than there are stored edges.
    pub fn with_edges(mut self, table: DataFrame) -> Result<Self, GraphError> {
        self.check_edges(&table)?;
        self.edges = Some(table);
        Ok(self)
    }

    /// How many vertices there are.
    pub fn num_vertices(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    /// How many edges are stored: an undirected edge counts twice, an undirected self loop once.
    pub fn num_edges(&self) -> usize {
        self.targets.len()
    }

    /// Where the edges of `vertex` lead, ascending if the graph was built here. O(1), no copy.
    ///
    /// `None` if there is no such vertex, or if its offsets do not lie within the targets.
    pub fn neighbors(&self, vertex: usize) -> Option<&[V]> {
        self.targets.get(self.row(vertex)?)
    }

    /// The weights of the edges of `vertex`, in the order of [`neighbors`](Self::neighbors). O(1), no copy.
    ///
    /// `None` if the graph has no weights, and where [`neighbors`](Self::neighbors) gives `None`.
    pub fn weights_of(&self, vertex: usize) -> Option<&[W]> {
        self.weights.as_ref()?.get(self.row(vertex)?)
    }

    /// How many edges of `vertex` are stored. O(1).
    ///
    /// `None` where [`neighbors`](Self::neighbors) gives `None`.
    pub fn degree(&self, vertex: usize) -> Option<usize> {
        self.neighbors(vertex).map(<[V]>::len)
    }

    /// Each vertex in turn with where its edges lead.
    ///
    /// A vertex whose offsets lie comes with nothing.
    ///
    /// ```
    /// use vineyard_types::graph::{CsrGraph, EdgeOptions};
    /// let graph = CsrGraph::<u64, f64>::from_edges(2, [(1, 0), (1, 1)], EdgeOptions::default())?;
    /// assert_eq!(graph.iter().collect::<Vec<_>>(), [(0, &[][..]), (1, &[0, 1][..])]);
    /// # Ok::<(), vineyard_types::graph::GraphError>(())
    /// ```
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (usize, &[V])> + ExactSizeIterator {
        (0..self.num_vertices()).map(|vertex| (vertex, self.neighbors(vertex).unwrap_or_default()))
    }

    /// Each stored edge: source, target, and weight if there are weights. By source, then as stored.
    ///
    /// Skips vertices whose offsets lie.
    pub fn edges(&self) -> impl Iterator<Item = (usize, V, Option<W>)> {
        self.iter().flat_map(|(source, targets)| {
            let weights = self.weights_of(source).unwrap_or_default();
            let edge = move |(at, target): (usize, &V)| (source, *target, weights.get(at).copied());
            targets.iter().enumerate().map(edge)
        })
    }

    /// Scans all offsets and targets. O(V + E).
    ///
    /// After this, each vertex has its neighbours, and each target is less than
    /// [`num_vertices`](Self::num_vertices). It does not look at the order of targets, nor whether an undirected graph
    /// has both directions.
    ///
    /// # Errors
    ///
    /// - Whatever resolving and storing check: lengths, ends of the offsets, row counts.
    /// - [`GraphError::Decreasing`] at the first offset that is less than the one before it.
    /// - [`GraphError::Target`] at the first target that is not a vertex.
    ///
    /// ```
    /// use vineyard_types::graph::{CsrGraph, EdgeOptions, GraphError};
    /// let mut graph = CsrGraph::<u32, f64>::from_edges(2, [(0, 1)], EdgeOptions::default())?;
    /// graph.verify()?;
    /// graph.targets = [5].into();
    /// assert_eq!(graph.verify(), Err(GraphError::Target { index: 0, found: 5, num_vertices: 2 }));
    /// # Ok::<(), GraphError>(())
    /// ```
    pub fn verify(&self) -> Result<(), GraphError> {
        self.check()?;
        for (before, pair) in self.offsets.windows(2).enumerate() {
            if let &[expected, found] = pair
                && found < expected
            {
                return Err(GraphError::Decreasing { index: before + 1, found, expected });
            }
        }
        let num_vertices = self.num_vertices();
        let stray = |target: &V| target.try_to_index().is_none_or(|index| index >= num_vertices);
        match self.targets.iter().enumerate().find(|(_, target)| stray(target)) {
            Some((index, target)) => Err(GraphError::Target { index, found: (*target).into(), num_vertices }),
            None => Ok(()),
        }
    }

    /// The positions of a vertex's edges, as the offsets say: `slice::get` refuses them if they are out of order or
    /// beyond the end.
    fn row(&self, vertex: usize) -> Option<Range<usize>> {
        let start = usize::try_from(*self.offsets.get(vertex)?).ok()?;
        let end = usize::try_from(*self.offsets.get(vertex.checked_add(1)?)?).ok()?;
        Some(start..end)
    }

    fn check(&self) -> Result<(), GraphError> {
        let expected = self.num_edges();
        match (self.offsets.first(), self.offsets.last()) {
            (None, _) | (_, None) => return Err(GraphError::NoOffsets),
            (Some(&found), _) if found != 0 => return Err(GraphError::FirstOffset { found }),
            (_, Some(&found)) if found != expected as u64 => return Err(GraphError::LastOffset { found, expected }),
            _ => {}
        }
        if let Some(found) = self.weights.as_ref().map(|weights| weights.len()).filter(|found| *found != expected) {
            return Err(GraphError::Weights { found, expected });
        }
        self.vertices.as_ref().map_or(Ok(()), |table| self.check_vertices(table))?;
        self.edges.as_ref().map_or(Ok(()), |table| self.check_edges(table))
    }

    fn check_vertices(&self, table: &DataFrame) -> Result<(), GraphError> {
        let (found, expected) = (table.num_rows(), self.num_vertices());
        if found == expected { Ok(()) } else { Err(GraphError::VertexRows { found, expected }) }
    }

    fn check_edges(&self, table: &DataFrame) -> Result<(), GraphError> {
        let (found, expected) = (table.num_rows(), self.num_edges());
        if found == expected { Ok(()) } else { Err(GraphError::EdgeRows { found, expected }) }
    }
}

/// Shows the size, not the edges.
impl<V: VertexId, W: Element> fmt::Debug for CsrGraph<V, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CsrGraph")
            .field("directed", &self.directed)
            .field("num_vertices", &self.num_vertices())
            .field("num_edges", &self.num_edges())
            .finish_non_exhaustive()
    }
}
