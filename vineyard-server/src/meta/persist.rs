//! Marking objects as persistent.

use vineyard_core::{ObjectId, ServerError, StatusCode};

use super::refusal::{absent, error};
use super::tree::Tree;

impl Tree {
    /// Makes an object persistent, and recursively those of its members that are transient.
    ///
    /// # Errors
    ///
    /// Code 7 for a blob, 27 if there is no such object.
    pub fn persist(&mut self, id: ObjectId) -> Result<(), ServerError> {
        if id.is_blob() {
            let message = format!("{id} is a blob, only objects can be persisted");
            return Err(error(StatusCode::AssertionFailed, message));
        }
        if !self.contains(id) {
            return Err(absent(id));
        }
        let mut pending = vec![id];
        while let Some(id) = pending.pop() {
            let Some(record) = self.records.get_mut(&id) else { continue };
            if record.transient {
                record.transient = false;
                pending.extend(record.links().filter_map(|link| self.edges.member(link)));
            }
        }
        Ok(())
    }

    /// Whether an object is persistent; blobs never are.
    ///
    /// # Errors
    ///
    /// Code 27 if there is no such object.
    pub fn is_persistent(&self, id: ObjectId) -> Result<bool, ServerError> {
        if id.is_blob() {
            return Ok(false);
        }
        self.record(id).map(|record| !record.transient).ok_or_else(|| absent(id))
    }
}
