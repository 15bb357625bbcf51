//! What the benchmarks share: processes on chosen processors, objects, and the page of results.

mod asked;
pub mod machine;
pub mod page;
mod peer;
mod placement;
mod process;
pub mod report;
pub mod server;

pub use asked::Asked;
pub use peer::Peer;
pub use placement::{Placement, pin, placements};
pub use process::Process;

use vineyard_core::{Array, Object};

/// Any error ends a benchmark.
pub type Done<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// Bytes of one round trip.
pub const ROUND_TRIP_BYTES: usize = 64;

/// One payload.
#[derive(Debug, Object)]
#[object(typename = "bench::Payload")]
pub struct Payload {
    /// The bytes.
    pub bytes: Array<u8>,
}

/// Several payloads.
#[derive(Debug, Object)]
#[object(typename = "bench::Members")]
pub struct Members {
    /// The members, each a blob of its own.
    pub members: Vec<Array<u8>>,
}
