//! What derived code is made of. Not for use by hand; may change in any version.

mod plain;
mod special;

pub use core::any::Any;
pub use core::convert::{From, Into, TryFrom};
pub use core::default::Default;
pub use core::marker::{Send, Sync};
pub use core::option::Option::{self, None, Some};
pub use core::result::Result::{self, Err, Ok};
pub use inventory;
pub use serde_json::Value;
pub use std::vec::Vec;

use std::error::Error as StdError;
use std::fmt::Display;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use crate::blob::Element;
pub use crate::error::{BuildError, ResolveError};
pub use crate::meta::{DraftNode, Key, MetaValue, ObjectMeta, Plain};
pub use crate::object::{Draft, Member, MemberInput, MetaKind, NodeKind, Object, Registration, Stored};
pub use crate::schema::{FieldSchema, Schema};
pub use crate::typename::{TypeName, Typename};

pub use plain::*;
pub use special::*;

use crate::error::{BuildReason, ResolveReason};
use crate::meta::DraftField;
use crate::schema::FieldKind;

/// What a field marked `json` must be.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be stored as JSON text",
    note = "derive `serde::Serialize` and `serde::Deserialize` for it"
)]
pub trait Json: Serialize + DeserializeOwned {}

impl<T: Serialize + DeserializeOwned> Json for T {}

pub fn const_name(value: &impl Display) -> TypeName {
    TypeName::new(value.to_string())
}

pub fn new_node<T: Object>() -> DraftNode {
    crate::object::stamp::node::<T>()
}

pub fn resolve_object<T: Object>(
    meta: &ObjectMeta,
    version: u32,
    accepts: &'static [u32],
    fields: impl FnOnce(&ObjectMeta) -> Result<T, ResolveError>,
) -> Result<T, ResolveError> {
    crate::object::stamp::resolve(meta, version, accepts, fields)
}

pub fn schema<T: Object>(version: u32, fields: Vec<FieldSchema>) -> Schema {
    Schema::new::<T>(version, fields)
}

pub fn describe_field<M: Member>(key: &'static str) -> FieldSchema {
    M::describe(&Key::new(key))
}

pub fn describe_json<T>(key: &'static str) -> FieldSchema {
    FieldSchema::new(key, FieldKind::Json, TypeName::new("json"))
}

pub fn stage_field<M: Member>(
    value: &M,
    field: &'static str,
    key: &'static str,
    draft: &mut DraftNode,
) -> Result<(), BuildError> {
    value.stage_at(&Key::new(key), draft).map_err(|error| error.in_field(field))
}

