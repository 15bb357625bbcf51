//! Core of Vineyard: typed objects in shared memory, used by many processes without copying.
//!
//! ```no_run
//! use vineyard_core::{Array, Client, Object};
//!
//! #[derive(Object)]
//! #[object(typename = "example::Graph")]
//! struct Graph {
//!     directed: bool,              // plain values become metadata
//!     offsets: Array<u64>,         // arrays become blobs in shared memory
//!     targets: Array<u32>,
//!     weights: Option<Array<f64>>, // what is absent is not stored
//! }
//!
//! let client = Client::connect("/tmp/vineyard.sock")?; // where a `vineyard-server` listens
//! let graph = Graph { directed: true, offsets: vec![0, 1].into(), targets: vec![0].into(), weights: None };
//! let id = client.put(&graph)?; // one copy, into shared memory
//! let graph = client.get::<Graph>(id)?; // no copy: `graph.targets` is a view of shared memory
//! assert_eq!(&*graph.targets, &[0]);
//! # Ok::<(), vineyard_core::Error>(())
//! ```
//!
//! # What there is
//!
//! | | |
//! |---|---|
//! | [`Object`] | a type that can be put and got; derived, never written by hand |
//! | [`Array`], [`Blob`] | immutable elements or bytes: on the heap, or a leased view of shared memory |
//! | [`BlobWriter`] | fills shared memory in place, so that the put copies nothing |
//! | [`Client`] | put, get, names, listing, deletion; blocking, cheap to clone, for any number of threads |
//! | [`RpcClient`] | the same over TCP, for servers on other hosts: payloads travel |
//! | [`Stored`] | what a get returns: the value, its id and its metadata. As a field it is linked, not copied |
//! | [`Draft`] | what a builder makes: a checked object that is not stored yet |
//! | [`ObjectMeta`], [`Opaque`] | metadata as such, for types that this program does not know |
//! | [`Member`] | what a field can be: values, arrays, blobs, objects, and `Option`, `Vec`, arrays and maps of these |
//! | [`registry`] | the types that are linked into this program, by typename |
//!
//! Types with a stable layout that Python reads (tensors, dataframes, graphs) are in `vineyard-types`; the server,
//! also as a library for private servers, is in `vineyard-server`.
//!
//! # Errors
//!
//! Every operation has its own ([`error`]); [`Error`] holds any of them. Their texts tell the whole story: which object,
//! which field, what was found, what was expected, and what caused it.
//!
//! # Trust
//!
//! Views are `&[T]` over memory that other processes map. What makes that sound, and who is trusted with what, is
//! written down in [`shm`], the only module with unsafe code: in short, the server is trusted to place blobs, and the
//! writer of a blob not to change it after sealing; nobody is trusted with anything they *say*. For a writer one does
//! not trust there is [`Blob::copy_out`].
//!
//! # Features
//!
//! All are off by default. `half` and `num-complex` make the numbers of these crates elements of arrays. `zstd` lets payloads travel compressed over TCP, with the C library that it builds; `tls`
//! encrypts what travels there, with C code and assembly that it builds; `testing` adds `testing`: objects without a
//! server, for tests of types.
#![deny(unsafe_code)]

#[allow(unused_extern_crates, reason = "derived code in this crate and its tests names it so")]
extern crate self as vineyard_core;

#[doc(hidden)]
#[allow(missing_docs, reason = "for derived code only")]
#[path = "private/mod.rs"]
pub mod __private_v1;
mod address;
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
mod sync;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod typename;

pub use address::Address;
pub use blob::{Array, Blob, BlobWriter, Element, Lent};
#[cfg(feature = "tls")]
pub use client::TlsOptions;
pub use client::{
    Client, ConnectOptions, DeleteOptions, Fetch, Pattern, RpcClient, RpcOptions, StreamChunk, StreamReader,
    StreamWriter,
};
#[cfg(feature = "tls")]
pub use error::TlsError;
pub use error::{
    BuildError, BuildReason, CallError, CallReason, ConnectError, Error, GetError, PutError, ResolveError,
    ResolveReason,
};
pub use id::{InstanceId, ObjectId, ParseIdError, SessionId, Signature};
pub use meta::{DraftField, DraftNode, Key, MetaTree, MetaValue, ObjectMeta, Plain};
pub use object::{
    Context, Draft, DriverError, IntoDraft, ListOf, MapOf, Member, MemberInput, MetaKind, NodeKind, Object, ObjectRef,
    Opaque, RefKind, Registration, Registry, Scope, SpreadKind, Stored, registry,
};
pub use protocol::{InstanceMeta, InstanceStatus};
pub use schema::{ElementLayout, FieldKind, FieldSchema, Fingerprint, Schema, SchemaStamp};
pub use shm::ViewError;
pub use status::{ServerError, StatusCode};
pub use typename::{TypeName, Typename};
pub use vineyard_derive::{Element, MetaValue, Object, Typename};
