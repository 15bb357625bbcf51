//! Where the payloads of a new map lie: on the heap, or in memory of a server that is filled in place.

use bytemuck::Pod;
use vineyard_core::{Array, BlobWriter, Client, Element};

use crate::hashmap::{BuildInError, MapError};

/// Memory for arrays.
pub(in crate::hashmap) trait Room {
    type Failure: From<MapError>;
    type Slab<T: Element>: Slab<T, Failure = Self::Failure>;

    /// `len` elements of any values, for a map of so many entries.
    fn make<T: Element>(&self, entries: usize, len: usize) -> Result<Self::Slab<T>, Self::Failure>;
}

/// Elements that are written.
pub(in crate::hashmap) trait Slab<T> {
    type Failure;

    fn slots(&mut self) -> &mut [T];

    /// Ends the writing.
    fn finish(self) -> Result<Array<T>, Self::Failure>;
}

/// Memory of this process.
pub(in crate::hashmap) struct Heap;

impl Room for Heap {
    type Failure = MapError;
    type Slab<T: Element> = Vec<T>;

    fn make<T: Element>(&self, entries: usize, len: usize) -> Result<Vec<T>, MapError> {
        zeros(entries, len)
    }
}

impl<T: Element> Slab<T> for Vec<T> {
    type Failure = MapError;

    fn slots(&mut self) -> &mut [T] {
        self
    }

    fn finish(self) -> Result<Array<T>, MapError> {
        Ok(self.into())
    }
}

/// Memory of the server of a client.
pub(in crate::hashmap) struct InStore<'a>(pub(in crate::hashmap) &'a Client);

impl Room for InStore<'_> {
    type Failure = BuildInError;
    type Slab<T: Element> = BlobWriter<T>;

    fn make<T: Element>(&self, _: usize, len: usize) -> Result<BlobWriter<T>, BuildInError> {
        Ok(self.0.create_array(len)?)
    }
}

impl<T: Element> Slab<T> for BlobWriter<T> {
    type Failure = BuildInError;

    fn slots(&mut self) -> &mut [T] {
        self.as_mut_slice()
    }

    fn finish(self) -> Result<Array<T>, BuildInError> {
        Ok(self.seal().map_err(vineyard_core::Error::from)?)
    }
}

/// Zeros of this process, for a map of so many entries.
pub(in crate::hashmap) fn zeros<T: Pod>(entries: usize, len: usize) -> Result<Vec<T>, MapError> {
    // Zeros of the system: the threads that write pages are the first to touch them.
    if let Ok(items) = bytemuck::allocation::try_zeroed_slice_box(len) {
        return Ok(items.into_vec());
    }
    let mut items = Vec::new();
    items.try_reserve_exact(len).map_err(|source| MapError::Memory { entries, source })?;
    items.resize(len, T::zeroed());
    Ok(items)
}
