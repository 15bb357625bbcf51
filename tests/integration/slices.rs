//! Parts of stored blobs that are put again: linked where they lie, or copied where that cannot be.

use vineyard_core::{Array, Blob, Client};
use vineyard_tests::samples::{Bytes, Pair, Tower};
use vineyard_tests::{TestResult, TestServer, on_stock};

use crate::known::is_left_out;

const MIB: usize = 1 << 20;

fn used(client: &Client) -> Result<u64, vineyard_core::Error> {
    Ok(client.instance_status()?.memory_usage)
}

fn numbers(len: u32) -> Array<f64> {
    (0..len).map(f64::from).collect()
}

/// What so many bytes more take: nothing, unless they are copied on this server.
fn copied(nbytes: u64) -> u64 {
    if on_stock() { nbytes } else { 0 }
}

#[test]
fn a_part_that_is_put_takes_no_memory_and_keeps_what_it_is_of() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let id = client.put(&Pair { first: numbers(100_000), second: None })?;
    let whole = client.get::<Pair>(id)?;
    let before = used(&client)?;
    let part = whole.first.slice(1000..3000)?;
    // Twice the same, and a part of a part.
    let again = client.put(&Pair { first: part.clone(), second: Some(part.clone()) })?;
    let inner = client.put(&Pair { first: part.slice(..10)?, second: None })?;
    assert_eq!(used(&client)?, before + copied(16_000 + 80));
    let found = server.client()?.get::<Pair>(again)?;
    assert_eq!(found.first, part);
    let second = found.second.as_ref().ok_or("it was put")?;
    assert_eq!(found.first.blob().id(), second.blob().id(), "one slice for both");
    drop((whole, part));
    client.delete(id)?;
    assert_eq!(found.first.as_slice(), &numbers(100_000)[1000..3000]);
    assert_eq!(client.get::<Pair>(inner)?.first.as_slice(), &numbers(100_000)[1000..1010]);
    drop(found);
    client.delete(again)?;
    client.delete(inner)?;
    assert_eq!(used(&client)?, 0);
    drop(client);
    server.stop();
    Ok(())
}

#[test]
fn a_part_is_put_over_tcp_without_being_sent() -> TestResult {
    let server = TestServer::start();
    let (client, far) = (server.client()?, server.rpc_client()?);
    let id = client.put(&Pair { first: numbers(1000), second: None })?;
    let whole = far.get::<Pair>(id)?;
    let part = far.put(&Pair { first: whole.first.slice(10..20)?, second: None })?;
    assert_eq!(used(&client)?, 8000 + copied(80));
    assert_eq!(client.get::<Pair>(part)?.first.as_slice(), &numbers(20)[10..]);
    // What is gone cannot be linked, but it is here.
    client.delete(id)?;
    let copy = far.put(&Pair { first: whole.first.slice(500..510)?, second: None })?;
    assert_eq!(far.get::<Pair>(copy)?.first.as_slice(), &numbers(510)[500..]);
    Ok(())
}

#[test]
fn a_part_of_what_was_deleted_is_linked_by_who_views_it_and_copied_by_others() -> TestResult {
    if is_left_out("slices::a_part_of_what_was_deleted_is_linked_by_who_views_it_and_copied_by_others") {
        return Ok(());
    }
    let server = TestServer::start();
    let (client, other) = (server.client()?, server.client()?);
    let id = client.put(&Bytes { bytes: vec![7; MIB].into() })?;
    let view = client.get::<Bytes>(id)?;
    client.delete(id)?;
    let part = Bytes { bytes: view.bytes.slice(10..1010)? };
    let linked = client.put(&part)?;
    let found = client.get::<Bytes>(linked)?;
    assert_eq!(found.bytes, part.bytes);
    assert_eq!(used(&client)?, MIB as u64);
    assert!(found.bytes.blob().arena_contains(view.bytes.as_ptr().addr()));
    let before = used(&client)?;
    let copy = other.put(&part)?;
    assert_eq!(used(&client)?, before + 1000);
    assert_eq!(client.get::<Bytes>(copy)?.bytes, part.bytes);
    Ok(())
}

#[test]
fn elements_before_the_end_of_a_blob_are_a_part_of_it() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let blob = client.put_array(&[5u64; 1000])?.blob().clone();
    let id = client.put(&Pair { first: vec![1.5].into(), second: None })?;
    let before = used(&client)?;
    let head = blob.first_elements::<u8>(100)?;
    let put = client.put(&Bytes { bytes: head.clone() })?;
    assert_eq!(used(&client)?, before + copied(100));
    assert_eq!(client.get::<Bytes>(put)?.bytes, head);
    assert_eq!(head.blob().nbytes(), 8000);
    assert!(client.exists(id)?);
    Ok(())
}

#[test]
fn a_put_of_parts_that_fails_leaves_nothing() -> TestResult {
    if is_left_out("slices::a_put_of_parts_that_fails_leaves_nothing") {
        return Ok(());
    }
    let server = TestServer::start();
    let client = server.client()?;
    let id = client.put(&Bytes { bytes: vec![7; 1000].into() })?;
    let part: Blob = client.get::<Bytes>(id)?.bytes.blob().slice(1..500)?;
    client.put(&Tower::of(200, part)?).expect_err("too deep");
    assert_eq!(client.get::<Bytes>(id)?.bytes.as_slice(), [7; 1000]);
    client.delete(id)?;
    assert_eq!(used(&client)?, 0, "a slice is left");
    drop(client);
    server.stop();
    Ok(())
}

#[test]
fn parts_go_to_disk_and_come_back_as_they_were() -> TestResult {
    if is_left_out("slices::parts_go_to_disk_and_come_back_as_they_were") {
        return Ok(());
    }
    let directory = tempfile::tempdir()?;
    let server = TestServer::spilling(8 << 20, directory.path());
    let client = server.client()?;
    let mut ids = Vec::new();
    for seed in 0..20u8 {
        let bytes: Vec<u8> = (0..MIB).map(|i| u8::try_from(i % 251).unwrap_or(0) ^ seed).collect();
        let whole = client.put(&Bytes { bytes: bytes.into() })?;
        let view = client.get::<Bytes>(whole)?;
        let start = usize::from(seed) * 1000;
        ids.push((seed, start, client.put(&Bytes { bytes: view.bytes.slice(start..start + 300_000)? })?));
        // Of every other only the part stays.
        if seed % 2 == 0 {
            drop(view);
            client.delete(whole)?;
        }
    }
    assert!(used(&client)? <= 8 << 20);
    for (seed, start, id) in ids {
        let found = client.get::<Bytes>(id)?;
        let right = |(i, byte): (usize, &u8)| *byte == u8::try_from((start + i) % 251).unwrap_or(0) ^ seed;
        assert!(found.bytes.len() == 300_000 && found.bytes.iter().enumerate().all(right), "{seed} is another");
    }
    drop(client);
    server.stop();
    Ok(())
}
