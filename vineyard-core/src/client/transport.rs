//! What putting and getting need of a connection, whether payloads lie in shared memory or travel.

use std::collections::HashSet;
use std::fmt::Debug;
use std::sync::Arc;

use super::endpoint::Endpoint;
use super::lease::Fresh;
use super::link::Link;
use crate::blob::Blob;
use crate::error::{CallError, ConnectError};
use crate::id::ObjectId;
use crate::meta::{BlobSet, ObjectMeta};
use crate::protocol::{Found, PayloadsOf, Wanted};

/// Bytes of blobs that go along with the objects that hold them, at most: to send them through the socket costs less than
/// another request.
pub(super) const INLINE_BYTES: usize = 32 << 10;

/// A registered connection with a way for payloads.
pub(super) trait Transport: Sized + Debug {
    /// Connects and registers.
    fn open(endpoint: &Endpoint) -> Result<Arc<Self>, ConnectError>;

    /// The connection, for requests without payloads.
    fn link(&self) -> &Arc<Link>;

    /// The blobs that the server has of `ids`, in one request.
    fn fetch(self: &Arc<Self>, ids: &[ObjectId]) -> Result<BlobSet, CallError>;

    /// Objects with the payloads below them, in order, in one request; `None` if that cannot be done.
    fn get_objects(
        self: &Arc<Self>,
        payloads_of: PayloadsOf,
        wanted: Vec<Wanted>,
    ) -> Result<Option<Vec<Found<ObjectMeta>>>, CallError>;

    /// Stores bytes as new blobs, in order; all or none. None of `blobs` is empty.
    fn upload(self: &Arc<Self>, blobs: &[Blob]) -> Result<Vec<Fresh>, CallError>;

    /// Whether blobs can go along with the objects that hold them, which saves a request: few bytes.
    fn takes_along(&self, blobs: &[Blob]) -> bool {
        let bytes = blobs.iter().map(Blob::nbytes).fold(0, usize::saturating_add);
        self.link().puts_objects() && bytes <= INLINE_BYTES
    }

    /// Seals what [`upload`](Self::upload) made; returns those that the first request that creates objects has to seal.
    fn seal_uploads(&self, ids: Vec<ObjectId>) -> Result<Vec<ObjectId>, CallError>;
}

/// What can be asked for of `ids`, once each: not the placeholder, whose payload is the whole arena with all that is
/// being written in it.
pub(super) fn askable(ids: &[ObjectId]) -> HashSet<ObjectId> {
    ids.iter().copied().filter(|id| *id != ObjectId::PLACEHOLDER_BLOB).collect()
}
