//! The blobs of a session: who made them, who views them, where they lie.
//!
//! ```text
//! BlobStore   ids, states (unsealed, sealed, hidden), leases, dependencies: one for each session
//!   Pool      arenas of each writer, allocations counted by windows, the limit: one for all sessions
//! ```
//!
//! Nothing here waits, touches a payload or knows a socket.

#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::expect_used)]
#![cfg_attr(
    test,
    allow(
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::expect_used,
        reason = "a panic is how a test fails"
    )
)]

pub mod arena;
mod blob;
mod charge;
mod cold;
mod create;
pub mod disk;
mod emptying;
pub mod labels;
mod lease;
mod moves;
mod pack;
pub mod pool;
mod slices;
pub mod states;
mod sweep;
#[cfg(test)]
mod tests;
mod usage;
mod uses;
mod views;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use vineyard_core::{ObjectId, ServerError, StatusCode};

use arena::ArenaFile;
use blob::Blob;
pub use blob::Placement;
use charge::Charges;
pub use cold::{Landing, Leaving};
pub use create::{Creation, NoRoom};
pub use lease::ConnectionId;
use lease::Leases;
use pool::span;
pub use pool::{MemoryReport, Reserved, SharedPool, Writer};
use slices::Shared;
pub use slices::Slice;
use states::States;
use uses::Uses;
use views::Views;

use crate::budget::Share;

/// Who asks: only native connections hold leases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// The connection.
    pub connection: ConnectionId,
    /// Whether it speaks the native protocol.
    pub native: bool,
    /// Whether it maps memory and does not say when it is done with it.
    pub views: bool,
    /// Its user, if it writes to memory itself; none if its bytes come through the connection.
    pub uid: Option<u32>,
}

impl Peer {
    /// Who writes the blobs that it makes.
    fn writer(self) -> Writer {
        match self.uid {
            Some(uid) => Writer::Client { connection: self.connection, uid },
            None => Writer::Server,
        }
    }
}

impl Peer {
    /// Leases, dependencies and views that a peer comes to have at most with each blob that it is given, or makes.
    pub fn num_holds(self) -> usize {
        1_usize.saturating_add(usize::from(self.views))
    }
}

/// What becomes of unsealed blobs in a list of blobs to get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsealed {
    /// One of them, and the whole list is refused.
    Refused,
    /// They are not there.
    LeftOut,
    /// They are like any other.
    Wanted,
}

/// All blobs of a session.
#[derive(Debug)]
pub struct BlobStore {
    pool: SharedPool,
    /// Bytes that may be allocated by all sessions together.
    limit: u64,
    /// Ordered, as are the other maps of what may be many: none is ever rearranged as a whole while all wait for it.
    blobs: BTreeMap<ObjectId, Blob>,
    /// Blobs that were deleted with all others and are still to be looked at one by one. Hidden from everybody.
    doomed: BTreeMap<ObjectId, Blob>,
    /// What goes with each connection: what it made and nobody sealed, and what it owns.
    owned: HashMap<ConnectionId, BTreeSet<ObjectId>>,
    leases: Leases,
    uses: Uses,
    views: Views,
    states: States,
    shared: Shared,
    charges: Charges,
}

fn unknown(id: ObjectId) -> ServerError {
    ServerError::new(StatusCode::ObjectNotExists, format!("there is no blob {id}"))
}

impl BlobStore {
    /// An empty store on memory that it shares with others. What it comes to know of blobs is taken from a budget.
    pub fn new(pool: SharedPool, share: Share) -> Self {
        let limit = pool.lock().limit();
        let (blobs, doomed, owned) = (BTreeMap::new(), BTreeMap::new(), HashMap::new());
        let (leases, uses, views, states, shared) = Default::default();
        Self { pool, limit, blobs, doomed, owned, leases, uses, views, states, shared, charges: Charges::new(share) }
    }

    /// Leases of all connections.
    pub fn num_leases(&self) -> u64 {
        self.leases.total()
    }

    /// What all connections hold: leases, dependencies, and views of those who do not give them back.
    pub fn num_holds(&self) -> u64 {
        self.leases.total().saturating_add(self.uses.pairs()).saturating_add(self.views.pairs())
    }

    /// Makes a blob immutable; once more is no error. A peer that is not native depends on it from now on, and may look
    /// at it until metadata reaches it.
    ///
    /// # Errors
    ///
    /// [`StatusCode::ObjectNotExists`], or [`StatusCode::NotEnoughMemory`] if the server may keep no more.
    pub fn seal(&mut self, peer: Peer, id: ObjectId) -> Result<(), ServerError> {
        if !peer.native {
            self.charge_holds(peer.num_holds())?;
        }
        let sealed = self.seal_alone(id);
        if !peer.native && sealed.is_ok() {
            self.depend(peer.connection, id);
            // Its maker looks at it already.
            if self.visible(id).is_some_and(|blob| blob.maker != Some(peer.connection)) {
                self.view(peer, id);
            }
        }
        self.settle_holds();
        sealed
    }

