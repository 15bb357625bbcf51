//! A property graph that several processes work on.

use vineyard_core::{Client, ObjectId};
use vineyard_types::DataFrame;
use vineyard_types::dataframe::Column;
use vineyard_types::graph::property::{
    EdgeTable, PartitionBy, PropertyError, PropertyGraph, PropertyOptions, VertexTable,
};

use crate::console::say;
use crate::{TestResult, random::Random};

/// The graph of the tests.
pub type Graph = PropertyGraph<i64, u32>;

/// Fragments of the graph.
pub const FRAGMENTS: usize = 3;
/// People of the graph: a multiple of the number of fragments.
pub const PEOPLE: i64 = 3 * 4096;

/// People who know each other, in [`FRAGMENTS`] fragments by ranges of their ids.
///
/// # Errors
///
/// None, unless the library is wrong.
pub fn graph() -> Result<Graph, PropertyError> {
    let ids: Vec<i64> = (0..PEOPLE).collect();
    let names: Vec<String> = ids.iter().map(|id| format!("person {id}")).collect();
    let people = DataFrame::new().with_column("id", ids)?.with_column("name", names)?;
    let options = PropertyOptions { fragments: FRAGMENTS, partition: PartitionBy::Range, ..PropertyOptions::default() };
    Graph::build(&[VertexTable::new("person", "id", people)], &[knows(1, 4 * PEOPLE)?], &options)
}

/// So many edges between people.
///
/// # Errors
///
/// None, unless the library is wrong.
pub fn knows(seed: u64, count: i64) -> Result<EdgeTable, PropertyError> {
    let mut random = Random::new(seed);
    let mut ends = || (0..count).map(|_| random.below(PEOPLE as usize) as i64).collect::<Vec<i64>>();
    let (from, to) = (ends(), ends());
    let since: Vec<i32> = from.iter().map(|from| (*from % 100) as i32 + 1900).collect();
    let table = DataFrame::new().with_column("from", from)?.with_column("to", to)?.with_column("since", since)?;
    Ok(EdgeTable::new("knows", ("person", "from"), ("person", "to"), table))
}

/// What a worker does with a fragment: says how much there is in it.
///
/// # Errors
///
/// What the store says, or what is wrong with the graph.
pub fn work(client: &Client, id: ObjectId, index: usize) -> TestResult {
    let graph = client.get::<Graph>(id)?;
    let fragment = graph.fragments().get(index).ok_or("there is such a fragment")?;
    fragment.verify()?;
    let edges = fragment.edges(0).ok_or("there is a relation")?;
    let out: usize = edges.outgoing().iter().map(|(_, neighbors)| neighbors.len()).sum();
    say(format_args!("{} inner, {out} edges", fragment.inner(0).len()))
}

/// Puts the graph with one more column of people, how many edges lead away from each, and says its id.
///
/// # Errors
///
/// What the store says, or what is wrong with the graph.
pub fn rank(client: &Client, id: ObjectId) -> TestResult {
    let graph = client.get::<Graph>(id)?;
    let degrees = graph.fragments().iter().map(|fragment| {
        let degrees = fragment.inner(0).map(|vertex| fragment.out_degree(0, 0, vertex) as u64);
        Column::from(degrees.collect::<Vec<_>>())
    });
    let ranked = graph.with_vertex_column("person", "degree", degrees.collect())?;
    say(client.put(&ranked)?)
}
