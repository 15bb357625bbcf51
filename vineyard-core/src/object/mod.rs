//! Typed objects: what the derive implements, what `put` takes and `get` gives.

mod containers;
mod context;
mod draft;
pub(crate) mod linked;
mod member;
mod object_ref;
mod opaque;
mod registry;
mod sets;
pub(crate) mod stamp;
mod stored;

use std::any::Any;

pub use context::{Context, DriverError, Scope};
pub(crate) use draft::Source;
pub use draft::{Draft, IntoDraft, MemberInput};
pub use member::{ListOf, MapOf, Member, MetaKind, NodeKind, RefKind, SpreadKind};
pub(crate) use member::{check_typename, stage_object, typed_member};
pub use object_ref::ObjectRef;
pub use opaque::Opaque;
pub use registry::{Registration, Registry, registry};
pub use stored::Stored;

use crate::error::{BuildError, ResolveError};
use crate::meta::{DraftNode, ObjectMeta};
use crate::schema::Schema;
use crate::typename::TypeName;

/// A type whose values can be stored: metadata, payloads and members under one typename.
///
/// Derive it; the derive writes the builder, the resolver, the schema and the registration, and nothing else should
/// implement it, but for types of `vineyard-types` that choose between several stored forms. The trait can be a `dyn`: everything static asks for `Self: Sized`.
///
/// ```
/// use vineyard_core::{Array, Object};
///
/// #[derive(Object)]
/// #[object(typename = "example::Series")]
/// pub struct Series {
///     pub name: String,
///     pub values: Array<f64>,
///     pub weights: Option<Array<f32>>,
/// }
///
/// let draft = Series::builder().name("speed").values([1.0, 2.0]).build()?;
/// assert_eq!(Series::typename().as_str(), "example::Series");
/// assert_eq!(draft.node().nbytes(), 16);
/// # Ok::<(), vineyard_core::BuildError>(())
/// ```
#[diagnostic::on_unimplemented(message = "`{Self}` is not a vineyard object", note = "add #[derive(Object)]")]
pub trait Object: Any + Send + Sync {
    /// Collects the fields of a new object.
    type Builder
    where
        Self: Sized;

    /// The stable name of the type.
    fn typename() -> TypeName
    where
        Self: Sized;

    /// What an object of the type consists of.
    fn schema() -> Schema
    where
        Self: Sized;

    /// Makes the typed view of stored metadata. No I/O, no copy of payload.
    ///
    /// # Errors
    ///
    /// [`ResolveError`] naming the field, what was found and what was expected.
    fn resolve(meta: &ObjectMeta) -> Result<Self, ResolveError>
    where
        Self: Sized;

    /// Takes the value apart for storing. No I/O, no copy of payload.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if the type's own check fails or a value cannot be stored.
    fn stage(&self) -> Result<DraftNode, BuildError>;

    /// Older names of the type.
    #[doc(hidden)]
    fn __aliases() -> Vec<TypeName>
    where
        Self: Sized,
    {
        Vec::new()
    }

    /// Whether the type is meant to be registered.
    #[doc(hidden)]
    fn __registers() -> bool
    where
        Self: Sized,
    {
        true
    }

    /// Whether the members live on their own, on whatever instance, so that a get leaves their payloads where they are.
    #[doc(hidden)]
    fn __is_global() -> bool
    where
        Self: Sized,
    {
        false
    }

    /// Whether stored objects with this typename can be resolved as this type.
    #[doc(hidden)]
    fn __accepts(typename: &str) -> bool
    where
        Self: Sized,
    {
        Self::typename().matches(typename) || Self::__aliases().iter().any(|alias| alias.matches(typename))
    }

    #[doc(hidden)]
    fn __only_derive_implements_object()
    where
        Self: Sized;
}
