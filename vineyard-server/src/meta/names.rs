//! Names of objects.

use std::collections::BTreeMap;
use std::ops::Bound;

use vineyard_core::{ObjectId, ServerError, StatusCode};

use super::NAME_KEY;
use super::backend::{Entry, Key};
use super::pointer::escape;
use super::refusal::error;
use super::tree::Tree;
use crate::pattern::Pattern;

impl Tree {
    /// Gives an object a name, which another object may lose thereby. An object may have several names; it carries the
    /// last one in `__name`, escaped as the paths of the metadata are. The empty name is a name.
    ///
    /// # Errors
    ///
    /// Code 1 for a blob, a transient object or a name that no reply could carry, 12 if there is no such object.
    pub fn put_name(&mut self, id: ObjectId, name: &str) -> Result<(), ServerError> {
        if id.is_blob() {
            return Err(error(StatusCode::Invalid, format!("{id} is a blob, only objects can have names")));
        }
        let Some(record) = self.records.get_mut(&id) else {
            return Err(error(StatusCode::ObjectNotExists, format!("there is no object {id} to name")));
        };
        if record.transient {
            let message = format!("{id} is transient, only persistent objects can have names");
            return Err(error(StatusCode::Invalid, message));
        }
        let escaped = escape(name);
        record.set_text(NAME_KEY, &escaped, &mut self.key_lists).ok_or_else(|| {
            error(StatusCode::Invalid, format!("a name of {} bytes is too long for {id}", name.len()))
        })?;
        self.names.insert(name.to_owned(), id);
        let mut changes = self.changes();
        changes.put(|| Entry::Name { name: name.to_owned(), id });
        changes.put_text(id, NAME_KEY, &escaped);
        self.publish(changes);
        Ok(())
    }

    /// The object that was given a name; it may have been deleted since.
    pub fn name(&self, name: &str) -> Option<ObjectId> {
        self.names.get(name).copied()
    }

    /// Takes a name away. Its object also loses `__name`, even if it has another name left.
    pub fn drop_name(&mut self, name: &str) {
        let Some(id) = self.names.remove(name) else { return };
        let mut changes = self.changes();
        changes.delete(Key::Name(name.to_owned()));
        if let Some(record) = self.records.get_mut(&id)
            && record.remove(NAME_KEY, &mut self.key_lists).is_some()
            && !record.transient
        {
            changes.delete(Key::Field(id, NAME_KEY.to_owned()));
        }
        self.publish(changes);
    }

    /// At most `limit` names that match and come `after` a name, in byte order; all of them, if there is none. The last
    /// name of a page is the `after` of the next one.
    ///
    /// Looks at every name after `after` that begins as the pattern does, up to the last one that is taken.
    pub fn list_names(&self, pattern: &Pattern, after: Option<&str>, limit: usize) -> BTreeMap<String, ObjectId> {
        let prefix = pattern.prefix();
        let from = match after {
            Some(after) if after >= prefix => Bound::Excluded(after),
            _ => Bound::Included(prefix),
        };
        let candidates = self.names.range::<str, _>((from, Bound::Unbounded));
        let candidates = candidates.take_while(|(name, _)| name.starts_with(prefix));
        let matching = candidates.filter(|(name, _)| pattern.matches(name));
        matching.take(limit).map(|(name, id)| (name.clone(), *id)).collect()
    }
}
