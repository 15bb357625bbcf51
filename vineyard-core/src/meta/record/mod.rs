//! Records: metadata trees in a compact form that is read where it lies.
//!
//! All numbers are little-endian, all offsets count from the start of the record. Nothing is aligned.
//!
//! ```text
//! record   slot of the root, then shapes, nodes, blobs and texts, each before what comes behind it in the tree
//! slot     u32 tag, u64 value                       (12 bytes)
//!            0 null   1 false   2 true              value 0
//!            3 whole number   4 negative one        the number in 64 bits, as two's complement
//!            5 float                                its IEEE 754 bits
//!            6 text   7 array, as JSON text         u32 offset, u32 bytes
//!            8 id                                   the number
//!            9 node   10 blob                       offset
//! node     u32 offset of its shape, then a slot for each key of that
//! shape    u32 count, then u32 offset and u32 bytes of each key, in byte order, then the keys
//! blob     u64 id, u64 instance, u64 bytes          stands for the node by which clients describe a blob
//! ```
//!
//! Nodes with the same keys share a shape. Shapes, nodes, blobs and texts come in the order in which a walk along the
//! slots meets them first, so a record is checked in one pass, in time linear in its bytes, whoever wrote it.

mod check;
mod convert;
mod plain;
mod read;
mod write;

#[cfg(test)]
mod tests;

pub use plain::Plain;
pub(crate) use read::{Field, Place};
pub use read::{Record, RecordError};
pub use write::{Full, OpenNode, RecordWriter, Shape};

/// Bytes of a slot.
const SLOT_BYTES: u32 = 12;

/// Bytes of a blob.
const BLOB_BYTES: u32 = 24;

/// How deep nodes may lie in each other: as deep as JSON is read.
const MAX_DEPTH: usize = 128;

/// What a slot holds.
mod tag {
    pub(super) const NULL: u32 = 0;
    pub(super) const FALSE: u32 = 1;
    pub(super) const TRUE: u32 = 2;
    pub(super) const UINT: u32 = 3;
    pub(super) const INT: u32 = 4;
    pub(super) const FLOAT: u32 = 5;
    pub(super) const TEXT: u32 = 6;
    pub(super) const LIST: u32 = 7;
    pub(super) const ID: u32 = 8;
    pub(super) const NODE: u32 = 9;
    pub(super) const BLOB: u32 = 10;
}

/// The keys of a blob's node, in byte order.
const BLOB_KEYS: [&str; 6] = ["id", "instance_id", "length", "nbytes", "transient", "typename"];
