//! Tensors in parts.

use std::sync::OnceLock;

use vineyard_core::{Fetch, Key, Member, Object, ObjectId, ObjectRef, Opaque, ResolveError, Stored, TypeName};

use super::assemble::{copy_block, counted, places};
use super::error::CollectionError;
use super::follow;
use super::layout::{Layout, Piece};
use super::part::{Numbered, Part};
use crate::numeric::Numeric;
use crate::tensor::Tensor;

/// A tensor whose parts are tensors of their own, perhaps on several instances: `vineyard::GlobalTensor`.
///
/// It holds references. Putting one links the parts and copies nothing; getting one costs its metadata, whatever the parts
/// hold and wherever they are. The parts are of one type and lie on a grid without gaps, which is checked when a tensor is
/// made and when it is got. The typename says nothing of the elements, so their type is asked for where parts are.
///
/// Parts that were put with a place ([`Tensor::with_partition_index`]) lie there. If any tells none, they all lie in the order in which
/// they are given, the last dimension fastest.
///
/// ```no_run
/// use vineyard_core::{Client, Stored};
/// use vineyard_types::{GlobalTensor, Tensor};
///
/// let client = Client::from_env()?;
/// let rows = [vec![0.0, 1.0], vec![2.0, 3.0]].map(|row| client.put(&Tensor::new([1, 2], row).expect("two places")));
/// let parts = rows.into_iter().map(|id| client.get_ref::<Tensor<f64>>(id?)).collect::<Result<Vec<_>, _>>()?;
/// let id = client.put(&GlobalTensor::new(parts)?)?;
///
/// let whole = client.get::<GlobalTensor>(id)?; // no part is looked at
/// assert_eq!(whole.shape(), [2, 2]);
/// for part in whole.parts() {
///     println!("{} bytes at {:?} on {}", part.nbytes(), part.start(), part.instance());
/// }
/// for (number, part) in whole.local_parts::<f64>(&client)? {
///     println!("{number}: {:?}", part.as_slice()); // no copy
/// }
/// assert_eq!(whole.assemble::<f64>(&client)?.as_slice(), [0.0, 1.0, 2.0, 3.0]); // one copy
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Object)]
#[object(typename = "vineyard::GlobalTensor", rename_all = "{}_", global, validate = Self::check)]
pub struct GlobalTensor {
    #[object(default)]
    shape: Vec<u64>,
    #[object(default)]
    partition_shape: Vec<u64>,
    #[object(collection)]
    partitions: Vec<ObjectRef<Opaque>>,
    /// Filled by the check.
    #[object(skip)]
    layout: OnceLock<Layout>,
}

impl GlobalTensor {
    /// A tensor of these parts: `Stored` tensors or references. They lie where they say, or on top of each other, along the
    /// first dimension.
    ///
    /// # Errors
    ///
    /// [`CollectionError`] naming the part that does not fit the others.
    pub fn new<T: Object>(parts: impl IntoIterator<Item = impl Into<ObjectRef<T>>>) -> Result<Self, CollectionError> {
        Self::on(parts, &[])
    }

    /// A tensor of parts of which so many lie along each dimension.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new), and [`CollectionError::Grid`] if the grid has not one place for each part.
    pub fn on_grid<T: Object>(
        parts: impl IntoIterator<Item = impl Into<ObjectRef<T>>>,
        partition_shape: impl AsRef<[u64]>,
    ) -> Result<Self, CollectionError> {
        Self::on(parts, partition_shape.as_ref())
    }

    fn on<T: Object>(
        parts: impl IntoIterator<Item = impl Into<ObjectRef<T>>>,
        grid: &[u64],
    ) -> Result<Self, CollectionError> {
        let partitions: Vec<_> = parts.into_iter().map(|part| part.into().untyped()).collect();
        let layout = lay_out(&partitions, &[], grid)?;
        let (shape, partition_shape) = (layout.shape.clone(), layout.grid.clone());
        Ok(Self { shape, partition_shape, partitions, layout: layout.into() })
    }

    /// The length of each dimension of the whole. If its writer did not say, what the parts make up.
    pub fn shape(&self) -> &[u64] {
        &self.layout().shape
    }

    /// How many parts lie along each dimension.
    pub fn partition_shape(&self) -> &[u64] {
        &self.layout().grid
    }

    /// Number of parts.
    pub fn num_parts(&self) -> usize {
        self.partitions.len()
    }

    /// The type of the elements as typenames have it, `double` for one. `None` without parts.
    pub fn element_type(&self) -> Option<&str> {
        self.partitions.first().and_then(|part| argument(part.meta().typename()))
    }

