//! A real server, real sockets, several processes.

mod faults;
mod leases;
mod objects;
mod processes;
mod restart;
mod threads;

/// The program of the other processes.
const PEER: &str = env!("CARGO_BIN_EXE_peer");
