//! A real server, real sockets, several processes.

mod arrow;
mod attributes;
mod collections;
mod concurrent;
mod crash;
mod faults;
mod frames;
mod graphs;
mod hostile;
mod hostile_rpc;
mod insight;
mod known;
mod labels;
mod leases;
mod maps;
mod objects;
mod processes;
mod property;
mod records;
mod requests;
mod restart;
mod rpc;
mod sessions;
mod slices;
mod spill;
mod spill_killed;
mod streams;
mod threads;
mod undo;
mod writing;

#[path = "../../vineyard-server/tests/scrape/mod.rs"]
mod scrape;

/// Our server as a program.
const SERVE: &str = env!("CARGO_BIN_EXE_serve");

/// The program of the other processes.
const PEER: &str = env!("CARGO_BIN_EXE_peer");
