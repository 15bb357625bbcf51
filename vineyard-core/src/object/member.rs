//! What a field of an object can be.

use std::marker::PhantomData;

use serde_json::Value;

use super::{MemberInput, Object, Opaque, Stored, registry};
use crate::blob::{Array, Blob, Element};
use crate::error::{BuildError, ResolveError, ResolveReason};
use crate::meta::{BLOB_TYPENAME, DraftField, DraftNode, Key, MetaValue, ObjectMeta, Plain};
use crate::schema::{ElementLayout, FieldKind, FieldSchema};
use crate::typename::TypeName;

/// A type that can be a field of an object: metadata values, payloads, other objects, and containers of these.
///
/// The derive implements it for every object; implement it by hand only for a type that chooses between several stored
/// forms.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a field of a vineyard object",
    note = "derive `Object` for your own types, or mark the field #[object(json)]"
)]
pub trait Member: Sized {
    /// How lists and maps of this type are stored: [`MetaKind`], [`NodeKind`] or [`SpreadKind`].
    type Kind;
    /// What a builder's setter takes.
    type Input;

    /// Adds the value to a draft. No I/O, no copy of payload.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if the value cannot be stored.
    fn stage_at(&self, key: &Key, draft: &mut DraftNode) -> Result<(), BuildError>;

    /// Adds what a builder was given.
    ///
    /// # Errors
    ///
    /// As [`stage_at`](Self::stage_at).
    fn stage_input(input: Self::Input, key: &Key, draft: &mut DraftNode) -> Result<(), BuildError>;

    /// Reads the value from metadata. No I/O, no copy of payload.
    ///
    /// # Errors
    ///
    /// [`ResolveError`] naming what was found and what was expected.
    fn resolve_at(meta: &ObjectMeta, key: &Key) -> Result<Self, ResolveError>;

    /// The field's entry in the schema.
    fn describe(key: &Key) -> FieldSchema;

    /// The value that stands for "nothing stored", if there is one.
    fn absent() -> Option<Self> {
        None
    }

    /// Whether anything is stored under the key.
    fn is_present(meta: &ObjectMeta, key: &Key) -> bool {
        meta.contains(key.as_str())
    }
}

/// Kind of members that are one plain value. Lists and maps of them are one value as well.
#[derive(Debug, Clone, Copy)]
pub enum MetaKind {}

/// Kind of members that are one node: payloads and objects. Lists and maps of them have numbered keys.
#[derive(Debug, Clone, Copy)]
pub enum NodeKind {}

/// Kind of members that spread over several keys: lists and maps of nodes.
#[derive(Debug, Clone, Copy)]
pub enum SpreadKind {}

/// Kind of members that are references to objects, and of lists of them.
#[derive(Debug, Clone, Copy)]
pub enum RefKind {}

/// How a kind stores lists of `X`.
#[diagnostic::on_unimplemented(message = "lists of `{X}` cannot be stored")]
pub trait ListOf<X> {
    /// The kind of the list itself.
    type Kind;

    #[doc(hidden)]
    fn stage_list<'a>(
        items: &mut dyn ExactSizeIterator<Item = &'a X>,
        key: &Key,
        to: &mut DraftNode,
    ) -> Result<(), BuildError>
    where
        X: 'a;

    #[doc(hidden)]
    fn resolve_list(meta: &ObjectMeta, key: &Key) -> Result<Vec<X>, ResolveError>;

    #[doc(hidden)]
    fn describe_list(key: &Key) -> FieldSchema;

    #[doc(hidden)]
    fn list_is_present(meta: &ObjectMeta, key: &Key) -> bool;
}

/// How a kind stores maps from `K` to `V`.
#[diagnostic::on_unimplemented(message = "maps from `{K}` to `{V}` cannot be stored")]
pub trait MapOf<K, V> {
    /// The kind of the map itself.
    type Kind;

    #[doc(hidden)]
    fn stage_map<'a>(
        entries: &mut dyn ExactSizeIterator<Item = (&'a K, &'a V)>,
        key: &Key,
        to: &mut DraftNode,
    ) -> Result<(), BuildError>
    where
        K: 'a,
        V: 'a;

    #[doc(hidden)]
    fn resolve_map(meta: &ObjectMeta, key: &Key) -> Result<Vec<(K, V)>, ResolveError>;

    #[doc(hidden)]
    fn describe_map(key: &Key) -> FieldSchema;

    #[doc(hidden)]
    fn map_is_present(meta: &ObjectMeta, key: &Key) -> bool;
}

