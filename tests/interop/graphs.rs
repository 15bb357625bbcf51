//! Graphs and their labels, between Rust and the companion package of Python.

use std::collections::BTreeMap;

use vineyard_core::{Client, Object, Opaque};
use vineyard_tests::random::Random;
use vineyard_tests::{TestResult, TestServer};
use vineyard_types::graph::load::{EdgeColumns, EdgeWeight, silent};
use vineyard_types::graph::{
    CsrGraph, Directions, EdgeOptions, LabelledEdges, LabelledGraph, Unlisted, VertexLabel, VertexTable,
};
use vineyard_types::{DataFrame, Text};

use crate::{PANDAS_3, PYTHON, python_with, run};

type Error = Box<dyn std::error::Error>;

/// All edges with their labels, weights and what the table says, in an order of their own; undirected ones once.
fn listed<I: VertexLabel, W: EdgeWeight + std::fmt::Debug>(
    graph: &LabelledGraph<I, u32, W>,
) -> Result<Vec<String>, Error> {
    graph.verify()?;
    let frame = EdgeColumns::new("source", "target").frame_of(graph)?;
    let mut rows = Vec::new();
    for row in 0..frame.num_rows() {
        let mut cells = Vec::new();
        for (name, column) in frame.columns() {
            let cell = column.display(row).ok_or("a cell")?;
            cells.push(format!("{name}={cell}"));
        }
        if !graph.graph.directed {
            // Either end first.
            let ends = cells.get_mut(..2).ok_or("two ends")?;
            ends.sort_by_key(|end| end.split_once('=').map(|(_, label)| label.to_owned()));
            ends.iter_mut().for_each(|end| *end = end.replace("target=", "source="));
        }
        cells.sort();
        rows.push(cells.join(", "));
    }
    rows.sort();
    Ok(rows)
}

/// What is known about each vertex, by its label.
fn known<I: VertexLabel, W: EdgeWeight>(graph: &LabelledGraph<I, u32, W>) -> BTreeMap<String, Vec<String>> {
    let table = graph.graph.vertices.iter().flat_map(DataFrame::columns).collect::<Vec<_>>();
    let row =
        |vertex| table.iter().filter_map(move |(name, column)| Some(format!("{name}={}", column.display(vertex)?)));
    let labels = graph.labels.labels().enumerate();
    labels.map(|(vertex, label)| (format!("{label:?}"), row(vertex).collect())).collect()
}

fn sample<I: VertexLabel>(
    random: &mut Random,
    options: EdgeOptions,
    label: impl Fn(usize) -> I::Held,
) -> Result<LabelledGraph<I, u32, f64>, Error> {
    let (vertices, edges) = (1 + random.below(20), random.below(60));
    let ends = (0..edges).map(|_| (label(random.below(vertices)), label(random.below(vertices))));
    let pairs: Vec<_> = ends.collect();
    let all =
        LabelledEdges::<I, f64>::from_pairs(pairs).with_weights((0..edges).map(|at| at as f64 / 8.0).collect())?;
    let table = DataFrame::new()
        .with_column("text", (0..edges).map(|at| format!("naïve {at}")).collect::<Vec<_>>())?
        .with_column("n", (0..edges as i64).map(|at| i64::MAX - at).collect::<Vec<_>>())?;
    let people = DataFrame::new()
        .with_column("open", (0..vertices).map(|at| at % 2 == 0).collect::<Vec<_>>())?
        .with_column("x", (0..vertices).map(|at| at as f64 / 3.0).collect::<Vec<_>>())?;
    let labels = VertexTable::<I>::from_labels((0..vertices).map(label))?.with_table(people)?;
    Ok(all.with_table(table)?.with_vertices(labels, Unlisted::Refuse)?.build(options)?)
}

#[test]
fn graphs_go_to_python_and_back() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let mut random = Random::new(5);
    let (mut texts, mut numbers) = (Vec::new(), Vec::new());
    for directed in [true, false] {
        for directions in [Directions::Out, Directions::In, Directions::Both] {
            for _ in 0..4 {
                let options = EdgeOptions { directed, directions, ..EdgeOptions::default() };
                texts.push(sample::<Text>(&mut random, options, |vertex| format!("vertex {vertex}"))?);
                numbers.push(sample::<i64>(&mut random, options, |vertex| (vertex as i64 - 5) << 40)?);
            }
        }
    }
    let count = texts.len();
    for (number, graph) in texts.iter().enumerate() {
        client.put_named(&format!("rs/{number}"), graph)?;
    }
    for (number, graph) in numbers.iter().enumerate() {
        client.put_named(&format!("rs/{}", count + number), &graph.reverse())?;
    }
    let (socket, all) = (server.socket().display().to_string(), (2 * count).to_string());
    assert_eq!(python_with("graphs.py", &[&socket, "echo", &all]), format!("echoed: {all}"));
    for (number, graph) in texts.iter().enumerate() {
        let back = client.get_by_name::<LabelledGraph<Text, u32, f64>>(&format!("py/{number}"))?;
        assert_eq!(listed(&back)?, listed(graph)?, "graph {number}");
        assert_eq!(known(&back), known(graph), "graph {number}");
    }
    for (number, graph) in numbers.iter().enumerate() {
        let back = client.get_by_name::<LabelledGraph<i64, u32, f64>>(&format!("py/{}", count + number))?;
        assert_eq!(listed(&back)?, listed(&graph.reverse())?, "graph {number} with numbers");
        assert_eq!(known(&back), known(graph), "graph {number} with numbers");
    }
    server.stop();
    Ok(())
}

