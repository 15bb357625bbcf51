//! What the integration tests share: servers in temporary directories, peers in processes of their own.

pub mod arrays;
pub mod checked;
pub mod churn;
pub mod console;
pub mod crash;
pub mod every_type;
pub mod parts;
mod payloads;
mod peer;
mod program;
pub mod property;
mod proxy;
pub mod random;
pub mod raw;
pub mod replay;
pub mod samples;
mod server;
mod stock;
mod tower;

pub use payloads::payloads;
pub use peer::Peer;
pub use program::Program;
pub use proxy::Proxy;
pub use server::{TestServer, on_stock};
pub use stock::StockDaemon;

/// What every test returns: any error ends it, with its chain of causes.
pub type TestResult = Result<(), Box<dyn std::error::Error>>;
