//! Outside ids of vertices, and where the vertices are.

use std::fmt;

use vineyard_core::Object;

use super::error::{At, same};
use super::{IdLayout, LocalId, OutsideId, Part, PropertyError};
use crate::hashmap::SharedMap;

/// The outside ids of the inner vertices of one label in one fragment.
#[derive(Object)]
#[object(
    typename = "vineyard::PropertyVertexIds",
    rename_all = "{}_",
    validate = Self::check,
    register(<i64, u32>, <i64, u64>, <u64, u32>, <u64, u64>, <crate::Text, u32>, <crate::Text, u64>)
)]
pub struct VertexIds<O: OutsideId, V: LocalId> {
    /// By place: the same memory as the key column of the table.
    pub(super) ids: O::Ids,
    /// The place of each.
    pub(super) places: SharedMap<O, V>,
}

impl<O: OutsideId, V: LocalId> VertexIds<O, V> {
    /// How many vertices there are.
    pub fn len(&self) -> usize {
        O::count(&self.ids)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The id of the vertex at a place. O(1). `None` beyond the end, and for what a foreign writer has left unreadable.
    pub fn id(&self, offset: usize) -> Option<&O::Query> {
        O::id(&self.ids, offset)
    }

    /// The place of a vertex. O(1).
    pub fn place(&self, id: &O::Query) -> Option<usize> {
        let place = self.places.get(id)?.try_to_index()?;
        (place < self.len()).then_some(place)
    }

    /// All ids by place, as they are stored.
    pub fn ids(&self) -> &O::Ids {
        &self.ids
    }

    fn check(&self) -> Result<(), PropertyError> {
        same("entries of the map of ids", self.places.len(), self.len())
    }

    pub(super) fn verify(&self) -> Result<(), PropertyError> {
        self.places.verify()?;
        for offset in 0..self.len() {
            let Some(id) = self.id(offset) else {
                return Err(PropertyError::Lost { offset, problem: "has no id that can be read" });
            };
            if self.place(id) != Some(offset) {
                return Err(PropertyError::Lost { offset, problem: "is not found there by its id" });
            }
        }
        Ok(())
    }
}

/// Shows the size, not the ids.
impl<O: OutsideId, V: LocalId> fmt::Debug for VertexIds<O, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VertexIds").field("len", &self.len()).finish_non_exhaustive()
    }
}

/// The outside ids of all vertices of a graph, and where the vertices are.
#[derive(Object)]
#[object(
    typename = "vineyard::PropertyVertexMap",
    rename_all = "{}_",
    validate = Self::check,
    register(<i64, u32>, <i64, u64>, <u64, u32>, <u64, u64>, <crate::Text, u32>, <crate::Text, u64>)
)]
pub struct PropertyVertexMap<O: OutsideId, V: LocalId> {
    pub(super) num_fragments: u64,
    /// By vertex label, then by fragment.
    pub(super) ids: Vec<Vec<Part<VertexIds<O, V>>>>,
}

impl<O: OutsideId, V: LocalId> PropertyVertexMap<O, V> {
    /// How many fragments the graph has.
    pub fn num_fragments(&self) -> usize {
        usize::try_from(self.num_fragments).unwrap_or(usize::MAX)
    }

    /// The ids of one label in one fragment; `None` if there is no such label or fragment.
    pub fn ids(&self, label: usize, fragment: usize) -> Option<&VertexIds<O, V>> {
        self.ids.get(label)?.get(fragment).map(|part| &**part)
    }

    fn check(&self) -> Result<(), PropertyError> {
        IdLayout::new(self.num_fragments())?;
        for (label, fragments) in self.ids.iter().enumerate() {
            same("fragments with ids", fragments.len(), self.num_fragments()).at(|| format!("vertex label {label}"))?;
        }
        Ok(())
    }
}

impl<O: OutsideId, V: LocalId> Clone for PropertyVertexMap<O, V> {
    fn clone(&self) -> Self {
        Self { num_fragments: self.num_fragments, ids: self.ids.clone() }
    }
}

/// Shows the size, not the ids.
impl<O: OutsideId, V: LocalId> fmt::Debug for PropertyVertexMap<O, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PropertyVertexMap")
            .field("num_fragments", &self.num_fragments)
            .field("num_labels", &self.ids.len())
            .finish_non_exhaustive()
    }
}
