//! Lists and maps of members.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hash};

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::member::{ListOf, MapOf, Member, MetaKind, NodeKind, SpreadKind, read_text, stage_text};
use crate::error::{BuildError, ResolveError, ResolveReason};
use crate::meta::{DraftNode, Key, MetaValue, ObjectMeta, Plain};
use crate::schema::{FieldKind, FieldSchema};
use crate::typename::TypeName;

pub(super) fn list_name<X: Member>(key: &Key) -> TypeName {
    TypeName::new(format!("list<{}>", X::describe(key).type_name))
}

fn map_name<K: MetaValue, V: Member>(key: &Key) -> TypeName {
    TypeName::new(format!("map<{},{}>", K::NAME, V::describe(key).type_name))
}

impl<X: Member + MetaValue> ListOf<X> for MetaKind {
    type Kind = Self;

    fn stage_list<'a>(
        items: &mut dyn ExactSizeIterator<Item = &'a X>,
        key: &Key,
        to: &mut DraftNode,
    ) -> Result<(), BuildError>
    where
        X: 'a,
    {
        stage_text(&items.map(X::to_json).collect(), key, to)
    }

    fn resolve_list(meta: &ObjectMeta, key: &Key) -> Result<Vec<X>, ResolveError> {
        let stored = meta.value(key.as_str())?;
        let read = match stored {
            Plain::Text(text) => X::list_from_text(text),
            plain => Vec::from_json(&plain.to_json()),
        };
        let expected = || format!("the JSON text of a list of {}", X::NAME);
        read.ok_or_else(|| ResolveReason::value(key.as_str(), expected(), stored).into())
    }

    fn describe_list(key: &Key) -> FieldSchema {
        FieldSchema::new(key.as_str(), FieldKind::Json, list_name::<X>(key))
    }

    fn list_is_present(meta: &ObjectMeta, key: &Key) -> bool {
        meta.contains(key.as_str())
    }
}

/// Stages an element, with `null` for one that has nothing to store: each has a field of its own.
fn stage_element<X: Member>(item: &X, key: &Key, to: &mut DraftNode) -> Result<(), BuildError> {
    let before = to.fields().len();
    item.stage_at(key, to)?;
    if to.fields().len() == before { to.set_value(key, Value::Null) } else { Ok(()) }
}

pub(super) fn stage_numbered<'a, X: Member + 'a>(
    items: &mut dyn ExactSizeIterator<Item = &'a X>,
    key: &Key,
    to: &mut DraftNode,
) -> Result<(), BuildError> {
    to.set_value(&key.size(), Value::from(items.len()))?;
    for (index, item) in items.enumerate() {
        stage_element(item, &key.element(index), to).map_err(|error| error.in_element(index))?;
    }
    Ok(())
}

pub(super) fn resolve_numbered<X: Member>(meta: &ObjectMeta, key: &Key) -> Result<Vec<X>, ResolveError> {
    let count = meta.count(key)?;
    (0..count).map(|i| X::resolve_at(meta, &key.element(i)).map_err(|error| error.in_element(i))).collect()
}

macro_rules! numbered_lists {
    ($($kind:ty),*) => {$(
        impl<X: Member> ListOf<X> for $kind {
            type Kind = SpreadKind;

            fn stage_list<'a>(
                items: &mut dyn ExactSizeIterator<Item = &'a X>,
                key: &Key,
                to: &mut DraftNode,
            ) -> Result<(), BuildError>
            where
                X: 'a,
            {
                stage_numbered(items, key, to)
            }

            fn resolve_list(meta: &ObjectMeta, key: &Key) -> Result<Vec<X>, ResolveError> {
                resolve_numbered(meta, key)
            }

            fn describe_list(key: &Key) -> FieldSchema {
                FieldSchema::new(key.as_str(), FieldKind::List, list_name::<X>(key))
            }

            fn list_is_present(meta: &ObjectMeta, key: &Key) -> bool {
                meta.contains(key.size().as_str())
            }
        }
    )*};
}

