//! The server as a program, for tests that need it in a process of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    vineyard_server::cli::main()
}
