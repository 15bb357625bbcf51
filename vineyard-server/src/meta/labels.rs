//! Labels of objects.

use serde_json::{Map, Value};
use vineyard_core::{ObjectId, ServerError, StatusCode};

use super::LABELS_KEY;
use super::record::Field;
use super::refusal::{error, invalid};
use super::tree::Tree;

impl Tree {
    /// Adds labels to an object; one that it has gets the new value. They are the members of a JSON object that is
    /// held as text in `__labels`, in byte order; a text that a client put there and that is no such object counts as
    /// no labels. Cost grows with the labels of the object.
    ///
    /// # Errors
    ///
    /// Code 12 if there is no such object; blobs have no labels. Code 21 if the object would be too large to be read, 41
    /// if the server may keep no more.
    pub fn label(
        &mut self,
        id: ObjectId,
        labels: impl IntoIterator<Item = (String, String)>,
    ) -> Result<(), ServerError> {
        let Some(record) = self.records.get(&id) else {
            return Err(error(StatusCode::ObjectNotExists, format!("there is no object {id} to label")));
        };
        let mut merged: Map<String, Value> = match record.field(LABELS_KEY) {
            Some(Field::Text(text)) => serde_json::from_str(text.as_str()).unwrap_or_default(),
            _ => Map::new(),
        };
        merged.extend(labels.into_iter().map(|(key, value)| (key, Value::String(value))));
        let text = Value::Object(merged).to_string();
        let is_set = self.set_text(id, LABELS_KEY, &text)?;
        is_set.ok_or_else(|| invalid(format!("{} bytes of labels are too many for {id}", text.len())))?;
        if self.record(id).is_some_and(|record| !record.transient) {
            let mut changes = self.changes();
            changes.put_text(id, LABELS_KEY, &text);
            self.publish(changes);
        }
        Ok(())
    }
}
