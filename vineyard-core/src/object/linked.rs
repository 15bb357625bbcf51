//! Tells when a type is used that the registry does not know: entries that the linker dropped cannot be seen otherwise.

use std::any::{TypeId, type_name};
use std::collections::HashSet;
use std::sync::{PoisonError, RwLock};

use super::{Object, registry};

/// Typenames that start so are those of `vineyard-types`.
const RESERVED: &str = "vineyard::";

static SEEN: RwLock<Option<HashSet<TypeId>>> = RwLock::new(None);

/// Warns once for each type that is put or got and should be registered, but is not.
pub(crate) fn check<T: Object>() {
    let id = TypeId::of::<T>();
    let is_seen = |seen: &Option<HashSet<TypeId>>| seen.as_ref().is_some_and(|seen| seen.contains(&id));
    if is_seen(&SEEN.read().unwrap_or_else(PoisonError::into_inner)) {
        return;
    }
    let first = SEEN.write().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(HashSet::new).insert(id);
    if first && let Some(warning) = missing::<T>() {
        tracing::warn!("{warning}");
    }
}

/// What is wrong with how `T` is linked, if anything.
fn missing<T: Object>() -> Option<String> {
    let typename = T::typename();
    if !T::__registers() || !matches!(registry().find(typename.as_str()), Ok(None)) {
        return None;
    }
    let krate = type_name::<T>().split("::").next().unwrap_or_default();
    Some(format!(
        "`{typename}` is not registered, so `get_any` cannot find it: if it is an instance of a generic type, list it in \
         `register(..)`; else the linker dropped the entries of its crate: add `use {krate} as _;` to the program"
    ))
}

/// Warns once if an object of `vineyard-types` was got without it.
pub(super) fn check_reserved(typename: &str) {
    static ONCE: std::sync::Once = std::sync::Once::new();
    if typename.starts_with(RESERVED) && !registry().iter().any(|entry| entry.typename().as_str().starts_with(RESERVED))
    {
        ONCE.call_once(|| {
            tracing::warn!(
                "`{typename}` is a type of vineyard-types, which is not linked into this program: add \
                 `use vineyard_types as _;`"
            );
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(vineyard_derive::Object)]
    #[object(typename = "test::Known", crate = crate)]
    struct Known {}

    #[derive(vineyard_derive::Object)]
    #[object(typename = "test::Generic", register(<u8>), crate = crate)]
    struct Generic<T: crate::Element> {
        items: crate::Array<T>,
    }

    #[derive(vineyard_derive::Object)]
    #[object(typename = "test::Private", no_register, crate = crate)]
    struct Private {}

    #[test]
    fn only_types_that_should_be_there_are_missed() {
        assert_eq!(missing::<Known>(), None);
        assert_eq!(missing::<Generic<u8>>(), None);
        assert_eq!(missing::<Private>(), None);
        let warning = missing::<Generic<u16>>().expect("not listed");
        assert!(warning.starts_with("`test::Generic<uint16>` is not registered"), "{warning}");
        assert!(warning.ends_with("add `use vineyard_core as _;` to the program"), "{warning}");
        assert!(Generic::<u8> { items: vec![1].into() }.items.len() == 1);
    }
}