/// Makes a graph anew of its edges and its table, as another program would, and puts it.
fn again<I: VertexLabel, W: EdgeWeight + std::fmt::Debug>(client: &Client, from: &str, to: &str) -> Result<(), Error>
where
    LabelledGraph<I, u32, W>: Object,
{
    let graph = client.get_by_name::<LabelledGraph<I, u32, W>>(from)?;
    graph.verify()?;
    let columns = EdgeColumns::new("its source", "its target");
    let columns = if graph.graph.weights.is_some() { columns.weight("its weight") } else { columns };
    let edges: LabelledEdges<I, W> = columns.read([&columns.batch_of(&graph)?], from, silent)?;
    let table = VertexTable::<I>::from_labels(graph.labels.labels().flatten())?;
    let table = match &graph.graph.vertices {
        Some(vertices) => table.with_table(vertices.clone())?,
        None => table,
    };
    let options =
        EdgeOptions { directed: graph.graph.directed, directions: Directions::Both, ..EdgeOptions::default() };
    client.put_named(to, &edges.with_vertices(table, Unlisted::Refuse)?.build::<u32>(options)?)?;
    Ok(())
}

/// Also by pandas 3, whose text is of another type.
#[test]
fn networks_of_python_are_read_and_come_back() -> TestResult {
    networks(PYTHON)?;
    networks(PANDAS_3)
}

fn networks(python: &str) -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let socket = server.socket().display().to_string();
    let put = run(python, "graphs.py", &[&socket, "put"]);
    let count: usize = put.strip_prefix("put: ").and_then(|count| count.parse().ok()).ok_or(put)?;
    for number in 0..count {
        let (from, to) = (format!("py/{number}"), format!("rs/{number}"));
        let id = client.get_name(&from)?.ok_or("it was put")?;
        let typename = client.get::<Opaque>(id)?.meta().typename().to_owned();
        match typename.as_str() {
            "vineyard::LabelledGraph<std::string,uint,double>" => again::<Text, f64>(&client, &from, &to)?,
            "vineyard::LabelledGraph<std::string,uint,int64>" => again::<Text, i64>(&client, &from, &to)?,
            "vineyard::LabelledGraph<int64,uint,double>" => again::<i64, f64>(&client, &from, &to)?,
            "vineyard::LabelledGraph<int64,uint,int64>" => again::<i64, i64>(&client, &from, &to)?,
            other => return Err(format!("{from} is of type {other}").into()),
        }
    }
    assert_eq!(run(python, "graphs.py", &[&socket, "get"]), format!("got: {count}"));
    server.stop();
    Ok(())
}

#[test]
fn matrices_of_scipy_are_graphs() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let socket = server.socket().display().to_string();
    assert_eq!(python_with("graphs.py", &[&socket, "put-matrices"]), "put");
    fn turn<W: EdgeWeight>(client: &Client, number: u32) -> Result<(), Error>
    where
        CsrGraph<u32, W>: Object,
    {
        let graph = client.get_by_name::<CsrGraph<u32, W>>(&format!("py/matrix/{number}"))?;
        graph.verify()?;
        graph.verify_sorted()?;
        let before = client.instance_status()?.memory_usage;
        client.put_named(&format!("rs/matrix/{number}"), &graph.reverse())?;
        assert_eq!(client.instance_status()?.memory_usage, before);
        Ok(())
    }
    turn::<f64>(&client, 0)?;
    turn::<f32>(&client, 1)?;
    turn::<i64>(&client, 2)?;
    turn::<u32>(&client, 3)?;
    assert_eq!(python_with("graphs.py", &[&socket, "get-matrices"]), "got");
    server.stop();
    Ok(())
}

#[test]
fn what_is_no_graph_is_refused_by_python() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let graph = CsrGraph::<u32, f64>::from_edges(2, [(0, 1)], EdgeOptions::default())?;
    client.put_named("rs/target", &CsrGraph { targets: [9].into(), ..graph.clone() })?;
    let backwards = CsrGraph { offsets: [0, 1, 0, 1].into(), ..graph };
    client.put_named("rs/offset", &backwards)?;
    assert_eq!(python_with("graphs.py", &[&server.socket().display().to_string(), "refusals"]), "refused");
    server.stop();
    Ok(())
}
