//! Edges from files and from tables of Arrow, to be made a graph.
//!
//! | what is read | by |
//! |---|---|
//! | lines of text with two ends and perhaps a weight, as SNAP and KONECT publish graphs | [`TextFormat`] |
//! | separated columns, with the feature `csv` | `CsvFormat` |
//! | Parquet, with the feature `parquet` | `EdgeColumns::load_parquet` |
//! | Arrow's record batches, and frames, with the feature `arrow`; graphs are written so as well | `EdgeColumns` |
//!
//! Files are read in parts, and nothing is kept of them but the edges: as [`PlainEdges`] if their ends are vertices
//! `0..num_vertices` already, and as [`LabelledEdges`](super::LabelledEdges) if they are labels. While that goes on, a
//! function is told the [`Progress`] and may stop it. What cannot be read is refused with file, line or row, column, what was
//! found and what was expected.
//!
//! ```
//! use vineyard_types::Text;
//! use vineyard_types::graph::load::{PlainEdges, TextFormat, silent};
//! use vineyard_types::graph::{EdgeOptions, LabelledEdges};
//!
//! let file = "# from to\n0 2\n2\t1\n";
//! let edges: PlainEdges<u32, f64> = TextFormat::default().read(file.as_bytes(), "roads", silent)?;
//! let graph = edges.build::<u32>(None, EdgeOptions::default())?;
//! assert_eq!(graph.neighbors(2), Some(&[1][..]));
//!
//! let format = TextFormat { weighted: true, ..TextFormat::default() };
//! let edges: LabelledEdges<Text, f64> = format.read("ann bob 2.5".as_bytes(), "calls", silent)?;
//! assert_eq!(edges.num_vertices(), 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[cfg(feature = "arrow")]
mod arrow;
#[cfg(feature = "csv")]
mod csv;
mod error;
#[cfg(feature = "arrow")]
mod export;
#[cfg(feature = "parquet")]
mod parquet;
mod plain;
mod progress;
mod sink;
#[cfg(test)]
mod tests;
mod text;
#[cfg(feature = "arrow")]
mod values;
mod weight;

#[cfg(feature = "arrow")]
pub use arrow::EdgeColumns;
#[cfg(feature = "csv")]
pub use csv::{CsvFormat, PropertyType};
pub use error::LoadError;
#[cfg(feature = "arrow")]
pub use export::ExportError;
pub use plain::PlainEdges;
pub use progress::{Progress, silent};
pub use sink::EdgeSink;
pub use text::TextFormat;
#[cfg(feature = "arrow")]
pub use values::Unread;
#[cfg(feature = "arrow")]
pub(in crate::graph) use values::{integers, texts};
pub use weight::EdgeWeight;
