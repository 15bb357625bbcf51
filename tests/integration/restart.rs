//! Ids and instances.

use std::collections::HashSet;

use vineyard_core::{InstanceId, ObjectId};
use vineyard_server::Server;
use vineyard_tests::samples::Bytes;
use vineyard_tests::{TestResult, TestServer};

use crate::known::is_left_out;

#[test]
fn ids_never_repeat_across_restarts() -> TestResult {
    let directory = tempfile::tempdir()?;
    let socket = directory.path().join("again.sock");
    let mut seen: HashSet<ObjectId> = HashSet::new();
    for _ in 0..10 {
        let server = Server::builder().socket(&socket).size(16 << 20).spawn()?;
        let client = vineyard_core::Client::connect(&socket)?;
        for _ in 0..50 {
            let id = client.put(&Bytes { bytes: vec![1, 2, 3].into() })?;
            let blob = client.get::<Bytes>(id)?.bytes.blob().id().ok_or("a stored blob has an id")?;
            assert!(seen.insert(id) && seen.insert(blob), "an id was used again");
        }
        drop(client);
        server.stop();
    }
    Ok(())
}

#[test]
fn the_instance_need_not_be_zero() -> TestResult {
    if is_left_out("restart::the_instance_need_not_be_zero") {
        return Ok(());
    }
    let server = TestServer::start();
    let client = server.client()?;
    assert_eq!(client.instance(), InstanceId::from_raw(7));
    let id = client.put(&Bytes { bytes: vec![1].into() })?;
    let stored = client.get::<Bytes>(id)?;
    assert!(stored.is_local());
    assert_eq!(stored.meta().instance(), InstanceId::from_raw(7));
    Ok(())
}
