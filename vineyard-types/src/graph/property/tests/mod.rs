mod build;
mod change;
mod hostile;
mod layout;

use vineyard_core::Object;
use vineyard_core::testing::draft_meta;

use super::{Dangling, EdgeTable, PartitionBy, PropertyGraph, PropertyOptions, VertexTable};
use crate::DataFrame;

type Graph = PropertyGraph<i64, u32>;
type Pairs = Vec<(i64, i64)>;

/// People with the ids 0 to `count - 1` times 10, from the last to the first.
fn people(count: i64) -> VertexTable {
    let ids: Vec<i64> = (0..count).rev().map(|id| id * 10).collect();
    let ages: Vec<u8> = (0..count).rev().map(|id| id as u8).collect();
    let names: Vec<String> = (0..count).rev().map(|id| format!("p{id}")).collect();
    let table = DataFrame::new().with_column("id", ids).unwrap().with_column("age", ages).unwrap();
    VertexTable::new("person", "id", table.with_column("name", names).unwrap())
}

fn towns(ids: &[i64]) -> VertexTable {
    VertexTable::new("town", "code", DataFrame::new().with_column("code", ids.to_vec()).unwrap())
}

fn knows(edges: &[(i64, i64)]) -> EdgeTable {
    let (from, to): (Vec<i64>, Vec<i64>) = edges.iter().copied().unzip();
    let weights: Vec<f64> = edges.iter().map(|(from, to)| (from * 1000 + to) as f64).collect();
    let table = DataFrame::new().with_column("from", from).unwrap().with_column("to", to).unwrap();
    EdgeTable::new("knows", ("person", "from"), ("person", "to"), table.with_column("weight", weights).unwrap())
}

fn lives_in(edges: &[(i64, i64)]) -> EdgeTable {
    let (from, to): (Vec<i64>, Vec<i64>) = edges.iter().copied().unzip();
    let table = DataFrame::new().with_column("who", from).unwrap().with_column("where", to).unwrap();
    EdgeTable::new("lives_in", ("person", "who"), ("town", "where"), table)
}

fn options(fragments: usize, partition: PartitionBy) -> PropertyOptions {
    PropertyOptions { fragments, partition, dangling: Dangling::Refuse }
}

/// The edges of a relation by the outside ids of their ends, in order, as outgoing and as incoming ones.
fn edges_of(graph: &Graph, relation: usize) -> (Pairs, Pairs) {
    let about = graph.schema().relations()[relation];
    let id = |vertex| *graph.id(vertex).unwrap();
    let mut out: Vec<_> = graph.edges(relation).map(|(from, edge)| (id(from), id(edge.vertex))).collect();
    let into = graph
        .vertices(about.target)
        .flat_map(|to| graph.in_edges(relation, to).map(move |edge| (edge, to)).collect::<Vec<_>>());
    let mut into: Vec<_> = into.map(|(edge, to)| (id(edge.vertex), id(to))).collect();
    out.sort_unstable();
    into.sort_unstable();
    (out, into)
}

/// The graph as another process would get it.
fn again(graph: &Graph) -> Graph {
    Graph::resolve(&draft_meta(&graph.stage().unwrap()).unwrap()).unwrap()
}
