//! Members that are linked by id if they are stored.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use vineyard_core::{
    BuildError, DraftField, DraftNode, FieldSchema, Key, Member, NodeKind, Object, ObjectMeta, ResolveError, Stored,
};

/// An object that is part of others: a new one, which is stored with the first of them that is put, or one of a store,
/// which is linked by its id.
///
/// Derefs to `T`. Cloning costs a reference count. What was got has stored parts only, so an object that has most of its
/// parts from another costs those that are new.
///
/// ```
/// use vineyard_types::Tensor;
/// use vineyard_types::graph::property::Part;
/// let part = Part::from(Tensor::from([1.0, 2.0]));
/// assert_eq!((part.len(), part.stored().is_none()), (2, true));
/// ```
pub struct Part<T>(Inner<T>);

enum Inner<T> {
    New(Arc<T>),
    Stored(Stored<T>),
}

impl<T> Part<T> {
    /// The stored object, if it is one.
    pub fn stored(&self) -> Option<&Stored<T>> {
        match &self.0 {
            Inner::New(_) => None,
            Inner::Stored(stored) => Some(stored),
        }
    }

    /// Whether both are the same object, of this process or of a store.
    pub fn is_same(&self, other: &Self) -> bool {
        std::ptr::eq::<T>(&**self, &**other)
            || self.stored().zip(other.stored()).is_some_and(|(one, other)| one.id() == other.id())
    }
}

impl<T> Deref for Part<T> {
    type Target = T;

    fn deref(&self) -> &T {
        match &self.0 {
            Inner::New(value) => value,
            Inner::Stored(stored) => stored,
        }
    }
}

impl<T> Clone for Part<T> {
    fn clone(&self) -> Self {
        Self(match &self.0 {
            Inner::New(value) => Inner::New(Arc::clone(value)),
            Inner::Stored(stored) => Inner::Stored(stored.clone()),
        })
    }
}

impl<T> From<T> for Part<T> {
    /// A new object.
    fn from(value: T) -> Self {
        Self(Inner::New(Arc::new(value)))
    }
}

impl<T> From<Stored<T>> for Part<T> {
    /// Links the stored object.
    fn from(stored: Stored<T>) -> Self {
        Self(Inner::Stored(stored))
    }
}

impl<T: fmt::Debug> fmt::Debug for Part<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: Object> Member for Part<T> {
    type Kind = NodeKind;
    type Input = Self;

    fn stage_at(&self, key: &Key, draft: &mut DraftNode) -> Result<(), BuildError> {
        match &self.0 {
            Inner::New(value) => draft.set(key, DraftField::Node(value.stage()?)),
            Inner::Stored(stored) => stored.stage_at(key, draft),
        }
    }

    fn stage_input(input: Self, key: &Key, draft: &mut DraftNode) -> Result<(), BuildError> {
        input.stage_at(key, draft)
    }

    fn resolve_at(meta: &ObjectMeta, key: &Key) -> Result<Self, ResolveError> {
        Stored::resolve_at(meta, key).map(Self::from)
    }

    fn describe(key: &Key) -> FieldSchema {
        Stored::<T>::describe(key)
    }
}
