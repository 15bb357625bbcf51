//! Copies that share their members.

use serde_json::Value;
use vineyard_core::{InstanceId, ObjectId, ServerError, Signature, StatusCode};

use super::BLOB_TYPENAME;
use super::extent::Extent;
use super::record::{Draft, Field};
use super::refusal::{absent, error, integer, invalid, short};
use super::tree::Tree;
use crate::ids::IdGenerator;

/// Fields that may be laid over a copy: they are looked at while others wait.
const MOST_EXTRA: usize = 1 << 14;

impl Tree {
    /// Copies an object under a new id: the same members, signature, time, labels, name and persistence, with the
    /// fields of `extra` laid over. They may change the typename, the time and the signature and replace members. `id`
    /// and `transient` are ignored, as they are at creation. Cost grows with the fields of the object.
    ///
    /// The copy does not carry its signature: who is linked to by it stays who it was.
    ///
    /// # Errors
    ///
    /// - Code 1: a signature that is not an integer.
    /// - Code 7: a blob, an `extra` that is not a JSON object or holds an array or object, the typename of blobs.
    /// - Code 21: more fields than are laid over, a typename that is not text, a time that is not an integer, another instance, `global` changed, a
    ///   copy that would be too large to be read.
    /// - Code 27: there is no such object.
    /// - Code 41: the server may keep no more.
    pub fn shallow_copy(&mut self, id: ObjectId, extra: &Value, ids: &IdGenerator) -> Result<ObjectId, ServerError> {
        if id.is_blob() {
            let message = format!("{id} is a blob, only objects can be copied");
            return Err(error(StatusCode::AssertionFailed, message));
        }
        let mut draft = self.record(id).ok_or_else(|| absent(id))?.to_draft();
        let Value::Object(extra) = extra else {
            return Err(error(StatusCode::AssertionFailed, "`extra` is not a JSON object"));
        };
        if extra.len() > MOST_EXTRA {
            return Err(invalid(format!("{} fields in `extra`, at most {MOST_EXTRA} are laid over", extra.len())));
        }
        let mut laid_over = Vec::new();
        for (key, value) in extra {
            laid_over.extend(lay_over(&mut draft, key, value)?);
        }
        draft.lay_over(laid_over);
        let too_deep = |key: &str| invalid(format!("`{}` of {id} is nested too deeply", short(key)));
        draft.own = draft.measure().map_err(too_deep)?;
        draft.whole = self.expand(&draft);
        if !draft.whole.fits() {
            let (found, limit) = (draft.whole, Extent::largest());
            return Err(invalid(format!("the copy of {id} expands to {found}, the limit is {limit}")));
        }
        self.take_room(draft.weight())?;
        let copy = self.fresh_id(ids, |_| false);
        self.insert(copy, draft);
        self.settle();
        if let Some(record) = self.record(copy).filter(|record| !record.transient) {
            let mut changes = self.changes();
            changes.put_object(self, copy, record);
            self.publish(changes);
        }
        Ok(copy)
    }
}

/// Sets what has a place of its own in a copy, and gives any other field.
fn lay_over(draft: &mut Draft, key: &str, value: &Value) -> Result<Option<(Box<str>, Field)>, ServerError> {
    if value.is_array() || value.is_object() {
        let message = format!("`{}` of `extra` is an array or object, expected a plain value", short(key));
        return Err(error(StatusCode::AssertionFailed, message));
    }
    match key {
        "id" | "transient" => {}
        "typename" => match value.as_str() {
            Some(BLOB_TYPENAME) => {
                let message = format!("`{BLOB_TYPENAME}` has no metadata of its own");
                return Err(error(StatusCode::AssertionFailed, message));
            }
            Some(typename) => typename.clone_into(&mut draft.typename),
            None => return Err(invalid("`typename` of `extra` is not text")),
        },
        "signature" => {
            let number = integer(value);
            let number =
                number.ok_or_else(|| error(StatusCode::Invalid, "`signature` of `extra` is not an integer"))?;
            draft.signature = Some(Signature::from_raw(number));
        }
        "__timestamp" => {
            let number = integer(value).ok_or_else(|| invalid("`__timestamp` of `extra` is not an integer"))?;
            draft.timestamp = Some(number);
        }
        "instance_id" if integer(value).map(InstanceId::from_raw) != Some(draft.instance) => {
            return Err(invalid(format!(
                "`instance_id` of `extra` is {value}, the object lives on {}",
                draft.instance
            )));
        }
        "instance_id" => {}
        "global" if value.as_bool() != Some(draft.global) => {
            return Err(invalid(format!("`global` of `extra` is {value}, of the object it is {}", draft.global)));
        }
        _ => return Ok(Some((key.into(), Field::from_value(value)))),
    }
    Ok(None)
}
