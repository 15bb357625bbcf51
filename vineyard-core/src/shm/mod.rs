//! Shared memory: mappings, regions, writable windows, descriptor passing. The only unsafe code of the project.
//!
//! # What may be assumed, and who sees to it
//!
//! A `&[T]` over memory that another process could write is undefined behaviour if it is written while the reference
//! lives. These invariants make it sound; every `SAFETY` comment cites them by number.
//!
//! | | invariant | who sees to it |
//! |---|---|---|
//! | I1 | the bytes are complete before anyone can view them | servers give out the place of sealed blobs only, and the client never asks for unsealed ones, nor for the placeholder blob, whose payload is the whole arena; the seal request and its reply order the writes before the reads |
//! | I2 | nobody writes after the seal | `BlobWriter::seal` consumes the only writable window, and what is written through the arena's descriptor is written by that window, inside it; sealed views are made over separate read-only mappings; a blob's writer is trusted not to keep writing, unless the kernel has sealed its file |
//! | I3 | the memory is not reused while it is viewed | every mapped `Region` holds what it was given as keep-alive: the lease, which also keeps the connection open. Leases are the process's own: views do not survive a fork, and `fork` is `unsafe` for the like of it |
//! | I4 | the mapping outlives the view | every `Region` and `WindowMut` holds an `Arc` of its `Mapping` |
//! | I5 | pages do not vanish | arenas are memfds sealed against shrinking; a mapping is never longer than its file was when it was mapped |
//! | I6 | in bounds, aligned, valid | offsets and lengths are checked with checked arithmetic when a region is made, alignment and length when it is given a type; `T: Pod` accepts every bit pattern |
//! | I7 | right type | typenames are compared before resolving; I6 keeps even a lying peer within wrong numbers |
//! | I8 | an owner's bytes stay where they are | an owner of bytes is moved to the heap first, then asked for them, once, through a shared reference; it is neither moved nor lent mutably before it is dropped, so that the borrow could have lasted as long as the owner |
//!
//! Trust: the server places blobs, and a blob's writer keeps its promise of I2; the boundary is the user id.
//! Everything a peer *says* is checked. For data of writers one does not trust there are
//! [`Blob::copy_out`](crate::Blob::copy_out) and [`Blob::is_kernel_sealed`](crate::Blob::is_kernel_sealed).
#![allow(unsafe_code, reason = "the one module whose purpose it is; see the invariants above")]

mod fd;
mod fill;
mod heap;
mod mapping;
mod region;
mod window;

pub use fd::{Received, Receiver};
pub(crate) use fill::Before;
pub(crate) use heap::HeapBuffer;
pub(crate) use mapping::Mapping;
pub(crate) use region::{Keep, Region, Typed};
pub(crate) use window::WindowMut;

/// Memory that cannot be shared, mapped or viewed as asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ShmError {
    /// The operating system refused.
    #[error("{action}: {cause}")]
    System {
        /// What was tried.
        action: &'static str,
        /// Why it failed.
        cause: std::io::Error,
    },
    /// The file behind a mapping is shorter than announced.
    #[error("the arena is said to hold {announced} bytes, but its file has {found}")]
    ShortFile {
        /// The announced length.
        announced: u64,
        /// The file's length.
        found: u64,
    },
    /// A window that does not lie inside its mapping.
    #[error("a window of {len} bytes at offset {offset} does not lie inside the arena of {mapped} bytes")]
    OutOfBounds {
        /// Where the window starts.
        offset: u64,
        /// How long it is.
        len: u64,
        /// How long the mapping is.
        mapped: usize,
    },
    /// Writing was asked of a read-only mapping, or a view of a writable one.
    #[error("the mapping is {found}, but {needed} is needed")]
    Access {
        /// What the mapping allows.
        found: &'static str,
        /// What it should allow.
        needed: &'static str,
    },
    /// The heap has no room.
    #[error("no memory for {nbytes} bytes")]
    NoMemory {
        /// The bytes that were to be allocated.
        nbytes: u64,
    },
    /// Some descriptors that came with a message were lost.
    #[error("descriptors that came with a message were lost: this process may have too many files open")]
    LostDescriptors,
}

/// Bytes that cannot be viewed as elements of a type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ViewError {
    /// Fewer bytes than the elements need.
    #[error("blob holds {found} bytes, {needed} are needed")]
    TooShort {
        /// Bytes needed.
        needed: u64,
        /// Bytes there.
        found: u64,
    },
    /// The length is not a whole number of elements.
    #[error("blob holds {found} bytes, not a multiple of {size}")]
    NotAMultiple {
        /// Bytes there.
        found: u64,
        /// Bytes of one element.
        size: usize,
    },
    /// A range that does not lie inside of what is there.
    #[error("{start}..{end} does not lie inside of the {found} that are there")]
    OutOfRange {
        /// Where the range starts, in bytes or elements.
        start: u64,
        /// Where it ends.
        end: u64,
        /// How many are there.
        found: u64,
    },
    /// The bytes do not start where an element may start.
    #[error("payload does not start at a multiple of {align} bytes")]
    Misaligned {
        /// The alignment needed.
        align: usize,
    },
}
