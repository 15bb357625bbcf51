//! Process one: reads both tables, puts the airports as a dataframe and the routes as a weighted graph.

use std::path::Path;
use std::time::Instant;

use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use vineyard_core::{Client, Stored};
use vineyard_examples::show;
use vineyard_types::DataFrame;
use vineyard_types::graph::EdgeOptions;

use crate::data::Files;
use crate::{Failure, GRAPH, Routes, TABLE};

pub fn run(socket: &str, directory: Option<&Path>) -> Result<(), Failure> {
    set_pdeathsig(Signal::SIGKILL)?;
    let start = Instant::now();
    let files = Files::read(directory)?;
    let airports = files.airports()?;
    let routes = files.routes(&airports)?;
    println!(
        "\nprocess 1  (pid {}) read {} airports and {} routes in {}",
        std::process::id(),
        show::count(airports.num_rows()),
        show::count(routes.len()),
        show::time(start.elapsed()),
    );

    let client = Client::connect(socket)?;
    let start = Instant::now();
    let id = client.put_named(TABLE, &airports)?;
    let table: Stored<DataFrame> = client.get(id)?;
    println!("put        {TABLE}   {id}  {:>9}  in {}", show::bytes(table.nbytes()), show::time(start.elapsed()));

    // The graph holds the table of its vertices: the columns that were just put are linked, not stored again.
    let before = client.instance_status()?.memory_usage;
    let start = Instant::now();
    let graph = Routes::from_weighted_edges(table.num_rows(), routes, EdgeOptions::default())?;
    let graph = graph.with_vertices(DataFrame::clone(&table))?;
    let id = client.put_named(GRAPH, &graph)?;
    let elapsed = show::time(start.elapsed());
    let new = client.instance_status()?.memory_usage.saturating_sub(before);
    println!("put        {GRAPH}   {id}  {:>9}  in {elapsed}, the table linked", show::bytes(new));
    let used = (0..graph.num_vertices()).filter(|v| graph.degree(*v) != Some(0)).count();
    println!(
        "           {} edges from {used} of {} vertices",
        show::count(graph.num_edges()),
        show::count(graph.num_vertices())
    );
    Ok(())
}
