//! One fragment: the stored types.

use std::fmt;

use vineyard_core::{Array, Object};

use super::error::{At, same};
use super::schema::check_columns;
use super::{Adjacency, GraphSchema, IdLayout, LocalId, Part, PropertyError};
use crate::dataframe::DataFrame;

/// The vertices of one label in one fragment.
#[derive(Debug, Clone, Object)]
#[object(typename = "vineyard::PropertyVertices", rename_all = "{}_")]
pub struct PropertyVertices {
    /// The columns of the inner vertices: a row for each.
    pub(super) table: Part<DataFrame>,
    /// The outer vertices by their global ids, ascending in each list. Adding edges adds a list.
    pub(super) outer: Vec<Array<u64>>,
}

impl PropertyVertices {
    /// The columns of the inner vertices: a row for each.
    pub fn table(&self) -> &DataFrame {
        &self.table
    }

    /// How many inner vertices there are.
    pub fn num_inner(&self) -> usize {
        self.table.num_rows()
    }

    /// How many outer vertices there are: vertices of other fragments at the ends of edges of this one.
    pub fn num_outer(&self) -> usize {
        self.outer.iter().map(|list| list.len()).fold(0, usize::saturating_add)
    }
}

/// The edges of one relation in one fragment: those with an inner vertex at one end at least.
#[derive(Debug, Clone, Object)]
#[object(
    typename = "vineyard::PropertyEdges",
    rename_all = "{}_",
    validate = Self::check,
    register(<u32>, <u64>)
)]
pub struct PropertyEdges<V: LocalId> {
    pub(super) num_edges: u64,
    pub(super) table: Part<DataFrame>,
    pub(super) outgoing: Part<Adjacency<V>>,
    pub(super) incoming: Part<Adjacency<V>>,
}

impl<V: LocalId> PropertyEdges<V> {
    /// How many edges there are. One between two fragments is one of both.
    pub fn num_edges(&self) -> usize {
        // No more than are listed, as `check` has seen.
        usize::try_from(self.num_edges).unwrap_or(usize::MAX)
    }

    /// The columns of the edges: a row for each, if there are columns.
    pub fn table(&self) -> &DataFrame {
        &self.table
    }

    /// The edges by the inner vertices that they lead away from.
    pub fn outgoing(&self) -> &Adjacency<V> {
        &self.outgoing
    }

    /// The edges by the inner vertices that they lead to.
    pub fn incoming(&self) -> &Adjacency<V> {
        &self.incoming
    }

    fn check(&self) -> Result<(), PropertyError> {
        // Each edge is in one of the lists, or in both.
        let (outgoing, incoming) = (self.outgoing.num_edges(), self.incoming.num_edges());
        let (fewest, most) = (outgoing.max(incoming), outgoing.saturating_add(incoming));
        if !(fewest as u64..=most as u64).contains(&self.num_edges) {
            let found = usize::try_from(self.num_edges).unwrap_or(usize::MAX);
            return Err(PropertyError::limit("edges, by what their lists say", found, format!("{fewest} to {most}")));
        }
        if self.table.num_columns() > 0 {
            same("rows of the table of edges", self.table.num_rows(), self.num_edges())?;
        }
        Ok(())
    }
}

/// One fragment of a property graph: its inner vertices with their columns and their edges, and the outer vertices that
/// these edges connect them with.
///
/// In a fragment, a vertex has a label and a local number: inner vertices of the label come first, outer ones after them.
/// Labels and relations have the numbers of the [schema](Self::schema).
///
/// Resolving checks, for each label and relation, counts and columns against the schema; [`verify`](Self::verify) looks at
/// all ids.
#[derive(Clone, Object)]
#[object(
    typename = "vineyard::PropertyFragment",
    rename_all = "{}_",
    validate = Self::check,
    register(<u32>, <u64>)
)]
pub struct PropertyFragment<V: LocalId> {
    pub(super) index: u64,
    pub(super) num_fragments: u64,
    pub(super) schema: GraphSchema,
    /// By vertex label.
    pub(super) vertices: Vec<Part<PropertyVertices>>,
    /// By relation.
    pub(super) edges: Vec<Part<PropertyEdges<V>>>,
}

