//! How many blobs and bytes are in which state, kept up to date with every change, so that looking costs nothing.

use std::collections::{BTreeMap, HashMap};

use vineyard_core::ObjectId;

use super::blob::Blob;
use super::{BlobStore, ConnectionId};

/// What a blob's memory is held for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlobState {
    /// Its creator writes it, or has left it like that.
    Unsealed,
    /// It can be read, and somebody views it.
    Leased,
    /// It can be read, nobody views it, and it is to stay in memory.
    Pinned,
    /// It can be read, and nobody views it.
    Cold,
    /// It is on disk, and comes back when somebody wants to view it. It takes no memory.
    Spilled,
    /// It was deleted, and somebody still views it.
    Hidden,
}

impl BlobState {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Unsealed, Self::Leased, Self::Pinned, Self::Cold, Self::Spilled, Self::Hidden];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unsealed => "unsealed",
            Self::Leased => "leased",
            Self::Pinned => "pinned",
            Self::Cold => "cold",
            Self::Spilled => "spilled",
            Self::Hidden => "hidden",
        }
    }

    /// The state of a blob.
    fn of(blob: &Blob) -> Self {
        match blob {
            Blob { hidden: true, .. } => Self::Hidden,
            Blob { sealed: false, .. } => Self::Unsealed,
            Blob { spilled: Some(_), .. } => Self::Spilled,
            viewed if viewed.is_viewed() => Self::Leased,
            Blob { pinned: true, .. } => Self::Pinned,
            _ => Self::Cold,
        }
    }
}

/// Some blobs.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// How many.
    pub blobs: u64,
    /// The bytes of memory that they take, with what alignment costs. Files on disk take none, nor do blobs that came from
    /// another session: that one counts them.
    pub bytes: u64,
}

impl Tally {
    /// These and others.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { blobs: self.blobs.saturating_add(other.blobs), bytes: self.bytes.saturating_add(other.bytes) }
    }

    /// These without others.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        Self { blobs: self.blobs.saturating_sub(other.blobs), bytes: self.bytes.saturating_sub(other.bytes) }
    }

    fn one(bytes: u64) -> Self {
        Self { blobs: 1, bytes }
    }
}

/// The blobs of a session by their states.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct ByState {
    unsealed: Tally,
    leased: Tally,
    pinned: Tally,
    cold: Tally,
    spilled: Tally,
    hidden: Tally,
}

impl ByState {
    /// Those in one state.
    pub fn get(&self, state: BlobState) -> Tally {
        match state {
            BlobState::Unsealed => self.unsealed,
            BlobState::Leased => self.leased,
            BlobState::Pinned => self.pinned,
            BlobState::Cold => self.cold,
            BlobState::Spilled => self.spilled,
            BlobState::Hidden => self.hidden,
        }
    }

    fn slot(&mut self, state: BlobState) -> &mut Tally {
        match state {
            BlobState::Unsealed => &mut self.unsealed,
            BlobState::Leased => &mut self.leased,
            BlobState::Pinned => &mut self.pinned,
            BlobState::Cold => &mut self.cold,
            BlobState::Spilled => &mut self.spilled,
            BlobState::Hidden => &mut self.hidden,
        }
    }

    /// Those of two sessions.
    #[must_use]
    pub fn and(mut self, other: &Self) -> Self {
        for state in BlobState::ALL {
            *self.slot(state) = self.get(state).and(other.get(state));
        }
        self
    }

    /// All of them.
    pub fn sum(&self) -> Tally {
        BlobState::ALL.into_iter().fold(Tally::default(), |sum, state| sum.and(self.get(state)))
    }

    /// Those that everybody may read.
    pub fn sealed(&self) -> Tally {
        self.leased.and(self.pinned).and(self.cold).and(self.spilled)
    }
}

