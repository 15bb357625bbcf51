//! Shared types of Vineyard, readable from Rust, Python and C++: [`Scalar`], [`Sequence`], [`Tensor`], [`ArrayObject`],
//! [`sparse`] matrices, [`DataFrame`], [`Series`], [`CsrGraph`], [`LabelledGraph`], [`PropertyGraph`], [`SharedMap`],
//! [`PerfectMap`], and wholes in parts: [`GlobalTensor`], [`GlobalDataFrame`], [`Collection`].
//!
//! Every type is an ordinary struct with `#[derive(Object)]`; `put` stores it, `get` gives views of shared memory.
//! Tensors and dataframes have the typenames and keys of the published Python package, which reads them as
//! `numpy.ndarray` and `pandas.DataFrame`.
//!
//! ```no_run
//! use vineyard_core::Client;
//! use vineyard_types::{DataFrame, Tensor};
//!
//! let client = Client::from_env()?;
//! let tensor = client.put(&Tensor::new([2, 3], vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0])?)?;
//! let tensor = client.get::<Tensor<f64>>(tensor)?; // no copy
//! assert_eq!(tensor.row(1), Some(&[4.0, 5.0, 6.0][..]));
//!
//! let frame = DataFrame::new().with_column("a", vec![1i64, 2])?.with_column("b", vec!["x", "y"])?;
//! client.put_named("frame", &frame)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What the original's writers say about a type is read in the spellings of Python and of C++, and an object is refused
//! with the reason if it cannot be read exactly.
//!
//! # Features
//!
//! Off by default: `ndarray` views tensors as arrays of the crate of that name and makes tensors of them; `sprs` does so
//! for sparse matrices and graphs with weights, and with `petgraph` its algorithms run on graphs. `csv` and `parquet` read
//! edges from such files. With `arrow` there are Arrow's arrays of every type, record batches and tables, in `arrow`; with
//! `arrow-ffi` they can be handed to other libraries of the process. `polars` makes data frames of those of polars 0.55 and
//! back, over the same buffers; polars itself is built with Rust 1.89 and later.
//!
//! A program that only depends on this crate, and names nothing of it, is linked without it; for `get_any` to know these
//! types it says `use vineyard_types as _;`.
#![forbid(unsafe_code)]

pub mod array;
#[cfg(feature = "arrow")]
pub mod arrow;
pub mod collection;
pub mod container;
pub mod dataframe;
pub mod dtype;
pub mod graph;
pub mod hashmap;
pub mod index;
pub mod integer;
#[cfg(feature = "ndarray")]
mod ndarray;
pub mod numeric;
pub mod rows;
pub mod scalar;
pub mod series;
pub mod sparse;
pub mod strings;
pub mod tensor;
pub mod time;

pub use array::ArrayObject;
pub use collection::{Collection, CollectionError, GlobalDataFrame, GlobalTensor};
pub use container::{Item, Map, Pair, Sequence};
pub use dataframe::{Column, ColumnName, DataFrame, FrameError};
pub use graph::property::PropertyGraph;
pub use graph::{CsrGraph, LabelledGraph};
pub use hashmap::{PerfectMap, SharedMap};
pub use index::Index;
pub use integer::{Integer, IntegerError};
#[cfg(feature = "ndarray")]
pub use ndarray::NdarrayError;
pub use numeric::{Bool8, Numeric};
pub use rows::RowsError;
pub use scalar::{Bool, Float, Int, Scalar, Text};
pub use series::Series;
pub use strings::{StringArray, StringError, StringTensor};
pub use tensor::{ShapeError, Tensor};
