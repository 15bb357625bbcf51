//! Graphs in parts.

use vineyard_core::{Element, Stored};

use super::error::CollectionError;
use super::generic::Collection;
use crate::graph::{CsrGraph, VertexId};

/// What the vertices of the parts are counted under.
pub const NUM_VERTICES: &str = "num_vertices";

/// What the edges of the parts are counted under.
pub const NUM_EDGES: &str = "num_edges";

impl<V: VertexId, W: Element> Collection<CsrGraph<V, W>> {
    /// A graph in parts, whose vertices and edges are counted under [`NUM_VERTICES`] and [`NUM_EDGES`], so that readers know
    /// them without looking at a part. Copies nothing. Who has which vertex is up to the program.
    ///
    /// # Errors
    ///
    /// [`CollectionError::Directed`] if some parts are directed and some are not.
    pub fn of_graphs<'a>(parts: impl IntoIterator<Item = &'a Stored<CsrGraph<V, W>>>) -> Result<Self, CollectionError> {
        let parts: Vec<&Stored<CsrGraph<V, W>>> = parts.into_iter().collect();
        let directed = parts.first().is_some_and(|first| first.directed);
        if let Some(part) = parts.iter().position(|part| part.directed != directed) {
            return Err(CollectionError::Directed { part, found: !directed });
        }
        let vertices: Vec<u64> = parts.iter().map(|part| part.num_vertices() as u64).collect();
        let edges: Vec<u64> = parts.iter().map(|part| part.num_edges() as u64).collect();
        Self::new(parts).with_sizes(NUM_VERTICES, vertices)?.with_sizes(NUM_EDGES, edges)
    }
}
