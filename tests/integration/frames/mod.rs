//! Frames and parts of arrays on a real server.

mod convert;
mod sharing;
mod slices;

use arrow_schema::DataType;
use vineyard_core::Client;
use vineyard_tests::arrays;
use vineyard_tests::random::Random;

/// Types that nest, beside those of fixed width.
const NESTED: u64 = 120;

/// Types of all kinds.
fn every_type() -> Vec<DataType> {
    let mut types = arrays::numbers();
    types.extend((0..NESTED).map(|seed| {
        let mut random = Random::new(seed);
        let depth = 1 + random.below(4);
        arrays::data_type(&mut random, depth)
    }));
    types
}

/// Bytes of memory that are in use.
fn memory(client: &Client) -> Result<u64, vineyard_core::Error> {
    Ok(client.instance_status()?.memory_usage)
}
