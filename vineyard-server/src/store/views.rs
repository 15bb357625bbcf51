//! What connections of the published client may still look at: leases that they do not give back.
//!
//! Such a client never says when it is done with a blob. So what it got is leased to it until its connection ends, and
//! what it made until metadata reaches the blob, which is when it stops writing. A blob that is deleted meanwhile is
//! hidden and lingers, for as long as there is room. Only when there is none, memory is taken from under such clients,
//! from what has lingered longest.

use std::collections::BTreeMap;

use vineyard_core::ObjectId;

use super::blob::Blob;
use super::lease::ConnectionId;
use super::uses::Uses;
use super::{BlobStore, Peer};

/// Who looks at what without leases, and what lingers for that.
#[derive(Debug, Default)]
pub(super) struct Views {
    /// What each connection got.
    got: Uses,
    /// What each connection made.
    made: Uses,
    lingering: Lingering,
}

/// Blobs that are hidden and viewed by such connections only, in the order in which they came to be so.
#[derive(Debug, Default)]
struct Lingering {
    queue: BTreeMap<u64, ObjectId>,
    next: u64,
    bytes: u64,
}

impl Views {
    /// How many blobs the end of a connection would touch.
    pub fn num_viewed(&self, connection: ConnectionId) -> usize {
        self.got.num_used(connection).saturating_add(self.made.num_used(connection))
    }

    /// Views of all connections.
    pub fn pairs(&self) -> u64 {
        self.got.pairs().saturating_add(self.made.pairs())
    }
}

impl BlobStore {
    /// Bytes of hidden blobs that only connections of the published client may look at.
    pub fn lingering_bytes(&self) -> u64 {
        self.views.lingering.bytes
    }

    /// The peer was given a blob.
    pub(super) fn view(&mut self, peer: Peer, id: ObjectId) {
        if peer.views
            && let Some(blob) = self.blobs.get_mut(&id)
            && self.views.got.add(peer.connection, id)
        {
            self.states.track(blob, |blob| blob.viewers.add(peer.connection));
        }
    }

    /// The peer makes a blob.
    pub(super) fn view_made(&mut self, peer: Peer, id: ObjectId) {
        if peer.views
            && let Some(blob) = self.blobs.get_mut(&id)
            && self.views.made.add(peer.connection, id)
        {
            self.states.track(blob, |blob| blob.maker = Some(peer.connection));
        }
    }

    /// Metadata has reached a blob: who made it is done with it, and it stays when they go.
    pub fn reached(&mut self, id: ObjectId) {
        self.disown(id);
        let blob = self.blobs.get_mut(&id).filter(|blob| blob.sealed && !blob.hidden);
        if let Some(maker) = blob.and_then(|blob| self.states.track(blob, |blob| blob.maker.take())) {
            // It is among what they made.
            let _ = self.views.made.end(maker, id);
            self.settle_holds();
        }
    }

    /// The connection does not look at a blob any more. Its memory is given back if that was what kept it.
    pub(super) fn view_no_more(&mut self, connection: ConnectionId, id: ObjectId) {
        let got = self.views.got.end(connection, id).is_ok();
        let made = self.views.made.end(connection, id).is_ok();
        if got || made {
            self.lose_viewer(connection, id);
        }
    }

    /// Ends at most so many views of a connection that is gone; how many there were.
    pub(super) fn end_some_views(&mut self, connection: ConnectionId, most: usize) -> usize {
        let mut ended = self.views.got.end_some(connection, most);
        ended.extend(self.views.made.end_some(connection, most.saturating_sub(ended.len())));
        for id in &ended {
            self.lose_viewer(connection, *id);
        }
        ended.len()
    }

    fn lose_viewer(&mut self, connection: ConnectionId, id: ObjectId) {
        let Some(blob) = self.blobs.get_mut(&id).or_else(|| self.doomed.get_mut(&id)) else { return };
        self.states.track(blob, |blob| {
            blob.viewers.remove(connection);
            blob.maker.take_if(|maker| *maker == connection);
        });
        if blob.hidden {
            self.free(id);
        }
    }

    /// Lets a hidden blob linger that only connections of the published client may look at.
    pub(super) fn linger(&mut self, id: ObjectId) {
        let Some(blob) = self.blobs.get_mut(&id).filter(|blob| blob.lingers.is_none()) else { return };
        let Lingering { queue, next, bytes } = &mut self.views.lingering;
        blob.lingers = Some(*next);
        queue.insert(*next, id);
        *next = next.wrapping_add(1);
        *bytes = bytes.saturating_add(blob.length);
    }

    /// A blob is gone.
    pub(super) fn linger_no_more(&mut self, blob: &Blob) {
        if let Some(place) = blob.lingers {
            let Lingering { queue, bytes, .. } = &mut self.views.lingering;
            queue.remove(&place);
            *bytes = bytes.saturating_sub(blob.length);
        }
    }

    /// Takes memory from under connections of the published client, of hidden blobs that linger, the oldest first, until
    /// there are `wanted` bytes or nothing is left. The blobs that went, with their lengths.
    pub fn reclaim(&mut self, wanted: u64) -> Vec<(ObjectId, u64)> {
        let (mut gone, mut bytes) = (Vec::new(), 0u64);
        while bytes < wanted {
            let Some(id) = self.views.lingering.queue.first_entry().map(|first| *first.get()) else { break };
            let Some(blob) = self.blobs.get_mut(&id) else { break };
            let (viewers, maker, length) = (std::mem::take(&mut blob.viewers), blob.maker.take(), blob.length);
            for viewer in viewers.iter() {
                // All viewers have it among what they got.
                let _ = self.views.got.end(viewer, id);
            }
            if let Some(maker) = maker {
                let _ = self.views.made.end(maker, id);
            }
            self.free(id);
            bytes = bytes.saturating_add(length);
            gone.push((id, length));
        }
        self.settle_holds();
        gone
    }
}
