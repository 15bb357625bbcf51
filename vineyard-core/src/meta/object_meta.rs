//! Metadata of one stored object, with the payloads below it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::payloads::Payloads;
use super::{Key, MetaTree};
use crate::blob::{Blob, StoreId};
use crate::error::{ResolveError, ResolveReason};
use crate::id::{InstanceId, ObjectId, Signature};
use crate::schema::SchemaStamp;

/// How deep members are followed; the tree is shaped by a peer.
const MAX_DEPTH: u32 = 64;

/// The typename of blobs.
pub const BLOB_TYPENAME: &str = "vineyard::Blob";

/// Metadata of one object: immutable, cheap to clone, with the payloads that its server has unless it was only listed.
///
/// Members and values are looked up by key; nothing is copied.
#[derive(Clone)]
pub struct ObjectMeta {
    tree: Arc<MetaTree>,
    payloads: Arc<Payloads>,
    depth: u32,
}

impl ObjectMeta {
    pub(crate) fn new(tree: Arc<MetaTree>, payloads: Arc<Payloads>) -> Self {
        Self { tree, payloads, depth: 0 }
    }

    /// The object's id; [`ObjectId::INVALID`] if it was never stored.
    pub fn id(&self) -> ObjectId {
        self.tree.id().unwrap_or(ObjectId::INVALID)
    }

    /// The stable name of its type; empty if the metadata has none.
    pub fn typename(&self) -> &str {
        self.tree.typename().unwrap_or_default()
    }

    /// The instance that holds it.
    pub fn instance(&self) -> InstanceId {
        let raw = self.tree.value("instance_id").and_then(Value::as_u64);
        raw.map_or(InstanceId::UNSPECIFIED, InstanceId::from_raw)
    }

    /// Identity of the logical object, if it has one.
    pub fn signature(&self) -> Option<Signature> {
        self.tree.value("signature").and_then(Value::as_u64).map(Signature::from_raw)
    }

    /// Bytes of payload below the object, as its writer summed them up.
    pub fn nbytes(&self) -> u64 {
        self.tree.value("nbytes").and_then(Value::as_u64).unwrap_or(0)
    }

    /// Whether it lives on the instance that answered.
    pub fn is_local(&self) -> bool {
        self.instance() == self.payloads.instance
    }

    /// Whether its members may live on several instances.
    pub fn is_global(&self) -> bool {
        self.tree.value("global").and_then(Value::as_bool).unwrap_or(false)
    }

    /// Whether it is published to the cluster.
    pub fn is_persistent(&self) -> bool {
        self.tree.value("transient").and_then(Value::as_bool) == Some(false)
    }

    /// The name it was last given.
    pub fn name(&self) -> Option<String> {
        // Escaped in metadata as in JSON pointers (RFC 6901).
        self.tree.value("__name")?.as_str().map(|name| name.replace("~1", "/").replace("~0", "~"))
    }

    /// The labels it was given.
    pub fn labels(&self) -> BTreeMap<String, String> {
        // A JSON object in a string.
        let text = self.tree.value("__labels").and_then(Value::as_str).unwrap_or("{}");
        serde_json::from_str(text).unwrap_or_default()
    }

    /// The schema it was written with, if its writer told: our derive does, other languages do not.
    pub fn schema_stamp(&self) -> Option<SchemaStamp> {
        SchemaStamp::parse(self.tree.value(SchemaStamp::KEY)?.as_str()?)
    }

    /// All fields, as they travel.
    pub fn tree(&self) -> &Arc<MetaTree> {
        &self.tree
    }

    /// Whether there is anything under a key.
    pub fn contains(&self, key: &str) -> bool {
        self.tree.field(key).is_some()
    }

    /// The plain value under a key.
    ///
    /// # Errors
    ///
    /// [`ResolveReason::MissingKey`], or [`ResolveReason::WrongKind`] if a member is there.
    pub fn value(&self, key: &str) -> Result<&Value, ResolveError> {
        match (self.tree.value(key), self.tree.member(key)) {
            (Some(value), _) => Ok(value),
            (None, Some(_)) => Err(ResolveReason::wrong_kind(key, "a value", "a member").into()),
            (None, None) => Err(ResolveReason::missing_key(key).into()),
        }
    }

