//! How stored objects name the type of their elements, besides their typename.

use std::fmt;
use std::marker::PhantomData;

use serde_json::Value;
use vineyard_core::{
    BuildError, DraftNode, FieldKind, FieldSchema, Key, Member, MetaKind, ObjectMeta, ResolveError, ResolveReason,
    TypeName,
};

use crate::numeric::Numeric;

/// The field `value_type_`: written as numpy's name of `T`, read in the spellings of Python and C++.
///
/// C++ says `float` for `f32`, which Python would take for `float64`; what is put from here says `float32`, which both
/// take for what it is. A name of another type than the typename's is refused.
pub struct ValueType<T>(PhantomData<fn() -> T>);

/// The field `value_type_meta_`: numpy's text of byte order, kind and size of `T`.
///
/// Only Python writes it, and what it says decides: elements in another byte order, for one, are refused.
pub struct ValueTypeMeta<T>(PhantomData<fn() -> T>);

fn is_value_type<T: Numeric>(found: &str) -> bool {
    // C++ has no word for some types, and then says that.
    matches!(found, "" | "undefined") || TypeName::new(T::NUMPY).matches(found) || T::typename().matches(found)
}

fn is_value_type_meta<T: Numeric>(found: &str) -> bool {
    found.is_empty() || found == T::NUMPY_META
}

macro_rules! dtype_fields {
    ($($field:ident: $written:ident, $accepts:ident;)*) => {$(
        impl<T> Default for $field<T> {
            fn default() -> Self {
                Self(PhantomData)
            }
        }

        impl<T> Clone for $field<T> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<T> Copy for $field<T> {}

        impl<T> PartialEq for $field<T> {
            fn eq(&self, _: &Self) -> bool {
                true
            }
        }

        impl<T: Numeric> fmt::Debug for $field<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(T::$written, f)
            }
        }

        impl<T: Numeric> Member for $field<T> {
            type Kind = MetaKind;
            type Input = Self;

            fn stage_at(&self, key: &Key, draft: &mut DraftNode) -> Result<(), BuildError> {
                draft.set_value(key, Value::from(T::$written))
            }

            fn stage_input(input: Self, key: &Key, draft: &mut DraftNode) -> Result<(), BuildError> {
                input.stage_at(key, draft)
            }

            fn resolve_at(meta: &ObjectMeta, key: &Key) -> Result<Self, ResolveError> {
                let found = String::resolve_at(meta, key)?;
                if $accepts::<T>(&found) {
                    return Ok(Self(PhantomData));
                }
                let expected = format!("`{}`, as the typename has it", T::$written);
                Err(ResolveReason::value(key.as_str(), expected, &Value::from(found)).into())
            }

            fn describe(key: &Key) -> FieldSchema {
                FieldSchema::new(key.as_str(), FieldKind::Value, TypeName::new("std::string"))
            }
        }
    )*};
}

dtype_fields! {
    ValueType: NUMPY, is_value_type;
    ValueTypeMeta: NUMPY_META, is_value_type_meta;
}
