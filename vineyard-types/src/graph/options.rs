//! What becomes of a list of edges.

/// What becomes of a list of edges.
///
/// The default is a directed graph that keeps everything and lists the edges of each vertex that lead away from it.
///
/// ```
/// use vineyard_types::graph::{EdgeOptions, Parallel, SelfLoops};
/// let simple = EdgeOptions {
///     directed: false,
///     parallel: Parallel::Merge,
///     self_loops: SelfLoops::Drop,
///     ..EdgeOptions::default()
/// };
/// assert_ne!(simple, EdgeOptions::default());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EdgeOptions {
    /// Whether an edge leads one way only. If not, it is stored in both directions, and a self loop once.
    pub directed: bool,
    /// What becomes of edges with the same ends.
    pub parallel: Parallel,
    /// What becomes of edges from a vertex to itself.
    pub self_loops: SelfLoops,
    /// Which edges of each vertex are listed. Undirected graphs have one list for all.
    pub directions: Directions,
}

impl Default for EdgeOptions {
    fn default() -> Self {
        Self {
            directed: true,
            parallel: Parallel::default(),
            self_loops: SelfLoops::default(),
            directions: Directions::default(),
        }
    }
}

/// What becomes of edges with the same ends. In an undirected graph `(a, b)` and `(b, a)` have the same ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Parallel {
    /// Each is stored, next to one another, in the order given.
    #[default]
    Keep,
    /// One is stored; its weight is the sum of theirs, added in the order given, and its row in the table of edges is that
    /// of the first.
    Merge,
    /// There may be none: the graph is not built, and the error names the two edges.
    Refuse,
}

/// What becomes of edges from a vertex to itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SelfLoops {
    /// They are stored like others, once each, also in an undirected graph.
    #[default]
    Keep,
    /// They are left out. Their ends are checked all the same.
    Drop,
}

/// Which edges of each vertex are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Directions {
    /// Those that lead away from it, by target.
    #[default]
    Out,
    /// Those that lead to it, by source.
    In,
    /// Both. Costs another id for each edge and another offset for each vertex, and where there are weights or a table of
    /// edges, 8 bytes for each edge.
    Both,
}
