//! Metadata messages: create, get, list, delete, persist.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::lax;
use crate::id::{InstanceId, ObjectId, Signature};
use crate::meta::MetaTree;

/// The key by which a member names an object of the same request: its place among the `contents`, which has to be
/// before that of its parent. Only on native connections that offer it.
pub const NEW_MEMBER: &str = "new";

/// Creates one object from its metadata.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "create_data_request")]
pub struct CreateDataRequest {
    /// The tree.
    pub content: MetaTree,
    /// Blobs of this connection to seal in the same step. Only on native connections that offer it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seal: Vec<ObjectId>,
}

/// Answers [`CreateDataRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "create_data_reply")]
pub struct CreateDataReply {
    /// The new object.
    pub id: ObjectId,
    /// Its signature.
    pub signature: Signature,
    /// Where it lives.
    pub instance_id: InstanceId,
}

/// Creates several objects, all or none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "create_datas_request")]
pub struct CreateDatasRequest {
    /// The trees. Members may be named by [`NEW_MEMBER`].
    pub contents: Vec<MetaTree>,
    /// How many; not needed to read the message.
    #[serde(default, deserialize_with = "lax::u64")]
    pub num: u64,
    /// Blobs of this connection to seal in the same step. Only on native connections that offer it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seal: Vec<ObjectId>,
}

/// Answers [`CreateDatasRequest`], in its order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "create_datas_reply")]
pub struct CreateDatasReply {
    /// How many.
    #[serde(default, deserialize_with = "lax::u64")]
    pub num: u64,
    /// The new objects.
    pub ids: Vec<ObjectId>,
    /// Their signatures.
    pub signatures: Vec<Signature>,
    /// Where they live.
    pub instance_ids: Vec<InstanceId>,
}

/// Asks for metadata trees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "get_data_request")]
pub struct GetDataRequest {
    /// The objects or blobs. Wire key `id`, an array.
    #[serde(rename = "id")]
    pub ids: Vec<ObjectId>,
    /// Whether to see everything the cluster committed before.
    #[serde(default)]
    pub sync_remote: bool,
    /// Whether to answer only when all of them exist.
    #[serde(default)]
    pub wait: bool,
}

/// Trees by the text form of their id. What does not exist is left out; null stands for none at all.
pub type Content = Option<BTreeMap<String, MetaTree>>;

/// Answers [`GetDataRequest`] and [`ListDataRequest`].
///
/// `C` is [`Content`] for who reads it; a server writes its own form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "get_data_reply")]
pub struct GetDataReply<C = Content> {
    /// Trees by id.
    pub content: C,
}

/// Asks for the trees of all objects whose typename matches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "list_data_request")]
pub struct ListDataRequest {
    /// A shell glob, or a regular expression.
    pub pattern: String,
    /// Whether `pattern` is a regular expression that must match the whole typename.
    #[serde(default)]
    pub regex: bool,
    /// At most so many.
    #[serde(deserialize_with = "lax::u64")]
    pub limit: u64,
    /// Only objects with higher ids: the next page. Our own addition; the original ignores it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<ObjectId>,
}

/// Deletes objects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "del_data_request")]
pub struct DelDataRequest {
    /// The objects or blobs. Wire key `id`, an array.
    #[serde(rename = "id")]
    pub ids: Vec<ObjectId>,
    /// Also what is in use, with everything that uses it.
    #[serde(default)]
    pub force: bool,
    /// Also members that nobody else uses.
    #[serde(default)]
    pub deep: bool,
    /// Give the pages back to the kernel.
    #[serde(default)]
    pub memory_trim: bool,
    /// All ids are blobs: free them without looking at metadata.
    #[serde(default)]
    pub fastpath: bool,
}

/// Answers [`DelDataRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "del_data_reply")]
pub struct DelDataReply {}

/// As [`DelDataRequest`], for who wants to know which blobs went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "del_data_with_feedbacks_request")]
pub struct DelDataWithFeedbacksRequest {
    /// The objects or blobs. Wire key `id`, an array.
    #[serde(rename = "id")]
    pub ids: Vec<ObjectId>,
    /// Also what is in use, with everything that uses it.
    #[serde(default)]
    pub force: bool,
    /// Also members that nobody else uses.
    #[serde(default)]
    pub deep: bool,
    /// Give the pages back to the kernel.
    #[serde(default)]
    pub memory_trim: bool,
    /// All ids are blobs: free them without looking at metadata.
    #[serde(default)]
    pub fastpath: bool,
}

impl From<DelDataWithFeedbacksRequest> for DelDataRequest {
    fn from(request: DelDataWithFeedbacksRequest) -> Self {
        let DelDataWithFeedbacksRequest { ids, force, deep, memory_trim, fastpath } = request;
        Self { ids, force, deep, memory_trim, fastpath }
    }
}

/// Answers [`DelDataWithFeedbacksRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "del_data_with_feedbacks_reply")]
pub struct DelDataWithFeedbacksReply {
    /// Blobs that went, with those that were asked for and are not here.
    pub deleted_bids: Vec<ObjectId>,
}

/// Asks whether an object or blob exists, sealed or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "exists_request")]
pub struct ExistsRequest {
    /// The object or blob.
    pub id: ObjectId,
}

/// Answers [`ExistsRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "exists_reply")]
pub struct ExistsReply {
    /// Whether it exists.
    #[serde(default)]
    pub exists: bool,
}

/// Publishes an object and its members to the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "persist_request")]
pub struct PersistRequest {
    /// The object.
    pub id: ObjectId,
}

/// Answers [`PersistRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "persist_reply")]
pub struct PersistReply {}

/// Asks whether an object is published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "if_persist_request")]
pub struct IfPersistRequest {
    /// The object.
    pub id: ObjectId,
}

/// Answers [`IfPersistRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "if_persist_reply")]
pub struct IfPersistReply {
    /// Whether it is published.
    #[serde(default)]
    pub persist: bool,
}