/// What one connection keeps others from having, in bytes of arenas.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Holding {
    /// Of blobs that it made and nobody sealed.
    pub unsealed: u64,
    /// Of blobs that it has leases on, as our own clients also have on what they write.
    pub leased: u64,
}

impl Holding {
    /// The bytes of all these blobs, at least: one may count as both.
    pub fn size(self) -> u64 {
        self.unsealed.max(self.leased)
    }
}

/// The counters. Whatever changes what a blob counts as goes through here.
#[derive(Debug, Default)]
pub(super) struct States {
    by_state: ByState,
    /// Unsealed bytes by creator.
    unsealed: HashMap<ConnectionId, u64>,
    /// Bytes of blobs that are on disk.
    spilled_bytes: u64,
    /// Blobs that nobody views and that may leave for disk, in the order in which they came to be so.
    cold: BTreeMap<u64, ObjectId>,
    next: u64,
}

/// What a blob counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Standing {
    state: BlobState,
    bytes: u64,
    creator: ConnectionId,
    /// Bytes on disk.
    spilled: u64,
    /// It may leave for disk.
    cold: bool,
}

impl Standing {
    fn of(blob: &Blob) -> Self {
        let state = BlobState::of(blob);
        let spilled = if state == BlobState::Spilled { blob.length } else { 0 };
        let cold = Self::may_leave(blob, state);
        Self { state, bytes: blob.taken, creator: blob.creator, spilled, cold }
    }
}

impl Standing {
    /// Whether a blob in this state may leave for disk.
    fn may_leave(blob: &Blob, state: BlobState) -> bool {
        state == BlobState::Cold && blob.allocation.is_some() && !blob.has_moved()
    }
}

impl Blob {
    /// Whether it may leave for disk.
    pub(super) fn may_leave(&self) -> bool {
        Standing::may_leave(self, BlobState::of(self))
    }
}

impl States {
    /// Changes a blob, and the counters with it.
    pub(super) fn track<R>(&mut self, blob: &mut Blob, change: impl FnOnce(&mut Blob) -> R) -> R {
        let before = Standing::of(blob);
        let done = change(blob);
        let after = Standing::of(blob);
        if before != after {
            self.subtract(before, blob);
            self.add(after, blob);
        }
        done
    }

    /// A blob is there.
    pub(super) fn enter(&mut self, blob: &mut Blob) {
        self.add(Standing::of(blob), blob);
    }

    /// A blob is gone.
    pub(super) fn leave(&mut self, blob: &Blob) {
        self.subtract(Standing::of(blob), blob);
    }

    /// Blobs that may leave for disk, those first that nobody has viewed for longest.
    pub(super) fn cold(&self) -> impl Iterator<Item = ObjectId> + '_ {
        self.cold.values().copied()
    }

    fn add(&mut self, standing: Standing, blob: &mut Blob) {
        if standing.cold {
            blob.cooled = self.next;
            self.cold.insert(self.next, blob.id);
            self.next = self.next.wrapping_add(1);
        }
        self.count(standing);
    }

    fn count(&mut self, Standing { state, bytes, creator, spilled, .. }: Standing) {
        self.spilled_bytes = self.spilled_bytes.saturating_add(spilled);
        let slot = self.by_state.slot(state);
        *slot = slot.and(Tally::one(bytes));
        if state == BlobState::Unsealed {
            let held = self.unsealed.entry(creator).or_default();
            *held = held.saturating_add(bytes);
        }
    }

    fn subtract(&mut self, Standing { state, bytes, creator, spilled, cold }: Standing, blob: &Blob) {
        self.spilled_bytes = self.spilled_bytes.saturating_sub(spilled);
        if cold {
            self.cold.remove(&blob.cooled);
        }
        let slot = self.by_state.slot(state);
        *slot = slot.without(Tally::one(bytes));
        if state == BlobState::Unsealed
            && let Some(held) = self.unsealed.get_mut(&creator)
        {
            *held = held.saturating_sub(bytes);
            if *held == 0 {
                self.unsealed.remove(&creator);
            }
        }
    }
}

