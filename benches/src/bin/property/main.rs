//! Adding to a property graph in the store, beside building the same graph anew.
//!
//! `property --help` lists the options.

mod tables;

use std::path::PathBuf;
use std::time::Instant;

use clap::Parser;
use vineyard_benches::report::duration;
use vineyard_benches::server::{Kind, Server};
use vineyard_benches::{Done, machine, page};
use vineyard_core::{Client, ObjectId};
use vineyard_types::graph::property::{Dangling, EdgeTable, PropertyGraph, PropertyOptions, VertexTable};

use tables::Tables;

const HEAD: &str = "\
The program `property`: a property graph of people who know and follow each other lies in the store. *Added*: something is
added to it, and the new graph is put; it links what it shares with the first. *Built*: the same graph is built from
its tables, which lie in memory, and put. Both end when the new graph is in the store, with the id of a graph that can be
got. *New bytes* are those that the store has more afterwards. Medians; the two take turns.

- *A column*: a number of 8 bytes for each person, by their ids.
- *A label of vertices*: towns, a hundredth of the people.
- *A label of edges*: where each person lives; the graph it is added to has the towns already.
- *Edges of a label*: a hundredth more who know each other. All lists of this label are made anew, and its tables.
- *Without a column*: the names of the people.
";

/// Measures changes of property graphs.
#[derive(Debug, Parser)]
struct Options {
    /// Vertices of the larger label
    #[arg(long, default_value_t = 200_000)]
    people: usize,

    /// Edges of the larger label for each of them; the other one has half as many
    #[arg(long, default_value_t = 8)]
    edges: usize,

    /// Fragments of the graphs
    #[arg(long, default_value_t = 4)]
    fragments: usize,

    /// How often everything is measured
    #[arg(long, default_value_t = 3)]
    rounds: usize,

    /// Our server [default: vineyard-server beside this program]
    #[arg(long, value_name = "PROGRAM")]
    server: Option<PathBuf>,

    /// The page whose section `property` is written; without it, the table is only printed
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
}

type Graph = PropertyGraph<i64, u32>;

/// What a graph is built from.
type Given = (Vec<VertexTable>, Vec<EdgeTable>);

/// How a graph is made of another.
type Apply<'a> = Box<dyn Fn(&Graph) -> Done<Graph> + 'a>;

/// One thing that a graph gets, or loses.
struct Change<'a> {
    name: &'static str,
    /// What the graph is made of before.
    before: Given,
    /// What it is made of afterwards, if it is built anew.
    after: Given,
    apply: Apply<'a>,
}

fn changes<'a>(tables: &'a Tables) -> Done<Vec<Change<'a>>> {
    let (people, towns) = (tables.people.clone(), tables.towns.clone());
    let edges = vec![tables.knows.clone(), tables.follows.clone()];
    let before = (vec![people.clone()], edges.clone());
    let with_towns = vec![people.clone(), towns];
    let unnamed = people.table().clone().without_column("name")?;
    let change = |name, before: &Given, after, apply: Apply<'a>| Change { name, before: before.clone(), after, apply };
    Ok(vec![
        change("a column", &before, (vec![tables.scored()?], edges.clone()), {
            Box::new(|graph: &Graph| Ok(graph.with_vertex_columns(&tables.scores)?))
        }),
        change("a label of vertices", &before, (with_towns.clone(), edges.clone()), {
            Box::new(|graph: &Graph| Ok(graph.with_vertex_label(&tables.towns)?))
        }),
        change(
            "a label of edges",
            &(with_towns.clone(), edges.clone()),
            (with_towns, edges.iter().cloned().chain([tables.lives_in.clone()]).collect()),
            Box::new(|graph: &Graph| {
                Ok(graph.with_edge_label(std::slice::from_ref(&tables.lives_in), Dangling::Refuse)?)
            }),
        ),
        change(
            "edges of a label",
            &before,
            (vec![people], vec![tables.all.clone(), tables.follows.clone()]),
            Box::new(|graph: &Graph| Ok(graph.with_edges(&tables.more, Dangling::Refuse)?)),
        ),
        change("without a column", &before, (vec![VertexTable::new("person", "id", unnamed)], edges), {
            Box::new(|graph: &Graph| Ok(graph.without_vertex_column("person", "name")?))
        }),
    ])
}

