//! The backend of a server that stands alone: its own tree.

use std::sync::{Mutex, MutexGuard, PoisonError};

use vineyard_core::ObjectId;

use super::{Backend, BackendError, Batch, LocalWatch, Revision, Snapshot};
use crate::meta::Tree;

/// The published part of a tree as a [`Backend`]. Keeps nothing of its own: snapshots are rendered from the tree.
///
/// Every method locks the tree for a moment and is ready at once.
#[derive(Debug, Clone, Copy)]
pub struct Local<'a, F> {
    tree: &'a Mutex<Tree>,
    free: F,
}

impl<'a, F: Fn(&[ObjectId])> Local<'a, F> {
    /// `free` is told the blobs of this instance that nothing uses after a commit, while the tree is still locked, so
    /// that nothing is linked to a blob that is about to go.
    pub fn new(tree: &'a Mutex<Tree>, free: F) -> Self {
        Self { tree, free }
    }

    fn tree(&self) -> MutexGuard<'_, Tree> {
        self.tree.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<F: Fn(&[ObjectId]) + Send + Sync> Backend for Local<'_, F> {
    type Watch = LocalWatch;

    async fn revision(&self) -> Result<Revision, BackendError> {
        Ok(self.tree().revision())
    }

    async fn commit(&self, batch: Batch) -> Result<Revision, BackendError> {
        batch.check()?;
        let mut tree = self.tree();
        let applied = tree.apply(batch);
        (self.free)(&applied.blobs);
        Ok(applied.revision)
    }

    async fn snapshot(&self) -> Result<Snapshot, BackendError> {
        Ok(self.tree().snapshot())
    }

    async fn watch(&self, after: Revision) -> Result<LocalWatch, BackendError> {
        self.tree().watch(after)
    }
}
