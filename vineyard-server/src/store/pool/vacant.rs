//! Arenas whose writer is gone: kept for the next of the same user, emptied, or closed.

use std::sync::Arc;

use vineyard_core::ObjectId;

use super::super::arena::ArenaFile;
use super::writer::Owner;
use super::{Allocation, AllocationId, Pool, Tenants, Wanted, Writer};

/// Empty arenas that are kept for the next connections of their users.
const SPARE_ARENAS: usize = 4;

/// Arenas with blobs whose writer is gone; if there are more, the ones with the fewest bytes are emptied.
const MOST_VACANT: usize = 12;

/// Arenas whose writer is gone from which on new ones have to wait until some are emptied.
const TOO_MANY_VACANT: usize = 64;

/// An arena whose writer is gone is emptied if fewer bytes than this are live in it, or than a quarter of its pages.
const FEW_BYTES: u64 = 1 << 20;

/// Blobs that are looked at in one go.
const BATCH: usize = 512;

/// An arena that nobody can be given any more.
#[derive(Debug)]
pub(super) struct Closing {
    pub(super) file: Arc<ArenaFile>,
    pub(super) capacity: u64,
    touched: u64,
}

/// Arenas that are better emptied, and what lies in them.
#[derive(Debug)]
pub struct Sparse {
    /// With the bytes that were live there.
    arenas: Vec<(usize, u64)>,
    /// Blobs, and where they lie.
    pub blobs: Vec<(AllocationId, ObjectId)>,
}

impl Pool {
    /// Takes the arenas out that hold nothing and that nobody needs.
    pub(super) fn take_surplus(&mut self) -> Vec<Closing> {
        let servers = self.owned.get(&Writer::Server).map_or(0, Vec::len);
        let empty = || self.arenas().filter(|(_, arena)| arena.is_empty());
        let mut surplus: Vec<usize> = empty()
            // Its pages were needed elsewhere.
            .filter(|(_, arena)| arena.owner == Owner::Nobody && arena.warm_bytes() == 0)
            .map(|(number, _)| number)
            .collect();
        let of_server = empty().filter(|(_, arena)| arena.owner == Owner::Writer(Writer::Server));
        surplus.extend(of_server.map(|(number, _)| number).take(servers.saturating_sub(1)));
        let mut spares: Vec<_> = empty()
            .filter(|(_, arena)| arena.owner.is_gone())
            .map(|(number, arena)| (arena.warm_bytes() > 0, arena.last_used, number))
            .collect();
        spares.sort_unstable();
        surplus.extend(spares.iter().map(|(_, _, number)| *number).take(spares.len().saturating_sub(SPARE_ARENAS)));
        surplus.into_iter().filter_map(|number| self.take_out(number)).collect()
    }

    fn take_out(&mut self, number: usize) -> Option<Closing> {
        let arena = self.arenas.get_mut(number)?.take()?;
        self.disown(number, arena.owner);
        if arena.owner != Owner::Nobody {
            self.warm = self.warm.saturating_sub(arena.warm_bytes());
            self.ahead = self.ahead.saturating_sub(arena.ahead);
        }
        Some(Closing { file: arena.file, capacity: arena.capacity, touched: arena.touched })
    }

    /// Whether there are so many arenas without a writer that no more are to come before some are gone.
    pub fn has_many_vacant(&self) -> bool {
        self.arenas().filter(|(_, arena)| arena.owner.is_gone()).count() > TOO_MANY_VACANT
    }

    /// The pages of an arena that was taken out are given back.
    pub(super) fn closed(&mut self, closing: &Closing) {
        self.touched = self.touched.saturating_sub(closing.touched);
    }

    /// The next arenas whose blobs are better moved out, and some of those; `None` if there is no such arena.
    pub fn next_sparse(&mut self) -> Option<Sparse> {
        let vacant = || self.arenas().filter(|(_, arena)| arena.owner.is_gone() && !arena.is_empty());
        let many = vacant().count().saturating_sub(MOST_VACANT);
        let mut found: Vec<_> = vacant().map(|(number, arena)| (arena.allocated_bytes(), number, arena)).collect();
        found.sort_unstable_by_key(|(live, number, _)| (*live, *number));
        let mut sparse = Sparse { arenas: Vec::new(), blobs: Vec::new() };
        for (rank, (live, number, arena)) in found.into_iter().enumerate() {
            let is_sparse = rank < many || live < FEW_BYTES || live < arena.touched / 4;
            if !is_sparse || arena.is_stuck {
                continue;
            }
            let room = BATCH.saturating_sub(sparse.blobs.len());
            if room == 0 {
                break;
            }
            let each = |(id, found): (AllocationId, &Allocation)| {
                found.tenants.ids().iter().map(|blob| (id, *blob)).collect::<Vec<_>>()
            };
            sparse.blobs.extend(self.allocations.list(arena.head).flat_map(each).take(room));
            sparse.arenas.push((number, live));
        }
        if sparse.arenas.is_empty() { None } else { Some(sparse) }
    }

    /// Blobs were moved out of arenas. Those of which none was are not looked at until something changes.
    pub fn emptied(&mut self, sparse: &Sparse) {
        for (number, before) in &sparse.arenas {
            if let Some(arena) = self.arenas.get_mut(*number).and_then(Option::as_mut) {
                arena.is_stuck = !arena.is_empty() && arena.allocated_bytes() >= *before;
            }
        }
    }

    /// Lets arenas be looked at again from which nothing could be moved.
    pub fn look_again(&mut self) {
        for arena in self.arenas.iter_mut().flatten() {
            arena.is_stuck = false;
        }
    }

    /// Takes a range of the server's own for blobs that move, with a window for each; it counts from [`moved`](Self::moved) on. `None` if
    /// there is no room for both for the time being.
    pub fn allocate_to_move(&mut self, blobs: &[ObjectId], length: u64) -> Option<(AllocationId, Arc<ArenaFile>, u64)> {
        if self.touched.saturating_add(length) > self.budget().saturating_add(self.warm) {
            return None;
        }
        let tenants = match blobs {
            &[blob] => Tenants::One(blob),
            several => Tenants::Many(several.into()),
        };
        let wanted = Wanted { writer: Writer::Server, length, charged: 0, tenants };
        self.allocate(wanted).inspect_err(|error| tracing::debug!(%error, "a blob is not moved")).ok()
    }

    /// So many blobs, of `length` bytes together, lie in `to` instead of `from` from now on, and count there.
    pub fn moved(&mut self, from: AllocationId, to: AllocationId, length: u64, windows: usize) {
        let charged = match self.allocations.get_mut(from) {
            Some(source) => {
                let charged = length.min(source.charged);
                source.charged = source.charged.saturating_sub(charged);
                charged
            }
            None => 0,
        };
        if let Some(target) = self.allocations.get_mut(to) {
            target.charged = charged;
        }
        self.release_windows(from, windows);
    }
}
