//! Graphs that differ from another in a column and share the rest.

use super::error::{At, same};
use super::schema::columns;
use super::tables::VertexTable;
use super::{
    GraphSchema, LocalId, OutsideId, Part, PropertyEdges, PropertyError, PropertyFragment, PropertyGraph,
    PropertyVertices,
};
use crate::dataframe::{Column, ColumnName, DataFrame};
use crate::graph::property::gather::take;

impl<O: OutsideId, V: LocalId> PropertyGraph<O, V> {
    /// The graph with one more column of the vertices of a label: for each fragment, a value for each inner vertex in the
    /// order of their local numbers. Everything else is shared.
    ///
    /// # Errors
    ///
    /// [`PropertyError::Taken`] if there is such a column, [`PropertyError::Count`] if there is not one column for each
    /// fragment, [`PropertyError::Frame`] if a column has another number of rows than there are vertices.
    pub fn with_vertex_column(
        &self,
        label: &str,
        name: impl Into<ColumnName>,
        parts: Vec<Column>,
    ) -> Result<Self, PropertyError> {
        let (number, name) = (self.schema.vertex_label(label)?, name.into());
        same("columns, one for each fragment", parts.len(), self.fragments.len())?;
        let mut parts = parts.into_iter();
        self.with_vertex_tables(number, |_, table| match parts.next() {
            Some(column) => with_column(table, table.num_rows(), &name, column),
            None => Ok(table.clone()),
        })
        .at(|| format!("vertices of label `{label}`"))
    }

    /// The graph with the columns of a table for the vertices of its label, by their ids; rows may be in any order. Everything else is
    /// shared, and the columns as well if there is one fragment and the order is that of the graph.
    ///
    /// # Errors
    ///
    /// As [`with_vertex_column`](Self::with_vertex_column); [`PropertyError::NoRow`] for the first vertex that has no row,
    /// [`PropertyError::Dangling`] for the first row that belongs to no vertex, [`PropertyError::Duplicate`] if a vertex has
    /// two.
    pub fn with_vertex_columns(&self, added: &VertexTable) -> Result<Self, PropertyError> {
        let number = self.schema.vertex_label(&added.label)?;
        let place = || format!("vertices of label `{}`", added.label);
        let rows = self.rows_of(number, added).at(place)?;
        let columns = added.table.clone().without_column(&added.key)?;
        self.with_vertex_tables(number, |fragment, table| {
            let part = take(&columns, rows.get(fragment).map(Vec::as_slice).unwrap_or_default())?;
            part.columns().try_fold(table.clone(), |table, (name, column)| {
                with_column(&table, table.num_rows(), name, column.clone())
            })
        })
        .at(place)
    }

    /// The graph without a column of the vertices of a label. Everything else is shared.
    ///
    /// # Errors
    ///
    /// [`PropertyError::Key`] for the column of ids, [`PropertyError::Frame`] if there is no such column.
    pub fn without_vertex_column(&self, label: &str, name: impl Into<ColumnName>) -> Result<Self, PropertyError> {
        let (number, name) = (self.schema.vertex_label(label)?, name.into());
        if self.schema.vertices.get(number).is_some_and(|about| about.key == name) {
            return Err(PropertyError::Key { column: name.to_string(), label: label.to_owned() });
        }
        self.with_vertex_tables(number, |_, table| Ok(table.clone().without_column(&name)?))
            .at(|| format!("vertices of label `{label}`"))
    }

    /// The graph with one more column of the edges of a label: for each of its relations, in the order of the schema, a column for each
    /// fragment, with a value for each row of its table. Everything else is shared.
    ///
    /// # Errors
    ///
    /// As [`with_vertex_column`](Self::with_vertex_column).
    pub fn with_edge_column(
        &self,
        label: &str,
        name: impl Into<ColumnName>,
        parts: Vec<Vec<Column>>,
    ) -> Result<Self, PropertyError> {
        let (number, name) = (self.schema.edge_label(label)?, name.into());
        let relations = self.schema.relations.iter().filter(|relation| relation.edge == number).count();
        same("lists of columns, one for each relation", parts.len(), relations)?;
        for parts in &parts {
            same("columns, one for each fragment", parts.len(), self.fragments.len())?;
        }
        self.with_edge_tables(number, |place, fragment, edges| {
            match parts.get(place).and_then(|parts| parts.get(fragment)) {
                Some(column) => with_column(edges.table(), edges.num_edges(), &name, column.clone()),
                None => Ok(edges.table().clone()),
            }
        })
        .at(|| format!("edges of label `{label}`"))
    }

    /// The graph without a column of the edges of a label. Everything else is shared.
    ///
    /// # Errors
    ///
    /// [`PropertyError::Frame`] if there is no such column.
    pub fn without_edge_column(&self, label: &str, name: impl Into<ColumnName>) -> Result<Self, PropertyError> {
        let (number, name) = (self.schema.edge_label(label)?, name.into());
        self.with_edge_tables(number, |_, _, edges| Ok(edges.table().clone().without_column(&name)?))
            .at(|| format!("edges of label `{label}`"))
    }