/// Seconds and bytes of one way to the new graph, and the graph.
struct Way {
    seconds: f64,
    nbytes: u64,
    id: ObjectId,
}

fn measured(client: &Client, make: impl FnOnce() -> Done<Graph>) -> Done<Way> {
    let before = client.instance_status()?.memory_usage;
    let start = Instant::now();
    let id = client.put(&make()?)?;
    let seconds = start.elapsed().as_secs_f64();
    Ok(Way { seconds, nbytes: client.instance_status()?.memory_usage.saturating_sub(before), id })
}

fn counts(graph: &Graph) -> Vec<usize> {
    let schema = graph.schema();
    let vertices = (0..schema.vertex_labels().len()).map(|label| graph.num_vertices(label));
    vertices.chain((0..schema.relations().len()).map(|relation| graph.num_edges(relation))).collect()
}

/// All rounds of one change: a row of the table.
fn row(client: &Client, options: &Options, change: &Change<'_>) -> Done<String> {
    let property = PropertyOptions { fragments: options.fragments, ..PropertyOptions::default() };
    let (vertices, edges) = &change.before;
    let before = client.put(&Graph::build(vertices, edges, &property)?)?;
    let graph = client.get::<Graph>(before)?;
    let (mut added, mut built) = (Vec::new(), Vec::new());
    for round in 0..options.rounds {
        for turn in 0..2 {
            let adds = (round + turn) % 2 == 0;
            let way = if adds {
                measured(client, || (change.apply)(&graph))?
            } else {
                measured(client, || Ok(Graph::build(&change.after.0, &change.after.1, &property)?))?
            };
            let got = client.get::<Graph>(way.id)?;
            if round == 0 {
                eprintln!("{}: {:?}, {:.3} s", change.name, counts(&got), way.seconds);
            }
            drop(got);
            client.delete(way.id)?;
            if adds { added.push(way) } else { built.push(way) }
        }
    }
    drop(graph);
    client.delete(before)?;
    let mib = |ways: &[Way]| ways.first().map_or(0, |way| way.nbytes) as f64 / f64::from(1 << 20);
    let (fast, slow) = (median(&added), median(&built));
    let times = [fast, slow].map(|seconds| duration(seconds * 1e9));
    let ratio = slow / fast;
    let ratio = if ratio < 10.0 { format!("{ratio:.1}") } else { format!("{ratio:.0}") };
    let bytes = [mib(&added), mib(&built)];
    Ok(format!("| {} | {:.1} | {:.1} | {} | {} | {ratio} |\n", change.name, bytes[0], bytes[1], times[0], times[1]))
}

fn median(ways: &[Way]) -> f64 {
    let mut sorted: Vec<f64> = ways.iter().map(|way| way.seconds).collect();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

fn main() -> Done {
    let options = Options::parse();
    let beside = || Ok::<_, std::io::Error>(std::env::current_exe()?.with_file_name("vineyard-server"));
    let program = options.server.clone().map_or_else(beside, Ok)?;
    let server = Server::start(&program, Kind::Ready)?;
    let client = Client::connect(&server.socket)?;
    let tables = Tables::new(options.people, options.edges)?;
    let mut table = "| | new MiB, added | new MiB, built | added | built | built : added |\n".to_owned();
    table += "|---|---:|---:|---:|---:|---:|\n";
    for change in changes(&tables)? {
        table += &row(&client, &options, &change)?;
    }
    let facts = format!(
        "{}, {} people, {} edges of one label and {} of another, {} fragments by hash, {} rounds",
        machine::facts()?,
        options.people,
        options.people * options.edges,
        options.people * options.edges / 2,
        options.fragments,
        options.rounds
    );
    let text = format!("{HEAD}\n{facts}.\n\n{table}");
    println!("{text}");
    match &options.page {
        None => Ok(()),
        Some(path) => page::replace(path, "property", &format!("## Changes of property graphs\n\n{text}")),
    }
}
