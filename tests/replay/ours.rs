//! This project's server.
//!
//! Left out is `spill_raw`: it asks after each blob which ones are on disk by now, and this server writes them there while
//! it goes on answering. That they come back unchanged is tested with the server.

use std::process::{Command, Stdio};

use vineyard_tests::replay::Process;

use crate::deviations::DEVIATIONS;
use crate::scenario::Scenario;

each_scenario!(replay);
each_scenario! { replay, spill: spilling, evict_raw: spilling }

fn replay(scenario: Scenario) {
    let server = Process::start(scenario.name, |directory, socket| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_serve"));
        command.arg("--socket").arg(socket).args(scenario.options(directory)).stdout(Stdio::null());
        // One thread serves all connections, so that requests are served in the order in which they were sent.
        command.args(["--workers", "1", "--rpc-port", "0"]);
        command
    });
    let server = server.expect("the server starts");
    scenario.replay(&server, DEVIATIONS);
    let status = server.stop().expect("the server stops");
    assert!(status.success(), "the server ended with {status}");
}