/// Writes a value as JSON text inside a string.
pub(crate) fn stage_text(value: &Value, key: &Key, draft: &mut DraftNode) -> Result<(), BuildError> {
    draft.set_value(key, Value::String(value.to_string()))
}

/// Reads JSON text inside a string; plain JSON is accepted as well.
pub(crate) fn read_text<M>(
    meta: &ObjectMeta,
    key: &Key,
    expected: &str,
    read: impl FnOnce(&Value) -> Option<M>,
) -> Result<M, ResolveError> {
    let stored = meta.value(key.as_str())?;
    let parsed = match stored {
        Plain::Text(text) => serde_json::from_str(text).ok(),
        plain => Some(plain.to_json()),
    };
    let value = parsed.as_ref().and_then(read);
    value.ok_or_else(|| ResolveReason::value(key.as_str(), format!("the JSON text of a {expected}"), stored).into())
}

macro_rules! plain_members {
    ($($value:ty),* $(,)?) => {$(
        impl Member for $value {
            type Kind = MetaKind;
            type Input = Self;

            fn stage_at(&self, key: &Key, draft: &mut DraftNode) -> Result<(), BuildError> {
                draft.set_value(key, self.to_json())
            }

            fn stage_input(input: Self, key: &Key, draft: &mut DraftNode) -> Result<(), BuildError> {
                input.stage_at(key, draft)
            }

            fn resolve_at(meta: &ObjectMeta, key: &Key) -> Result<Self, ResolveError> {
                crate::__private_v1::value_resolve(meta, key)
            }

            fn describe(key: &Key) -> FieldSchema {
                FieldSchema::new(key.as_str(), FieldKind::Value, TypeName::new(Self::NAME))
            }
        }
    )*};
}

plain_members!(bool, i8, i16, i32, i64, isize, u8, u16, u32, u64, usize, f32, f64, String);

impl Member for Blob {
    type Kind = NodeKind;
    type Input = Self;

    fn stage_at(&self, key: &Key, draft: &mut DraftNode) -> Result<(), BuildError> {
        draft.set(key, DraftField::Payload(self.clone()))
    }

    fn stage_input(input: Self, key: &Key, draft: &mut DraftNode) -> Result<(), BuildError> {
        draft.set(key, DraftField::Payload(input))
    }

    fn resolve_at(meta: &ObjectMeta, key: &Key) -> Result<Self, ResolveError> {
        meta.blob(key.as_str())
    }

    fn describe(key: &Key) -> FieldSchema {
        FieldSchema::new(key.as_str(), FieldKind::Payload, TypeName::new(BLOB_TYPENAME))
    }
}

impl<T: Element> Member for Array<T> {
    type Kind = NodeKind;
    type Input = Self;

    fn stage_at(&self, key: &Key, draft: &mut DraftNode) -> Result<(), BuildError> {
        draft.set(key, DraftField::Payload(self.to_payload()))
    }

    fn stage_input(input: Self, key: &Key, draft: &mut DraftNode) -> Result<(), BuildError> {
        input.stage_at(key, draft)
    }

    fn resolve_at(meta: &ObjectMeta, key: &Key) -> Result<Self, ResolveError> {
        Ok(meta.blob(key.as_str())?.elements().map_err(ResolveReason::View)?)
    }

    fn describe(key: &Key) -> FieldSchema {
        let schema = FieldSchema::new(key.as_str(), FieldKind::Payload, TypeName::generic("Array", &[T::typename()]));
        FieldSchema { element: Some(ElementLayout::of::<T>()), ..schema }
    }
}

impl<X> Member for PhantomData<X> {
    type Kind = SpreadKind;
    type Input = Self;

    fn stage_at(&self, _: &Key, _: &mut DraftNode) -> Result<(), BuildError> {
        Ok(())
    }

    fn stage_input(_: Self, _: &Key, _: &mut DraftNode) -> Result<(), BuildError> {
        Ok(())
    }

    fn resolve_at(_: &ObjectMeta, _: &Key) -> Result<Self, ResolveError> {
        Ok(Self)
    }

