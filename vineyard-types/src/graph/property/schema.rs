//! What a property graph consists of: labels, their columns, and which labels edges connect.

use std::collections::HashSet;
use std::fmt::Write;

use serde_json::{Value, json};
use vineyard_core::MetaValue;

use super::{MAX_LABELS, PropertyError};
use crate::dataframe::{Column, ColumnName, DataFrame};

/// A column of the vertices or edges of a label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnType {
    /// Its name.
    pub name: ColumnName,
    /// The type of its values, as [`Column::type_name`] has it.
    pub type_name: String,
}

/// A label of vertices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VertexLabel {
    /// Its name.
    pub name: String,
    /// The column of the outside ids, which are what tells the vertices of the label apart.
    pub key: ColumnName,
    /// The columns of its table, the key among them.
    pub columns: Vec<ColumnType>,
}

/// A label of edges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EdgeLabel {
    /// Its name.
    pub name: String,
    /// The columns of its tables.
    pub columns: Vec<ColumnType>,
}

/// Edges of one label between vertices of one label each. All three are numbers of labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Relation {
    /// The label of the edges.
    pub edge: usize,
    /// The label of the vertices that they lead away from.
    pub source: usize,
    /// The label of the vertices that they lead to.
    pub target: usize,
}

/// The labels of a property graph. Each is called by its number as well, which it keeps when others are added.
///
/// It is stored in the graph and in each fragment, as JSON text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GraphSchema {
    pub(super) vertices: Vec<VertexLabel>,
    pub(super) edges: Vec<EdgeLabel>,
    pub(super) relations: Vec<Relation>,
}

impl GraphSchema {
    /// The labels of vertices.
    pub fn vertex_labels(&self) -> &[VertexLabel] {
        &self.vertices
    }

    /// The labels of edges.
    pub fn edge_labels(&self) -> &[EdgeLabel] {
        &self.edges
    }

    /// Which labels edges connect. The number of a relation is its place here.
    pub fn relations(&self) -> &[Relation] {
        &self.relations
    }

    /// The number of a label of vertices.
    ///
    /// # Errors
    ///
    /// [`PropertyError::Unknown`].
    pub fn vertex_label(&self, name: &str) -> Result<usize, PropertyError> {
        let place = self.vertices.iter().position(|label| label.name == name);
        place.ok_or_else(|| PropertyError::unknown("vertex label", name))
    }

    /// The number of a label of edges.
    ///
    /// # Errors
    ///
    /// [`PropertyError::Unknown`].
    pub fn edge_label(&self, name: &str) -> Result<usize, PropertyError> {
        let place = self.edges.iter().position(|label| label.name == name);
        place.ok_or_else(|| PropertyError::unknown("edge label", name))
    }

    /// The number of the relation of edges of a label between vertices of two.
    ///
    /// # Errors
    ///
    /// [`PropertyError::Unknown`] if one of the labels is not there, or the relation.
    pub fn relation(&self, source: &str, edge: &str, target: &str) -> Result<usize, PropertyError> {
        let wanted = Relation {
            edge: self.edge_label(edge)?,
            source: self.vertex_label(source)?,
            target: self.vertex_label(target)?,
        };
        let place = self.relations.iter().position(|relation| *relation == wanted);
        place.ok_or_else(|| PropertyError::unknown("relation", format!("{source}-{edge}-{target}")))
    }

    /// The relation in words: `person-knows-person`.
    pub fn relation_name(&self, relation: usize) -> String {
        let Some(Relation { edge, source, target }) = self.relations.get(relation) else {
            return format!("relation {relation}");
        };
        let vertices = |label: &usize| self.vertices.get(*label).map_or("?", |label| &label.name);
        let edge = self.edges.get(*edge).map_or("?", |label| &label.name);
        format!("{}-{edge}-{}", vertices(source), vertices(target))
    }

    pub(super) fn add_vertices(
        &mut self,
        name: &str,
        key: ColumnName,
        table: &DataFrame,
    ) -> Result<usize, PropertyError> {
        self.vertices.push(VertexLabel { name: name.to_owned(), key, columns: columns(table) });
        self.check()?;
        Ok(self.vertices.len().saturating_sub(1))
    }

    /// Adds a relation, and its label if there is none of this name; returns its number.
    pub(super) fn add_edges(
        &mut self,
        name: &str,
        source: usize,
        target: usize,
        table: &DataFrame,
    ) -> Result<usize, PropertyError> {
        let edge = match self.edge_label(name) {
            Ok(edge) => edge,
            Err(_) => {
                self.edges.push(EdgeLabel { name: name.to_owned(), columns: columns(table) });
                self.edges.len().saturating_sub(1)
            }
        };
        self.relations.push(Relation { edge, source, target });
        self.check()?;
        Ok(self.relations.len().saturating_sub(1))
    }

