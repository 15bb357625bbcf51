//! Bad input: errors say what is wrong, and nothing is left behind.

use std::os::unix::net::UnixListener;
use std::time::Duration;

use nix::sys::socket::{Backlog, listen};
use vineyard_core::{
    Address, Array, Blob, ConnectError, ConnectOptions, DraftNode, Error, GetError, Key, Member, Object, ObjectId,
    PutError, ResolveError, ResolveReason, StatusCode,
};
use vineyard_tests::samples::{Bytes, Pair};
use vineyard_tests::{TestResult, TestServer};

use crate::known::is_left_out;

#[test]
fn a_missing_object_is_named() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let id = ObjectId::from_raw(5);
    let error = client.get::<Bytes>(id).expect_err("there is none");
    assert!(matches!(error, Error::Get(GetError::NotFound { id: found }) if found == id), "{error}");
    assert_eq!(error.to_string(), "there is no object o0000000000000005");
    let blob = ObjectId::from_raw(0x8000_0000_0000_0001);
    assert!(matches!(client.get_blob(blob), Err(Error::Get(GetError::NotFound { .. }))));
    assert!(matches!(client.get_by_name::<Bytes>("nobody"), Err(Error::Get(GetError::NoSuchName { .. }))));
    assert!(!client.exists(id)?);
    client.delete(id)?;
    drop(client);
    server.stop();
    Ok(())
}

#[test]
fn the_wrong_type_names_both() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let id = client.put(&Bytes { bytes: vec![1].into() })?;
    let error = client.get::<Pair>(id).expect_err("another type");
    assert_eq!(error.to_string(), format!("object {id}: expected an object of type `test::Pair`, found `test::Bytes`"));
    Ok(())
}

/// Says that its bytes are numbers of eight bytes each.
#[derive(Object)]
#[object(typename = "test::Bytes")]
struct Misread {
    #[object(rename = "bytes")]
    numbers: Array<u64>,
}

#[test]
fn bytes_that_do_not_fit_name_the_field() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let id = client.put(&Bytes { bytes: vec![0; 20].into() })?;
    let error = client.get::<Misread>(id).map(|read| read.numbers.len()).expect_err("20 bytes");
    let [theirs, ours] = [Bytes::schema(), Misread::schema()].map(|schema| schema.fingerprint());
    let expected = format!(
        "object {id}: test::Bytes.numbers: blob holds 20 bytes, not a multiple of 8 (written with schema {theirs}, this \
         program has {ours})"
    );
    assert_eq!(error.to_string(), expected);
    Ok(())
}

#[test]
fn an_unsealed_blob_cannot_be_got() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let other = server.client()?;
    let mut writer = client.create_blob(100)?;
    writer.as_mut_slice().fill(1);
    let id = writer.id();
    let error = other.get_blob(id).expect_err("not sealed yet");
    assert!(matches!(error, Error::Get(GetError::NotSealed { id: found, .. }) if found == id), "{error}");
    assert!(other.exists(id)?);
    let array = writer.seal()?;
    assert_eq!(other.get_blob(id)?.as_bytes(), &array[..]);
    Ok(())
}

#[test]
fn a_put_beyond_the_limit_says_size_limit_and_use_and_leaves_nothing() -> TestResult {
    if is_left_out("faults::a_put_beyond_the_limit_says_size_limit_and_use_and_leaves_nothing") {
        return Ok(());
    }
    let server = TestServer::with_size(1 << 20);
    let client = server.client()?;
    let kept = client.put(&Bytes { bytes: vec![1; 1000].into() })?;
    let before = client.instance_status()?.memory_usage;
    let both = Pair { first: vec![0.0; 50_000].into(), second: Some(vec![0.0; 112_500].into()) };
    let error = client.put(&both).expect_err("1,300,000 bytes into 1,048,576");
    let Error::Put(PutError::NoRoom { typename, nbytes, cause }) = &error else { panic!("{error}") };
    assert_eq!((typename.as_str(), *nbytes, cause.code), ("test::Pair", 1_300_000, StatusCode::NotEnoughMemory));
    for number in ["1300000", "1048576", "1000"] {
        assert!(cause.message.contains(number), "`{}` does not say {number}", cause.message);
    }
    assert_eq!(client.instance_status()?.memory_usage, before);
    assert!(client.exists(kept)?);
    client.put(&Bytes { bytes: vec![2; 1 << 19].into() })?;
    Ok(())
}

/// Refuses itself when it is resolved, but not when it is built.
#[derive(Debug)]
struct Unresolvable(Array<u8>);

impl Member for Unresolvable {
    type Kind = vineyard_core::NodeKind;
    type Input = Self;

    fn stage_at(&self, key: &Key, draft: &mut DraftNode) -> Result<(), vineyard_core::BuildError> {
        self.0.stage_at(key, draft)
    }

    fn stage_input(input: Self, key: &Key, draft: &mut DraftNode) -> Result<(), vineyard_core::BuildError> {
        input.stage_at(key, draft)
    }

    fn resolve_at(meta: &vineyard_core::ObjectMeta, key: &Key) -> Result<Self, ResolveError> {
        let found = meta.contains(key.as_str());
        Err(ResolveReason::Invalid(format!("never ({found})").into()).into())
    }

    fn describe(key: &Key) -> vineyard_core::FieldSchema {
        Blob::describe(key)
    }
}

#[derive(Object)]
#[object(typename = "test::Stubborn")]
struct Stubborn {
    inner: Unresolvable,
}

#[test]
fn a_builder_refuses_what_could_not_be_got_again() {
    let error = Stubborn::builder().inner(Unresolvable(vec![1].into())).build().expect_err("does not resolve");
    assert_eq!(error.to_string(), "inner: not valid: never (true)");
}

#[test]
fn nobody_listening_is_said_at_once() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("nobody.sock");
    let error = vineyard_core::Client::connect(&path).expect_err("nobody listens");
    assert!(
        matches!(&error, Error::Connect(ConnectError::Unreachable { address, .. }) if *address == Address::Socket(path)),
        "{error}"
    );
    assert!(error.to_string().contains("nobody.sock"), "{error}");
}

#[test]
fn a_server_that_does_not_answer_is_given_up() -> TestResult {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("deaf.sock");
    let listener = UnixListener::bind(&path)?;
    let connect = || ConnectOptions::new().socket(&path).timeout(Duration::from_millis(20)).connect();
    // The kernel connects for the listener until its backlog is full.
    let mut refused = Vec::new();
    let error = loop {
        match connect().expect_err("nobody answers") {
            ConnectError::Refused { cause, .. } => refused.push(cause.to_string()),
            error => break error,
        }
        listen(&listener, Backlog::new(0)?)?;
    };
    assert!(refused.iter().all(|text| text == "register_request: no reply within 20ms; the connection is given up"));
    assert!(!refused.is_empty());
    let expected = format!("cannot connect to {}: the server does not accept", path.display());
    assert_eq!(error.to_string(), expected);
    Ok(())
}
