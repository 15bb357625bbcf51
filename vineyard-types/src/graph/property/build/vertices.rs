//! The vertices of new labels.

use rayon::prelude::*;

use super::ids;
use crate::dataframe::DataFrame;
use crate::graph::property::error::At;
use crate::graph::property::fragment::check_local;
use crate::graph::property::gather::take;
use crate::graph::property::{
    LocalId, OutsideId, Part, Partition, Place, PropertyError, PropertyFragment, PropertyGraph, PropertyVertexMap,
    PropertyVertices, VertexIds, VertexTable,
};
use crate::hashmap::{Duplicates, MapError, SharedMap};

/// The vertices of a label in one fragment.
type Label<O, V> = (PropertyVertices, VertexIds<O, V>);

impl<O: OutsideId, V: LocalId> PropertyGraph<O, V> {
    pub(super) fn add_vertices(&self, tables: &[VertexTable]) -> Result<Self, PropertyError> {
        let mut graph = self.clone();
        let mut all_ids = self.vertex_map.ids.clone();
        let mut fragments: Vec<PropertyFragment<V>> = self.fragments.iter().map(|part| (**part).clone()).collect();
        for table in tables {
            let place = || format!("vertices of label `{}`", table.label);
            let parts = graph.add_label(table).at(place)?;
            let mut label_ids = Vec::with_capacity(parts.len());
            for (fragment, (vertices, ids)) in fragments.iter_mut().zip(parts) {
                fragment.vertices.push(Part::from(vertices));
                label_ids.push(Part::from(ids));
            }
            all_ids.push(label_ids);
        }
        let schema = &graph.schema;
        let with_schema = |fragment| Part::from(PropertyFragment { schema: schema.clone(), ..fragment });
        graph.fragments = fragments.into_iter().map(with_schema).collect();
        let num_fragments = self.vertex_map.num_fragments;
        graph.vertex_map = Part::from(PropertyVertexMap { num_fragments, ids: all_ids });
        Ok(graph)
    }

    /// Divides a table, and adds its label to schema and partition.
    fn add_label(&mut self, table: &VertexTable) -> Result<Vec<Label<O, V>>, PropertyError> {
        let num_fragments = self.fragments.len();
        let ids = ids::<O>(&table.table, &table.key)?;
        let num_rows = O::count(&ids);
        if let Some(row) = (0..num_rows).into_par_iter().position_first(|row| O::id(&ids, row).is_none()) {
            return Err(PropertyError::NoId { column: table.key.to_string(), row });
        }
        let label = self.schema.add_vertices(&table.label, table.key.clone(), &table.table)?;
        if matches!(self.partition, Partition::Range(_)) {
            let all = (0..num_rows).filter_map(|row| O::id(&ids, row));
            self.partition = self.partition.with_bounds(Partition::<O>::bounds(num_fragments, all));
        }
        let rows = self.rows_by_fragment(label, &ids);
        // The first error, whichever thread is done first.
        let parts: Vec<_> = rows.par_iter().enumerate().map(|(at, rows)| self.part(at, label, table, rows)).collect();
        parts.into_iter().collect()
    }

    /// The rows of a table that each fragment gets, in their order.
    fn rows_by_fragment(&self, label: usize, ids: &O::Ids) -> Vec<Vec<usize>> {
        let (num_fragments, num_rows) = (self.fragments.len(), O::count(ids));
        if num_fragments == 1 {
            return vec![(0..num_rows).collect()];
        }
        let fragment = |row| O::id(ids, row).map_or(0, |id| self.partition.fragment(num_fragments, label, id));
        let fragments: Vec<usize> = (0..num_rows).into_par_iter().map(fragment).collect();
        let mut rows = vec![Vec::new(); num_fragments];
        for (row, fragment) in fragments.into_iter().enumerate() {
            if let Some(rows) = rows.get_mut(fragment) {
                rows.push(row);
            }
        }
        rows
    }

    fn part(
        &self,
        fragment: usize,
        label: usize,
        given: &VertexTable,
        rows: &[usize],
    ) -> Result<Label<O, V>, PropertyError> {
        let table: DataFrame = take(&given.table, rows)?;
        let vertices = PropertyVertices { table: Part::from(table), outer: Vec::new() };
        check_local::<V>(&vertices)?;
        if let Some(offset) = rows.len().checked_sub(1) {
            self.layout().pack(Place { fragment, label, offset })?;
        }
        let ids = ids::<O>(vertices.table(), &given.key)?;
        let entries = (0..rows.len()).filter_map(|place| O::id(&ids, place).zip(V::try_from_index(place)));
        let row = |place: usize| rows.get(place).copied().unwrap_or(place);
        let places = SharedMap::from_entries(entries, Duplicates::Refuse).map_err(|error| match error {
            MapError::Duplicate { key, first, second } => {
                PropertyError::Duplicate { id: key, first: row(first), second: row(second) }
            }
            error => error.into(),
        })?;
        Ok((vertices, VertexIds { ids, places }))
    }
}