pub fn stage_input<M: Member>(
    input: Option<M::Input>,
    base: &Base,
    field: &'static str,
    keys: &[&'static str],
    draft: &mut DraftNode,
) -> Result<(), BuildError> {
    staged(input, base, field, keys, draft, M::stage_input, |key, draft| match M::absent() {
        Some(absent) => absent.stage_at(key, draft),
        None => Err(BuildReason::MissingField.into()),
    })
}

pub fn stage_input_or<M: Member>(
    input: Option<M::Input>,
    base: &Base,
    default: impl FnOnce() -> M,
    field: &'static str,
    keys: &[&'static str],
    draft: &mut DraftNode,
) -> Result<(), BuildError> {
    staged(input, base, field, keys, draft, M::stage_input, |key, draft| default().stage_at(key, draft))
}

fn json_at<T: Serialize>(value: &T, key: &Key, draft: &mut DraftNode) -> Result<(), BuildError> {
    let text = serde_json::to_string(value).map_err(BuildReason::Json)?;
    draft.set(key, DraftField::Value(text.into()))
}

pub fn stage_json<T: Serialize>(
    value: &T,
    field: &'static str,
    key: &'static str,
    draft: &mut DraftNode,
) -> Result<(), BuildError> {
    json_at(value, &Key::new(key), draft).map_err(|error| error.in_field(field))
}

pub fn stage_json_input<T: Serialize>(
    input: Option<T>,
    base: &Base,
    field: &'static str,
    keys: &[&'static str],
    draft: &mut DraftNode,
) -> Result<(), BuildError> {
    let absent = |_: &Key, _: &mut DraftNode| Err(BuildReason::MissingField.into());
    staged(input, base, field, keys, draft, |value, key, draft| json_at(&value, key, draft), absent)
}

pub fn stage_json_input_or<T: Serialize>(
    input: Option<T>,
    base: &Base,
    default: impl FnOnce() -> T,
    field: &'static str,
    keys: &[&'static str],
    draft: &mut DraftNode,
) -> Result<(), BuildError> {
    let absent = |key: &Key, draft: &mut DraftNode| json_at(&default(), key, draft);
    staged(input, base, field, keys, draft, |value, key, draft| json_at(&value, key, draft), absent)
}

/// Stages what a builder was given for a field; what it was not given comes from the object it started from.
fn staged<I>(
    input: Option<I>,
    base: &Base,
    field: &'static str,
    keys: &[&'static str],
    draft: &mut DraftNode,
    stage: impl FnOnce(I, &Key, &mut DraftNode) -> Result<(), BuildError>,
    absent: impl FnOnce(&Key, &mut DraftNode) -> Result<(), BuildError>,
) -> Result<(), BuildError> {
    let key = Key::new(keys.first().copied().unwrap_or_default());
    let staged = match input {
        Some(input) => stage(input, &key, draft),
        None => match special::stage_base(base, keys, draft) {
            Ok(false) => absent(&key, draft),
            shared => shared.map(drop),
        },
    };
    staged.map_err(|error| error.in_field(field))
}

/// The first of the keys under which a field is stored.
fn present<M: Member>(meta: &ObjectMeta, keys: &[&'static str]) -> Option<Key> {
    keys.iter().map(|key| Key::new(*key)).find(|key| M::is_present(meta, key))
}

fn missing(keys: &[&'static str]) -> ResolveError {
    ResolveReason::missing_key(keys.first().copied().unwrap_or_default()).into()
}

pub fn resolve_field<M: Member>(
    meta: &ObjectMeta,
    field: &'static str,
    keys: &[&'static str],
) -> Result<M, ResolveError> {
    let found = match present::<M>(meta, keys) {
        Some(key) => M::resolve_at(meta, &key),
        None => M::absent().ok_or_else(|| missing(keys)),
    };
    found.map_err(|error| error.in_field(field))
}

pub fn resolve_field_or<M: Member>(
    meta: &ObjectMeta,
    field: &'static str,
    keys: &[&'static str],
    default: impl FnOnce() -> M,
) -> Result<M, ResolveError> {
    match present::<M>(meta, keys) {
        Some(key) => M::resolve_at(meta, &key).map_err(|error| error.in_field(field)),
        None => Ok(default()),
    }
}

fn read_json<T: DeserializeOwned>(meta: &ObjectMeta, key: &'static str) -> Result<T, ResolveError> {
    let stored = meta.value(key)?;
    let read = match stored {
        Plain::Text(text) => serde_json::from_str(text),
        plain => T::deserialize(plain.to_json()),
    };
    read.map_err(|error| ResolveReason::value(key, format!("JSON text ({error})"), stored).into())
}

fn present_json(meta: &ObjectMeta, keys: &[&'static str]) -> Option<&'static str> {
    keys.iter().copied().find(|key| meta.contains(key))
}

pub fn resolve_json<T: DeserializeOwned>(
    meta: &ObjectMeta,
    field: &'static str,
    keys: &[&'static str],
) -> Result<T, ResolveError> {
    let found = match present_json(meta, keys) {
        Some(key) => read_json(meta, key),
        None => Err(missing(keys)),
    };
    found.map_err(|error| error.in_field(field))
}

pub fn resolve_json_or<T: DeserializeOwned>(
    meta: &ObjectMeta,
    field: &'static str,
    keys: &[&'static str],
    default: impl FnOnce() -> T,
) -> Result<T, ResolveError> {
    match present_json(meta, keys) {
        Some(key) => read_json(meta, key).map_err(|error| error.in_field(field)),
        None => Ok(default()),
    }
}

pub fn check_resolved<T, E>(value: &T, check: impl FnOnce(&T) -> Result<(), E>) -> Result<(), ResolveError>
where
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    check(value).map_err(|error| ResolveReason::Invalid(error.into()).into())
}

pub fn check_staged<T, E>(value: &T, check: impl FnOnce(&T) -> Result<(), E>) -> Result<(), BuildError>
where
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    check(value).map_err(|error| BuildReason::Invalid(error.into()).into())
}

pub fn finish<T: Object>(node: DraftNode) -> Result<Draft<T>, BuildError> {
    Draft::checked(node)
}

pub fn member_stage<T: Object>(value: &T, key: &Key, draft: &mut DraftNode) -> Result<(), BuildError> {
    draft.set(key, DraftField::Node(value.stage()?))
}

pub fn member_stage_input<T: Object>(
    input: MemberInput<T>,
    key: &Key,
    draft: &mut DraftNode,
) -> Result<(), BuildError> {
    crate::object::stage_object(input, key, draft)
}

pub fn member_resolve<T: Object>(meta: &ObjectMeta, key: &Key) -> Result<T, ResolveError> {
    T::resolve(&crate::object::typed_member::<T>(meta, key)?)
}

pub fn member_describe<T: Object>(key: &Key) -> FieldSchema {
    FieldSchema::new(key.as_str(), FieldKind::Member, T::typename())
}
