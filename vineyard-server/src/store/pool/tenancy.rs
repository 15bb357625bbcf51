//! Who gets which arena, and what becomes of it when its writer is gone.

use std::io;
use std::sync::atomic::Ordering;

use super::super::lease::ConnectionId;
use super::arena::{Arena, Place};
use super::space::PAGE;
use super::{Owner, Pool, Writer};

/// The first arena of a writer, if the limit is not lower. Address space costs nothing; descriptors and mappings do.
const FIRST_BYTES: u64 = 64 << 20;

/// A prepared arena is given for ranges from this length on: a few small ones are no use of it.
pub(super) const WORTH_PREPARED: u64 = 1 << 20;

impl Pool {
    /// A range in an arena that the writer is given for it.
    ///
    /// # Errors
    ///
    /// As [`super::ArenaFile::create`].
    pub(super) fn find_elsewhere(&mut self, writer: Writer, length: u64) -> io::Result<(usize, Place)> {
        let number = match self.adoptable(writer, length) {
            Some(number) => number,
            None => {
                let arena = Arena::create(self.next_capacity(writer, length), Owner::Writer(writer))?;
                if self.has_many_vacant() {
                    self.crowded.store(true, Ordering::Release);
                }
                self.add(arena)
            }
        };
        let place = self.give(number, writer).and_then(|arena| arena.allocate(length));
        place.map(|place| (number, place)).ok_or_else(|| io::ErrorKind::StorageFull.into())
    }

    /// An arena that may be given to a writer and has room: one whose pages are warm if there is one, rather one that a
    /// former connection of the same user had than one that is prepared.
    fn adoptable(&self, writer: Writer, length: u64) -> Option<usize> {
        let fits = |arena: &Arena| {
            let worth = arena.owner != Owner::Nobody || length >= WORTH_PREPARED;
            worth && arena.owner.may_become(writer) && arena.is_empty() && arena.is_large_enough(length)
        };
        let rank = |arena: &Arena| (arena.warm_bytes() >= length, arena.owner.is_gone(), arena.warm_bytes());
        let best = self.arenas().filter(|(_, arena)| fits(arena)).max_by_key(|(_, arena)| rank(arena));
        best.map(|(number, _)| number)
    }

    /// Whether a writer is better given another arena than a range that touches so many pages anew: one whose pages are
    /// there.
    pub(super) fn is_better_elsewhere(&self, writer: Writer, length: u64, fresh: u64) -> bool {
        let is_warm = |number: usize| self.arenas.get(number).and_then(Option::as_ref).map(Arena::warm_bytes);
        fresh >= WORTH_PREPARED && self.adoptable(writer, length).and_then(is_warm).is_some_and(|warm| warm >= length)
    }

    /// Bytes of a new arena: as much as the writer has already, so that it never has many.
    fn next_capacity(&self, writer: Writer, length: u64) -> u64 {
        let own = self.owned.get(&writer).map(Vec::as_slice).unwrap_or_default();
        let capacity = |number: &usize| self.arenas.get(*number)?.as_ref().map(|arena| arena.capacity);
        let had = own.iter().filter_map(capacity).fold(0, u64::saturating_add);
        // A small range needs room for the chunk that it lies in.
        let needed = length.saturating_add(PAGE);
        had.max(FIRST_BYTES).min(self.limit).max(needed)
    }

    /// Enters an arena; its number.
    pub(super) fn add(&mut self, arena: Arena) -> usize {
        if let Some(number) = self.arenas.iter().position(Option::is_none)
            && let Some(slot) = self.arenas.get_mut(number)
        {
            *slot = Some(arena);
            return number;
        }
        self.arenas.push(Some(arena));
        self.arenas.len().saturating_sub(1)
    }

    fn give(&mut self, number: usize, writer: Writer) -> Option<&mut Arena> {
        let arena = self.arenas.get_mut(number)?.as_mut()?;
        if arena.owner == Owner::Nobody {
            self.warm = self.warm.saturating_add(arena.warm_bytes());
            self.ahead = self.ahead.saturating_add(arena.ahead);
        }
        arena.owner = Owner::Writer(writer);
        self.owned.entry(writer).or_default().push(number);
        Some(arena)
    }

    /// Ends a writer: its arenas are nobody's, until the blobs in them are gone or have moved.
    pub fn writer_gone(&mut self, connection: ConnectionId, uid: u32) {
        let Some(own) = self.owned.remove(&Writer::Client { connection, uid }) else { return };
        for number in own {
            if let Some(arena) = self.arenas.get_mut(number).and_then(Option::as_mut) {
                arena.owner = Owner::Gone { uid };
                arena.is_stuck = false;
                self.ahead = self.ahead.saturating_sub(std::mem::take(&mut arena.ahead));
            }
        }
        self.untidy.notify_one();
    }

    /// Takes an arena out of the list of its writer.
    pub(super) fn disown(&mut self, number: usize, owner: Owner) {
        if let Owner::Writer(writer) = owner
            && let Some(own) = self.owned.get_mut(&writer)
        {
            own.retain(|other| *other != number);
        }
    }
}
