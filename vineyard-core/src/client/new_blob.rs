//! A blob in shared memory that is being written.

use std::sync::Arc;

use super::arenas::Access;
use super::lease::{Fresh, Lease};
use super::shared::SharedLink;
use super::transport::Transport;
use crate::blob::{Blob, Pending};
use crate::error::{CallError, CallReason};
use crate::id::ObjectId;
use crate::protocol::{Call, CreateBufferRequest, Payload, SealRequest, ShrinkBufferRequest};
use crate::shm::{Before, Keep, Region, WindowMut};

/// From this length on, it matters whether this process has written the part of the arena before.
const LARGE_BYTES: u64 = 1 << 20;

/// The descriptor and the mapping of a file that holds one blob, let go when this is dropped.
#[derive(Debug)]
struct OwnFile {
    shared: Arc<SharedLink>,
    label: i64,
}

impl Drop for OwnFile {
    fn drop(&mut self) {
        self.shared.forget(self.label);
    }
}

/// A place in an arena, or a file of its own, that this connection may write until the blob is sealed. Dropped, the blob
/// is given up.
#[derive(Debug)]
pub(super) struct NewBlob {
    shared: Arc<SharedLink>,
    label: i64,
    offset: u64,
    nbytes: u64,
    lease: Arc<Lease>,
    fresh: Fresh,
    /// For a file that the kernel seals.
    own_file: Option<OwnFile>,
}

impl NewBlob {
    /// A blob that the server has just made for this connection.
    pub(super) fn new(shared: &Arc<SharedLink>, payload: &Payload) -> Self {
        let Payload { object_id: id, data_size: nbytes, store_fd: label, data_offset: offset, .. } = *payload;
        let lease = Lease::new(shared.link(), payload);
        let fresh = Fresh::new(shared.link(), id, Some(Arc::clone(&lease)));
        Self { shared: Arc::clone(shared), label, offset, nbytes, lease, fresh, own_file: None }
    }

    /// The blob has its file for itself, and the kernel seals it.
    pub(super) fn in_own_file(self) -> Self {
        let own_file = OwnFile { shared: Arc::clone(&self.shared), label: self.label };
        Self { own_file: Some(own_file), ..self }
    }

    /// The one writable view. Asked for once, before the blob is sealed.
    pub(super) fn window(&self) -> Result<WindowMut, CallError> {
        const CALL: &str = CreateBufferRequest::TYPE;
        let writable = self.shared.mapping(CALL, self.label, Access::Write)?;
        let window = WindowMut::new(writable, self.offset, self.nbytes);
        window.map_err(|error| CallError::new(CALL, CallReason::Memory(error)))
    }

    /// Copies all of its bytes. Called once, before the blob is sealed, in place of [`window`](Self::window).
    pub(super) fn fill(&self, bytes: &[u8]) -> Result<(), CallError> {
        let mut window = self.window()?;
        let large = self.nbytes >= LARGE_BYTES;
        let before =
            if large { self.shared.begin_write(self.label, self.offset, self.nbytes) } else { Before::WrittenAgain };
        let filled = window.fill(bytes, &before);
        filled.map_err(|error| CallError::new(CreateBufferRequest::TYPE, CallReason::Memory(error)))
    }

    /// The blob without its place, once it is written and its window is gone.
    pub(super) fn into_fresh(self) -> Fresh {
        self.fresh
    }
}

impl Pending for NewBlob {
    fn id(&self) -> ObjectId {
        self.fresh.id()
    }

    fn shrink(&mut self, nbytes: u64) -> Result<(), CallError> {
        self.shared.link().call(&ShrinkBufferRequest { id: self.fresh.id(), size: nbytes })?;
        self.nbytes = nbytes;
        Ok(())
    }

    fn seal(mut self: Box<Self>) -> Result<Blob, CallError> {
        const CALL: &str = SealRequest::TYPE;
        if let Some(own_file) = self.own_file.take() {
            // The kernel seals what nobody can write to; and it may let nobody map it through this descriptor any more.
            drop(own_file);
            let id = self.fresh.id();
            self.shared.link().seal(&[id])?;
            let blob = self.shared.fetch(&[id])?.get(id).cloned();
            let gone = || CallError::new(CALL, CallReason::Protocol(format!("blob {id} was sealed and is not there")));
            let blob = blob.ok_or_else(gone)?;
            self.fresh.keep();
            return Ok(blob);
        }
        self.shared.link().seal(&[self.fresh.id()])?;
        let mapping = self.shared.mapping(CALL, self.label, Access::Read)?;
        let region = Region::mapped(mapping, self.offset, self.nbytes, Arc::clone(&self.lease) as Keep);
        let region = region.map_err(|error| CallError::new(CALL, CallReason::Memory(error)))?;
        let blob = Blob::stored(region, self.shared.link().store(), self.fresh.id());
        self.fresh.keep();
        Ok(blob)
    }
}
