//! The server as a program; see [`vineyard_server::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    vineyard_server::cli::main()
}
