//! Objects that are in a store.

use std::any::Any;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::Object;
use crate::id::ObjectId;
use crate::meta::ObjectMeta;

/// A stored object: the typed value, its id and its metadata.
///
/// Derefs to `T`. Cloning costs a few reference counts.
pub struct Stored<T: ?Sized> {
    value: Arc<T>,
    /// Goes last, so that what is given back of its payloads goes together.
    meta: ObjectMeta,
}

impl<T: ?Sized> Stored<T> {
    pub(crate) fn new(meta: ObjectMeta, value: Arc<T>) -> Self {
        Self { meta, value }
    }

    /// The object's id.
    pub fn id(&self) -> ObjectId {
        self.meta.id()
    }

    /// The object's metadata.
    pub fn meta(&self) -> &ObjectMeta {
        &self.meta
    }

    /// Bytes of payload below the object.
    pub fn nbytes(&self) -> u64 {
        self.meta.nbytes()
    }

    /// Whether it lives on the instance that answered.
    pub fn is_local(&self) -> bool {
        self.meta.is_local()
    }

    /// The typed value, shared. Not a method, so that it does not hide one of `T`.
    pub fn as_arc(this: &Self) -> &Arc<T> {
        &this.value
    }
}

impl Stored<dyn Object> {
    /// The object as a `T`, if it is one.
    ///
    /// # Errors
    ///
    /// Gives the object back if it is of another type.
    pub fn downcast<T: Object>(self) -> Result<Stored<T>, Self> {
        let any: Arc<dyn Any + Send + Sync> = Arc::clone(&self.value) as Arc<dyn Any + Send + Sync>;
        match any.downcast::<T>() {
            Ok(value) => Ok(Stored { meta: self.meta, value }),
            Err(_) => Err(self),
        }
    }

    /// Whether the object is a `T`.
    pub fn is<T: Object>(&self) -> bool {
        let any: &dyn Any = &*self.value;
        any.is::<T>()
    }
}

impl<T: ?Sized> Deref for Stored<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: ?Sized> Clone for Stored<T> {
    fn clone(&self) -> Self {
        Self { meta: self.meta.clone(), value: Arc::clone(&self.value) }
    }
}

impl<T: ?Sized> fmt::Debug for Stored<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Stored({} {})", self.meta.id(), self.meta.typename())
    }
}
