//! Sets of plain values: one value, like lists of them, in the order of the elements.

use std::collections::{BTreeSet, HashSet};
use std::hash::{BuildHasher, Hash};

use serde_json::Value;

use super::member::{Member, MetaKind, read_text, stage_text};
use crate::error::{BuildError, ResolveError};
use crate::meta::{DraftNode, Key, MetaValue, ObjectMeta};
use crate::schema::{FieldKind, FieldSchema};
use crate::typename::TypeName;

/// Reads a list in which no element is there twice.
fn read<M: MetaValue, C: FromIterator<M>>(value: &Value, len: impl Fn(&C) -> usize) -> Option<C> {
    let items = value.as_array()?;
    let set: C = items.iter().map(M::from_json).collect::<Option<_>>()?;
    (len(&set) == items.len()).then_some(set)
}

macro_rules! sets {
    ($set:ty, [$($bounds:tt)*]) => {
        impl<$($bounds)*> MetaValue for $set {
            const NAME: &'static str = "set";
            const AS_TEXT: bool = true;

            fn to_json(&self) -> Value {
                let mut items: Vec<&M> = self.iter().collect();
                items.sort_unstable();
                items.into_iter().map(M::to_json).collect()
            }

            fn from_json(value: &Value) -> Option<Self> {
                read(value, Self::len)
            }
        }

        impl<$($bounds)*> Member for $set {
            type Kind = MetaKind;
            type Input = Self;

            fn stage_at(&self, key: &Key, draft: &mut DraftNode) -> Result<(), BuildError> {
                stage_text(&self.to_json(), key, draft)
            }

            fn stage_input(input: Self, key: &Key, draft: &mut DraftNode) -> Result<(), BuildError> {
                input.stage_at(key, draft)
            }

            fn resolve_at(meta: &ObjectMeta, key: &Key) -> Result<Self, ResolveError> {
                read_text(meta, key, &format!("set of {}", M::NAME), Self::from_json)
            }

            fn describe(key: &Key) -> FieldSchema {
                FieldSchema::new(key.as_str(), FieldKind::Json, TypeName::new(format!("set<{}>", M::NAME)))
            }
        }
    };
}

sets!(BTreeSet<M>, [M: MetaValue + Ord]);
sets!(HashSet<M, S>, [M: MetaValue + Ord + Hash, S: BuildHasher + Default]);
