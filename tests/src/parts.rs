//! Collections, put by one side and compared by the other.

use std::error::Error;
use std::path::Path;

use serde_json::json;
use vineyard_core::protocol::CreateDataRequest;
use vineyard_core::{Client, ObjectId, Stored};
use vineyard_types::graph::{CsrGraph, EdgeOptions};
use vineyard_types::{Collection, DataFrame, GlobalDataFrame, GlobalTensor, Index, Tensor};

use crate::raw::StockClient;

type Done<T = ()> = Result<T, Box<dyn Error>>;

/// The graphs that are in parts here.
pub type Graph = CsrGraph<u32, f64>;

/// Rows of the tensor in parts, and its columns.
pub const ROWS: u64 = 7;
/// Columns of the tensor in parts.
pub const COLUMNS: u64 = 5;

/// A part of the tensor whose elements count from 0 on.
fn block(rows: std::ops::Range<u64>, columns: std::ops::Range<u64>) -> Done<Tensor<f64>> {
    let shape = [rows.end - rows.start, columns.end - columns.start];
    let elements = rows.flat_map(|row| columns.clone().map(move |column| (row * COLUMNS + column) as f64));
    Ok(Tensor::new(shape, elements.collect::<Vec<f64>>())?)
}

/// Four parts of the tensor, in no order, each with its place.
///
/// # Errors
///
/// If they cannot be made.
pub fn blocks() -> Done<Vec<Tensor<f64>>> {
    let part =
        |rows, columns, place: [i64; 2]| Ok::<_, Box<dyn Error>>(block(rows, columns)?.with_partition_index(place));
    Ok(vec![
        part(3..ROWS, 0..2, [1, 0])?,
        part(0..3, 2..COLUMNS, [0, 1])?,
        part(0..3, 0..2, [0, 0])?,
        part(3..ROWS, 2..COLUMNS, [1, 1])?,
    ])
}

/// A part of the frame whose numbers count from `first` on.
///
/// # Errors
///
/// If it cannot be made.
pub fn frame(first: i64, rows: i64) -> Done<DataFrame> {
    let numbers: Vec<i64> = (first..first + rows).collect();
    let texts: Vec<String> = numbers.iter().map(|number| format!("naïve {number}")).collect();
    let halves: Vec<f64> = numbers.iter().map(|number| *number as f64 / 2.0).collect();
    let frame = DataFrame::new().with_column("n", numbers)?.with_column("s", texts)?.with_column("x", halves)?;
    Ok(frame.with_index(Index::range(first * 10, 10, usize::try_from(rows)?))?)
}

/// Puts a tensor, a frame and a graph in parts, under names.
///
/// # Errors
///
/// Whatever goes wrong.
pub fn put(client: &Client) -> Done {
    let ids = blocks()?.iter().map(|part| client.put(part)).collect::<Result<Vec<_>, _>>()?;
    client.put_named("parts/tensor", &GlobalTensor::new(client.get_refs::<Tensor<f64>>(&ids)?)?)?;
    let ids = [client.put(&frame(0, 4)?)?, client.put(&frame(4, 0)?)?, client.put(&frame(4, 3)?)?];
    client.put_named("parts/frame", &GlobalDataFrame::new(client.get_refs::<DataFrame>(&ids)?)?)?;
    let graph = |edges: Vec<(u32, u32, f64)>| -> Done<Stored<Graph>> {
        let graph = Graph::from_weighted_edges(3, edges, EdgeOptions::default())?;
        Ok(client.get(client.put(&graph)?)?)
    };
    let parts = [graph(vec![(0, 1, 0.5)])?, graph(vec![(1, 2, 1.5), (2, 0, 2.5)])?];
    client.put_named("parts/graph", &Collection::of_graphs(&parts)?.with_param("by", "source"))?;
    Ok(())
}

/// Where nobody is who could be asked.
pub const ELSEWHERE: u64 = 99;

