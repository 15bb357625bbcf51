//! Name messages: put, get, list, drop.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::lax;
use crate::id::ObjectId;

/// Gives a persistent object a name; an earlier holder loses it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "put_name_request")]
pub struct PutNameRequest {
    /// The object.
    pub object_id: ObjectId,
    /// The name.
    pub name: String,
}

/// Answers [`PutNameRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "put_name_reply")]
pub struct PutNameReply {}

/// Asks which object has a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "get_name_request")]
pub struct GetNameRequest {
    /// The name.
    pub name: String,
    /// Whether to answer only when it is given.
    pub wait: bool,
}

/// Answers [`GetNameRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "get_name_reply")]
pub struct GetNameReply {
    /// The object; it may have been deleted since.
    pub object_id: ObjectId,
}

/// Asks for names that match.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "list_name_request")]
pub struct ListNameRequest {
    /// A shell glob, or a regular expression.
    pub pattern: String,
    /// Whether `pattern` is a regular expression that must match the whole name.
    #[serde(default)]
    pub regex: bool,
    /// At most so many, in byte order.
    #[serde(deserialize_with = "lax::u64")]
    pub limit: u64,
    /// Only names behind this one: the next page. Our own addition; the original ignores it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// Answers [`ListNameRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "list_name_reply")]
pub struct ListNameReply {
    /// How many.
    #[serde(default, deserialize_with = "lax::u64")]
    pub size: u64,
    /// Objects by name.
    #[serde(default)]
    pub names: BTreeMap<String, ObjectId>,
}

/// Takes a name away; one that nobody has is a success.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "drop_name_request")]
pub struct DropNameRequest {
    /// The name.
    pub name: String,
}

/// Answers [`DropNameRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "drop_name_reply")]
pub struct DropNameReply {}