    /// All parts in the order in which they are stored, by their metadata. No request.
    pub fn parts(&self) -> impl ExactSizeIterator<Item = Part<'_>> {
        let cells = self.layout();
        self.partitions.iter().enumerate().map(|(index, part)| Part::new(index, part.meta(), cells.cells.get(index)))
    }

    /// The part at a place of the grid; `None` outside of it.
    pub fn part_at(&self, place: &[u64]) -> Option<Part<'_>> {
        self.parts().find(|part| part.place() == place)
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
    /// [`CollectionError::Unreadable`] if its elements are no `T`s; [`CollectionError::NoPart`].
    pub fn get_part<T: Numeric>(
        &self,
        client: &impl Fetch,
        index: usize,
    ) -> Result<Stored<Tensor<T>>, CollectionError> {
        follow::one(client, index, &follow::typed(&self.partitions, index)?)
    }

    /// The parts that live on the instance that answered, with their numbers, without a copy. One request.
    ///
    /// # Errors
    ///
    /// As [`get_part`](Self::get_part).
    pub fn local_parts<T: Numeric>(&self, client: &impl Fetch) -> Result<Numbered<Tensor<T>>, CollectionError> {
        follow::local(client, &self.references()?)
    }

    /// Every part in turn, one request each; nothing is held of those that were dropped.
    ///
    /// # Errors
    ///
    /// Each as [`get_part`](Self::get_part).
    pub fn iter<'a, T: Numeric>(
        &'a self,
        client: &'a impl Fetch,
    ) -> impl Iterator<Item = Result<Stored<Tensor<T>>, CollectionError>> + 'a {
        let typed = |index| follow::typed(&self.partitions, index);
        follow::each(client, (0..self.partitions.len()).map(typed))
    }

    /// A copy of all elements in one tensor on the heap, each copied once. One request for each part; all are held until the
    /// copy is made.
    ///
    /// # Errors
    ///
    /// As [`get_part`](Self::get_part) for the first part that cannot be had; [`CollectionError::NoParts`].
    pub fn assemble<T: Numeric>(&self, client: &impl Fetch) -> Result<Tensor<T>, CollectionError> {
        if self.partitions.is_empty() {
            return Err(CollectionError::NoParts);
        }
        let parts = self.iter::<T>(client).collect::<Result<Vec<_>, _>>()?;
        let cells = &self.layout().cells;
        for (part, (tensor, cell)) in parts.iter().zip(cells).enumerate() {
            if tensor.shape() != cell.shape {
                let (found, expected) = (tensor.shape().to_vec(), cell.shape.clone());
                return Err(CollectionError::Changed { part, found, expected });
            }
        }
        let shape = counted(self.shape()).ok_or(CollectionError::TooLarge)?;
        // As many as all parts hold together, so they can be counted.
        let mut whole = vec![T::zeroed(); places(&shape).ok_or(CollectionError::TooLarge)?];
        for (tensor, cell) in parts.iter().zip(cells) {
            let (block, start) = counted(&cell.shape).zip(counted(&cell.start)).ok_or(CollectionError::TooLarge)?;
            copy_block(&mut whole, &shape, tensor.as_slice(), &block, &start).ok_or(CollectionError::TooLarge)?;
        }
        Ok(Tensor::over(self.shape().to_vec(), whole.into()))
    }

    fn references<T: Numeric>(&self) -> Result<Vec<ObjectRef<Tensor<T>>>, CollectionError> {
        (0..self.partitions.len()).map(|index| follow::typed(&self.partitions, index)).collect()
    }

    /// Whatever was made or got has been checked, and has a layout.
    fn layout(&self) -> &Layout {
        self.layout.get_or_init(|| self.lay_out().unwrap_or_default())
    }

    fn lay_out(&self) -> Result<Layout, CollectionError> {
        lay_out(&self.partitions, &self.shape, &self.partition_shape)
    }

    fn check(&self) -> Result<(), CollectionError> {
        if self.layout.get().is_none() {
            let _first = self.layout.set(self.lay_out()?);
        }
        Ok(())
    }
}

/// The argument of a tensor's typename.
fn argument(typename: &str) -> Option<&str> {
    typename.strip_prefix("vineyard::Tensor<")?.strip_suffix('>')
}

/// Reads what the parts tell, and lays them out.
fn lay_out(parts: &[ObjectRef<Opaque>], shape: &[u64], grid: &[u64]) -> Result<Layout, CollectionError> {
    let mut pieces = Vec::with_capacity(parts.len());
    let first = parts.first().map(|part| TypeName::new(part.meta().typename().to_owned()));
    for (part, reference) in parts.iter().enumerate() {
        let found = reference.meta().typename();
        if argument(found).is_none() {
            return Err(CollectionError::Kind { part, found: found.to_owned(), expected: "a tensor" });
        }
        if let Some(expected) = first.as_ref().filter(|expected| !expected.matches(found)) {
            let (found, expected) = (found.to_owned(), expected.to_string());
            return Err(CollectionError::Type { part, found, expected });
        }
        pieces.push(piece(reference).map_err(|cause| CollectionError::Unreadable { part, cause })?);
    }
    Layout::new(pieces, shape, grid)
}

fn piece(part: &ObjectRef<Opaque>) -> Result<Piece, ResolveError> {
    let shape = Vec::resolve_at(part.meta(), &Key::new("shape_"))?;
    let key = Key::new("partition_index_");
    let place = part.meta().contains(key.as_str()).then(|| Vec::resolve_at(part.meta(), &key)).transpose()?;
    // Tensors that are no parts have an empty one.
    Ok(Piece { shape, place: place.filter(|place| !place.is_empty()) })
}
