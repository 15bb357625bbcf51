//! Marking objects as persistent.

use vineyard_core::{ObjectId, ServerError, StatusCode};

use super::record::Link;
use super::refusal::{absent, error};
use super::tree::Tree;

impl Tree {
    /// Makes an object persistent, and recursively those of its members that are transient: they are published, with
    /// the signature of a local object or those of a global object's members, by which others find them.
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
        let mut changes = self.changes();
        let mut pending = vec![id];
        let mut published = Vec::new();
        while let Some(id) = pending.pop() {
            let Some(record) = self.records.get_mut(&id) else { continue };
            if record.transient {
                record.transient = false;
                pending.extend(record.links().filter_map(|link| self.edges.member(link)));
                published.push(id);
            }
        }
        // Members first.
        for id in published.iter().rev() {
            self.strays.remove(id);
            if let Some(record) = self.record(*id) {
                changes.put_object(self, *id, record);
            }
        }
        if published.first() == Some(&id) {
            for id in self.carriers(id) {
                self.publish_signature(id, &mut changes);
            }
        }
        self.publish(changes);
        Ok(())
    }

    /// Whose signatures others need to find an object and what it holds.
    fn carriers(&self, id: ObjectId) -> Vec<ObjectId> {
        let Some(record) = self.record(id).filter(|record| record.global) else { return vec![id] };
        let by_signature = record.links().filter(|link| matches!(link, Link::Signature(_)));
        by_signature.filter_map(|link| self.edges.member(link)).collect()
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
