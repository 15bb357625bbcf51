//! Elements and plain values of users.

use serde_json::Value;

use crate::error::{BuildError, ResolveError, ResolveReason};
use crate::meta::{DraftNode, Key, MetaValue, ObjectMeta, Plain};
use crate::schema::{FieldKind, FieldSchema};
use crate::typename::TypeName;

/// What elements must be.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not plain data, of which shared arrays can consist",
    note = "add #[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]; padding becomes a field of its own"
)]
pub trait PlainData {}

impl<T: bytemuck::Pod> PlainData for T {}

pub const fn is_plain_data<T: PlainData>() {}

pub fn text(text: &str) -> Value {
    Value::from(text)
}

pub fn as_text(value: &Value) -> Option<&str> {
    value.as_str()
}

pub fn plain_text(value: Plain<'_>) -> Option<&str> {
    value.as_str()
}

pub fn value_stage<M: MetaValue>(value: &M, key: &Key, draft: &mut DraftNode) -> Result<(), BuildError> {
    draft.set_value(key, value.to_json())
}

pub fn value_resolve<M: MetaValue>(meta: &ObjectMeta, key: &Key) -> Result<M, ResolveError> {
    let value = meta.value(key.as_str())?;
    let read = M::from_plain(value);
    read.ok_or_else(|| ResolveReason::value(key.as_str(), format!("a value of type {}", M::NAME), value).into())
}

pub fn value_describe<M: MetaValue>(key: &Key) -> FieldSchema {
    FieldSchema::new(key.as_str(), FieldKind::Value, TypeName::new(M::NAME))
}
