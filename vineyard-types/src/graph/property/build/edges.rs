//! Edges that are added: to the fragments of both of their ends, and into lists there.

use rayon::prelude::*;

use super::ids;
use crate::dataframe::DataFrame;
use crate::graph::property::error::At;
use crate::graph::property::fragment::check_local;
use crate::graph::property::gather::{concat, take};
use crate::graph::property::schema::check_columns;
use crate::graph::property::tables::End;
use crate::graph::property::verify::Ends;
use crate::graph::property::{
    Adjacency, Dangling, EdgeTable, GlobalId, IdLayout, LocalId, OutsideId, Part, Place, PropertyEdges, PropertyError,
    PropertyFragment, PropertyGraph, PropertyVertices, Relation,
};
use crate::graph::{CsrGraph, EdgeOptions, Edges};

/// An end that is no vertex. No id has all bits set.
const MISSING: u64 = u64::MAX;

/// Edges of one relation that are to be added.
struct Addition {
    number: usize,
    relation: Relation,
    name: String,
    /// The columns of the edges, a row for each of the ends.
    table: DataFrame,
    /// The global ids of the vertices at both ends of each edge.
    ends: Vec<(u64, u64)>,
    /// The edges that each fragment gets.
    rows: Vec<Vec<usize>>,
}

impl<O: OutsideId, V: LocalId> PropertyGraph<O, V> {
    /// Adds relations that there are not yet.
    pub(super) fn add_relations(&self, tables: &[EdgeTable], dangling: Dangling) -> Result<Self, PropertyError> {
        let mut graph = self.clone();
        let mut additions = Vec::with_capacity(tables.len());
        for table in tables {
            let place = || format!("edges {}", table.name());
            let (source, target) = (&table.source.label, &table.target.label);
            let (source, target) =
                (self.schema.vertex_label(source).at(place)?, self.schema.vertex_label(target).at(place)?);
            let columns = columns(table).at(place)?;
            let number = graph.schema.add_edges(&table.label, source, target, &columns).at(place)?;
            additions.push(self.addition(&graph, number, table, columns, dangling).at(place)?);
        }
        graph.apply(&additions)
    }

    /// Adds edges to a relation.
    pub(super) fn add_edges(&self, table: &EdgeTable, dangling: Dangling) -> Result<Self, PropertyError> {
        let number = self.schema.relation(&table.source.label, &table.label, &table.target.label)?;
        let place = || format!("edges {}", table.name());
        let columns = columns(table).at(place)?;
        let addition = self.addition(self, number, table, columns, dangling).at(place)?;
        self.apply(&[addition])
    }

    /// Looks the ends of edges up.
    fn addition(
        &self,
        graph: &Self,
        number: usize,
        table: &EdgeTable,
        columns: DataFrame,
        dangling: Dangling,
    ) -> Result<Addition, PropertyError> {
        let schema = &graph.schema;
        let relation = schema.relations.get(number).copied();
        let relation = relation.ok_or_else(|| PropertyError::unknown("relation", number.to_string()))?;
        if let Some(label) = schema.edges.get(relation.edge) {
            check_columns(&columns, &label.columns)?;
        }
        let sources = self.vertices_of(relation.source, table, &table.source)?;
        let targets = self.vertices_of(relation.target, table, &table.target)?;
        let mut ends: Vec<(u64, u64)> = sources.into_iter().zip(targets).collect();
        let mut columns = columns;
        let is_dangling = |(source, target): &(u64, u64)| *source == MISSING || *target == MISSING;
        if let Some(row) = ends.par_iter().position_first(is_dangling) {
            if dangling == Dangling::Refuse {
                return Err(self.dangling(table, row, relation));
            }
            let kept: Vec<usize> = (0..ends.len()).filter(|row| !ends.get(*row).is_none_or(is_dangling)).collect();
            columns = take(&columns, &kept)?;
            ends.retain(|ends| !is_dangling(ends));
        }
        let rows = rows_by_fragment(self.layout(), &ends);
        Ok(Addition { number, relation, name: table.name(), table: columns, ends, rows })
    }

    /// The global ids of the vertices at one end.
    fn vertices_of(&self, label: usize, table: &EdgeTable, end: &End) -> Result<Vec<u64>, PropertyError> {
        let ids = ids::<O>(&table.table, &end.column)?;
        let vertex = |row| O::id(&ids, row).and_then(|id| self.vertex(label, id)).map_or(MISSING, GlobalId::as_raw);
        Ok((0..O::count(&ids)).into_par_iter().map(vertex).collect())
    }

