//! What can be wrong with a property graph, or with the tables it is to be built from.

use super::GlobalId;
use crate::dataframe::FrameError;
use crate::graph::GraphError;
use crate::hashmap::MapError;

/// A property graph cannot be built or changed, or is not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PropertyError {
    /// There would be two things of one name.
    #[error("there is a {what} `{name}` already")]
    Taken {
        /// What kind of thing.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// There is no such thing.
    #[error("there is no {what} `{name}`")]
    Unknown {
        /// What kind of thing.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// Too much, or too little, of something.
    #[error("{what}: found {found}, expected {expected}")]
    Limit {
        /// What is limited.
        what: String,
        /// How much there is.
        found: usize,
        /// How much there may be.
        expected: String,
    },
    /// Two things that have to be equally many are not.
    #[error("{what}: found {found}, expected {expected}")]
    Count {
        /// What is counted.
        what: &'static str,
        /// How many there are.
        found: u64,
        /// How many there have to be.
        expected: u64,
    },
    /// A column is not what it has to be.
    #[error("column `{column}` is of type {found}, expected {expected}")]
    Type {
        /// The column.
        column: String,
        /// Its type.
        found: String,
        /// The type it has to be of.
        expected: String,
    },
    /// A table does not have the columns that the schema says.
    #[error("the columns are {found}, expected {expected}")]
    Columns {
        /// The columns there are, with their types.
        found: String,
        /// The columns of the schema.
        expected: String,
    },
    /// A row has no id.
    #[error("row {row} has no id in column `{column}`, or one that is not UTF-8")]
    NoId {
        /// The column of ids.
        column: String,
        /// The row.
        row: usize,
    },
    /// Two vertices of a label have the same id.
    #[error("row {second} has the id {id}, as row {first} has; expected one vertex for each id")]
    Duplicate {
        /// The id.
        id: String,
        /// The first row, as the vertices were given; of a stored map, the first place.
        first: usize,
        /// The second row.
        second: usize,
    },
    /// An edge ends at a vertex that is not there.
    #[error("row {row} has the {end} {id}, which no vertex of label `{label}` has as its id")]
    Dangling {
        /// The edge.
        row: usize,
        /// Which end.
        end: &'static str,
        /// The id.
        id: String,
        /// The label of the vertices there.
        label: String,
    },
    /// A column of outside ids was to be left out.
    #[error("column `{column}` has the ids of label `{label}`, it cannot be left out")]
    Key {
        /// The column.
        column: String,
        /// The label.
        label: String,
    },
    /// A vertex has no row in a table of new columns.
    #[error("the vertex {id} has no row")]
    NoRow {
        /// The id.
        id: String,
    },
    /// A fragment has another schema than the graph.
    #[error("it has another schema than the graph")]
    OtherSchema,
    /// A relation, or the key of a label, names something that is not there.
    #[error("{what} is {found}, expected less than {expected}")]
    Reference {
        /// What names it.
        what: &'static str,
        /// The number it has.
        found: usize,
        /// How many there are.
        expected: usize,
    },
    /// An outer vertex is not one that there can be.
    #[error("outer vertex {index} is {id}: {problem}")]
    Outer {
        /// Which outer vertex.
        index: usize,
        /// Its id.
        id: GlobalId,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// An entry of a list of edges is not one that there can be.
    #[error("entry {index} {problem}: found {found}, expected {expected}")]
    Entry {
        /// Which entry.
        index: usize,
        /// What is wrong with it.
        problem: &'static str,
        /// What it says.
        found: u64,
        /// What it may say.
        expected: String,
    },
    /// The bounds of the fragments of a label do not ascend.
    #[error("bound {index} of the fragments is less than the one before it")]
    Bounds {
        /// Which bound.
        index: usize,
    },
    /// A vertex is not found by its id.
    #[error("the vertex at {offset} {problem}")]
    Lost {
        /// Its place.
        offset: usize,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A table does not go together.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// Lists of edges are no lists of edges.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// A map of ids is no map.
    #[error(transparent)]
    Map(#[from] MapError),
    /// Something is wrong with a part of the graph.
    #[error("{place}: {cause}")]
    In {
        /// The part.
        place: String,
        /// What is wrong with it.
        cause: Box<PropertyError>,
    },
}

impl PropertyError {
    pub(super) fn limit(what: impl Into<String>, found: usize, expected: impl Into<String>) -> Self {
        Self::Limit { what: what.into(), found, expected: expected.into() }
    }

    pub(super) fn unknown(what: &'static str, name: impl Into<String>) -> Self {
        Self::Unknown { what, name: name.into() }
    }

    pub(super) fn at(self, place: impl Into<String>) -> Self {
        Self::In { place: place.into(), cause: Box::new(self) }
    }
}

/// Compares two counts.
pub(super) fn same(what: &'static str, found: usize, expected: usize) -> Result<(), PropertyError> {
    if found == expected {
        Ok(())
    } else {
        Err(PropertyError::Count { what, found: found as u64, expected: expected as u64 })
    }
}

/// Names the part that an error is in, which is only written if there is one.
pub(super) trait At<T> {
    fn at(self, place: impl FnOnce() -> String) -> Result<T, PropertyError>;
}

impl<T, E: Into<PropertyError>> At<T> for Result<T, E> {
    fn at(self, place: impl FnOnce() -> String) -> Result<T, PropertyError> {
        self.map_err(|error| error.into().at(place()))
    }
}
