//! The published Python client on our server.

use vineyard_tests::{TestResult, TestServer, samples};

use crate::python;

#[test]
fn the_published_client_puts_and_gets() {
    let server = TestServer::start();
    assert_eq!(python("roundtrip.py", server.socket()), "106 values came back the same");
    server.stop();
}

#[test]
fn python_puts_and_rust_gets() -> TestResult {
    let server = TestServer::start();
    assert_eq!(python("put_for_rust.py", server.socket()), "put");
    samples::check_python(&server.client()?)?;
    server.stop();
    Ok(())
}

#[test]
fn rust_puts_and_python_gets() -> TestResult {
    let server = TestServer::start();
    samples::put_for_python(&server.client()?)?;
    assert_eq!(python("get_from_rust.py", server.socket()), "got");
    server.stop();
    Ok(())
}