    /// What is wrong with an edge that ends at no vertex.
    fn dangling(&self, table: &EdgeTable, row: usize, relation: Relation) -> PropertyError {
        let ends = [("source", &table.source, relation.source), ("target", &table.target, relation.target)];
        for (end, given, label) in ends {
            let ids = match ids::<O>(&table.table, &given.column) {
                Ok(ids) => ids,
                Err(error) => return error,
            };
            match O::id(&ids, row) {
                None => return PropertyError::NoId { column: given.column.to_string(), row },
                Some(id) if self.vertex(label, id).is_none() => {
                    return PropertyError::Dangling { row, end, id: format!("{id:?}"), label: given.label.clone() };
                }
                Some(_) => {}
            }
        }
        // Only if somebody changed the ids meanwhile, which may lie in memory of another process.
        PropertyError::NoId { column: table.source.column.to_string(), row }
    }

    fn apply(&self, additions: &[Addition]) -> Result<Self, PropertyError> {
        let fragments: Vec<_> = self.fragments.par_iter().map(|fragment| self.extended(fragment, additions)).collect();
        Ok(Self { fragments: fragments.into_iter().collect::<Result<_, _>>()?, ..self.clone() })
    }

    /// A fragment with what it gets of the new edges; itself, if that is nothing.
    fn extended(
        &self,
        fragment: &Part<PropertyFragment<V>>,
        additions: &[Addition],
    ) -> Result<Part<PropertyFragment<V>>, PropertyError> {
        let index = fragment.index();
        let rows = |addition: &Addition| addition.rows.get(index).is_some_and(|rows| !rows.is_empty());
        if fragment.schema == self.schema && !additions.iter().any(rows) {
            return Ok(fragment.clone());
        }
        let mut extended = PropertyFragment { schema: self.schema.clone(), ..(**fragment).clone() };
        for label in 0..extended.vertices.len() {
            extended.add_outer(label, additions)?;
        }
        for addition in additions {
            extended.add_edges(addition).at(|| format!("edges {} in fragment {index}", addition.name))?;
        }
        Ok(Part::from(extended))
    }
}

impl<V: LocalId> PropertyFragment<V> {
    /// Adds the vertices of other fragments at the ends of new edges to the outer ones.
    fn add_outer(&mut self, label: usize, additions: &[Addition]) -> Result<(), PropertyError> {
        let (layout, index) = (self.layout(), self.index());
        let Some(vertices) = self.vertices.get_mut(label) else { return Ok(()) };
        let mut new = Vec::new();
        for addition in additions {
            let Relation { source, target, .. } = addition.relation;
            if source != label && target != label {
                continue;
            }
            let rows = addition.rows.get(index).map(Vec::as_slice).unwrap_or_default();
            for (from, to) in rows.iter().filter_map(|row| addition.ends.get(*row)) {
                let ends = [(source, *from), (target, *to)].into_iter().filter(|(end, _)| *end == label);
                new.extend(ends.map(|(_, id)| id).filter(|id| fragment_of(layout, *id) != index));
            }
        }
        new.par_sort_unstable();
        new.dedup();
        new.retain(|id| vertices.outer_place(GlobalId::from_raw(*id)).is_none());
        if new.is_empty() {
            return Ok(());
        }
        let outer = vertices.outer.iter().cloned().chain([new.into()]).collect();
        let extended = PropertyVertices { table: vertices.table.clone(), outer };
        check_local::<V>(&extended)?;
        *vertices = Part::from(extended);
        Ok(())
    }