    /// The files that the kernel has to seal before some blobs, which the peer has made, can be sealed.
    pub fn files_to_seal(&self, peer: Peer, ids: &[ObjectId]) -> Vec<(ObjectId, Arc<ArenaFile>)> {
        let file = |id: &ObjectId| {
            let blob = self.visible(*id).filter(|blob| blob.creator == peer.connection)?;
            blob.file.clone().filter(|file| file.is_to_be_sealed()).map(|file| (*id, file))
        };
        ids.iter().filter_map(file).collect()
    }

    /// Makes a blob immutable without anybody depending on it.
    ///
    /// # Errors
    ///
    /// [`StatusCode::ObjectNotExists`], or [`StatusCode::Invalid`] if the kernel has to seal its file first.
    pub fn seal_alone(&mut self, id: ObjectId) -> Result<(), ServerError> {
        if is_well_known(id) {
            return Ok(());
        }
        let blob = self.blobs.get_mut(&id).filter(|blob| !blob.hidden).ok_or_else(|| unknown(id))?;
        if blob.file.as_ref().is_some_and(|file| file.is_to_be_sealed()) {
            let message = format!("blob {id} has a file of its own, which only the connection that made it can seal");
            return Err(ServerError::new(StatusCode::Invalid, message));
        }
        if !blob.sealed {
            self.states.track(blob, |blob| blob.sealed = true);
            if !blob.owned {
                let creator = blob.creator;
                self.own_no_more(creator, id);
            }
        }
        Ok(())
    }

    /// Lets blobs go with the connection that has just made them, sealed or not.
    pub fn own(&mut self, made: &[Placement]) {
        for placement in made {
            if let Some(blob) = self.blobs.get_mut(&placement.id) {
                blob.owned = true;
            }
        }
    }

    /// Lets a blob stay when the connection that made it ends, once it is sealed.
    pub fn disown(&mut self, id: ObjectId) {
        if let Some(blob) = self.blobs.get_mut(&id).filter(|blob| blob.owned) {
            blob.owned = false;
            if blob.sealed {
                let creator = blob.creator;
                self.own_no_more(creator, id);
            }
        }
    }

    /// Where the blobs that exist lie, in the order of `ids`. A native peer gets one lease for each, another one
    /// depends on them from now on. To be called with [room](Self::room_for) for that: the list may be a part of one that
    /// is to be had as a whole.
    ///
    /// # Errors
    ///
    /// [`StatusCode::ObjectNotSealed`] for all of them if one is not sealed and such are refused.
    pub fn get(&mut self, peer: Peer, ids: &[ObjectId], unsealed: Unsealed) -> Result<Vec<Placement>, ServerError> {
        let found = self.find(ids, unsealed)?;
        if peer.native {
            self.grant(peer, &found);
        } else {
            for placement in &found {
                self.depend(peer.connection, placement.id);
                self.view(peer, placement.id);
            }
            self.settle_holds();
        }
        Ok(found)
    }

