//! The server under the name that launchers of the original daemon look for; see [`vineyard_server::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    vineyard_server::cli::main()
}