    /// Whether names differ and what is named is there.
    pub(super) fn check(&self) -> Result<(), PropertyError> {
        for (what, found) in [("vertex labels", self.vertices.len()), ("edge labels", self.edges.len())] {
            if found > MAX_LABELS {
                return Err(PropertyError::limit(what, found, format!("at most {MAX_LABELS}")));
            }
        }
        all_differ("vertex label", self.vertices.iter().map(|label| label.name.as_str()))?;
        all_differ("edge label", self.edges.iter().map(|label| label.name.as_str()))?;
        for label in &self.vertices {
            let place = || format!("vertex label `{}`", label.name);
            all_differ("column", label.columns.iter().map(|column| &column.name)).map_err(|error| error.at(place()))?;
            if !label.columns.iter().any(|column| column.name == label.key) {
                return Err(PropertyError::unknown("column", label.key.to_string()).at(place()));
            }
        }
        for label in &self.edges {
            let place = || format!("edge label `{}`", label.name);
            all_differ("column", label.columns.iter().map(|column| &column.name)).map_err(|error| error.at(place()))?;
        }
        for relation in &self.relations {
            let Relation { edge, source, target } = *relation;
            refers("the edge label of a relation", edge, self.edges.len())?;
            refers("the source label of a relation", source, self.vertices.len())?;
            refers("the target label of a relation", target, self.vertices.len())?;
        }
        let mut seen = HashSet::new();
        match self.relations.iter().position(|relation| !seen.insert(*relation)) {
            Some(twice) => Err(PropertyError::Taken { what: "relation", name: self.relation_name(twice) }),
            None => Ok(()),
        }
    }
}

fn refers(what: &'static str, found: usize, expected: usize) -> Result<(), PropertyError> {
    if found < expected { Ok(()) } else { Err(PropertyError::Reference { what, found, expected }) }
}

fn all_differ<N: Eq + std::hash::Hash + ToString>(
    what: &'static str,
    names: impl Iterator<Item = N>,
) -> Result<(), PropertyError> {
    let mut seen = HashSet::new();
    for name in names {
        let text = name.to_string();
        if !seen.insert(name) {
            return Err(PropertyError::Taken { what, name: text });
        }
    }
    Ok(())
}

/// The columns of a table.
pub(super) fn columns(table: &DataFrame) -> Vec<ColumnType> {
    let column = |(name, column): (&ColumnName, &Column)| ColumnType {
        name: name.clone(),
        type_name: column.type_name().into_owned(),
    };
    table.columns().map(column).collect()
}

/// Whether a table has these columns, in this order. Of columns that this library has no type for, only the name is compared: what is
/// one of Arrow's types with the feature `arrow` is such a column without it.
pub(super) fn check_columns(table: &DataFrame, expected: &[ColumnType]) -> Result<(), PropertyError> {
    let same = |(name, column): (&ColumnName, &Column), expected: &ColumnType| {
        *name == expected.name && (matches!(column, Column::Other(_)) || column.type_name() == expected.type_name)
    };
    if table.num_columns() == expected.len() && table.columns().zip(expected).all(|(found, wanted)| same(found, wanted))
    {
        return Ok(());
    }
    Err(PropertyError::Columns { found: list(&columns(table)), expected: list(expected) })
}

fn list(columns: &[ColumnType]) -> String {
    let mut text = String::from("(");
    for (at, column) in columns.iter().enumerate() {
        let gap = if at == 0 { "" } else { ", " };
        // Writing to a string does not fail.
        let _written = write!(text, "{gap}{}: {}", column.name, column.type_name);
    }
    text.push(')');
    text
}

impl MetaValue for GraphSchema {
    const NAME: &'static str = "graph_schema";

    fn to_json(&self) -> Value {
        let columns = |columns: &[ColumnType]| -> Value {
            columns.iter().map(|column| json!({"name": column.name.as_json(), "type": column.type_name})).collect()
        };
        let vertex = |label: &VertexLabel| json!({"label": label.name, "key": label.key.as_json(), "columns": columns(&label.columns)});
        let edge = |label: &EdgeLabel| json!({"label": label.name, "columns": columns(&label.columns)});
        let relation =
            |relation: &Relation| json!({"edge": relation.edge, "source": relation.source, "target": relation.target});
        json!({
            "vertices": self.vertices.iter().map(vertex).collect::<Value>(),
            "edges": self.edges.iter().map(edge).collect::<Value>(),
            "relations": self.relations.iter().map(relation).collect::<Value>(),
        })
    }

    fn from_json(value: &Value) -> Option<Self> {
        Some(Self {
            vertices: items(value, "vertices", |label| {
                let key = name(label.get("key")?)?;
                Some(VertexLabel { name: text(label, "label")?, key, columns: items(label, "columns", column)? })
            })?,
            edges: items(value, "edges", |label| {
                Some(EdgeLabel { name: text(label, "label")?, columns: items(label, "columns", column)? })
            })?,
            relations: items(value, "relations", |relation| {
                let number = |key: &str| usize::try_from(relation.get(key)?.as_u64()?).ok();
                Some(Relation { edge: number("edge")?, source: number("source")?, target: number("target")? })
            })?,
        })
    }
}

fn items<T>(value: &Value, key: &str, item: impl Fn(&Value) -> Option<T>) -> Option<Vec<T>> {
    value.get(key)?.as_array()?.iter().map(item).collect()
}

fn text(value: &Value, key: &str) -> Option<String> {
    value.get(key)?.as_str().map(str::to_owned)
}

fn name(value: &Value) -> Option<ColumnName> {
    ColumnName::from_json(&Value::String(value.to_string()))
}

fn column(value: &Value) -> Option<ColumnType> {
    Some(ColumnType { name: name(value.get("name")?)?, type_name: text(value, "type")? })
}
