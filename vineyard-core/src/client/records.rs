//! What can be done with objects without reading them, the same for both kinds of client.

use serde_json::{Map, Value};

use super::transport::Transport;
use super::{Client, RpcClient};
use crate::blob::Blob;
use crate::error::Error;
use crate::id::ObjectId;
use crate::protocol::{
    ClearRequest, DelDataRequest, ExistsRequest, IfPersistRequest, KeepRequest, LabelRequest, PersistRequest,
    ShallowCopyRequest,
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
            /// Whether an object or blob exists, sealed or not. One request.
            ///
            /// # Errors
            ///
            /// [`CallError`](crate::CallError).
            pub fn exists(&self, id: ObjectId) -> Result<bool, Error> {
                Ok(self.inner.call(&ExistsRequest { id })?.exists)
            }

            /// Lets a blob that this client has made stay when the client goes, although no object holds it. Without
            /// this it goes with its client, by whatever death, until an object that holds it is put.
            ///
            /// Of a part, the whole blob stays. On servers where blobs stay anyway, and for blobs of others, it does nothing. One request.
            ///
            /// # Errors
            ///
            /// [`CallError`](crate::CallError).
            ///
            /// # Examples
            ///
            /// ```no_run
            /// # let client = vineyard_core::Client::from_env()?;
            /// let numbers = client.put_array(&[1u64, 2, 3])?;
            /// client.keep(numbers.blob())?;
            /// # Ok::<(), vineyard_core::Error>(())
            /// ```
            pub fn keep(&self, blob: &Blob) -> Result<(), Error> {
                let transport = self.inner.transport();
                let link = transport.link();
                if let Some(part) = blob.part_in(link.store()).filter(|_| link.owns_blobs()) {
                    link.call(&KeepRequest { ids: vec![part.id] })?;
                }
                Ok(())
            }

            /// Deletes an object and the members that nobody else uses. What others use is kept; what does not exist is
            /// a success. Views stay valid. One request.
            ///
            /// # Errors
            ///
            /// [`CallError`](crate::CallError).
            pub fn delete(&self, id: ObjectId) -> Result<(), Error> {
                self.delete_with(&[id], DeleteOptions::default())
            }

            /// Deletes several objects or blobs.
            ///
            /// # Errors
            ///
            /// [`CallError`](crate::CallError).
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
            /// [`CallError`](crate::CallError), with a code for blobs and for objects that do not exist.
            pub fn persist(&self, id: ObjectId) -> Result<(), Error> {
                self.inner.call(&PersistRequest { id })?;
                Ok(())
            }

            /// Whether an object is published. One request.
            ///
            /// # Errors
            ///
            /// [`CallError`](crate::CallError).
            pub fn is_persistent(&self, id: ObjectId) -> Result<bool, Error> {
                Ok(self.inner.call(&IfPersistRequest { id })?.persist)
            }

            /// Adds labels to an object; a label of the same key is replaced. They are part of its metadata
            /// ([`ObjectMeta::labels`](crate::ObjectMeta::labels)). One request.
            ///
            /// # Errors
            ///
            /// [`CallError`](crate::CallError), with
            /// [`StatusCode::ObjectNotExists`](crate::StatusCode::ObjectNotExists) if there is no such object.
            ///
            /// # Examples
            ///
            /// ```no_run
            #[doc = concat!("# let client = vineyard_core::", stringify!($client), "::from_env()?;")]
            /// # let id = vineyard_core::ObjectId::INVALID;
            /// client.label(id, [("stage", "raw"), ("owner", "ada")])?;
            /// assert_eq!(client.get_meta(id)?.labels()["stage"], "raw");
            /// # Ok::<(), vineyard_core::Error>(())
            /// ```
            pub fn label<K: Into<String>, V: Into<String>>(
                &self,
                id: ObjectId,
                labels: impl IntoIterator<Item = (K, V)>,
            ) -> Result<(), Error> {
                let (keys, values) = labels.into_iter().map(|(key, value)| (key.into(), value.into())).unzip();
                self.inner.call(&LabelRequest { id, keys, values })?;
                Ok(())
            }

            /// Makes a second object of the same members, of whose plain values `extra` replaces some or adds others;
            /// returns its id. Payloads are shared. One request.
            ///
            /// # Errors
            ///
            /// [`CallError`](crate::CallError), with a code for blobs, for objects that do not exist, and for values
            /// that are neither text, numbers nor booleans.
            ///
            /// # Examples
            ///
            /// ```no_run
            #[doc = concat!("# let client = vineyard_core::", stringify!($client), "::from_env()?;")]
            /// # let id = vineyard_core::ObjectId::INVALID;
            /// let copy = client.shallow_copy(id, [("rate".to_owned(), 48.0.into())])?;
            /// # Ok::<(), vineyard_core::Error>(())
            /// ```
            pub fn shallow_copy(
                &self,
                id: ObjectId,
                extra: impl IntoIterator<Item = (String, Value)>,
            ) -> Result<ObjectId, Error> {
                let extra: Map<String, Value> = extra.into_iter().collect();
                Ok(self.inner.call(&ShallowCopyRequest { id, extra: Some(extra.into()) })?.target_id)
            }

            /// Deletes every object and blob of the session, and every published object of the cluster. Names and
            /// streams stay, and so do views. One request.
            ///
            /// # Errors
            ///
            /// [`CallError`](crate::CallError).
            pub fn clear(&self) -> Result<(), Error> {
                self.inner.call(&ClearRequest {})?;
                Ok(())
            }
        }
    };
}

records!(Client);
records!(RpcClient);
