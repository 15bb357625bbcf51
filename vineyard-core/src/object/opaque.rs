//! Objects of types that this program does not know.

use super::{Draft, Object};
use crate::blob::{Array, Element};
use crate::error::{BuildError, ResolveError, ResolveReason};
use crate::meta::{DraftNode, Key, ObjectMeta};
use crate::object::Member;
use crate::schema::Schema;
use crate::typename::TypeName;

/// An object of any type, to be looked into: what `get_any` makes of typenames that are not registered in this program.
///
/// If the type is defined in a crate that you depend on, that crate was not linked: the linker drops crates that are
/// only named in the manifest. Add `use that_crate as _;` to your program.
#[derive(Debug, Clone)]
pub struct Opaque {
    meta: ObjectMeta,
}

impl Opaque {
    /// The object's metadata.
    pub fn meta(&self) -> &ObjectMeta {
        &self.meta
    }

    /// The member under a key.
    ///
    /// # Errors
    ///
    /// As [`ObjectMeta::member`].
    pub fn member(&self, key: &str) -> Result<Self, ResolveError> {
        self.meta.member(key).map(|meta| Self { meta })
    }

    /// The field under a key as an `M`: a value, an array, an object or a container of these.
    ///
    /// # Errors
    ///
    /// [`ResolveError`] naming what was found and what was expected.
    pub fn value<M: Member>(&self, key: &str) -> Result<M, ResolveError> {
        M::resolve_at(&self.meta, &Key::new(key.to_owned())).map_err(|error| error.in_field(self.meta.typename()))
    }

    /// The payload under a key as elements, without a copy.
    ///
    /// # Errors
    ///
    /// As [`ObjectMeta::blob`], and [`ResolveReason::View`] if the bytes do not fit.
    pub fn array<T: Element>(&self, key: &str) -> Result<Array<T>, ResolveError> {
        Ok(self.meta.blob(key)?.elements().map_err(ResolveReason::View)?)
    }
}

impl Object for Opaque {
    type Builder = Draft<Self>;

    fn typename() -> TypeName {
        TypeName::new("vineyard::Object")
    }

    fn schema() -> Schema {
        Schema::new::<Self>(1, Vec::new())
    }

    fn resolve(meta: &ObjectMeta) -> Result<Self, ResolveError> {
        Ok(Self { meta: meta.clone() })
    }

    fn stage(&self) -> Result<DraftNode, BuildError> {
        DraftNode::from_meta(&self.meta)
    }

    fn __registers() -> bool {
        false
    }

    fn __accepts(_: &str) -> bool {
        true
    }

    fn __only_derive_implements_object() {}
}
