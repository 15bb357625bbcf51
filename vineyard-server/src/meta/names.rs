//! Names of objects.

use std::collections::BTreeMap;
use std::ops::Bound;

use vineyard_core::{ObjectId, ServerError, StatusCode};

use super::NAME_KEY;
use super::backend::{Entry, Key};
use super::pointer::escape;
use super::refusal::error;
use super::tree::Tree;
use super::weight;
use crate::pattern::Pattern;

/// The longest name that an object may have.
pub const MAX_NAME_BYTES: usize = 64 << 10;

/// Refuses a name that no object can have.
///
/// # Errors
///
/// Code 1.
pub fn check_length(name: &str) -> Result<(), ServerError> {
    match name.len() {
        0..=MAX_NAME_BYTES => Ok(()),
        found => {
            let message = format!("a name of {found} bytes, the longest has {MAX_NAME_BYTES}");
            Err(error(StatusCode::Invalid, message))
        }
    }
}

impl Tree {
    /// Gives an object a name, which another object may lose thereby. An object may have several names; it carries the
    /// last one in `__name`, escaped as the paths of the metadata are. The empty name is a name.
    ///
    /// # Errors
    ///
    /// Code 1 for a blob, a transient object or a name of more than 64 KiB, 12 if there is no such object, 41
    /// if the server may keep no more.
    pub fn put_name(&mut self, id: ObjectId, name: &str) -> Result<(), ServerError> {
        if id.is_blob() {
            return Err(error(StatusCode::Invalid, format!("{id} is a blob, only objects can have names")));
        }
        let Some(record) = self.records.get(&id) else {
            return Err(error(StatusCode::ObjectNotExists, format!("there is no object {id} to name")));
        };
        if record.transient {
            let message = format!("{id} is transient, only persistent objects can have names");
            return Err(error(StatusCode::Invalid, message));
        }
        check_length(name)?;
        self.take_room(weight::of_name(name))?;
        let escaped = escape(name);
        self.set_text(id, NAME_KEY, &escaped)?.ok_or_else(|| {
            error(StatusCode::Invalid, format!("a name of {} bytes is too long for {id}", name.len()))
        })?;
        self.set_name(name, id);
        self.settle();
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
        let Some(id) = self.remove_name(name) else { return };
        let mut changes = self.changes();
        changes.delete(Key::Name(name.to_owned()));
        if let Some(record) = self.records.get_mut(&id) {
            let before = record.weight();
            let had_it = record.remove(NAME_KEY, &mut self.key_lists).is_some();
            self.weight = self.weight.saturating_sub(before).saturating_add(record.weight());
            if had_it && !record.transient {
                changes.delete(Key::Field(id, NAME_KEY.to_owned()));
            }
        }
        self.publish(changes);
        self.settle();
    }

    /// Enters a name, whatever it stood for.
    pub(super) fn set_name(&mut self, name: &str, id: ObjectId) {
        if self.names.insert(name.to_owned(), id).is_none() {
            self.names_weight = self.names_weight.saturating_add(weight::of_name(name));
        }
    }

    /// Strikes a name out; what it stood for.
    pub(super) fn remove_name(&mut self, name: &str) -> Option<ObjectId> {
        let id = self.names.remove(name)?;
        self.names_weight = self.names_weight.saturating_sub(weight::of_name(name));
        Some(id)
    }

    /// Sets a text of an object; `None` if the object would be too large to be read then.
    ///
    /// # Errors
    ///
    /// Code 41 if the server may keep no more.
    pub(super) fn set_text(&mut self, id: ObjectId, key: &str, text: &str) -> Result<Option<()>, ServerError> {
        let room = weight::of_text(text).saturating_add(weight::of_key(key));
        // What the caller took is given back as well.
        self.take_room(room).inspect_err(|_| self.settle())?;
        let Some(record) = self.records.get_mut(&id) else { return Ok(None) };
        let before = record.weight();
        let is_set = record.set_text(key, text, &mut self.key_lists);
        self.weight = self.weight.saturating_sub(before).saturating_add(record.weight());
        self.settle();
        Ok(is_set)
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
