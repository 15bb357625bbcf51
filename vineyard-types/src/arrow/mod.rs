//! Arrow's arrays, schemas, record batches and tables, in and out of the store. Behind the feature `arrow`.
//!
//! [`ArrowArray`], [`ArrowSchema`], [`RecordBatch`] and [`Table`] are made of the `arrow` crates' own types without
//! copying; a put copies each buffer once, straight into shared memory. A get copies nothing: the buffers of the arrays
//! that `to_arrow` makes are views of shared memory and hold their leases, so they live as long as they are used.
//!
//! ```no_run
//! use arrow_array::record_batch;
//! use vineyard_core::Client;
//! use vineyard_types::arrow::RecordBatch;
//!
//! let client = Client::from_env()?;
//! let batch = record_batch!(("city", LargeUtf8, ["Oslo", "Rome"]), ("degrees", Float64, [-3.5, 14.0]))?;
//! let id = client.put(&RecordBatch::from_arrow(&batch)?)?;
//! let got = client.get::<RecordBatch>(id)?; // pyarrow.RecordBatch in Python
//! assert_eq!(got.to_arrow()?, batch); // no copy
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Forms
//!
//! Each type is stored in a layout of the original if that keeps everything, and otherwise in a form of our own, which
//! keeps every type of Arrow: `vineyard::ArrowArray`, with the type as a message of Arrow's IPC format and the buffers of
//! the array and its children as blobs.
//!
//! | Arrow | stored as | read by |
//! |---|---|---|
//! | integers, `Float64` | `vineyard::NumericArray<…>` | Rust, Python, C++ |
//! | `Float16`, `Float32`, `Date32`, `Timestamp` without a zone, `Duration` | the same, named as numpy does | Rust, Python |
//! | `Boolean`, `Null`, `FixedSizeBinary` | `vineyard::BooleanArray`, `NullArray`, `FixedSizeBinaryArray` | Rust, Python, C++ |
//! | `LargeUtf8` | `vineyard::BaseBinaryArray<arrow::LargeStringArray>` | Rust, Python, C++ |
//! | `Utf8`, `Binary`, `LargeBinary` | `vineyard::BaseBinaryArray<…>` | Rust, C++ |
//! | `LargeList` | `vineyard::LargeListArray` | Rust, Python |
//! | `List`, `FixedSizeList` without nulls | `vineyard::BaseListArray<arrow::ListArray>`, `FixedSizeListArray` | Rust, C++ |
//! | all others; lists whose elements have another name than `item`, metadata, or no nulls by declaration | `vineyard::ArrowArray` | Rust |
//!
//! What Python and C++ write is read whatever its spelling, also `vineyard::BaseListArray<arrow::LargeListArray>`, and
//! temporal arrays under Arrow's names, which Python itself cannot read. Python widens texts and lists to 64 bits before
//! it stores them, and cannot read a table with a column of the lower rows.
//!
//! # Trust
//!
//! Nothing that a foreign writer says is believed: `to_arrow` validates lengths, offsets, bitmaps, UTF-8, keys and type
//! ids before an array is made, and errors name the column and what was found.

mod array;
mod batch;
mod bytes;
mod column;
mod error;
mod exact;
#[cfg(feature = "arrow-ffi")]
mod ffi;
mod flat;
mod names;
mod node;
#[cfg(feature = "polars")]
pub(crate) mod polars;
mod schema;
mod show;
mod slice;
mod table;
mod trim;

pub use array::ArrowArray;
pub use batch::RecordBatch;
pub(crate) use column::{Unfit, to_array, to_column};
pub use error::ArrayError;
#[cfg(feature = "arrow-ffi")]
pub use ffi::{FFI_ArrowArray, FFI_ArrowSchema};
pub use schema::ArrowSchema;
pub use table::Table;
