//! Arrays of any type, as objects.

use std::ops::RangeBounds;
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, make_array};
use arrow_data::ArrayData;
use arrow_schema::DataType;
use vineyard_core::{
    BuildError, Draft, DraftField, DraftNode, FieldKind, FieldSchema, Key, Member, NodeKind, Object, ObjectMeta,
    Registration, ResolveError, Schema, TypeName,
};

use super::error::ArrayError;
use super::flat::{self, Flat};
use super::node::Node;
use super::{exact, show, trim};
use crate::dataframe::Cell;
use crate::rows::within;

/// An Arrow array of any type in the store.
///
/// It is stored in the layout of the original where that layout keeps everything, else in our own form; see the
/// [module](super) for which is which. `get` reads all of them, also as `Stored<dyn Object>`. Cloning costs a reference
/// count.
///
/// ```
/// use arrow_array::{Array, ArrayRef, DictionaryArray, Int32Array, types::Int32Type};
/// use vineyard_types::arrow::ArrowArray;
///
/// let numbers = Int32Array::from(vec![Some(1), None, Some(3)]);
/// let stored = ArrowArray::from_arrow(&numbers.slice(1, 2)); // nothing is copied before it is put
/// assert_eq!((stored.len(), stored.null_count(), stored.nbytes()), (2, Some(1), 8 + 1));
/// assert_eq!(stored.to_arrow()?.to_data(), numbers.slice(1, 2).to_data());
///
/// let words: DictionaryArray<Int32Type> = ["a", "b", "a"].into_iter().collect();
/// let words: ArrayRef = std::sync::Arc::new(words);
/// assert_eq!(&ArrowArray::from_arrow(&words).to_arrow()?, &words);
/// # Ok::<(), vineyard_types::arrow::ArrayError>(())
/// ```
#[derive(Debug, Clone)]
pub struct ArrowArray {
    pub(super) node: Arc<Node>,
}

impl ArrowArray {
    /// The array, to be put. Copies nothing, but for the bits of slices that start within a byte and the offsets of slices
    /// that do not start at zero; the put copies the buffers once, straight into shared memory.
    ///
    /// Slices keep only what they show, but for the bytes behind views, the values of dictionaries, what dense unions and
    /// list views point into, and runs: these are kept whole.
    pub fn from_arrow(array: &dyn Array) -> Self {
        Self::of(trim::take_apart(array))
    }

    /// The array, whose buffers are those of this object: views of shared memory if it was got.
    ///
    /// Copies nothing. What the metadata and the buffers say is checked as far as Arrow relies on it: in constant time for
    /// numbers without nulls, else by reading bitmaps, offsets, text, views, the keys of dictionaries and run ends once.
    ///
    /// # Errors
    ///
    /// [`ArrayError`] if the object is no valid array, whoever wrote it.
    pub fn to_arrow(&self) -> Result<ArrayRef, ArrayError> {
        self.to_data().map(make_array)
    }

    /// As [`to_arrow`](Self::to_arrow), without the type's own wrapper.
    ///
    /// # Errors
    ///
    /// As [`to_arrow`](Self::to_arrow).
    pub fn to_data(&self) -> Result<ArrayData, ArrayError> {
        self.node.to_data()
    }

