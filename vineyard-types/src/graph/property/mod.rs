//! Property graphs: vertices and edges of several labels, with columns, divided into fragments.
//!
//! ```text
//! PropertyGraph   schema, partition
//!  ├ vertex map   label × fragment: outside ids, and a map from id to place
//!  └ fragment     schema
//!     ├ vertices  by label: a table of the inner ones, the global ids of the outer ones
//!     └ edges     by relation (source label, edge label, target label): a table,
//!                 and lists by source and by target: offsets, neighbours, rows of the table
//! ```
//!
//! `docs/property-graphs.md` describes the layout, for readers in other languages. Each box is an object, written with the
//! derive. Members are [`Part`]s, so that a graph that is made of a stored one links all that it shares with it.
//!
//! Vertices have a place in their fragment, and so a [`GlobalId`]; edges are stored in the fragments of both of their ends.
//! A vertex of another fragment is an outer vertex, and has a local number after the inner ones.

mod adjacency;
mod build;
mod columns;
mod error;
mod fragment;
mod gather;
mod id;
mod outside;
mod part;
mod partition;
mod read;
mod schema;
mod stored;
mod tables;
#[cfg(test)]
mod tests;
mod text;
mod verify;
mod vertex_map;

pub use adjacency::{Adjacency, AdjacencyBuilder, LocalId};
pub use error::PropertyError;
pub use fragment::{
    PropertyEdges, PropertyEdgesBuilder, PropertyFragment, PropertyFragmentBuilder, PropertyVertices,
    PropertyVerticesBuilder,
};
pub use id::{GlobalId, IdLayout, MAX_FRAGMENTS, MAX_LABELS, Place};
pub use outside::OutsideId;
pub use part::Part;
pub use partition::Partition;
pub use read::{GlobalEdge, LocalEdge};
pub use schema::{ColumnType, EdgeLabel, GraphSchema, Relation, VertexLabel};
pub use stored::{PropertyGraph, PropertyGraphBuilder};
pub use tables::{Dangling, EdgeTable, PartitionBy, PropertyOptions, VertexTable};
pub use vertex_map::{PropertyVertexMap, PropertyVertexMapBuilder, VertexIds, VertexIdsBuilder};
