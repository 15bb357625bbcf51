//! Who depends on which blob, and whether it is in use.

use vineyard_core::{ObjectId, ServerError, StatusCode};

use super::uses::NotUsed;
use super::{BlobStore, ConnectionId};

impl BlobStore {
    /// Makes a connection depend on blobs. Ids that are not there are remembered all the same.
    ///
    /// # Errors
    ///
    /// [`StatusCode::NotEnoughMemory`] if the server may keep no more.
    pub fn retain(&mut self, connection: ConnectionId, ids: &[ObjectId]) -> Result<(), ServerError> {
        self.charge_holds(ids.len())?;
        ids.iter().for_each(|id| self.depend(connection, *id));
        self.settle_holds();
        Ok(())
    }

    pub(super) fn depend(&mut self, connection: ConnectionId, id: ObjectId) {
        if self.uses.add(connection, id)
            && let Some(blob) = self.blobs.get_mut(&id)
        {
            blob.users = blob.users.saturating_add(1);
        }
    }

    /// Ends a connection's dependency on a blob, and says how many others depend on it.
    ///
    /// # Errors
    ///
    /// [`StatusCode::KeyError`] if the connection depends on nothing, [`StatusCode::ObjectNotExists`] if it does not
    /// depend on this blob.
    pub fn release(&mut self, connection: ConnectionId, id: ObjectId) -> Result<u32, ServerError> {
        self.uses.end(connection, id).map_err(|why| match why {
            NotUsed::Nothing => ServerError::new(StatusCode::KeyError, "this connection depends on no blob".to_owned()),
            NotUsed::ThisOne => {
                let message = format!("this connection does not depend on blob {id}");
                ServerError::new(StatusCode::ObjectNotExists, message)
            }
        })?;
        self.settle_holds();
        Ok(self.lose_user(id))
    }

    fn lose_user(&mut self, id: ObjectId) -> u32 {
        let Some(blob) = self.blobs.get_mut(&id) else { return 0 };
        blob.users = blob.users.saturating_sub(1);
        blob.users
    }

    /// Ends all dependencies of a connection; the blobs that nobody depends on any more.
    pub(super) fn depend_no_more(&mut self, connection: ConnectionId) -> Vec<ObjectId> {
        let used = self.uses.end_all(connection);
        used.into_iter().filter(|id| self.lose_user(*id) == 0 && self.blobs.contains_key(id)).collect()
    }

    /// How many connections depend on a blob.
    pub fn num_users(&self, id: ObjectId) -> u32 {
        self.visible(id).map_or(0, |blob| blob.users)
    }

    /// Whether a blob has to stay where it is: it is being written, viewed or depended upon. What is not there counts
    /// as used, as in the original.
    pub fn is_in_use(&self, id: ObjectId) -> bool {
        self.visible(id).is_none_or(super::Blob::is_in_use)
    }
}
