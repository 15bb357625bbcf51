//! Parts of any one type.

use std::collections::BTreeMap;

use vineyard_core::{Fetch, Object, ObjectId, ObjectRef, Stored, Typename};

use super::error::CollectionError;
use super::follow;
use super::part::{Numbered, Part};
use crate::graph::CsrGraph;

/// Objects of one type as the parts of a whole, perhaps on several instances: the original's `vineyard::Collection<P>`.
///
/// It holds references. Putting one links the parts and copies nothing; getting one costs its metadata, whatever the parts
/// hold and wherever they are. Every part is a `P`, which is checked when a collection is made and when it is got.
///
/// How large the parts are is what their metadata tells ([`Part::nbytes`]), and what whoever makes the collection writes into
/// it as [sizes](Self::with_sizes): rows, vertices, whatever can be counted. [Graphs](Self::of_graphs) are counted by
/// themselves.
///
/// The published Python package has no type for it, and gets its metadata. Lists of parts that may be of different types are
/// [`Sequence`](crate::Sequence)s.
///
/// ```no_run
/// use vineyard_core::Client;
/// use vineyard_types::graph::{CsrGraph, EdgeOptions};
/// use vineyard_types::Collection;
///
/// type Graph = CsrGraph<u32, f64>;
/// let client = Client::from_env()?;
/// let halves = [vec![(0, 1, 0.5)], vec![(1, 0, 1.5), (0, 0, 2.5)]];
/// let halves = halves.map(|edges| Graph::from_weighted_edges(2, edges, EdgeOptions::default()));
/// let parts = halves.into_iter().map(|half| client.get::<Graph>(client.put(&half?)?).map_err(Box::<dyn std::error::Error>::from));
/// let id = client.put_named("graph", &Collection::of_graphs(&parts.collect::<Result<Vec<_>, _>>()?)?)?;
///
/// let graph = client.get::<Collection<Graph>>(id)?; // no part is looked at
/// assert_eq!(graph.sizes("num_edges"), Some(&[1, 2][..]));
/// for (number, part) in graph.local_parts(&client)? {
///     println!("{number}: {} edges", part.num_edges()); // no copy
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Object)]
#[object(
    typename = "vineyard::Collection",
    rename_all = "{}_",
    global,
    validate = Self::check,
    bound = "P: Object + Typename",
    register(<CsrGraph<u32, f64>>, <CsrGraph<u64, f64>>, <CsrGraph<u32, f32>>, <CsrGraph<u64, f32>>, <CsrGraph<u32, u32>>, <CsrGraph<u64, u64>>)
)]
pub struct Collection<P: Object + Typename> {
    /// What the original's readers ask for: words of the program that made the collection.
    #[object(default)]
    params: BTreeMap<String, String>,
    #[object(default)]
    sizes: BTreeMap<String, Vec<u64>>,
    #[object(collection)]
    partitions: Vec<ObjectRef<P>>,
}

impl<P: Object + Typename> Collection<P> {
    /// A collection of these parts: `Stored` objects or references. Copies nothing.
    pub fn new(parts: impl IntoIterator<Item = impl Into<ObjectRef<P>>>) -> Self {
        let partitions = parts.into_iter().map(Into::into).collect();
        Self { params: BTreeMap::new(), sizes: BTreeMap::new(), partitions }
    }

    /// The collection with one number for each part, by what it counts.
    ///
    /// # Errors
    ///
    /// [`CollectionError::Sizes`] if there are more or fewer numbers than parts.
    pub fn with_sizes(mut self, name: impl Into<String>, sizes: impl Into<Vec<u64>>) -> Result<Self, CollectionError> {
        self.sizes.insert(name.into(), sizes.into());
        self.check()?;
        Ok(self)
    }

    /// The collection with a text for whoever gets it, by name.
    #[must_use]
    pub fn with_param(mut self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.params.insert(name.into(), text.into());
        self
    }

    /// One number for each part, if whoever made the collection has counted that.
    pub fn sizes(&self, name: &str) -> Option<&[u64]> {
        self.sizes.get(name).map(Vec::as_slice)
    }

    /// The sum over all parts, if it was counted; as much as can be counted if it is more.
    pub fn total(&self, name: &str) -> Option<u64> {
        Some(self.sizes(name)?.iter().copied().fold(0, u64::saturating_add))
    }

    /// A text of whoever made the collection.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.get(name).map(String::as_str)
    }

    /// Number of parts.
    pub fn num_parts(&self) -> usize {
        self.partitions.len()
    }

    /// All parts in order, by their metadata. No request.
    pub fn parts(&self) -> impl ExactSizeIterator<Item = Part<'_>> {
        self.partitions.iter().enumerate().map(|(index, part)| Part::new(index, part.meta(), None))
    }

    /// The objects of the parts, in their order.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = ObjectId> {
        self.partitions.iter().map(ObjectRef::id)
    }

    /// The part of a number, without a copy. One request.
    ///
    /// # Errors
    ///
    /// [`CollectionError::Part`] naming it if it is on another instance, was deleted, or is not valid;
    /// [`CollectionError::NoPart`].
    pub fn get_part(&self, client: &impl Fetch, index: usize) -> Result<Stored<P>, CollectionError> {
        let missing = CollectionError::NoPart { part: index, parts: self.partitions.len() };
        follow::one(client, index, self.partitions.get(index).ok_or(missing)?)
    }

    /// The parts that live on the instance that answered, with their numbers, without a copy. One request.
    ///
    /// # Errors
    ///
    /// As [`get_part`](Self::get_part).
    pub fn local_parts(&self, client: &impl Fetch) -> Result<Numbered<P>, CollectionError> {
        follow::local(client, &self.partitions)
    }

    /// Every part in turn, one request each; nothing is held of those that were dropped.
    ///
    /// # Errors
    ///
    /// Each as [`get_part`](Self::get_part).
    pub fn iter<'a>(&'a self, client: &'a impl Fetch) -> impl Iterator<Item = Result<Stored<P>, CollectionError>> + 'a {
        follow::each(client, self.partitions.iter().cloned().map(Ok))
    }

    fn check(&self) -> Result<(), CollectionError> {
        let expected = self.partitions.len();
        match self.sizes.iter().find(|(_, sizes)| sizes.len() != expected) {
            Some((name, sizes)) => Err(CollectionError::Sizes { name: name.clone(), found: sizes.len(), expected }),
            None => Ok(()),
        }
    }
}