numbered_lists!(NodeKind, SpreadKind);

impl<X: Member<Kind: ListOf<X>>> Member for Vec<X> {
    type Kind = <X::Kind as ListOf<X>>::Kind;
    type Input = Self;

    fn stage_at(&self, key: &Key, draft: &mut DraftNode) -> Result<(), BuildError> {
        X::Kind::stage_list(&mut self.iter(), key, draft)
    }

    fn stage_input(input: Self, key: &Key, draft: &mut DraftNode) -> Result<(), BuildError> {
        input.stage_at(key, draft)
    }

    fn resolve_at(meta: &ObjectMeta, key: &Key) -> Result<Self, ResolveError> {
        X::Kind::resolve_list(meta, key)
    }

    fn describe(key: &Key) -> FieldSchema {
        X::Kind::describe_list(key)
    }

    fn is_present(meta: &ObjectMeta, key: &Key) -> bool {
        X::Kind::list_is_present(meta, key)
    }
}

impl<X: Member<Kind: ListOf<X>>, const N: usize> Member for [X; N] {
    type Kind = <X::Kind as ListOf<X>>::Kind;
    type Input = Self;

    fn stage_at(&self, key: &Key, draft: &mut DraftNode) -> Result<(), BuildError> {
        X::Kind::stage_list(&mut self.iter(), key, draft)
    }

    fn stage_input(input: Self, key: &Key, draft: &mut DraftNode) -> Result<(), BuildError> {
        input.stage_at(key, draft)
    }

    fn resolve_at(meta: &ObjectMeta, key: &Key) -> Result<Self, ResolveError> {
        let items = X::Kind::resolve_list(meta, key)?;
        let count = items.len();
        items.try_into().map_err(|_| {
            ResolveReason::value(key.as_str(), format!("{N} elements"), format!("{count} elements")).into()
        })
    }

    fn describe(key: &Key) -> FieldSchema {
        X::Kind::describe_list(key)
    }

    fn is_present(meta: &ObjectMeta, key: &Key) -> bool {
        X::Kind::list_is_present(meta, key)
    }
}

impl<V: Member + MetaValue> MapOf<String, V> for MetaKind {
    type Kind = Self;

    fn stage_map<'a>(
        entries: &mut dyn ExactSizeIterator<Item = (&'a String, &'a V)>,
        key: &Key,
        to: &mut DraftNode,
    ) -> Result<(), BuildError>
    where
        V: 'a,
    {
        let map: Map<String, Value> = entries.map(|(key, value)| (key.clone(), value.to_json())).collect();
        stage_text(&Value::Object(map), key, to)
    }

    fn resolve_map(meta: &ObjectMeta, key: &Key) -> Result<Vec<(String, V)>, ResolveError> {
        read_text(meta, key, &format!("map from text to {}", V::NAME), |value| {
            value.as_object()?.iter().map(|(key, value)| Some((key.clone(), V::from_json(value)?))).collect()
        })
    }

    fn describe_map(key: &Key) -> FieldSchema {
        FieldSchema::new(key.as_str(), FieldKind::Json, map_name::<String, V>(key))
    }

    fn map_is_present(meta: &ObjectMeta, key: &Key) -> bool {
        meta.contains(key.as_str())
    }
}

fn read_map_key<K: MetaValue>(meta: &ObjectMeta, key: &Key) -> Result<K, ResolveError> {
    let value = meta.value(key.as_str())?;
    let expected = || ResolveReason::value(key.as_str(), format!("a map key of type {}", K::NAME), value);
    K::from_plain(value).ok_or_else(|| expected().into())
}

