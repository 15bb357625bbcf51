//! What can be put.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::{Object, Stored};
use crate::error::{BuildError, BuildReason};
use crate::meta::{DraftNode, ObjectMeta};

/// A checked object that is not stored yet. Made by a builder, taken by `put`.
pub struct Draft<T> {
    node: DraftNode,
    _type: PhantomData<fn() -> T>,
}

impl<T: Object> Draft<T> {
    /// Checks a node by resolving it in memory: what is put can be got again.
    pub(crate) fn checked(node: DraftNode) -> Result<Self, BuildError> {
        let meta = node.to_meta()?;
        T::resolve(&meta).map_err(|error| BuildError::from(BuildReason::unreadable(error)))?;
        Ok(Self { node, _type: PhantomData })
    }

    /// The untyped object.
    pub fn node(&self) -> &DraftNode {
        &self.node
    }

    pub(crate) fn into_node(self) -> DraftNode {
        self.node
    }

    /// The typed view of the draft, over its payloads on the heap or wherever they are. No I/O.
    ///
    /// # Errors
    ///
    /// None that `build` would not have found already.
    pub fn preview(&self) -> Result<T, BuildError> {
        let meta = self.node.to_meta()?;
        T::resolve(&meta).map_err(|error| BuildReason::unreadable(error).into())
    }
}

impl<T> fmt::Debug for Draft<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.node.fmt(f)
    }
}

/// Where a put starts from.
pub enum Source {
    /// An object to store.
    Node(DraftNode),
    /// An object that is stored already, here or elsewhere.
    Stored(ObjectMeta),
}

mod sealed {
    pub trait Sealed {}
}

/// What [`Client::put`](crate::Client::put) takes: `&T`, `&Stored<T>` or a [`Draft<T>`].
pub trait IntoDraft: sealed::Sealed {
    #[doc(hidden)]
    fn into_source(self) -> Result<Source, BuildError>;
}

impl<T: Object> sealed::Sealed for &T {}

impl<T: Object> IntoDraft for &T {
    fn into_source(self) -> Result<Source, BuildError> {
        super::linked::check::<T>();
        self.stage().map(Source::Node).map_err(|error| error.in_field(T::typename().as_str()))
    }
}

impl<T: ?Sized> sealed::Sealed for &Stored<T> {}

impl<T: ?Sized> IntoDraft for &Stored<T> {
    fn into_source(self) -> Result<Source, BuildError> {
        Ok(Source::Stored(self.meta().clone()))
    }
}

impl<T: Object> sealed::Sealed for Draft<T> {}

impl<T: Object> IntoDraft for Draft<T> {
    fn into_source(self) -> Result<Source, BuildError> {
        Ok(Source::Node(self.into_node()))
    }
}

/// What a builder takes for a field that is an object: a value, a stored object (linked) or a draft.
#[derive(Debug)]
pub enum MemberInput<T> {
    /// Stored together with the object.
    Value(T),
    /// Linked.
    Stored(Stored<T>),
    /// Stored together with the object.
    Draft(Draft<T>),
}

impl<T: Object> From<T> for MemberInput<T> {
    fn from(value: T) -> Self {
        Self::Value(value)
    }
}

impl<T: Object> From<Stored<T>> for MemberInput<T> {
    fn from(stored: Stored<T>) -> Self {
        Self::Stored(stored)
    }
}

impl<T: Object> From<&Stored<T>> for MemberInput<T> {
    fn from(stored: &Stored<T>) -> Self {
        Self::Stored(stored.clone())
    }
}

impl<T: Object> From<Draft<T>> for MemberInput<T> {
    fn from(draft: Draft<T>) -> Self {
        Self::Draft(draft)
    }
}

impl<T: Object> Stored<T> {
    /// Resolves a member that was just read.
    pub(crate) fn resolve(meta: ObjectMeta) -> Result<Self, crate::error::ResolveError> {
        let value = T::resolve(&meta)?;
        Ok(Self::new(meta, Arc::new(value)))
    }
}
