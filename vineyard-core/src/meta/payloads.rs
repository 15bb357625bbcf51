//! The blobs below one object, as a server gave them out.

use std::fmt::Debug;
use std::sync::Arc;

use crate::blob::{Blob, StoreId};
use crate::id::{InstanceId, ObjectId};

/// Who blobs were leased from.
pub(crate) trait Keeper: Debug + Send + Sync {
    /// Lets blobs go; what that gives back goes together.
    fn let_go(&self, blobs: BlobSet);
}

/// Where each blob below an object lies, and whose they are.
#[derive(Debug)]
pub struct Payloads {
    /// The instance that answered.
    pub(crate) instance: InstanceId,
    /// The server and session that answered; `None` for objects that were never stored.
    pub(crate) store: Option<StoreId>,
    /// The blobs of that instance; `None` if they were not asked for.
    pub(crate) blobs: Option<BlobSet>,
    /// Who is told together of those that nobody else has.
    pub(crate) keeper: Option<Arc<dyn Keeper>>,
}

impl Drop for Payloads {
    fn drop(&mut self) {
        if let (Some(keeper), Some(blobs)) = (&self.keeper, self.blobs.take()) {
            keeper.let_go(blobs);
        }
    }
}

/// Blobs by id, each once.
#[derive(Debug, Clone, Default)]
pub(crate) struct BlobSet {
    /// In the order of the ids.
    sorted: Vec<(ObjectId, Blob)>,
}

impl FromIterator<(ObjectId, Blob)> for BlobSet {
    fn from_iter<I: IntoIterator<Item = (ObjectId, Blob)>>(blobs: I) -> Self {
        let mut sorted: Vec<_> = blobs.into_iter().collect();
        sorted.sort_by_key(|(id, _)| *id);
        sorted.dedup_by_key(|(id, _)| *id);
        Self { sorted }
    }
}

impl BlobSet {
    /// The blob of an id. O(log n).
    pub(crate) fn get(&self, id: ObjectId) -> Option<&Blob> {
        let at = self.sorted.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        self.sorted.get(at).map(|(_, blob)| blob)
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.sorted.is_empty()
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (ObjectId, &Blob)> {
        self.sorted.iter().map(|(id, blob)| (*id, blob))
    }
}
