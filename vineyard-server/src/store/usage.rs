//! Who depends on which blob, and whether it is in use.

use vineyard_core::{ObjectId, ServerError, StatusCode};

use super::uses::NotUsed;
use super::{BlobStore, ConnectionId};

impl BlobStore {
    /// Makes a connection depend on blobs. Ids that are not there are remembered all the same. To be called with
    /// [room](Self::room_for) for that.
    pub fn retain(&mut self, connection: ConnectionId, ids: &[ObjectId]) {
        ids.iter().for_each(|id| self.depend(connection, *id));
        self.settle_holds();
    }

    pub(super) fn depend(&mut self, connection: ConnectionId, id: ObjectId) {
        if self.uses.add(connection, id)
            && let Some(blob) = self.blobs.get_mut(&id)
        {
            blob.users.add(connection);
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
        self.view_no_more(connection, id);
        let others = self.lose_user(id, connection);
        self.settle_holds();
        Ok(others)
    }

    pub(super) fn lose_user(&mut self, id: ObjectId, user: ConnectionId) -> u32 {
        let Some(blob) = self.blobs.get_mut(&id) else { return 0 };
        blob.users.remove(user);
        blob.users.count()
    }

    /// How many connections depend on a blob.
    pub fn num_users(&self, id: ObjectId) -> u32 {
        self.visible(id).map_or(0, |blob| blob.users.count())
    }

    /// Whether a blob has to stay where it is: it is being written, viewed or depended upon. What is not there counts
    /// as used, as in the original.
    pub fn is_in_use(&self, id: ObjectId) -> bool {
        self.visible(id).is_none_or(super::Blob::is_in_use)
    }
}
