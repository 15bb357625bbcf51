//! The European grids that pandapower ships, of PEGASE: buses and lines, through Python, Rust, and files that Python writes.

use std::path::Path;

use vineyard_core::Client;
use vineyard_tests::{TestResult, TestServer};
use vineyard_types::graph::load::{CsvFormat, EdgeColumns, PropertyType, silent};
use vineyard_types::graph::{EdgeOptions, LabelledEdges, LabelledGraph, Unlisted, VertexTable};
use vineyard_types::{Bool8, Column, ColumnName, DataFrame};

use crate::python_with;

type Error = Box<dyn std::error::Error>;
type Edges = LabelledEdges<i64, f64>;
type Grid = LabelledGraph<i64, u32, f64>;

const UNDIRECTED: fn() -> EdgeOptions = || EdgeOptions { directed: false, ..EdgeOptions::default() };

/// Every cell of a table as text, by column. Columns of text are arrays of Arrow in one and tensors in the other; what is in
/// them has to be the same.
fn cells(table: Option<&DataFrame>) -> Vec<(String, Vec<String>)> {
    let column = |(name, column): (&ColumnName, &Column)| {
        let cells = (0..table.map_or(0, DataFrame::num_rows)).filter_map(|row| column.display(row));
        (name.to_string(), cells.map(|cell| cell.to_string()).collect())
    };
    table.iter().flat_map(|table| table.columns()).map(column).collect()
}

/// Makes the grid anew of the edges in the Parquet file that Python has written, and of the buses that it has put; sees that
/// the CSV file tells the same.
fn anew(client: &Client, name: &str, directory: &Path) -> Result<(), Error> {
    let put = client.get_by_name::<Grid>(&format!("py/{name}"))?;
    put.verify()?;
    let buses = || -> Result<VertexTable<i64>, Error> {
        let table = VertexTable::from_labels(put.labels.labels().flatten())?;
        Ok(table.with_table(put.graph.vertices.clone().ok_or("there are columns of buses")?)?)
    };
    let columns = EdgeColumns::new("source", "target").weight("units");
    let edges: Edges = columns.load_parquet(directory.join(format!("{name}.parquet")), silent)?;
    let grid: Grid = edges.with_vertices(buses()?, Unlisted::Refuse)?.build(UNDIRECTED())?;
    assert!(grid.edges().eq(put.edges()), "{name}: the same edges");
    assert_eq!(cells(grid.graph.edges.as_ref()), cells(put.graph.edges.as_ref()), "{name}");

    let format = CsvFormat::new("source", "target").weight("units").property("element", PropertyType::Int);
    let format = format.property("in_service", PropertyType::Bool);
    let edges: Edges = format.load(directory.join(format!("{name}.csv")), silent)?;
    let csv: Grid = edges.with_vertices(buses()?, Unlisted::Refuse)?.build(UNDIRECTED())?;
    assert!(csv.edges().eq(put.edges()), "{name}: the same edges in CSV");
    let (ours, theirs) = (csv.graph.edges.as_ref().ok_or("a table")?, put.graph.edges.as_ref().ok_or("a table")?);
    assert_eq!(ours.numbers::<i64>("element")?.as_slice(), theirs.numbers::<i64>("element")?.as_slice());
    assert_eq!(ours.numbers::<Bool8>("in_service")?.as_slice(), theirs.numbers::<Bool8>("in_service")?.as_slice());

    let missing = VertexTable::<i64>::from_labels(put.labels.labels().flatten().copied().filter(|bus| *bus != 100))?;
    let edges: Edges = columns.load_parquet(directory.join(format!("{name}.parquet")), silent)?;
    let error = edges.with_vertices(missing, Unlisted::Refuse).err().map(|error| error.to_string());
    if put.degree(&100).is_some_and(|degree| degree > 0) {
        assert!(error.is_some_and(|error| error.contains("names vertex 100, which the table of")));
    }
    client.put_named(&format!("rs/{name}"), &grid)?;
    Ok(())
}

#[test]
fn a_grid_goes_through_python_rust_and_files_and_is_the_same_in_every_cell() -> TestResult {
    for case in ["case1354pegase", "case9241pegase"] {
        let server = TestServer::start();
        let client = server.client()?;
        let directory = tempfile::tempdir()?;
        let (socket, path) = (server.socket().display().to_string(), directory.path().display().to_string());
        assert_eq!(python_with("grids.py", &[&socket, "put", case, &path]), "put");
        for name in ["line", "trafo"] {
            anew(&client, name, directory.path()).map_err(|error| format!("{case}, {name}: {error}"))?;
        }
        let compared = python_with("grids.py", &[&socket, "get", case, &path]);
        let cells = compared.strip_prefix("cells: ").and_then(|cells| cells.parse::<u64>().ok());
        assert!(cells.is_some_and(|cells| cells > 50_000), "{case}: {compared}");
        server.stop();
    }
    Ok(())
}
