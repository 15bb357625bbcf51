//! What an instance says of itself and of where its blobs are kept, the same for both kinds of client.

use std::collections::BTreeMap;

use super::link::Link;
use super::transport::Transport;
use super::{Client, RpcClient};
use crate::error::{CallError, CallReason, Error};
use crate::id::{InstanceId, ObjectId};
use crate::protocol::{
    Call, ClusterMetaRequest, EvictRequest, IncreaseReferenceCountRequest, InstanceMeta, InstanceStatus,
    InstanceStatusRequest, IsInUseRequest, IsSpilledRequest, LoadRequest, MemoryTrimRequest, UnpinRequest,
};

/// Sends a request that the original server takes, but never answers.
fn call_if_answered<C: Call>(link: &Link, request: &C) -> Result<(), CallError> {
    if link.is_native() {
        return link.call(request).map(drop);
    }
    Err(CallError::new(C::TYPE, CallReason::NotSent("this server is not known to answer such requests")))
}

macro_rules! instance {
    ($client:ident) => {
        impl $client {
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

            /// Gives unused memory back to the system; true if there was any. One request.
            ///
            /// # Errors
            ///
            /// [`CallError`].
            pub fn memory_trim(&self) -> Result<bool, Error> {
                Ok(self.inner.call(&MemoryTrimRequest {})?.trimmed)
            }

            /// Keeps blobs in memory for as long as this client's connection: they count as in use and are not spilled.
            /// They can be deleted all the same; ids of no blob are accepted. One request.
            ///
            /// # Errors
            ///
            /// [`CallError`].
            pub fn hold(&self, blobs: &[ObjectId]) -> Result<(), Error> {
                self.inner.call(&IncreaseReferenceCountRequest { ids: blobs.to_vec() })?;
                Ok(())
            }

            /// Whether anybody views, holds or is still writing a blob. One request.
            ///
            /// # Errors
            ///
            /// [`CallError`].
            pub fn is_in_use(&self, blob: ObjectId) -> Result<bool, Error> {
                Ok(self.inner.call(&IsInUseRequest { id: blob })?.is_in_use)
            }

            /// Whether a blob is kept on disk at the moment. One request.
            ///
            /// # Errors
            ///
            /// [`CallError`].
            pub fn is_spilled(&self, blob: ObjectId) -> Result<bool, Error> {
                Ok(self.inner.call(&IsSpilledRequest { id: blob })?.is_spilled)
            }

            /// Moves the blobs below objects to disk, except for those that are viewed. They come back when they are
            /// asked for. One request.
            ///
            /// # Errors
            ///
            /// [`CallError`], with a code if the server does not spill; [`CallReason::NotSent`] if the server is the
            /// original, which never answers this.
            pub fn evict(&self, ids: &[ObjectId]) -> Result<(), Error> {
                Ok(call_if_answered(self.inner.transport().link(), &EvictRequest { ids: ids.to_vec() })?)
            }

            /// Brings the blobs below objects back into memory, and keeps them there if they are to be pinned. One
            /// request.
            ///
            /// # Errors
            ///
            /// As [`evict`](Self::evict).
            pub fn load(&self, ids: &[ObjectId], pin: bool) -> Result<(), Error> {
                Ok(call_if_answered(self.inner.transport().link(), &LoadRequest { ids: ids.to_vec(), pin })?)
            }

            /// Lets the blobs below objects go to disk again. One request.
            ///
            /// # Errors
            ///
            /// As [`evict`](Self::evict).
            pub fn unpin(&self, ids: &[ObjectId]) -> Result<(), Error> {
                Ok(call_if_answered(self.inner.transport().link(), &UnpinRequest { ids: ids.to_vec() })?)
            }
        }
    };
}

instance!(Client);
instance!(RpcClient);
