//! The columns of a frame under their names.

use std::ops::{Deref, DerefMut};

use indexmap::IndexMap;
use serde_json::Value;
use vineyard_core::{BuildError, DraftNode, FieldSchema, Key, Member, ObjectMeta, ResolveError, ResolveReason};

use super::column::Column;
use super::error::FrameError;
use super::name::ColumnName;

/// Where the names are stored once more, as Python wants them.
const NAMES: &str = "columns_";

type Map = IndexMap<ColumnName, Column>;

/// The columns in order. They are stored as a map, and their names beside it as a list, which not every writer has.
#[derive(Debug, Clone, Default)]
pub(super) struct Columns(Map);

impl Columns {
    fn names(&self) -> Value {
        self.0.keys().map(|name| name.as_json().clone()).collect()
    }

    /// Compares the list with the columns. C++ keeps the index among the columns and does not list it.
    fn check_names(&self, found: &str) -> Result<(), FrameError> {
        let listed: Option<Vec<ColumnName>> = serde_json::from_str::<Vec<Value>>(found)
            .ok()
            .map(|names| names.into_iter().map(ColumnName::from_json_value).collect());
        match listed {
            Some(names) if names.iter().all(|name| self.0.contains_key(name)) => Ok(()),
            _ => Err(FrameError::Names { found: found.to_owned(), expected: self.names().to_string() }),
        }
    }
}

impl Deref for Columns {
    type Target = Map;

    fn deref(&self) -> &Map {
        &self.0
    }
}

impl DerefMut for Columns {
    fn deref_mut(&mut self) -> &mut Map {
        &mut self.0
    }
}

impl FromIterator<(ColumnName, Column)> for Columns {
    fn from_iter<I: IntoIterator<Item = (ColumnName, Column)>>(columns: I) -> Self {
        Self(columns.into_iter().collect())
    }
}

impl Member for Columns {
    type Kind = <Map as Member>::Kind;
    type Input = Self;

    fn stage_at(&self, key: &Key, draft: &mut DraftNode) -> Result<(), BuildError> {
        draft.set_value(&Key::new(NAMES), Value::String(self.names().to_string()))?;
        self.0.stage_at(key, draft)
    }

    fn stage_input(input: Self, key: &Key, draft: &mut DraftNode) -> Result<(), BuildError> {
        input.stage_at(key, draft)
    }

    fn resolve_at(meta: &ObjectMeta, key: &Key) -> Result<Self, ResolveError> {
        let columns = Map::resolve_at(meta, key).map(Self)?;
        if meta.contains(NAMES) {
            let found = String::resolve_at(meta, &Key::new(NAMES))?;
            columns.check_names(&found).map_err(|error| ResolveReason::Invalid(error.into()))?;
        }
        Ok(columns)
    }

    fn describe(key: &Key) -> FieldSchema {
        Map::describe(key)
    }

    fn is_present(meta: &ObjectMeta, key: &Key) -> bool {
        Map::is_present(meta, key)
    }
}
