//! Metadata of one stored object, with the payloads below it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::payloads::Payloads;
use super::record::{Field, Place, Plain, Record};
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
    record: Arc<Record>,
    place: Place,
    payloads: Arc<Payloads>,
    depth: u32,
}

impl ObjectMeta {
    pub(crate) fn new(record: Record, payloads: Arc<Payloads>) -> Self {
        Self { place: record.root(), record: Arc::new(record), payloads, depth: 0 }
    }

    /// The plain value under a key, if there is one.
    fn plain(&self, key: &str) -> Option<Plain<'_>> {
        self.record.plain(self.place, key)
    }

    /// The object's id; [`ObjectId::INVALID`] if it was never stored.
    pub fn id(&self) -> ObjectId {
        self.plain("id").and_then(Plain::as_id).unwrap_or(ObjectId::INVALID)
    }

    /// The stable name of its type; empty if the metadata has none.
    pub fn typename(&self) -> &str {
        self.plain("typename").and_then(Plain::as_str).unwrap_or_default()
    }

    /// The instance that holds it.
    pub fn instance(&self) -> InstanceId {
        let raw = self.plain("instance_id").and_then(Plain::as_u64);
        raw.map_or(InstanceId::UNSPECIFIED, InstanceId::from_raw)
    }

    /// Identity of the logical object, if it has one.
    pub fn signature(&self) -> Option<Signature> {
        self.plain("signature").and_then(Plain::as_u64).map(Signature::from_raw)
    }

    /// Bytes of payload below the object, as its writer summed them up.
    pub fn nbytes(&self) -> u64 {
        self.plain("nbytes").and_then(Plain::as_u64).unwrap_or(0)
    }

    /// Whether it lives on the instance that answered.
    pub fn is_local(&self) -> bool {
        self.instance() == self.payloads.instance
    }

    /// Whether its members may live on several instances.
    pub fn is_global(&self) -> bool {
        self.plain("global").and_then(Plain::as_bool).unwrap_or(false)
    }

    /// Whether it is published to the cluster.
    pub fn is_persistent(&self) -> bool {
        self.plain("transient").and_then(Plain::as_bool) == Some(false)
    }

    /// The name it was last given.
    pub fn name(&self) -> Option<String> {
        // Escaped in metadata as in JSON pointers (RFC 6901).
        self.plain("__name")?.as_str().map(|name| name.replace("~1", "/").replace("~0", "~"))
    }

    /// The labels it was given.
    pub fn labels(&self) -> BTreeMap<String, String> {
        // A JSON object in a string.
        let text = self.plain("__labels").and_then(Plain::as_str).unwrap_or("{}");
        serde_json::from_str(text).unwrap_or_default()
    }

    /// The schema it was written with, if its writer told: our derive does, other languages do not.
    pub fn schema_stamp(&self) -> Option<SchemaStamp> {
        SchemaStamp::parse(self.plain(SchemaStamp::KEY)?.as_str()?)
    }

    /// All fields, as they travel in JSON. Copies them: O(fields).
    pub fn tree(&self) -> Arc<MetaTree> {
        Arc::new(self.record.to_tree(self.place))
    }

    /// All fields in byte order of their keys. Nothing is copied.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&str, Field<'_>)> {
        self.record.fields(self.place)
    }

    /// All keys in byte order. Nothing is copied.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.fields().map(|(key, _)| key)
    }

    /// The keys of all members in byte order. Nothing is copied.
    ///
    /// ```
    /// # use vineyard_core::{Array, Object, testing};
    /// # #[derive(Object)]
    /// # #[object(typename = "example::Pair")]
    /// # struct Pair {
    /// #     left: Array<u8>,
    /// #     size: u64,
    /// # }
    /// # let pair = Pair { left: vec![1].into(), size: 1 };
    /// let meta = testing::draft_meta(&pair.stage()?)?;
    /// assert_eq!(meta.member_keys().collect::<Vec<_>>(), ["left"]);
    /// # Ok::<(), vineyard_core::BuildError>(())
    /// ```
    pub fn member_keys(&self) -> impl Iterator<Item = &str> {
        self.fields().filter_map(|(key, field)| matches!(field, Field::Member(_)).then_some(key))
    }

    /// Whether there is anything under a key.
    pub fn contains(&self, key: &str) -> bool {
        self.record.field(self.place, key).is_some()
    }

    /// The plain value under a key.
    ///
    /// # Errors
    ///
    /// [`ResolveReason::MissingKey`], or [`ResolveReason::WrongKind`] if a member is there.
    pub fn value(&self, key: &str) -> Result<Plain<'_>, ResolveError> {
        match self.record.field(self.place, key) {
            Some(Field::Plain(value)) => Ok(value),
            Some(Field::Member(_)) => Err(ResolveReason::wrong_kind(key, "a value", "a member").into()),
            None => Err(ResolveReason::missing_key(key).into()),
        }
    }

    /// The member under a key.
    ///
    /// # Errors
    ///
    /// [`ResolveReason::MissingKey`], [`ResolveReason::WrongKind`] if a plain value is there, or
    /// [`ResolveReason::TooDeep`] beyond 64 levels.
    pub fn member(&self, key: &str) -> Result<Self, ResolveError> {
        let place = self.place_of(key)?;
        let depth = self.depth.saturating_add(1);
        if depth > MAX_DEPTH {
            return Err(ResolveReason::TooDeep { limit: MAX_DEPTH }.into());
        }
        Ok(Self { record: Arc::clone(&self.record), place, payloads: Arc::clone(&self.payloads), depth })
    }

    /// The typename of the member under a key, if there is one.
    pub fn typename_of(&self, key: &str) -> Option<&str> {
        self.record.plain(self.place_of(key).ok()?, "typename")?.as_str()
    }

    fn place_of(&self, key: &str) -> Result<Place, ResolveError> {
        match self.record.field(self.place, key) {
            Some(Field::Member(place)) => Ok(place),
            Some(Field::Plain(_)) => Err(ResolveReason::wrong_kind(key, "a member", "a value").into()),
            None => Err(ResolveReason::missing_key(key).into()),
        }
    }

    /// The blob under a key.
    ///
    /// # Errors
    ///
    /// As [`member`](Self::member), [`ResolveReason::WrongKind`] if the member is no blob, [`ResolveReason::NotLocal`]
    /// if its payload is on another instance, [`ResolveReason::NotFetched`] if the metadata came from a listing,
    /// [`ResolveReason::MissingPayload`] if the server did not have it.
    pub fn blob(&self, key: &str) -> Result<Blob, ResolveError> {
        let (id, home) = self.blob_place(key)?;
        if id == ObjectId::EMPTY_BLOB {
            return Ok(Blob::empty());
        }
        let blobs = self.payloads.blobs.as_ref();
        if let Some(blob) = blobs.and_then(|blobs| blobs.get(id)) {
            return Ok(blob.clone());
        }
        Err(match blobs {
            _ if home != self.payloads.instance => ResolveReason::NotLocal { instance: home },
            None => ResolveReason::NotFetched { id },
            Some(_) => ResolveReason::MissingPayload { id },
        }
        .into())
    }

    /// Which blob is under a key, and where it lives.
    fn blob_place(&self, key: &str) -> Result<(ObjectId, InstanceId), ResolveError> {
        let member = match self.place_of(key)? {
            Place::Blob(at) => {
                if let Some((id, home, _)) = self.record.blob(at).filter(|(id, ..)| id.is_blob()) {
                    return Ok((id, home));
                }
                self.member(key)?
            }
            Place::Node(_) => self.member(key)?,
        };
        if member.typename() == BLOB_TYPENAME && member.id().is_blob() {
            return Ok((member.id(), member.instance()));
        }
        let found = format!("an object of type `{}`", member.typename());
        Err(ResolveReason::wrong_kind(key, "a blob", found).into())
    }

    /// The count stored under a list's size key.
    pub(crate) fn count(&self, key: &Key) -> Result<usize, ResolveError> {
        let size = key.size();
        let value = self.value(size.as_str())?;
        let count = value.as_u64().and_then(|count| usize::try_from(count).ok());
        // Each element has at least one field of its own, so a larger count is a lie.
        match count {
            Some(count) if count <= self.record.len(self.place) => Ok(count),
            _ => Err(ResolveReason::value(size.as_str(), "the number of elements", value).into()),
        }
    }

    pub(crate) fn store(&self) -> Option<StoreId> {
        self.payloads.store
    }

    pub(crate) fn payloads(&self) -> &Arc<Payloads> {
        &self.payloads
    }

    /// The same metadata over other payloads.
    pub(crate) fn over(&self, payloads: Arc<Payloads>) -> Self {
        Self { record: Arc::clone(&self.record), place: self.place, payloads, depth: self.depth }
    }

    /// The ids of all blobs below the object that live on `instance`, without the empty one and the placeholder, in order
    /// and once each.
    pub(crate) fn blobs_below(&self, instance: InstanceId) -> Vec<ObjectId> {
        let (mut found, mut open) = (Vec::new(), vec![self.place]);
        while let Some(place) = open.pop() {
            let plain = |key| self.record.plain(place, key);
            if plain("typename").and_then(Plain::as_str) != Some(BLOB_TYPENAME) {
                let below = self.record.fields(place).filter_map(|(_, field)| match field {
                    Field::Member(place) => Some(place),
                    Field::Plain(_) => None,
                });
                open.extend(below);
                continue;
            }
            let home = plain("instance_id").and_then(Plain::as_u64).map(InstanceId::from_raw);
            let is_payload =
                |id: &ObjectId| id.is_blob() && *id != ObjectId::EMPTY_BLOB && *id != ObjectId::PLACEHOLDER_BLOB;
            found.extend(plain("id").and_then(Plain::as_id).filter(is_payload).filter(|_| home == Some(instance)));
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

impl fmt::Debug for ObjectMeta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ObjectMeta").field(&self.tree()).finish()
    }
}
