//! What the store knows of one blob.

use vineyard_core::ObjectId;

use super::lease::ConnectionId;
use super::pool::AllocationId;

/// A blob: a window on an allocation.
#[derive(Debug)]
pub(super) struct Blob {
    pub(super) allocation: AllocationId,
    pub(super) arena: usize,
    /// Where it starts in the arena.
    pub(super) offset: u64,
    pub(super) length: u64,
    pub(super) creator: ConnectionId,
    pub(super) sealed: bool,
    /// Deleted, but somebody still views it.
    pub(super) hidden: bool,
    /// Leases of all connections.
    pub(super) leases: u64,
}

/// Where a client finds a blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// The blob.
    pub id: ObjectId,
    /// The arena; none for what has no bytes.
    pub arena: Option<usize>,
    /// Where it starts in the arena.
    pub offset: u64,
    /// Bytes.
    pub length: u64,
    /// Whether it is immutable.
    pub sealed: bool,
}

impl Placement {
    /// The blob that stands for all blobs of no bytes.
    pub const EMPTY: Self = Self { id: ObjectId::EMPTY_BLOB, arena: None, offset: 0, length: 0, sealed: false };

    pub(super) fn of(id: ObjectId, blob: &Blob) -> Self {
        let arena = (blob.length > 0).then_some(blob.arena);
        Self { id, arena, offset: blob.offset, length: blob.length, sealed: blob.sealed }
    }
}
