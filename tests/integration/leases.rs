//! Deleting hides at once; memory that our own client views is not reused.

use vineyard_core::{Array, Client, Error};
use vineyard_tests::samples::{Bytes, Pair};
use vineyard_tests::{Peer, TestResult, TestServer};

use crate::PEER;
use crate::known::is_left_out;

/// Takes all memory that the server gives out, many times over.
fn churn(client: &Client) -> Result<(), Error> {
    for round in 0..8u8 {
        let mut ids = Vec::new();
        while let Ok(id) = client.put(&Bytes { bytes: vec![0xE0 | round; 64 << 10].into() }) {
            ids.push(id);
        }
        assert!(!ids.is_empty(), "there was no room at all");
        for id in ids {
            client.delete(id)?;
        }
    }
    Ok(())
}

#[test]
fn a_view_keeps_its_bytes_after_its_object_was_deleted() -> TestResult {
    if is_left_out("leases::a_view_keeps_its_bytes_after_its_object_was_deleted") {
        return Ok(());
    }
    let server = TestServer::with_size(4 << 20);
    let (reader, other) = (server.client()?, server.client()?);
    let id = other.put(&Bytes { bytes: vec![0x11; 1 << 20].into() })?;
    let view = reader.get::<Bytes>(id)?;
    let mut peer = Peer::start(PEER, "hold", server.socket(), &[&id.to_string()]);
    assert_eq!(peer.line(), "holding");
    other.delete(id)?;
    assert!(!other.exists(id)?, "deleting hides at once");
    assert!(reader.get::<Bytes>(id).is_err(), "also for who views it");
    churn(&other)?;
    assert!(view.bytes.iter().all(|byte| *byte == 0x11), "another object's bytes are seen");
    peer.go_on();
    assert_eq!(peer.line(), "same");
    assert!(peer.end().success());
    // The last lease ends with the view, and the memory comes back.
    assert_eq!(other.instance_status()?.memory_usage, 1 << 20);
    drop(view);
    reader.instance_status()?;
    assert_eq!(other.instance_status()?.memory_usage, 0);
    drop((reader, other));
    server.stop();
    Ok(())
}

#[test]
fn a_view_outlives_its_client() -> TestResult {
    if is_left_out("leases::a_view_outlives_its_client") {
        return Ok(());
    }
    let server = TestServer::with_size(4 << 20);
    let other = server.client()?;
    let id = other.put(&Bytes { bytes: vec![0x22; 1 << 20].into() })?;
    let array: Array<u8> = server.client()?.get::<Bytes>(id)?.bytes.clone();
    other.delete(id)?;
    churn(&other)?;
    assert!(array.iter().all(|byte| *byte == 0x22));
    drop(array);
    drop(other);
    server.stop();
    Ok(())
}

#[test]
fn leases_end_with_the_process_that_holds_them() -> TestResult {
    if is_left_out("leases::leases_end_with_the_process_that_holds_them") {
        return Ok(());
    }
    let server = TestServer::with_size(4 << 20);
    let client = server.client()?;
    let id = client.put(&Bytes { bytes: vec![0x33; 3 << 20].into() })?;
    let mut peer = Peer::start(PEER, "hold", server.socket(), &[&id.to_string()]);
    assert_eq!(peer.line(), "holding");
    client.delete(id)?;
    assert!(client.put(&Bytes { bytes: vec![0; 2 << 20].into() }).is_err(), "the memory is still leased");
    peer.kill();
    // The server notices the death on its own time; a request that comes too early is refused and asked again.
    while client.instance_status()?.memory_usage > 0 {
        std::thread::yield_now();
    }
    client.put(&Bytes { bytes: vec![0; 2 << 20].into() })?;
    drop(client);
    server.stop();
    Ok(())
}

#[test]
fn linked_arrays_cost_nothing_and_survive_their_first_object() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let first = client.put(&Pair { first: vec![1.0; 1000].into(), second: None })?;
    let array = client.get::<Pair>(first)?.first.clone();
    let before = client.instance_status()?.memory_usage;
    let second = client.put(&Pair { first: array.clone(), second: Some(array.clone()) })?;
    assert_eq!(client.instance_status()?.memory_usage, before, "linking allocates nothing");
    client.delete(first)?;
    let again = client.get::<Pair>(second)?;
    assert_eq!(again.first.blob().id(), array.blob().id());
    assert_eq!(again.second.as_deref().map(<[f64]>::len), Some(1000));
    Ok(())
}

#[test]
fn an_array_whose_blob_was_deleted_is_copied() -> TestResult {
    let server = TestServer::start();
    let (client, other) = (server.client()?, server.client()?);
    let first = client.put(&Pair { first: vec![4.5; 1000].into(), second: None })?;
    let stored = client.get::<Pair>(first)?;
    other.delete(first)?;
    let second = client.put(&Pair { first: stored.first.clone(), second: None })?;
    let again = other.get::<Pair>(second)?;
    assert_ne!(again.first.blob().id(), stored.first.blob().id(), "the deleted blob must not be linked");
    assert_eq!(again.first, stored.first);
    // The same for a stored object as a whole.
    let third = client.put(&stored)?;
    assert_ne!(third, first);
    assert_eq!(other.get::<Pair>(third)?.first, stored.first);
    Ok(())
}

#[test]
fn arrays_of_another_server_are_copied() -> TestResult {
    let (here, there) = (TestServer::start(), TestServer::start());
    let (ours, theirs) = (here.client()?, there.client()?);
    let id = theirs.put(&Pair { first: vec![2.5; 10].into(), second: None })?;
    let foreign = theirs.get::<Pair>(id)?;
    let copied = ours.get::<Pair>(ours.put(&foreign)?)?;
    assert_eq!(copied.first, foreign.first);
    let copied = ours.get::<Pair>(ours.put(&Pair { first: foreign.first.clone(), second: None })?)?;
    assert_eq!(copied.first, foreign.first);
    Ok(())
}

#[test]
fn a_writer_that_is_dropped_gives_its_memory_back() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    drop(client.create_array::<u64>(1000)?);
    assert_eq!(client.instance_status()?.memory_usage, 0);
    let mut writer = client.create_array::<u64>(3)?;
    writer.as_mut_slice().copy_from_slice(&[1, 2, 3]);
    let array = writer.seal()?;
    assert_eq!(&*array, &[1, 2, 3]);
    assert!(array.is_shared());
    let id = client.put(&Bytes { bytes: array.blob().elements()? })?;
    assert_eq!(client.get::<Bytes>(id)?.bytes.len(), 24);
    assert_eq!(client.instance_status()?.memory_usage, 24, "the filled blob is linked, not copied");
    Ok(())
}