    fn describe(key: &Key) -> FieldSchema {
        FieldSchema { optional: true, ..FieldSchema::new(key.as_str(), FieldKind::Nothing, TypeName::new("()")) }
    }

    fn absent() -> Option<Self> {
        Some(Self)
    }
}

impl<X: Member> Member for Option<X> {
    type Kind = SpreadKind;
    type Input = Option<X::Input>;

    fn stage_at(&self, key: &Key, draft: &mut DraftNode) -> Result<(), BuildError> {
        self.as_ref().map_or(Ok(()), |value| value.stage_at(key, draft))
    }

    fn stage_input(input: Self::Input, key: &Key, draft: &mut DraftNode) -> Result<(), BuildError> {
        input.map_or(Ok(()), |input| X::stage_input(input, key, draft))
    }

    fn resolve_at(meta: &ObjectMeta, key: &Key) -> Result<Self, ResolveError> {
        // In a list, `null` keeps the place of an element that is not there.
        let null = meta.value(key.as_str()).is_ok_and(Plain::is_null);
        if !null && X::is_present(meta, key) { X::resolve_at(meta, key).map(Some) } else { Ok(None) }
    }

    fn describe(key: &Key) -> FieldSchema {
        FieldSchema { optional: true, ..X::describe(key) }
    }

    fn absent() -> Option<Self> {
        Some(None)
    }

    fn is_present(meta: &ObjectMeta, key: &Key) -> bool {
        X::is_present(meta, key)
    }
}

impl<T: Object> Member for Stored<T> {
    type Kind = NodeKind;
    type Input = Self;

    fn stage_at(&self, key: &Key, draft: &mut DraftNode) -> Result<(), BuildError> {
        draft.set(key, DraftField::Link(self.meta().clone()))
    }

    fn stage_input(input: Self, key: &Key, draft: &mut DraftNode) -> Result<(), BuildError> {
        input.stage_at(key, draft)
    }

    fn resolve_at(meta: &ObjectMeta, key: &Key) -> Result<Self, ResolveError> {
        let member = typed_member::<T>(meta, key)?;
        Self::resolve(member)
    }

    fn describe(key: &Key) -> FieldSchema {
        FieldSchema::new(key.as_str(), FieldKind::Member, T::typename())
    }
}

impl Member for Stored<dyn Object> {
    type Kind = NodeKind;
    type Input = Self;

    fn stage_at(&self, key: &Key, draft: &mut DraftNode) -> Result<(), BuildError> {
        draft.set(key, DraftField::Link(self.meta().clone()))
    }

    fn stage_input(input: Self, key: &Key, draft: &mut DraftNode) -> Result<(), BuildError> {
        input.stage_at(key, draft)
    }

    fn resolve_at(meta: &ObjectMeta, key: &Key) -> Result<Self, ResolveError> {
        registry().resolve(&meta.member(key.as_str())?)
    }

    fn describe(key: &Key) -> FieldSchema {
        FieldSchema::new(key.as_str(), FieldKind::Member, Opaque::typename())
    }
}

/// The member under a key, if it is of type `T`.
pub(crate) fn typed_member<T: Object>(meta: &ObjectMeta, key: &Key) -> Result<ObjectMeta, ResolveError> {
    let member = meta.member(key.as_str())?;
    check_typename::<T>(&member)?;
    Ok(member)
}

/// Compares the stored typename with that of `T`.
pub(crate) fn check_typename<T: Object>(meta: &ObjectMeta) -> Result<(), ResolveError> {
    if T::__accepts(meta.typename()) {
        return Ok(());
    }
    let (expected, found) = (T::typename().to_string(), meta.typename().to_owned());
    Err(ResolveReason::Typename { expected, found }.into())
}

/// Adds what a builder was given for a field that is an object.
pub(crate) fn stage_object<T: Object>(
    input: MemberInput<T>,
    key: &Key,
    draft: &mut DraftNode,
) -> Result<(), BuildError> {
    match input {
        MemberInput::Value(value) => draft.set(key, DraftField::Node(value.stage()?)),
        MemberInput::Stored(stored) => draft.set(key, DraftField::Link(stored.meta().clone())),
        MemberInput::Draft(node) => draft.set(key, DraftField::Node(node.into_node())),
    }
}
