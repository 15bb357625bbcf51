//! What vertices are called: integers from 0.

use std::fmt::{Debug, Display};
use std::hash::Hash;

use vineyard_core::Element;

use super::EdgeEnd;

/// Integer that names a vertex: `u32` or `u64`.
///
/// Vertices of a graph are `0..num_vertices`; the conversions are checked, because a `usize` may be wider or narrower.
///
/// ```
/// use vineyard_types::graph::VertexId;
/// assert_eq!(u32::try_from_index(7), Some(7));
/// assert_eq!(u32::try_from_index(1 << 40), None);
/// assert_eq!(9u64.try_to_index(), Some(9));
/// ```
#[diagnostic::on_unimplemented(message = "`{Self}` cannot name the vertices of a graph", note = "use `u32` or `u64`")]
pub trait VertexId: Element + Ord + Hash + Debug + Display + Into<u64> + EdgeEnd + sealed::Sealed {
    /// The largest id.
    const MAX_ID: u64;

    /// The id of the vertex at `index`, if the type has it.
    fn try_from_index(index: usize) -> Option<Self>;

    /// The index of the vertex, if this machine can count that far.
    fn try_to_index(self) -> Option<usize>;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! vertex_ids {
    ($($id:ty),*) => {$(
        impl sealed::Sealed for $id {}

        impl VertexId for $id {
            const MAX_ID: u64 = <$id>::MAX as u64;

            fn try_from_index(index: usize) -> Option<Self> {
                index.try_into().ok()
            }

            fn try_to_index(self) -> Option<usize> {
                self.try_into().ok()
            }
        }
    )*};
}

vertex_ids!(u32, u64);
