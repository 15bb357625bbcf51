//! What the store knows of one blob.

use std::sync::Arc;

use vineyard_core::ObjectId;

use super::arena::ArenaFile;
use super::lease::ConnectionId;
use super::pool::AllocationId;
use super::pool::span;
use super::uses::Users;
use crate::spill::SpilledBlob;

/// A blob: a window on an allocation, or a file.
#[derive(Debug)]
pub(super) struct Blob {
    /// Its id, once it has one.
    pub(super) id: ObjectId,
    /// Where its bytes are; none if they are on disk.
    pub(super) file: Option<Arc<ArenaFile>>,
    /// What is given back with it; none for a file of its own, which counts for as long as it is open.
    pub(super) allocation: Option<AllocationId>,
    /// Where it starts in the file.
    pub(super) offset: u64,
    pub(super) length: u64,
    /// Bytes that it counts for: its window of an arena with what alignment adds, as long as the range is that long, or
    /// a file of its own in memory. A slice counts for nothing before it inherits.
    pub(super) taken: u64,
    pub(super) creator: ConnectionId,
    /// Leases of all connections.
    pub(super) leases: u64,
    /// Connections that depend on it.
    pub(super) users: Users,
    /// Connections of the published client that were given it.
    pub(super) viewers: Users,
    /// The one that made it, until metadata reaches it.
    pub(super) maker: Option<ConnectionId>,
    /// Its place among the hidden blobs that only these may look at.
    pub(super) lingers: Option<u64>,
    /// Its file on disk, if it is there instead.
    pub(super) spilled: Option<Arc<SpilledBlob>>,
    /// It is to stay in memory.
    pub(super) pinned: bool,
    /// Its place among those that nobody views.
    pub(super) cooled: u64,
    pub(super) sealed: bool,
    /// It goes with its creator, sealed or not.
    pub(super) owned: bool,
    /// Deleted, but somebody still views it.
    pub(super) hidden: bool,
    /// Another session has taken it over; both keep it.
    pub(super) moved: Moved,
}

/// Where bytes lie, whichever part of them a blob shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// A range of an arena.
    Range(AllocationId),
    /// A file of its own, by its number.
    File(u64),
}

/// Whether a blob is one side of a move between sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moved {
    No,
    /// Another session took it.
    Away,
    /// It came from another session.
    Here,
}

impl Blob {
    /// An unsealed blob.
    pub(super) fn new(
        file: Arc<ArenaFile>,
        allocation: Option<AllocationId>,
        offset: u64,
        length: u64,
        creator: ConnectionId,
    ) -> Self {
        let taken = if allocation.is_some() { span(length).unwrap_or(length) } else { file.counted() };
        Self {
            id: ObjectId::INVALID,
            file: Some(file),
            allocation,
            offset,
            length,
            taken,
            creator,
            leases: 0,
            users: Users::Nobody,
            viewers: Users::Nobody,
            maker: None,
            lingers: None,
            spilled: None,
            pinned: false,
            cooled: 0,
            sealed: false,
            owned: false,
            hidden: false,
            moved: Moved::No,
        }
    }

    /// Where its bytes are; none if they are on disk.
    pub(super) fn place(&self) -> Option<Place> {
        match self.allocation {
            Some(allocation) => Some(Place::Range(allocation)),
            None => self.file.as_ref().map(|file| Place::File(file.number())),
        }
    }

    /// Whether somebody may look at it: nobody else may be given its memory.
    pub(super) fn is_viewed(&self) -> bool {
        self.leases > 0 || self.viewers.count() > 0 || self.maker.is_some()
    }

    /// Whether its pages stay as long as anybody has them mapped, whatever the server does.
    pub(super) fn is_kept_by_mappings(&self) -> bool {
        self.file.as_ref().is_some_and(|file| file.is_sealable())
    }

    /// Whether its memory is another session's as well.
    pub(super) fn has_moved(&self) -> bool {
        self.moved != Moved::No
    }

    /// Whether it must stay where it is, as the protocol has it.
    pub(super) fn is_in_use(&self) -> bool {
        !self.sealed || self.users.count() > 0 || self.leases > 0 || self.moved != Moved::No
    }
}

/// Where a client finds a blob.
#[derive(Debug, Clone)]
pub struct Placement {
    /// The blob.
    pub id: ObjectId,
    /// The arena; none for what has no bytes.
    pub file: Option<Arc<ArenaFile>>,
    /// Where it starts in the arena.
    pub offset: u64,
    /// Bytes.
    pub length: u64,
    /// Whether it is immutable.
    pub sealed: bool,
    /// Whether it was not taken over by another session.
    pub owned: bool,
}

impl Placement {
    /// The blob that stands for all blobs of no bytes.
    pub const EMPTY: Self =
        Self { id: ObjectId::EMPTY_BLOB, file: None, offset: 0, length: 0, sealed: false, owned: true };

    pub(super) fn of(id: ObjectId, blob: &Blob) -> Self {
        let file = blob.file.clone().filter(|_| blob.length > 0);
        let owned = blob.moved != Moved::Away;
        Self { id, file, offset: blob.offset, length: blob.length, sealed: blob.sealed, owned }
    }
}
