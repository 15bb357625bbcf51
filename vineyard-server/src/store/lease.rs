//! Leases: which connection views which blob, and how often. Pure.

use std::collections::{BTreeMap, HashMap};

use vineyard_core::ObjectId;

/// One connection in the life of a server; never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId(pub u64);

/// Counts leases by connection and blob. How many a blob has in all is the blob's own record.
#[derive(Debug, Default)]
pub struct Leases {
    held: HashMap<ConnectionId, Held>,
    total: u64,
    /// Pairs of a connection and a blob.
    pairs: u64,
}

/// What one connection holds.
#[derive(Debug, Default)]
struct Held {
    blobs: BTreeMap<ObjectId, Lease>,
    /// Bytes of all these blobs.
    bytes: u64,
}

/// The leases of one connection on one blob.
#[derive(Debug)]
struct Lease {
    count: u64,
    /// Bytes of the blob.
    bytes: u64,
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
        self.held.get(&connection).and_then(|held| held.blobs.get(&blob)).map_or(0, |lease| lease.count)
    }

    /// The bytes of the blobs that each connection has leases on.
    pub fn bytes(&self) -> impl Iterator<Item = (ConnectionId, u64)> + '_ {
        self.held.iter().map(|(connection, held)| (*connection, held.bytes))
    }

    /// One lease more on a blob of so many bytes.
    pub fn grant(&mut self, connection: ConnectionId, blob: ObjectId, bytes: u64) {
        let held = self.held.entry(connection).or_default();
        let lease = held.blobs.entry(blob).or_insert_with(|| {
            held.bytes = held.bytes.saturating_add(bytes);
            Lease { count: 0, bytes }
        });
        self.pairs = self.pairs.saturating_add(u64::from(lease.count == 0));
        lease.count = lease.count.saturating_add(1);
        self.total = self.total.saturating_add(1);
    }

    /// A blob has so many bytes now.
    pub fn resize(&mut self, connection: ConnectionId, blob: ObjectId, bytes: u64) {
        let Some(held) = self.held.get_mut(&connection) else { return };
        if let Some(lease) = held.blobs.get_mut(&blob) {
            held.bytes = held.bytes.saturating_sub(lease.bytes).saturating_add(bytes);
            lease.bytes = bytes;
        }
    }

    /// As [`resize`](Self::resize), whoever has leases on it. O(connections).
    pub fn resize_for_all(&mut self, blob: ObjectId, bytes: u64) {
        for held in self.held.values_mut() {
            if let Some(lease) = held.blobs.get_mut(&blob) {
                held.bytes = held.bytes.saturating_sub(lease.bytes).saturating_add(bytes);
                lease.bytes = bytes;
            }
        }
    }

    /// Gives one lease back; false if there is none.
    pub fn release(&mut self, connection: ConnectionId, blob: ObjectId) -> bool {
        let Some(held) = self.held.get_mut(&connection) else {
            return false;
        };
        let Some(lease) = held.blobs.get_mut(&blob) else {
            return false;
        };
        lease.count = lease.count.saturating_sub(1);
        if lease.count == 0 {
            held.bytes = held.bytes.saturating_sub(lease.bytes);
            held.blobs.remove(&blob);
            self.pairs = self.pairs.saturating_sub(1);
        }
        self.total = self.total.saturating_sub(1);
        true
    }

    /// Gives back all leases of a connection on at most so many blobs, and says how many each of them had.
    pub fn release_some(&mut self, connection: ConnectionId, most: usize) -> Vec<(ObjectId, u64)> {
        let Some(held) = self.held.get_mut(&connection) else { return Vec::new() };
        let released: Vec<_> = std::iter::from_fn(|| held.blobs.pop_first()).take(most).collect();
        held.bytes = released.iter().fold(held.bytes, |bytes, (_, lease)| bytes.saturating_sub(lease.bytes));
        self.pairs = self.pairs.saturating_sub(u64::try_from(released.len()).unwrap_or(u64::MAX));
        if held.blobs.is_empty() {
            self.held.remove(&connection);
        }
        self.total = released.iter().fold(self.total, |total, (_, lease)| total.saturating_sub(lease.count));
        released.into_iter().map(|(blob, lease)| (blob, lease.count)).collect()
    }

    /// On how many blobs a connection has leases.
    pub fn num_held(&self, connection: ConnectionId) -> usize {
        self.held.get(&connection).map_or(0, |held| held.blobs.len())
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
            leases.grant(connection, blob, 64);
        }
        assert_eq!((leases.total(), leases.pairs()), (4, 3));
        let bytes = |leases: &Leases| leases.bytes().collect::<HashMap<_, _>>();
        assert_eq!(bytes(&leases), HashMap::from([(A, 128), (B, 64)]), "each blob counts once");
        leases.resize(A, x, 6);
        assert!(leases.release(B, x));
        assert_eq!(bytes(&leases), HashMap::from([(A, 70), (B, 0)]));
        assert!(!leases.release(B, x), "it held only one");
        assert!(!leases.release(ConnectionId(3), x));
        assert_eq!(leases.num_held(A), 2);
        assert_eq!(leases.release_some(A, 1), [(x, 2)]);
        assert_eq!((leases.total(), leases.pairs(), leases.num_held(A)), (1, 1, 1));
        assert_eq!(leases.release_some(A, 9), [(y, 1)]);
        assert_eq!((leases.total(), leases.pairs(), leases.held.contains_key(&A)), (0, 0, false));
        assert!(leases.release_some(A, 9).is_empty());
    }
}