    /// The member under a key.
    ///
    /// # Errors
    ///
    /// [`ResolveReason::MissingKey`], [`ResolveReason::WrongKind`] if a plain value is there, or
    /// [`ResolveReason::TooDeep`] beyond 64 levels.
    pub fn member(&self, key: &str) -> Result<Self, ResolveError> {
        let tree = match (self.tree.member(key), self.tree.value(key)) {
            (Some(member), _) => Arc::clone(member),
            (None, Some(_)) => return Err(ResolveReason::wrong_kind(key, "a member", "a value").into()),
            (None, None) => return Err(ResolveReason::missing_key(key).into()),
        };
        let depth = self.depth.saturating_add(1);
        if depth > MAX_DEPTH {
            return Err(ResolveReason::TooDeep { limit: MAX_DEPTH }.into());
        }
        Ok(Self { tree, payloads: Arc::clone(&self.payloads), depth })
    }

    /// The blob under a key.
    ///
    /// # Errors
    ///
    /// As [`member`](Self::member), [`ResolveReason::WrongKind`] if the member is no blob, [`ResolveReason::NotLocal`]
    /// if its payload is on another instance, [`ResolveReason::NotFetched`] if the metadata came from a listing,
    /// [`ResolveReason::MissingPayload`] if the server did not have it.
    pub fn blob(&self, key: &str) -> Result<Blob, ResolveError> {
        let member = self.member(key)?;
        let id = member.id();
        if member.typename() != BLOB_TYPENAME || !id.is_blob() {
            let found = format!("an object of type `{}`", member.typename());
            return Err(ResolveReason::wrong_kind(key, "a blob", found).into());
        }
        if id == ObjectId::EMPTY_BLOB {
            return Ok(Blob::empty());
        }
        let blobs = self.payloads.blobs.as_ref();
        if let Some(blob) = blobs.and_then(|blobs| blobs.get(&id)) {
            return Ok(blob.clone());
        }
        Err(match blobs {
            _ if !member.is_local() => ResolveReason::NotLocal { instance: member.instance() },
            None => ResolveReason::NotFetched { id },
            Some(_) => ResolveReason::MissingPayload { id },
        }
        .into())
    }

    /// The count stored under a list's size key.
    pub(crate) fn count(&self, key: &Key) -> Result<usize, ResolveError> {
        let size = key.size();
        let value = self.value(size.as_str())?;
        let count = value.as_u64().and_then(|count| usize::try_from(count).ok());
        // Each element has at least one field of its own, so a larger count is a lie.
        match count {
            Some(count) if count <= self.tree.len() => Ok(count),
            _ => Err(ResolveReason::value(size.as_str(), "the number of elements", value).into()),
        }
    }

    pub(crate) fn store(&self) -> Option<StoreId> {
        self.payloads.store
    }

    pub(crate) fn payloads(&self) -> &Arc<Payloads> {
        &self.payloads
    }
}

impl fmt::Debug for ObjectMeta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ObjectMeta").field(&self.tree).finish()
    }
}

/// The ids of all blobs below a tree that live on `instance`, without the empty one and the placeholder, in order and once each.
pub(crate) fn blobs_below(tree: &MetaTree, instance: InstanceId) -> Vec<ObjectId> {
    let mut found = Vec::new();
    // The depth of `tree` is bounded by the JSON parser.
    let mut open: Vec<&MetaTree> = vec![tree];
    while let Some(tree) = open.pop() {
        match (tree.typename(), tree.id()) {
            (Some(BLOB_TYPENAME), Some(id)) => {
                let home = tree.value("instance_id").and_then(Value::as_u64).map(InstanceId::from_raw);
                let payload = id.is_blob() && id != ObjectId::EMPTY_BLOB && id != ObjectId::PLACEHOLDER_BLOB;
                if payload && home == Some(instance) {
                    found.push(id);
                }
            }
            _ => open.extend(tree.members().map(|(_, member)| member.as_ref())),
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}
