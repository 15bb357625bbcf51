//! Wholes in parts, which may live on several instances: [`GlobalTensor`], [`GlobalDataFrame`], and [`Collection`] of any
//! type, graphs for one.
//!
//! A collection holds references ([`ObjectRef`](vineyard_core::ObjectRef)) and what is needed to know how large the parts are
//! and where they lie: `parts` tells that of each without a request, and nothing is read, mapped, loaded or sent for it.
//! `get_part`, `local_parts` and `iter` give the parts themselves, `assemble` and `concat` a copy in one piece. The client they
//! are given may be of either kind; only parts of the instance it is connected to can be had.
//!
//! Typenames, keys and the rule that such objects are global and published with their parts are the original's
//! (`make_global_tensor` and `make_global_dataframe` of its Python package, `Collection` of its C++ library), and what these
//! write is read. Parts are deleted together with their collection, and not before it: a deletion of a part in use does
//! nothing, a forced one takes the collection along.

mod assemble;
mod error;
mod follow;
mod frame;
mod generic;
mod graphs;
mod layout;
mod part;
mod summary;
mod tensor;

pub use error::CollectionError;
pub use frame::GlobalDataFrame;
pub use generic::Collection;
pub use graphs::{NUM_EDGES, NUM_VERTICES};
pub use part::{Numbered, Part};
pub use tensor::GlobalTensor;
