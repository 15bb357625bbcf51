//! What a client holds of the server's memory: leases, and blobs that it has not sealed yet.

use std::sync::Arc;

use super::arenas::Access;
use super::link::Link;
use crate::blob::{Blob, Pending};
use crate::error::{CallError, CallReason};
use crate::id::ObjectId;
use crate::protocol::{Call, CreateBufferRequest, Payload, SealRequest};
use crate::shm::{Keep, Region, WindowMut};

/// A place in an arena that this connection may write until the blob is sealed. Dropped, the blob is given up.
#[derive(Debug)]
pub(super) struct NewBlob {
    pub(super) id: ObjectId,
    label: i64,
    offset: u64,
    nbytes: u64,
    lease: Arc<Lease>,
    kept: bool,
}

impl Drop for NewBlob {
    fn drop(&mut self) {
        if !self.kept {
            self.lease.link.abort(self.id);
        }
    }
}

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

impl NewBlob {
    /// A blob that the server has just made for this connection.
    pub(super) fn new(link: &Arc<Link>, payload: &Payload) -> Self {
        let Payload { object_id: id, data_size: nbytes, store_fd: label, data_offset: offset, .. } = *payload;
        Self { id, label, offset, nbytes, lease: Lease::new(link, payload), kept: false }
    }

    /// The one writable view. Asked for once, before the blob is sealed.
    pub(super) fn window(&self) -> Result<WindowMut, CallError> {
        const CALL: &str = CreateBufferRequest::TYPE;
        let writable = self.lease.link.mapping(CALL, self.label, Access::Write)?;
        let window = WindowMut::new(writable, self.offset, self.nbytes);
        window.map_err(|error| CallError::new(CALL, CallReason::Memory(error)))
    }

    /// Lets the blob stay when this is dropped.
    pub(super) fn keep(mut self) {
        self.kept = true;
    }
}

impl Pending for NewBlob {
    fn id(&self) -> ObjectId {
        self.id
    }

    fn seal(self: Box<Self>) -> Result<Blob, CallError> {
        const CALL: &str = SealRequest::TYPE;
        let link = Arc::clone(&self.lease.link);
        link.seal(&[self.id])?;
        let mapping = link.mapping(CALL, self.label, Access::Read)?;
        let region = Region::mapped(mapping, self.offset, self.nbytes, Arc::clone(&self.lease) as Keep);
        let region = region.map_err(|error| CallError::new(CALL, CallReason::Memory(error)))?;
        let blob = Blob::stored(region, link.store(), self.id);
        self.keep();
        Ok(blob)
    }
}
