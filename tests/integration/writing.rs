//! Blobs that are filled in place: bounds, shrinking, files, and where they are kept.

use vineyard_core::{CallReason, Client, Error, ViewError};
use vineyard_tests::samples::Bytes;
use vineyard_tests::{Proxy, TestResult, TestServer};

use crate::known::is_left_out;

#[test]
fn nothing_is_written_beyond_the_end() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let mut writer = client.create_array::<u32>(4)?;
    writer.as_mut_slice().fill(0);
    writer.write_at(2, &[7, 8])?;
    for (offset, len) in [(3, 2), (4, 1), (0, 5), (usize::MAX, 1), (usize::MAX, 0)] {
        let error = writer.write_at(offset, &vec![9; len]).expect_err("beyond the end");
        assert!(matches!(error, ViewError::TooShort { found: 16, .. }), "{error}");
    }
    writer.write_at(4, &[])?;
    assert_eq!(*writer.seal()?, [0, 0, 7, 8]);
    Ok(())
}

/// Bytes that tell from each other where they lie, and which payload they are of.
fn payload(nbytes: usize, number: u8) -> Vec<u8> {
    let period: Vec<u8> = (0..251).map(|byte| byte ^ number).collect();
    let mut bytes = period.repeat(nbytes / period.len() + 1);
    bytes.truncate(nbytes);
    bytes
}

#[test]
fn large_payloads_arrive_in_memory_of_any_past() -> TestResult {
    const MIB: usize = 1 << 20;
    let server = TestServer::start();
    let client = server.client()?;
    let mut stored = Vec::new();
    // Memory that is new, that was used by the last round, in whole and in part, and arenas that are full.
    for round in 0..4u8 {
        for (number, nbytes) in (0u8..).zip([20 * MIB, MIB - 1, 5 * MIB + 3, MIB, 17 * MIB + 64]) {
            let bytes = payload(nbytes, round * 16 + number);
            let object = client.put(&Bytes { bytes: bytes.clone().into() })?;
            let array = client.put_array(&bytes[number.into()..])?;
            stored.push((object, array.blob().id().ok_or("not stored")?, number, bytes));
            client.keep(array.blob())?;
        }
        let reader = server.client()?;
        for (object, array, number, bytes) in &stored {
            assert!(*reader.get::<Bytes>(*object)?.bytes == **bytes, "round {round}, object {number}");
            let found = reader.get_blob(*array)?;
            assert!(found.as_bytes() == &bytes[usize::from(*number)..], "round {round}, array {number}");
        }
        drop(reader);
        // One of them stays, so that the next round finds other gaps.
        for (object, array, ..) in stored.drain(usize::from(round % 2)..) {
            client.delete(object)?;
            client.delete(array)?;
        }
    }
    Ok(())
}

#[test]
fn a_writer_shrinks_before_it_seals() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let mut writer = client.create_array::<u64>(1000)?;
    writer.as_mut_slice().fill(7);
    writer.shrink(10)?;
    assert_eq!((writer.len(), writer.as_mut_slice().len()), (10, 10));
    let error = writer.shrink(11).expect_err("more than there is");
    assert!(matches!(error.reason, CallReason::View(ViewError::TooShort { needed: 88, found: 80 })), "{error}");
    let array = writer.seal()?;
    assert_eq!((*array).to_vec(), [7; 10]);
    let id = array.blob().id().ok_or("not stored")?;
    assert_eq!(server.client()?.get_blob(id)?.nbytes(), 80);
    let mut writer = client.create_blob(100)?;
    writer.shrink(0)?;
    assert_eq!(writer.seal()?.blob().id(), Some(vineyard_core::ObjectId::EMPTY_BLOB));
    Ok(())
}

#[test]
fn what_a_writer_gives_back_is_not_counted() -> TestResult {
    if is_left_out("writing::what_a_writer_gives_back_is_not_counted") {
        return Ok(());
    }
    let server = TestServer::start();
    let client = server.client()?;
    let mut writer = client.create_blob(1000)?;
    writer.shrink(80)?;
    assert_eq!(client.instance_status()?.memory_usage, 80);
    Ok(())
}

#[test]
fn a_blob_can_be_a_file() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("weights");
    std::fs::write(&path, b"kept")?;
    let mut writer = client.create_disk_blob(Some(&path), 10_000)?;
    assert_eq!(writer.as_mut_slice()[..4], *b"kept");
    writer.as_mut_slice().fill(3);
    let used = client.instance_status()?.memory_usage;
    let array = writer.seal()?;
    assert_eq!(used, 0, "a file is no memory");
    assert!(array.iter().all(|byte| *byte == 3));
    assert_eq!(std::fs::read(&path)?, [3; 10_000]);
    // Another client sees all of it, up to its end.
    let id = array.blob().id().ok_or("not stored")?;
    assert_eq!(server.client()?.get_blob(id)?.as_bytes(), [3; 10_000]);
    let object = client.put(&Bytes { bytes: array })?;
    assert_eq!(server.client()?.get::<Bytes>(object)?.bytes.len(), 10_000);
    assert!(path.exists());
    Ok(())
}

#[test]
fn a_file_need_not_have_a_name_but_must_be_possible() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let mut writer = client.create_disk_blob(None, 5)?;
    writer.write_at(0, b"bytes")?;
    assert_eq!(*writer.seal()?, *b"bytes");
    assert!(client.create_disk_blob(None, 0)?.is_empty());
    let error = client.create_disk_blob(Some("/no/such/directory/file".as_ref()), 5).expect_err("cannot be made");
    assert!(matches!(&error, Error::Call(call) if call.code().is_some()), "{error}");
    Ok(())
}

#[test]
fn what_is_viewed_is_in_use() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let array = client.put_array(&[1u8; 100])?;
    let id = array.blob().id().ok_or("not stored")?;
    client.keep(array.blob())?;
    assert!(client.is_in_use(id)?);
    assert!(!client.is_spilled(id)?);
    let holder = server.client()?;
    holder.hold(&[id])?;
    drop((array, client));
    assert!(holder.is_in_use(id)?);
    drop(holder);
    let last = server.client()?;
    while last.is_in_use(id)? {
        std::thread::yield_now();
    }
    last.memory_trim()?;
    assert_eq!(last.get_blob(id)?.as_bytes(), [1; 100]);
    Ok(())
}

#[test]
fn what_the_original_never_answers_is_not_sent_to_it() -> TestResult {
    let server = TestServer::start();
    let proxy = Proxy::start(server.socket(), true).map_err(|error| error.to_string())?;
    let client = Client::connect(proxy.socket())?;
    let id = client.put(&Bytes { bytes: vec![1; 100].into() })?;
    proxy.take_counts();
    for result in [client.evict(&[id]), client.load(&[id], true), client.unpin(&[id])] {
        let error = result.expect_err("it would hang");
        assert!(matches!(&error, Error::Call(call) if matches!(call.reason, CallReason::NotSent(_))), "{error}");
    }
    assert!(proxy.take_counts().is_empty());
    assert!(client.exists(id)?);
    drop(client);
    Ok(())
}
