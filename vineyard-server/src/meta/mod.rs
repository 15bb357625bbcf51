//! The metadata of one instance: which objects there are, of which members, under which names.
//!
//! Pure: no I/O, no clock. What a peer sends arrives as a [`MetaTree`](vineyard_core::meta::MetaTree), is checked in
//! `create`, and is kept as a compact record per object. Blobs have no records; a record links to them by id and
//! instance.
//!
//! ```text
//! Tree ── records: id ──> Record (fields; links to objects, signatures, blobs)
//!      ├─ by_type: typename ──> ids           listing
//!      ├─ edges: member ──> parents           deletion
//!      │         signature ──> holder         members of global objects
//!      ├─ names: name ──> id                  survive their object
//!      ├─ strays: id ──> fields               published, but of no object
//!      └─ log: the revision ──> watches       what is published, batch by batch
//! ```
//!
//! What is persistent is published: `publish` says which keys it amounts to, `apply` takes them from others, and
//! [`backend`] is where they are kept.
//!
//! Trees are shaped by a peer, so every record keeps the extent of its view, and what is too deep or too large is
//! refused when it is created. A signature may come to stand for another object later, which can undo what was
//! checked; therefore a view measures its tree once more before it is written.
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::panic
)]

mod apply;
pub mod backend;
mod clear;
mod copy;
mod create;
mod delete;
mod edges;
mod encode;
mod extent;
mod labels;
mod list;
mod names;
mod persist;
mod pointer;
mod publish;
mod record;
mod refusal;
mod sketch;
mod text;
mod tree;
mod view;
mod weight;

#[cfg(test)]
mod tests;

pub use apply::Applied;
pub use clear::Cleared;
pub use create::{Created, Creation};
pub use delete::{Deleted, Deletion};
pub use encode::Encoder;
pub(crate) use names::check_length;
pub use sketch::Sketches;
pub use tree::Tree;
pub use view::{BlobView, View};

use vineyard_core::ObjectId;

/// The typename of blobs, which no object may have.
const BLOB_TYPENAME: &str = "vineyard::Blob";

/// The key under which an object carries its last name.
const NAME_KEY: &str = "__name";

/// The key under which an object carries its labels: a JSON object, as text.
const LABELS_KEY: &str = "__labels";

/// What the metadata asks the blob store.
pub trait Blobs {
    /// Bytes of a blob of this instance that is sealed and visible; `None` if there is none.
    fn length(&self, id: ObjectId) -> Option<u64>;
}

/// Whether an id stands for a blob that is always there: nothing owns it and nothing can delete it.
fn is_everlasting(id: ObjectId) -> bool {
    id == ObjectId::EMPTY_BLOB || id == ObjectId::PLACEHOLDER_BLOB
}