    /// As [`get`](Self::get), with one lease for each whoever asks: for as long as their bytes are on the way. The
    /// placeholder, whose bytes are everybody's, is left out.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub fn get_to_send(
        &mut self,
        peer: Peer,
        ids: &[ObjectId],
        unsealed: Unsealed,
    ) -> Result<Vec<Placement>, ServerError> {
        let mut found = self.find(ids, unsealed)?;
        found.retain(|placement| placement.id != ObjectId::PLACEHOLDER_BLOB);
        self.grant(peer, &found);
        Ok(found)
    }

    /// Gives back one lease on each of some blobs.
    pub fn give_back(&mut self, peer: Peer, placements: &[Placement]) {
        for placement in placements {
            self.release_lease(peer.connection, placement.id);
        }
    }

    /// Gives a peer one lease on each of some blobs, native or not: whoever deletes them meanwhile, their memory is
    /// nobody else's.
    ///
    /// # Errors
    ///
    /// [`StatusCode::NotEnoughMemory`] if the server may keep no more.
    pub fn lease(&mut self, peer: Peer, placements: &[Placement]) -> Result<(), ServerError> {
        self.charge_holds(placements.len())?;
        self.grant(peer, placements);
        Ok(())
    }

    /// As [`lease`](Self::lease), with room for it.
    fn grant(&mut self, peer: Peer, placements: &[Placement]) {
        for placement in placements {
            if let Some(blob) = self.blobs.get_mut(&placement.id) {
                self.states.track(blob, |blob| blob.leases = blob.leases.saturating_add(1));
                self.leases.grant(peer.connection, placement.id, blob.taken);
            }
        }
        self.settle_holds();
    }

    /// Where blobs lie, for who only looks whether they can be had.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub fn find(&self, ids: &[ObjectId], unsealed: Unsealed) -> Result<Vec<Placement>, ServerError> {
        let mut found = Vec::new();
        for &id in ids {
            match id {
                ObjectId::EMPTY_BLOB => found.push(Placement::EMPTY),
                ObjectId::PLACEHOLDER_BLOB => found.push(self.placeholder()),
                _ => {
                    let Some(blob) = self.visible(id) else { continue };
                    match unsealed {
                        Unsealed::Refused if !blob.sealed => {
                            let message = format!("blob {id} is not sealed");
                            return Err(ServerError::new(StatusCode::ObjectNotSealed, message));
                        }
                        Unsealed::LeftOut if !blob.sealed => {}
                        _ => found.push(Placement::of(id, blob)),
                    }
                }
            }
        }
        Ok(found)
    }

    /// The blob that is always there and spans what may be allocated.
    fn placeholder(&self) -> Placement {
        let file = Some(Arc::clone(self.pool.lock().placeholder()));
        Placement { id: ObjectId::PLACEHOLDER_BLOB, file, offset: 0, length: self.limit, sealed: true, owned: true }
    }

    /// Whether an id stands for a blob, even if nobody sees it any more.
    fn knows(&self, id: ObjectId) -> bool {
        self.blobs.contains_key(&id) || self.doomed.contains_key(&id)
    }

    fn visible(&self, id: ObjectId) -> Option<&Blob> {
        self.blobs.get(&id).filter(|blob| !blob.hidden)
    }

    /// Whether a blob is there, sealed or not. The empty blob is not.
    pub fn contains(&self, id: ObjectId) -> bool {
        id == ObjectId::PLACEHOLDER_BLOB || self.visible(id).is_some()
    }

    /// The length of a blob that everybody may read.
    pub fn sealed_length(&self, id: ObjectId) -> Option<u64> {
        match id {
            ObjectId::EMPTY_BLOB => Some(0),
            ObjectId::PLACEHOLDER_BLOB => Some(self.limit),
            _ => self.visible(id).filter(|blob| blob.sealed).map(|blob| blob.length),
        }
    }

    /// The length of a blob that goes with `peer`.
    pub fn own_length(&self, peer: Peer, id: ObjectId) -> Option<u64> {
        let own = self.owned.get(&peer.connection).is_some_and(|owned| owned.contains(&id));
        self.visible(id).filter(|_| own).map(|blob| blob.length)
    }

    /// The blobs that everybody may read, with their lengths, in the order of their ids: of the next `most` blobs after
    /// an id, or of the first. Gives the last id that was looked at as well, as long as there may be more.
    pub fn sealed(&self, after: Option<ObjectId>, most: usize) -> (Vec<(ObjectId, u64)>, Option<ObjectId>) {
        let from = (after.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded);
        let (mut found, mut last) = (Vec::new(), None);
        for (id, blob) in self.blobs.range(from).take(most) {
            if blob.sealed && !blob.hidden {
                found.push((*id, blob.length));
            }
            last = Some(*id);
        }
        (found, last)
    }

    /// Deletes one blob, at the wish of a connection, which looks at it no more unless it has leases. Its memory is free
    /// when nobody else does either.
    ///
    /// # Errors
    ///
    /// [`StatusCode::ObjectNotExists`].
    pub fn remove(&mut self, id: ObjectId, by: ConnectionId) -> Result<(), ServerError> {
        self.view_no_more(by, id);
        let removed = is_well_known(id) || self.hide(id);
        self.settle_holds();
        if removed { Ok(()) } else { Err(unknown(id)) }
    }

    /// As [`remove`](Self::remove), for who wants the pages back: the ranges that are free now, to be given to
    /// [`SharedPool::trim`]. What is not there counts as deleted.
    pub fn remove_to_trim(&mut self, ids: &[ObjectId], by: ConnectionId) -> Vec<Reserved> {
        let mut freed = Vec::new();
        for &id in ids {
            self.view_no_more(by, id);
            if self.hide_only(id) {
                let blob = self.take_unviewed(id);
                let allocation = blob.and_then(|blob| blob.allocation);
                freed.extend(allocation.and_then(|allocation| self.pool.lock().reserve_window(allocation)));
            }
        }
        self.settle_holds();
        freed
    }

    /// How many blobs there are, those that are hidden among them.
    pub fn len(&self) -> usize {
        self.blobs.len().saturating_add(self.doomed.len())
    }

    /// Makes an unsealed blob shorter. The difference is free at once unless the blob shares its allocation.
    ///
    /// # Errors
    ///
    /// [`StatusCode::ObjectNotExists`], [`StatusCode::ObjectSealed`], or [`StatusCode::Invalid`] if it would grow.
    pub fn shrink(&mut self, peer: Peer, id: ObjectId, size: u64) -> Result<(), ServerError> {
        let (length, sealed) = match id {
            ObjectId::EMPTY_BLOB => (0, false),
            ObjectId::PLACEHOLDER_BLOB => (self.limit, true),
            _ => self.visible(id).map(|blob| (blob.length, blob.sealed)).ok_or_else(|| unknown(id))?,
        };
        if sealed {
            return Err(ServerError::new(StatusCode::ObjectSealed, format!("blob {id} is sealed")));
        }
        if size > length {
            let message = format!("blob {id} has {length} bytes and cannot be shrunk to {size}");
            return Err(ServerError::new(StatusCode::Invalid, message));
        }
        if let Some(blob) = self.blobs.get_mut(&id) {
            blob.length = size;
            // Others may hold a lease on an unsealed blob too; its memory stays whole for them.
            let alone = blob.leases == self.leases.count(peer.connection, id)
                && blob.viewers.iter().all(|viewer| viewer == peer.connection);
            if let Some(allocation) = blob.allocation.filter(|_| alone)
                && self.pool.lock().shrink(allocation, blob.offset, size)
            {
                self.states.track(blob, |blob| blob.taken = span(size).unwrap_or(size));
                self.leases.resize(peer.connection, id, blob.taken);
            }
        }
        Ok(())
    }

    /// Gives one lease back; false if the connection has none on this blob.
    pub fn release_lease(&mut self, connection: ConnectionId, id: ObjectId) -> bool {
        let held = self.leases.release(connection, id);
        if held {
            self.unlease(id, 1);
            self.settle_holds();
        }
        held
    }

    /// Deletes a blob; false if it is not there.
    fn hide(&mut self, id: ObjectId) -> bool {
        let hidden = self.hide_only(id);
        if hidden {
            self.free(id);
        }
        hidden
    }

    /// Hides a blob from everybody; false if it is not there.
    fn hide_only(&mut self, id: ObjectId) -> bool {
        let Some(blob) = self.blobs.get_mut(&id).filter(|blob| !blob.hidden) else {
            return false;
        };
        self.states.track(blob, |blob| blob.hidden = true);
        let users = std::mem::take(&mut blob.users);
        let (creator, goes) = (blob.creator, blob.owned || !blob.sealed);
        if goes {
            self.own_no_more(creator, id);
        }
        for user in users.iter() {
            // All users have it among what they depend on.
            let _ = self.uses.end(user, id);
        }
        true
    }

    fn own_no_more(&mut self, creator: ConnectionId, id: ObjectId) {
        if let Some(owned) = self.owned.get_mut(&creator) {
            owned.remove(&id);
        }
    }

    fn unlease(&mut self, id: ObjectId, count: u64) {
        if let Some(blob) = self.blobs.get_mut(&id) {
            self.states.track(blob, |blob| blob.leases = blob.leases.saturating_sub(count));
            if blob.hidden {
                self.free(id);
            }
        } else if let Some(blob) = self.doomed.get_mut(&id) {
            self.states.track(blob, |blob| blob.leases = blob.leases.saturating_sub(count));
        }
    }

    /// Gives the memory of a hidden blob back unless somebody views it.
    fn free(&mut self, id: ObjectId) {
        if let Some(allocation) = self.take_unviewed(id).and_then(|blob| blob.allocation) {
            self.pool.lock().release_window(allocation);
        }
    }

    /// Takes a hidden blob out that nobody may look at; lets it linger if only those do who never say that they are done,
    /// and its memory could be used again all the same.
    fn take_unviewed(&mut self, id: ObjectId) -> Option<Blob> {
        let blob = self.blobs.get(&id)?;
        if blob.is_viewed() {
            if blob.leases == 0 && !blob.is_kept_by_mappings() {
                self.linger(id);
            }
            return None;
        }
        let blob = self.blobs.remove(&id)?;
        self.linger_no_more(&blob);
        self.states.leave(&blob);
        self.leave_place(id, blob.place(), blob.taken);
        self.discharge_blob();
        Some(blob)
    }

    /// Adds a blob.
    fn keep(&mut self, id: ObjectId, mut blob: Blob) {
        blob.id = id;
        self.states.enter(&mut blob);
        self.blobs.insert(id, blob);
    }
}

/// Whether a blob stands for itself and has no record.
fn is_well_known(id: ObjectId) -> bool {
    id == ObjectId::EMPTY_BLOB || id == ObjectId::PLACEHOLDER_BLOB
}
