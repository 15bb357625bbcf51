//! What a property graph is built from.

use rayon::prelude::*;

use super::error::At;
use super::{OutsideId, PropertyError};
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

    /// The vertices of a label that edges end at: each once, ascending by their ids, which are their only column. For edges
    /// of which nothing else is known, so that none of them is dangling.
    ///
    /// # Errors
    ///
    /// [`PropertyError::Type`] if ids are of another type than `O`, [`PropertyError::NoId`] if one is not there.
    ///
    /// ```
    /// use vineyard_types::DataFrame;
    /// use vineyard_types::graph::property::{EdgeTable, PropertyGraph, PropertyOptions, VertexTable};
    /// let links = DataFrame::new().with_column("from", vec![5i64, 9])?.with_column("to", vec![7i64, 5])?;
    /// let links = [EdgeTable::new("link", ("page", "from"), ("page", "to"), links)];
    /// let pages = VertexTable::from_ends::<i64>("page", "id", &links)?;
    /// let graph = PropertyGraph::<i64, u32>::build(&[pages], &links, &PropertyOptions::default())?;
    /// assert_eq!(graph.vertices(0).map(|page| *graph.id(page).unwrap()).collect::<Vec<_>>(), [5, 7, 9]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_ends<O: OutsideId>(
        label: impl Into<String>,
        key: impl Into<ColumnName>,
        edges: &[EdgeTable],
    ) -> Result<Self, PropertyError> {
        let (label, key) = (label.into(), key.into());
        let mut columns = Vec::new();
        for table in edges {
            for end in [&table.source, &table.target].into_iter().filter(|end| end.label == label) {
                let column = super::build::ids::<O>(&table.table, &end.column);
                columns.push((column.at(|| format!("edges {}", table.name()))?, table, end));
            }
        }
        let mut ids = Vec::new();
        for (column, table, end) in &columns {
            for row in 0..O::count(column) {
                let no_id = || PropertyError::NoId { column: end.column.to_string(), row };
                ids.push(O::id(column, row).ok_or_else(no_id).at(|| format!("edges {}", table.name()))?);
            }
        }
        ids.par_sort_unstable();
        ids.dedup();
        let table = DataFrame::new().with_column(key.clone(), O::column(ids.into_iter()))?;
        Ok(Self { label, key, table })
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
