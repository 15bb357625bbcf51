//! Objects that hold objects of any types: sequences, pairs, maps.

mod item;

use indexmap::IndexMap;
use vineyard_core::{BuildError, Member, Object, ResolveError};

pub use item::Item;

/// Objects of any types, one after the other: Python's `list` and `tuple`, both of which the published client gets as a
/// `tuple`. With `vineyard-exact` Python gets a `list` of what is [marked](Self::into_list) as one, also by itself.
///
/// ```no_run
/// use vineyard_core::Client;
/// use vineyard_types::{Int, Scalar, Sequence, Tensor};
/// let client = Client::from_env()?;
/// let mixed = Sequence::new().with(&Scalar::<Int>::from(1))?.with(&Tensor::from([0.5, 1.5]))?;
/// let mixed = client.get::<Sequence>(client.put(&mixed)?)?;
/// let tensor: Tensor<f64> = mixed.get(1).expect("two elements").get()?;
/// assert_eq!(tensor.as_slice(), [0.5, 1.5]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// `vineyard::Tuple`, as older versions of the original called it, is read as well.
#[derive(Debug, Clone, Default, Object)]
#[object(
    typename = "vineyard::Sequence",
    alias = "vineyard::Tuple",
    rename_all = "{}_",
    validate = Self::check
)]
pub struct Sequence {
    size: u64,
    /// 1 if it is a list of Python's; nothing but `vineyard-exact` looks at it.
    is_list: Option<u8>,
    elements: Vec<Item>,
}

impl Sequence {
    /// No elements.
    pub fn new() -> Self {
        Self::default()
    }

    /// With one more object at the end, which is stored with the sequence.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if the object is not valid.
    pub fn with<T: Object>(mut self, object: &T) -> Result<Self, BuildError> {
        self.push(Item::of(object)?);
        Ok(self)
    }

    /// Adds an element at the end: a stored object, bytes, or an [`Item`].
    pub fn push(&mut self, item: impl Into<Item>) {
        self.elements.push(item.into());
        self.size = self.elements.len() as u64;
    }

    /// The same elements, which are a `list` to Python rather than a `tuple`.
    #[must_use]
    pub fn into_list(self) -> Self {
        Self { is_list: Some(1), ..self }
    }

    /// Whether it is a `list` to Python.
    pub fn is_list(&self) -> bool {
        self.is_list.is_some_and(|mark| mark > 0)
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.elements.len()
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.elements.is_empty()
    }

    /// One element; `None` beyond the end.
    pub fn get(&self, index: usize) -> Option<&Item> {
        self.elements.get(index)
    }

    /// All elements in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Item> {
        self.elements.iter()
    }

    /// All elements as `M`s, for sequences of one type.
    ///
    /// # Errors
    ///
    /// As [`Item::get`] for the first element that is no `M`, with its place.
    pub fn to_vec<M: Member>(&self) -> Result<Vec<M>, ResolveError> {
        let elements = self.elements.iter().enumerate();
        elements.map(|(index, item)| item.get().map_err(|error: ResolveError| error.in_element(index))).collect()
    }

    fn check(&self) -> Result<(), String> {
        let found = self.elements.len();
        if self.size == found as u64 { Ok(()) } else { Err(format!("size {}, but {found} elements", self.size)) }
    }
}

impl<I: Into<Item>> FromIterator<I> for Sequence {
    fn from_iter<A: IntoIterator<Item = I>>(items: A) -> Self {
        let elements: Vec<Item> = items.into_iter().map(Into::into).collect();
        Self { size: elements.len() as u64, is_list: None, elements }
    }
}

/// Two objects as older versions of the original stored them. Newer ones, and Python, have a [`Sequence`] of two:
/// convert it before it is put for them.
#[derive(Debug, Clone, Object)]
#[object(typename = "vineyard::Pair", rename_all = "{}_")]
pub struct Pair {
    /// The first object.
    pub first: Item,
    /// The second object.
    pub second: Item,
}

impl From<Pair> for Sequence {
    fn from(pair: Pair) -> Self {
        Self::from_iter([pair.first, pair.second])
    }
}

/// Objects of any types by name, in the order they were added. The original has no such type, and Python gets it as a
/// raw object.
#[derive(Debug, Clone, Default, Object)]
#[object(typename = "vineyard::Map", rename_all = "{}_")]
pub struct Map {
    entries: IndexMap<String, Item>,
}

impl Map {
    /// No entries.
    pub fn new() -> Self {
        Self::default()
    }

    /// With one more object, which is stored with the map and replaces one of its name.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if the object is not valid.
    pub fn with<T: Object>(mut self, name: impl Into<String>, object: &T) -> Result<Self, BuildError> {
        self.insert(name, Item::of(object)?);
        Ok(self)
    }

    /// Adds a stored object, bytes, or an [`Item`]; returns the one that had the name before.
    pub fn insert(&mut self, name: impl Into<String>, item: impl Into<Item>) -> Option<Item> {
        self.entries.insert(name.into(), item.into())
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What has a name; `None` if nothing has.
    pub fn get(&self, name: &str) -> Option<&Item> {
        self.entries.get(name)
    }

    /// All entries in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Item)> {
        self.entries.iter().map(|(name, item)| (name.as_str(), item))
    }
}

#[cfg(test)]
mod tests;
