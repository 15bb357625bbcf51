//! Blobs move out of arenas whose writer is gone and in which little is left, so that those can be used again.
//!
//! The lock of the store is held to begin and to finish, not while bytes are copied: a lease of the server's own keeps
//! the memory meanwhile. Who looked at the blob in between knows its place, so it stays where it is then.

use std::collections::BTreeSet;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use vineyard_core::ObjectId;

use super::arena::{Access, ArenaFile};
use super::blob::{Moved, Place};
use super::pool::{AllocationId, span};
use super::uses::Users;
use super::{Blob, BlobStore};

/// Bytes that are copied in one step.
const STEP_BYTES: usize = 256 << 10;

/// Blobs on their way, which share their bytes if they are several.
#[derive(Debug)]
#[must_use = "its lease and its new place are given back by `finish_moves` only"]
pub struct Move {
    /// Those that lie there: one, or a blob and its slices.
    blobs: Vec<ObjectId>,
    /// Bytes from the start of the first to the end of the last.
    length: u64,
    from: (AllocationId, Arc<ArenaFile>, u64),
    to: (AllocationId, Arc<ArenaFile>, u64),
    copied: bool,
}

impl Move {
    /// Copies the bytes. Takes time with their number.
    pub fn copy(&mut self, buffer: &mut Vec<u8>) {
        match self.try_copy(buffer) {
            Ok(()) => self.copied = true,
            Err(error) => tracing::warn!(%error, blobs = ?self.blobs, "blobs cannot be moved"),
        }
    }

    fn try_copy(&self, buffer: &mut Vec<u8>) -> io::Result<()> {
        let (source, target) = (self.from.1.file(Access::Read), self.to.1.file(Access::Write));
        let mut done = 0;
        while done < self.length {
            let rest = self.length.saturating_sub(done);
            let step = usize::try_from(rest).unwrap_or(STEP_BYTES).min(STEP_BYTES);
            buffer.resize(step, 0);
            source.read_exact_at(buffer, self.from.2.saturating_add(done))?;
            target.write_all_at(buffer, self.to.2.saturating_add(done))?;
            done = done.saturating_add(u64::try_from(step).unwrap_or(rest));
        }
        Ok(())
    }
}

/// Whether a blob may lie elsewhere without anybody noticing, with so many leases of our own on it.
fn is_movable(blob: &Blob, from: AllocationId, leases: u64) -> bool {
    let unseen = blob.leases == leases && matches!(blob.viewers, Users::Nobody) && blob.maker.is_none();
    let quiet = unseen && blob.users.count() == 0 && blob.moved == Moved::No;
    blob.sealed && !blob.hidden && quiet && blob.allocation == Some(from)
}

impl BlobStore {
    /// Begins to move those of some blobs that are here, sealed and used by nobody, and for which there is room. Those
    /// that share their bytes move together.
    pub fn begin_moves(&mut self, candidates: &[(AllocationId, ObjectId)]) -> Vec<Move> {
        let mut moves = Vec::new();
        let mut seen = BTreeSet::new();
        for &(from, id) in candidates {
            let place = Place::Range(from);
            // What was allocated for may be gone, and slices of it left.
            let shares = self.shared.is_shared(place) && (self.shared.has(place, id) || !self.blobs.contains_key(&id));
            if !shares {
                moves.extend(self.begin_move(from, vec![id]));
            } else if seen.insert(from) {
                moves.extend(self.begin_move(from, self.shared.at(place)));
            }
        }
        moves
    }

    fn begin_move(&mut self, from: AllocationId, blobs: Vec<ObjectId>) -> Option<Move> {
        if !self.may_move(&blobs, from, 0) {
            return None;
        }
        let lie = || blobs.iter().filter_map(|id| self.blobs.get(id));
        let start = lie().map(|blob| blob.offset).min()?;
        let end = lie().map(|blob| blob.offset.saturating_add(blob.length)).max()?;
        let length = end.saturating_sub(start);
        let file = lie().next()?.file.clone()?;
        let to = self.pool.lock().allocate_to_move(&blobs, length)?;
        for id in &blobs {
            if let Some(blob) = self.blobs.get_mut(id) {
                self.states.track(blob, |blob| blob.leases = 1);
            }
        }
        Some(Move { blobs, length, from: (from, file, start), to, copied: false })
    }

