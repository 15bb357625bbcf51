//! Graphs made of edges, and the other direction of a graph.

use std::ops::AddAssign;

use vineyard_core::{Client, Element};

use super::build::{Built, ByTarget, Heap, InStore, Lane, Plan, Room, With, Without, build};
use super::edges::{Columns, EdgeEnd, EdgeSource, Edges, Ends, Nothing, Number, Pairs, PerEdge, Triples};
use super::{BuildInError, CsrGraph, Directions, EdgeOptions, GraphError, Parallel, SelfLoops, VertexId};

impl<V: VertexId, W: Element> CsrGraph<V, W> {
    /// Builds a graph without weights from edges in any order.
    ///
    /// Collects them, then costs what [`build`](Self::build) does.
    ///
    /// # Errors
    ///
    /// Those of [`build`](Self::build).
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
        let edges: Vec<(V, V)> = edges.into_iter().collect();
        Job { room: &Heap, num_vertices, options }
            .run::<V, Without<W>, Without<u64>>(&Pairs(&edges, Nothing, Nothing), nothing)
    }

    /// Builds a graph with weights from edges in any order; merged edges add their weights up.
    ///
    /// Collects them, then costs what [`build`](Self::build) does.
    ///
    /// # Errors
    ///
    /// Those of [`build`](Self::build).
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
        let edges: Vec<(V, V, W)> = edges.into_iter().collect();
        Job { room: &Heap, num_vertices, options }.run::<V, With<W>, Without<u64>>(&Triples(&edges), add)
    }

    /// Builds a graph from edges in any order that lie in memory, with all threads of rayon's pool.
    ///
    /// O(V + E). Beside the edges, which are the caller's, and the arrays of the result, there are 2 bytes for each stored
    /// edge, and for each thread two copies of the edges of the vertices that it has in hand: about 32,000 edges, at most
    /// four times as many or, by all threads together, an eighth of all. Vertices with more edges than that are sorted with
    /// a copy of one array at a time, by comparing. Counts of the threads are a few MiB. With what the result takes, all of
    /// this is at most 2.5 times of it if there are millions of edges, and that much only if one vertex has most of them.
    ///
    /// # Errors
    ///
    /// - [`GraphError::Endpoint`] or [`GraphError::NegativeEndpoint`] if an edge names a vertex that is not in
    ///   `0..num_vertices`: the first one.
    /// - [`GraphError::ParallelEdge`] if there are edges with the same ends, and [`Parallel::Refuse`](super::Parallel).
    /// - [`GraphError::TooManyVertices`] if `V` has no id for the last vertex.
    /// - [`GraphError::Memory`] if there is no room for the arrays.
    ///
    /// # Panics
    ///
    /// Where `+=` on `W` does: if merged integer weights overflow, and overflow is checked.
    pub fn build<I: EdgeEnd>(
        num_vertices: usize,
        edges: Edges<'_, I, W>,
        options: EdgeOptions,
    ) -> Result<Self, GraphError>
    where
        W: AddAssign,
    {
        Job { room: &Heap, num_vertices, options }.build(edges)
    }

    /// As [`build`](Self::build), straight into memory of the client's server: putting the graph copies nothing then.
    ///
    /// The arrays are sealed. If the graph is not put, they go with the last view of them and the client.
    ///
    /// # Errors
    ///
    /// [`BuildInError`]: those of [`build`](Self::build), and what the server says.
    ///
    /// # Panics
    ///
    /// As [`build`](Self::build).
    ///
    /// ```no_run
    /// use vineyard_core::Client;
    /// use vineyard_types::graph::{CsrGraph, EdgeOptions, Edges};
    ///
    /// let client = Client::from_env()?;
    /// let graph = CsrGraph::<u32, f64>::build_in(&client, 3, Edges::pairs(&[(0, 1), (2, 0)]), EdgeOptions::default())?;
    /// let id = client.put(&graph)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn build_in<I: EdgeEnd>(
        client: &Client,
        num_vertices: usize,
        edges: Edges<'_, I, W>,
        options: EdgeOptions,
    ) -> Result<Self, BuildInError>
    where
        W: AddAssign,
    {
        Job { room: &InStore(client), num_vertices, options }.build(edges)
    }

    /// The graph with both directions: the edges of each vertex that lead away from it, and those that lead to it. O(V + E)
    /// if one is missing, in parallel; what is there is shared.
    ///
    /// # Errors
    ///
    /// Those of [`verify`](Self::verify); [`GraphError::Memory`].
    ///
    /// ```
    /// use vineyard_types::graph::{CsrGraph, EdgeOptions};
    /// let graph = CsrGraph::<u32, f64>::from_edges(3, [(0, 2), (1, 2)], EdgeOptions::default())?;
    /// assert_eq!(graph.in_neighbors(2), None);
    /// assert_eq!(graph.with_both_directions()?.in_neighbors(2), Some(&[0, 1][..]));
    /// # Ok::<(), vineyard_types::graph::GraphError>(())
    /// ```
    pub fn with_both_directions(self) -> Result<Self, GraphError> {
        self.verify()?;
        self.with_back(&Heap)
    }

    /// Lists the edges of verified rows by their other end as well.
    fn with_back<R: Room>(self, room: &R) -> Result<Self, R::Failure> {
        if !self.directed || self.back_offsets.is_some() {
            return Ok(self);
        }
        let tells = self.weights.is_some() || self.edges.is_some() || self.edge_rows.is_some();
        let built = if tells {
            self.back::<R, _, With<u64>>(room, Number)
        } else {
            self.back::<R, _, Without<u64>>(room, Nothing)
        }?;
        let (back_offsets, back_targets) = (Some(built.offsets), Some(built.targets));
        Ok(Self { back_offsets, back_targets, back_edges: built.rows, ..self })
    }

    fn back<R: Room, P: PerEdge, B: Lane<Item = P::Item, Element = u64>>(
        &self,
        room: &R,
        more: P,
    ) -> Result<Built<V, W, u64>, R::Failure> {
        let plan = Plan {
            num_vertices: self.num_vertices(),
            options: EdgeOptions {
                directed: true,
                parallel: Parallel::Keep,
                self_loops: SelfLoops::Keep,
                directions: Directions::Out,
            },
            by_target: false,
            sorted: true,
        };
        let source = ByTarget { offsets: &self.offsets, targets: &self.targets, more };
        build::<V, _, Without<W>, B, R>(room, &source, &plan, nothing)
    }
}

