//! What a client holds at the server: leases of memory, and blobs that nobody else knows yet.

use std::sync::Arc;

use super::link::Link;
use crate::id::ObjectId;
use crate::protocol::Payload;

/// This client's claim to a blob's memory. Keeps the connection open, because the claim ends with it.
#[derive(Debug)]
pub(super) struct Lease {
    link: Arc<Link>,
    id: ObjectId,
    nbytes: u64,
}

impl Lease {
    /// A claim that a reply of the server brought.
    pub(super) fn new(link: &Arc<Link>, payload: &Payload) -> Arc<Self> {
        Arc::new(Self { link: Arc::clone(link), id: payload.object_id, nbytes: payload.data_size })
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.link.release(self.id, self.nbytes);
    }
}

/// A blob that this client has made. Dropped, it is given up, unless it was kept.
#[derive(Debug)]
pub(super) struct Fresh {
    id: ObjectId,
    link: Arc<Link>,
    kept: bool,
    /// Ends after the blob was given up.
    _lease: Option<Arc<Lease>>,
}

impl Fresh {
    pub(super) fn new(link: &Arc<Link>, id: ObjectId, lease: Option<Arc<Lease>>) -> Self {
        Self { id, link: Arc::clone(link), kept: false, _lease: lease }
    }

    pub(super) fn id(&self) -> ObjectId {
        self.id
    }

    /// Lets the blob stay when this is dropped.
    pub(super) fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        if !self.kept {
            self.link.abort(self.id);
        }
    }
}
