//! Blobs move out of arenas whose writer is gone and in which little is left, so that those can be used again.
//!
//! The lock of the store is held to begin and to finish, not while bytes are copied: a lease of the server's own keeps
//! the memory meanwhile. Who looked at the blob in between knows its place, so it stays where it is then.

use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use vineyard_core::ObjectId;

use super::arena::{Access, ArenaFile};
use super::blob::{Moved, Place};
use super::pool::AllocationId;
use super::uses::Users;
use super::{Blob, BlobStore};

/// Bytes that are copied in one step.
const STEP_BYTES: usize = 256 << 10;

/// A blob on its way.
#[derive(Debug)]
#[must_use = "its lease and its new place are given back by `finish_moves` only"]
pub struct Move {
    id: ObjectId,
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
            Err(error) => tracing::warn!(%error, blob = %self.id, "a blob cannot be moved"),
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
    /// Begins to move those of some blobs that are here, sealed and used by nobody, and for which there is room.
    pub fn begin_moves(&mut self, candidates: &[(AllocationId, ObjectId)]) -> Vec<Move> {
        let mut moves = Vec::new();
        for &(from, id) in candidates {
            if self.shared.is_shared(Place::Range(from)) {
                // The slices would stay behind, and all of it would be there twice.
                continue;
            }
            let Some(blob) = self.blobs.get_mut(&id).filter(|blob| is_movable(blob, from, 0)) else { continue };
            let length = blob.length;
            let Some(to) = self.pool.lock().allocate_to_move(id, length) else { continue };
            let Some(file) = blob.file.clone() else {
                self.pool.lock().release_window(to.0);
                continue;
            };
            self.states.track(blob, |blob| blob.leases = 1);
            let from = (from, file, blob.offset);
            moves.push(Move { id, length, from, to, copied: false });
        }
        moves
    }

    /// Lets blobs lie where they were copied to, unless somebody has looked at them or deleted them meanwhile.
    pub fn finish_moves(&mut self, moves: Vec<Move>) {
        for Move { id, length, from, to, copied } in moves {
            let stays = !copied || self.shared.is_shared(Place::Range(from.0));
            let blob = self.blobs.get_mut(&id).filter(|blob| !stays && is_movable(blob, from.0, 1));
            if let Some(blob) = blob {
                self.states
                    .track(blob, |blob| (blob.allocation, blob.file, blob.offset) = (Some(to.0), Some(to.1), to.2));
                self.pool.lock().moved(from.0, to.0, length);
            } else {
                self.pool.lock().release_window(to.0);
            }
            self.unlease(id, 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use vineyard_core::InstanceId;

    use super::super::pool::Sparse;
    use super::super::{ConnectionId, Peer, Placement, SharedPool, Unsealed};
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
