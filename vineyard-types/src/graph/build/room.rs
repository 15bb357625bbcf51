//! Where the arrays of a new graph lie: on the heap, or in memory of a server that is filled in place.

use std::fmt;
use std::marker::PhantomData;

use bytemuck::Pod;
use vineyard_core::{Array, BlobWriter, Client, Element};

use crate::graph::{BuildInError, GraphError};

/// Memory for arrays.
pub(in crate::graph) trait Room: Sync {
    type Failure: From<GraphError>;
    type Slab<T: Element>: Slab<T, Failure = Self::Failure>;

    /// `len` elements of any values.
    fn make<T: Element>(&self, num_vertices: usize, len: usize) -> Result<Self::Slab<T>, Self::Failure>;
}

/// Elements that are written.
pub(in crate::graph) trait Slab<T> {
    type Failure;

    fn slots(&mut self) -> &mut [T];

    /// Ends the writing; only the first `len` elements stay.
    fn finish(self, len: usize) -> Result<Array<T>, Self::Failure>;
}

/// Memory of this process.
#[derive(Debug, Clone, Copy)]
pub(in crate::graph) struct Heap;

impl Room for Heap {
    type Failure = GraphError;
    type Slab<T: Element> = Vec<T>;

    fn make<T: Element>(&self, num_vertices: usize, len: usize) -> Result<Vec<T>, GraphError> {
        // Zeroes of the system: the threads that write pages are the first to touch them.
        if let Ok(items) = bytemuck::allocation::try_zeroed_slice_box(len) {
            return Ok(items.into_vec());
        }
        let mut items = Vec::new();
        items.try_reserve_exact(len).map_err(|source| GraphError::Memory { num_vertices, source })?;
        items.resize(len, T::zeroed());
        Ok(items)
    }
}

impl<T: Element> Slab<T> for Vec<T> {
    type Failure = GraphError;

    fn slots(&mut self) -> &mut [T] {
        self
    }

    fn finish(mut self, len: usize) -> Result<Array<T>, GraphError> {
        if len < self.len() {
            self.truncate(len);
            self.shrink_to_fit();
        }
        Ok(self.into())
    }
}

/// Memory of the server of a client.
pub(in crate::graph) struct InStore<'a>(pub(in crate::graph) &'a Client);

impl fmt::Debug for InStore<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InStore").finish_non_exhaustive()
    }
}

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

    fn finish(mut self, len: usize) -> Result<Array<T>, BuildInError> {
        self.shrink(len).map_err(vineyard_core::Error::from)?;
        Ok(self.seal().map_err(vineyard_core::Error::from)?)
    }
}

/// One thing for each stored edge, beside its target.
pub(in crate::graph) trait Lane {
    type Item: Pod + Send + Sync;
    type Element: Element;
    type Slab<R: Room>;

    fn make<R: Room>(room: &R, num_vertices: usize, len: usize) -> Result<Self::Slab<R>, R::Failure>;
    fn slots<R: Room>(slab: &mut Self::Slab<R>) -> &mut [Self::Item];
    fn finish<R: Room>(slab: Self::Slab<R>, len: usize) -> Result<Option<Array<Self::Element>>, R::Failure>;
}

/// Elements, which become an array.
#[derive(Debug)]
pub(in crate::graph) struct With<T>(PhantomData<T>);

impl<T: Element> Lane for With<T> {
    type Item = T;
    type Element = T;
    type Slab<R: Room> = R::Slab<T>;

    fn make<R: Room>(room: &R, num_vertices: usize, len: usize) -> Result<R::Slab<T>, R::Failure> {
        room.make(num_vertices, len)
    }

    fn slots<R: Room>(slab: &mut R::Slab<T>) -> &mut [T] {
        slab.slots()
    }

    fn finish<R: Room>(slab: R::Slab<T>, len: usize) -> Result<Option<Array<T>>, R::Failure> {
        slab.finish(len).map(Some)
    }
}

/// Nothing, where there might have been elements.
#[derive(Debug)]
pub(in crate::graph) struct Without<T>(PhantomData<T>);

impl<T: Element> Lane for Without<T> {
    type Item = ();
    type Element = T;
    type Slab<R: Room> = Vec<()>;

    fn make<R: Room>(_: &R, _: usize, len: usize) -> Result<Vec<()>, R::Failure> {
        Ok(vec![(); len])
    }

    fn slots<R: Room>(slab: &mut Vec<()>) -> &mut [()] {
        slab
    }

    fn finish<R: Room>(_: Vec<()>, _: usize) -> Result<Option<Array<T>>, R::Failure> {
        Ok(None)
    }
}