macro_rules! numbered_maps {
    ($($kind:ty),*) => {$(
        impl<K: MetaValue, V: Member> MapOf<K, V> for $kind {
            type Kind = SpreadKind;

            fn stage_map<'a>(
                entries: &mut dyn ExactSizeIterator<Item = (&'a K, &'a V)>,
                key: &Key,
                to: &mut DraftNode,
            ) -> Result<(), BuildError>
            where
                K: 'a,
                V: 'a,
            {
                to.set_value(&key.size(), Value::from(entries.len()))?;
                for (index, (name, value)) in entries.enumerate() {
                    to.set_value(&key.map_key(index), name.to_json()).map_err(|error| error.in_element(index))?;
                    stage_element(value, &key.map_value(index), to).map_err(|error| error.in_element(index))?;
                }
                Ok(())
            }

            fn resolve_map(meta: &ObjectMeta, key: &Key) -> Result<Vec<(K, V)>, ResolveError> {
                let entry = |index| {
                    let name = read_map_key(meta, &key.map_key(index))?;
                    let value = V::resolve_at(meta, &key.map_value(index))?;
                    Ok((name, value))
                };
                (0..meta.count(key)?).map(|i| entry(i).map_err(|error: ResolveError| error.in_element(i))).collect()
            }

            fn describe_map(key: &Key) -> FieldSchema {
                FieldSchema::new(key.as_str(), FieldKind::Map, map_name::<K, V>(key))
            }

            fn map_is_present(meta: &ObjectMeta, key: &Key) -> bool {
                meta.contains(key.size().as_str())
            }
        }
    )*};
}

numbered_maps!(NodeKind, SpreadKind);

/// Refuses maps in which two entries have the same key.
fn collect_map<K, V, C: FromIterator<(K, V)>>(
    entries: Vec<(K, V)>,
    key: &Key,
    len: impl Fn(&C) -> usize,
) -> Result<C, ResolveError> {
    let count = entries.len();
    let map = C::from_iter(entries);
    if len(&map) == count {
        return Ok(map);
    }
    let found = Value::from(format!("{count} entries with {} keys", len(&map)));
    Err(ResolveReason::value(key.as_str(), "a map whose keys differ", &found).into())
}

/// Fixes the order in which the entries of a map are stored.
trait Entries<K, V> {
    fn in_order(&self) -> Vec<(&K, &V)>;
}

impl<K: Ord, V> Entries<K, V> for BTreeMap<K, V> {
    fn in_order(&self) -> Vec<(&K, &V)> {
        self.iter().collect()
    }
}

impl<K, V, S> Entries<K, V> for IndexMap<K, V, S> {
    fn in_order(&self) -> Vec<(&K, &V)> {
        self.iter().collect()
    }
}

impl<K: Ord, V, S> Entries<K, V> for HashMap<K, V, S> {
    /// In the order of the keys, so that equal maps are stored alike.
    fn in_order(&self) -> Vec<(&K, &V)> {
        let mut entries: Vec<_> = self.iter().collect();
        entries.sort_unstable_by_key(|(key, _)| *key);
        entries
    }
}

macro_rules! map_member {
    ($map:ty, [$($bounds:tt)*]) => {
        impl<$($bounds)*, V: Member<Kind: MapOf<K, V>>> Member for $map {
            type Kind = <V::Kind as MapOf<K, V>>::Kind;
            type Input = Self;

            fn stage_at(&self, key: &Key, draft: &mut DraftNode) -> Result<(), BuildError> {
                V::Kind::stage_map(&mut self.in_order().into_iter(), key, draft)
            }

            fn stage_input(input: Self, key: &Key, draft: &mut DraftNode) -> Result<(), BuildError> {
                input.stage_at(key, draft)
            }

            fn resolve_at(meta: &ObjectMeta, key: &Key) -> Result<Self, ResolveError> {
                collect_map(V::Kind::resolve_map(meta, key)?, key, Self::len)
            }

            fn describe(key: &Key) -> FieldSchema {
                V::Kind::describe_map(key)
            }

            fn is_present(meta: &ObjectMeta, key: &Key) -> bool {
                V::Kind::map_is_present(meta, key)
            }
        }
    };
}

map_member!(BTreeMap<K, V>, [K: Ord]);
map_member!(IndexMap<K, V, S>, [K: Hash + Eq, S: BuildHasher + Default]);
map_member!(HashMap<K, V, S>, [K: Hash + Ord, S: BuildHasher + Default]);
