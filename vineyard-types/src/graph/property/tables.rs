//! What a property graph is built from.

use crate::dataframe::{ColumnName, DataFrame};

/// The vertices of a label: a row for each, with its outside id in one of the columns.
#[derive(Debug, Clone)]
pub struct VertexTable {
    pub(super) label: String,
    pub(super) key: ColumnName,
    pub(super) table: DataFrame,
}

impl VertexTable {
    /// Vertices whose ids are in the column `key`. The index of the table, if it has one, is not kept.
    pub fn new(label: impl Into<String>, key: impl Into<ColumnName>, table: DataFrame) -> Self {
        Self { label: label.into(), key: key.into(), table: table.without_index() }
    }

    /// The rows, ids included.
    pub fn table(&self) -> &DataFrame {
        &self.table
    }
}

/// Edges of a label between vertices of one label each: a row for each edge, with the ids of the vertices at its ends in
/// two of the columns.
#[derive(Debug, Clone)]
pub struct EdgeTable {
    pub(super) label: String,
    pub(super) source: End,
    pub(super) target: End,
    pub(super) table: DataFrame,
}

/// One end of the edges of a table.
#[derive(Debug, Clone)]
pub(super) struct End {
    pub(super) label: String,
    pub(super) column: ColumnName,
}

impl EdgeTable {
    /// Edges from vertices of one label to vertices of another, or the same one; with each end comes the column that their
    /// ids are in. These two columns do not become columns of the graph, and the index of the table is not kept.
    pub fn new(
        label: impl Into<String>,
        source: (impl Into<String>, impl Into<ColumnName>),
        target: (impl Into<String>, impl Into<ColumnName>),
        table: DataFrame,
    ) -> Self {
        let source = End { label: source.0.into(), column: source.1.into() };
        let target = End { label: target.0.into(), column: target.1.into() };
        Self { label: label.into(), source, target, table: table.without_index() }
    }

    /// The rows, ids of the ends included.
    pub fn table(&self) -> &DataFrame {
        &self.table
    }

    /// The relation in words.
    pub(super) fn name(&self) -> String {
        format!("{}-{}-{}", self.source.label, self.label, self.target.label)
    }
}

/// How a property graph is built.
///
/// The default is one fragment, and that all edges have to end at vertices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PropertyOptions {
    /// How many fragments the graph has, for good. One shares the tables it is built from.
    pub fragments: usize,
    /// Which fragment each vertex is an inner vertex of.
    pub partition: PartitionBy,
    /// What becomes of edges that end at no vertex.
    pub dangling: Dangling,
}

impl Default for PropertyOptions {
    fn default() -> Self {
        Self { fragments: 1, partition: PartitionBy::default(), dangling: Dangling::default() }
    }
}

/// How the vertices of each label are divided among fragments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PartitionBy {
    /// By the hash of their ids.
    #[default]
    Hash,
    /// By their ids, so that each fragment gets about as many of them.
    Range,
}

/// What becomes of edges that end at no vertex.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dangling {
    /// There is an error that names the first of them.
    #[default]
    Refuse,
    /// They are left out.
    Drop,
}
