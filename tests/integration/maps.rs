//! Shared maps: put by one process, looked up in another.

use vineyard_tests::{Peer, TestResult, TestServer, samples};
use vineyard_types::hashmap::{Duplicates, SharedMap};

use crate::PEER;

#[test]
fn a_map_is_looked_up_by_another_process() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let before = client.instance_status()?.memory_usage;
    let id = client.put(&samples::map()?)?;
    let used = client.instance_status()?.memory_usage - before;
    // 16384 slots: a byte, a key and a value each.
    assert_eq!(used, 16384 * 17);
    let mut reader = Peer::start(PEER, "look-up", server.socket(), &[&id.to_string()]);
    assert_eq!(reader.line(), "found 10000");
    assert!(reader.end().success());
    server.stop();
    Ok(())
}

#[test]
fn a_map_that_was_got_lies_in_shared_memory() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let id = client.put(&SharedMap::<u64, u64>::from_entries([(1, 2)], Duplicates::Refuse)?)?;
    let map = client.get::<SharedMap<u64, u64>>(id)?;
    let value = map.get(&1).ok_or("it is there")?;
    let lies = client.get::<vineyard_core::Opaque>(id)?.meta().blob("values_")?;
    assert_eq!((*value, lies.arena_contains(std::ptr::from_ref(value).addr())), (2, true));
    drop((map, lies, client));
    server.stop();
    Ok(())
}
