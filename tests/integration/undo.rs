//! What is given up or fails half-way leaves nothing behind, and takes nothing of others along.

use vineyard_core::protocol::frame::MAX_BODY_BYTES;
use vineyard_core::{CallReason, Error, PutError};
use vineyard_tests::samples::{Bytes, Pair, Tower};
use vineyard_tests::{TestResult, TestServer};

use crate::known::is_left_out;

#[test]
fn any_number_of_writers_can_be_given_up_at_once() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let writers = (0..20_000).map(|_| client.create_blob(1)).collect::<Result<Vec<_>, _>>()?;
    assert_eq!(client.instance_status()?.memory_usage, 20_000);
    drop(writers);
    assert_eq!(client.instance_status()?.memory_usage, 0);
    Ok(())
}

#[test]
fn a_member_that_cannot_be_created_takes_the_whole_put_back() -> TestResult {
    if is_left_out("undo::a_member_that_cannot_be_created_takes_the_whole_put_back") {
        return Ok(());
    }
    let server = TestServer::start();
    let client = server.client()?;
    // The server refuses so many levels, after the lower ones were created.
    let error = client.put(&Tower::of(200, vec![1u8; 64].into())?).expect_err("too deep");
    assert!(matches!(error, Error::Put(PutError::Call { .. })), "{error}");
    assert_eq!(client.instance_status()?.memory_usage, 0, "a blob is left");
    assert!(client.list("test::*", 1000)?.is_empty(), "objects are left");
    Ok(())
}

#[test]
fn a_put_that_fails_leaves_the_blobs_it_linked() -> TestResult {
    if is_left_out("undo::a_put_that_fails_leaves_the_blobs_it_linked") {
        return Ok(());
    }
    let server = TestServer::start();
    let client = server.client()?;
    let array = client.put_array(&[7u8; 64])?;
    let id = array.blob().id().ok_or("not stored")?;
    client.put(&Tower::of(200, array.blob().clone())?).expect_err("too deep");
    assert_eq!(client.get_blob(id)?.as_bytes(), [7; 64]);
    Ok(())
}

#[test]
fn an_object_that_cannot_be_named_is_taken_back() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let inner = client.put(&Pair { first: vec![1.0].into(), second: None })?;
    let before = client.instance_status()?.memory_usage;
    // No frame is long enough for this name.
    let name = "n".repeat(MAX_BODY_BYTES);
    let error = client.put_named(&name, &Bytes { bytes: vec![1; 1000].into() }).expect_err("too long");
    assert!(matches!(&error, Error::Call(call) if matches!(call.reason, CallReason::Encode(_))), "{error}");
    assert_eq!(client.instance_status()?.memory_usage, before);
    assert!(client.list("test::Bytes", 10)?.is_empty());
    // What was there before stays.
    let stored = client.get::<Pair>(inner)?;
    client.put_named(&name, &stored).expect_err("too long");
    assert!(client.exists(inner)?);
    Ok(())
}
