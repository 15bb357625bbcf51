//! The published daemon, without any deviation: what fails here is wrong in the replayer.

use std::process::{Command, Stdio};

use vineyard_tests::replay::{Process, free_port};

use crate::scenario::Scenario;

each_scenario!(replay);
each_scenario!(replay, evict_raw: spilling, spill: spilling, spill_raw: spilling);

fn replay(scenario: Scenario) {
    // The daemon has passwords checked by this program, and refuses all of them without it.
    if scenario.passwords && Command::new("htpasswd").output().is_err() {
        println!("{}: LEFT OUT, there is no program htpasswd (Debian: apache2-utils)", scenario.name);
        return;
    }
    let daemon = std::env::var("VINEYARD_TEST_DAEMON").expect("VINEYARD_TEST_DAEMON is set by tests/run.sh");
    let port = free_port().expect("a port").to_string();
    let server = Process::start(scenario.name, |directory, socket| {
        let mut command = Command::new(daemon);
        command.arg("--socket").arg(socket).args(["--meta", "local", "--rpc_socket_port", &port]);
        command.args(scenario.options(directory)).stdout(Stdio::null()).stderr(Stdio::null());
        command
    });
    scenario.replay(&server.expect("the daemon starts"), &[]);
}
