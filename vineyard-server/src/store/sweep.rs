//! Deleting much, a part at a time: what a connection held, and everything.

use vineyard_core::ObjectId;

use super::{BlobStore, ConnectionId, Reserved};

impl BlobStore {
    /// About how many blobs the end of a connection would touch.
    pub fn num_held(&self, connection: ConnectionId) -> usize {
        let owned = self.owned.get(&connection).map_or(0, std::collections::BTreeSet::len);
        let (leased, used) = (self.leases.num_held(connection), self.uses.num_used(connection));
        owned.saturating_add(leased).saturating_add(used).saturating_add(self.views.num_viewed(connection))
    }

    /// Ends a connection, to be called until it returns `None`: what goes with it is deleted, its leases
    /// and dependencies are given back, on at most so many blobs at a time. Returns the blobs that went, and those that
    /// nobody depends on any more.
    pub fn disconnect_some(&mut self, connection: ConnectionId, most: usize) -> Option<Vec<ObjectId>> {
        let unused = self.give_some_back(connection, most);
        self.settle_holds();
        unused
    }

    fn give_some_back(&mut self, connection: ConnectionId, most: usize) -> Option<Vec<ObjectId>> {
        let mine = self.owned.get_mut(&connection);
        let owned: Vec<ObjectId> =
            mine.into_iter().flat_map(|mine| std::iter::from_fn(|| mine.pop_first()).take(most)).collect();
        if !owned.is_empty() {
            for id in &owned {
                self.hide(*id);
            }
            return Some(owned);
        }
        self.owned.remove(&connection);
        let leases = self.leases.release_some(connection, most);
        if !leases.is_empty() {
            for (id, count) in leases {
                self.unlease(id, count);
            }
            return Some(Vec::new());
        }
        if self.end_some_views(connection, most) > 0 {
            return Some(Vec::new());
        }
        let used = self.uses.end_some(connection, most);
        if used.is_empty() {
            return None;
        }
        let is_unused = |id: &ObjectId| self.lose_user(*id, connection) == 0 && self.blobs.contains_key(id);
        Some(used.into_iter().filter(is_unused).collect())
    }

    /// Hides every blob from everybody, at once; [`sweep`](Self::sweep) deletes them. To be called when none is left to
    /// be swept, else it takes time. Gives what has to be dropped, which takes time as well.
    pub fn doom(&mut self) -> impl Send + use<> {
        self.doomed.append(&mut self.blobs);
        std::mem::take(&mut self.owned)
    }

    /// Deletes at most so many of the blobs that are doomed, at the wish of a connection. The memory of those that nobody
    /// views is added to `freed`, to be given to [`SharedPool::trim`](super::SharedPool::trim). False if none was left.
    pub fn sweep(&mut self, most: usize, freed: &mut Vec<Reserved>, by: ConnectionId) -> bool {
        let mut left = true;
        for _ in 0..most {
            let Some(id) = self.doomed.first_key_value().map(|(id, _)| *id) else {
                left = false;
                break;
            };
            self.view_no_more(by, id);
            let Some(mut blob) = self.doomed.remove(&id) else { continue };
            self.linger_no_more(&blob);
            self.states.leave(&blob);
            (blob.hidden, blob.lingers) = (true, None);
            for user in std::mem::take(&mut blob.users).iter() {
                // It may have ended that itself, or have gone.
                let _ = self.uses.end(user, id);
            }
            if blob.is_viewed() {
                self.keep(id, blob);
                self.free(id);
            } else {
                self.leave_place(id, blob.place(), blob.taken);
                self.discharge_blob();
                freed.extend(blob.allocation.and_then(|allocation| self.pool.lock().reserve_window(allocation)));
            }
        }
        self.settle_holds();
        left
    }

    /// Gives everything back, whoever views it: nobody is left.
    pub fn close(&mut self) {
        for blobs in [std::mem::take(&mut self.blobs), std::mem::take(&mut self.doomed)] {
            for (_, blob) in blobs {
                self.discharge_blob();
                if let Some(allocation) = blob.allocation {
                    self.pool.lock().release_window(allocation);
                }
            }
        }
        (self.leases, self.uses, self.views, self.states, self.shared) = Default::default();
        self.owned.clear();
        self.settle_holds();
    }
}
