//! Tensors and frames in parts, between Rust and Python.

use vineyard_core::Client;
use vineyard_tests::{TestResult, TestServer, parts};
use vineyard_types::arrow::Table;
use vineyard_types::{DataFrame, GlobalDataFrame, GlobalTensor};

use crate::{PANDAS_3, PYTHON, run};

fn python(variable: &str, server: &TestServer, what: &str) -> String {
    run(variable, "wholes.py", &[&server.socket().display().to_string(), what])
}

/// The tensor of a name, which counts from 0 on.
fn check_tensor(client: &Client, name: &str, grid: &[u64]) -> TestResult {
    let tensor = client.get_by_name::<GlobalTensor>(name)?;
    assert_eq!((tensor.shape(), tensor.partition_shape()), (&[parts::ROWS, parts::COLUMNS][..], grid), "{name}");
    let elements: Vec<f64> = (0..35).map(f64::from).collect();
    assert_eq!(tensor.assemble::<f64>(client)?.as_slice(), elements, "{name}");
    assert_eq!(tensor.local_parts::<f64>(client)?.len(), tensor.num_parts(), "{name}");
    Ok(())
}

fn check_frame(client: &Client, name: &str) -> TestResult {
    let frame = client.get_by_name::<GlobalDataFrame>(name)?;
    assert_eq!((frame.num_rows(), frame.num_columns()), (7, 3), "{name}");
    let concat = frame.concat(client)?;
    assert_eq!(concat.head(10).to_string(), parts::frame(0, 7)?.head(10).to_string(), "{name}");
    assert!(frame.iter::<DataFrame>(client).all(|part| part.is_ok()));
    Ok(())
}

/// By the published client alone, on our server and on the published daemon.
#[test]
fn the_published_client_makes_and_reads_collections() -> TestResult {
    for server in [TestServer::start(), TestServer::published(256 << 20, None)] {
        let client = server.client()?;
        parts::put(&client)?;
        assert_eq!(python(PYTHON, &server, "client"), "got");
        check_tensor(&client, "py/tensor", &[2, 2])?;
        check_tensor(&client, "py/tensor-without-shape", &[2, 2])?;
        check_tensor(&client, "py/tensor-without-places", &[2, 1])?;
        check_frame(&client, "py/frame")?;
        let error = client.get_by_name::<GlobalTensor>("py/mixed").expect_err("of two types").to_string();
        let expected = "part 1 is of type `vineyard::Tensor<double>`, part 0 is of type `vineyard::Tensor<int64>`";
        assert!(error.ends_with(expected), "{error}");
    }
    Ok(())
}

/// With the companion package, whose pandas has text of another type by default as well.
#[test]
fn collections_are_arrays_and_frames_in_python() -> TestResult {
    for (variable, server) in [
        (PYTHON, TestServer::start()),
        (PANDAS_3, TestServer::start()),
        (PYTHON, TestServer::published(256 << 20, None)),
    ] {
        let client = server.client()?;
        parts::put(&client)?;
        parts::put_spread(&client, server.socket())?;
        assert_eq!(python(variable, &server, "client"), "got");
        assert_eq!(python(variable, &server, "get"), "got");
        assert_eq!(python(variable, &server, "put"), "put");
        check_tensor(&client, "py/made-tensor", &[2, 2])?;
        let tables = client.get_by_name::<GlobalDataFrame>("py/made-tables")?;
        assert_eq!((tables.num_rows(), tables.num_columns(), tables.partition_shape()), (3, 2, (2, 1)));
        let rows = tables.iter::<Table>(&client).map(|part| part.map(|part| part.num_rows()));
        assert_eq!(rows.collect::<Result<Vec<_>, _>>()?, [1, 2]);
        check_frame(&client, "py/made-frame")?;
    }
    Ok(())
}
