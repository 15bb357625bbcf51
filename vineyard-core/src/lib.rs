//! Core of Vineyard: typed objects in shared memory, used by many processes without copying.
#![deny(unsafe_code)]

#[allow(unused_extern_crates, reason = "derived code in this crate and its tests names it so")]
extern crate self as vineyard_core;

#[doc(hidden)]
#[allow(missing_docs, reason = "for derived code only")]
#[path = "private.rs"]
pub mod __private_v1;
mod blob;
mod client;
pub mod error;
pub mod id;
pub mod meta;
mod object;
pub mod protocol;
mod schema;
pub mod shm;
mod status;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod typename;

pub use blob::{Array, Blob, BlobWriter, Element};
pub use client::{Client, ConnectOptions, DeleteOptions, Pattern};
pub use error::{
    BuildError, BuildReason, CallError, CallReason, ConnectError, Error, GetError, PutError, ResolveError,
    ResolveReason,
};
pub use id::{InstanceId, ObjectId, ParseIdError, SessionId, Signature};
pub use meta::{DraftField, DraftNode, Key, MetaTree, MetaValue, ObjectMeta};
pub use object::{
    Draft, IntoDraft, ListOf, MapOf, Member, MemberInput, MetaKind, NodeKind, Object, Opaque, Registration, Registry,
    SpreadKind, Stored, registry,
};
pub use protocol::InstanceStatus;
pub use schema::{FieldKind, FieldSchema, Schema};
pub use shm::ViewError;
pub use status::{ServerError, StatusCode};
pub use typename::{TypeName, Typename};
pub use vineyard_derive::Object;
