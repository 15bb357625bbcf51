//! From labels to vertices and back.

use std::borrow::Borrow;
use std::fmt;

use bytemuck::Zeroable;
use vineyard_core::{Array, Object};

use super::{LabelError, VertexLabel};
use crate::dataframe::Column;
use crate::hashmap::{Duplicates, MapError, SharedMap};
use crate::scalar::Text;

/// Which vertex has which label, and the reverse. Vertices are `0..len`.
///
/// Getting one builds nothing: labels are looked up in a [`SharedMap`] where it lies, and the label of a vertex is read from
/// an array in the order of the vertices. Resolving checks lengths, in O(1); reading never panics, whatever a peer has
/// written. [`verify`](Self::verify) tells whether both directions agree.
///
/// ```
/// use vineyard_types::graph::VertexMap;
/// let map = VertexMap::<i64>::from_labels([7000, -3])?;
/// assert_eq!((map.vertex(&-3), map.label(0), map.vertex(&0)), (Some(1), Some(&7000), None));
/// # Ok::<(), vineyard_types::graph::LabelError>(())
/// ```
#[derive(Object)]
#[object(
    typename = "vineyard::VertexMap",
    rename_all = "{}_",
    validate = Self::check,
    register(<i8>, <i16>, <i32>, <i64>, <u8>, <u16>, <u32>, <u64>, <Text>)
)]
pub struct VertexMap<I: VertexLabel> {
    vertices: SharedMap<I, u64>,
    /// The cells of that map in the order of the vertices: the integers, or where the texts lie among its texts.
    labels: Array<I::Cell>,
}

impl<I: VertexLabel> VertexMap<I> {
    /// A map of these labels: the first one is that of vertex 0. O(labels).
    ///
    /// # Errors
    ///
    /// - [`LabelError::Duplicate`] if a label is given twice.
    /// - [`LabelError::Map`] if the map cannot be built of them, as [`SharedMap::from_entries`] says.
    pub fn from_labels<Q: Borrow<I::Query> + Sync>(labels: impl IntoIterator<Item = Q>) -> Result<Self, LabelError> {
        let entries = labels.into_iter().zip(0u64..);
        let vertices = SharedMap::<I, u64>::from_entries(entries, Duplicates::Refuse).map_err(|error| match error {
            MapError::Duplicate { key, first, second } => LabelError::Duplicate { label: key, first, second },
            error => LabelError::Map(error),
        })?;
        let mut labels = vec![I::Cell::zeroed(); vertices.len()];
        for (cell, vertex) in vertices.cells() {
            if let Some(label) = usize::try_from(*vertex).ok().and_then(|vertex| labels.get_mut(vertex)) {
                *label = *cell;
            }
        }
        Ok(Self { vertices, labels: labels.into() })
    }

    /// How many vertices there are.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The vertex with this label. O(1), as [`SharedMap::get`]; always less than [`len`](Self::len).
    #[inline]
    pub fn vertex(&self, label: &I::Query) -> Option<usize> {
        let vertex = usize::try_from(*self.vertices.get(label)?).ok()?;
        (vertex < self.len()).then_some(vertex)
    }

    /// The label of a vertex. O(1). `None` if there is no such vertex, or its label cannot be read.
    #[inline]
    pub fn label(&self, vertex: usize) -> Option<&I::Query> {
        self.vertices.key(self.labels.get(vertex)?)
    }

    /// The labels in the order of the vertices; `None` for one that cannot be read.
    pub fn labels(&self) -> impl ExactSizeIterator<Item = Option<&I::Query>> + DoubleEndedIterator {
        self.labels.iter().map(|cell| self.vertices.key(cell))
    }

    /// The vertices of several labels, in their order.
    ///
    /// # Errors
    ///
    /// [`LabelError::Unknown`] with the first that no vertex has.
    ///
    /// ```
    /// use vineyard_types::Text;
    /// use vineyard_types::graph::VertexMap;
    /// let map = VertexMap::<Text>::from_labels(["a", "b"])?;
    /// assert_eq!(map.vertices(["b", "a", "b"])?, [1, 0, 1]);
    /// assert_eq!(map.vertices(["b", "c"]).unwrap_err().to_string(), "there is no vertex \"c\" among 2");
    /// # Ok::<(), vineyard_types::graph::LabelError>(())
    /// ```
    pub fn vertices<'a>(&self, labels: impl IntoIterator<Item = &'a I::Query>) -> Result<Vec<usize>, LabelError>
    where
        I::Query: 'a,
    {
        let vertex = |label: &I::Query| {
            let unknown = || LabelError::Unknown { label: format!("{label:?}"), num_vertices: self.len() };
            self.vertex(label).ok_or_else(unknown)
        };
        labels.into_iter().map(vertex).collect()
    }

    /// The labels as a column, to be a column or the index of a table of vertices. Copies them. A label that cannot be
    /// read ends it.
    pub fn to_column(&self) -> Column {
        I::to_column(self.labels().map_while(|label| label))
    }

    /// Looks every label up. O(labels).
    ///
    /// # Errors
    ///
    /// - Whatever resolving and storing check: lengths.
    /// - [`LabelError::Map`] as [`SharedMap::verify`].
    /// - [`LabelError::Unreadable`] or [`LabelError::Label`] at the first vertex whose label cannot be read, or is that of
    ///   another vertex or of none.
    pub fn verify(&self) -> Result<(), LabelError> {
        self.check()?;
        self.vertices.verify().map_err(LabelError::Map)?;
        for (vertex, label) in self.labels().enumerate() {
            let Some(label) = label else { return Err(LabelError::Unreadable { vertex }) };
            let found = self.vertex(label);
            if found != Some(vertex) {
                return Err(LabelError::Label { vertex, label: format!("{label:?}"), found });
            }
        }
        Ok(())
    }

    /// The map from labels to vertices, to be looked up by other means.
    pub fn as_map(&self) -> &SharedMap<I, u64> {
        &self.vertices
    }

    fn check(&self) -> Result<(), LabelError> {
        let (found, expected) = (self.labels.len(), self.vertices.len());
        if found == expected { Ok(()) } else { Err(LabelError::Labels { found, expected }) }
    }
}

/// Shares all arrays.
impl<I: VertexLabel> Clone for VertexMap<I> {
    fn clone(&self) -> Self {
        Self { vertices: self.vertices.clone(), labels: self.labels.clone() }
    }
}

/// Shows the size, not the labels.
impl<I: VertexLabel> fmt::Debug for VertexMap<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VertexMap").field("len", &self.len()).finish_non_exhaustive()
    }
}
