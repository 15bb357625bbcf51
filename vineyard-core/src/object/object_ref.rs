//! Members that are resolved when they are asked for.

use std::fmt;
use std::marker::PhantomData;

use super::member::{ListOf, Member, RefKind, check_typename, typed_member};
use super::{Object, Opaque, Stored};
use crate::error::{BuildError, ResolveError};
use crate::id::{InstanceId, ObjectId};
use crate::meta::{DraftField, DraftNode, Key, ObjectMeta};
use crate::schema::{FieldKind, FieldSchema};

/// A stored object that is held, but not resolved: it may live on another instance.
///
/// As a field it costs its metadata only. Global objects consist of these and of plain values, so that getting one leaves
/// the payloads of its members where they are: on disk, on other hosts, in an arena that nobody has mapped.
/// [`Client::fetch`](crate::Client::fetch) gets what one leads to.
pub struct ObjectRef<T> {
    meta: ObjectMeta,
    _type: PhantomData<fn() -> T>,
}

impl<T: Object> ObjectRef<T> {
    /// The object's id.
    pub fn id(&self) -> ObjectId {
        self.meta.id()
    }

    /// The instance that holds it.
    pub fn instance(&self) -> InstanceId {
        self.meta.instance()
    }

    /// The object's metadata.
    pub fn meta(&self) -> &ObjectMeta {
        &self.meta
    }

    /// Whether it lives on the instance that answered.
    pub fn is_local(&self) -> bool {
        self.meta.is_local()
    }

    /// The object itself, without a copy and without a request, if its payloads came with the object that holds it.
    ///
    /// # Errors
    ///
    /// [`ResolveReason::NotFetched`](crate::ResolveReason::NotFetched) for a member of a global object,
    /// [`ResolveReason::NotLocal`](crate::ResolveReason::NotLocal) if its payloads are on another instance, and whatever
    /// does not fit.
    pub fn resolve(&self) -> Result<Stored<T>, ResolveError> {
        Stored::resolve(self.meta.clone())
    }

    /// The same reference, to an object of any type.
    pub fn untyped(&self) -> ObjectRef<Opaque> {
        ObjectRef { meta: self.meta.clone(), _type: PhantomData }
    }

    pub(crate) fn new(meta: ObjectMeta) -> Result<Self, ResolveError> {
        check_typename::<T>(&meta)?;
        Ok(Self { meta, _type: PhantomData })
    }
}

impl ObjectRef<Opaque> {
    /// The same reference, to an object of a type that is known by now. Its typename is compared, its fields are not.
    ///
    /// # Errors
    ///
    /// [`ResolveReason::Typename`](crate::ResolveReason::Typename) if it is of another type.
    pub fn typed<T: Object>(&self) -> Result<ObjectRef<T>, ResolveError> {
        ObjectRef::new(self.meta.clone())
    }
}

impl<T: Object> From<&ObjectRef<T>> for ObjectRef<T> {
    fn from(reference: &Self) -> Self {
        reference.clone()
    }
}

impl<T: Object> From<Stored<T>> for ObjectRef<T> {
    fn from(stored: Stored<T>) -> Self {
        Self::from(&stored)
    }
}

impl<T: Object> From<&Stored<T>> for ObjectRef<T> {
    fn from(stored: &Stored<T>) -> Self {
        Self { meta: stored.meta().clone(), _type: PhantomData }
    }
}

impl<T> Clone for ObjectRef<T> {
    fn clone(&self) -> Self {
        Self { meta: self.meta.clone(), _type: PhantomData }
    }
}

impl<T> fmt::Debug for ObjectRef<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ObjectRef({} {})", self.meta.id(), self.meta.typename())
    }
}

impl<T: Object> Member for ObjectRef<T> {
    type Kind = RefKind;
    type Input = Self;

    fn stage_at(&self, key: &Key, draft: &mut DraftNode) -> Result<(), BuildError> {
        draft.set(key, DraftField::Link(self.meta.clone()))
    }

    fn stage_input(input: Self, key: &Key, draft: &mut DraftNode) -> Result<(), BuildError> {
        input.stage_at(key, draft)
    }

    fn resolve_at(meta: &ObjectMeta, key: &Key) -> Result<Self, ResolveError> {
        Ok(Self { meta: typed_member::<T>(meta, key)?, _type: PhantomData })
    }

    fn describe(key: &Key) -> FieldSchema {
        FieldSchema::new(key.as_str(), FieldKind::Member, T::typename())
    }
}

impl<X: Member> ListOf<X> for RefKind {
    type Kind = Self;

    fn stage_list<'a>(
        items: &mut dyn ExactSizeIterator<Item = &'a X>,
        key: &Key,
        to: &mut DraftNode,
    ) -> Result<(), BuildError>
    where
        X: 'a,
    {
        super::containers::stage_numbered(items, key, to)
    }

    fn resolve_list(meta: &ObjectMeta, key: &Key) -> Result<Vec<X>, ResolveError> {
        super::containers::resolve_numbered(meta, key)
    }

    fn describe_list(key: &Key) -> FieldSchema {
        FieldSchema::new(key.as_str(), FieldKind::List, super::containers::list_name::<X>(key))
    }

    fn list_is_present(meta: &ObjectMeta, key: &Key) -> bool {
        meta.contains(key.size().as_str())
    }
}