impl BlobStore {
    /// The blobs by their states. Costs nothing.
    pub fn by_state(&self) -> ByState {
        self.states.by_state
    }

    /// Bytes of the blobs that are on disk. Costs nothing.
    pub fn spilled_bytes(&self) -> u64 {
        self.states.spilled_bytes
    }

    /// What each connection holds. Costs a step for each connection.
    pub fn holdings(&self) -> HashMap<ConnectionId, Holding> {
        let mut holdings: HashMap<ConnectionId, Holding> = HashMap::new();
        for (connection, unsealed) in &self.states.unsealed {
            holdings.entry(*connection).or_default().unsealed = *unsealed;
        }
        for (connection, leased) in self.leases.bytes().filter(|(_, bytes)| *bytes > 0) {
            holdings.entry(connection).or_default().leased = leased;
        }
        holdings
    }

    /// Those of some blobs that everybody may read.
    pub fn tally_sealed(&self, ids: &[ObjectId]) -> Tally {
        let sealed = ids.iter().filter_map(|id| self.visible(*id)).filter(|blob| blob.sealed);
        sealed.fold(Tally::default(), |sum, blob| sum.and(Tally::one(blob.taken)))
    }

    /// The counters as they should be.
    #[cfg(test)]
    pub(super) fn recount(&self) -> (ByState, HashMap<ConnectionId, Holding>) {
        let mut states = States::default();
        let cold: Vec<ObjectId> = self.states.cold().collect();
        let mut leased: HashMap<ConnectionId, u64> = HashMap::new();
        let connections: Vec<ConnectionId> = self.leases.bytes().map(|(connection, _)| connection).collect();
        for (id, blob) in &self.blobs {
            states.count(Standing::of(blob));
            assert_eq!(cold.contains(id), Standing::of(blob).cold, "{id} may leave or not");
            for connection in connections.iter().filter(|connection| self.leases.count(**connection, *id) > 0) {
                *leased.entry(*connection).or_default() += blob.taken;
            }
        }
        let mut holdings: HashMap<ConnectionId, Holding> = HashMap::new();
        for (connection, unsealed) in states.unsealed {
            holdings.entry(connection).or_default().unsealed = unsealed;
        }
        for (connection, leased) in leased.into_iter().filter(|(_, bytes)| *bytes > 0) {
            holdings.entry(connection).or_default().leased = leased;
        }
        (states.by_state, holdings)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Unsealed;
    use super::super::tests::{peer, store};
    use super::*;

    #[test]
    fn a_blob_counts_in_the_state_it_is_in() {
        let (mut store, ids) = store();
        let (me, other) = (peer(1, false), peer(2, true));
        let blob = store.create(me, 100, &ids).expect("fits").id;
        let one = Tally { blobs: 1, bytes: 128 };
        let states = |store: &BlobStore| -> Vec<BlobState> {
            BlobState::ALL.into_iter().filter(|state| store.by_state().get(*state) == one).collect()
        };
        assert_eq!((states(&store), store.holdings()[&me.connection].unsealed), (vec![BlobState::Unsealed], 128));
        store.seal(me, blob).expect("there");
        assert_eq!((states(&store), store.holdings().len()), (vec![BlobState::Cold], 0));
        store.get(other, &[blob], Unsealed::Refused).expect("sealed");
        assert_eq!((states(&store), store.holdings()[&other.connection].leased), (vec![BlobState::Leased], 128));
        assert_eq!(store.tally_sealed(&[blob, ids.blob()]), Tally { blobs: 1, bytes: 128 });
        store.remove(blob, me.connection).expect("there");
        assert_eq!((states(&store), store.tally_sealed(&[blob])), (vec![BlobState::Hidden], Tally::default()));
        store.disconnect(other.connection);
        assert_eq!((store.by_state().sum(), store.holdings().len()), (Tally::default(), 0));
    }
}
