//! A property graph in Python.

use vineyard_tests::property::{PEOPLE, graph};
use vineyard_tests::{TestResult, TestServer};

use crate::python;

#[test]
fn python_reads_a_property_graph() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    client.put_named("property/graph", &graph()?)?;
    assert_eq!(python("property_graph.py", server.socket()), format!("edges: {}", 4 * PEOPLE));
    server.stop();
    Ok(())
}
