//! A real server, real sockets, several processes.

mod attributes;
mod faults;
mod hostile;
mod hostile_rpc;
mod leases;
mod objects;
mod processes;
mod requests;
mod restart;
mod rpc;
mod threads;
mod undo;

/// The program of the other processes.
const PEER: &str = env!("CARGO_BIN_EXE_peer");
