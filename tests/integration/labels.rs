//! Graphs with labels: what is made of a stored one shares what it does not change.

use std::collections::BTreeSet;

use serde_json::Value;
use vineyard_core::{Client, ObjectId, Opaque};
use vineyard_tests::{TestResult, TestServer};
use vineyard_types::graph::load::{PlainEdges, TextFormat, silent};
use vineyard_types::graph::{
    CsrGraph, Directions, EdgeOptions, LabelledEdges, LabelledGraph, Parallel, Unlisted, VertexTable,
};
use vineyard_types::{DataFrame, Text};

type Graph = LabelledGraph<Text, u32, f64>;
type Error = Box<dyn std::error::Error>;

const VERTICES: usize = 1000;

fn label(vertex: usize) -> String {
    format!("vertex {vertex}")
}

fn graph() -> Result<Graph, Error> {
    let ends = (0..5000).map(|edge| (label(edge * 7 % VERTICES), label(edge * 13 % 997)));
    let edges = LabelledEdges::<Text, f64>::from_weighted(ends.zip(0u32..).map(|((a, b), at)| (a, b, f64::from(at))));
    let edges = edges.with_table(DataFrame::new().with_column("year", (0..5000i64).collect::<Vec<_>>())?)?;
    let table = DataFrame::new()
        .with_column("name", (0..VERTICES).map(label).collect::<Vec<String>>())?
        .with_column("size", (0..VERTICES).map(|vertex| vertex as u32).collect::<Vec<_>>())?
        .with_column("note", (0..VERTICES).map(|vertex| format!("n{vertex}")).collect::<Vec<String>>())?;
    let edges = edges.with_vertices(VertexTable::from_frame(&table, "name")?, Unlisted::Refuse)?;
    Ok(edges.build(EdgeOptions { directions: Directions::Both, ..EdgeOptions::default() })?)
}

/// The ids of all blobs of an object, however deep they lie.
fn blobs(client: &Client, id: ObjectId) -> Result<BTreeSet<String>, Error> {
    fn collect(tree: &Value, found: &mut BTreeSet<String>) {
        match tree.as_object() {
            Some(fields) if tree["typename"] == "vineyard::Blob" => {
                found.extend(fields.get("id").and_then(Value::as_str).map(str::to_owned));
            }
            Some(fields) => fields.values().for_each(|field| collect(field, found)),
            None => {}
        }
    }
    let mut found = BTreeSet::new();
    collect(&serde_json::to_value(client.get::<Opaque>(id)?.meta().tree().as_ref())?, &mut found);
    Ok(found)
}

fn used(client: &Client) -> Result<u64, Error> {
    Ok(client.instance_status()?.memory_usage)
}

#[test]
fn a_labelled_graph_is_read_where_it_lies() -> TestResult {
    let server = TestServer::start();
    let (client, reader) = (server.client()?, server.client()?);
    let expected = graph()?;
    let got = reader.get::<Graph>(client.put(&expected)?)?;
    got.verify()?;
    assert!(got.edges().eq(expected.edges()));
    for vertex in [0, 7, VERTICES - 1] {
        assert_eq!(got.vertex(&label(vertex)), Some(vertex));
        assert_eq!(got.label(vertex), Some(label(vertex).as_str()));
    }
    assert_eq!(got.vertex("vertex"), None);
    let text = got.label(500).ok_or("it is there")?;
    let map = reader.get::<Opaque>(got.id())?.meta().member("labels_")?.member("vertices_")?;
    assert!(map.blob("texts_")?.arena_contains(text.as_ptr().addr()), "labels are views of shared memory");
    server.stop();
    Ok(())
}

#[test]
fn a_graph_with_one_column_more_shares_all_others() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let id = client.put(&graph()?)?;
    let (stored, before, whole) = (client.get::<Graph>(id)?, used(&client)?, blobs(&client, id)?);

    let more = client.put(&stored.with_vertex_column("height", vec![1.5f64; VERTICES])?)?;
    assert_eq!(used(&client)?, before + 8 * VERTICES as u64, "the column, and nothing else");
    let found = blobs(&client, more)?;
    assert!(found.is_superset(&whole));
    assert_eq!(found.len(), whole.len() + 1);

    let edges = client.put(&stored.with_edge_column("open", vec![true; 5000])?)?;
    assert_eq!(blobs(&client, edges)?.intersection(&whole).count(), whole.len());

    // Whoever has the new one does not need the old one.
    drop(stored);
    client.delete(id)?;
    let got = client.get::<Graph>(more)?;
    got.verify()?;
    assert_eq!(got.edges().count(), 5000);
    drop(got);
    client.delete(more)?;
    client.delete(edges)?;
    assert_eq!(used(&client)?, 0);
    Ok(())
}

#[test]
fn views_cost_their_metadata() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let id = client.put(&graph()?)?;
    let (stored, before, whole) = (client.get::<Graph>(id)?, used(&client)?, blobs(&client, id)?);

    let fewer = client.put(&stored.with_vertex_columns(["size"])?)?;
    let none = client.put(&stored.with_edge_columns([""; 0])?.with_vertex_columns([""; 0])?)?;
    let reverse = client.put(&stored.reverse())?;
    assert_eq!(used(&client)?, before);
    assert_eq!(blobs(&client, reverse)?, whole);
    let (fewer, none) = (blobs(&client, fewer)?, blobs(&client, none)?);
    assert!(none.is_subset(&fewer) && fewer.is_subset(&whole) && none.len() < fewer.len() && fewer.len() < whole.len());

    let reverse = client.get::<Graph>(reverse)?;
    let label = stored.label(3).ok_or("it is there")?;
    assert!(reverse.neighbors(label).eq(stored.in_neighbors(label)));
    assert_eq!(reverse.graph.vertices.as_ref().map(DataFrame::num_columns), Some(2), "tables stay");
    let position = reverse.graph.out_edges(3).next().and_then(|edge| edge.position).ok_or("it has an edge")?;
    assert_eq!(reverse.graph.edge_row(position), stored.graph.edge_row(position));
    Ok(())
}

#[test]
fn what_a_file_holds_is_built_in_the_store() -> TestResult {
    let server = TestServer::start();
    let (client, reader) = (server.client()?, server.client()?);
    let mut file = tempfile::NamedTempFile::new()?;
    for edge in 0..20_000u32 {
        std::io::Write::write_all(&mut file, format!("{}\t{}\n", edge * 7 % 1000, edge * 13 % 997).as_bytes())?;
    }
    let options = EdgeOptions { parallel: Parallel::Merge, ..EdgeOptions::default() };
    let edges: PlainEdges<u32, f64> = TextFormat::default().load(file.path(), silent)?;
    let built = edges.build_in::<u32>(&client, None, options)?;
    let before = used(&client)?;
    let plain = client.put(&built)?;
    assert_eq!(used(&client)?, before);
    let expected = reader.get::<CsrGraph<u32, f64>>(plain)?;

    let edges: LabelledEdges<i64, f64> = TextFormat::default().load(file.path(), silent)?;
    let labelled = client.put(&edges.build_in::<u32>(&client, options)?)?;
    let labelled = reader.get::<LabelledGraph<i64, u32, f64>>(labelled)?;
    labelled.verify()?;
    assert_eq!((labelled.num_vertices(), labelled.num_edges()), (expected.num_vertices(), expected.num_edges()));
    let mut found: Vec<_> = labelled.edges().map(|(source, target, _)| (*source, *target)).collect();
    found.sort_unstable();
    assert!(found.into_iter().eq(expected.edges().map(|(source, target, _)| (source as i64, i64::from(target)))));
    Ok(())
}