    /// The rows of a table for the vertices of each fragment, in the order of these.
    fn rows_of(&self, label: usize, added: &VertexTable) -> Result<Vec<Vec<usize>>, PropertyError> {
        let ids = super::build::ids::<O>(&added.table, &added.key)?;
        let place_of = |row| {
            let id = O::id(&ids, row)?;
            Some(self.layout().unpack(self.vertex(label, id)?))
        };
        let mut rows: Vec<Vec<Option<usize>>> =
            self.fragments.iter().map(|fragment| vec![None; fragment.inner(label).len()]).collect();
        for row in 0..O::count(&ids) {
            let id = O::id(&ids, row).ok_or_else(|| PropertyError::NoId { column: added.key.to_string(), row })?;
            let id = || format!("{id:?}");
            let place = place_of(row);
            let slot = place.and_then(|place| rows.get_mut(place.fragment)?.get_mut(place.offset));
            let Some(slot) = slot else {
                return Err(PropertyError::Dangling { row, end: "id", id: id(), label: added.label.clone() });
            };
            if let Some(first) = slot.replace(row) {
                return Err(PropertyError::Duplicate { id: id(), first, second: row });
            }
        }
        let complete = |(fragment, rows): (usize, Vec<Option<usize>>)| {
            if let Some(offset) = rows.iter().position(Option::is_none) {
                let id = self.vertex_map.ids(label, fragment).and_then(|ids| ids.id(offset));
                let id = id.map_or_else(|| format!("at {offset} in fragment {fragment}"), |id| format!("{id:?}"));
                return Err(PropertyError::NoRow { id });
            }
            Ok(rows.into_iter().flatten().collect())
        };
        rows.into_iter().enumerate().map(complete).collect()
    }

    /// The graph with other tables for the vertices of a label, by fragment.
    fn with_vertex_tables(
        &self,
        label: usize,
        mut table: impl FnMut(usize, &DataFrame) -> Result<DataFrame, PropertyError>,
    ) -> Result<Self, PropertyError> {
        let mut schema = self.schema.clone();
        let mut fragments = Vec::with_capacity(self.fragments.len());
        for (index, fragment) in self.fragments.iter().enumerate() {
            let mut fragment = (**fragment).clone();
            if let (Some(vertices), Some(about)) = (fragment.vertices.get_mut(label), schema.vertices.get_mut(label)) {
                let table = table(index, vertices.table())?;
                about.columns = columns(&table);
                *vertices = Part::from(PropertyVertices { table: Part::from(table), outer: vertices.outer.clone() });
            }
            fragments.push(fragment);
        }
        self.with_fragments(schema, fragments)
    }

    /// The graph with other tables for the edges of a label, by the place of the relation among those of the label, and by
    /// fragment.
    fn with_edge_tables(
        &self,
        label: usize,
        table: impl Fn(usize, usize, &PropertyEdges<V>) -> Result<DataFrame, PropertyError>,
    ) -> Result<Self, PropertyError> {
        let mut schema = self.schema.clone();
        let mut fragments = Vec::with_capacity(self.fragments.len());
        for (index, fragment) in self.fragments.iter().enumerate() {
            let mut fragment = (**fragment).clone();
            let relations = self.schema.relations.iter().zip(&mut fragment.edges);
            for (place, (_, edges)) in relations.filter(|(relation, _)| relation.edge == label).enumerate() {
                let table = table(place, index, edges)?;
                if let Some(about) = schema.edges.get_mut(label) {
                    about.columns = columns(&table);
                }
                let (outgoing, incoming) = (edges.outgoing.clone(), edges.incoming.clone());
                let num_edges = edges.num_edges;
                *edges = Part::from(PropertyEdges { num_edges, table: Part::from(table), outgoing, incoming });
            }
            fragments.push(fragment);
        }
        self.with_fragments(schema, fragments)
    }

    fn with_fragments(&self, schema: GraphSchema, fragments: Vec<PropertyFragment<V>>) -> Result<Self, PropertyError> {
        let with_schema = |(index, fragment)| {
            let fragment = PropertyFragment { schema: schema.clone(), ..fragment };
            fragment.check().at(|| format!("fragment {index}"))?;
            Ok(Part::from(fragment))
        };
        let fragments = fragments.into_iter().enumerate().map(with_schema).collect::<Result<_, PropertyError>>()?;
        Ok(Self { schema, fragments, ..self.clone() })
    }
}

/// A table with one more column of so many rows.
fn with_column(table: &DataFrame, rows: usize, name: &ColumnName, column: Column) -> Result<DataFrame, PropertyError> {
    if table.column(name).is_ok() {
        return Err(PropertyError::Taken { what: "column", name: name.to_string() });
    }
    let table = table.clone().with_column(name, column)?;
    same("rows of the new column", table.num_rows(), rows)?;
    Ok(table)
}