/// Names a tensor of two parts of three elements, of which the first lives on another instance, as its metadata says when it
/// was learnt from there.
///
/// # Errors
///
/// Whatever goes wrong.
pub fn put_spread(client: &Client, socket: &Path) -> Done {
    let part = client.put(&Tensor::from(vec![3i64, 4, 5]))?;
    client.persist(part)?;
    let far = ObjectId::from_raw(0x0123_4567_89ab_cdef);
    let blob = json!({
        "typename": "vineyard::Blob", "id": ObjectId::blob(1, 1).to_string(), "instance_id": ELSEWHERE, "length": 24,
        "nbytes": 24, "transient": true,
    });
    let far = json!({
        "typename": "vineyard::Tensor<int64>", "id": far.to_string(), "instance_id": ELSEWHERE, "signature": 7,
        "global": false, "nbytes": 24, "transient": false, "shape_": "[3]", "partition_index_": "[]",
        "order_": "\"C\"", "value_type_": "int64", "value_type_meta_": "<i8", "buffer_": blob,
    });
    let whole = json!({
        "typename": "vineyard::GlobalTensor", "instance_id": client.instance().as_raw(), "global": true, "nbytes": 48,
        "transient": true, "shape_": "[6]", "partition_shape_": "[2]", "partitions_-size": 2,
        "partitions_-0": far, "partitions_-1": {"id": part.to_string()},
    });
    let request = CreateDataRequest { content: serde_json::from_value(whole)?, seal: Vec::new() };
    let id = StockClient::connect(socket)?.call(&request)?.id;
    client.persist(id)?;
    client.put_name(id, "parts/spread")?;
    Ok(())
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: T, expected: T) -> Done {
    if found == expected { Ok(()) } else { Err(format!("{what}: found {found:?}, expected {expected:?}").into()) }
}

/// Gets what [`put`] has put, compares it, and sees that the parts were not copied; returns how many parts there are.
///
/// # Errors
///
/// The first difference, or whatever else goes wrong.
pub fn check(client: &Client) -> Done<usize> {
    let tensor = client.get_by_name::<GlobalTensor>("parts/tensor")?;
    same("shape", (tensor.shape(), tensor.partition_shape()), (&[ROWS, COLUMNS], &[2, 2]))?;
    same("global", (tensor.meta().is_global(), tensor.meta().is_persistent(), tensor.is_local()), (true, true, true))?;
    let whole = block(0..ROWS, 0..COLUMNS)?;
    same("nbytes", tensor.parts().map(|part| part.nbytes()).sum::<u64>(), whole.len() as u64 * 8)?;
    same("assembled", &tensor.assemble::<f64>(client)?, &whole)?;
    let parts = tensor.local_parts::<f64>(client)?;
    for ((number, part), expected) in parts.iter().zip(blocks()?) {
        same(&format!("part {number}"), &**part, &expected)?;
        same("copied", part.array().is_shared(), true)?;
    }
    let frame_in_parts = client.get_by_name::<GlobalDataFrame>("parts/frame")?;
    same("rows", (frame_in_parts.num_rows(), frame_in_parts.num_columns()), (7, 3))?;
    let concat = frame_in_parts.concat(client)?;
    same("frame", concat.head(100).to_string(), frame(0, 7)?.head(100).to_string())?;
    let rows = frame_in_parts.iter::<DataFrame>(client).map(|part| Ok(part?.num_rows()));
    same("rows of parts", rows.collect::<Done<Vec<_>>>()?, vec![4, 0, 3])?;
    let graph = client.get_by_name::<Collection<Graph>>("parts/graph")?;
    same("edges", (graph.sizes("num_edges"), graph.total("num_vertices")), (Some(&[1, 2]), Some(6)))?;
    same("param", graph.param("by"), Some("source"))?;
    let edges: Vec<_> =
        graph.local_parts(client)?.iter().flat_map(|(_, part)| part.edges().collect::<Vec<_>>()).collect();
    same("graph", edges, vec![(0, 1, Some(0.5)), (1, 2, Some(1.5)), (2, 0, Some(2.5))])?;
    Ok(parts.len() + frame_in_parts.num_parts() + graph.num_parts())
}
