//! Metadata: the tree of plain values and members that describes an object.
//!
//! [`MetaTree`] is the tree as it travels in JSON, [`Record`] the same in a compact form, [`ObjectMeta`] a record together
//! with the payloads below it, [`DraftNode`] an object that is not stored yet.

mod draft;
mod key;
mod object_meta;
mod payloads;
mod record;
mod tree;
mod value;

pub use draft::{DraftField, DraftNode};
pub use key::Key;
pub use object_meta::{BLOB_TYPENAME, ObjectMeta};
pub(crate) use payloads::{BlobSet, Keeper, Payloads};
pub use record::{Full, OpenNode, Plain, Record, RecordError, RecordWriter, Shape};
pub use tree::{MetaField, MetaTree};
pub use value::MetaValue;