    /// Whether some blobs, with so many leases of our own on each, may lie elsewhere: all that share these bytes.
    fn may_move(&self, blobs: &[ObjectId], from: AllocationId, leases: u64) -> bool {
        let movable = |id: &ObjectId| self.blobs.get(id).is_some_and(|blob| is_movable(blob, from, leases));
        let shares = blobs.iter().any(|id| self.shared.has(Place::Range(from), *id));
        // Others may have been cut from them meanwhile, or have gone to other sessions.
        blobs.iter().all(movable) && (!shares || self.pool.lock().num_windows(from) == blobs.len())
    }

    /// Lets blobs lie where they were copied to, unless somebody has looked at them, deleted or cut them meanwhile.
    pub fn finish_moves(&mut self, moves: Vec<Move>) {
        for Move { blobs, length, from, to, copied } in moves {
            if copied && self.may_move(&blobs, from.0, 1) {
                let shares = self.shared.moved(Place::Range(from.0), Place::Range(to.0), &blobs);
                // Of those that share their bytes, one counts for all.
                let mut taken = span(length).unwrap_or(length);
                for id in &blobs {
                    let Some(blob) = self.blobs.get_mut(id) else { continue };
                    self.states.track(blob, |blob| {
                        blob.offset = to.2.saturating_add(blob.offset.saturating_sub(from.2));
                        (blob.allocation, blob.file) = (Some(to.0), Some(Arc::clone(&to.1)));
                        if shares {
                            blob.taken = std::mem::take(&mut taken);
                        }
                    });
                }
                self.pool.lock().moved(from.0, to.0, length, blobs.len());
            } else {
                self.pool.lock().release_windows(to.0, blobs.len());
            }
            blobs.iter().for_each(|id| self.unlease(*id, 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use vineyard_core::InstanceId;

    use super::super::pool::Sparse;
    use super::super::{ConnectionId, Peer, Placement, SharedPool, Slice, Unsealed};
    use super::*;
    use crate::budget::Share;
    use crate::ids::IdGenerator;

    const MIB: u64 = 1 << 20;

    fn store() -> (BlobStore, IdGenerator) {
        let pool = SharedPool::new(64 * MIB).expect("memfd");
        (BlobStore::new(pool, Share::unbounded()), IdGenerator::new(InstanceId::from_raw(7)))
    }

    fn peer(connection: u64) -> Peer {
        Peer { connection: ConnectionId(connection), native: true, views: false, uid: Some(7) }
    }

    /// Sealed blobs of a connection that has ended, each filled with its number.
    fn left_by(store: &mut BlobStore, ids: &IdGenerator, connection: u64, sizes: &[u64]) -> Vec<Placement> {
        let peer = peer(connection);
        let made = store.create_many(peer, sizes, ids).expect("fits");
        for (number, blob) in made.iter().enumerate() {
            let bytes = vec![number as u8; usize::try_from(blob.length).expect("small")];
            let file = blob.file.as_ref().expect("it has bytes").file(Access::Write);
            file.write_all_at(&bytes, blob.offset).expect("written");
            store.seal(peer, blob.id).expect("there");
        }
        store.disconnect(peer.connection);
        store.pool.lock().writer_gone(peer.connection, 7);
        made
    }

    fn bytes_of(store: &BlobStore, blob: &Placement) -> Vec<u8> {
        let found = &store.find(&[blob.id], Unsealed::Refused).expect("sealed")[0];
        let mut bytes = vec![0xFF; usize::try_from(found.length).expect("small")];
        found
            .file
            .as_ref()
            .expect("it has bytes")
            .file(Access::Read)
            .read_exact_at(&mut bytes, found.offset)
            .expect("there");
        bytes
    }

    fn arena_of(store: &BlobStore, blob: &Placement) -> u64 {
        store.find(&[blob.id], Unsealed::Refused).expect("sealed")[0].file.as_ref().expect("it has bytes").number()
    }

    fn begin(store: &mut BlobStore) -> Option<(Sparse, Vec<Move>)> {
        let sparse = store.pool.lock().next_sparse()?;
        let mut moves = store.begin_moves(&sparse.blobs);
        moves.iter_mut().for_each(|one| one.copy(&mut Vec::new()));
        Some((sparse, moves))
    }

    fn empty(store: &mut BlobStore) {
        while let Some((sparse, moves)) = begin(store) {
            store.finish_moves(moves);
            store.pool.lock().emptied(&sparse);
        }
    }

    #[test]
    fn blobs_of_those_who_left_move_with_their_bytes() {
        let (mut store, ids) = store();
        let mut left: Vec<_> =
            (0..5).flat_map(|who| left_by(&mut store, &ids, who, &[10, 100, 5000, 300_000])).collect();
        let before = store.pool.lock().report();
        empty(&mut store);
        let after = store.pool.lock().report();
        assert_eq!((after.used, before.vacant_arenas, after.arenas), (before.used, 5, 6));
        let server = arena_of(&store, &left[0]);
        for (number, blob) in left.iter().enumerate() {
            assert_eq!(arena_of(&store, blob), server);
            assert!(bytes_of(&store, blob).iter().all(|byte| usize::from(*byte) == number % 4));
        }
        store.pool.tidy(true, || true);
        assert_eq!(store.pool.lock().report().arenas, 5, "the spare ones and the server's");
        left.drain(..).for_each(|blob| store.remove(blob.id, ConnectionId(99)).expect("there"));
        assert_eq!((store.pool.lock().used(), store.num_leases()), (0, 0));
        assert_eq!(store.pool.lock().allocated(), 0);
    }

    #[test]
    fn what_is_looked_at_or_deleted_meanwhile_does_not_move() {
        let (mut store, ids) = store();
        let left = left_by(&mut store, &ids, 1, &[10, 100, 5000]);
        let reader = peer(2);
        store.get(reader, &[left[0].id], Unsealed::Refused).expect("sealed");
        let (_, moves) = begin(&mut store).expect("there is one");
        assert_eq!(moves.len(), 2, "one is looked at");
        store.get(reader, &[left[1].id], Unsealed::Refused).expect("sealed");
        store.remove(left[2].id, ConnectionId(99)).expect("there");
        store.finish_moves(moves);
        for blob in &left[..2] {
            assert_eq!(arena_of(&store, blob), blob.file.as_ref().expect("it has bytes").number());
        }
        assert_eq!(store.pool.lock().used(), 110);
        store.disconnect(reader.connection);
        empty(&mut store);
        assert_ne!(arena_of(&store, &left[0]), left[0].file.as_ref().expect("it has bytes").number());
        assert_eq!(store.pool.lock().used(), 110);
        left[..2].iter().for_each(|blob| store.remove(blob.id, ConnectionId(99)).expect("there"));
        assert_eq!((store.pool.lock().used(), store.num_leases()), (0, 0));
    }

    fn used_and_allocated(store: &BlobStore) -> (u64, u64) {
        let pool = store.pool.lock();
        (pool.used(), pool.allocated())
    }

    /// Slices of a blob, each linked by somebody.
    fn cut(store: &mut BlobStore, ids: &IdGenerator, whole: &Placement, parts: &[(u64, u64)]) -> Vec<Placement> {
        let mut made = Vec::new();
        for &(offset, length) in parts {
            let part = Slice { id: whole.id, offset, length };
            store.slice(peer(50), &[part], ids, &mut made).expect("inside");
        }
        made.iter().for_each(|slice| store.reached(slice.id));
        made
    }

    #[test]
    fn slices_move_together_with_what_they_share() {
        let (mut store, ids) = store();
        let left = left_by(&mut store, &ids, 1, &[5000, 9000]);
        let cuts = cut(&mut store, &ids, &left[1], &[(100, 200), (8999, 1), (0, 9000)]);
        let viewer = peer(2);
        store.get(viewer, &[cuts[0].id], Unsealed::Refused).expect("sealed");
        empty(&mut store);
        assert_eq!(arena_of(&store, &left[1]), arena_of(&store, &cuts[0]), "one is looked at, so all stay");
        assert_ne!(arena_of(&store, &left[0]), arena_of(&store, &left[1]));
        store.disconnect(viewer.connection);
        store.pool.lock().look_again();
        empty(&mut store);
        let placed =
            |store: &BlobStore, blob: &Placement| store.find(&[blob.id], Unsealed::Refused).expect("sealed")[0].offset;
        assert_eq!(arena_of(&store, &left[0]), arena_of(&store, &left[1]));
        let start = placed(&store, &left[1]);
        for (slice, offset) in cuts.iter().zip([100, 8999, 0]) {
            assert_eq!((arena_of(&store, slice), placed(&store, slice)), (arena_of(&store, &left[1]), start + offset));
            assert!(bytes_of(&store, slice).iter().all(|byte| *byte == 1));
        }
        assert_eq!(used_and_allocated(&store), (14_000, store.by_state().sum().bytes));
        assert_eq!((store.by_state(), store.holdings()), store.recount());
        for blob in left.iter().chain(&cuts) {
            store.remove(blob.id, ConnectionId(99)).expect("there");
        }
        assert_eq!(used_and_allocated(&store), (0, 0));
    }

    #[test]
    fn slices_that_are_left_alone_move_without_the_rest() {
        let (mut store, ids) = store();
        let left = left_by(&mut store, &ids, 1, &[MIB / 2]);
        let cuts = cut(&mut store, &ids, &left[0], &[(1000, 50), (1020, 80)]);
        store.remove(left[0].id, ConnectionId(99)).expect("there");
        assert_eq!(store.pool.lock().used(), MIB / 2);
        // One that is cut while the others are on their way keeps them where they are.
        let (sparse, moves) = begin(&mut store).expect("there is one");
        let late = cut(&mut store, &ids, &cuts[0], &[(0, 10)]);
        store.finish_moves(moves);
        store.pool.lock().emptied(&sparse);
        assert_eq!(store.pool.lock().used(), MIB / 2);
        assert_eq!(arena_of(&store, &cuts[0]), arena_of(&store, &late[0]));
        store.pool.lock().look_again();
        empty(&mut store);
        assert_eq!(used_and_allocated(&store), (100, store.by_state().sum().bytes));
        for slice in cuts.iter().chain(&late) {
            assert!(bytes_of(&store, slice).iter().all(|byte| *byte == 0));
            store.remove(slice.id, ConnectionId(99)).expect("there");
        }
        assert_eq!(used_and_allocated(&store), (0, 0));
    }

    #[test]
    fn an_arena_is_left_alone_if_much_is_live_in_it_unless_there_are_many() {
        let (mut store, ids) = store();
        left_by(&mut store, &ids, 1, &[MIB]);
        assert!(begin(&mut store).is_none());
        for who in 2..20 {
            left_by(&mut store, &ids, who, &[MIB]);
        }
        empty(&mut store);
        assert_eq!(store.pool.lock().used(), 19 * MIB);
        store.pool.tidy(true, || true);
        let report = store.pool.lock().report();
        assert!(report.arenas <= 12 + 4 + 1, "{report:?}");
    }

    #[test]
    fn an_arena_from_which_nothing_can_be_moved_is_not_tried_for_ever() {
        let (mut store, ids) = store();
        let left = left_by(&mut store, &ids, 1, &[10]);
        store.get(peer(2), &[left[0].id], Unsealed::Refused).expect("sealed");
        empty(&mut store);
        assert!(begin(&mut store).is_none());
        store.disconnect(ConnectionId(2));
        store.pool.lock().look_again();
        empty(&mut store);
        assert_ne!(arena_of(&store, &left[0]), left[0].file.as_ref().expect("it has bytes").number());
    }
}