    /// The type of the elements. Arrays in a layout of the original do not know the names that a schema gives the elements
    /// of their lists.
    pub fn data_type(&self) -> &DataType {
        &self.node.data_type
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.node.length
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many elements are null, as the writer counted them; `None` if it did not.
    pub fn null_count(&self) -> Option<usize> {
        self.node.null_count
    }

    /// Some of the elements, without a copy: what is put of them is on the same memory. Looks at nothing but the bits of
    /// nulls.
    ///
    /// Buffers with a place for each element are cut; the bytes of texts, the elements of lists, the values of
    /// dictionaries and runs go along as a whole.
    ///
    /// ```
    /// use arrow_array::{Array, Int32Array};
    /// use vineyard_types::arrow::ArrowArray;
    /// let numbers = Int32Array::from(vec![Some(1), None, Some(3)]);
    /// let slice = ArrowArray::from_arrow(&numbers).slice(1..)?;
    /// assert_eq!(slice.to_arrow()?.as_ref(), &numbers.slice(1, 2) as &dyn Array);
    /// # Ok::<(), vineyard_types::arrow::ArrayError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ArrayError::Range`] if they are not there, [`ArrayError::Cut`] if a buffer is shorter than its length says.
    pub fn slice(&self, range: impl RangeBounds<usize>) -> Result<Self, ArrayError> {
        let rows = within(range, self.len())?;
        self.node.slice(rows).map(Self::of)
    }

    pub(super) fn of(node: Node) -> Self {
        Self { node: Arc::new(node) }
    }

    /// The same elements under the type that a schema says; see [`Node::retyped`].
    pub(crate) fn retyped(&self, to: &DataType) -> Result<Self, ArrayError> {
        if self.data_type() == to { Ok(self.clone()) } else { self.node.retyped(to).map(Self::of) }
    }

    /// What numpy calls the type, if all its arrays of this type are ones of numpy's; else `object`.
    pub(crate) fn numpy_name(&self) -> &'static str {
        show::numpy_name(self.data_type())
    }

    /// Whether the elements are texts.
    pub(crate) fn is_text(&self) -> bool {
        matches!(self.data_type(), DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
    }

    /// One element, to be shown.
    pub(crate) fn display(&self, row: usize) -> Cell<'static> {
        show::cell(&self.node, row)
    }

    /// Bytes of all buffers, those of children included.
    pub fn nbytes(&self) -> usize {
        fn sum(node: &Node) -> usize {
            let own = node.nulls.iter().chain(&node.buffers).map(|blob| blob.nbytes());
            own.chain(node.children.iter().map(sum)).fold(0, usize::saturating_add)
        }
        sum(&self.node)
    }
}

impl From<&dyn Array> for ArrowArray {
    fn from(array: &dyn Array) -> Self {
        Self::from_arrow(array)
    }
}

/// A node in the form that keeps it.
pub(super) fn stage_node(node: &Node) -> Result<DraftNode, BuildError> {
    exact::stage(node).unwrap_or_else(|| flat::stage(node))
}

/// A node in any of the forms.
pub(super) fn resolve_node(meta: &ObjectMeta) -> Result<Node, ResolveError> {
    if Flat::typename().matches(meta.typename()) { flat::resolve(meta) } else { exact::resolve(meta) }
}

/// By hand, for it chooses between several stored forms, each with a typename of its own.
impl Object for ArrowArray {
    type Builder = Draft<Self>;

    fn typename() -> TypeName {
        Flat::typename()
    }

    fn schema() -> Schema {
        Schema::new::<Self>(1, Flat::schema().fields)
    }

    fn resolve(meta: &ObjectMeta) -> Result<Self, ResolveError> {
        resolve_node(meta).map(Self::of)
    }

    fn stage(&self) -> Result<DraftNode, BuildError> {
        stage_node(&self.node)
    }

    fn __aliases() -> Vec<TypeName> {
        exact::typenames()
    }

    fn __accepts(typename: &str) -> bool {
        Self::typename().matches(typename) || exact::is_typename(typename)
    }

    fn __only_derive_implements_object() {}
}

impl Member for ArrowArray {
    type Kind = NodeKind;
    type Input = Self;

    fn stage_at(&self, key: &Key, draft: &mut DraftNode) -> Result<(), BuildError> {
        draft.set(key, DraftField::Node(self.stage()?))
    }

    fn stage_input(input: Self, key: &Key, draft: &mut DraftNode) -> Result<(), BuildError> {
        input.stage_at(key, draft)
    }

    fn resolve_at(meta: &ObjectMeta, key: &Key) -> Result<Self, ResolveError> {
        Self::resolve(&meta.member(key.as_str())?)
    }

    fn describe(key: &Key) -> FieldSchema {
        FieldSchema::new(key.as_str(), FieldKind::Member, Self::typename())
    }
}

vineyard_core::__private_v1::inventory::submit! {
    Registration::of::<ArrowArray>(concat!(file!(), ":", line!()))
}
