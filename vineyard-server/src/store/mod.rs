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
mod create;
pub mod disk;
mod emptying;
pub mod labels;
mod lease;
mod moves;
mod pack;
mod pool;
#[cfg(test)]
mod tests;
mod usage;
mod uses;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use vineyard_core::{ObjectId, ServerError, StatusCode};

use blob::Blob;
pub use blob::Placement;
pub use lease::ConnectionId;
use lease::Leases;
pub use pool::{MemoryReport, Reserved, SharedPool, Writer};
use uses::Uses;

/// Who asks: only native connections hold leases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// The connection.
    pub connection: ConnectionId,
    /// Whether it speaks the native protocol.
    pub native: bool,
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

/// All blobs of a session.
#[derive(Debug)]
pub struct BlobStore {
    pool: SharedPool,
    /// Bytes that may be allocated by all sessions together.
    limit: u64,
    blobs: HashMap<ObjectId, Blob>,
    /// What goes with each connection: what it made and nobody sealed, and what it owns.
    owned: HashMap<ConnectionId, HashSet<ObjectId>>,
    leases: Leases,
    uses: Uses,
}

fn unknown(id: ObjectId) -> ServerError {
    ServerError::new(StatusCode::ObjectNotExists, format!("there is no blob {id}"))
}

impl BlobStore {
    /// An empty store on memory that it shares with others.
    pub fn new(pool: SharedPool) -> Self {
        let limit = pool.lock().limit();
        let (blobs, owned) = (HashMap::new(), HashMap::new());
        Self { pool, limit, blobs, owned, leases: Leases::default(), uses: Uses::default() }
    }

    /// Leases of all connections.
    pub fn num_leases(&self) -> u64 {
        self.leases.total()
    }

    /// Makes a blob immutable; once more is no error. A peer that is not native depends on it from now on.
    ///
    /// # Errors
    ///
    /// [`StatusCode::ObjectNotExists`].
    pub fn seal(&mut self, peer: Peer, id: ObjectId) -> Result<(), ServerError> {
        self.seal_alone(id)?;
        if !peer.native {
            self.depend(peer.connection, id);
        }
        Ok(())
    }

