//! Arenas whose writer is gone: kept for the next of the same user, emptied, or closed.

use std::sync::Arc;

use vineyard_core::ObjectId;

use super::super::arena::ArenaFile;
use super::arena::Arena;
use super::writer::Owner;
use super::{Allocation, AllocationId, Pool, Tenants, Wanted, Writer};

/// Empty arenas that are kept for the next connections of their users.
const SPARE_ARENAS: usize = 4;

/// Arenas with blobs whose writer is gone; if there are more, the ones with the fewest bytes are emptied.
const MOST_VACANT: usize = 12;

/// An arena whose writer is gone is emptied if fewer bytes than this are live in it, or than a quarter of its pages.
const FEW_BYTES: u64 = 1 << 20;

/// Allocations that are looked at in one go.
const BATCH: usize = 1024;

/// An arena that nobody can be given any more.
#[derive(Debug)]
pub(super) struct Closing {
    pub(super) file: Arc<ArenaFile>,
    pub(super) capacity: u64,
    touched: u64,
}

/// An arena that is better emptied, and what lies in it.
#[derive(Debug)]
pub struct Sparse {
    arena: usize,
    /// Blobs, and where they lie.
    pub blobs: Vec<(AllocationId, ObjectId)>,
}

impl Pool {
    /// Takes an arena out that holds nothing and that nobody needs.
    pub(super) fn take_surplus(&mut self) -> Option<Closing> {
        let is_spare = |arena: &Arena| arena.owner.is_gone() && arena.is_empty();
        let spares = self.arenas().filter(|(_, arena)| is_spare(arena)).count();
        let servers = self.owned.get(&Writer::Server).map_or(0, Vec::len);
        let is_surplus = |arena: &Arena| match arena.owner {
            Owner::Gone { .. } => spares > SPARE_ARENAS,
            // Its pages were needed elsewhere.
            Owner::Nobody => arena.warm_bytes() == 0,
            Owner::Writer(Writer::Server) => servers > 1,
            Owner::Writer(Writer::Client { .. }) => false,
        };
        let surplus = self.arenas().filter(|(_, arena)| arena.is_empty() && is_surplus(arena));
        let (number, _) = surplus.min_by_key(|(_, arena)| (arena.warm_bytes() > 0, arena.last_used))?;
        let arena = self.arenas.get_mut(number)?.take()?;
        self.disown(number, arena.owner);
        if arena.owner != Owner::Nobody {
            self.warm = self.warm.saturating_sub(arena.warm_bytes());
            self.ahead = self.ahead.saturating_sub(arena.ahead);
        }
        Some(Closing { file: arena.file, capacity: arena.capacity, touched: arena.touched })
    }

    /// The pages of an arena that was taken out are given back.
    pub(super) fn closed(&mut self, closing: &Closing) {
        self.touched = self.touched.saturating_sub(closing.touched);
    }

    /// The next arena whose blobs are better moved out.
    pub fn next_sparse(&mut self) -> Option<Sparse> {
        let vacant = || self.arenas().filter(|(_, arena)| arena.owner.is_gone() && !arena.is_empty());
        let many = vacant().count() > MOST_VACANT;
        let is_sparse = |arena: &Arena| {
            let live = arena.allocated_bytes();
            many || live < FEW_BYTES || live < arena.touched / 4
        };
        let sparse = vacant().filter(|(_, arena)| !arena.is_stuck && is_sparse(arena));
        let (number, arena) = sparse.min_by_key(|(_, arena)| arena.allocated_bytes())?;
        let each = |(id, found): (AllocationId, &Allocation)| {
            found.tenants.ids().iter().map(|blob| (id, *blob)).collect::<Vec<_>>()
        };
        let blobs = self.allocations.list(arena.head).flat_map(each).take(BATCH).collect();
        Some(Sparse { arena: number, blobs })
    }

    /// So many blobs were moved out of an arena. If there were none, it is not looked at until something changes.
    pub fn emptied(&mut self, sparse: &Sparse, moved: usize) {
        if moved == 0
            && let Some(arena) = self.arenas.get_mut(sparse.arena).and_then(Option::as_mut)
        {
            arena.is_stuck = true;
        }
    }

    /// Lets arenas be looked at again from which nothing could be moved.
    pub fn look_again(&mut self) {
        for arena in self.arenas.iter_mut().flatten() {
            arena.is_stuck = false;
        }
    }

    /// Takes a range of the server's own for a blob that moves; it counts from [`moved`](Self::moved) on. `None` if
    /// there is no room for both for the time being.
    pub fn allocate_to_move(&mut self, blob: ObjectId, length: u64) -> Option<(AllocationId, Arc<ArenaFile>, u64)> {
        if self.touched.saturating_add(length) > self.budget().saturating_add(self.warm) {
            return None;
        }
        let wanted = Wanted { writer: Writer::Server, length, charged: 0, tenants: Tenants::One(blob) };
        self.allocate(wanted).inspect_err(|error| tracing::debug!(%error, "a blob is not moved")).ok()
    }

    /// A blob of `length` bytes lies in `to` instead of `from` from now on, and counts there.
    pub fn moved(&mut self, from: AllocationId, to: AllocationId, length: u64) {
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
        self.release_window(from);
    }
}