    fn add_edges(&mut self, addition: &Addition) -> Result<(), PropertyError> {
        let rows = addition.rows.get(self.index()).map(Vec::as_slice).unwrap_or_default();
        let Relation { source, target, .. } = addition.relation;
        let old = self.edges.get(addition.number);
        if old.is_some() && rows.is_empty() {
            return Ok(());
        }
        let mut table = take(&addition.table, rows)?;
        let mut ends = Ends { sources: Vec::new(), targets: Vec::new() };
        if let Some(old) = old {
            ends = self.ends(addition.number)?;
            table = concat(old.table(), &table)?;
        }
        let local = |id: u64| {
            let (_, vertex) = self.local(GlobalId::from_raw(id))?;
            V::try_from_index(vertex)
        };
        let new = rows.par_iter().map(|row| {
            let (from, to) = addition.ends.get(*row)?;
            Some((local(*from)?, local(*to)?))
        });
        let new: Option<Vec<(V, V)>> = new.collect();
        // Each end is an inner vertex or has become an outer one.
        let new = new.ok_or_else(|| PropertyError::limit("local numbers", rows.len(), "one for each end"))?;
        ends.sources.extend(new.iter().map(|(from, _)| *from));
        ends.targets.extend(new.iter().map(|(_, to)| *to));
        let (outgoing, incoming) = rayon::join(
            || adjacency(&ends.sources, &ends.targets, self.inner(source).end, self.outer(target).end),
            || adjacency(&ends.targets, &ends.sources, self.inner(target).end, self.outer(source).end),
        );
        let edges = Part::from(PropertyEdges {
            num_edges: ends.sources.len() as u64,
            table: Part::from(table),
            outgoing: Part::from(outgoing?),
            incoming: Part::from(incoming?),
        });
        match self.edges.get_mut(addition.number) {
            Some(old) => *old = edges,
            None => self.edges.push(edges),
        }
        Ok(())
    }
}

/// The columns of edges: those of the table but for the ids of their ends.
fn columns(table: &EdgeTable) -> Result<DataFrame, PropertyError> {
    Ok(table.table.clone().without_columns([&table.source.column, &table.target.column])?)
}

fn fragment_of(layout: IdLayout, id: u64) -> usize {
    let Place { fragment, .. } = layout.unpack(GlobalId::from_raw(id));
    fragment
}

/// The edges that each fragment gets, in their order.
fn rows_by_fragment(layout: IdLayout, ends: &[(u64, u64)]) -> Vec<Vec<usize>> {
    if layout.num_fragments() == 1 {
        return vec![(0..ends.len()).collect()];
    }
    let mut rows = vec![Vec::new(); layout.num_fragments()];
    for (row, (source, target)) in ends.iter().enumerate() {
        let (source, target) = (fragment_of(layout, *source), fragment_of(layout, *target));
        for fragment in std::iter::once(source).chain((source != target).then_some(target)) {
            if let Some(rows) = rows.get_mut(fragment) {
                rows.push(row);
            }
        }
    }
    rows
}

/// Lists of edges by one end, of which `inner` vertices have rows; there are `others` vertices at the other end.
fn adjacency<V: LocalId>(from: &[V], to: &[V], inner: usize, others: usize) -> Result<Adjacency<V>, PropertyError> {
    let number = |row: usize| V::try_from_index(row).filter(|row| (*row).into() < V::MAX_ID);
    if from.len().checked_sub(1).is_some_and(|last| number(last).is_none()) {
        let expected = format!("at most {}, rows of {} bits", V::MAX_ID, size_of::<V>() * 8);
        return Err(PropertyError::limit("edges of a relation in a fragment", from.len(), expected));
    }
    let is_inner = |vertex: &V| vertex.try_to_index().is_some_and(|vertex| vertex < inner);
    let options = EdgeOptions::default();
    // The lists of a square graph: vertices without rows have none of the edges.
    let num_vertices = inner.max(others);
    let graph = if from.par_iter().all(is_inner) {
        let rows: Vec<V> = (0..from.len()).into_par_iter().filter_map(number).collect();
        CsrGraph::<V, V>::build(num_vertices, Edges::columns(from, to)?.with_weights(&rows)?, options)?
    } else {
        let kept = (0..from.len()).filter(|row| from.get(*row).is_some_and(is_inner));
        let kept: Vec<(V, V, V)> =
            kept.filter_map(|row| Some((*from.get(row)?, *to.get(row)?, number(row)?))).collect();
        CsrGraph::<V, V>::from_weighted_edges(num_vertices, kept, options)?
    };
    let offsets = match graph.offsets.get(..=inner) {
        // Not to keep an array for the sake of a small part of it.
        Some(offsets) if offsets.len() < graph.offsets.len() / 2 => offsets.to_vec().into(),
        Some(_) => graph.offsets.slice(..=inner).unwrap_or_default(),
        None => graph.offsets.clone(),
    };
    Ok(Adjacency { offsets, neighbors: graph.targets.clone(), edges: graph.weights.clone().unwrap_or_default() })
}
