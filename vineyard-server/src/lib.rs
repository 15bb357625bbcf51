//! The Vineyard server: holds immutable blobs in shared memory and trees of metadata that describe them, and speaks
//! the wire protocol of vineyard 0.24, so that existing clients work on it unchanged.
//!
//! The program `vineyard-server` is [`cli::main`]. As a library, it gives tests, examples and notebooks a private
//! server in their own process:
//!
//! ```
//! let server = vineyard_server::Server::builder().size(16 << 20).spawn()?;
//! println!("export VINEYARD_IPC_SOCKET={}", server.socket().display());
//! # Ok::<(), vineyard_server::StartError>(())
//! ```
//!
//! # Inside
//!
//! ```text
//! server ── workers ── conn     sockets, frames, descriptors: all that waits (tls before it, if wanted)
//!                       │
//!                    service    Request -> Reply, one file for each family of messages
//!                       │
//!                     state     what connections share
//!                    ┌──┴──┐
//!                  store  meta  blobs and their memory; objects and names: pure
//! ```
//!
//! # Trust
//!
//! Who may open the socket is trusted not to overwrite sealed blobs of others; the socket's permissions are the
//! boundary, and rules draw it between those who get in. Nobody is trusted in what they say: no message can make the
//! server panic, wait for ever or touch memory.

#![forbid(unsafe_code)]
#![cfg_attr(not(feature = "http"), allow(dead_code, reason = "what is counted is for who looks over HTTP"))]

mod accounts;
mod auth;
mod budget;
mod builder;
pub mod cli;
mod config;
mod conn;
mod error;
mod http;
pub mod ids;
mod keeper;
mod listen;
mod memory;
pub mod meta;
mod metrics;
pub mod pattern;
mod plasma;
mod rights;
mod server;
mod service;
mod session;
mod size;
mod socket;
mod spill;
mod state;
mod store;
mod streams;
mod sync;
mod tls;
mod turn;
mod waiters;
mod workers;

pub use auth::RulesError;
pub use builder::ServerBuilder;
pub use config::StockLeases;
pub use error::StartError;
pub use server::{Server, ServerHandle, StopReport};
pub use size::{Bytes, SizeError, parse_size};
pub use store::MemoryReport;
