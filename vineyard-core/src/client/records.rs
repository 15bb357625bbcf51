//! What else can be done with objects and their instance, the same for both kinds of client.

use std::collections::BTreeMap;

use super::transport::Transport;
use super::{Client, Pattern, RpcClient, get};
use crate::error::Error;
use crate::id::{InstanceId, ObjectId};
use crate::meta::ObjectMeta;
use crate::protocol::{
    ClusterMetaRequest, DelDataRequest, ExistsRequest, IfPersistRequest, InstanceMeta, InstanceStatus,
    InstanceStatusRequest, ListDataRequest, PersistRequest,
};

/// How to delete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeleteOptions {
    /// Also members that nobody else uses. On by default.
    pub deep: bool,
    /// Also what is in use, together with everything that uses it. Off by default.
    pub force: bool,
}

impl Default for DeleteOptions {
    fn default() -> Self {
        Self { deep: true, force: false }
    }
}

macro_rules! records {
    ($client:ident) => {
        impl $client {
            /// Metadata of at most `limit` objects whose typename matches, without payloads. One request.
            ///
            /// # Errors
            ///
            /// [`CallError`].
            pub fn list(&self, typename: impl Into<Pattern>, limit: usize) -> Result<Vec<ObjectMeta>, Error> {
                let (pattern, regex) = typename.into().into_parts();
                let transport = self.inner.transport();
                let content = transport
                    .link()
                    .call(&ListDataRequest { pattern, regex, limit: limit as u64, after: None })?
                    .content;
                let trees = content.unwrap_or_default().into_values();
                Ok(trees.map(|tree| get::with_payloads(transport.link(), tree, None)).collect())
            }

            /// Whether an object or blob exists, sealed or not. One request.
            ///
            /// # Errors
            ///
            /// [`CallError`].
            pub fn exists(&self, id: ObjectId) -> Result<bool, Error> {
                Ok(self.inner.call(&ExistsRequest { id })?.exists)
            }

            /// Deletes an object and the members that nobody else uses. What others use is kept; what does not exist is a
            /// success. Views stay valid. One request.
            ///
            /// # Errors
            ///
            /// [`CallError`].
            pub fn delete(&self, id: ObjectId) -> Result<(), Error> {
                self.delete_with(&[id], DeleteOptions::default())
            }

            /// Deletes several objects or blobs.
            ///
            /// # Errors
            ///
            /// [`CallError`].
            pub fn delete_with(&self, ids: &[ObjectId], options: DeleteOptions) -> Result<(), Error> {
                let DeleteOptions { deep, force } = options;
                let request = DelDataRequest { ids: ids.to_vec(), force, deep, memory_trim: false, fastpath: false };
                self.inner.call(&request)?;
                Ok(())
            }

            /// Publishes an object and its members to the cluster. It can be named then. One request.
            ///
            /// # Errors
            ///
            /// [`CallError`], with a code for blobs and for objects that do not exist.
            pub fn persist(&self, id: ObjectId) -> Result<(), Error> {
                self.inner.call(&PersistRequest { id })?;
                Ok(())
            }

            /// Whether an object is published. One request.
            ///
            /// # Errors
            ///
            /// [`CallError`].
            pub fn is_persistent(&self, id: ObjectId) -> Result<bool, Error> {
                Ok(self.inner.call(&IfPersistRequest { id })?.persist)
            }

            /// How the instance is doing: bytes in use, the limit, connections. One request.
            ///
            /// # Errors
            ///
            /// [`CallError`].
            pub fn instance_status(&self) -> Result<InstanceStatus, Error> {
                Ok(self.inner.call(&InstanceStatusRequest {})?.meta)
            }

            /// The instances of the cluster, with where they listen. One request.
            ///
            /// # Errors
            ///
            /// [`CallError`](crate::CallError).
            pub fn cluster_meta(&self) -> Result<BTreeMap<InstanceId, InstanceMeta>, Error> {
                let by_key = self.inner.call(&ClusterMetaRequest {})?.meta;
                // Keys are `i` and a number.
                let number = |key: &str| key.strip_prefix('i')?.parse().ok().map(InstanceId::from_raw);
                Ok(by_key.into_iter().filter_map(|(key, meta)| Some((number(&key)?, meta))).collect())
            }
        }
    };
}

records!(Client);
records!(RpcClient);
