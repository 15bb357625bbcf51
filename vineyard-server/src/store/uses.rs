//! What connections depend on, as the protocol counts it: each connection once for each blob. Pure.
//!
//! Leases keep memory; dependencies only tell whether a blob is in use, so that it stays where it is.

use std::collections::{HashMap, HashSet};

use vineyard_core::ObjectId;

use super::lease::ConnectionId;

/// The blobs that each connection depends on. How many connections depend on a blob is the blob's own record.
#[derive(Debug, Default)]
pub struct Uses {
    by_connection: HashMap<ConnectionId, HashSet<ObjectId>>,
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

    /// Ends all dependencies of a connection and says which they were.
    pub fn end_all(&mut self, connection: ConnectionId) -> HashSet<ObjectId> {
        let blobs = self.by_connection.remove(&connection).unwrap_or_default();
        self.pairs = self.pairs.saturating_sub(u64::try_from(blobs.len()).unwrap_or(u64::MAX));
        blobs
    }

    /// Ends the dependencies on a blob that is gone, of which there are `count`. Looks at `likely` first, then at
    /// every connection until all were found.
    pub fn forget(&mut self, blob: ObjectId, count: u32, likely: ConnectionId) {
        let mut left = count;
        if left > 0 && self.end(likely, blob).is_ok() {
            left = left.saturating_sub(1);
        }
        if left == 0 {
            return;
        }
        self.by_connection.retain(|_, blobs| {
            if left > 0 && blobs.remove(&blob) {
                left = left.saturating_sub(1);
                self.pairs = self.pairs.saturating_sub(1);
            }
            !blobs.is_empty()
        });
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
        assert!(uses.add(A, x) && !uses.add(A, x) && uses.add(A, y) && uses.add(B, x));
        assert_eq!(uses.end(A, x), Ok(()));
        assert_eq!(uses.end(A, x), Err(NotUsed::ThisOne));
        assert_eq!(uses.end(A, y), Ok(()));
        assert_eq!(uses.end(A, y), Err(NotUsed::Nothing), "an empty set is none");
        assert_eq!(uses.end_all(B), HashSet::from([x]));
        assert!(uses.end_all(B).is_empty() && uses.pairs() == 0);
    }

    #[test]
    fn a_blob_that_is_gone_is_forgotten_by_all() {
        let (x, y) = (ObjectId::blob(1, 1), ObjectId::blob(1, 2));
        let mut uses = Uses::default();
        for connection in 0..10 {
            uses.add(ConnectionId(connection), x);
        }
        uses.add(A, y);
        uses.forget(x, 10, B);
        assert_eq!(uses.by_connection, HashMap::from([(A, HashSet::from([y]))]));
        assert_eq!(uses.pairs(), 1);
    }
}
