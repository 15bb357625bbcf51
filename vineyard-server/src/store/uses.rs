//! What connections depend on, as the protocol counts it: each connection once for each blob. Pure.
//!
//! Leases keep memory; dependencies only tell whether a blob is in use, so that it stays where it is.

use std::collections::{BTreeSet, HashMap};

use vineyard_core::ObjectId;

use super::lease::ConnectionId;

/// The blobs that each connection depends on. Which connections depend on a blob is the blob's own record.
#[derive(Debug, Default)]
pub struct Uses {
    by_connection: HashMap<ConnectionId, BTreeSet<ObjectId>>,
    pairs: u64,
}

/// Why a dependency cannot be ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotUsed {
    /// The connection depends on nothing.
    Nothing,
    /// The connection does not depend on this blob.
    ThisOne,
}

impl Uses {
    /// Dependencies of all connections.
    pub fn pairs(&self) -> u64 {
        self.pairs
    }

    /// Adds a dependency; whether it is new.
    pub fn add(&mut self, connection: ConnectionId, blob: ObjectId) -> bool {
        let is_new = self.by_connection.entry(connection).or_default().insert(blob);
        self.pairs = self.pairs.saturating_add(u64::from(is_new));
        is_new
    }

    /// Ends a dependency.
    ///
    /// # Errors
    ///
    /// [`NotUsed`].
    pub fn end(&mut self, connection: ConnectionId, blob: ObjectId) -> Result<(), NotUsed> {
        let blobs = self.by_connection.get_mut(&connection).ok_or(NotUsed::Nothing)?;
        if !blobs.remove(&blob) {
            return Err(NotUsed::ThisOne);
        }
        self.pairs = self.pairs.saturating_sub(1);
        if blobs.is_empty() {
            self.by_connection.remove(&connection);
        }
        Ok(())
    }

    /// Ends at most so many dependencies of a connection and says which they were.
    pub fn end_some(&mut self, connection: ConnectionId, most: usize) -> Vec<ObjectId> {
        let Some(blobs) = self.by_connection.get_mut(&connection) else { return Vec::new() };
        let ended: Vec<ObjectId> = std::iter::from_fn(|| blobs.pop_first()).take(most).collect();
        self.pairs = self.pairs.saturating_sub(u64::try_from(ended.len()).unwrap_or(u64::MAX));
        if blobs.is_empty() {
            self.by_connection.remove(&connection);
        }
        ended
    }

    /// On how many blobs a connection depends.
    pub fn num_used(&self, connection: ConnectionId) -> usize {
        self.by_connection.get(&connection).map_or(0, BTreeSet::len)
    }
}

/// The connections that depend on one blob: mostly none or one.
#[derive(Debug, Default)]
pub enum Users {
    /// None.
    #[default]
    Nobody,
    /// This one.
    One(ConnectionId),
    /// These.
    Many(BTreeSet<ConnectionId>),
}

impl Users {
    /// How many there are.
    pub fn count(&self) -> u32 {
        match self {
            Self::Nobody => 0,
            Self::One(_) => 1,
            Self::Many(users) => u32::try_from(users.len()).unwrap_or(u32::MAX),
        }
    }

    /// One more; one that is there already counts once.
    pub fn add(&mut self, user: ConnectionId) {
        match self {
            Self::Nobody => *self = Self::One(user),
            Self::One(first) if *first == user => {}
            Self::One(first) => *self = Self::Many(BTreeSet::from([*first, user])),
            Self::Many(users) => drop(users.insert(user)),
        }
    }

    /// One less, if it is there.
    pub fn remove(&mut self, user: ConnectionId) {
        match self {
            Self::One(first) if *first == user => *self = Self::Nobody,
            Self::Nobody | Self::One(_) => {}
            Self::Many(users) => drop(users.remove(&user)),
        }
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = ConnectionId> + '_ {
        let (one, many) = match self {
            Self::Nobody => (None, None),
            Self::One(user) => (Some(*user), None),
            Self::Many(users) => (None, Some(users)),
        };
        one.into_iter().chain(many.into_iter().flatten().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: ConnectionId = ConnectionId(1);
    const B: ConnectionId = ConnectionId(2);

    #[test]
    fn a_connection_counts_once_for_each_blob() {
        let (x, y) = (ObjectId::blob(1, 1), ObjectId::blob(1, 2));
        let mut uses = Uses::default();
        assert!(uses.add(A, x) && !uses.add(A, x) && uses.add(A, y) && uses.add(B, x) && uses.add(B, y));
        assert_eq!(uses.end(A, x), Ok(()));
        assert_eq!(uses.end(A, x), Err(NotUsed::ThisOne));
        assert_eq!(uses.end(A, y), Ok(()));
        assert_eq!(uses.end(A, y), Err(NotUsed::Nothing), "an empty set is none");
        assert_eq!((uses.num_used(B), uses.end_some(B, 1)), (2, vec![x]));
        assert_eq!((uses.num_used(B), uses.pairs(), uses.end_some(B, 9)), (1, 1, vec![y]));
        assert!(uses.end_some(B, 9).is_empty() && uses.by_connection.is_empty() && uses.pairs() == 0);
    }

    #[test]
    fn a_user_counts_once() {
        let mut users = Users::default();
        for user in [A, A, B, B, A] {
            users.add(user);
        }
        assert_eq!((users.count(), users.iter().collect::<Vec<_>>()), (2, vec![A, B]));
        users.remove(A);
        users.remove(ConnectionId(3));
        assert_eq!((users.count(), users.iter().collect::<Vec<_>>()), (1, vec![B]));
        let mut one = Users::One(A);
        one.remove(B);
        assert_eq!(one.count(), 1);
        one.remove(A);
        assert_eq!((one.count(), one.iter().next()), (0, None));
    }
}
