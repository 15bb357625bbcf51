//! Tensors, matrices and single values of every type, in both directions, to the bit.

use std::path::Path;

use vineyard_core::Client;
use vineyard_tests::{StockDaemon, TestResult, TestServer, every_type};

use crate::python;

fn both_directions(socket: &Path) -> TestResult {
    let client = Client::connect(socket)?;
    assert_eq!(python("types_put.py", socket), "put");
    every_type::check_python(&client)?;
    every_type::put_for_python(&client)?;
    assert_eq!(python("types_get.py", socket), "got");
    Ok(())
}

#[test]
fn every_type_goes_both_ways_on_our_server() -> TestResult {
    let server = TestServer::start();
    both_directions(server.socket())?;
    server.stop();
    Ok(())
}

#[test]
fn every_type_goes_both_ways_on_the_published_daemon() -> TestResult {
    both_directions(StockDaemon::start(256 << 20, &[]).socket())
}