impl<V: LocalId> PropertyFragment<V> {
    /// Which fragment it is, from 0.
    pub fn index(&self) -> usize {
        // Less than the number of fragments, as `check` has seen.
        usize::try_from(self.index).unwrap_or(usize::MAX)
    }

    /// How many fragments the graph has.
    pub fn num_fragments(&self) -> usize {
        usize::try_from(self.num_fragments).unwrap_or(usize::MAX)
    }

    /// The labels, their columns, and the relations.
    pub fn schema(&self) -> &GraphSchema {
        &self.schema
    }

    /// The vertices of a label; `None` if there is no such label.
    pub fn vertices(&self, label: usize) -> Option<&PropertyVertices> {
        self.vertices.get(label).map(|part| &**part)
    }

    /// The edges of a relation; `None` if there is no such relation.
    pub fn edges(&self, relation: usize) -> Option<&PropertyEdges<V>> {
        self.edges.get(relation).map(|part| &**part)
    }

    pub(super) fn check(&self) -> Result<(), PropertyError> {
        self.schema.check().at(|| "schema".to_owned())?;
        let found = self.num_fragments();
        IdLayout::new(found)?;
        if self.index() >= found {
            return Err(PropertyError::Reference {
                what: "the index of the fragment",
                found: self.index(),
                expected: found,
            });
        }
        same("tables of vertices", self.vertices.len(), self.schema.vertices.len())?;
        same("tables of edges", self.edges.len(), self.schema.relations.len())?;
        for (vertices, label) in self.vertices.iter().zip(&self.schema.vertices) {
            check_columns(vertices.table(), &label.columns).at(|| format!("vertices of label `{}`", label.name))?;
            check_local::<V>(vertices).at(|| format!("vertices of label `{}`", label.name))?;
        }
        for (relation, edges) in self.edges.iter().enumerate() {
            self.check_edges(relation, edges).at(|| format!("edges {}", self.schema.relation_name(relation)))?;
        }
        Ok(())
    }

    fn check_edges(&self, relation: usize, edges: &PropertyEdges<V>) -> Result<(), PropertyError> {
        let Some(relation) = self.schema.relations.get(relation) else { return Ok(()) };
        let inner = |label: usize| self.vertices.get(label).map_or(0, |vertices| vertices.num_inner());
        if let Some(label) = self.schema.edges.get(relation.edge) {
            check_columns(edges.table(), &label.columns)?;
        }
        same("rows of outgoing edges", edges.outgoing.num_vertices(), inner(relation.source))?;
        same("rows of incoming edges", edges.incoming.num_vertices(), inner(relation.target))
    }
}

/// Whether `V` has a number for each vertex.
pub(super) fn check_local<V: LocalId>(vertices: &PropertyVertices) -> Result<(), PropertyError> {
    let found = vertices.num_inner().saturating_add(vertices.num_outer());
    if found as u64 <= V::MAX_ID {
        return Ok(());
    }
    let expected = format!("at most {}, local numbers of {} bits", V::MAX_ID, size_of::<V>() * 8);
    Err(PropertyError::limit("vertices of a label in a fragment", found, expected))
}

/// Shows the size, not the data.
impl<V: LocalId> fmt::Debug for PropertyFragment<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner: Vec<usize> = self.vertices.iter().map(|vertices| vertices.num_inner()).collect();
        let edges: Vec<usize> = self.edges.iter().map(|edges| edges.num_edges()).collect();
        f.debug_struct("PropertyFragment")
            .field("index", &self.index)
            .field("num_fragments", &self.num_fragments)
            .field("inner_vertices", &inner)
            .field("edges", &edges)
            .finish_non_exhaustive()
    }
}