fn nothing((): &mut (), (): ()) {}

fn add<W: AddAssign>(sum: &mut W, more: W) {
    *sum += more;
}

/// A graph that is to be built.
struct Job<'a, R> {
    room: &'a R,
    num_vertices: usize,
    options: EdgeOptions,
}

impl<R: Room> Job<'_, R> {
    fn build<V, I, W>(&self, edges: Edges<'_, I, W>) -> Result<CsrGraph<V, W>, R::Failure>
    where
        V: VertexId,
        I: EdgeEnd,
        W: Element + AddAssign,
    {
        let mut graph = match (edges.weights, edges.table) {
            (None, None) => self.ends::<_, _, Without<W>, Without<u64>>(edges.ends, Nothing, Nothing, nothing),
            (None, Some(_)) => self.ends::<_, _, Without<W>, With<u64>>(edges.ends, Nothing, Number, nothing),
            (Some(weights), None) => self.ends::<_, _, With<W>, Without<u64>>(edges.ends, weights, Nothing, add),
            (Some(weights), Some(_)) => self.ends::<_, _, With<W>, With<u64>>(edges.ends, weights, Number, add),
        }?;
        graph.edges = edges.table.cloned();
        Ok(graph)
    }

    fn ends<V, I, A, B>(
        &self,
        ends: Ends<'_, I>,
        weights: impl PerEdge<Item = A::Item>,
        rows: impl PerEdge<Item = B::Item>,
        add: impl Fn(&mut A::Item, A::Item) + Sync,
    ) -> Result<CsrGraph<V, A::Element>, R::Failure>
    where
        V: VertexId,
        I: EdgeEnd,
        A: Lane,
        B: Lane<Element = u64>,
    {
        match ends {
            Ends::Pairs(pairs) => self.run::<V, A, B>(&Pairs(pairs, weights, rows), add),
            Ends::Columns(sources, targets) => self.run::<V, A, B>(&Columns(sources, targets, weights, rows), add),
        }
    }

    fn run<V: VertexId, A: Lane, B: Lane<Element = u64>>(
        &self,
        source: &impl EdgeSource<Weight = A::Item, Row = B::Item>,
        add: impl Fn(&mut A::Item, A::Item) + Sync,
    ) -> Result<CsrGraph<V, A::Element>, R::Failure> {
        let (num_vertices, options) = (self.num_vertices, self.options);
        let reversed = options.directed && options.directions == Directions::In;
        let plan = Plan { num_vertices, options, by_target: reversed, sorted: false };
        let Built { offsets, targets, weights, rows } = build::<V, _, A, B, R>(self.room, source, &plan, add)?;
        let graph = CsrGraph {
            directed: options.directed,
            offsets,
            targets,
            weights,
            vertices: None,
            edges: None,
            reversed,
            edge_rows: rows,
            back_offsets: None,
            back_targets: None,
            back_edges: None,
        };
        if options.directions == Directions::Both { graph.with_back(self.room) } else { Ok(graph) }
    }
}