    /// Makes a blob immutable without anybody depending on it.
    ///
    /// # Errors
    ///
    /// As [`seal`](Self::seal).
    pub fn seal_alone(&mut self, id: ObjectId) -> Result<(), ServerError> {
        if is_well_known(id) {
            return Ok(());
        }
        let blob = self.blobs.get_mut(&id).filter(|blob| !blob.hidden).ok_or_else(|| unknown(id))?;
        if !blob.sealed {
            blob.sealed = true;
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
    /// depends on them from now on.
    ///
    /// # Errors
    ///
    /// [`StatusCode::ObjectNotSealed`] for the whole request if one is not sealed and `unsealed` are not wanted.
    pub fn get(&mut self, peer: Peer, ids: &[ObjectId], unsealed: bool) -> Result<Vec<Placement>, ServerError> {
        let found = self.find(ids, unsealed)?;
        if peer.native {
            self.lease(peer, &found);
        } else {
            found.iter().for_each(|placement| self.depend(peer.connection, placement.id));
        }
        Ok(found)
    }

    /// As [`get`](Self::get), with one lease for each whoever asks: for as long as their bytes are on the way. The
    /// placeholder, whose bytes are everybody's, is left out.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get), with the code [`StatusCode::KeyError`].
    pub fn get_to_send(&mut self, peer: Peer, ids: &[ObjectId], unsealed: bool) -> Result<Vec<Placement>, ServerError> {
        let refused = |error: ServerError| ServerError::new(StatusCode::KeyError, error.message);
        let mut found = self.find(ids, unsealed).map_err(refused)?;
        found.retain(|placement| placement.id != ObjectId::PLACEHOLDER_BLOB);
        self.lease(peer, &found);
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
    pub fn lease(&mut self, peer: Peer, placements: &[Placement]) {
        for placement in placements {
            if let Some(blob) = self.blobs.get_mut(&placement.id) {
                blob.leases = blob.leases.saturating_add(1);
                self.leases.grant(peer.connection, placement.id);
            }
        }
    }

    fn find(&self, ids: &[ObjectId], unsealed: bool) -> Result<Vec<Placement>, ServerError> {
        let mut found = Vec::new();
        for &id in ids {
            match id {
                ObjectId::EMPTY_BLOB => found.push(Placement::EMPTY),
                ObjectId::PLACEHOLDER_BLOB => found.push(self.placeholder()),
                _ => {
                    let Some(blob) = self.visible(id) else { continue };
                    if !blob.sealed && !unsealed {
                        let message = format!("blob {id} is not sealed");
                        return Err(ServerError::new(StatusCode::ObjectNotSealed, message));
                    }
                    found.push(Placement::of(id, blob));
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

    /// All blobs that everybody may read, with their lengths, in no particular order.
    pub fn sealed(&self) -> impl Iterator<Item = (ObjectId, u64)> + '_ {
        self.blobs.iter().filter(|(_, blob)| blob.sealed && !blob.hidden).map(|(id, blob)| (*id, blob.length))
    }

    /// Deletes one blob. Its memory is free when the last lease on it ends, at once if there is none.
    ///
    /// # Errors
    ///
    /// [`StatusCode::ObjectNotExists`].
    pub fn remove(&mut self, id: ObjectId) -> Result<(), ServerError> {
        if is_well_known(id) || self.hide(id) { Ok(()) } else { Err(unknown(id)) }
    }

    /// Deletes blobs, for who wants their pages back: the ranges that are free now, to be given to
    /// [`SharedPool::trim`]. What is not there counts as deleted.
    pub fn remove_to_trim(&mut self, ids: &[ObjectId]) -> Vec<Reserved> {
        let mut freed = Vec::new();
        for &id in ids {
            if self.hide_only(id) {
                let blob = self.take_unleased(id);
                let allocation = blob.and_then(|blob| blob.allocation);
                freed.extend(allocation.and_then(|allocation| self.pool.lock().reserve_window(allocation)));
            }
        }
        freed
    }

    /// Every blob that is there, for who deletes all.
    pub fn all(&self) -> Vec<ObjectId> {
        self.blobs.iter().filter(|(_, blob)| !blob.hidden).map(|(id, _)| *id).collect()
    }

    /// Gives everything back, whoever views it: nobody is left.
    pub fn close(&mut self) {
        for (_, blob) in self.blobs.drain() {
            if let Some(allocation) = blob.allocation {
                self.pool.lock().release_window(allocation);
            }
        }
        (self.leases, self.uses, self.owned) = (Leases::default(), Uses::default(), HashMap::new());
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
            let alone = blob.leases == self.leases.count(peer.connection, id);
            if let Some(allocation) = blob.allocation.filter(|_| alone) {
                self.pool.lock().shrink(allocation, blob.offset, size);
            }
        }
        Ok(())
    }

    /// Gives one lease back; false if the connection has none on this blob.
    pub fn release_lease(&mut self, connection: ConnectionId, id: ObjectId) -> bool {
        let held = self.leases.release(connection, id);
        if held {
            self.unlease(id, 1);
        }
        held
    }

    /// Ends a connection: what goes with it is deleted, its leases and dependencies are given back.
    /// Returns the blobs that went, and those that nobody depends on any more.
    pub fn disconnect(&mut self, connection: ConnectionId) -> Vec<ObjectId> {
        let mut unused: Vec<ObjectId> = self.owned.remove(&connection).unwrap_or_default().into_iter().collect();
        for id in &unused {
            self.hide(*id);
        }
        for (id, count) in self.leases.release_all(connection) {
            self.unlease(id, count);
        }
        unused.extend(self.depend_no_more(connection));
        unused
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
        blob.hidden = true;
        let users = std::mem::take(&mut blob.users);
        let (creator, goes) = (blob.creator, blob.owned || !blob.sealed);
        if goes {
            self.own_no_more(creator, id);
        }
        if users > 0 {
            self.uses.forget(id, users, creator);
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
            blob.leases = blob.leases.saturating_sub(count);
            if blob.hidden {
                self.free(id);
            }
        }
    }

    /// Gives the memory of a hidden blob back unless somebody views it.
    fn free(&mut self, id: ObjectId) {
        if let Some(allocation) = self.take_unleased(id).and_then(|blob| blob.allocation) {
            self.pool.lock().release_window(allocation);
        }
    }

    fn take_unleased(&mut self, id: ObjectId) -> Option<Blob> {
        self.blobs.get(&id).filter(|blob| blob.leases == 0)?;
        self.blobs.remove(&id)
    }
}

/// Whether a blob stands for itself and has no record.
fn is_well_known(id: ObjectId) -> bool {
    id == ObjectId::EMPTY_BLOB || id == ObjectId::PLACEHOLDER_BLOB
}
