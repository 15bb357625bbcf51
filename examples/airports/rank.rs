//! Process two: gets the objects by name, ranks the airports on the shared arrays, puts the ranks back.

use std::time::Instant;

use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use vineyard_core::{Array, Client, Element};
use vineyard_examples::show;
use vineyard_types::DataFrame;
use vineyard_types::dataframe::Column;

use crate::pagerank::pagerank;
use crate::{Failure, GRAPH, RANKED, Routes, TABLE};

/// Counts arrays, and those that lie inside a mapped arena.
#[derive(Default)]
struct Places {
    arrays: usize,
    shared: usize,
}

impl Places {
    fn look_at<T: Element>(&mut self, array: &Array<T>) {
        self.arrays += 1;
        self.shared += usize::from(array.blob().arena_contains(array.as_ptr().addr()));
    }

    fn look_at_table(&mut self, table: &DataFrame) {
        for (_, column) in table.columns() {
            match column {
                Column::Text(texts) => {
                    self.look_at(texts.texts().offsets());
                    self.look_at(texts.texts().data());
                }
                Column::Float64(numbers) => self.look_at(numbers.array()),
                _ => {}
            }
        }
    }
}

pub fn run(socket: &str) -> Result<(), Failure> {
    set_pdeathsig(Signal::SIGKILL)?;
    let client = Client::connect(socket)?;
    let start = Instant::now();
    let table = client.get_by_name::<DataFrame>(TABLE)?;
    let got_table = start.elapsed();
    let start = Instant::now();
    let graph = client.get_by_name::<Routes>(GRAPH)?;
    let got_graph = start.elapsed();

    println!("\nprocess 2  (pid {}) got them by name", std::process::id());
    println!("got        {TABLE}   {}  {:>9}  in {}", table.id(), show::bytes(table.nbytes()), show::time(got_table));
    println!("got        {GRAPH}   {}  {:>9}  in {}", graph.id(), show::bytes(graph.nbytes()), show::time(got_graph));
    let mut places = Places::default();
    places.look_at_table(&table);
    places.look_at(&graph.offsets);
    places.look_at(&graph.targets);
    graph.weights.iter().for_each(|weights| places.look_at(weights));
    graph.vertices.iter().for_each(|table| places.look_at_table(table));
    let Places { arrays, shared } = places;
    println!("copied     nothing: {shared} of {arrays} arrays lie inside the mapped arena");
    if shared != arrays {
        return Err(format!("{} arrays were copied", arrays - shared).into());
    }
    println!("\n{}", table.head(5));

    let start = Instant::now();
    let (ranks, rounds) = pagerank(&graph);
    println!("ranked     {rounds} rounds of PageRank on the shared arrays in {}\n", show::time(start.elapsed()));
    println!("{}", top(&table, &ranks, 10)?.head(10));

    // The frame that was got, and one more column: the others are linked.
    let before = client.instance_status()?.memory_usage;
    let start = Instant::now();
    let ranked = DataFrame::clone(&table).with_column("rank", ranks)?;
    let id = client.put_named(RANKED, &ranked)?;
    let elapsed = show::time(start.elapsed());
    let new = client.instance_status()?.memory_usage.saturating_sub(before);
    let nbytes = client.get_meta(id)?.nbytes();
    println!("put        {RANKED}  {id}  {:>9}  in {elapsed}", show::bytes(nbytes));
    println!(
        "shared     {} columns linked, 1 new: {} bytes newly allocated, {} copied",
        table.num_columns(),
        show::count(new),
        show::bytes(new),
    );
    Ok(())
}

/// The airports with the highest ranks.
fn top(table: &DataFrame, ranks: &[f64], rows: usize) -> Result<DataFrame, Failure> {
    let mut order: Vec<usize> = (0..ranks.len()).collect();
    order.sort_by(|a, b| ranks.get(*b).partial_cmp(&ranks.get(*a)).unwrap_or(std::cmp::Ordering::Equal));
    order.truncate(rows);
    let texts = |name: &str| -> Result<Vec<String>, Failure> {
        let column = table.texts(name)?;
        let text = |row: &usize| Ok(column.get(*row).transpose()?.unwrap_or_default().to_owned());
        order.iter().map(text).collect()
    };
    let numbers = |name: &str| -> Result<Vec<f64>, Failure> {
        let column = table.numbers::<f64>(name)?.as_slice();
        Ok(order.iter().filter_map(|row| column.get(*row).copied()).collect())
    };
    Ok(DataFrame::new()
        .with_index(vineyard_types::Index::new((1..).take(order.len()).collect::<Vec<i64>>()))?
        .with_column("iata", texts("iata")?)?
        .with_column("name", texts("name")?)?
        .with_column("city", texts("city")?)?
        .with_column("state", texts("state")?)?
        .with_column("latitude", numbers("latitude")?)?
        .with_column("longitude", numbers("longitude")?)?
        .with_column("rank", order.iter().filter_map(|row| ranks.get(*row).copied()).collect::<Vec<f64>>())?)
}
