//! Graphs with weights as matrices of the crate `sprs`, and back. Behind the feature of this name.

use sprs::errors::StructureError;
use sprs::{CsMatI, CsMatViewI, SpIndex};
use vineyard_core::Element;

use super::{CsrGraph, GraphError, VertexId};

/// A graph that is no matrix of `sprs`, or the reverse.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GraphSprsError {
    /// The graph has no weights, which are the values of the matrix.
    #[error("the graph has no weights, which would be the values of the matrix")]
    NoWeights,
    /// The matrix has another number of rows than of columns.
    #[error("a matrix of {rows} rows and {columns} columns, expected as many: both are the vertices")]
    Shape {
        /// Rows.
        rows: usize,
        /// Columns.
        columns: usize,
    },
    /// What `sprs` asks of a matrix: no two edges with the same ends, targets in order.
    #[error(transparent)]
    Structure(#[from] StructureError),
    /// The matrix makes no graph.
    #[error(transparent)]
    Graph(#[from] GraphError),
}

impl<V: VertexId + SpIndex, W: Element> CsrGraph<V, W> {
    /// The weights of the edges as a matrix of `sprs`, without a copy: a row for the source of each edge, a column for its
    /// target. Stored by rows; by columns if the graph lists its edges by target. O(V + E) for `sprs`'s checks.
    ///
    /// # Errors
    ///
    /// [`GraphSprsError::NoWeights`]; [`GraphSprsError::Structure`] if there are parallel edges, or the graph is not valid.
    ///
    /// ```
    /// use vineyard_types::graph::{CsrGraph, EdgeOptions};
    /// let graph = CsrGraph::<u32, f64>::from_weighted_edges(3, [(0, 2, 0.5), (1, 0, 2.0)], EdgeOptions::default())?;
    /// let matrix = graph.as_sprs()?;
    /// assert_eq!(matrix.get(0, 2), Some(&0.5));
    /// assert_eq!(CsrGraph::from_sprs(matrix.to_owned())?.weights_of(1), Some(&[2.0][..]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn as_sprs(&self) -> Result<CsMatViewI<'_, W, V, u64>, GraphSprsError> {
        let weights = self.weights.as_ref().ok_or(GraphSprsError::NoWeights)?;
        let shape = (self.num_vertices(), self.num_vertices());
        let (offsets, targets): (&[u64], &[V]) = (&self.offsets, &self.targets);
        let view = match self.directed && self.reversed {
            false => CsMatViewI::try_new(shape, offsets, targets, &weights[..]),
            true => CsMatViewI::try_new_csc(shape, offsets, targets, &weights[..]),
        };
        view.map_err(|(_, _, _, error)| error.into())
    }

    /// A directed graph with an edge for each value of a matrix, from the vertex that its row is to that of its column. Copies
    /// neither indices nor values, but the offsets. A matrix by columns makes a graph that
    /// lists the edges that lead to each vertex.
    ///
    /// # Errors
    ///
    /// [`GraphSprsError::Shape`] if the matrix is not square; [`GraphSprsError::Graph`] only if `sprs` breaks its own rules.
    pub fn from_sprs<P: SpIndex>(matrix: CsMatI<W, V, P>) -> Result<Self, GraphSprsError> {
        let (rows, columns) = matrix.shape();
        if rows != columns {
            return Err(GraphSprsError::Shape { rows, columns });
        }
        let reversed = matrix.is_csc();
        // A part of a larger matrix has offsets that start later.
        let offsets: Vec<u64> = matrix.proper_indptr().iter().map(|offset| offset.index() as u64).collect();
        let (_, targets, weights) = matrix.into_raw_storage();
        let graph = Self {
            directed: true,
            offsets: offsets.into(),
            targets: targets.into(),
            weights: Some(weights.into()),
            vertices: None,
            edges: None,
            reversed,
            edge_rows: None,
            back_offsets: None,
            back_targets: None,
            back_edges: None,
        };
        graph.verify()?;
        Ok(graph)
    }
}

#[cfg(test)]
mod tests {
    use ::sprs::{CsMat, TriMat};
    use proptest::prelude::*;

    use super::*;
    use crate::graph::{Directions, EdgeOptions, Parallel};

    type Graph = CsrGraph<u32, f64>;

    fn options(directions: Directions) -> EdgeOptions {
        EdgeOptions { parallel: Parallel::Merge, directions, ..EdgeOptions::default() }
    }

    proptest! {
        #[test]
        fn a_graph_and_its_matrix_are_the_same(edges in prop::collection::vec((0u32..9, 0u32..9, 1u32..50), 0..30)) {
            let edges = edges.into_iter().map(|(source, target, weight)| (source, target, f64::from(weight)));
            let mut summed = TriMat::new((9, 9));
            edges.clone().for_each(|(source, target, weight)| summed.add_triplet(source as usize, target as usize, weight));
            let expected: CsMat<f64> = summed.to_csr();
            for directions in [Directions::Out, Directions::In, Directions::Both] {
                let graph = Graph::from_weighted_edges(9, edges.clone(), options(directions)).unwrap();
                let matrix = graph.as_sprs().unwrap();
                prop_assert_eq!(matrix.indices().as_ptr(), graph.targets.as_ptr());
                prop_assert_eq!(matrix.to_dense_entries(), expected.view().to_dense_entries());
                prop_assert_eq!(
                    graph.reverse().as_sprs().unwrap().to_dense_entries(),
                    expected.transpose_view().to_dense_entries()
                );
                let again = Graph::from_sprs(matrix.to_owned()).unwrap();
                prop_assert!(again.edges().eq(graph.edges()));
            }
        }
    }

    /// Every value by its place.
    trait Entries {
        fn to_dense_entries(&self) -> Vec<Vec<f64>>;
    }

    impl<I: SpIndex, P: SpIndex> Entries for CsMatViewI<'_, f64, I, P> {
        fn to_dense_entries(&self) -> Vec<Vec<f64>> {
            let value = |row, column| self.get(row, column).copied().unwrap_or_default();
            (0..self.rows()).map(|row| (0..self.cols()).map(|column| value(row, column)).collect()).collect()
        }
    }

    #[test]
    fn graphs_and_matrices_that_do_not_fit_are_refused() {
        let graph = Graph::from_edges(2, [(0, 1)], EdgeOptions::default()).unwrap();
        assert!(matches!(graph.as_sprs(), Err(GraphSprsError::NoWeights)));
        let twice = Graph::from_weighted_edges(2, [(0, 1, 0.5), (0, 1, 0.5)], EdgeOptions::default()).unwrap();
        assert!(matches!(twice.as_sprs(), Err(GraphSprsError::Structure(_))));
        let stray = Graph { targets: [9].into(), weights: Some([0.5].into()), ..graph };
        assert!(matches!(stray.as_sprs(), Err(GraphSprsError::Structure(_))));
        let wide: CsMatI<f64, u32, u64> = CsMatI::zero((2, 3));
        let error = Graph::from_sprs(wide).unwrap_err();
        assert_eq!(error.to_string(), "a matrix of 2 rows and 3 columns, expected as many: both are the vertices");
    }
}
