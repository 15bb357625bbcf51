//! Slices: blobs that are parts of others, on the same memory.
//!
//! A slice is a window of its own on the allocation, or a holder of the file, of the blob it was made of, so the memory
//! stays, and counts against the limit as a whole, until the last of them is gone. In the counts by state each byte counts
//! once: at the blob that was there first, and when that goes at one of the slices, which inherits it.

use std::collections::{BTreeMap, BTreeSet};

use vineyard_core::{ObjectId, ServerError, StatusCode};

use super::blob::Place;
use super::{Blob, BlobStore, Peer, Placement, unknown};
use crate::ids::IdGenerator;

/// A part of a blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slice {
    /// The blob.
    pub id: ObjectId,
    /// Where the part starts in it, in bytes.
    pub offset: u64,
    /// How many bytes it has.
    pub length: u64,
}

/// Which blobs lie at the same place, because some are slices of others.
#[derive(Debug, Default)]
pub(super) struct Shared {
    by_place: BTreeMap<Place, BTreeSet<ObjectId>>,
}

impl Shared {
    /// Whether a blob at this place has others beside it.
    pub(super) fn is_shared(&self, place: Place) -> bool {
        self.by_place.contains_key(&place)
    }

    /// Whether a blob lies at this place, beside others or as what is left of them.
    pub(super) fn has(&self, place: Place, blob: ObjectId) -> bool {
        self.by_place.get(&place).is_some_and(|blobs| blobs.contains(&blob))
    }

    /// The blobs at a place. O(blobs there).
    pub(super) fn at(&self, place: Place) -> Vec<ObjectId> {
        self.by_place.get(&place).into_iter().flatten().copied().collect()
    }

    /// Blobs lie at another place from now on, those with whom they share it among them; whether there are such.
    pub(super) fn moved(&mut self, from: Place, to: Place, blobs: &[ObjectId]) -> bool {
        let shared = self.by_place.get(&from).is_some_and(|shared| blobs.iter().any(|id| shared.contains(id)));
        if shared && let Some(shared) = self.by_place.remove(&from) {
            self.by_place.insert(to, shared);
        }
        shared
    }

    fn join(&mut self, place: Place, blobs: [ObjectId; 2]) {
        self.by_place.entry(place).or_default().extend(blobs);
    }

    /// A blob is there no more; one that still is.
    fn leave(&mut self, place: Place, blob: ObjectId) -> Option<ObjectId> {
        let blobs = self.by_place.get_mut(&place)?;
        let heir = if blobs.remove(&blob) { blobs.first().copied() } else { None };
        if blobs.is_empty() {
            self.by_place.remove(&place);
        }
        heir
    }
}

impl BlobStore {
    /// Makes sealed blobs of parts of others, without a copy. They go with the connection until metadata reaches them.
    /// What was made is added to `made`, and to be [taken back](Self::take_back) if one cannot be. A part of no bytes is
    /// the empty blob.
    ///
    /// Parts of a deleted blob can be had by who still has a lease on it.
    ///
    /// # Errors
    ///
    /// - [`StatusCode::ObjectNotExists`]: a blob that is not there, or stands for itself.
    /// - [`StatusCode::ObjectNotSealed`], [`StatusCode::ObjectSpilled`]: one whose bytes are not there.
    /// - [`StatusCode::UserInputError`]: a part that does not lie inside of its blob.
    /// - [`StatusCode::NotEnoughMemory`]: the server may keep no more.
    pub fn slice(
        &mut self,
        peer: Peer,
        parts: &[Slice],
        ids: &IdGenerator,
        made: &mut Vec<Placement>,
    ) -> Result<(), ServerError> {
        for part in parts {
            made.push(self.slice_one(peer, *part, ids)?);
        }
        Ok(())
    }

    fn slice_one(&mut self, peer: Peer, part: Slice, ids: &IdGenerator) -> Result<Placement, ServerError> {
        let Slice { id, offset, length } = part;
        let is_held = |blob: &&Blob| !blob.hidden || self.leases.count(peer.connection, id) > 0;
        let whole = self.blobs.get(&id).filter(is_held).ok_or_else(|| unknown(id))?;
        let refused = |code, why: &str| Err(ServerError::new(code, format!("blob {id} {why}")));
        if !whole.sealed {
            return refused(StatusCode::ObjectNotSealed, "is not sealed");
        }
        if offset.checked_add(length).is_none_or(|end| end > whole.length) {
            let why = format!("has {} bytes, no {length} from {offset} on", whole.length);
            return refused(StatusCode::UserInputError, &why);
        }
        if length == 0 {
            return Ok(Placement::EMPTY);
        }
        let (Some(file), Some(place)) = (whole.file.clone(), whole.place()) else {
            return refused(StatusCode::ObjectSpilled, "is on disk");
        };
        let mut slice = Blob::new(file, whole.allocation, whole.offset.saturating_add(offset), length, peer.connection);
        (slice.sealed, slice.owned, slice.taken) = (true, true, 0);
        self.charge_blob()?;
        if slice.allocation.is_some_and(|allocation| !self.pool.lock().add_window(allocation)) {
            self.discharge_blob();
            return refused(StatusCode::NotEnoughMemory, "has more slices than can be counted");
        }
        let new = self.fresh_id(ids);
        let placement = Placement::of(new, &slice);
        self.owned.entry(peer.connection).or_default().insert(new);
        self.keep(new, slice);
        self.shared.join(place, [id, new]);
        Ok(placement)
    }

    /// A blob has left its place. What it counted for counts for another one there.
    pub(super) fn leave_place(&mut self, id: ObjectId, place: Option<Place>, taken: u64) {
        let Some(heir) = place.and_then(|place| self.shared.leave(place, id)).filter(|_| taken > 0) else { return };
        let blob = self.blobs.get_mut(&heir).or_else(|| self.doomed.get_mut(&heir));
        let Some(blob) = blob else { return };
        self.states.track(blob, |blob| blob.taken = blob.taken.saturating_add(taken));
        if blob.leases > 0 {
            self.leases.resize_for_all(heir, blob.taken);
        }
    }

    /// Whether all blobs at a place may leave it for disk, so that it would be free. O(blobs there).
    pub(super) fn may_all_leave(&self, place: Place) -> bool {
        let blobs = self.shared.by_place.get(&place).into_iter().flatten();
        blobs.filter_map(|id| self.blobs.get(id)).all(Blob::may_leave)
    }
}
