//! Leases: which connection views which blob, and how often. Pure.

use std::collections::{BTreeMap, HashMap};

use vineyard_core::ObjectId;

/// One connection in the life of a server; never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId(pub u64);

/// Counts leases by connection and blob. How many a blob has in all is the blob's own record.
#[derive(Debug, Default)]
pub struct Leases {
    held: HashMap<ConnectionId, BTreeMap<ObjectId, u64>>,
    total: u64,
}

impl Leases {
    /// Leases of all connections.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// How many leases a connection has on a blob.
    pub fn count(&self, connection: ConnectionId, blob: ObjectId) -> u64 {
        self.held.get(&connection).and_then(|blobs| blobs.get(&blob)).copied().unwrap_or(0)
    }

    /// One lease more.
    pub fn grant(&mut self, connection: ConnectionId, blob: ObjectId) {
        let count = self.held.entry(connection).or_default().entry(blob).or_insert(0);
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
        }
        self.total = self.total.saturating_sub(1);
        true
    }

    /// Gives back all leases of a connection on at most so many blobs, and says how many each of them had.
    pub fn release_some(&mut self, connection: ConnectionId, most: usize) -> Vec<(ObjectId, u64)> {
        let Some(blobs) = self.held.get_mut(&connection) else { return Vec::new() };
        let released: Vec<_> = std::iter::from_fn(|| blobs.pop_first()).take(most).collect();
        if blobs.is_empty() {
            self.held.remove(&connection);
        }
        self.total = released.iter().fold(self.total, |total, (_, count)| total.saturating_sub(*count));
        released
    }

    /// On how many blobs a connection has leases.
    pub fn num_held(&self, connection: ConnectionId) -> usize {
        self.held.get(&connection).map_or(0, BTreeMap::len)
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
        assert_eq!(leases.total(), 4);
        assert!(leases.release(B, x));
        assert!(!leases.release(B, x), "it held only one");
        assert!(!leases.release(ConnectionId(3), x));
        assert_eq!(leases.num_held(A), 2);
        assert_eq!(leases.release_some(A, 1), [(x, 2)]);
        assert_eq!((leases.total(), leases.num_held(A)), (1, 1));
        assert_eq!(leases.release_some(A, 9), [(y, 1)]);
        assert_eq!((leases.total(), leases.held.contains_key(&A)), (0, false));
        assert!(leases.release_some(A, 9).is_empty());
    }
}
