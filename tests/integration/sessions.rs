//! Sessions: stores of their own in one server.

use vineyard_core::{CallReason, Client, Error, RpcOptions, SessionId};
use vineyard_tests::samples::Bytes;
use vineyard_tests::{TestResult, TestServer};

use crate::known::is_left_out;

fn is_not_sent(error: &Error) -> bool {
    matches!(error, Error::Call(call) if matches!(call.reason, CallReason::NotSent(_)))
}

#[test]
fn sessions_do_not_see_each_other() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let (one, other) = (client.open_session()?, client.open_session()?);
    assert!(one.session() != other.session() && one.session() != client.session());
    assert_eq!(client.session(), SessionId::ROOT);
    let id = one.put_named("mine", &Bytes { bytes: vec![1; 100].into() })?;
    assert_eq!(*one.get::<Bytes>(id)?.bytes, [1; 100]);
    for stranger in [&client, &other] {
        assert!(!stranger.exists(id)?);
        assert_eq!(stranger.get_name("mine")?, None);
        assert!(stranger.list("test::*", 10)?.is_empty());
    }
    Ok(())
}

#[test]
fn arrays_of_another_session_are_copied() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let session = client.open_session()?;
    let array = session.put_array(&[7u8; 64])?;
    let copied = client.get::<Bytes>(client.put(&Bytes { bytes: array.clone() })?)?;
    assert_eq!(copied.bytes, array);
    Ok(())
}

#[test]
fn a_session_that_was_deleted_takes_nobody_any_more() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let session = client.open_session()?;
    let view = session.get::<Bytes>(session.put(&Bytes { bytes: vec![3; 1000].into() })?)?;
    let socket = session_socket(&server, session.session());
    assert!(Client::connect(&socket).is_ok());
    session.delete_session()?;
    assert!(session.instance_status().is_err(), "the connection has ended");
    // It goes with its last connection.
    while Client::connect(&socket).is_ok() {
        std::thread::yield_now();
    }
    assert!(view.bytes.iter().all(|byte| *byte == 3));
    assert!(client.instance_status().is_ok());
    Ok(())
}

/// The socket of a session is that of the server with the session's id behind it.
fn session_socket(server: &TestServer, session: SessionId) -> std::path::PathBuf {
    format!("{}.{session}", server.socket().display()).into()
}

#[test]
fn the_root_session_stays() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let error = client.delete_session().expect_err("that is the server");
    assert!(is_not_sent(&error), "{error}");
    assert_eq!(error.to_string(), "delete_session_request: not sent: the root session is the server itself");
    assert!(server.client().is_ok());
    Ok(())
}

#[test]
fn blobs_are_taken_over_without_a_copy() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let session = client.open_session()?;
    let array = session.put_array(&[5u8; 4096])?;
    let id = array.blob().id().ok_or("not stored")?;
    let before = client.instance_status()?.memory_usage;
    client.take_over(session.session(), &[(id, id)])?;
    assert_eq!(client.instance_status()?.memory_usage, before);
    assert_eq!(client.get_blob(id)?.as_bytes(), [5; 4096]);
    assert_eq!(session.get_blob(id)?.as_bytes(), [5; 4096], "it stays readable there");
    let error = client.take_over(client.session(), &[(id, id)]).expect_err("its own session");
    assert!(is_not_sent(&error), "{error}");
    let error = client.take_over(SessionId::from_raw(123_456), &[(id, id)]).expect_err("no such session");
    assert!(matches!(&error, Error::Call(call) if call.code().is_some()), "{error}");
    Ok(())
}

#[test]
fn a_session_is_reached_over_tcp() -> TestResult {
    if is_left_out("sessions::a_session_is_reached_over_tcp") {
        return Ok(());
    }
    let server = TestServer::start();
    let session = server.client()?.open_session()?;
    let far = RpcOptions::new().endpoint(server.endpoint()).session(session.session()).connect()?;
    assert_eq!(far.session(), session.session());
    let id = far.put(&Bytes { bytes: vec![4; 100].into() })?;
    assert_eq!(*far.get::<Bytes>(id)?.bytes, [4; 100]);
    assert_eq!(*session.get::<Bytes>(id)?.bytes, [4; 100]);
    Ok(())
}
