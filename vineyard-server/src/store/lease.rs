//! Leases: which connection views which blob, and how often. Pure.

use std::collections::HashMap;

use vineyard_core::ObjectId;

/// One connection in the life of a server; never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId(pub u64);

/// Counts leases by connection and blob. How many a blob has in all is the blob's own record.
#[derive(Debug, Default)]
pub struct Leases {
    held: HashMap<ConnectionId, HashMap<ObjectId, u64>>,
    total: u64,
    /// Pairs of a connection and a blob.
    pairs: u64,
}

impl Leases {
    /// Leases of all connections.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// How many pairs there are of a connection and a blob that it has leases on.
    pub fn pairs(&self) -> u64 {
        self.pairs
    }

    /// How many leases a connection has on a blob.
    pub fn count(&self, connection: ConnectionId, blob: ObjectId) -> u64 {
        self.held.get(&connection).and_then(|blobs| blobs.get(&blob)).copied().unwrap_or(0)
    }

    /// One lease more.
    pub fn grant(&mut self, connection: ConnectionId, blob: ObjectId) {
        let count = self.held.entry(connection).or_default().entry(blob).or_insert(0);
        self.pairs = self.pairs.saturating_add(u64::from(*count == 0));
        *count = count.saturating_add(1);
        self.total = self.total.saturating_add(1);
    }

    /// Gives one lease back; false if there is none.
    pub fn release(&mut self, connection: ConnectionId, blob: ObjectId) -> bool {
        let Some(blobs) = self.held.get_mut(&connection) else {
            return false;
        };
        let Some(count) = blobs.get_mut(&blob) else {
            return false;
        };
        *count = count.saturating_sub(1);
        if *count == 0 {
            blobs.remove(&blob);
            self.pairs = self.pairs.saturating_sub(1);
        }
        self.total = self.total.saturating_sub(1);
        true
    }

    /// Gives back all leases of a connection and says how many each blob had.
    pub fn release_all(&mut self, connection: ConnectionId) -> HashMap<ObjectId, u64> {
        let blobs = self.held.remove(&connection).unwrap_or_default();
        self.pairs = self.pairs.saturating_sub(u64::try_from(blobs.len()).unwrap_or(u64::MAX));
        for count in blobs.values() {
            self.total = self.total.saturating_sub(*count);
        }
        blobs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: ConnectionId = ConnectionId(1);
    const B: ConnectionId = ConnectionId(2);

    #[test]
    fn leases_are_counted_by_connection_and_blob() {
        let (x, y) = (ObjectId::blob(1, 1), ObjectId::blob(1, 2));
        let mut leases = Leases::default();
        for (connection, blob) in [(A, x), (A, x), (A, y), (B, x)] {
            leases.grant(connection, blob);
        }
        assert_eq!((leases.total(), leases.pairs()), (4, 3));
        assert!(leases.release(B, x));
        assert!(!leases.release(B, x), "it held only one");
        assert!(!leases.release(ConnectionId(3), x));
        assert_eq!(leases.release_all(A), HashMap::from([(x, 2), (y, 1)]));
        assert_eq!((leases.total(), leases.pairs()), (0, 0));
        assert!(leases.release_all(A).is_empty());
    }
}
