//! The example's ranks, recomputed by Python on the same arrays.

use std::path::Path;
use std::process::Command;

use vineyard_tests::{TestResult, TestServer};

use crate::{PEER, python};

#[test]
fn numpy_agrees_with_the_example() -> TestResult {
    let server = TestServer::start();
    let programs = Path::new(PEER).parent().ok_or("the programs are in a directory")?;
    for command in ["load", "rank"] {
        let output = Command::new(programs.join("examples/airports")).arg(command).arg(server.socket()).output()?;
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    }
    let agrees = python("pagerank.py", server.socket());
    assert!(agrees.starts_with("agrees: ATL,"), "{agrees}");
    server.stop();
    Ok(())
}
