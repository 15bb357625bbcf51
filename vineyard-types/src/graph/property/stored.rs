//! The whole graph: the stored type.

use std::fmt;

use vineyard_core::Object;

use super::error::{At, same};
use super::{
    GraphSchema, IdLayout, LocalId, MAX_FRAGMENTS, OutsideId, Part, Partition, PropertyError, PropertyFragment,
    PropertyVertexMap,
};

/// A property graph: vertices and edges of several labels with columns, in one fragment or in several.
///
/// `O` is the type of the outside ids, `V` that of local numbers: with `u32`, a fragment has fewer than 2^32 vertices of a
/// label and edges of a relation.
///
/// The schema, the map of ids and each fragment are members. A graph that is made of another by adding or leaving out
/// something shares, by id, all members that are the same: see [`with_edges`](Self::with_edges) and its neighbours.
///
/// Resolving checks that the fragments are all there, in order, and fit the schema and the map of ids; it looks at no
/// ids, which [`verify`](Self::verify) does.
///
/// ```
/// use vineyard_types::DataFrame;
/// use vineyard_types::graph::property::{EdgeTable, PropertyGraph, PropertyOptions, VertexTable};
///
/// let people = DataFrame::new().with_column("id", vec![7i64, 8, 9])?.with_column("age", vec![30u8, 40, 50])?;
/// let knows = DataFrame::new()
///     .with_column("from", vec![7i64, 9, 9])?
///     .with_column("to", vec![8i64, 7, 8])?
///     .with_column("since", vec![1999u16, 2004, 2010])?;
/// let graph = PropertyGraph::<i64, u32>::build(
///     &[VertexTable::new("person", "id", people)],
///     &[EdgeTable::new("knows", ("person", "from"), ("person", "to"), knows)],
///     &PropertyOptions::default(),
/// )?;
///
/// let (person, knows) = (graph.schema().vertex_label("person")?, graph.schema().relation("person", "knows", "person")?);
/// let nine = graph.vertex(person, &9).expect("it is there");
/// let friends: Vec<_> = graph.out_edges(knows, nine).map(|edge| graph.id(edge.vertex)).collect();
/// assert_eq!(friends, [Some(&7), Some(&8)]);
/// let since = graph.fragments()[0].edges(knows).expect("a relation").table().numbers::<u16>("since")?;
/// let years: Vec<_> = graph.out_edges(knows, nine).map(|edge| since.as_slice()[edge.row]).collect();
/// assert_eq!(years, [2004, 2010]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Object)]
#[object(
    typename = "vineyard::PropertyGraph",
    rename_all = "{}_",
    validate = Self::check,
    register(<i64, u32>, <i64, u64>, <u64, u32>, <u64, u64>, <crate::Text, u32>, <crate::Text, u64>)
)]
pub struct PropertyGraph<O: OutsideId, V: LocalId> {
    pub(super) schema: GraphSchema,
    pub(super) partition: Partition<O>,
    pub(super) vertex_map: Part<PropertyVertexMap<O, V>>,
    pub(super) fragments: Vec<Part<PropertyFragment<V>>>,
}

impl<O: OutsideId, V: LocalId> PropertyGraph<O, V> {
    /// The labels, their columns, and the relations.
    pub fn schema(&self) -> &GraphSchema {
        &self.schema
    }

    /// Which fragment each vertex is an inner vertex of.
    pub fn partition(&self) -> &Partition<O> {
        &self.partition
    }

    /// The outside ids of all vertices.
    pub fn vertex_map(&self) -> &PropertyVertexMap<O, V> {
        &self.vertex_map
    }

    /// The fragments. Those that are stored can be put into other objects, or got on their own.
    pub fn fragments(&self) -> &[Part<PropertyFragment<V>>] {
        &self.fragments
    }

    /// How global ids are made up.
    pub fn layout(&self) -> IdLayout {
        // There are as many fragments as there may be, as `check` has seen.
        IdLayout::of(self.fragments.len().clamp(1, MAX_FRAGMENTS))
    }

    pub(super) fn check(&self) -> Result<(), PropertyError> {
        self.schema.check().at(|| "schema".to_owned())?;
        let (num_fragments, num_labels) = (self.fragments.len(), self.schema.vertices.len());
        IdLayout::new(num_fragments)?;
        same("fragments of the map of ids", self.vertex_map.num_fragments(), num_fragments)?;
        same("labels of the map of ids", self.vertex_map.ids.len(), num_labels)?;
        self.check_partition()?;
        for (index, fragment) in self.fragments.iter().enumerate() {
            self.check_fragment(index, fragment).at(|| format!("fragment {index}"))?;
        }
        for relation in 0..self.schema.relations.len() {
            // Each edge leads away from an inner vertex of one fragment, and to one of one fragment.
            let edges = || self.fragments.iter().filter_map(|fragment| fragment.edges(relation));
            let outgoing = edges().map(|edges| edges.outgoing().num_edges()).fold(0, usize::saturating_add);
            let incoming = edges().map(|edges| edges.incoming().num_edges()).fold(0, usize::saturating_add);
            same("incoming edges of all fragments", incoming, outgoing).at(|| self.schema.relation_name(relation))?;
        }
        Ok(())
    }

    fn check_fragment(&self, index: usize, fragment: &PropertyFragment<V>) -> Result<(), PropertyError> {
        same("the number of fragments it is one of", fragment.num_fragments(), self.fragments.len())?;
        same("the index it has", fragment.index(), index)?;
        if fragment.schema != self.schema {
            return Err(PropertyError::OtherSchema);
        }
        for (label, vertices) in fragment.vertices.iter().enumerate() {
            let ids = self.vertex_map.ids(label, index).map_or(0, |ids| ids.len());
            let place = || self.schema.vertices.get(label).map_or_else(String::new, |label| label.name.clone());
            same("ids of its vertices", ids, vertices.num_inner()).at(place)?;
        }
        Ok(())
    }

    fn check_partition(&self) -> Result<(), PropertyError> {
        let Partition::Range(bounds) = &self.partition else { return Ok(()) };
        same("lists of bounds", bounds.len(), self.schema.vertices.len())?;
        for (bounds, label) in bounds.iter().zip(&self.schema.vertices) {
            let place = || format!("bounds of label `{}`", label.name);
            let most = self.fragments.len().saturating_sub(1);
            if bounds.len() > most {
                return Err(PropertyError::limit("bounds", bounds.len(), format!("at most {most}"))).at(place);
            }
            if let Some(index) = Partition::<O>::unsorted(bounds) {
                return Err(PropertyError::Bounds { index }).at(place);
            }
        }
        Ok(())
    }
}

impl<O: OutsideId, V: LocalId> Clone for PropertyGraph<O, V> {
    fn clone(&self) -> Self {
        Self {
            schema: self.schema.clone(),
            partition: self.partition.clone(),
            vertex_map: self.vertex_map.clone(),
            fragments: self.fragments.clone(),
        }
    }
}

/// Shows the size, not the data.
impl<O: OutsideId, V: LocalId> fmt::Debug for PropertyGraph<O, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PropertyGraph").field("fragments", &self.fragments).finish_non_exhaustive()
    }
}
