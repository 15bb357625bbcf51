//! The blobs below one object, as a server gave them out.

use std::collections::HashMap;

use crate::blob::{Blob, StoreId};
use crate::id::{InstanceId, ObjectId};

/// Where each blob below an object lies, and whose they are.
#[derive(Debug, Clone)]
pub struct Payloads {
    /// The instance that answered.
    pub(crate) instance: InstanceId,
    /// The server and session that answered; `None` for objects that were never stored.
    pub(crate) store: Option<StoreId>,
    /// The blobs of that instance; `None` if they were not asked for.
    pub(crate) blobs: Option<HashMap<ObjectId, Blob>>,
}
