//! From tables to fragments.
//!
//! ```text
//! vertex tables   outside ids → fragment → place    a table, ids and a map of them for each fragment
//! edge tables     outside ids → global ids          to the fragments of both ends; a table for each fragment
//! each fragment   outer vertices → local numbers    lists of edges in both directions
//! ```

mod edges;
mod vertices;

use super::{
    Dangling, EdgeTable, GraphSchema, IdLayout, LocalId, OutsideId, Part, Partition, PartitionBy, PropertyError,
    PropertyFragment, PropertyGraph, PropertyOptions, PropertyVertexMap, VertexTable,
};
use crate::dataframe::{ColumnName, DataFrame};

impl<O: OutsideId, V: LocalId> PropertyGraph<O, V> {
    /// Builds a graph from tables, with all threads of rayon's pool.
    ///
    /// O(vertices + edges), and sorting the edges of each vertex. A graph of one fragment shares the columns of the
    /// tables; else each fragment gets a copy of its rows, and an edge between two fragments is in both.
    ///
    /// # Errors
    ///
    /// [`PropertyError`]; in [`PropertyError::In`], which names the table:
    ///
    /// - [`PropertyError::Taken`] if two labels or relations have the same name;
    /// - [`PropertyError::Type`] if ids are of another type than `O`, [`PropertyError::NoId`] if one is not there;
    /// - [`PropertyError::Duplicate`] if two vertices of a label have the same id;
    /// - [`PropertyError::Dangling`] with the first edge that ends at no vertex, unless they are to be left out;
    /// - [`PropertyError::Limit`] if `V`, or the global ids, have no number for all vertices or edges.
    pub fn build(
        vertices: &[VertexTable],
        edges: &[EdgeTable],
        options: &PropertyOptions,
    ) -> Result<Self, PropertyError> {
        let num_fragments = IdLayout::new(options.fragments)?.num_fragments();
        let fragment = |index| PropertyFragment {
            index: index as u64,
            num_fragments: num_fragments as u64,
            schema: GraphSchema::default(),
            vertices: Vec::new(),
            edges: Vec::new(),
        };
        let empty = Self {
            schema: GraphSchema::default(),
            partition: match options.partition {
                PartitionBy::Hash => Partition::Hash,
                PartitionBy::Range => Partition::Range(Vec::new()),
            },
            vertex_map: Part::from(PropertyVertexMap { num_fragments: num_fragments as u64, ids: Vec::new() }),
            fragments: (0..num_fragments).map(|index| Part::from(fragment(index))).collect(),
        };
        empty.add_vertices(vertices)?.add_relations(edges, options.dangling)
    }

    /// The graph with one more label of vertices. What there was is shared.
    ///
    /// # Errors
    ///
    /// As [`build`](Self::build).
    pub fn with_vertex_label(&self, vertices: &VertexTable) -> Result<Self, PropertyError> {
        self.add_vertices(std::slice::from_ref(vertices))
    }

    /// The graph with one more label of edges, or more relations of a label there is. What there was is shared.
    ///
    /// Vertices of other fragments at the ends of the new edges become outer vertices, after those there are, so that local
    /// numbers stay what they were.
    ///
    /// # Errors
    ///
    /// As [`build`](Self::build).
    pub fn with_edge_label(&self, edges: &[EdgeTable], dangling: Dangling) -> Result<Self, PropertyError> {
        self.add_relations(edges, dangling)
    }

    /// The graph with more edges of a relation there is: its lists and tables are made anew in the fragments that get some
    /// of them, at the cost of all edges of the relation there. Everything else is shared.
    ///
    /// # Errors
    ///
    /// As [`build`](Self::build); [`PropertyError::Unknown`] if there is no such relation, [`PropertyError::Columns`] if its edges
    /// have other columns, those of [`PropertyFragment::verify`] for the lists that are made anew.
    pub fn with_edges(&self, edges: &EdgeTable, dangling: Dangling) -> Result<Self, PropertyError> {
        self.add_edges(edges, dangling)
    }
}

/// The ids in a column of a table.
pub(super) fn ids<O: OutsideId>(table: &DataFrame, name: &ColumnName) -> Result<O::Ids, PropertyError> {
    let column = table.column(name)?;
    O::ids(column).ok_or_else(|| PropertyError::Type {
        column: name.to_string(),
        found: column.type_name().into_owned(),
        expected: format!("{}, in one dimension", O::COLUMN),
    })
}
