//! More than fits into memory: it goes to disk and comes back.

use vineyard_core::ObjectId;
use vineyard_tests::checked::Checked;
use vineyard_tests::random::Random;
use vineyard_tests::{TestResult, TestServer};

use crate::known::is_left_out;

const MEMORY: u64 = 8 << 20;

/// Objects of 0 to 1 MiB.
fn object(seed: u64) -> Checked {
    let len = Random::new(seed).below(128 << 10);
    Checked::new(seed, if seed == 0 { 0 } else { len })
}

#[test]
fn four_times_the_memory_comes_back_as_it_was() -> TestResult {
    if is_left_out("spill::four_times_the_memory_comes_back_as_it_was") {
        return Ok(());
    }
    let directory = tempfile::tempdir()?;
    let server = TestServer::spilling(MEMORY, directory.path());
    let (client, mut ids, mut nbytes) = (server.client()?, Vec::<ObjectId>::new(), 0);
    while nbytes < 4 * MEMORY {
        let object = object(ids.len() as u64);
        nbytes += object.nbytes();
        ids.push(client.put(&object)?);
        let used = client.instance_status()?.memory_usage;
        assert!(used <= MEMORY, "{used} bytes are in use");
    }
    // Who has put them, somebody else, and somebody to whom the bytes are sent.
    let (other, far) = (server.client()?, server.rpc_client()?);
    for (seed, id) in ids.iter().enumerate() {
        let found = [client.get::<Checked>(*id)?, far.get::<Checked>(*id)?];
        let is_right = found.iter().all(|object| object.seed == seed as u64 && object.is_right());
        assert!(is_right && found[0].nbytes() == object(seed as u64).nbytes(), "object {seed} is another");
    }
    // Those that have been viewed last are in memory, so this goes against the order in which they leave.
    for (seed, id) in ids.iter().enumerate().rev() {
        let found = other.get::<Checked>(*id)?;
        assert!(found.seed == seed as u64 && found.is_right(), "object {seed} is another");
    }
    ids.iter().try_for_each(|id| client.delete(*id))?;
    drop((client, other, far));
    server.stop();
    Ok(())
}
